package durable

import (
	"context"
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/aofctl/aofctl/internal/step"
	"github.com/aofctl/aofctl/internal/store"
)

func TestShutdownLetsTheStepsOfAllBranchesFinish(t *testing.T) {
	h, count := newHouse(t), newTally()
	reached, release := make(chan struct{}), make(chan struct{})
	slow := func(ctx context.Context, j step.Journal) error {
		_, err := j.Do(ctx, step.KindTool, "slow", func(ctx context.Context, id string) (step.Entry, error) {
			close(reached)
			<-release
			if ctx.Err() != nil {
				t.Error("the step at work was interrupted")
			}
			count.add(id)
			return step.Entry{}, nil
		})
		if err != nil {
			return err
		}
		return works(count, "behind")(ctx, j)
	}
	refused := make(chan error, 1)
	var first *Engine
	work := both(slow, func(ctx context.Context, j step.Journal) error {
		<-reached
		await(t, "the engine to drain", first.drains)
		err := works(count, "other")(ctx, j)
		refused <- err
		return errors.New("a failure that is none")
	})
	first = h.engine(work, Options{})
	h.begin(first, "r")
	<-reached
	stopped := make(chan error)
	go func() { stopped <- first.Shutdown(context.Background()) }()
	if err := <-refused; !errors.Is(err, ErrStopping) {
		t.Errorf("a step that begins while the engine drains: %v", err)
	}
	close(release)
	if err := <-stopped; err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(map[string]int{"r:a:0": 1}, count.snapshot()); diff != "" {
		t.Fatalf("done at shutdown (-want +got):\n%s", diff)
	}
	if r := h.run("r"); r.State != store.StateRunning || r.Steps != 1 {
		t.Fatalf("the run is %s with %d steps", r.State, r.Steps)
	}
	h.again(h.engine(both(func(ctx context.Context, j step.Journal) error { return works(count, "slow", "behind")(ctx, j) }, works(count, "other")), Options{}))
	h.reaches("r", store.StateSucceeded)
	if diff := cmp.Diff(map[string]int{"r:a:0": 1, "r:a:1": 1, "r:b:0": 1}, count.snapshot()); diff != "" {
		t.Errorf("done in the end (-want +got):\n%s", diff)
	}
}

// TestARunThatStopsDoesNotWaitInstead has one branch that waits and one that is
// stopped, which could go on.
func TestARunThatStopsDoesNotWaitInstead(t *testing.T) {
	h, count := newHouse(t), newTally()
	var e *Engine
	asked := make(chan struct{})
	draining := make(chan error, 1)
	e = h.engine(both(func(ctx context.Context, j step.Journal) error {
		defer close(asked)
		return hears(count, step.Pause{For: "ann", Signal: "ann"})(ctx, j)
	}, func(ctx context.Context, j step.Journal) error {
		<-asked
		go func() { draining <- e.Shutdown(context.Background()) }()
		await(t, "the engine to drain", e.drains)
		return works(count, "more")(ctx, j)
	}), Options{})
	h.begin(e, "r")
	if err := <-draining; err != nil {
		t.Fatal(err)
	}
	if r := h.run("r"); r.State != store.StateRunning || len(count.snapshot()) != 0 {
		t.Errorf("the run is %s, done %v", r.State, count.snapshot())
	}
}

func TestACanceledRunEndsInTheMiddleOfTheStepsOfAllBranches(t *testing.T) {
	h, reached, causes := newHouse(t), make(chan struct{}, 2), make(chan error, 2)
	strand := func(ctx context.Context, j step.Journal) error {
		_, err := j.Do(ctx, step.KindTool, "t", hang(reached))
		causes <- err
		return err
	}
	e := h.engine(both(strand, strand), Options{})
	h.begin(e, "r")
	<-reached
	<-reached
	if _, err := h.store.Cancel(t.Context(), "r", "alice"); err != nil {
		t.Fatal(err)
	}
	e.Cancel("r")
	for range 2 {
		if err := <-causes; !errors.Is(err, ErrCanceled) {
			t.Errorf("the step ended with %v", err)
		}
	}
	h.reaches("r", store.StateCanceled)
}
