package llm

import (
	"context"
	"math"

	"golang.org/x/time/rate"
)

// limiter bounds how many calls of a provider run at once and how many start in
// a second. The zero limits let everything pass.
type limiter struct {
	slots chan struct{}
	rate  *rate.Limiter
}

func newLimiter(concurrent int, perSecond float64) *limiter {
	l := &limiter{}
	if concurrent > 0 {
		l.slots = make(chan struct{}, concurrent)
	}
	if perSecond > 0 {
		l.rate = rate.NewLimiter(rate.Limit(perSecond), int(max(1, math.Ceil(perSecond))))
	}
	return l
}

// acquire waits for a turn. The returned function gives it back.
func (l *limiter) acquire(ctx context.Context) (release func(), err error) {
	if l.rate != nil {
		if err := l.rate.Wait(ctx); err != nil {
			return nil, err
		}
	}
	if l.slots == nil {
		return func() {}, nil
	}
	select {
	case l.slots <- struct{}{}:
		return func() { <-l.slots }, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}
