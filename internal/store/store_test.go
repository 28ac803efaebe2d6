package store

import (
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestStateSurvivesReopening(t *testing.T) {
	onEach(t, func(t *testing.T, d database) {
		s := d.store(t, nil)
		rev := Revision{Revision: "abc", Kind: "Agent", Name: "a", Source: "a.yaml:1", Text: "kind: Agent"}
		must(t, s.Admit(t.Context(), Lease{}, []Run{queuedRun("a", "issue:1"), queuedRun("b", "issue:1")}, []Revision{rev, rev}))
		c := claimOf(t, s, "a")
		record(t, s, c, toolStep(0))
		must(t, s.Close())
		s = d.store(t, nil)
		if held, err := s.Held(t.Context(), me); err != nil || !slices.Equal(held, []Claim{c}) {
			t.Errorf("Held = %v, %v; want %v", held, err, c)
		}
		if got, err := s.RevisionText(t.Context(), "abc"); err != nil || got != rev {
			t.Errorf("RevisionText = %+v, %v; want %+v", got, err, rev)
		}
		counts, err := s.Counts(t.Context())
		if want := map[State]int64{StateRunning: 1, StateQueued: 1}; err != nil || !cmp.Equal(counts, want) {
			t.Errorf("Counts = %v, %v; want %v", counts, err, want)
		}
		record(t, s, c, toolStep(1)) // the claim still holds
		finish(t, s, c)
		claimOf(t, s, "b")
	})
}

func TestARevisionOnceRecordedStays(t *testing.T) {
	onEachStore(t, func(t *testing.T, s *Store) {
		for i, text := range []string{"first", "second"} {
			must(t, s.Admit(t.Context(), Lease{}, []Run{queuedRun(fmt.Sprint("r", i), "issue:1")}, []Revision{{Revision: "abc", Text: text}}))
		}
		if got, err := s.RevisionText(t.Context(), "abc"); err != nil || got.Text != "first" {
			t.Errorf("RevisionText = %+v, %v", got, err)
		}
	})
}

func TestRunsAreListedNewestFirstAndFiltered(t *testing.T) {
	tests := map[string]struct {
		filter RunFilter
		want   []string
	}{
		"all":               {RunFilter{}, []string{"b", "other", "a"}},
		"issue":             {RunFilter{IssueKey: "OPS-9"}, []string{"other"}},
		"project":           {RunFilter{Project: "PROJ", Limit: 1}, []string{"b"}},
		"state":             {RunFilter{State: StateFailed}, []string{}},
		"state and project": {RunFilter{State: StateQueued, Project: "OPS"}, []string{"other"}},
		"target":            {RunFilter{Target: "a"}, []string{"b", "a"}},
		"delivery":          {RunFilter{Delivery: "d-a"}, []string{"a"}},
		"what would be SQL": {RunFilter{Target: "' OR 1 = 1 --"}, []string{}},
		"a page":            {RunFilter{Before: 3}, []string{"other", "a"}},
	}
	onEachStore(t, func(t *testing.T, s *Store) {
		other := queuedRun("other", "issue:9")
		other.IssueKey, other.Project, other.Target = "OPS-9", "OPS", "b"
		admitRuns(t, s, queuedRun("a", "issue:1"), other, queuedRun("b", "issue:2"))
		for name, tt := range tests {
			t.Run(name, func(t *testing.T) {
				runs, err := s.Runs(t.Context(), tt.filter)
				must(t, err)
				got := []string{}
				for _, r := range runs {
					got = append(got, r.ID)
				}
				if diff := cmp.Diff(tt.want, got); diff != "" {
					t.Errorf("runs (-want +got):\n%s", diff)
				}
			})
		}
	})
}

func TestListedRunsComeWithoutTheirWork(t *testing.T) {
	onEachStore(t, func(t *testing.T, s *Store) {
		c := claim(t, s, "r")
		suspend(t, s, c, Wait{For: "a sign", Signal: "go", Until: time.Now().Add(time.Hour)})
		runs, err := s.Runs(t.Context(), RunFilter{Delivery: "d-r", Target: "a", State: StateWaiting})
		if err != nil || len(runs) != 1 || len(runs[0].Work) != 0 {
			t.Fatalf("runs %+v, %v", runs, err)
		}
		one := get(t, s, "r")
		if string(one.Work) != "{}" {
			t.Errorf("work is %s", one.Work)
		}
		one.Work, runs[0].Work = nil, nil
		if diff := cmp.Diff(one, runs[0]); diff != "" {
			t.Errorf("listed (-alone +in the list):\n%s", diff)
		}
	})
}

func TestRunsOfAnHourAreCountedBySubject(t *testing.T) {
	tests := map[string]struct {
		source, site, subject string
		back                  time.Duration
		want                  int
	}{
		"the last hour":   {"jira", "", "issue:1", time.Hour, 2},
		"all time":        {"jira", "", "issue:1", 100 * time.Hour, 5},
		"another issue":   {"jira", "", "issue:2", time.Hour, 1},
		"another site":    {"jira", "other", "issue:1", time.Hour, 0},
		"another source":  {"github", "", "issue:1", time.Hour, 0},
		"from now on":     {"jira", "", "issue:1", 0, 0},
		"in the future":   {"jira", "", "issue:1", -time.Hour, 0},
		"no such subject": {"jira", "", "", time.Hour, 0},
	}
	withClock(t, func(t *testing.T, s *Store, clk *clock) {
		for i := range 6 {
			subject := "issue:1"
			if i == 5 {
				subject = "issue:2"
			}
			admit(t, s, subject, fmt.Sprint("r", i))
			clk.add(20 * time.Minute)
		}
		for name, tt := range tests {
			n, err := s.RunsSince(t.Context(), tt.source, tt.site, tt.subject, clk.now().Add(-tt.back))
			if err != nil || n != tt.want {
				t.Errorf("%s: %d runs, %v; want %d", name, n, err, tt.want)
			}
		}
	})
}

// TestAClockThatGoesBackLeavesARunsStoryReadable sets the clock back between the
// moments of a run: it must still be told apart whether it started and ended.
func TestAClockThatGoesBackLeavesARunsStoryReadable(t *testing.T) {
	withClock(t, func(t *testing.T, s *Store, clk *clock) {
		admit(t, s, "issue:1", "r")
		clk.add(-time.Hour)
		c := claimOf(t, s, "r")
		clk.add(-time.Hour)
		finish(t, s, c)
		if r := get(t, s, "r"); r.Started.IsZero() || r.Finished.IsZero() || !r.State.Terminal() {
			t.Errorf("run %+v", r)
		}
	})
}

func TestConcurrentWritesAllLand(t *testing.T) {
	onEachStore(t, func(t *testing.T, s *Store) {
		var wg sync.WaitGroup
		for i := range 64 {
			wg.Go(func() {
				if err := s.Admit(t.Context(), Lease{}, []Run{queuedRun(fmt.Sprint("r", i), fmt.Sprint("issue:", i%8))}, nil); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if got := len(claimIDs(t, s, 100)); got != 8 {
			t.Errorf("claimed %d runs, want one for each of 8 subjects", got)
		}
	})
}

// TestAClosedStoreSaysSo calls everything that there is.
func TestAClosedStoreSaysSo(t *testing.T) {
	onEachStore(t, func(t *testing.T, s *Store) {
		must(t, errors.Join(s.Ping(t.Context()), s.Close(), s.Close()))
		ctx, c := t.Context(), Claim{Run: "r", Epoch: 1}
		reads := map[string]func() error{
			"Ping":         func() error { return s.Ping(ctx) },
			"Run":          func() error { _, err := s.Run(ctx, "r"); return err },
			"Runs":         func() error { _, err := s.Runs(ctx, RunFilter{}); return err },
			"Held":         func() error { _, err := s.Held(ctx, me); return err },
			"Canceling":    func() error { _, err := s.Canceling(ctx, me); return err },
			"Claimable":    func() error { _, err := s.Claimable(ctx); return err },
			"Counts":       func() error { _, err := s.Counts(ctx); return err },
			"Journal":      func() error { _, err := s.Journal(ctx, c); return err },
			"Steps":        func() error { _, err := s.Steps(ctx, "r"); return err },
			"Events":       func() error { _, err := s.Events(ctx, "", 0, 1); return err },
			"LastEvent":    func() error { _, err := s.LastEvent(ctx); return err },
			"RevisionText": func() error { _, err := s.RevisionText(ctx, "r"); return err },
			"RunsSince":    func() error { _, err := s.RunsSince(ctx, "", "", "", time.Time{}); return err },
			"HasEffect":    func() error { _, err := s.HasEffect(ctx, "", ""); return err },
			"Replicas":     func() error { _, err := s.Replicas(ctx); return err },
			"NextWake":     func() error { _, err := s.NextWake(ctx); return err },
			"Wake":         func() error { _, err := s.Wake(ctx); return err },
			"Beat":         func() error { _, err := s.Beat(ctx, Replica{ID: me}); return err },
		}
		for name, read := range reads {
			if err := read(); err == nil || errors.Is(err, ErrNotFound) || errors.Is(err, ErrLost) || errors.Is(err, ErrRefused) {
				t.Errorf("%s = %v, want the trouble named", name, err)
			}
		}
		writes := map[string]func() error{
			"Admit":   func() error { return s.Admit(ctx, Lease{}, []Run{queuedRun("r", "issue:1")}, nil) },
			"Claim":   func() error { _, err := s.Claim(ctx, me, 1, Limits{}); return err },
			"Record":  func() error { return put(s, c, Record{Entry: toolStep(0)}) },
			"Finish":  func() error { return s.Finish(ctx, c, Outcome{}) },
			"Suspend": func() error { return s.Suspend(ctx, c, Wait{}) },
			"Signal":  func() error { _, err := s.Signal(ctx, "go", "x", nil); return err },
			"Cancel":  func() error { _, err := s.Cancel(ctx, "r", "ann"); return err },
			"Retry":   func() error { return s.Retry(ctx, "r", "ann") },
			"Revive":  func() error { _, err := s.Revive(ctx, 0); return err },
			"Release": func() error { _, err := s.Release(ctx, me); return err },
			"Lead":    func() error { _, _, err := s.Lead(ctx, "x", me, 0); return err },
			"Resign":  func() error { return s.Resign(ctx, Lease{}) },
			"Wipe":    func() error { _, err := s.Wipe(ctx, time.Time{}); return err },
			"Prune":   func() error { _, err := s.Prune(ctx, time.Time{}); return err },
			"Begin":   func() error { _, err := s.Begin(ctx, "r:1", "x", "y"); return err },
			"Done":    func() error { return s.Done(ctx, "r:1", "x") },
			"Abandon": func() error { return s.Abandon(ctx, "r:1") },
		}
		for name, write := range writes {
			is(t, name, write(), ErrClosed)
		}
	})
}
