package run

import (
	"context"
	"sync"
	"time"

	"github.com/rs/zerolog"
)

const (
	// laneWidth is how many subjects of a site are decided on at once.
	laneWidth = 8
	// laneDepth bounds the deliveries of a site that are held in memory.
	laneDepth = 512
)

type laneKey struct{ source, site string }

// lane is the way of one site's deliveries. Those of one subject follow each
// other; one that has to wait for the platform holds up its own subject alone.
type lane struct {
	key laneKey
	// behind is the first delivery that was passed over because the lane could
	// not take it; 0 for none. It belongs to the reader.
	behind int64
	slots  chan struct{}
	// room tells the reader that the lane can take deliveries again.
	room func()

	mu sync.Mutex
	// known is true once it is known which account is our own: before, nothing
	// could keep the daemon from answering itself.
	known bool
	held  int
	// arrivals are those that are not in line yet, in their order.
	arrivals []*arrival
	lines    map[string][]item // by subject, present while it is worked on
}

func newLane(key laneKey, room func()) *lane {
	return &lane{key: key, slots: make(chan struct{}, laneWidth), room: room, lines: map[string][]item{}}
}

// open waits until it is known which account is our own, and lets deliveries in.
func (l *lane) open(ctx context.Context, accounts Accounts) {
	for pause := firstPause; ; pause = min(2*pause, longestPause) {
		_, err := accounts.Input(ctx, l.key.source, l.key.site)
		if err == nil {
			break
		}
		zerolog.Ctx(ctx).Debug().Err(err).Str("source", l.key.source).Str("site", l.key.site).Msg("events wait until it is known who we are")
		select {
		case <-ctx.Done():
			return
		case <-time.After(max(pause, askedPause(err))):
		}
	}
	l.mu.Lock()
	l.known = true
	l.mu.Unlock()
	l.room()
}

// next returns the first of a line, and ends an empty one.
func (l *lane) next(subject string) (item, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	line := l.lines[subject]
	if len(line) == 0 {
		delete(l.lines, subject)
		return item{}, false
	}
	l.lines[subject] = line[1:]
	return line[0], true
}

// done makes room.
func (l *lane) done() {
	l.mu.Lock()
	l.held--
	half := l.held == laneDepth/2
	l.mu.Unlock()
	if half {
		l.room()
	}
}

// roomy reports whether the lane can take as many deliveries as are worth
// reading for it.
func (l *lane) roomy() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.known && l.held <= laneDepth/2
}

// enter waits for a place to decide; false if ctx ended.
func (l *lane) enter(ctx context.Context) bool {
	select {
	case l.slots <- struct{}{}:
		return true
	case <-ctx.Done():
		return false
	}
}

func (l *lane) leave() { <-l.slots }
