package durable

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime/debug"
	"time"

	"github.com/aofctl/aofctl/internal/step"
)

// Retry says how a step's transient failures are tried again: an error that has
// a method Temporary() bool which returns true. An error with a method
// RetryDelay() time.Duration is waited for as long as it asks, and not tried
// again if that is longer than longestAsked.
//
// Tries come in rounds. Between the rounds are long pauses, for an outage of the
// other side; each round counts as one attempt at the run.
type Retry struct {
	// Tries is how often a step is tried in a round; less than 2 for once.
	Tries int
	// Base is the first pause of a round; it doubles with each try, with jitter.
	Base time.Duration
	// Max bounds a pause that nobody asked for.
	Max time.Duration
	// Rounds are the pauses between the rounds; none for one round.
	Rounds []time.Duration
	// Patience is the longest pause for which the run keeps its place among
	// those at work; 0 for 3 s. In longer ones it holds nothing.
	Patience time.Duration
}

const defaultPatience = 3 * time.Second

// longestAsked is the longest pause that another side is granted: quotas are
// renewed each hour.
const longestAsked = 65 * time.Minute

// DefaultRetry follows what Atlassian recommends to its callers: base 2 s,
// doubled, at most 30 s, at most 4 retries; and that three times within a
// quarter of an hour.
// https://developer.atlassian.com/cloud/jira/platform/rate-limiting/
func DefaultRetry() Retry {
	return Retry{Tries: 5, Base: 2 * time.Second, Max: 30 * time.Second,
		Rounds: []time.Duration{4 * time.Minute, 9 * time.Minute}}
}

// tried is what became of a step's tries.
type tried struct {
	entry step.Entry
	tries int
	err   error
	// pause is set if the run is to wait before the next try, round if a new
	// round begins with it.
	pause time.Duration
	round bool
}

// try does the work until it succeeds, fails for good, is out of time or has to
// wait for longer than the run may hold its place.
func (j *journal) try(ctx context.Context, before int, fn step.Func) tried {
	r := j.engine.opts.Retry
	if err := context.Cause(ctx); errors.Is(err, errOutOfTime) {
		return tried{tries: before, err: err}
	}
	for t := (tried{tries: before}); ; {
		t.tries++
		t.entry, t.err = j.once(ctx, j.id(), fn)
		if t.err == nil || !temporary(t.err) || ctx.Err() != nil {
			return t
		}
		pause, round, more := r.next(t.tries)
		if !more {
			return t
		}
		asked := delayOf(t.err)
		if asked > longestAsked {
			t.err = fmt.Errorf("%w (to be tried again after %s, which is too long)", t.err, asked)
			return t
		}
		if pause = max(pause, asked); pause > cmp.Or(r.Patience, defaultPatience) {
			t.pause, t.round = pause, round
			return t
		}
		if !inTime(ctx, pause) || !sleep(ctx, pause) {
			t.err = errors.Join(t.err, context.Cause(ctx))
			return t
		}
	}
}

// next is the pause behind a try that failed, and whether a round ends there;
// more is false behind the last.
func (r Retry) next(tries int) (pause time.Duration, round, more bool) {
	perRound := max(r.Tries, 1)
	if done := tries / perRound; tries%perRound == 0 {
		if done > len(r.Rounds) {
			return 0, false, false
		}
		return jitter(r.Rounds[done-1]), true, true
	}
	pause = r.Base
	for range tries%perRound - 1 {
		pause = min(2*pause, r.Max)
	}
	return jitter(min(pause, r.Max)), false, true
}

// once does the work one time. A panic is its failure.
func (j *journal) once(ctx context.Context, id string, fn step.Func) (entry step.Entry, err error) {
	defer func() {
		if p := recover(); p != nil {
			j.engine.opts.Log.Error().Str("step", id).Bytes("stack", debug.Stack()).Msgf("step panicked: %v", p)
			entry, err = step.Entry{}, fmt.Errorf("panic: %v", p)
		}
	}()
	return fn(ctx, id)
}

// inTime reports whether the context lasts longer than the pause.
func inTime(ctx context.Context, pause time.Duration) bool {
	deadline, ok := ctx.Deadline()
	return !ok || time.Until(deadline) > pause
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
