package durable

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
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

// hears waits for a signal, and counts what it was told.
func hears(count *tally, p step.Pause) func(ctx context.Context, j step.Journal) error {
	return func(ctx context.Context, j step.Journal) error {
		e, err := j.Wait(ctx, "question", p)
		if err == nil {
			count.add(p.Signal + " said " + string(e.Output))
		}
		return err
	}
}

func (h *house) signal(name string, want bool) {
	h.t.Helper()
	waited, err := h.store.Signal(context.Background(), name, "answer", json.RawMessage(`"yes"`))
	if err != nil || waited != want {
		h.t.Fatalf("signal %s: %t, %v; want %t", name, waited, err, want)
	}
}

// left waits until nothing is at work.
func (h *house) left(e *Engine) {
	h.t.Helper()
	await(h.t, "the runs to leave", func() bool { return e.Active() == 0 })
}

// at makes a house with a clock set by hand.
func at(t *testing.T) (*house, *time.Time, Options) {
	t.Helper()
	now := time.Now()
	clock := func() time.Time { return now }
	s, err := store.Open(t.Context(), t.TempDir(), clock)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return &house{t: t, store: s, storage: s}, &now, Options{Now: clock}
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

func TestABranchWaitsWhileAnotherWorks(t *testing.T) {
	h, count := newHouse(t), newTally()
	work := both(hears(count, step.Pause{For: "ann", Signal: "ann"}), func(ctx context.Context, j step.Journal) error {
		if err := works(count, "one", "two")(ctx, j); err != nil {
			return err
		}
		return hears(count, step.Pause{For: "bob", Signal: "bob", Within: time.Hour})(ctx, j)
	})
	e := h.engine(work, Options{})
	h.begin(e, "r")
	r := h.reaches("r", store.StateWaiting)
	h.left(e)
	if r.WaitsFor != "ann; bob" || r.WakeAt.IsZero() {
		t.Errorf("it waits for %q until %s", r.WaitsFor, r.WakeAt)
	}
	h.halt(e) // a deploy
	h.signal("bob", true)
	e = h.engine(work, Options{})
	h.start(e)
	if r = h.reaches("r", store.StateWaiting); r.WaitsFor != "ann" || !r.WakeAt.IsZero() {
		t.Errorf("it waits for %q until %s", r.WaitsFor, r.WakeAt)
	}
	h.left(e)
	h.signal("ann", true)
	h.start(e)
	h.reaches("r", store.StateSucceeded)
	want := map[string]int{"r:b:0": 1, "r:b:1": 1, `ann said "yes"`: 1, `bob said "yes"`: 2}
	if diff := cmp.Diff(want, count.snapshot()); diff != "" {
		t.Errorf("work done (-want +got):\n%s", diff)
	}
}

func TestTheTimeOfAWaitCountsFromWhenItBegan(t *testing.T) {
	h, now, opts := at(t)
	count := newTally()
	var begun time.Time
	e := h.engine(both(hears(count, step.Pause{For: "ann", Signal: "ann", Within: time.Hour}), func(ctx context.Context, j step.Journal) error {
		for i := range 3 {
			if err := hears(count, step.Pause{For: "bob", Signal: fmt.Sprint("bob", i)})(ctx, j); err != nil {
				return err
			}
		}
		return nil
	}), opts)
	h.begin(e, "r")
	for i := range 2 {
		if r := h.reaches("r", store.StateWaiting); i == 0 {
			begun = r.WakeAt
		} else if !r.WakeAt.Equal(begun) {
			t.Errorf("the time-out moved from %s to %s", begun, r.WakeAt)
		}
		h.left(e)
		*now = now.Add(20 * time.Minute)
		h.signal(fmt.Sprint("bob", i), true)
		h.start(e)
	}
	h.reaches("r", store.StateWaiting)
	h.left(e)
	*now = now.Add(21 * time.Minute)
	if n, err := h.store.Wake(t.Context()); n != 1 || err != nil {
		t.Fatalf("%d runs woke: %v", n, err)
	}
	h.start(e)
	r := h.reaches("r", store.StateWaiting)
	h.left(e)
	if said := count.snapshot()["ann said "]; said != 1 || r.WaitsFor != "bob" {
		t.Errorf("ann was out of time %d times, then it waits for %q", said, r.WaitsFor)
	}
}

// TestASignalThatComesWhileTheRunIsAtWorkIsNotLost tells one branch something from
// a step of another.
func TestASignalThatComesWhileTheRunIsAtWorkIsNotLost(t *testing.T) {
	h, count := newHouse(t), newTally()
	asked, told := make(chan struct{}), make(chan struct{})
	e := h.engine(both(func(ctx context.Context, j step.Journal) error {
		err := hears(count, step.Pause{For: "ann", Signal: "ann"})(ctx, j)
		if errors.Is(err, step.ErrWaiting) {
			close(asked)
		}
		return err
	}, func(ctx context.Context, j step.Journal) error {
		_, err := j.Do(ctx, step.KindTool, "tell", func(context.Context, string) (step.Entry, error) {
			<-asked
			h.signal("ann", true)
			h.signal("ann", true) // which changes nothing
			h.signal("later", false)
			close(told)
			return step.Entry{}, nil
		})
		if err != nil {
			return err
		}
		return hears(count, step.Pause{For: "later", Signal: "later"})(ctx, j)
	}), Options{})
	h.begin(e, "r")
	<-told
	await(t, "the run to go on by itself", func() bool { return h.run("r").State == store.StateQueued })
	h.left(e)
	h.start(e)
	h.reaches("r", store.StateSucceeded)
	if n := count.snapshot(); n[`ann said "yes"`] != 1 || n[`later said "yes"`] == 0 {
		t.Errorf("heard %v", n)
	}
}

// TestARunThatGoesOnBeforeItHasLeftIsTakenUp hands an engine the next claim of a
// run that is still leaving.
func TestARunThatGoesOnBeforeItHasLeftIsTakenUp(t *testing.T) {
	h, turns := newHouse(t), make(chan chan store.Outcome, 10)
	e := h.engine(func(context.Context, string, step.Journal) store.Outcome {
		turn := make(chan store.Outcome)
		turns <- turn
		return <-turn
	}, Options{})
	h.begin(e, "r")
	first := <-turns
	if _, err := h.store.Release(t.Context(), "me"); err != nil {
		t.Fatal(err)
	}
	h.start(e)
	first <- done() // which is refused
	second := <-turns
	second <- done()
	h.reaches("r", store.StateSucceeded)
	h.left(e)
	if len(turns) != 0 {
		t.Error("it was taken up a third time")
	}
}

func TestALongPauseOfABranchLeavesOthersAtWork(t *testing.T) {
	h, now, opts := at(t)
	count, tries := newTally(), 0
	opts.Retry = Retry{Tries: 5, Base: time.Millisecond, Max: time.Millisecond}
	e := h.engine(both(func(ctx context.Context, j step.Journal) error {
		_, err := j.Do(ctx, step.KindTool, "limited", func(context.Context, string) (step.Entry, error) {
			if tries++; tries < 3 {
				return step.Entry{}, flaky{time.Minute}
			}
			return step.Entry{}, nil
		})
		return err
	}, func(ctx context.Context, j step.Journal) error {
		if err := works(count, "one", "two")(ctx, j); err != nil {
			return err
		}
		return hears(count, step.Pause{For: "bob", Signal: "bob"})(ctx, j)
	}), opts)
	h.begin(e, "r")
	for range 2 {
		if r := h.reaches("r", store.StateWaiting); r.WaitsFor != "another try of limited after: service unavailable; bob" {
			t.Errorf("it waits for %q", r.WaitsFor)
		}
		h.left(e)
		*now = now.Add(time.Minute)
		if n, err := h.store.Wake(t.Context()); n != 1 || err != nil {
			t.Fatalf("%d runs woke: %v", n, err)
		}
		h.start(e)
	}
	h.reaches("r", store.StateWaiting)
	h.left(e)
	h.signal("bob", true)
	h.start(e)
	h.reaches("r", store.StateSucceeded)
	steps, err := h.store.Steps(t.Context(), "r")
	if err != nil {
		t.Fatal(err)
	}
	attempts := map[string]int{}
	for _, s := range steps {
		attempts[s.Name] = s.Attempts
	}
	if diff := cmp.Diff(map[string]int{"limited": 3, "one": 1, "two": 1, "answer": 1}, attempts); diff != "" {
		t.Errorf("attempts (-want +got):\n%s", diff)
	}
}

func TestARunThatEndsDropsWhatItsBranchesWaitFor(t *testing.T) {
	h, count := newHouse(t), newTally()
	e := h.engine(func(ctx context.Context, _ string, j step.Journal) store.Outcome {
		if err := hears(count, step.Pause{For: "ann", Signal: "ann"})(ctx, j.Branch("a")); !errors.Is(err, step.ErrWaiting) {
			t.Errorf("the wait ended with %v", err)
		}
		return outcome(works(count, "after")(ctx, j))
	}, Options{})
	h.begin(e, "r")
	h.reaches("r", store.StateSucceeded)
	h.signal("ann", false)
}

func TestABranchThatWaitsDoesNothingElseInThisTurn(t *testing.T) {
	h, count := newHouse(t), newTally()
	e := h.engine(func(ctx context.Context, _ string, j step.Journal) store.Outcome {
		a := j.Branch("a")
		for range 2 {
			if err := hears(count, step.Pause{For: "ann", Signal: "ann"})(ctx, a); !errors.Is(err, step.ErrWaiting) {
				t.Errorf("the wait ended with %v", err)
			}
			if err := works(count, "more")(ctx, a); !errors.Is(err, step.ErrWaiting) {
				t.Errorf("a step behind the wait ended with %v", err)
			}
		}
		if err := a.Rest(ctx); !errors.Is(err, step.ErrWaiting) {
			t.Errorf("the branch cannot rest: %v", err)
		}
		if err := j.Branch("b").Rest(ctx); err == nil || errors.Is(err, step.ErrWaiting) {
			t.Errorf("a branch in which nobody waits rests: %v", err)
		}
		return outcome(j.Rest(ctx))
	}, Options{})
	h.begin(e, "r")
	if r := h.reaches("r", store.StateWaiting); len(count.snapshot()) != 0 || r.WaitsFor != "ann" {
		t.Errorf("run %+v, done %v", r, count.snapshot())
	}
}

func TestARunInWhichNobodyWaitsCannotRest(t *testing.T) {
	h := newHouse(t)
	e := h.engine(func(ctx context.Context, _ string, j step.Journal) store.Outcome { return outcome(j.Rest(ctx)) }, Options{})
	h.begin(e, "r")
	if r := h.reaches("r", store.StateFailed); !strings.Contains(r.Error, "nobody waits") {
		t.Errorf("the run failed with %q", r.Error)
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

func TestShutdownLetsTheStepsOfAllBranchesFinish(t *testing.T) {
	h, count := newHouse(t), newTally()
	reached, release := make(chan struct{}), make(chan struct{})
	slow := func(ctx context.Context, j step.Journal) error {
		_, err := j.Do(ctx, step.KindTool, "slow", func(_ context.Context, id string) (step.Entry, error) {
			close(reached)
			<-release
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
