package durable

import (
	"context"
	"encoding/json"
	"errors"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/aofctl/aofctl/internal/step"
	"github.com/aofctl/aofctl/internal/store/sqlite"
)

// late waits until the step is out of time.
func late(ctx context.Context, _ string) (step.Entry, error) {
	<-ctx.Done()
	return step.Entry{}, ctx.Err()
}

func TestARunOutOfTimeFailsWithThatReasonAndHasALastWord(t *testing.T) {
	type result struct {
		first, last error
		left        time.Duration
	}
	results := make(chan result, 1)
	e := openEngine(t, t.TempDir(), func(ctx context.Context, _ string, j step.Journal) error {
		var r result
		_, r.first = j.Do(ctx, step.KindModel, "slow", late)
		_, r.last = j.Do(ctx, step.KindTool, "explain", func(ctx context.Context, _ string) (step.Entry, error) {
			deadline, _ := ctx.Deadline()
			r.left = time.Until(deadline)
			return step.Entry{}, nil
		})
		results <- r
		return nil
	}, Options{StepTimeout: 10 * time.Millisecond})
	if err := e.Start(t.Context(), "r"); err != nil {
		t.Fatal(err)
	}
	r := <-results
	var failure *step.Failure
	if !errors.As(r.first, &failure) || failure.Reason != step.ReasonTimeout {
		t.Errorf("error is %v, want a time-out", r.first)
	}
	if r.last != nil || r.left <= 0 || r.left > lastWord {
		t.Errorf("the last word had %s: %v", r.left, r.last)
	}
}

func TestTheBudgetCountsWorkAndGrantsOneLastWord(t *testing.T) {
	finished := func(d time.Duration) record { return record{Worked: d} }
	timedOut := func(d time.Duration) record {
		return record{Worked: d, Failure: &step.Failure{Reason: step.ReasonTimeout}}
	}
	failed := func(d time.Duration) record {
		return record{Worked: d, Failure: &step.Failure{Reason: step.ReasonError}}
	}
	tests := map[string]struct {
		records []record
		left    time.Duration
	}{
		"nothing done":                {nil, time.Minute},
		"work":                        {[]record{finished(20 * time.Second), finished(10 * time.Second)}, 30 * time.Second},
		"a failure":                   {[]record{failed(20 * time.Second)}, 40 * time.Second},
		"all of it":                   {[]record{finished(90 * time.Second)}, 0},
		"out of time":                 {[]record{finished(50 * time.Second), timedOut(10 * time.Second)}, lastWord},
		"out of time, slow to notice": {[]record{timedOut(10 * time.Minute)}, lastWord},
		"the last word was said":      {[]record{timedOut(time.Minute), finished(10 * time.Second)}, lastWord - 10*time.Second},
		"the last word was too long":  {[]record{timedOut(time.Minute), timedOut(lastWord)}, 0},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				j := &journal{limit: time.Minute}
				for _, r := range tt.records {
					j.count(r)
				}
				ctx, cancel := j.bound(t.Context())
				defer cancel()
				deadline, ok := ctx.Deadline()
				if left := time.Until(deadline); !ok || left != tt.left {
					t.Errorf("left %s, want %s", left, tt.left)
				}
			})
		})
	}
}

func TestAStepWithoutTimeLeftDoesNotHappen(t *testing.T) {
	entries := make(chan step.Entry, 1)
	e := openEngine(t, t.TempDir(), func(ctx context.Context, _ string, j step.Journal) error {
		for range 2 { // the time, then the time of the last word
			j.(*journal).worked += time.Hour
			entry, err := j.Do(ctx, step.KindTool, "write", func(context.Context, string) (step.Entry, error) {
				t.Error("the step happened")
				return step.Entry{}, nil
			})
			if failure := (*step.Failure)(nil); !errors.As(err, &failure) || failure.Reason != step.ReasonTimeout {
				t.Errorf("error is %v, want a time-out", err)
			}
			entries <- entry
		}
		return nil
	}, Options{StepTimeout: time.Minute})
	if err := e.Start(t.Context(), "r"); err != nil {
		t.Fatal(err)
	}
	if entry := <-entries; entry.Attempts != 0 || entry.Name != "write" {
		t.Errorf("entry %+v, want no attempt", entry)
	}
	<-entries
}

// TestTheTimeThatStepsTookSurvivesRestartsAndChangesOfTheClock sets the wall
// clock back by a day within the first step, and restarts behind it.
func TestTheTimeThatStepsTookSurvivesRestartsAndChangesOfTheClock(t *testing.T) {
	path := filepath.Join(t.TempDir(), "main.db")
	back := time.Now().Add(-24 * time.Hour)
	times := []time.Time{time.Now(), back}
	clock := func() time.Time {
		now := times[0]
		if len(times) > 1 {
			times = times[1:]
		}
		return now
	}
	reached := make(chan struct{}, 2)
	worked := make(chan time.Duration, 2)
	work := func(ctx context.Context, _ string, j step.Journal) error {
		if _, err := j.Do(ctx, step.KindTool, "one", func(context.Context, string) (step.Entry, error) {
			return step.Entry{}, nil
		}); err != nil {
			return err
		}
		worked <- j.(*journal).worked
		_, err := j.Do(ctx, step.KindTool, "two", func(ctx context.Context, _ string) (step.Entry, error) {
			reached <- struct{}{}
			<-ctx.Done()
			return step.Entry{}, ctx.Err()
		})
		return err
	}
	opts := Options{StepTimeout: time.Hour, Now: clock}
	first := openEngineOn(t, path, sqlite.Options{}, work, opts)
	if err := first.Start(t.Context(), "r"); err != nil {
		t.Fatal(err)
	}
	<-reached
	expired, cancel := context.WithCancel(t.Context())
	cancel()
	if err := first.Shutdown(expired); err != nil {
		t.Fatal(err)
	}
	openEngineOn(t, path, sqlite.Options{}, work, opts)
	<-reached
	before, after := <-worked, <-worked
	if before < 0 || before > time.Minute || after != before {
		t.Errorf("the step took %s, after the restart %s", before, after)
	}
}

func TestAReplayThatTakesAnotherWayIsRefused(t *testing.T) {
	path := filepath.Join(t.TempDir(), "main.db")
	reached, refused := make(chan struct{}), make(chan error, 1)
	work := func(name string) Work {
		return func(ctx context.Context, _ string, j step.Journal) error {
			if _, err := j.Do(ctx, step.KindTool, name, func(context.Context, string) (step.Entry, error) {
				return step.Entry{Name: "canonical"}, nil
			}); err != nil {
				refused <- err
				return nil
			}
			_, err := j.Do(ctx, step.KindTool, "wait", func(ctx context.Context, _ string) (step.Entry, error) {
				close(reached)
				<-ctx.Done()
				return step.Entry{}, ctx.Err()
			})
			return err
		}
	}
	first := openEngineOn(t, path, sqlite.Options{}, work("alias"), Options{})
	if err := first.Start(t.Context(), "r"); err != nil {
		t.Fatal(err)
	}
	<-reached
	expired, cancel := context.WithCancel(t.Context())
	cancel()
	if err := first.Shutdown(expired); err != nil {
		t.Fatal(err)
	}
	openEngineOn(t, path, sqlite.Options{}, work("another"), Options{})
	if err := <-refused; !strings.Contains(err.Error(), "recorded as alias and now is another") {
		t.Errorf("error %v", err)
	}
}

func TestWhatCannotBeJSONIsRecordedAsText(t *testing.T) {
	tests := map[string]struct{ raw, want string }{
		"nothing":           {"", ""},
		"JSON":              {`{"a":1}`, `{"a":1}`},
		"words":             {"not json", `"not json"`},
		"half an object":    {`{"a":`, `"{\"a\":"`},
		"bytes of no text":  {"\xff\xfe", `"�"`},
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
	path := filepath.Join(t.TempDir(), "main.db")
	huge := strings.Repeat("x", 4<<20)
	reached, seen := make(chan struct{}, 2), make(chan step.Entry, 2)
	work := func(ctx context.Context, _ string, j step.Journal) error {
		entry, err := j.Do(ctx, step.KindTool, "odd\xff\x00name", func(context.Context, string) (step.Entry, error) {
			return step.Entry{Input: json.RawMessage("{{{"), Output: json.RawMessage(`"` + huge + `"`), Target: "A\x00B"}, nil
		})
		if err != nil {
			t.Errorf("the step failed: %v", err)
		}
		seen <- entry
		_, err = j.Do(ctx, step.KindTool, "wait", func(ctx context.Context, _ string) (step.Entry, error) {
			reached <- struct{}{}
			<-ctx.Done()
			return step.Entry{}, ctx.Err()
		})
		return err
	}
	first := openEngineOn(t, path, sqlite.Options{}, work, Options{})
	if err := first.Start(t.Context(), "r"); err != nil {
		t.Fatal(err)
	}
	<-reached
	expired, cancel := context.WithCancel(t.Context())
	cancel()
	if err := first.Shutdown(expired); err != nil {
		t.Fatal(err)
	}
	openEngineOn(t, path, sqlite.Options{}, work, Options{})
	<-reached
	before, after := <-seen, <-seen
	if string(before.Input) != `"{{{"` || string(before.Output) != string(after.Output) || after.Target != before.Target {
		t.Errorf("input %s, target %q; after the restart %s, %q", before.Input, before.Target, after.Input, after.Target)
	}
}

// asking is a transient error that asks for a pause.
type asking struct{ pause time.Duration }

func (asking) Error() string               { return "429" }
func (asking) Temporary() bool             { return true }
func (a asking) RetryDelay() time.Duration { return a.pause }

func TestPausesBetweenTries(t *testing.T) {
	retry := Retry{Tries: 3, Base: time.Second, Max: 2 * time.Second}
	tests := map[string]struct {
		asked    time.Duration
		budget   time.Duration
		attempts int
		least    time.Duration
		most     time.Duration
		says     string
	}{
		"nobody asks":             {0, 0, 3, 2100 * time.Millisecond, 3900 * time.Millisecond, "429"},
		"a minute is asked for":   {time.Minute, 0, 3, 2 * time.Minute, 2 * time.Minute, "429"},
		"an hour is asked for":    {time.Hour, 0, 1, 0, 0, "too long"},
		"more than the time left": {time.Minute, 30 * time.Second, 1, 0, 0, "too long"},
		"the time runs out":       {0, 1200 * time.Millisecond, 2, 1200 * time.Millisecond, 1200 * time.Millisecond, "deadline"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithCancel(t.Context())
				if tt.budget > 0 {
					ctx, cancel = context.WithTimeout(t.Context(), tt.budget)
				}
				defer cancel()
				began := time.Now()
				_, attempts, err := retry.do(ctx, func() (step.Entry, error) { return step.Entry{}, asking{tt.asked} })
				took := time.Since(began)
				if attempts != tt.attempts && name != "the time runs out" || took < tt.least || took > tt.most || !strings.Contains(err.Error(), tt.says) {
					t.Errorf("%d tries in %s: %v", attempts, took, err)
				}
				if !errors.As(err, &asking{}) {
					t.Errorf("error %v does not say what failed", err)
				}
			})
		})
	}
}
