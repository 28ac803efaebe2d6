package run_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/rs/zerolog"

	"github.com/aofctl/aofctl/internal/durable"
	"github.com/aofctl/aofctl/internal/manifest"
	"github.com/aofctl/aofctl/internal/run"
	"github.com/aofctl/aofctl/internal/step"
	"github.com/aofctl/aofctl/internal/store"
)

// engine is an engine that starts nothing and remembers what it was asked.
type engine struct {
	mu      sync.Mutex
	started []string
	refuses map[string]error
}

func (e *engine) Start(_ context.Context, id string) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	if err := e.refuses[id]; err != nil {
		return err
	}
	e.started = append(e.started, id)
	return nil
}

func (e *engine) Resume(ctx context.Context, id string) error { return e.Start(ctx, id) }

func (e *engine) has(id string) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	return slices.Contains(e.started, id)
}

func (e *engine) allow(id string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	delete(e.refuses, id)
}

// bare is a scheduler over a store, with a worker that nobody calls.
func bare(t *testing.T, e *engine, limit int) (*house, *run.Scheduler) {
	t.Helper()
	h := newHouse(t, settings{})
	h.stop()
	worker := run.NewWorker(h.store, nil, h.plat, nobody{}, zerolog.Nop())
	return h, run.NewScheduler(h.store, e, worker, limit, zerolog.Nop())
}

func (h *house) queue(ids ...string) {
	h.t.Helper()
	var runs []store.Run
	for _, id := range ids {
		subject, _, _ := strings.Cut(id, "/")
		runs = append(runs, store.Run{ID: id, Source: "jira", Subject: subject, Project: "P", Work: []byte("{}"), State: store.StateQueued})
	}
	if err := h.store.Admit(context.Background(), runs, nil); err != nil {
		h.t.Fatal(err)
	}
}

func running(t *testing.T, s *run.Scheduler) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	wg.Go(func() { s.Run(ctx) })
	t.Cleanup(func() {
		cancel()
		wg.Wait()
	})
}

func TestARunThatTheEngineDoesNotTakeHoldsUpNoOther(t *testing.T) {
	e := &engine{refuses: map[string]error{"a/1": errors.New("not now")}}
	h, s := bare(t, e, 3)
	h.queue("a/1", "b/1", "c/1")
	running(t, s)
	h.await("the others to start", func() bool { return e.has("b/1") && e.has("c/1") })
	if e.has("a/1") {
		t.Fatal("the engine took it")
	}
	e.allow("a/1")
	h.await("the run to start", func() bool { return e.has("a/1") })
}

func TestTheSchedulerEndsWhileTheEngineTakesNothing(t *testing.T) {
	e := &engine{refuses: map[string]error{"a/1": durable.ErrClosing}}
	h, s := bare(t, e, 1)
	h.queue("a/1")
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() { s.Run(ctx); close(ended) }()
	h.await("the claim", func() bool { return s.Active() == 1 })
	cancel()
	<-ended
}

// TestWhatTheEngineIsToldAfterARestart begins with a run that was claimed and
// never started, one that the engine has, and one that it has given up.
func TestWhatTheEngineIsToldAfterARestart(t *testing.T) {
	e := &engine{refuses: map[string]error{"over/1": fmt.Errorf("run: %w as ERROR", durable.ErrOver)}}
	h, s := bare(t, e, 10)
	h.queue("claimed/1", "over/1", "over/2", "waits/1")
	if _, err := h.store.Claim(t.Context(), 2); err != nil {
		t.Fatal(err)
	}
	ids, err := s.Recover(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"claimed/1", "over/1"}, ids); diff != "" || s.Active() != 2 {
		t.Fatalf("recovered %v, %d active", ids, s.Active())
	}
	if err := s.Resume(t.Context(), ids); err != nil {
		t.Fatal(err)
	}
	if r, err := h.store.Run(t.Context(), "over/1"); err != nil || r.State != store.StateFailed || !strings.Contains(r.Error, "ended this run") {
		t.Errorf("the run that was given up is %s: %s, %v", r.State, r.Error, err)
	}
	if s.Active() != 1 {
		t.Errorf("%d runs count as active, want the claimed one", s.Active())
	}
	running(t, s)
	h.await("the next runs", func() bool { return e.has("over/2") && e.has("waits/1") })
}

func TestAnEngineThatFailsAtTheStartIsReported(t *testing.T) {
	broken := errors.New("broken")
	e := &engine{refuses: map[string]error{"a/1": broken}}
	_, s := bare(t, e, 1)
	if err := s.Resume(t.Context(), []string{"a/1"}); !errors.Is(err, broken) {
		t.Errorf("Resume = %v, want the engine's error", err)
	}
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
	if err := h.store.Admit(t.Context(), []store.Run{r, next}, []store.Revision{rev}); err != nil {
		t.Fatal(err)
	}
	if ids, err := h.store.Claim(t.Context(), 1); err != nil || len(ids) != 1 {
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

// TestARunThatEndedButIsOpenInTheEngineIsNotRepeated is a crash between our
// record of the end and the engine's.
func TestARunThatEndedButIsOpenInTheEngineIsNotRepeated(t *testing.T) {
	s := settings{triggers: []*manifest.Trigger{trigger("any", nil)}}
	h := newHouse(t, s)
	h.exec.do = func(context.Context, run.Task, step.Journal) (run.Result, error) {
		return run.Result{Text: "once"}, nil
	}
	id := h.send(created("1"))
	h.over(id, 1)
	h.stop()
	h.sql(`UPDATE workflow_status SET status = 'PENDING'`)
	h.start(s)
	t.Cleanup(h.stop)
	if r := h.over(h.send(created("1")), 1); r.State != store.StateSucceeded {
		t.Errorf("the next run is %s", r.State)
	}
	h.await("the engine to end it as well", func() bool {
		return h.count(`SELECT count(*) FROM workflow_status WHERE status = 'PENDING' OR status = 'ENQUEUED'`) == 0
	})
	if ran := h.exec.done(); len(ran) != 2 {
		t.Errorf("ran %v, want each once", ran)
	}
}
