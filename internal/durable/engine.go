// Package durable makes runs survive the process. It hands a function a
// journal; each step that the function does through it is recorded before the
// function goes on, and after a crash, on this replica or another, the function
// is called again with a journal that answers recorded steps from the record.
// What has to wait for long lets go of everything and is called again when it
// goes on.
//
// Which run goes when is not decided here: see package run.
package durable

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"sync"
	"time"

	"github.com/rs/zerolog"

	"github.com/aofctl/aofctl/internal/step"
	"github.com/aofctl/aofctl/internal/store"
)

var (
	// ErrClosing is returned for runs that are started while the engine shuts down.
	ErrClosing = errors.New("engine is shutting down")
	// ErrCanceled is why a run stops of which somebody asked for the end.
	ErrCanceled = errors.New("the run was canceled")
	// ErrStopping is why a run stops that goes on later, here or elsewhere.
	ErrStopping = errors.New("the process is stopping")
)

// Work does one run, or continues it, and says how it ended. What it says does
// not count if the run was interrupted meanwhile, of which its context tells.
type Work func(ctx context.Context, id string, journal step.Journal) store.Outcome

// Storage keeps the journals; see store.Store.
type Storage interface {
	Journal(ctx context.Context, c store.Claim) (store.Journal, error)
	Record(ctx context.Context, c store.Claim, r store.Record) (index int, err error)
	Await(ctx context.Context, c store.Claim, w store.Wait) (*store.Record, error)
	Suspend(ctx context.Context, c store.Claim, waits ...store.Wait) error
	Finish(ctx context.Context, c store.Claim, o store.Outcome) error
}

// Options tune an Engine.
type Options struct {
	// StepTimeout bounds the time that the steps of one run may take together;
	// waiting and being down do not count. 0 for no bound.
	StepTimeout time.Duration
	// Retry says how transient failures of a step are tried again.
	Retry Retry
	// Now tells the time; nil for the system's clock.
	Now func() time.Time
	// Recorded is called with each step that was done and recorded; nil for
	// nobody.
	Recorded func(step.Entry)
	// Ended is called with each run whose end was recorded here; nil for nobody.
	Ended func(ctx context.Context, run string)
	// Left is called with each run that is not at work here any more, whatever
	// the reason; nil for nobody.
	Left func(run string)
	// Unwind bounds how long interrupted steps may take to notice; 0 for 5 s.
	Unwind time.Duration
	// Log takes the engine's messages.
	Log zerolog.Logger
}

// Engine runs Work durably.
type Engine struct {
	storage Storage
	work    Work
	opts    Options
	// base ends when the engine stops.
	base context.Context //nolint:containedctx // it is the engine's life
	stop context.CancelCauseFunc

	mu       sync.Mutex
	active   map[string]*turn
	draining bool
	changed  chan struct{} // closed and replaced when active or draining change
}

// New makes an Engine. It runs what it is given with Start until Shutdown.
func New(storage Storage, work Work, opts Options) *Engine {
	if opts.Now == nil {
		opts.Now = time.Now
	}
	opts.Unwind = cmp.Or(opts.Unwind, defaultUnwind)
	if opts.Recorded == nil {
		opts.Recorded = func(step.Entry) {}
	}
	if opts.Ended == nil {
		opts.Ended = func(context.Context, string) {}
	}
	if opts.Left == nil {
		opts.Left = func(string) {}
	}
	base, stop := context.WithCancelCause(opts.Log.WithContext(context.Background()))
	return &Engine{storage: storage, work: work, opts: opts, base: base, stop: stop,
		active: map[string]*turn{}, changed: make(chan struct{})}
}

// Start takes up a claimed run. A run that is at work here already is left
// alone; if the claim is a later one, since the run went on before it had left,
// it is taken up once it has. The error is ErrClosing once Shutdown was called.
func (e *Engine) Start(c store.Claim) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.draining {
		return ErrClosing
	}
	if t := e.active[c.Run]; t == nil {
		e.begin(c)
	} else if c.Epoch > t.claim.Epoch {
		t.again = &c
	}
	return nil
}

// begin takes up a run. The caller holds the lock.
func (e *Engine) begin(c store.Claim) {
	ctx, interrupt := context.WithCancelCause(e.base)
	t := &turn{claim: c, ctx: ctx, interrupt: interrupt}
	e.active[c.Run] = t
	e.signal()
	go e.run(ctx, t)
}

// run takes a run as far as it goes without waiting.
func (e *Engine) run(ctx context.Context, t *turn) {
	defer e.leave(t)
	var known store.Journal
	err := Persist(ctx, "read the journal", func() (err error) {
		known, err = e.storage.Journal(ctx, t.claim)
		return err
	})
	if err != nil {
		e.unread(ctx, t, err)
		return
	}
	t.load(known)
	outcome := e.guard(ctx, t.claim.Run, &journal{engine: e, turn: t, records: t.records[""], limit: e.opts.StepTimeout})
	e.settle(t, t.stopped(), outcome)
}

// unread records what becomes of a run of which the journal was not read. One
// whose journal never can be must not hold up its subject for ever.
func (e *Engine) unread(ctx context.Context, t *turn, err error) {
	switch {
	case ctx.Err() != nil:
		e.settle(t, context.Cause(ctx), store.Outcome{})
	case errors.Is(err, store.ErrDamaged):
		e.finish(t, store.Outcome{State: store.StateFailed, Error: err.Error()})
	default:
		e.lost(t, err)
	}
}

// guard turns a panic of the work into a failure of the run: the process would
// meet it again after each restart.
func (e *Engine) guard(ctx context.Context, id string, j *journal) (outcome store.Outcome) {
	defer func() {
		if p := recover(); p != nil {
			e.opts.Log.Error().Str("run", id).Bytes("stack", debug.Stack()).Msgf("run panicked: %v", p)
			outcome = store.Outcome{State: store.StateFailed, Error: fmt.Sprintf("panic: %v", p)}
		}
	}()
	return e.work(ctx, id, j)
}

// settle records what becomes of a run whose work has returned.
func (e *Engine) settle(t *turn, cause error, outcome store.Outcome) {
	var paused *suspension
	switch {
	case cause == nil:
		e.finish(t, outcome)
	case errors.Is(cause, ErrCanceled):
		e.finish(t, store.Outcome{State: store.StateCanceled, Result: outcome.Result, Error: cause.Error()})
	case errors.As(cause, &paused):
		e.suspend(t, paused.waits)
	}
	// Whatever else interrupted it, the run stays claimed until somebody takes it.
}

// finish records the end of a run.
func (e *Engine) finish(t *turn, o store.Outcome) {
	record := func() error {
		return Persist(e.base, "record the end of the run", func() error { return e.storage.Finish(e.base, t.claim, o) })
	}
	err := record()
	if errors.Is(err, store.ErrRefused) {
		o = store.Outcome{State: store.StateFailed, Error: "its outcome cannot be recorded: " + err.Error()}
		err = record()
	}
	switch {
	case err == nil:
		e.opts.Ended(context.WithoutCancel(e.base), t.claim.Run)
	case e.base.Err() == nil:
		e.lost(t, err)
	}
}

func (e *Engine) suspend(t *turn, waits []store.Wait) {
	err := Persist(e.base, "record that the run waits", func() error { return e.storage.Suspend(e.base, t.claim, waits...) })
	switch {
	case errors.Is(err, store.ErrRefused):
		e.finish(t, store.Outcome{State: store.StateFailed, Error: "what it waits for cannot be recorded: " + err.Error()})
	case err != nil && e.base.Err() == nil:
		e.lost(t, err)
	}
}

// lost tells of a run that cannot go on here.
func (e *Engine) lost(t *turn, err error) {
	e.opts.Log.Warn().Err(err).Str("run", t.claim.Run).Msg("run does not go on here")
}

// Cancel interrupts a run that is at work here, in the middle of a step, too. It
// reports whether there was one.
func (e *Engine) Cancel(run string) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	t := e.active[run]
	if t != nil {
		t.interrupt(ErrCanceled)
	}
	return t != nil
}

// Abandon interrupts all runs without recording anything of them, for the given
// reason: they are not ours any more.
func (e *Engine) Abandon(cause error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, t := range e.active {
		t.interrupt(cause)
	}
}

// Active returns how many runs are at work in this process.
func (e *Engine) Active() int {
	e.mu.Lock()
	defer e.mu.Unlock()
	return len(e.active)
}

// Has reports whether the run is at work in this process.
func (e *Engine) Has(run string) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.active[run] != nil
}

func (e *Engine) leave(t *turn) {
	t.interrupt(nil)
	e.mu.Lock()
	delete(e.active, t.claim.Run)
	e.signal()
	again := t.again != nil && !e.draining
	if again {
		e.begin(*t.again)
	}
	e.mu.Unlock()
	if !again {
		e.opts.Left(t.claim.Run)
	}
}

// signal wakes everybody who waits for a change. The caller holds the lock.
func (e *Engine) signal() {
	close(e.changed)
	e.changed = make(chan struct{})
}
