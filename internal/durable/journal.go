package durable

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"time"

	"github.com/dbos-inc/dbos-transact-golang/dbos"

	"github.com/aofctl/aofctl/internal/step"
)

// journal is the step.Journal of one run.
type journal struct {
	engine *Engine
	dctx   dbos.Context
	run    string
	next   int
	worked time.Duration
}

// record is what the engine keeps of a step. A failure is part of it: the run
// fails the same way when it is replayed.
type record struct {
	Entry   step.Entry    `json:"entry"`
	Failure *step.Failure `json:"failure,omitempty"`
}

// Do implements step.Journal.
func (j *journal) Do(ctx context.Context, kind step.Kind, name string, fn step.Func) (step.Entry, error) {
	if err := j.engine.park(j.dctx); err != nil {
		return step.Entry{}, err
	}
	index := j.next
	j.next++
	rec, err := dbos.RunAsStep(j.dctx, func(context.Context) (record, error) {
		return j.attempt(ctx, index, kind, name, fn)
	}, dbos.WithStepName(string(kind)))
	if err != nil {
		return step.Entry{}, fmt.Errorf("step %d %s %s: %w", index, kind, name, err)
	}
	j.worked += rec.Entry.Finished.Sub(rec.Entry.Started)
	if rec.Failure != nil {
		return rec.Entry, rec.Failure
	}
	return rec.Entry, nil
}

// attempt does the work, with retries, and describes how it went. It returns an
// error only if the process is stopping, when nothing may be recorded.
func (j *journal) attempt(ctx context.Context, index int, kind step.Kind, name string, fn step.Func) (record, error) {
	id := fmt.Sprintf("%s:%d", j.run, index)
	started := j.engine.opts.Now()
	ctx, cancel := j.bound(ctx)
	defer cancel()
	entry, attempts, err := j.engine.opts.Retry.do(ctx, func() (step.Entry, error) {
		return guarded(ctx, id, fn)
	})
	if stopping := j.dctx.Err(); stopping != nil {
		return record{}, stopping
	}
	entry.Index, entry.Kind, entry.Attempts = index, kind, attempts
	if entry.Name == "" {
		entry.Name = name
	}
	entry.Started, entry.Finished = started, j.engine.opts.Now()
	if err == nil {
		return record{Entry: entry}, nil
	}
	entry.Error = err.Error()
	return record{Entry: entry, Failure: failure(ctx, entry, err)}, nil
}

// bound gives the step what is left of the run's working time.
func (j *journal) bound(ctx context.Context) (context.Context, context.CancelFunc) {
	if j.engine.opts.StepTimeout <= 0 {
		return context.WithCancel(ctx)
	}
	left := max(j.engine.opts.StepTimeout-j.worked, 0)
	return context.WithTimeoutCause(ctx, left, errOutOfTime)
}

var errOutOfTime = errors.New("the run's working time is used up")

func failure(ctx context.Context, entry step.Entry, err error) *step.Failure {
	f := &step.Failure{Step: entry.Name, Reason: step.ReasonError, Message: err.Error()}
	if errors.Is(context.Cause(ctx), errOutOfTime) {
		f.Reason, f.Message = step.ReasonTimeout, errOutOfTime.Error()
	}
	return f
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
