package inbox

import (
	"context"
	"maps"
	"sync"
	"time"
)

const (
	// cheap is how long counting may take without being spared.
	cheap = 100 * time.Millisecond
	// sparing is how many times as long as counting took its result is used.
	sparing = 10
)

// CountCache keeps the answer of Counts on tables so large that counting takes
// its time: then it is given again for ten times as long as it took, so that
// those who ask for ever cost the database a tenth of its time at most. On others
// each answer is new. The zero value is ready for use.
type CountCache struct {
	mu     sync.Mutex
	counts map[State]int64
	until  time.Time
}

// Get returns what count returns or returned not long ago. Callers that come
// while it counts wait for it.
func (c *CountCache) Get(ctx context.Context, count func(context.Context) (map[State]int64, error)) (map[State]int64, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	begin := time.Now()
	if begin.Before(c.until) {
		return maps.Clone(c.counts), nil
	}
	counts, err := count(ctx)
	if err != nil {
		return nil, err
	}
	if end := time.Now(); end.Sub(begin) > cheap {
		c.counts, c.until = counts, end.Add(sparing*end.Sub(begin))
	}
	return maps.Clone(counts), nil
}
