package durable

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/aofctl/aofctl/internal/step"
	"github.com/aofctl/aofctl/internal/store"
)

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
		if err := hears(count, step.Pause{For: "bob", Signal: "bob"})(ctx, j); err != nil {
			return err
		}
		return hears(count, step.Pause{For: "eve", Signal: "eve"})(ctx, j)
	}), opts)
	h.begin(e, "r")
	h.reaches("r", store.StateWaiting)
	h.left(e)
	h.signal("bob", true) // before the pause is over
	h.start(e)
	for i := range 2 {
		if r := h.reaches("r", store.StateWaiting); r.WaitsFor != "another try of limited after: service unavailable; eve" {
			t.Errorf("it waits for %q", r.WaitsFor)
		}
		if h.left(e); tries != i+1 {
			t.Errorf("tried %d times, want %d", tries, i+1)
		}
		*now = now.Add(time.Minute)
		if n, err := h.store.Wake(t.Context()); n != 1 || err != nil {
			t.Fatalf("%d runs woke: %v", n, err)
		}
		h.start(e)
	}
	h.reaches("r", store.StateWaiting)
	h.left(e)
	h.signal("eve", true)
	c := h.claim()[0]
	if known, err := h.store.Journal(t.Context(), c); err != nil || len(known.Waits) != 0 {
		t.Errorf("what is over is kept: %+v, %v", known.Waits, err)
	}
	if err := e.Start(c); err != nil {
		t.Fatal(err)
	}
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
