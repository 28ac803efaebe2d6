package durable

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/aofctl/aofctl/internal/step"
	"github.com/aofctl/aofctl/internal/store"
)

// both runs two strands at the same time, and ends with their errors.
func both(a, b func(ctx context.Context, j step.Journal) error) Work {
	return func(ctx context.Context, _ string, j step.Journal) store.Outcome {
		errs, err := step.Parallel(ctx, j, 0, step.Strand{Name: "a", Run: a}, step.Strand{Name: "b", Run: b})
		return outcome(errors.Join(append(errs, err)...))
	}
}

// counted is a step that counts under its id.
func counted(count *tally) step.Func {
	return func(_ context.Context, id string) (step.Entry, error) {
		count.add(id)
		return step.Entry{}, nil
	}
}

// works does one counted step of each name.
func works(count *tally, names ...string) func(ctx context.Context, j step.Journal) error {
	return func(ctx context.Context, j step.Journal) error {
		for _, name := range names {
			if _, err := j.Do(ctx, step.KindTool, name, counted(count)); err != nil {
				return err
			}
		}
		return nil
	}
}

// left waits until nothing is at work.
func (h *house) left(e *Engine) {
	h.t.Helper()
	await(h.t, "the runs to leave", func() bool { return e.Active() == 0 })
}

func TestStepsOfBranchesHappenAtTheSameTimeAndAreToldApart(t *testing.T) {
	h, count := newHouse(t), newTally()
	var meet sync.WaitGroup
	meet.Add(2)
	together := func(ctx context.Context, id string) (step.Entry, error) {
		meet.Done()
		meet.Wait() // for the step of the other branch, which is at work too
		return counted(count)(ctx, id)
	}
	strand := func(ctx context.Context, j step.Journal) error {
		if _, err := j.Do(ctx, step.KindTool, "first", together); err != nil {
			return err
		}
		return works(count, "x")(ctx, j.Branch("in/ner"))
	}
	e := h.engine(func(ctx context.Context, id string, j step.Journal) store.Outcome {
		if err := works(count, "before")(ctx, j); err != nil {
			return outcome(err)
		}
		if o := both(strand, strand)(ctx, id, j); o.State != store.StateSucceeded {
			return o
		}
		return outcome(works(count, "after")(ctx, j))
	}, Options{})
	h.begin(e, "r")
	if r := h.reaches("r", store.StateSucceeded); r.Steps != 6 {
		t.Errorf("%d steps", r.Steps)
	}
	want := map[string]int{"r:0": 1, "r:a:0": 1, "r:b:0": 1, "r:a/in%2Fner:0": 1, "r:b/in%2Fner:0": 1, "r:1": 1}
	if diff := cmp.Diff(want, count.snapshot()); diff != "" {
		t.Errorf("identities (-want +got):\n%s", diff)
	}
	steps, err := h.store.Steps(t.Context(), "r")
	if err != nil {
		t.Fatal(err)
	}
	var branches []string
	for i, s := range steps {
		if s.Index != i {
			t.Errorf("step %d has the index %d", i, s.Index)
		}
		branches = append(branches, s.Branch)
	}
	slices.Sort(branches)
	if diff := cmp.Diff([]string{"", "", "a", "a/in%2Fner", "b", "b/in%2Fner"}, branches); diff != "" {
		t.Errorf("branches (-want +got):\n%s", diff)
	}
}

func TestABranchThatWasAskedForTwiceIsRefused(t *testing.T) {
	h, count := newHouse(t), newTally()
	e := h.engine(func(ctx context.Context, _ string, j step.Journal) store.Outcome {
		first, second, other := j.Branch("a"), j.Branch("a"), j.Branch("b").Branch("a")
		_, doing := second.Do(ctx, step.KindTool, "t", counted(count))
		_, waiting := second.Wait(ctx, "w", step.Pause{Within: time.Hour})
		for i, err := range []error{doing, waiting, second.Rest(ctx), works(count, "t")(ctx, second.Branch("c"))} {
			if err == nil || !strings.Contains(err.Error(), "asked for twice") {
				t.Errorf("request %d of the second: %v", i, err)
			}
		}
		if _, recorded := second.Next(); recorded {
			t.Error("the second has something on record")
		}
		return outcome(errors.Join(works(count, "t")(ctx, first), works(count, "t")(ctx, other)))
	}, Options{})
	h.begin(e, "r")
	h.reaches("r", store.StateSucceeded)
	if diff := cmp.Diff(map[string]int{"r:a:0": 1, "r:b/a:0": 1}, count.snapshot()); diff != "" {
		t.Errorf("work done (-want +got):\n%s", diff)
	}
}

func TestABranchLeavesItsSiblingsAlone(t *testing.T) {
	tests := map[string]func(ctx context.Context, j step.Journal) error{
		"that fails": func(ctx context.Context, j step.Journal) error {
			_, err := j.Do(ctx, step.KindTool, "bad", func(context.Context, string) (step.Entry, error) { return step.Entry{}, errors.New("no") })
			return err
		},
		"whose step panics": func(ctx context.Context, j step.Journal) error {
			_, err := j.Do(ctx, step.KindTool, "bad", func(context.Context, string) (step.Entry, error) { panic("boom") })
			return err
		},
		"that panics": func(context.Context, step.Journal) error { panic("boom") },
	}
	for name, bad := range tests {
		t.Run(name, func(t *testing.T) {
			h, count, failed := newHouse(t), newTally(), make(chan struct{})
			e := h.engine(both(func(ctx context.Context, j step.Journal) error {
				defer close(failed)
				return bad(ctx, j)
			}, func(ctx context.Context, j step.Journal) error {
				<-failed
				return works(count, "one", "two")(ctx, j)
			}), Options{})
			h.begin(e, "r")
			h.reaches("r", store.StateFailed)
			if diff := cmp.Diff(map[string]int{"r:b:0": 1, "r:b:1": 1}, count.snapshot()); diff != "" {
				t.Errorf("work done (-want +got):\n%s", diff)
			}
		})
	}
}

func TestAReplayOfABranchThatTakesAnotherWayFailsThere(t *testing.T) {
	h, count, reached := newHouse(t), newTally(), make(chan struct{}, 1)
	work := func(name string, last step.Func) Work {
		return both(works(count, name), func(ctx context.Context, j step.Journal) error {
			if err := works(count, "one")(ctx, j); err != nil {
				return err
			}
			_, err := j.Do(ctx, step.KindTool, "two", last)
			return err
		})
	}
	first := h.engine(work("x", hang(reached)), Options{})
	h.begin(first, "r")
	<-reached
	await(t, "the other branch to be done", func() bool { return h.run("r").Steps == 2 })
	h.halt(first)
	h.again(h.engine(work("y", counted(count)), Options{}))
	r := h.reaches("r", store.StateFailed)
	if want := "step a:0 is recorded as tool x and now is tool y"; !strings.Contains(r.Error, want) || r.Steps != 3 {
		t.Errorf("after %d steps the error is %q, want %q in it", r.Steps, r.Error, want)
	}
}

// limited is a context whose time is up when over is closed.
type limited struct {
	context.Context
	over chan struct{}
}

func (l *limited) Done() <-chan struct{} { return l.over }

func (l *limited) Err() error {
	select {
	case <-l.over:
		return context.DeadlineExceeded
	default:
		return nil
	}
}

// TestTheTimeLimitOfACallerIsAFailureOfTheStep tells it from the caller's giving up.
func TestTheTimeLimitOfACallerIsAFailureOfTheStep(t *testing.T) {
	h, count := newHouse(t), newTally()
	e := h.engine(func(ctx context.Context, _ string, j step.Journal) store.Outcome {
		short := &limited{Context: ctx, over: make(chan struct{})}
		_, late := j.Do(short, step.KindTool, "slow", func(ctx context.Context, _ string) (step.Entry, error) {
			close(short.over)
			<-ctx.Done()
			return step.Entry{}, ctx.Err()
		})
		var failure *step.Failure
		if !errors.As(late, &failure) || failure.Reason != step.ReasonError {
			t.Errorf("the limit: %v", late)
		}
		gone, give := context.WithCancel(ctx)
		_, unwanted := j.Do(gone, step.KindTool, "unwanted", func(ctx context.Context, _ string) (step.Entry, error) {
			give()
			<-ctx.Done()
			return step.Entry{}, ctx.Err()
		})
		if !errors.Is(unwanted, context.Canceled) || errors.As(unwanted, &failure) && failure.Step == "unwanted" {
			t.Errorf("given up: %v", unwanted)
		}
		return outcome(works(count, "instead")(ctx, j))
	}, Options{})
	h.begin(e, "r")
	h.reaches("r", store.StateSucceeded)
	steps, err := h.store.Steps(t.Context(), "r")
	if err != nil || len(steps) != 2 || steps[0].Error == "" || steps[1].Name != "instead" || count.snapshot()["r:1"] != 1 {
		t.Errorf("steps %+v, %v; done %v", steps, err, count.snapshot())
	}
}

// TestARetryForgetsNothingThatOtherBranchesFinished lets one branch fail, and the
// run say so.
func TestARetryForgetsNothingThatOtherBranchesFinished(t *testing.T) {
	h, count, down := newHouse(t), newTally(), true
	e := h.engine(func(ctx context.Context, id string, j step.Journal) store.Outcome {
		err := works(count, "before")(ctx, j)
		o := both(func(ctx context.Context, j step.Journal) error {
			if err := works(count, "one")(ctx, j); err != nil {
				return err
			}
			_, err := j.Do(ctx, step.KindTool, "write", func(ctx context.Context, id string) (step.Entry, error) {
				count.add(id)
				if down {
					return step.Entry{}, errors.New("no")
				}
				return step.Entry{}, nil
			})
			more := works(count, "more")(ctx, j)
			return errors.Join(err, more)
		}, works(count, "one", "two", "three"))(ctx, id, j)
		if err := errors.Join(err, works(count, "tell")(ctx, j), works(count, "tell")(ctx, j.Branch("told"))); err != nil {
			return outcome(err)
		}
		return o
	}, Options{})
	h.begin(e, "r")
	h.reaches("r", store.StateFailed)
	h.left(e)
	first := count.snapshot()
	down = false
	if err := h.store.Retry(t.Context(), "r", "alice"); err != nil {
		t.Fatal(err)
	}
	h.start(e)
	if r := h.reaches("r", store.StateSucceeded); r.Steps != 9 {
		t.Errorf("%d steps", r.Steps)
	}
	want := map[string]int{"r:0": 1, "r:a:0": 1, "r:a:1": 1, "r:a:2": 1, "r:b:0": 1, "r:b:1": 1, "r:b:2": 1, "r:1": 1, "r:told:0": 1}
	if diff := cmp.Diff(want, first); diff != "" {
		t.Errorf("done at first (-want +got):\n%s", diff)
	}
	again := count.snapshot()
	maps.DeleteFunc(again, func(id string, n int) bool { return n == first[id] })
	// The write is the same, and looked for under its name; what stands behind it
	// is not.
	if diff := cmp.Diff(map[string]int{"r:a:1": 2, "r:a:2.1": 1, "r:1.1": 1, "r:told:0.1": 1}, again); diff != "" {
		t.Errorf("done again (-want +got):\n%s", diff)
	}
}
