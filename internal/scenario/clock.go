package scenario

import (
	"sync/atomic"
	"time"
)

// clock is the system's clock, put forward by what a case lets pass.
type clock struct {
	ahead atomic.Int64
	// looks counts the looks at what is due.
	looks atomic.Int64
}

// newClock makes a clock that shows a time; zero for the time that it is.
func newClock(begin time.Time) *clock {
	c := &clock{}
	if !begin.IsZero() {
		c.advance(time.Until(begin))
	}
	return c
}

func (c *clock) now() time.Time { return time.Now().Add(time.Duration(c.ahead.Load())) }

func (c *clock) advance(d time.Duration) { c.ahead.Add(int64(d)) }
