package durable

import (
	"context"
	"fmt"
	"time"

	"github.com/dbos-inc/dbos-transact-golang/dbos"
)

// unwindTimeout bounds how long interrupted steps may take to notice.
const unwindTimeout = 5 * time.Second

// Shutdown lets the steps at work finish for as long as ctx allows, begins no
// new step, and then stops. Runs that are not finished continue at the next
// start behind their last finished step.
func (e *Engine) Shutdown(ctx context.Context) error {
	e.mu.Lock()
	e.draining = true
	e.signal()
	e.mu.Unlock()
	e.awaitParked(ctx)
	if err := dbos.Shutdown(e.dbos, unwindTimeout); err != nil {
		return fmt.Errorf("shut down run engine: %w", err)
	}
	return nil
}

// awaitParked waits until every active run stands between two steps.
func (e *Engine) awaitParked(ctx context.Context) {
	for {
		e.mu.Lock()
		idle := e.parked == len(e.active)
		changed := e.changed
		e.mu.Unlock()
		if idle {
			return
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return
		}
	}
}

// park holds a run between two steps while the engine drains. It returns an
// error if the engine is draining, once it has stopped.
func (e *Engine) park(ctx context.Context) error {
	e.mu.Lock()
	draining := e.draining
	e.mu.Unlock()
	if !draining {
		return nil
	}
	return e.hold(ctx)
}

// hold keeps a run where it stands until the engine stops, which does not wait
// for it.
func (e *Engine) hold(ctx context.Context) error {
	e.mu.Lock()
	e.parked++
	e.signal()
	e.mu.Unlock()
	<-ctx.Done()
	return context.Cause(ctx)
}
