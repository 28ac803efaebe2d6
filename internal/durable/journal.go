package durable

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"runtime/debug"
	"strings"
	"time"

	"github.com/dbos-inc/dbos-transact-golang/dbos"

	"github.com/aofctl/aofctl/internal/step"
)

// lastWord is the time that a run gets beyond its limit, once, to say that it
// reached it.
const lastWord = 30 * time.Second

// journal is the step.Journal of one run.
type journal struct {
	engine *Engine
	dctx   dbos.Context
	run    string
	next   int
	// worked is the time that the steps took so far, limit how much they may
	// take; 0 for no limit.
	worked, limit time.Duration
	// late is true once a step ran out of time.
	late bool
}

// record is what the engine keeps of a step. A failure is part of it: the run
// fails the same way when it is replayed.
type record struct {
	Entry   step.Entry    `json:"entry"`
	Failure *step.Failure `json:"failure,omitempty"`
	// Asked is the name by which the step was asked for, which the work may have
	// replaced in the entry.
	Asked string `json:"asked"`
	// Worked is how long the step took by a clock that nobody sets.
	Worked time.Duration `json:"worked"`
}

// Do implements step.Journal.
func (j *journal) Do(ctx context.Context, kind step.Kind, name string, fn step.Func) (step.Entry, error) {
	if err := j.engine.park(j.dctx); err != nil {
		return step.Entry{}, err
	}
	index := j.next
	j.next++
	name = strings.ToValidUTF8(name, "\uFFFD") // as it will be read back
	rec, err := dbos.RunAsStep(j.dctx, func(context.Context) (record, error) {
		return j.attempt(ctx, index, kind, name, fn)
	}, dbos.WithStepName(string(kind)))
	if err != nil {
		return step.Entry{}, fmt.Errorf("step %d %s %s: %w", index, kind, name, err)
	}
	if rec.Asked != name {
		return step.Entry{}, fmt.Errorf("step %d is recorded as %s and now is %s: the run does not take the way that it took before", index, rec.Asked, name)
	}
	j.count(rec)
	if rec.Failure != nil {
		return rec.Entry, rec.Failure
	}
	return rec.Entry, nil
}

// count adds a step to the working time. The same records give the same sums, so
// a replayed run has as much time left as the first.
func (j *journal) count(rec record) {
	j.worked += rec.Worked
	if rec.Failure != nil && rec.Failure.Reason == step.ReasonTimeout && !j.late {
		j.late, j.limit = true, j.worked+lastWord
	}
}

// attempt does the work, with retries, and describes how it went. It returns an
// error only if the process is stopping, when nothing may be recorded.
func (j *journal) attempt(ctx context.Context, index int, kind step.Kind, name string, fn step.Func) (record, error) {
	began, started := time.Now(), j.engine.opts.Now()
	ctx, cancel := j.bound(ctx)
	defer cancel()
	entry, attempts, err := j.try(ctx, fmt.Sprintf("%s:%d", j.run, index), fn)
	if stopping := j.dctx.Err(); stopping != nil {
		return record{}, stopping
	}
	entry.Index, entry.Kind, entry.Attempts = index, kind, attempts
	if entry.Name == "" {
		entry.Name = name
	}
	entry.Input, entry.Output = storable(entry.Input), storable(entry.Output)
	entry.Started, entry.Finished = started, j.engine.opts.Now()
	rec := record{Asked: name, Worked: time.Since(began)}
	if err != nil {
		entry.Error = err.Error()
		rec.Failure = failure(ctx, entry, err)
	}
	rec.Entry = entry
	return rec, nil
}

// try does the work until it succeeds, fails for good or is out of time.
func (j *journal) try(ctx context.Context, id string, fn step.Func) (step.Entry, int, error) {
	if err := context.Cause(ctx); errors.Is(err, errOutOfTime) {
		return step.Entry{}, 0, err
	}
	return j.engine.opts.Retry.do(ctx, func() (step.Entry, error) {
		entry, err := guarded(ctx, id, fn)
		if crash := (*panicError)(nil); errors.As(err, &crash) {
			j.engine.opts.Log.Error().Str("step", id).Bytes("stack", crash.stack).Msgf("step panicked: %v", crash.value)
		}
		return entry, err
	})
}

// bound gives the step what is left of the run's working time.
func (j *journal) bound(ctx context.Context) (context.Context, context.CancelFunc) {
	if j.limit <= 0 {
		return context.WithCancel(ctx)
	}
	return context.WithTimeoutCause(ctx, max(j.limit-j.worked, 0), errOutOfTime)
}

var errOutOfTime = errors.New("the run's working time is used up")

func failure(ctx context.Context, entry step.Entry, err error) *step.Failure {
	f := &step.Failure{Step: entry.Name, Reason: step.ReasonError, Message: err.Error()}
	if errors.Is(context.Cause(ctx), errOutOfTime) {
		f.Reason, f.Message = step.ReasonTimeout, errOutOfTime.Error()
	}
	return f
}

// storable returns JSON that can be recorded: what is none becomes a string. A
// step that happened must not fail for what it looks like.
func storable(raw json.RawMessage) json.RawMessage {
	if len(raw) == 0 || json.Valid(raw) {
		return raw
	}
	text, err := json.Marshal(strings.ToValidUTF8(string(raw), "\uFFFD"))
	if err != nil {
		return nil // a string can always be encoded
	}
	return text
}

// guarded turns a panic of a step into its failure.
func guarded(ctx context.Context, id string, fn step.Func) (entry step.Entry, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = &panicError{value: p, stack: debug.Stack()}
		}
	}()
	return fn(ctx, id)
}

type panicError struct {
	value any
	stack []byte
}

func (p *panicError) Error() string { return fmt.Sprintf("panic: %v", p.value) }
