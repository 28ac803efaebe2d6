package durable

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/aofctl/aofctl/internal/step"
)

// Retry says how a step's transient failures are tried again: an error that has
// a method Temporary() bool which returns true. An error with a method
// RetryDelay() time.Duration is waited for as long as it asks, and not tried
// again if that is longer than longestAsked or than what is left of the time.
type Retry struct {
	// Tries is how often a step is tried at most; less than 2 for once.
	Tries int
	// Base is the first pause; it doubles with each try, with jitter.
	Base time.Duration
	// Max bounds a pause that nobody asked for.
	Max time.Duration
}

// longestAsked is the longest pause that another side is granted: it costs the
// run its place.
const longestAsked = 5 * time.Minute

// DefaultRetry follows what Atlassian recommends to its callers: base 2 s,
// doubled, at most 30 s, at most 4 retries.
// https://developer.atlassian.com/cloud/jira/platform/rate-limiting/
func DefaultRetry() Retry {
	return Retry{Tries: 5, Base: 2 * time.Second, Max: 30 * time.Second}
}

func (r Retry) do(ctx context.Context, fn func() (step.Entry, error)) (step.Entry, int, error) {
	pause := r.Base
	for attempt := 1; ; attempt++ {
		entry, err := fn()
		if err == nil || attempt >= r.Tries || !temporary(err) {
			return entry, attempt, err
		}
		asked := delayOf(err)
		if asked > longestAsked || !inTime(ctx, asked) {
			return entry, attempt, fmt.Errorf("%w (to be tried again after %s, which is too long)", err, asked)
		}
		if !sleep(ctx, max(jitter(min(pause, r.Max)), asked)) {
			return entry, attempt, errors.Join(err, context.Cause(ctx))
		}
		pause *= 2
	}
}

// inTime reports whether the context lasts longer than the pause.
func inTime(ctx context.Context, pause time.Duration) bool {
	deadline, ok := ctx.Deadline()
	return !ok || pause == 0 || time.Until(deadline) > pause
}

func temporary(err error) bool {
	var t interface{ Temporary() bool }
	return errors.As(err, &t) && t.Temporary()
}

func delayOf(err error) time.Duration {
	var d interface{ RetryDelay() time.Duration }
	if errors.As(err, &d) {
		return d.RetryDelay()
	}
	return 0
}

// jitter spreads a pause over 0.7 to 1.3 of its length.
func jitter(d time.Duration) time.Duration {
	return time.Duration(float64(d) * (0.7 + 0.6*rand.Float64())) //nolint:gosec // spreading load needs no secrecy
}

func sleep(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}
