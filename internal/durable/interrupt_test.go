package durable

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/aofctl/aofctl/internal/step"
	"github.com/aofctl/aofctl/internal/store"
)

func TestShutdownLetsTheStepAtWorkFinishAndBeginsNoOther(t *testing.T) {
	h, count := newHouse(t), newTally()
	reached, release := make(chan struct{}, 1), make(chan struct{})
	work := func(ctx context.Context, _ string, j step.Journal) store.Outcome {
		for i := range 2 {
			if _, err := j.Do(ctx, step.KindTool, "t", func(context.Context, string) (step.Entry, error) {
				if i == 0 {
					reached <- struct{}{}
					<-release
				}
				count.add(fmt.Sprint("step", i))
				return step.Entry{}, nil
			}); err != nil {
				return outcome(err)
			}
		}
		return done()
	}
	first := h.engine(work, Options{})
	h.begin(first, "r")
	<-reached
	stopped := make(chan error)
	go func() { stopped <- first.Shutdown(context.Background()) }()
	await(t, "the engine to drain", first.drains)
	if err := first.Start(store.Claim{Run: "late"}); !errors.Is(err, ErrClosing) {
		t.Errorf("Start while draining = %v, want ErrClosing", err)
	}
	close(release)
	if err := <-stopped; err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(map[string]int{"step0": 1}, count.snapshot()); diff != "" {
		t.Fatalf("done at shutdown (-want +got):\n%s", diff)
	}
	h.again(h.engine(work, Options{}))
	h.reaches("r", store.StateSucceeded)
	if diff := cmp.Diff(map[string]int{"step0": 1, "step1": 1}, count.snapshot()); diff != "" {
		t.Errorf("done in the end (-want +got):\n%s", diff)
	}
}

func TestShutdownTellsOfWorkThatDoesNotStop(t *testing.T) {
	h := newHouse(t)
	reached, release, left := make(chan struct{}), make(chan struct{}), make(chan string, 1)
	e := New(h.storage, func(context.Context, string, step.Journal) store.Outcome {
		close(reached)
		<-release
		return done()
	}, Options{Left: func(run string) { left <- run }, Unwind: time.Millisecond})
	h.begin(e, "r")
	<-reached
	expired, cancel := context.WithCancel(t.Context())
	cancel()
	if err := e.Shutdown(expired); !errors.Is(err, errStuck) {
		t.Errorf("Shutdown = %v, want errStuck", err)
	}
	close(release)
	if run := <-left; run != "r" {
		t.Errorf("%q left", run)
	}
}

func TestACanceledRunEndsInTheMiddleOfItsStep(t *testing.T) {
	tests := map[string]struct {
		// ends is what the step does once it is interrupted.
		ends  func() (step.Entry, error)
		steps int
	}{
		"a step that gives up": {func() (step.Entry, error) { return step.Entry{}, errors.New("interrupted") }, 0},
		// What happened is recorded, whatever happened meanwhile.
		"a step that succeeds all the same": {func() (step.Entry, error) { return step.Entry{Target: "PROJ-1"}, nil }, 1},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			h, count := newHouse(t), newTally()
			reached := make(chan struct{}, 1)
			e := h.engine(func(ctx context.Context, _ string, j step.Journal) store.Outcome {
				_, err := j.Do(ctx, step.KindTool, "t", func(ctx context.Context, _ string) (step.Entry, error) {
					reached <- struct{}{}
					<-ctx.Done()
					return tt.ends()
				})
				if _, again := j.Do(ctx, step.KindTool, "next", func(context.Context, string) (step.Entry, error) {
					count.add("next step")
					return step.Entry{}, nil
				}); !errors.Is(again, ErrCanceled) {
					t.Errorf("the step behind it ended with %v", again)
				}
				return outcome(err)
			}, Options{})
			h.begin(e, "r")
			<-reached
			if _, err := h.store.Cancel(t.Context(), "r", "alice"); err != nil {
				t.Fatal(err)
			}
			if !e.Cancel("r") || e.Cancel("another") {
				t.Error("Cancel does not tell what is at work")
			}
			r := h.reaches("r", store.StateCanceled)
			if r.Steps != tt.steps || len(count.snapshot()) > 0 || r.CanceledBy != "alice" {
				t.Errorf("run %+v, then %v", r, count.snapshot())
			}
		})
	}
}

// TestARunThatSomebodyElseHasStops lets another replica take the run while it is
// in a step.
func TestARunThatSomebodyElseHasStops(t *testing.T) {
	h, count := newHouse(t), newTally()
	reached, release := make(chan struct{}, 1), make(chan struct{})
	e := h.engine(func(ctx context.Context, _ string, j step.Journal) store.Outcome {
		for i := range 2 {
			if _, err := j.Do(ctx, step.KindTool, "t", func(context.Context, string) (step.Entry, error) {
				count.add(fmt.Sprint("step", i))
				if i == 0 {
					reached <- struct{}{}
					<-release
				}
				return step.Entry{}, nil
			}); err != nil {
				return outcome(err)
			}
		}
		return done()
	}, Options{})
	h.begin(e, "r")
	<-reached
	if _, err := h.store.Release(t.Context(), "me"); err != nil {
		t.Fatal(err)
	}
	other, err := h.store.Claim(t.Context(), "another", 1, store.Limits{})
	if err != nil || len(other) != 1 {
		t.Fatalf("claimed %v: %v", other, err)
	}
	close(release)
	await(t, "the run to leave", func() bool { return e.Active() == 0 })
	if r := h.run("r"); r.State != store.StateRunning || r.Owner != "another" || r.Steps != 0 {
		t.Errorf("run %+v", r)
	}
	if diff := cmp.Diff(map[string]int{"step0": 1}, count.snapshot()); diff != "" {
		t.Errorf("work done (-want +got):\n%s", diff)
	}
}

func TestAbandonedRunsStopAndNothingIsRecorded(t *testing.T) {
	h := newHouse(t)
	silent := errors.New("silent")
	reached, causes := make(chan struct{}, 2), make(chan error, 2)
	e := h.engine(func(ctx context.Context, _ string, j step.Journal) store.Outcome {
		_, err := j.Do(ctx, step.KindTool, "t", hang(reached))
		causes <- err
		return outcome(err)
	}, Options{})
	h.begin(e, "a")
	h.begin(e, "b")
	<-reached
	<-reached
	e.Abandon(silent)
	for range 2 {
		if err := <-causes; !errors.Is(err, silent) {
			t.Errorf("the step ended with %v", err)
		}
	}
	await(t, "the runs to leave", func() bool { return e.Active() == 0 })
	for _, id := range []string{"a", "b"} {
		if r := h.run(id); r.State != store.StateRunning || r.Steps != 0 {
			t.Errorf("run %+v", r)
		}
	}
}

// TestTroubleOfTheDatabaseDelaysARunAndRepeatsNothing lets each kind of write
// fail some times.
func TestTroubleOfTheDatabaseDelaysARunAndRepeatsNothing(t *testing.T) {
	for _, what := range []string{"journal", "record", "suspend", "finish"} {
		t.Run(what, func(t *testing.T) {
			h, count := newHouse(t), newTally()
			storage := &broken{Store: h.store}
			h.storage = storage
			left := 2
			storage.set(func(call string) error {
				if call == what && left > 0 {
					left--
					return errAway
				}
				return nil
			})
			e := h.engine(func(ctx context.Context, _ string, j step.Journal) store.Outcome {
				for i := range 2 {
					if _, err := j.Do(ctx, step.KindTool, "t", func(context.Context, string) (step.Entry, error) {
						count.add(fmt.Sprint("step", i))
						return step.Entry{}, nil
					}); err != nil {
						return outcome(err)
					}
				}
				_, err := j.Wait(ctx, "pause", step.Pause{For: "a moment", Within: time.Millisecond})
				return outcome(err)
			}, Options{})
			h.begin(e, "r")
			h.reaches("r", store.StateWaiting)
			await(t, "the run to leave", func() bool { return e.Active() == 0 })
			await(t, "the run to wake", func() bool { n, err := h.store.Wake(t.Context()); return n == 1 && err == nil })
			h.start(e)
			h.reaches("r", store.StateSucceeded)
			if diff := cmp.Diff(map[string]int{"step0": 1, "step1": 1}, count.snapshot()); diff != "" {
				t.Errorf("work done (-want +got):\n%s", diff)
			}
		})
	}
}

func TestWhatTheDatabaseRefusesFailsTheRun(t *testing.T) {
	refused := fmt.Errorf("too large: %w", store.ErrRefused)
	tests := map[string]struct {
		fail  func(string) error
		state store.State
		want  string
	}{
		"a step once":     {once("record", refused), store.StateFailed, "its result cannot be recorded"},
		"an outcome once": {once("finish", refused), store.StateFailed, "its outcome cannot be recorded"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			h := newHouse(t)
			storage := &broken{Store: h.store, fail: tt.fail}
			h.storage = storage
			e := h.engine(func(ctx context.Context, _ string, j step.Journal) store.Outcome {
				_, err := j.Do(ctx, step.KindTool, "t", nothing)
				return outcome(err)
			}, Options{})
			h.begin(e, "r")
			if r := h.reaches("r", tt.state); !strings.Contains(r.Error, tt.want) {
				t.Errorf("error %q, want %q in it", r.Error, tt.want)
			}
		})
	}
}

// once fails the first call of its kind.
func once(what string, err error) func(string) error {
	told := false
	return func(call string) error {
		if call != what || told {
			return nil
		}
		told = true
		return err
	}
}

func TestAStopDoesNotWaitForTheDatabase(t *testing.T) {
	h := newHouse(t)
	storage := &broken{Store: h.store}
	h.storage = storage
	asked := make(chan struct{}, 100)
	e := h.engine(func(ctx context.Context, _ string, j step.Journal) store.Outcome {
		_, err := j.Do(ctx, step.KindTool, "t", nothing)
		return outcome(err)
	}, Options{})
	storage.set(func(call string) error {
		if call == "record" {
			asked <- struct{}{}
			return errAway
		}
		return nil
	})
	h.begin(e, "r")
	<-asked
	h.halt(e)
	if r := h.run("r"); r.State != store.StateRunning {
		t.Errorf("the run is %s", r.State)
	}
}

// TestARunIsCanceledWhileItsJournalIsRead lets the database answer too late.
func TestARunIsCanceledWhileItsJournalIsRead(t *testing.T) {
	h, reading := newHouse(t), make(chan struct{}, 100)
	storage := &broken{Store: h.store}
	storage.set(func(what string) error {
		if what != "journal" {
			return nil
		}
		reading <- struct{}{}
		return errAway
	})
	h.storage = storage
	e := h.engine(func(context.Context, string, step.Journal) store.Outcome { return done() }, Options{})
	h.begin(e, "r")
	<-reading
	if _, err := h.store.Cancel(t.Context(), "r", "alice"); err != nil {
		t.Fatal(err)
	}
	e.Cancel("r")
	h.reaches("r", store.StateCanceled)
}

func TestARunWithADamagedJournalFails(t *testing.T) {
	h := newHouse(t)
	storage := &broken{Store: h.store}
	storage.set(func(what string) error {
		if what == "journal" {
			return fmt.Errorf("read journal of run r: %w", store.ErrDamaged)
		}
		return nil
	})
	h.storage = storage
	e := h.engine(func(context.Context, string, step.Journal) store.Outcome { return done() }, Options{})
	h.begin(e, "r")
	if r := h.reaches("r", store.StateFailed); !strings.Contains(r.Error, store.ErrDamaged.Error()) {
		t.Errorf("the run failed with %q", r.Error)
	}
}
