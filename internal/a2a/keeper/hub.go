package keeper

import (
	"context"
	"encoding/json"
	"sync"
	"time"

	"github.com/rs/zerolog"

	"github.com/aofctl/aofctl/internal/a2a"
	"github.com/aofctl/aofctl/internal/store"
)

const (
	// lookInterval is how often the log is looked at without a word of a change.
	lookInterval = time.Second
	// settleInterval lets changes come together before they are read.
	settleInterval = 2 * time.Millisecond
	// logBatch is how many events are read at once.
	logBatch = 500
	// Of each task that is followed so many events and bytes are remembered for
	// those who follow it.
	keptEvents = 512
	keptBytes  = 1 << 20
)

// hub reads the log of all tasks once for everybody here who follows one. It is at
// work only while somebody does.
type hub struct {
	store *store.Store
	log   zerolog.Logger

	mu    sync.Mutex
	feeds map[string]*feed
	// stop ends the reading; nil while nobody reads.
	stop context.CancelFunc
}

func newHub(s *store.Store, log zerolog.Logger) *hub {
	return &hub{store: s, log: log, feeds: map[string]*feed{}}
}

// feed is what happened last to one task that is followed.
type feed struct {
	task    string
	readers int
	changed chan struct{}
	// events are consecutive. What readers were given of them is not overwritten.
	events []a2a.Event
	sizes  []int
	size   int
}

// join returns the feed of a task: all events that are committed from now on come
// to it.
func (h *hub) join(ctx context.Context, task string) (*feed, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.stop == nil {
		h.mu.Unlock()
		last, err := h.store.LastTaskLog(ctx)
		h.mu.Lock()
		if err != nil {
			return nil, err
		}
		if h.stop == nil {
			reading, stop := context.WithCancel(context.WithoutCancel(ctx))
			h.stop = stop
			go h.run(reading, last)
		}
	}
	f, ok := h.feeds[task]
	if !ok {
		f = &feed{task: task, changed: make(chan struct{})}
		h.feeds[task] = f
	}
	f.readers++
	return f, nil
}

// leave gives a feed back. With the last one the reading ends.
func (h *hub) leave(f *feed) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if f.readers--; f.readers == 0 {
		delete(h.feeds, f.task)
	}
	if len(h.feeds) == 0 {
		h.stop()
		h.stop = nil
	}
}

// since returns what the feed has directly behind a number, and a channel that is
// closed at the next event. gap says that there is more between the number and
// what the feed has.
func (h *hub) since(f *feed, after int64) (events []a2a.Event, gap bool, changed <-chan struct{}) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if len(f.events) == 0 || f.events[len(f.events)-1].Seq <= after {
		return nil, false, f.changed
	}
	first := f.events[0].Seq
	if first > after+1 {
		return nil, true, f.changed
	}
	return f.events[after+1-first:], false, f.changed
}

// run reads the log from behind a place on.
func (h *hub) run(ctx context.Context, at int64) {
	away := false
	for ctx.Err() == nil {
		changed := h.store.Changed()
		list, err := h.store.TaskLog(ctx, at, logBatch)
		if err != nil {
			if !away && ctx.Err() == nil {
				h.log.Warn().Err(err).Msg("cannot read what happened to tasks; it is tried again")
			}
			away = true
			rest(ctx, lookInterval)
			continue
		}
		away = false
		if len(list) > 0 {
			at = list[len(list)-1].ID
			h.give(ctx, list)
		}
		if len(list) == logBatch {
			continue
		}
		select {
		case <-ctx.Done():
		case <-changed:
			rest(ctx, settleInterval)
		case <-time.After(lookInterval):
		}
	}
}

// give hands events to the feeds of their tasks. One who was stopped meanwhile has
// no say any more.
func (h *hub) give(ctx context.Context, list []store.TaskEvent) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if ctx.Err() != nil {
		return
	}
	woken := map[*feed]bool{}
	for _, e := range list {
		if f, ok := h.feeds[e.Task]; ok {
			f.add(e.Body)
			woken[f] = true
		}
	}
	for f := range woken {
		close(f.changed)
		f.changed = make(chan struct{})
	}
}

// add appends an event. What cannot be read is left to the readers, who find it in
// the store.
func (f *feed) add(body json.RawMessage) {
	var e a2a.Event
	if err := json.Unmarshal(body, &e); err != nil {
		f.events, f.sizes, f.size = nil, nil, 0
		return
	}
	if n := len(f.events); n > 0 && f.events[n-1].Seq+1 != e.Seq {
		f.events, f.sizes, f.size = nil, nil, 0
	}
	f.events, f.sizes, f.size = append(f.events, e), append(f.sizes, len(body)), f.size+len(body)
	for len(f.events) > keptEvents || (f.size > keptBytes && len(f.events) > 1) {
		f.size -= f.sizes[0]
		f.events, f.sizes = f.events[1:], f.sizes[1:]
	}
}

func rest(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}
