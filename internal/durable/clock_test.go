package durable

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/aofctl/aofctl/internal/step"
	"github.com/aofctl/aofctl/internal/store"
)

// spent is the record of a step that took so long in a journal.
func spent(j step.Journal, d time.Duration, reason step.Reason) *store.Record {
	own := j.(*journal)
	rec := &store.Record{Worked: d, Clock: own.clock() + d}
	if reason != "" {
		rec.Failure = &step.Failure{Reason: reason}
	}
	own.count(rec)
	return rec
}

func root(limit time.Duration) *journal { return &journal{turn: &turn{}, limit: limit} }

func (j *journal) left(t *testing.T) time.Duration {
	t.Helper()
	ctx, cancel := j.bound(t.Context(), 0)
	defer cancel()
	deadline, ok := ctx.Deadline()
	if !ok {
		t.Fatal("no limit")
	}
	return time.Until(deadline)
}

func TestTheTimeOfBranchesDoesNotAddUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		j := root(time.Hour)
		spent(j, 10*time.Minute, "")
		a, b := j.Branch("a"), j.Branch("b")
		spent(a, 20*time.Minute, "")
		spent(b, 15*time.Minute, "")
		inner := a.Branch("inner")
		spent(inner, 5*time.Minute, "")
		spent(b, 5*time.Minute, "")
		if got := []time.Duration{j.clock(), a.(*journal).clock(), b.(*journal).clock(), inner.(*journal).clock()}; !cmp.Equal(got,
			[]time.Duration{35 * time.Minute, 35 * time.Minute, 30 * time.Minute, 35 * time.Minute}) {
			t.Errorf("worked %v", got)
		}
		// What begins behind them begins with their time.
		behind := j.Branch("behind")
		spent(behind, 5*time.Minute, "")
		if left := j.left(t); left != 20*time.Minute {
			t.Errorf("%s are left", left)
		}
	})
}

func TestABranchOutOfTimeHasALastWordAndLeavesTheRunItsOwn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		j := root(time.Hour)
		a, b := j.Branch("a"), j.Branch("b")
		spent(a, time.Hour, step.ReasonTimeout)
		if left := a.(*journal).left(t); left != lastWord {
			t.Errorf("the branch has %s for its last word", left)
		}
		spent(a, 25*time.Second, "")
		spent(b, 40*time.Minute, "")
		if left := b.(*journal).left(t); left != 20*time.Minute {
			t.Errorf("the other branch has %s left", left)
		}
		if left := j.left(t); left != lastWord {
			t.Errorf("the run has %s for its last word", left)
		}
		// What is begun now shares what is left, and nothing is added for it.
		late := j.Branch("late")
		spent(late, 20*time.Second, step.ReasonTimeout)
		if left := late.(*journal).left(t); left != lastWord-20*time.Second {
			t.Errorf("a branch that began late has %s left", left)
		}
		if left := j.left(t); left != lastWord-20*time.Second {
			t.Errorf("the run has %s left", left)
		}
	})
}

// TestAReplayHasAsMuchTimeLeft begins the branches in another order than before.
func TestAReplayHasAsMuchTimeLeft(t *testing.T) {
	j := root(time.Hour)
	a := j.Branch("a")
	ra := spent(a, 10*time.Minute, "")
	b := j.Branch("b") // behind a, of which only one went at a time
	rb := spent(b, 10*time.Minute, "")
	again := root(time.Hour)
	b, a = again.Branch("b"), again.Branch("a")
	b.(*journal).count(rb)
	a.(*journal).count(ra)
	if got, want := []time.Duration{again.clock(), a.(*journal).clock(), b.(*journal).clock()}, []time.Duration{20 * time.Minute, 10 * time.Minute, 20 * time.Minute}; !cmp.Equal(got, want) {
		t.Errorf("worked %v, want %v", got, want)
	}
}

func TestMembersThatWorkAtTheSameTimeShareOneLimit(t *testing.T) {
	h, entries := newHouse(t), make(chan error, 2)
	var begun sync.WaitGroup // nobody's time is up before both have begun
	begun.Add(2)
	slow := func(ctx context.Context, j step.Journal) error {
		_, err := j.Do(ctx, step.KindModel, "slow", func(ctx context.Context, id string) (step.Entry, error) {
			begun.Done()
			begun.Wait()
			return late(ctx, id)
		})
		entries <- err
		return err
	}
	e := h.engine(func(ctx context.Context, id string, j step.Journal) store.Outcome {
		o := both(slow, slow)(ctx, id, j)
		if _, err := j.Do(ctx, step.KindTool, "explain", nothing); err != nil {
			t.Errorf("the last word: %v", err)
		}
		return o
	}, Options{StepTimeout: 10 * time.Millisecond})
	h.begin(e, "r")
	for range 2 {
		var failure *step.Failure
		if err := <-entries; !errors.As(err, &failure) || failure.Reason != step.ReasonTimeout {
			t.Errorf("the step ended with %v", err)
		}
	}
	h.reaches("r", store.StateFailed)
}
