package postgres

import (
	"context"
	"sync"
	"time"

	"github.com/aofctl/aofctl/internal/store/postgres"
)

const (
	// wakePause is the least time between two wakes of the reader, who reads all
	// that there is each time.
	wakePause = 3 * time.Millisecond
	// announcePause is the least time between two announcements: the server lets
	// one transaction at a time commit with one.
	announcePause = 10 * time.Millisecond
	// channelName is where replicas tell each other of new deliveries.
	channelName = "aof_inbox"
)

// waker wakes the reader: at once after a rest, then not too often.
type waker struct {
	channel chan struct{}
	// fresh has a value if other replicas are to be told.
	fresh chan struct{}

	mu      sync.Mutex
	last    time.Time
	timer   *time.Timer
	due     time.Time // zero while the timer does not run
	stopped bool
}

func newWaker() *waker {
	w := &waker{channel: make(chan struct{}, 1), fresh: make(chan struct{}, 1)}
	w.timer = time.AfterFunc(time.Hour, w.fire)
	w.timer.Stop()
	return w
}

// stored is told of each delivery that this replica stored.
func (w *waker) stored() {
	signal(w.fresh)
	w.poke()
}

// poke wakes the reader, now or when the pause is over.
func (w *waker) poke() { w.pokeIn(0) }

// pokeIn wakes the reader after a while, unless that happens sooner anyway.
func (w *waker) pokeIn(wait time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.stopped {
		return
	}
	now := time.Now()
	due := now.Add(wait)
	if earliest := w.last.Add(wakePause); due.Before(earliest) {
		due = earliest
	}
	switch {
	case !w.due.IsZero() && !due.Before(w.due):
		// The timer that runs comes first.
	case due.After(now):
		w.due = due
		w.timer.Reset(due.Sub(now))
	default:
		w.wake(now)
	}
}

func (w *waker) fire() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if now := time.Now(); !w.stopped && !w.due.IsZero() && !now.Before(w.due) {
		w.wake(now)
	}
}

func (w *waker) wake(now time.Time) {
	w.timer.Stop()
	w.last, w.due = now, time.Time{}
	signal(w.channel)
}

func (w *waker) stop() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.stopped = true
	w.timer.Stop()
}

func signal(c chan<- struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

// announce tells the other replicas of what this one stored, until the context
// ends. What goes unsaid while the server is away they find by themselves.
func (in *Inbox) announce(ctx context.Context, self string) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-in.wake.fresh:
		}
		in.tell(ctx, self)
		select {
		case <-ctx.Done():
			return
		case <-time.After(announcePause):
		}
	}
}

func (in *Inbox) tell(ctx context.Context, self string) {
	ctx, cancel := context.WithTimeout(ctx, in.opts.Patience)
	defer cancel()
	_, _ = in.db.ExecContext(ctx, `SELECT pg_notify($1::text, $2::text)`, channelName, self)
}

// listen wakes the reader when another replica stored something, until the
// context ends.
func (in *Inbox) listen(ctx context.Context, dsn, self string) {
	// An error is of the DSN, with which connections were opened already.
	_ = postgres.Listen(ctx, dsn, []string{channelName}, func(_, from string) {
		if from != self {
			in.wake.poke()
		}
	})
}
