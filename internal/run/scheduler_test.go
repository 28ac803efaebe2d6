package run_test

import (
	"context"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/rs/zerolog"

	"github.com/aofctl/aofctl/internal/durable"
	"github.com/aofctl/aofctl/internal/manifest"
	"github.com/aofctl/aofctl/internal/run"
	"github.com/aofctl/aofctl/internal/store"
)

// engine is an engine that starts nothing and remembers what it was asked.
type engine struct {
	mu      sync.Mutex
	started []string
	closing bool
}

func (e *engine) Start(c store.Claim) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.closing {
		return durable.ErrClosing
	}
	e.started = append(e.started, c.Run)
	return nil
}

func (e *engine) Cancel(string) bool { return false }
func (e *engine) Abandon(error)      {}

func (e *engine) Has(id string) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	return slices.Contains(e.started, id)
}

func (e *engine) Active() int {
	e.mu.Lock()
	defer e.mu.Unlock()
	return len(e.started)
}

// bare is a house in which nothing works, for tests that bring their own parts.
func bare(t *testing.T) *house {
	t.Helper()
	h := newHouse(t, settings{})
	h.stop()
	return h
}

func (h *house) queue(ids ...string) {
	h.t.Helper()
	var runs []store.Run
	for _, id := range ids {
		subject, _, _ := strings.Cut(id, "/")
		runs = append(runs, store.Run{ID: id, Source: "jira", Subject: subject, Project: "P", Work: []byte("{}"), State: store.StateQueued})
	}
	if err := h.store.Admit(context.Background(), store.Lease{}, runs, nil); err != nil {
		h.t.Fatal(err)
	}
}

// working lets something work until the test ends.
func working(t *testing.T, work func(ctx context.Context)) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	var wg sync.WaitGroup
	wg.Go(func() { work(ctx) })
	t.Cleanup(func() {
		cancel()
		wg.Wait()
	})
}

func TestNoRunIsClaimedWhileItMayNotBe(t *testing.T) {
	h, e := bare(t), &engine{}
	var mu sync.Mutex
	may := false
	s := run.NewScheduler(h.store, e, run.SchedulerConfig{Owner: "me", Limit: 3, Log: zerolog.Nop(), May: func() bool {
		mu.Lock()
		defer mu.Unlock()
		return may
	}})
	h.queue("a/1", "b/1")
	working(t, s.Run)
	s.Wake()
	if r, err := h.store.Run(t.Context(), "a/1"); err != nil || r.State != store.StateQueued {
		t.Fatalf("the run is %s: %v", r.State, err)
	}
	mu.Lock()
	may = true
	mu.Unlock()
	s.Wake()
	h.await("both to start", func() bool { return e.Has("a/1") && e.Has("b/1") })
}

func TestTheSchedulerEndsWhileTheEngineTakesNothing(t *testing.T) {
	h, e := bare(t), &engine{closing: true}
	s := run.NewScheduler(h.store, e, run.SchedulerConfig{Owner: "me", Limit: 1, Log: zerolog.Nop()})
	h.queue("a/1")
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() { s.Run(ctx); close(ended) }()
	h.await("the claim", func() bool {
		held, err := h.store.Held(t.Context(), "me")
		return err == nil && len(held) == 1
	})
	cancel()
	<-ended
}

// TestARunThatWasClaimedAndNotStartedRunsAfterARestart is a crash between the
// two.
func TestARunThatWasClaimedAndNotStartedRunsAfterARestart(t *testing.T) {
	s := settings{limit: 2, triggers: []*manifest.Trigger{trigger("any", nil)}}
	h := newHouse(t, s)
	h.stop()
	rev := store.Revision{Revision: "rev", Kind: "agent", Name: "helper", Text: "text"}
	r := store.Run{ID: "claimed", Source: "jira", Subject: "issue:1", TargetKind: "agent", Target: "helper", Revision: "rev",
		Work: []byte(`{"event":{},"seed":"s"}`), State: store.StateQueued}
	next := r
	next.ID = "next"
	if err := h.store.Admit(t.Context(), store.Lease{}, []store.Run{r, next}, []store.Revision{rev}); err != nil {
		t.Fatal(err)
	}
	if ids, err := h.store.Claim(t.Context(), "gone", 1, store.Limits{}); err != nil || len(ids) != 1 {
		t.Fatal(ids, err)
	}
	h.start(s)
	t.Cleanup(h.stop)
	for _, id := range []string{"claimed", "next"} {
		h.await(id, func() bool {
			r, err := h.store.Run(context.Background(), id)
			return err == nil && r.State == store.StateSucceeded
		})
	}
}
