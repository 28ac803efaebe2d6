package durable

import (
	"context"
	"errors"
	"time"

	"github.com/aofctl/aofctl/internal/step"
	"github.com/aofctl/aofctl/internal/store"
)

// lastWord is the time that a run gets beyond its limit, once, to say that it
// reached it. A branch has one as well, and leaves those around it theirs.
const lastWord = 30 * time.Second

var errOutOfTime = errors.New("the run's working time is used up")

// clock is the working time that was used until here.
func (j *journal) clock() time.Duration {
	j.turn.mu.Lock()
	defer j.turn.mu.Unlock()
	return j.worked
}

// count adds a step to the working time. The same records give the same sums, so
// a replayed run has as much time left as the first.
func (j *journal) count(rec *store.Record) {
	if rec.Entry.Index < j.turn.timedFrom {
		return
	}
	j.turn.mu.Lock()
	defer j.turn.mu.Unlock()
	if rec.Clock > 0 {
		j.worked = rec.Clock
	} else {
		j.worked += rec.Worked
	}
	if rec.Failure != nil && rec.Failure.Reason == step.ReasonTimeout && !j.late {
		j.late, j.cause, j.limit = true, true, j.worked+lastWord
	}
	for in, out := j, j.parent; out != nil; in, out = out, out.parent {
		out.absorb(in)
	}
}

// absorb takes the time of a branch over: what happens at the same time in several
// does not add up. Where one of them ran out of time, so did the branch around it.
// The caller holds the lock.
func (j *journal) absorb(branch *journal) {
	j.worked = max(j.worked, branch.worked)
	if branch.cause {
		j.late, j.cause, j.limit = true, true, max(j.limit, j.worked+lastWord)
	}
}

// bound gives the step what is left of the run's working time.
func (j *journal) bound(ctx context.Context, used time.Duration) (context.Context, context.CancelFunc) {
	j.turn.mu.Lock()
	left, limited := j.limit-j.worked-used, j.limit > 0
	j.turn.mu.Unlock()
	if !limited {
		return context.WithCancel(ctx)
	}
	return context.WithTimeoutCause(ctx, max(left, 0), errOutOfTime)
}

func failure(ctx context.Context, entry step.Entry, err error) *step.Failure {
	f := &step.Failure{Step: entry.Name, Reason: step.ReasonError, Message: err.Error()}
	if errors.Is(context.Cause(ctx), errOutOfTime) {
		f.Reason, f.Message = step.ReasonTimeout, errOutOfTime.Error()
	}
	return f
}
