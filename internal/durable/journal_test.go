package durable

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/aofctl/aofctl/internal/step"
	"github.com/aofctl/aofctl/internal/store"
)

func TestStepsRunInOrderAndTheJournalDescribesThem(t *testing.T) {
	h := newHouse(t)
	entries := make(chan []step.Entry, 1)
	e := h.engine(func(ctx context.Context, _ string, j step.Journal) store.Outcome {
		var got []step.Entry
		for i := range 3 {
			entry, err := j.Do(ctx, step.KindTool, fmt.Sprint("tool", i), func(_ context.Context, id string) (step.Entry, error) {
				return step.Entry{Output: []byte(fmt.Sprintf("%q", id))}, nil
			})
			if err != nil {
				return outcome(err)
			}
			got = append(got, entry)
		}
		entries <- got
		return done()
	}, Options{})
	h.begin(e, "r")
	got := <-entries
	for i, entry := range got {
		want := step.Entry{Index: i, Kind: step.KindTool, Name: fmt.Sprint("tool", i), Attempts: 1,
			Output: []byte(fmt.Sprintf(`"r:%d"`, i)), Started: entry.Started, Finished: entry.Finished}
		if diff := cmp.Diff(want, entry); diff != "" {
			t.Errorf("step %d (-want +got):\n%s", i, diff)
		}
	}
	r := h.reaches("r", store.StateSucceeded)
	if r.Result != "done" || r.Steps != 3 || r.Attempt != 1 {
		t.Errorf("run %+v", r)
	}
	steps, err := h.store.Steps(t.Context(), "r")
	if err != nil || len(steps) != 3 || steps[2].Name != "tool2" {
		t.Errorf("steps %+v, %v", steps, err)
	}
}

func TestARunThatIsAtWorkIsNotTakenUpASecondTime(t *testing.T) {
	h, count := newHouse(t), newTally()
	release := make(chan struct{})
	e := h.engine(func(context.Context, string, step.Journal) store.Outcome {
		count.add("work")
		<-release
		return done()
	}, Options{})
	h.admit("r")
	c := h.claim()[0]
	for range 3 {
		if err := e.Start(c); err != nil {
			t.Fatal(err)
		}
	}
	if !e.Has("r") || e.Active() != 1 {
		t.Error("the run is not at work")
	}
	close(release)
	h.reaches("r", store.StateSucceeded)
	await(t, "the run to leave", func() bool { return e.Active() == 0 })
	if err := e.Start(c); err != nil { // by a claim that is used up
		t.Fatal(err)
	}
	await(t, "the run to leave", func() bool { return e.Active() == 0 })
	if n := count.snapshot()["work"]; n != 1 {
		t.Errorf("worked %d times, want 1", n)
	}
}

func TestAnInterruptedRunContinuesBehindItsLastFinishedStep(t *testing.T) {
	h, count := newHouse(t), newTally()
	reached := make(chan struct{}, 1)
	work := func(stuck bool) Work {
		return func(ctx context.Context, _ string, j step.Journal) store.Outcome {
			for i := range 3 {
				_, err := j.Do(ctx, step.KindTool, "t", func(ctx context.Context, id string) (step.Entry, error) {
					count.add(fmt.Sprint("step", i))
					if stuck && i == 1 {
						return hang(reached)(ctx, id)
					}
					return step.Entry{}, nil
				})
				if err != nil {
					return outcome(err)
				}
			}
			return done()
		}
	}
	first := h.engine(work(true), Options{})
	h.begin(first, "r")
	<-reached
	h.halt(first)
	if r := h.run("r"); r.State != store.StateRunning {
		t.Fatalf("the run is %s after the stop, want it claimed still", r.State)
	}
	h.again(h.engine(work(false), Options{}))
	h.reaches("r", store.StateSucceeded)
	if diff := cmp.Diff(map[string]int{"step0": 1, "step1": 2, "step2": 1}, count.snapshot()); diff != "" {
		t.Errorf("work done (-want +got):\n%s", diff)
	}
}

// TestManyRunsContinueAfterAStop interrupts a crowd of runs, each somewhere else.
func TestManyRunsContinueAfterAStop(t *testing.T) {
	const runs, steps, rounds = 40, 4, 4
	h := newHouse(t)
	var mu sync.Mutex
	recorded := map[string]bool{}
	work := func(ctx context.Context, id string, j step.Journal) store.Outcome {
		for i := range steps {
			_, err := j.Do(ctx, step.KindTool, fmt.Sprint("t", i), func(_ context.Context, stepID string) (step.Entry, error) {
				mu.Lock()
				defer mu.Unlock()
				if recorded[stepID] {
					t.Errorf("step %s happened again", stepID)
				}
				return step.Entry{}, nil
			})
			if err != nil {
				return outcome(err)
			}
			mu.Lock()
			recorded[fmt.Sprintf("%s:%d", id, i)] = true
			mu.Unlock()
		}
		return done()
	}
	for round := range rounds {
		e := h.engine(work, Options{})
		for i := range runs / rounds {
			h.admit(fmt.Sprintf("r-%d-%d", round, i))
		}
		h.again(e)
		h.halt(e)
	}
	h.again(h.engine(work, Options{}))
	await(t, "all runs to end", func() bool {
		counts, err := h.store.Counts(t.Context())
		return err == nil && counts[store.StateSucceeded] == runs
	})
}

func TestAReplayThatTakesAnotherWayIsRefused(t *testing.T) {
	type call struct {
		kind step.Kind
		name string
	}
	tests := map[string]struct{ first, second call }{
		"another name": {call{step.KindTool, "alias"}, call{step.KindTool, "another"}},
		"another kind": {call{step.KindTool, "alias"}, call{step.KindModel, "alias"}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			h := newHouse(t)
			reached := make(chan struct{}, 1)
			work := func(c call) Work {
				return func(ctx context.Context, _ string, j step.Journal) store.Outcome {
					if _, err := j.Do(ctx, c.kind, c.name, func(context.Context, string) (step.Entry, error) {
						return step.Entry{Name: "canonical"}, nil
					}); err != nil {
						return outcome(err)
					}
					_, err := j.Do(ctx, step.KindTool, "wait", hang(reached))
					return outcome(err)
				}
			}
			first := h.engine(work(tt.first), Options{})
			h.begin(first, "r")
			<-reached
			h.halt(first)
			h.again(h.engine(work(tt.second), Options{}))
			r := h.reaches("r", store.StateFailed)
			if want := fmt.Sprintf("recorded as tool alias and now is %s %s", tt.second.kind, tt.second.name); !strings.Contains(r.Error, want) {
				t.Errorf("error %q, want %q in it", r.Error, want)
			}
		})
	}
}

func TestWhatCannotBeJSONIsRecordedAsText(t *testing.T) {
	tests := map[string]struct{ raw, want string }{
		"nothing":           {"", ""},
		"JSON":              {`{"a":1}`, `{"a":1}`},
		"words":             {"not json", `"not json"`},
		"half an object":    {`{"a":`, `"{\"a\":"`},
		"bytes of no text":  {"\xff\xfe", `"` + "\uFFFD" + `"`},
		"NULs":              {"\x00", `"\u0000"`},
		"JSON with no text": {"\"\xff\"", "\"\xff\""},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			got := storable(json.RawMessage(tt.raw))
			if diff := cmp.Diff(tt.want, string(got)); diff != "" {
				t.Errorf("recorded (-want +got):\n%s", diff)
			}
		})
	}
}

func TestAStepOfNonsenseIsRecordedAndReplayedTheSame(t *testing.T) {
	h := newHouse(t)
	huge := strings.Repeat("x", 4<<20)
	reached, seen := make(chan struct{}, 2), make(chan step.Entry, 2)
	work := func(ctx context.Context, _ string, j step.Journal) store.Outcome {
		entry, err := j.Do(ctx, step.KindTool, "odd\xff\x00name", func(context.Context, string) (step.Entry, error) {
			return step.Entry{Input: json.RawMessage("{{{"), Output: json.RawMessage(`"` + huge + `"`), Target: "A\x00B"}, nil
		})
		if err != nil {
			t.Errorf("the step failed: %v", err)
		}
		seen <- entry
		_, err = j.Do(ctx, step.KindTool, "wait", hang(reached))
		return outcome(err)
	}
	first := h.engine(work, Options{})
	h.begin(first, "r")
	<-reached
	h.halt(first)
	h.again(h.engine(work, Options{}))
	<-reached
	before, after := <-seen, <-seen
	if string(before.Input) != `"{{{"` || string(before.Output) != string(after.Output) || after.Target != before.Target {
		t.Errorf("input %s, target %q; after the restart %s, %q", before.Input, before.Target, after.Input, after.Target)
	}
}

func TestAPanicFailsWhatPanickedAndNotTheProcess(t *testing.T) {
	tests := map[string]struct {
		work Work
		want string
	}{
		"a step": {func(ctx context.Context, _ string, j step.Journal) store.Outcome {
			_, err := j.Do(ctx, step.KindTool, "bad", func(context.Context, string) (step.Entry, error) { panic("boom") })
			var failure *step.Failure
			if !errors.As(err, &failure) {
				err = fmt.Errorf("not a failure of the step: %w", err)
			}
			return outcome(err)
		}, "bad: panic: boom"},
		"the work": {func(context.Context, string, step.Journal) store.Outcome { panic("boom") }, "panic: boom"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			h := newHouse(t)
			e := h.engine(tt.work, Options{})
			h.begin(e, "r")
			if r := h.reaches("r", store.StateFailed); r.Error != tt.want {
				t.Errorf("error %q, want %q", r.Error, tt.want)
			}
		})
	}
}

// TestStepsOfARunThatWasRewoundHaveIdentitiesOfTheirOwn lets a run fail in its
// second step, say so in a third, and asks for another try.
func TestStepsOfARunThatWasRewoundHaveIdentitiesOfTheirOwn(t *testing.T) {
	h := newHouse(t)
	var mu sync.Mutex
	var ids []string
	note := func(err error) step.Func {
		return func(_ context.Context, id string) (step.Entry, error) {
			mu.Lock()
			defer mu.Unlock()
			ids = append(ids, id)
			return step.Entry{}, err
		}
	}
	down := true
	e := h.engine(func(ctx context.Context, _ string, j step.Journal) store.Outcome {
		_, _ = j.Do(ctx, step.KindModel, "ask", note(nil))
		var trouble error
		if down {
			trouble = errors.New("no")
		}
		if _, err := j.Do(ctx, step.KindTool, "write", note(trouble)); err != nil {
			_, _ = j.Do(ctx, step.KindTool, "explain", note(nil))
			return outcome(err)
		}
		_, err := j.Do(ctx, step.KindTool, "more", note(nil))
		return outcome(err)
	}, Options{})
	h.begin(e, "r")
	h.reaches("r", store.StateFailed)
	await(t, "the run to leave", func() bool { return e.Active() == 0 })
	down = false
	if err := h.store.Retry(t.Context(), "r", "alice"); err != nil {
		t.Fatal(err)
	}
	h.start(e)
	r := h.reaches("r", store.StateSucceeded)
	if r.Attempt != 2 || r.Retries != 1 || r.Steps != 3 {
		t.Errorf("run %+v", r)
	}
	// The write is the same and is looked for under its name; the step behind it
	// is not the explanation.
	if diff := cmp.Diff([]string{"r:0", "r:1", "r:2", "r:1", "r:2.1"}, ids); diff != "" {
		t.Errorf("identities (-want +got):\n%s", diff)
	}
}

func BenchmarkStep(b *testing.B) {
	h := newHouse(b)
	result := []byte(`"` + strings.Repeat("x", 20_000) + `"`)
	finished := make(chan error, 1)
	e := h.engine(func(ctx context.Context, _ string, j step.Journal) store.Outcome {
		for b.Loop() {
			if _, err := j.Do(ctx, step.KindTool, "t", func(context.Context, string) (step.Entry, error) {
				return step.Entry{Output: result}, nil
			}); err != nil {
				finished <- err
				return outcome(err)
			}
		}
		finished <- nil
		return done()
	}, Options{})
	h.begin(e, "r")
	if err := <-finished; err != nil {
		b.Fatal(err)
	}
	await(b, "the run to leave", func() bool { return e.Active() == 0 })
}
