package durable

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/aofctl/aofctl/internal/step"
	"github.com/aofctl/aofctl/internal/store"
)

// one is work of one step that fails as often as it is told.
func one(fail func(try int) error) Work {
	var mu sync.Mutex
	try := 0
	return func(ctx context.Context, _ string, j step.Journal) store.Outcome {
		_, err := j.Do(ctx, step.KindTool, "t", func(context.Context, string) (step.Entry, error) {
			mu.Lock()
			defer mu.Unlock()
			try++
			return step.Entry{}, fail(try)
		})
		return outcome(err)
	}
}

func until(n int, err error) func(int) error {
	return func(try int) error {
		if try < n {
			return err
		}
		return nil
	}
}

func TestFailuresOfSteps(t *testing.T) {
	const ever = 1000
	tests := map[string]struct {
		fail     func(int) error
		want     string
		attempts int
	}{
		"transient, then well":  {until(3, flaky{}), "", 3},
		"transient for ever":    {until(ever, flaky{}), "t: service unavailable", 3},
		"permanent":             {until(ever, errors.New("no such issue")), "t: no such issue", 1},
		"asks for a short time": {until(2, flaky{time.Millisecond}), "", 2},
		"asks for too long":     {until(ever, flaky{2 * time.Hour}), "t: service unavailable (to be tried again after 2h0m0s, which is too long)", 1},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			h := newHouse(t)
			e := h.engine(one(tt.fail), Options{Retry: Retry{Tries: 3, Base: time.Millisecond, Max: 2 * time.Millisecond}})
			h.begin(e, "r")
			want := store.StateFailed
			if tt.want == "" {
				want = store.StateSucceeded
			}
			r := h.reaches("r", want)
			steps, err := h.store.Steps(t.Context(), "r")
			if err != nil || r.Error != tt.want || steps[0].Attempts != tt.attempts {
				t.Errorf("error %q after %d attempts (%v), want %q after %d", r.Error, steps[0].Attempts, err, tt.want, tt.attempts)
			}
		})
	}
}

func TestPausesGrowWithinARoundAndRoundsEnd(t *testing.T) {
	retry := Retry{Tries: 4, Base: 2 * time.Second, Max: 5 * time.Second, Rounds: []time.Duration{time.Minute, time.Hour}}
	type pause struct {
		Pause       time.Duration
		Round, More bool
	}
	want := []pause{{2 * time.Second, false, true}, {4 * time.Second, false, true}, {5 * time.Second, false, true}, {time.Minute, true, true},
		{2 * time.Second, false, true}, {4 * time.Second, false, true}, {5 * time.Second, false, true}, {time.Hour, true, true},
		{2 * time.Second, false, true}, {4 * time.Second, false, true}, {5 * time.Second, false, true}, {0, false, false}}
	for i, w := range want {
		got, round, more := retry.next(i + 1)
		if round != w.Round || more != w.More || got < w.Pause*7/10 || got > w.Pause*13/10 {
			t.Errorf("behind try %d: %s, %t, %t; want %+v", i+1, got, round, more, w)
		}
	}
	if _, _, more := (Retry{}).next(1); more {
		t.Error("the zero Retry tries a second time")
	}
}

func TestTheDefaultTriesForAboutAQuarterOfAnHour(t *testing.T) {
	retry, total, rounds := DefaultRetry(), time.Duration(0), 1
	for try := 1; ; try++ {
		pause, round, more := retry.next(try)
		if !more {
			break
		}
		total += pause
		if round {
			rounds++
		}
	}
	if rounds != 3 || total < 9*time.Minute || total > 21*time.Minute {
		t.Errorf("%d rounds within %s", rounds, total)
	}
}

// TestALongPauseHoldsNothing lets a step ask for a minute, and looks at what is
// left of the run meanwhile and where it goes on.
func TestALongPauseHoldsNothing(t *testing.T) {
	h, now := newHouse(t), time.Now()
	s, err := store.Open(t.Context(), t.TempDir(), func() time.Time { return now })
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	h.store, h.storage = s, s
	e := h.engine(one(until(3, flaky{time.Minute})), Options{Retry: Retry{Tries: 2, Base: time.Millisecond, Max: time.Millisecond, Rounds: []time.Duration{time.Hour}},
		Now: func() time.Time { return now }})
	h.begin(e, "r")
	type waiting struct {
		Attempt int
		Long    bool
		For     string
	}
	look := func() waiting {
		r := h.reaches("r", store.StateWaiting)
		await(t, "the run to leave", func() bool { return e.Active() == 0 })
		return waiting{r.Attempt, r.WakeAt.Sub(now) > 30*time.Minute, r.WaitsFor}
	}
	text := "another try of t after: service unavailable"
	if diff := cmp.Diff(waiting{1, false, text}, look()); diff != "" {
		t.Errorf("behind the first try (-want +got):\n%s", diff)
	}
	if n, err := h.store.Wake(t.Context()); n != 0 || err != nil {
		t.Errorf("%d runs woke before their time: %v", n, err)
	}
	now = now.Add(2 * time.Minute)
	if n, err := h.store.Wake(t.Context()); n != 1 || err != nil {
		t.Fatalf("%d runs woke: %v", n, err)
	}
	h.start(e)
	if diff := cmp.Diff(waiting{2, true, text}, look()); diff != "" {
		t.Errorf("behind the round (-want +got):\n%s", diff)
	}
	now = now.Add(2 * time.Hour)
	if n, err := h.store.Wake(t.Context()); n != 1 || err != nil {
		t.Fatalf("%d runs woke: %v", n, err)
	}
	h.start(e)
	h.reaches("r", store.StateSucceeded)
	steps, err := h.store.Steps(t.Context(), "r")
	if err != nil || len(steps) != 1 || steps[0].Attempts != 3 {
		t.Errorf("steps %+v, %v; want one of three attempts", steps, err)
	}
}

func TestAStepCanBeInterruptedWhileItWaitsToTryAgain(t *testing.T) {
	h := newHouse(t)
	tried := make(chan struct{}, 1)
	e := h.engine(one(func(int) error { tried <- struct{}{}; return flaky{} }),
		Options{Retry: Retry{Tries: 5, Base: time.Hour, Max: time.Hour, Patience: 2 * time.Hour}})
	h.begin(e, "r")
	<-tried
	h.halt(e)
	if r := h.run("r"); r.State != store.StateRunning {
		t.Errorf("the run is %s", r.State)
	}
}
