package store

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestOldRunsAreWipedAndThenPruned(t *testing.T) {
	withClock(t, func(t *testing.T, s *Store, clk *clock) {
		ended := func(id, revision string, as State) {
			r := queuedRun(id, "issue:"+id)
			r.Revision, r.Catalog, r.Actor = revision, "c", "Ann"
			must(t, s.Admit(t.Context(), Lease{}, []Run{r}, []Revision{{Revision: revision}}))
			c := claimOf(t, s, id)
			record(t, s, c, toolStep(0))
			_, err := s.Begin(t.Context(), id+":0", "comment", "PROJ-1")
			must(t, err)
			if as != "" {
				must(t, s.Finish(t.Context(), c, Outcome{State: as, Result: "secret", Error: "how it ended"}))
			}
			clk.add(time.Hour)
		}
		ended("old", "r1", StateFailed)
		ended("shared", "r2", StateSucceeded)
		ended("at-work", "r3", "")
		limit := clk.now()
		ended("young", "r2", StateCanceled)

		for _, want := range []int{2, 0} {
			if n, err := s.Wipe(t.Context(), limit); err != nil || n != want {
				t.Fatalf("Wipe = %d, %v; want %d", n, err, want)
			}
		}
		r := get(t, s, "old")
		if len(r.Work) != 0 || r.Result != "" || r.Error != "how it ended" || r.Steps != 1 || r.Finished.IsZero() || !r.InDoubt {
			t.Errorf("wiped run is %+v", r)
		}
		for id, want := range map[string]int{"old": 0, "shared": 0, "at-work": 1, "young": 1} {
			steps, err := s.Steps(t.Context(), id)
			must(t, err)
			if len(steps) != want || (len(kinds(t, s, id)) > 0) != (want > 0) {
				t.Errorf("%s has %d steps and the events %v", id, len(steps), kinds(t, s, id))
			}
		}

		for _, want := range []int{2, 0} {
			if n, err := s.Prune(t.Context(), limit); err != nil || n != want {
				t.Fatalf("Prune = %d, %v; want %d", n, err, want)
			}
		}
		if n, err := s.Prune(t.Context(), clk.now()); err != nil || n != 0 {
			t.Errorf("Prune = %d, %v; want what is not wiped to stay", n, err)
		}
		left, err := s.Runs(t.Context(), RunFilter{})
		must(t, err)
		if len(left) != 2 || left[0].ID != "young" || left[1].ID != "at-work" {
			t.Errorf("runs left are %+v", left)
		}
		for rev, want := range map[string]error{"r1": ErrNotFound, "r2": nil, "r3": nil} {
			_, err := s.RevisionText(t.Context(), rev)
			is(t, "RevisionText of "+rev, err, want)
		}
		for id, fresh := range map[string]bool{"old:0": true, "at-work:0": false} {
			if e, err := s.Begin(t.Context(), id, "comment", "PROJ-1"); err != nil || e.Fresh != fresh {
				t.Errorf("write %s is fresh: %v, %v; want %v", id, e.Fresh, err, fresh)
			}
		}
	})
}

// TestMoreThanABatchIsWiped has as many runs as one, two and a part of batches.
func TestMoreThanABatchIsWiped(t *testing.T) {
	tests := map[string]int{"none": 0, "one batch": pruneBatch, "two and a part": 2*pruneBatch + 1}
	cases(t, tests, func(t *testing.T, s *Store, n int) {
		var runs []Run
		for i := range n {
			r := queuedRun(fmt.Sprint("r", i), "issue:1")
			r.State = StateRejected
			runs = append(runs, r)
		}
		admitRuns(t, s, runs...)
		later := time.Now().Add(time.Hour)
		got, err := s.Wipe(t.Context(), later)
		if err != nil || got != n {
			t.Errorf("wiped %d, %v; want %d", got, err, n)
		}
		if got, err = s.Prune(t.Context(), later); err != nil || got != n {
			t.Errorf("pruned %d, %v; want %d", got, err, n)
		}
		if left, err := s.Counts(t.Context()); err != nil || !cmp.Equal(left, map[State]int64{}) {
			t.Errorf("left are %v, %v", left, err)
		}
	})
}

func TestARunThatIsTriedAgainIsNotOld(t *testing.T) {
	withClock(t, func(t *testing.T, s *Store, clk *clock) {
		c := claim(t, s, "r")
		record(t, s, c, toolStep(0))
		end(t, s, c, StateFailed)
		must(t, s.Retry(t.Context(), "r", "ann"))
		clk.add(time.Hour)
		if n, err := s.Wipe(t.Context(), clk.now()); err != nil || n != 0 {
			t.Errorf("Wipe = %d, %v", n, err)
		}
		if steps, err := s.Steps(t.Context(), "r"); err != nil || len(steps) != 1 {
			t.Errorf("%d steps are left, %v", len(steps), err)
		}
	})
}
