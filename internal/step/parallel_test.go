package step_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/aofctl/aofctl/internal/step"
	"github.com/aofctl/aofctl/internal/step/steptest"
)

// does is a strand of one step.
func does(name string, fn step.Func) step.Strand {
	return step.Strand{Name: name, Run: func(ctx context.Context, j step.Journal) error {
		_, err := j.Do(ctx, step.KindTool, "work", fn)
		return err
	}}
}

// asks is a strand that waits for the signal of its name.
func asks(name string, told chan<- string) step.Strand {
	return step.Strand{Name: name, Run: func(ctx context.Context, j step.Journal) error {
		e, err := j.Wait(ctx, "question", step.Pause{For: name, Signal: name})
		if err == nil {
			told <- name + " " + string(e.Output)
		}
		return err
	}}
}

func nothing(context.Context, string) (step.Entry, error) { return step.Entry{}, nil }

// words are those of errors.
func words(errs []error) []string {
	list := make([]string, len(errs))
	for i, err := range errs {
		if err != nil {
			list[i] = err.Error()
		}
	}
	return list
}

func TestStrandsAreAtWorkAtTheSameTimeWithinTheBound(t *testing.T) {
	for most, want := range map[int]int64{-1: 7, 0: 7, 1: 1, 3: 3, 100: 7} {
		t.Run(fmt.Sprint(most), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var at, peak atomic.Int64
				var strands []step.Strand
				for i := range 7 {
					strands = append(strands, does(fmt.Sprint(i), func(context.Context, string) (step.Entry, error) {
						n := at.Add(1)
						time.Sleep(time.Minute) // until all are at work that may be
						if peak.Load() < n {
							peak.Store(n)
						}
						at.Add(-1)
						return step.Entry{}, nil
					}))
				}
				err := (&steptest.Run{Name: "r"}).Play(t.Context(), func(ctx context.Context, j step.Journal) error {
					errs, err := step.Parallel(ctx, j, most, strands...)
					return errors.Join(append(errs, err)...)
				})
				if err != nil || peak.Load() != want {
					t.Errorf("%d at a time, %v; want %d", peak.Load(), err, want)
				}
			})
		})
	}
}

func TestAStrandThatFailsLeavesTheOthersAlone(t *testing.T) {
	var r steptest.Run
	var got []string
	err := r.Play(t.Context(), func(ctx context.Context, j step.Journal) error {
		errs, err := step.Parallel(ctx, j, 1,
			does("bad", func(context.Context, string) (step.Entry, error) { return step.Entry{}, errors.New("no") }),
			step.Strand{Name: "worse", Run: func(context.Context, step.Journal) error { panic("boom") }},
			does("good", nothing),
			does("good", nothing))
		got = words(errs)
		return err
	})
	want := []string{"work: no", "panic in worse: boom", "", `branch "good" was asked for twice`}
	if diff := cmp.Diff(want, got); diff != "" || err != nil || len(r.Entries()) != 2 {
		t.Errorf("%d entries, %v; errors (-want +got):\n%s", len(r.Entries()), err, diff)
	}
}

func TestNoStrandIsNothingToDo(t *testing.T) {
	err := (&steptest.Run{}).Play(t.Context(), func(ctx context.Context, j step.Journal) error {
		errs, err := step.Parallel(ctx, j, 0)
		if len(errs) != 0 {
			t.Errorf("errors %v", errs)
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
}

// TestARunRestsOnceNobodyIsAtWork has two strands that wait, which take nobody's
// place, and one that works.
func TestARunRestsOnceNobodyIsAtWork(t *testing.T) {
	r, told, done := &steptest.Run{}, make(chan string, 10), make(chan string, 10)
	work := func(ctx context.Context, j step.Journal) error {
		_, err := step.Parallel(ctx, j, 1, asks("ann", told), asks("bob", told), does("work", func(context.Context, string) (step.Entry, error) {
			done <- "work"
			return step.Entry{}, nil
		}))
		return err
	}
	for range 2 {
		if err := r.Play(t.Context(), work); !errors.Is(err, step.ErrWaiting) || len(r.Waits()) != 2 || len(done) != 1 {
			t.Fatalf("%v; %v wait, worked %d times", err, r.Waits(), len(done))
		}
	}
	if !r.Signal("bob", json.RawMessage("1")) || r.Signal("carl", nil) {
		t.Error("Signal does not tell who waits")
	}
	if err := r.Play(t.Context(), work); !errors.Is(err, step.ErrWaiting) || len(r.Waits()) != 1 || <-told != "bob 1" {
		t.Fatalf("%v; %v wait", err, r.Waits())
	}
	r.Signal("ann", json.RawMessage("2"))
	if err := r.Play(t.Context(), work); err != nil || len(r.Waits()) != 0 || len(done) != 1 {
		t.Fatalf("%v; %v wait, worked %d times", err, r.Waits(), len(done))
	}
}

func TestABranchThatRestsLetsItsParentDecide(t *testing.T) {
	r, told := &steptest.Run{}, make(chan string, 10)
	work := func(ctx context.Context, j step.Journal) error {
		errs, err := step.Parallel(ctx, j, 0, does("other", nothing), step.Strand{Name: "outer", Run: func(ctx context.Context, j step.Journal) error {
			_, err := step.Parallel(ctx, j, 0, asks("inner", told))
			return err
		}})
		if len(errs) != 2 || errs[0] != nil {
			t.Errorf("errors %v", errs)
		}
		return err
	}
	if err := r.Play(t.Context(), work); !errors.Is(err, step.ErrWaiting) || r.Waits()[0].Branch != "outer/inner" {
		t.Fatalf("%v; %v wait", err, r.Waits())
	}
	r.Signal("inner", nil)
	if err := r.Play(t.Context(), work); err != nil || <-told != "inner " {
		t.Error(err)
	}
}

func TestStrandsThatDidNotBeginDoNotOnceTheRunIsInterrupted(t *testing.T) {
	cause := errors.New("canceled")
	ctx, cancel := context.WithCancelCause(t.Context())
	err := (&steptest.Run{}).Play(ctx, func(ctx context.Context, j step.Journal) error {
		errs, err := step.Parallel(ctx, j, 1, does("first", func(ctx context.Context, _ string) (step.Entry, error) {
			cancel(cause)
			<-ctx.Done()
			return step.Entry{}, ctx.Err()
		}), step.Strand{Name: "second", Run: func(context.Context, step.Journal) error {
			t.Error("the second began")
			return nil
		}})
		if !errors.Is(errs[0], cause) || !errors.Is(errs[1], cause) || !errors.Is(err, cause) {
			t.Errorf("errors %v, %v", errs, err)
		}
		return err
	})
	if !errors.Is(err, cause) {
		t.Error(err)
	}
}

func TestAParallelThatCrashedRepeatsNoFinishedStep(t *testing.T) {
	r, seen := &steptest.Run{Name: "r"}, make(chan string, 100)
	var strands []step.Strand
	for _, name := range []string{"a", "b", "c"} {
		strands = append(strands, step.Strand{Name: name, Run: func(ctx context.Context, j step.Journal) error {
			for range 2 {
				if _, err := j.Do(ctx, step.KindTool, "t", func(_ context.Context, id string) (step.Entry, error) {
					seen <- id
					return step.Entry{}, nil
				}); err != nil {
					return err
				}
			}
			return nil
		}})
	}
	work := func(ctx context.Context, j step.Journal) error {
		errs, err := step.Parallel(ctx, j, 1, strands...)
		return errors.Join(append(errs, err)...)
	}
	r.Crash(3)
	if err := r.Play(t.Context(), work); !errors.Is(err, steptest.ErrCrash) || len(r.Entries()) != 3 {
		t.Fatalf("%v with %d entries", err, len(r.Entries()))
	}
	if err := r.Play(t.Context(), work); err != nil {
		t.Fatal(err)
	}
	close(seen)
	var ids []string
	for id := range seen {
		ids = append(ids, id)
	}
	if want := "r:a:0 r:a:1 r:b:0 r:b:1 r:b:1 r:c:0 r:c:1"; strings.Join(ids, " ") != want {
		t.Errorf("steps %v, want %s", ids, want)
	}
}
