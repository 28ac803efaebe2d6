package durable

import (
	"context"
	"errors"
	"time"
)

const defaultUnwind = 5 * time.Second

// errStuck says that work did not notice that it was interrupted.
var errStuck = errors.New("a run does not notice that the process is stopping")

// Shutdown lets the steps at work finish for as long as ctx allows, begins no
// new step, and then stops. Runs that are not finished can be taken up behind
// their last finished step, here or elsewhere, once it has returned.
func (e *Engine) Shutdown(ctx context.Context) error {
	e.mu.Lock()
	e.draining = true
	e.signal()
	e.mu.Unlock()
	e.awaitIdle(ctx)
	e.stop(ErrStopping)
	unwind, cancel := context.WithTimeout(context.Background(), e.opts.Unwind)
	defer cancel()
	if !e.awaitIdle(unwind) {
		return errStuck
	}
	return nil
}

// awaitIdle waits until nothing is at work; false if ctx ended before.
func (e *Engine) awaitIdle(ctx context.Context) bool {
	for {
		e.mu.Lock()
		idle, changed := len(e.active) == 0, e.changed
		e.mu.Unlock()
		if idle {
			return true
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return false
		}
	}
}

// drains reports whether no step may begin any more.
func (e *Engine) drains() bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.draining
}
