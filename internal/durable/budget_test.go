package durable

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aofctl/aofctl/internal/step"
	"github.com/aofctl/aofctl/internal/store"
)

// late waits until the step is out of time.
func late(ctx context.Context, _ string) (step.Entry, error) {
	<-ctx.Done()
	return step.Entry{}, ctx.Err()
}

func TestARunOutOfTimeFailsWithThatReasonAndHasALastWord(t *testing.T) {
	h := newHouse(t)
	type result struct {
		first, last error
		left        time.Duration
	}
	results := make(chan result, 1)
	e := h.engine(func(ctx context.Context, _ string, j step.Journal) store.Outcome {
		var r result
		_, r.first = j.Do(ctx, step.KindModel, "slow", late)
		_, r.last = j.Do(ctx, step.KindTool, "explain", func(ctx context.Context, _ string) (step.Entry, error) {
			deadline, _ := ctx.Deadline()
			r.left = time.Until(deadline)
			return step.Entry{}, nil
		})
		results <- r
		return outcome(r.first)
	}, Options{StepTimeout: 10 * time.Millisecond})
	h.begin(e, "r")
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
	finished := func(d time.Duration) store.Record { return store.Record{Worked: d} }
	timedOut := func(d time.Duration) store.Record {
		return store.Record{Worked: d, Failure: &step.Failure{Reason: step.ReasonTimeout}}
	}
	failed := func(d time.Duration) store.Record {
		return store.Record{Worked: d, Failure: &step.Failure{Reason: step.ReasonError}}
	}
	tests := map[string]struct {
		records []store.Record
		from    int
		used    time.Duration
		left    time.Duration
	}{
		"nothing done":                {nil, 0, 0, time.Minute},
		"work":                        {[]store.Record{finished(20 * time.Second), finished(10 * time.Second)}, 0, 0, 30 * time.Second},
		"a failure":                   {[]store.Record{failed(20 * time.Second)}, 0, 0, 40 * time.Second},
		"tries before a wait":         {[]store.Record{finished(20 * time.Second)}, 0, 15 * time.Second, 25 * time.Second},
		"all of it":                   {[]store.Record{finished(90 * time.Second)}, 0, 0, 0},
		"before it was rewound":       {[]store.Record{finished(90 * time.Second), finished(time.Second)}, 1, 0, 59 * time.Second},
		"out of time":                 {[]store.Record{finished(50 * time.Second), timedOut(10 * time.Second)}, 0, 0, lastWord},
		"out of time, slow to notice": {[]store.Record{timedOut(10 * time.Minute)}, 0, 0, lastWord},
		"the last word was said":      {[]store.Record{timedOut(time.Minute), finished(10 * time.Second)}, 0, 0, lastWord - 10*time.Second},
		"the last word was too long":  {[]store.Record{timedOut(time.Minute), timedOut(lastWord)}, 0, 0, 0},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				j := &journal{limit: time.Minute, turn: &turn{timedFrom: tt.from}}
				for i := range tt.records {
					tt.records[i].Entry.Index = i
					j.count(&tt.records[i])
				}
				ctx, cancel := j.bound(t.Context(), tt.used)
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
	h := newHouse(t)
	entries := make(chan step.Entry, 2)
	e := h.engine(func(ctx context.Context, _ string, j step.Journal) store.Outcome {
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
		return done()
	}, Options{StepTimeout: time.Minute})
	h.begin(e, "r")
	for range 2 {
		if entry := <-entries; entry.Attempts != 0 || entry.Name != "write" {
			t.Errorf("entry %+v, want no attempt", entry)
		}
	}
}

// TestTheTimeThatStepsTookSurvivesRestartsAndChangesOfTheClock sets the wall
// clock back by a day within the first step, and restarts behind it.
func TestTheTimeThatStepsTookSurvivesRestartsAndChangesOfTheClock(t *testing.T) {
	h := newHouse(t)
	times := []time.Time{time.Now(), time.Now().Add(-24 * time.Hour)}
	clock := func() time.Time {
		now := times[0]
		if len(times) > 1 {
			times = times[1:]
		}
		return now
	}
	reached, worked := make(chan struct{}, 2), make(chan time.Duration, 2)
	work := func(ctx context.Context, _ string, j step.Journal) store.Outcome {
		if _, err := j.Do(ctx, step.KindTool, "one", nothing); err != nil {
			return outcome(err)
		}
		worked <- j.(*journal).worked
		_, err := j.Do(ctx, step.KindTool, "two", hang(reached))
		return outcome(err)
	}
	opts := Options{StepTimeout: time.Hour, Now: clock}
	first := h.engine(work, opts)
	h.begin(first, "r")
	<-reached
	h.halt(first)
	h.again(h.engine(work, opts))
	<-reached
	before, after := (<-worked).Truncate(time.Microsecond), <-worked
	if before < 0 || before > time.Minute || after != before {
		t.Errorf("the step took %s, after the restart %s", before, after)
	}
}
