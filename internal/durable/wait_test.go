package durable

import (
	"context"
	"encoding/json"
	"fmt"
	"runtime"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/aofctl/aofctl/internal/step"
	"github.com/aofctl/aofctl/internal/store"
)

// asks is work that asks somebody between two steps.
func asks(count *tally, p step.Pause) Work {
	return func(ctx context.Context, id string, j step.Journal) store.Outcome {
		for _, name := range []string{"before", "after"} {
			_, err := j.Do(ctx, step.KindTool, name, func(context.Context, string) (step.Entry, error) {
				count.add(name)
				return step.Entry{}, nil
			})
			if err != nil || name == "after" {
				return outcome(err)
			}
			p := p
			p.Signal = "answer-" + id
			entry, err := j.Wait(ctx, "question", p)
			if err != nil {
				return outcome(err)
			}
			count.add("told " + string(entry.Output))
		}
		return done()
	}
}

func TestARunWaitsForASignalWithoutBeingAtWork(t *testing.T) {
	h, count := newHouse(t), newTally()
	work := asks(count, step.Pause{For: "alice to answer"})
	e := h.engine(work, Options{})
	h.begin(e, "r")
	r := h.reaches("r", store.StateWaiting)
	await(t, "the run to leave", func() bool { return e.Active() == 0 })
	if r.WaitsFor != "alice to answer" || !r.WakeAt.IsZero() {
		t.Errorf("run %+v", r)
	}
	h.halt(e) // a deploy
	found, err := h.store.Signal(t.Context(), "answer-r", "question", json.RawMessage(`"yes"`))
	if err != nil || !found {
		t.Fatalf("signal: %t, %v", found, err)
	}
	if found, err := h.store.Signal(t.Context(), "answer-r", "question", json.RawMessage(`"no"`)); err != nil || found {
		t.Errorf("a second answer: %t, %v", found, err)
	}
	h.start(h.engine(work, Options{}))
	r = h.reaches("r", store.StateSucceeded)
	if diff := cmp.Diff(map[string]int{"before": 1, `told "yes"`: 1, "after": 1}, count.snapshot()); diff != "" || r.Steps != 3 {
		t.Errorf("%d steps; work done (-want +got):\n%s", r.Steps, diff)
	}
}

func TestAWaitEndsWhenItsTimeHasCome(t *testing.T) {
	now := time.Now()
	clock := func() time.Time { return now }
	s, err := store.Open(t.Context(), t.TempDir(), clock)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	h, count := &house{t: t, store: s, storage: s}, newTally()
	e := h.engine(asks(count, step.Pause{For: "an answer", Within: time.Hour}), Options{Now: clock})
	h.begin(e, "r")
	h.reaches("r", store.StateWaiting)
	await(t, "the run to leave", func() bool { return e.Active() == 0 })

	// A run that is taken up early goes on waiting until the same time.
	now = now.Add(30 * time.Minute)
	if _, err := h.store.Release(t.Context(), "me"); err != nil {
		t.Fatal(err)
	}
	if at, err := h.store.NextWake(t.Context()); err != nil || at.Sub(now).Round(time.Minute) != 30*time.Minute {
		t.Errorf("wakes at %s: %v", at, err)
	}
	now = now.Add(31 * time.Minute)
	if n, err := h.store.Wake(t.Context()); n != 1 || err != nil {
		t.Fatalf("%d runs woke: %v", n, err)
	}
	h.start(e)
	h.reaches("r", store.StateSucceeded)
	if diff := cmp.Diff(map[string]int{"before": 1, "told ": 1, "after": 1}, count.snapshot()); diff != "" {
		t.Errorf("work done (-want +got):\n%s", diff)
	}
}

func TestAThousandWaitingRunsTakeNoMemoryAndNoGoroutine(t *testing.T) {
	const runs = 1000
	h, count := newHouse(t), newTally()
	e := h.engine(asks(count, step.Pause{For: "an answer"}), Options{})
	before := runtime.NumGoroutine()
	ids := make([]string, runs)
	for i := range ids {
		ids[i] = fmt.Sprint("r", i)
	}
	h.admit(ids...)
	h.start(e)
	await(t, "all to wait", func() bool {
		counts, err := h.store.Counts(t.Context())
		return err == nil && counts[store.StateWaiting] == runs
	})
	await(t, "all to leave", func() bool { return e.Active() == 0 && runtime.NumGoroutine() <= before })
	if len(e.active) != 0 {
		t.Errorf("%d turns are kept", len(e.active))
	}
	for _, id := range ids {
		if found, err := h.store.Signal(t.Context(), "answer-"+id, "question", nil); err != nil || !found {
			t.Fatalf("signal to %s: %t, %v", id, found, err)
		}
	}
	h.start(e)
	await(t, "all to end", func() bool {
		counts, err := h.store.Counts(t.Context())
		return err == nil && counts[store.StateSucceeded] == runs
	})
}
