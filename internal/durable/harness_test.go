package durable

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"github.com/aofctl/aofctl/internal/step"
	"github.com/aofctl/aofctl/internal/store"
)

// patience is how long a test waits for what has to happen.
const patience = 2 * time.Minute

// tally counts what happened outside, as Jira would.
type tally struct {
	mu   sync.Mutex
	seen map[string]int
}

func newTally() *tally { return &tally{seen: map[string]int{}} }

func (c *tally) add(what string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.seen[what]++
}

func (c *tally) snapshot() map[string]int {
	c.mu.Lock()
	defer c.mu.Unlock()
	out := map[string]int{}
	for k, v := range c.seen {
		out[k] = v
	}
	return out
}

// house is a store and the engines that work on it, one after the other.
type house struct {
	t     testing.TB
	store *store.Store
	// storage is what engines get; the store, unless a test puts something between.
	storage Storage
}

func newHouse(t testing.TB) *house {
	t.Helper()
	s, err := store.Open(context.Background(), t.TempDir(), nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return &house{t: t, store: s, storage: s}
}

// engine makes an engine that is shut down with the test.
func (h *house) engine(work Work, opts Options) *Engine {
	h.t.Helper()
	opts.Log = zerolog.Nop()
	e := New(h.storage, work, opts)
	h.t.Cleanup(func() { h.halt(e) })
	return e
}

// halt stops an engine at once. What was at work stays claimed.
func (h *house) halt(e *Engine) {
	expired, cancel := context.WithCancel(context.Background())
	cancel()
	if err := e.Shutdown(expired); err != nil {
		h.t.Error(err)
	}
}

// admit queues a run of a subject of its own.
func (h *house) admit(ids ...string) {
	h.t.Helper()
	for _, id := range ids {
		err := h.store.Admit(context.Background(), store.Lease{}, []store.Run{{ID: id, Source: "jira", Subject: id, State: store.StateQueued, Work: []byte("{}")}}, nil)
		if err != nil {
			h.t.Fatal(err)
		}
	}
}

// claim takes what is queued.
func (h *house) claim() []store.Claim {
	h.t.Helper()
	claims, err := h.store.Claim(context.Background(), "me", 1000, store.Limits{})
	if err != nil {
		h.t.Fatal(err)
	}
	return claims
}

// start lets an engine take up what is queued.
func (h *house) start(e *Engine) {
	h.t.Helper()
	for _, c := range h.claim() {
		if err := e.Start(c); err != nil {
			h.t.Fatal(err)
		}
	}
}

// begin admits a run and lets an engine take it up.
func (h *house) begin(e *Engine, id string) {
	h.t.Helper()
	h.admit(id)
	h.start(e)
}

// again gives back what an engine left and lets another take it up.
func (h *house) again(e *Engine) {
	h.t.Helper()
	if _, err := h.store.Release(context.Background(), "me"); err != nil {
		h.t.Fatal(err)
	}
	h.start(e)
}

func (h *house) run(id string) store.Run {
	h.t.Helper()
	r, err := h.store.Run(context.Background(), id)
	if err != nil {
		h.t.Fatal(err)
	}
	return r
}

// reaches waits until a run is in a state.
func (h *house) reaches(id string, want store.State) store.Run {
	h.t.Helper()
	var r store.Run
	await(h.t, fmt.Sprintf("run %s to be %s", id, want), func() bool {
		r = h.run(id)
		return r.State == want
	})
	return r
}

func await(t testing.TB, what string, ok func() bool) {
	t.Helper()
	deadline := time.Now().Add(patience)
	for !ok() {
		if time.Now().After(deadline) {
			t.Fatalf("timed out waiting for %s", what)
		}
		time.Sleep(time.Millisecond)
	}
}

// done is how work ends well.
func done() store.Outcome { return store.Outcome{State: store.StateSucceeded, Result: "done"} }

// outcome is how work ends, by an error or well.
func outcome(err error) store.Outcome {
	if err != nil {
		return store.Outcome{State: store.StateFailed, Error: err.Error()}
	}
	return done()
}

// nothing is a step that has no result.
func nothing(context.Context, string) (step.Entry, error) { return step.Entry{}, nil }

// hang is a step that takes for ever.
func hang(reached chan<- struct{}) step.Func {
	return func(ctx context.Context, _ string) (step.Entry, error) {
		reached <- struct{}{}
		<-ctx.Done()
		return step.Entry{}, ctx.Err()
	}
}

// flaky is an error that goes away, and may ask for a pause.
type flaky struct{ pause time.Duration }

func (flaky) Error() string               { return "service unavailable" }
func (flaky) Temporary() bool             { return true }
func (f flaky) RetryDelay() time.Duration { return f.pause }

// asking asks for a pause.
type asking struct{ pause time.Duration }

func (asking) Error() string               { return "429" }
func (a asking) RetryDelay() time.Duration { return a.pause }

// broken is a storage that fails as it is told.
type broken struct {
	*store.Store
	mu   sync.Mutex
	fail func(what string) error
}

func (b *broken) set(fail func(what string) error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.fail = fail
}

func (b *broken) trouble(what string) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.fail == nil {
		return nil
	}
	return b.fail(what)
}

func (b *broken) Journal(ctx context.Context, c store.Claim) (store.Journal, error) {
	if err := b.trouble("journal"); err != nil {
		return store.Journal{}, err
	}
	return b.Store.Journal(ctx, c)
}

func (b *broken) Record(ctx context.Context, c store.Claim, r store.Record) (int, error) {
	if err := b.trouble("record"); err != nil {
		return 0, err
	}
	return b.Store.Record(ctx, c, r)
}

func (b *broken) Await(ctx context.Context, c store.Claim, w store.Wait) (*store.Record, error) {
	if err := b.trouble("await"); err != nil {
		return nil, err
	}
	return b.Store.Await(ctx, c, w)
}

func (b *broken) Suspend(ctx context.Context, c store.Claim, waits ...store.Wait) error {
	if err := b.trouble("suspend"); err != nil {
		return err
	}
	return b.Store.Suspend(ctx, c, waits...)
}

func (b *broken) Finish(ctx context.Context, c store.Claim, o store.Outcome) error {
	if err := b.trouble("finish"); err != nil {
		return err
	}
	return b.Store.Finish(ctx, c, o)
}

// times fails the first n times with err.
func times(n int, err error) func(string) error {
	return func(string) error {
		if n--; n >= 0 {
			return err
		}
		return nil
	}
}

var errAway = errors.New("the database is away")
