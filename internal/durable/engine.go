// Package durable makes runs survive the process. It hands a function a
// journal; each step that the function does through it is recorded before the
// function goes on, and after a crash the function is called again with a
// journal that answers recorded steps from the record. The engine underneath is
// DBOS Transact; nothing outside this package knows that.
//
// Which run goes when is not decided here: see package run.
package durable

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"runtime/debug"
	"sync"
	"time"

	"github.com/dbos-inc/dbos-transact-golang/dbos"
	_ "github.com/dbos-inc/dbos-transact-golang/dbos/driver/sqlite" // registers DBOS's SQLite support
	"github.com/rs/zerolog"

	"github.com/aofctl/aofctl/internal/step"
)

const (
	appName = "aofctl"
	// appVersion is pinned: DBOS's default, a hash of the binary, would orphan
	// every unfinished run at each deploy.
	appVersion   = "1"
	executorID   = "local"
	workflowName = "run"
)

var (
	// ErrClosing is returned for runs that are started while the engine shuts down.
	ErrClosing = errors.New("engine is shutting down")
	// ErrOver is returned by Resume for a run that the engine has put away for
	// good: nothing will call its work again.
	ErrOver = errors.New("the engine has ended this run")
)

// Work does one run, identified by id. It returns nil once the run's outcome is
// recorded elsewhere, whatever the outcome is. An error says that the work was
// interrupted; it is called again after the next start, and until then the run
// counts as at work.
type Work func(ctx context.Context, id string, journal step.Journal) error

// Options tune an Engine.
type Options struct {
	// StepTimeout bounds the time that the steps of one run may take together;
	// waiting in the queue and being down do not count. 0 for no bound.
	StepTimeout time.Duration
	// Retry says how transient failures of a step are tried again.
	Retry Retry
	// Now tells the time; nil for the system's clock.
	Now func() time.Time
	// Log takes the engine's own messages.
	Log zerolog.Logger
}

// Engine runs Work durably on one SQLite database.
type Engine struct {
	dbos dbos.Context
	work Work
	opts Options

	mu       sync.Mutex
	active   map[string]struct{}
	draining bool
	parked   int
	changed  chan struct{} // closed and replaced when active, parked or draining change
}

// Open prepares the engine on db and creates its tables. Nothing runs before
// Launch. The engine owns the connections from then on: Shutdown closes them.
func Open(ctx context.Context, db *sql.DB, work Work, opts Options) (*Engine, error) {
	if opts.Now == nil {
		opts.Now = time.Now
	}
	clearEnvironment()
	e := &Engine{work: work, opts: opts, active: map[string]struct{}{}, changed: make(chan struct{})}
	dctx, err := dbos.NewContext(context.WithoutCancel(ctx), dbos.Config{
		AppName:            appName,
		SQLiteSystemDB:     db,
		ApplicationVersion: appVersion,
		ExecutorID:         executorID,
		EnablePatching:     true,
		Logger:             slog.New(&logHandler{log: opts.Log.With().Str("part", "engine").Logger()}),
	})
	if err != nil {
		return nil, fmt.Errorf("open run engine: %w", err)
	}
	e.dbos = dctx
	dbos.RegisterWorkflow(dctx, e.workflow, dbos.WithWorkflowName(workflowName), dbos.WithMaxRecoveryAttempts(1<<30))
	return e, nil
}

// clearEnvironment removes the variables with which DBOS lets its own cloud
// override the configuration.
func clearEnvironment() {
	for _, name := range []string{"DBOS__VMID", "DBOS__APPVERSION", "DBOS__CLOUD", "DBOS__APPID"} {
		_ = os.Unsetenv(name) // fails only for malformed names
	}
}

// Launch continues the runs that were at work when the process ended, and lets
// new ones start. If ctx ends first, all that is left to do is Shutdown.
func (e *Engine) Launch(ctx context.Context) error {
	launched := make(chan error, 1)
	go func() { launched <- dbos.Launch(e.dbos) }()
	select {
	case err := <-launched:
		if err != nil {
			return fmt.Errorf("launch run engine: %w", err)
		}
		return nil
	case <-ctx.Done():
		return fmt.Errorf("launch run engine: %w", context.Cause(ctx))
	}
}

// Start begins the run with the given id and returns once that is recorded, or
// when ctx ends, after which it may be recorded all the same. A run that was
// started before, be it finished or at work, is left alone.
func (e *Engine) Start(ctx context.Context, id string) error {
	_, err := e.start(ctx, id)
	return err
}

// Resume is Start for a run that may have been at work when the process ended:
// Launch has continued it then, unless it was never started. It returns ErrOver
// if the engine ended the run.
func (e *Engine) Resume(ctx context.Context, id string) error {
	handle, err := e.start(ctx, id)
	if err != nil {
		return err
	}
	status, err := handle.GetStatus()
	if err != nil {
		return fmt.Errorf("look up run %s: %w", id, err)
	}
	switch status.Status {
	case dbos.WorkflowStatusPending, dbos.WorkflowStatusEnqueued, dbos.WorkflowStatusDelayed:
		return nil
	default:
		return fmt.Errorf("run %s: %w as %s", id, ErrOver, status.Status)
	}
}

type handle = dbos.WorkflowHandle[string]

func (e *Engine) start(ctx context.Context, id string) (handle, error) {
	e.mu.Lock()
	draining := e.draining
	e.mu.Unlock()
	if draining {
		return nil, ErrClosing
	}
	type answer struct {
		handle handle
		err    error
	}
	// DBOS waits for its database as long as that takes, and would end the run
	// with the context that it is given.
	answered := make(chan answer, 1)
	go func() {
		h, err := dbos.RunWorkflow(e.dbos, e.workflow, id, dbos.WithWorkflowID(id))
		answered <- answer{h, err}
	}()
	select {
	case a := <-answered:
		if a.err != nil {
			return nil, fmt.Errorf("start run %s: %w", id, a.err)
		}
		return a.handle, nil
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
}

// workflow is what DBOS calls, and calls again after a crash. To DBOS an error
// is an end like any other, after which nothing would call it again; so work
// that was interrupted is held until the process stops.
func (e *Engine) workflow(dctx dbos.Context, id string) (string, error) {
	e.enter(id)
	defer e.leave(id)
	err := e.guard(dctx, id, &journal{engine: e, dctx: dctx, run: id, limit: e.opts.StepTimeout})
	if err == nil || dctx.Err() != nil {
		return "", err
	}
	e.opts.Log.Error().Err(err).Str("run", id).Msg("run was interrupted; it continues after the next start")
	return "", e.hold(dctx)
}

// guard turns a panic of the work into an error, so that one bad run does not
// take the process with it.
func (e *Engine) guard(ctx context.Context, id string, j *journal) (err error) {
	defer func() {
		if p := recover(); p != nil {
			e.opts.Log.Error().Str("run", id).Bytes("stack", debug.Stack()).Msgf("run panicked: %v", p)
			err = fmt.Errorf("run %s panicked: %v", id, p)
		}
	}()
	return e.work(ctx, id, j)
}

// Active returns how many runs are at work in this process.
func (e *Engine) Active() int {
	e.mu.Lock()
	defer e.mu.Unlock()
	return len(e.active)
}

func (e *Engine) enter(id string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.active[id] = struct{}{}
	e.signal()
}

func (e *Engine) leave(id string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	delete(e.active, id)
	e.signal()
}

// signal wakes everybody who waits for a change. The caller holds the lock.
func (e *Engine) signal() {
	close(e.changed)
	e.changed = make(chan struct{})
}
