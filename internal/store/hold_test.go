package store

import (
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// heldRun is a new run that waits for company for an hour.
func heldRun(id, subject, signal string, now time.Time) Run {
	r := queuedRun(id, subject)
	r.State, r.Signal, r.WaitsFor, r.WakeAt = StateWaiting, signal, "company", now.Add(time.Hour)
	return r
}

// adds is an addition that replaces the work.
func adds(work string) func(Run) (Run, error) {
	return func(r Run) (Run, error) {
		r.Work, r.EventType, r.IssueKey, r.Project, r.Actor = json.RawMessage(work), "issue_updated", "NEW-1", "NEW", "ann"
		return r, nil
	}
}

func joins(t testing.TB, s *Store, signal, delivery, work, want string) {
	t.Helper()
	run, err := s.Join(t.Context(), Lease{}, signal, delivery, adds(work))
	if err != nil || run != want {
		t.Errorf("%s joins %q, %v; want %q", delivery, run, err, want)
	}
}

func TestANewRunThatWaitsTakesDeliveriesInUntilItsTimeComes(t *testing.T) {
	withClock(t, func(t *testing.T, s *Store, clk *clock) {
		held := heldRun("r", "issue:1", "s", clk.now())
		admitRuns(t, s, held, held) // a run that is recorded already is left as it is
		joins(t, s, "s", "d2", `{"n":2}`, "r")
		joins(t, s, "s", "d3", `{"n":3}`, "r")
		joins(t, s, "s", "d2", `{"n":4}`, "r") // it was added before
		joins(t, s, "other", "d5", `{"n":5}`, "")
		joins(t, s, "", "d6", `{"n":6}`, "")
		r := get(t, s, "r")
		if string(r.Work) != `{"n":3}` || r.EventType != "issue_updated" || r.IssueKey != "NEW-1" || r.Project != "NEW" || r.Actor != "ann" ||
			r.WaitsFor != "company" || !r.WakeAt.Equal(held.WakeAt) || r.State != StateWaiting {
			t.Errorf("run %+v", r)
		}
		if diff := cmp.Diff([]EventKind{EventQueued, EventWaiting, EventMerged, EventMerged}, kinds(t, s, "r")); diff != "" {
			t.Errorf("events (-want +got):\n%s", diff)
		}
		claims(t, s)
		wake(t, s, 0)
		clk.add(time.Hour)
		wake(t, s, 1)
		joins(t, s, "s", "d7", `{"n":7}`, "")
		joins(t, s, "s", "d3", `{"n":8}`, "r")
		finish(t, s, claimOf(t, s, "r"))
		if r := get(t, s, "r"); r.Attempt != 1 || string(r.Work) != `{"n":3}` {
			t.Errorf("run %+v", r)
		}
		for delivery, want := range map[string]string{"d2": "r", "d3": "r", "d5": "", "d7": ""} {
			if run, err := s.MergedInto(t.Context(), delivery); err != nil || run != want {
				t.Errorf("%s was merged into %q, %v; want %q", delivery, run, err, want)
			}
		}
	})
}

func TestANewRunThatWaitsLetsLaterOnesGo(t *testing.T) {
	withClock(t, func(t *testing.T, s *Store, clk *clock) {
		admitRuns(t, s, heldRun("held", "issue:1", "s", clk.now()))
		admit(t, s, "issue:1", "second", "third")
		second := claimOf(t, s, "second")
		clk.add(time.Hour)
		wake(t, s, 1)
		claims(t, s)
		finish(t, s, second)
		finish(t, s, claimOf(t, s, "held"))
		claimOf(t, s, "third")
	})
}

func TestARunThatWaitsForCompanyEndsOnDemand(t *testing.T) {
	withClock(t, func(t *testing.T, s *Store, clk *clock) {
		admitRuns(t, s, heldRun("r", "issue:1", "s", clk.now()))
		state, err := s.Cancel(t.Context(), "r", "ann")
		if err != nil || state != StateCanceled {
			t.Errorf("Cancel = %s, %v", state, err)
		}
		joins(t, s, "s", "d2", `{}`, "")
		clk.add(time.Hour)
		wake(t, s, 0)
		admitRuns(t, s, heldRun("r2", "issue:1", "s", clk.now()))
		joins(t, s, "s", "d2", `{}`, "r2")
	})
}

func TestAnAdditionThatFailsChangesNothing(t *testing.T) {
	onEachStore(t, func(t *testing.T, s *Store) {
		admitRuns(t, s, heldRun("r", "issue:1", "s", time.Now()))
		broken := errors.New("cannot be added")
		run, err := s.Join(t.Context(), Lease{}, "s", "d2", func(r Run) (Run, error) { return r, broken })
		if is(t, "Join", err, broken); run != "" {
			t.Errorf("it joined %q", run)
		}
		if into, err := s.MergedInto(t.Context(), "d2"); err != nil || into != "" {
			t.Errorf("it was noted for %q, %v", into, err)
		}
		if r := get(t, s, "r"); string(r.Work) != "{}" {
			t.Errorf("work is %s", r.Work)
		}
	})
}

func TestOnlyTheHolderOfTheLeaseAddsToARun(t *testing.T) {
	onEachStore(t, func(t *testing.T, s *Store) {
		old, _, err := s.Lead(t.Context(), "intake", "old", time.Hour)
		must(t, err)
		must(t, s.Admit(t.Context(), old, []Run{heldRun("r", "issue:1", "s", time.Now())}, nil))
		must(t, s.Resign(t.Context(), old))
		lease, ours, err := s.Lead(t.Context(), "intake", "new", time.Hour)
		if err != nil || !ours {
			t.Fatal(ours, err)
		}
		_, err = s.Join(t.Context(), old, "s", "d2", adds(`{"n":1}`))
		is(t, "Join under the old lease", err, ErrLost)
		if run, err := s.Join(t.Context(), lease, "s", "d2", adds(`{"n":2}`)); err != nil || run != "r" {
			t.Errorf("joined %q, %v", run, err)
		}
	})
}

// TestManyDeliveriesJoinAtOnce lets each of many add one to a sum, and a run that
// may go on at any time.
func TestManyDeliveriesJoinAtOnce(t *testing.T) {
	onEachStore(t, func(t *testing.T, s *Store) {
		r := heldRun("r", "issue:1", "s", time.Now())
		r.Work = json.RawMessage("0")
		admitRuns(t, s, r)
		sum := func(r Run) (Run, error) {
			var n int
			err := json.Unmarshal(r.Work, &n)
			r.Work = json.RawMessage(fmt.Sprint(n + 1))
			return r, err
		}
		var all sync.WaitGroup
		for i := range 40 {
			all.Go(func() {
				for range 2 {
					if _, err := s.Join(t.Context(), Lease{}, "s", fmt.Sprint("d", i), sum); err != nil {
						t.Error(err)
					}
				}
			})
		}
		all.Wait()
		if r := get(t, s, "r"); string(r.Work) != "40" {
			t.Errorf("the sum is %s", r.Work)
		}
	})
}

func TestPrunedRunsForgetWhatWasMergedIntoThem(t *testing.T) {
	withClock(t, func(t *testing.T, s *Store, clk *clock) {
		admitRuns(t, s, heldRun("r", "issue:1", "s", clk.now()))
		joins(t, s, "s", "d2", `{}`, "r")
		_, err := s.Cancel(t.Context(), "r", "ann")
		must(t, err)
		clk.add(time.Hour)
		for _, sweep := range []func() (int, error){
			func() (int, error) { return s.Wipe(t.Context(), clk.now()) },
			func() (int, error) { return s.Prune(t.Context(), clk.now()) },
		} {
			if run, err := s.MergedInto(t.Context(), "d2"); err != nil || run != "r" {
				t.Errorf("merged into %q, %v", run, err)
			}
			n, err := sweep()
			if must(t, err); n != 1 {
				t.Errorf("%d runs", n)
			}
		}
		if run, err := s.MergedInto(t.Context(), "d2"); err != nil || run != "" {
			t.Errorf("merged into %q, %v", run, err)
		}
	})
}

func TestTheLastRunThatWroteIsFound(t *testing.T) {
	withClock(t, func(t *testing.T, s *Store, clk *clock) {
		start := clk.now()
		work := func(id, subject string, writes, over bool) {
			admit(t, s, subject, id)
			c := claimOf(t, s, id)
			if writes {
				_, err := s.Begin(t.Context(), id+":0", "comment", "PROJ-1")
				must(t, err)
			}
			clk.add(time.Minute)
			if over {
				finish(t, s, c)
			}
		}
		work("first", "issue:1", true, true)
		work("second", "issue:1", true, true)
		work("reader", "issue:1", false, true)
		work("long", "issue:2", true, false)
		admit(t, s, "issue:2", "queued")
		tests := map[string]struct {
			site, subject string
			since         time.Time
			want          string
		}{
			"the newest that wrote": {"", "issue:1", start, "second"},
			"of those since then":   {"", "issue:1", start.Add(2 * time.Minute), "second"},
			"too long ago":          {"", "issue:1", start.Add(2*time.Minute + 1e6), ""},
			"one that is at work":   {"", "issue:2", start.Add(time.Hour), "long"},
			"another site":          {"x", "issue:1", start, ""},
			"another subject":       {"", "issue:3", start, ""},
		}
		for name, tt := range tests {
			r, err := s.LastWriter(t.Context(), "jira", tt.site, tt.subject, tt.since)
			if tt.want == "" {
				is(t, name, err, ErrNotFound)
			} else if must(t, err); r.ID != tt.want || string(r.Work) != "{}" {
				t.Errorf("%s: %s with %s, want %s", name, r.ID, r.Work, tt.want)
			}
		}
	})
}

func TestRunsAreCountedByKindOfTarget(t *testing.T) {
	onEachStore(t, func(t *testing.T, s *Store) {
		for i, kind := range []string{"agent", "reply", "fleet", "reply"} {
			r := queuedRun(fmt.Sprint("r", i), "issue:1")
			r.TargetKind = kind
			admitRuns(t, s, r)
		}
		for want, kinds := range map[int][]string{4: nil, 2: {"reply"}, 3: {"reply", "agent"}, 0: {"flow"}} {
			n, err := s.RunsSince(t.Context(), "jira", "", "issue:1", time.Time{}, kinds...)
			if err != nil || n != want {
				t.Errorf("%v: %d, %v; want %d", kinds, n, err, want)
			}
		}
	})
}
