package store

import (
	"fmt"
	"slices"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestRunsOfOneSubjectAreClaimedOneAtATimeInOrder(t *testing.T) {
	onEachStore(t, func(t *testing.T, s *Store) {
		admitRuns(t, s, queuedRun("a1", "issue:1"), queuedRun("a2", "issue:1"), queuedRun("b1", "issue:2"))
		admit(t, s, "issue:1", "a3")
		first := claimed(t, s, 10)
		if diff := cmp.Diff([]string{"a1", "b1"}, runsOf(first)); diff != "" {
			t.Fatalf("claimed (-want +got):\n%s", diff)
		}
		if more := claimed(t, s, 10); len(more) != 0 {
			t.Fatalf("claimed %v beside the first runs", more)
		}
		c := first[0]
		for _, next := range []string{"a2", "a3"} {
			finish(t, s, c)
			c = claimOf(t, s, next)
		}
		finish(t, s, c)
		if more := claimed(t, s, 10); len(more) != 0 {
			t.Fatalf("claimed %v after the last", more)
		}
	})
}

func TestAClaimedRunBelongsToItsOwner(t *testing.T) {
	onEachStore(t, func(t *testing.T, s *Store) {
		for i := range 5 {
			admit(t, s, fmt.Sprint("issue:", i), fmt.Sprint("r", i))
		}
		if some, err := s.Claimable(t.Context()); err != nil || !some {
			t.Errorf("Claimable = %v, %v; want true", some, err)
		}
		mine, err := s.Claim(t.Context(), me, 2, Limits{})
		must(t, err)
		theirs, err := s.Claim(t.Context(), "other", 10, Limits{})
		must(t, err)
		if diff := cmp.Diff([]Claim{{"r0", 1}, {"r1", 1}}, mine); diff != "" {
			t.Errorf("mine (-want +got):\n%s", diff)
		}
		for owner, want := range map[string][]Claim{me: mine, "other": theirs, "": nil} {
			held, err := s.Held(t.Context(), owner)
			must(t, err)
			if diff := cmp.Diff(want, held); diff != "" {
				t.Errorf("held by %q (-want +got):\n%s", owner, diff)
			}
		}
		r := get(t, s, "r1")
		if r.State != StateRunning || r.Owner != me || r.Attempt != 1 || r.Started.IsZero() {
			t.Errorf("claimed run is %+v", r)
		}
		if some, err := s.Claimable(t.Context()); err != nil || some {
			t.Errorf("Claimable = %v, %v; want false", some, err)
		}
	})
}

func TestAdmittingARunAgainChangesNothing(t *testing.T) {
	onEachStore(t, func(t *testing.T, s *Store) {
		c := claim(t, s, "r")
		admit(t, s, "issue:r", "r")
		finish(t, s, c)
		admit(t, s, "issue:r", "r")
		if r := get(t, s, "r"); r.State != StateSucceeded || r.Result != "result" || r.Attempt != 1 {
			t.Errorf("run is %+v, want the first one, finished", r)
		}
		if ids := claimIDs(t, s, 5); len(ids) != 0 {
			t.Errorf("claimed %v again", ids)
		}
	})
}

func TestARejectedRunHoldsNobodyUp(t *testing.T) {
	onEachStore(t, func(t *testing.T, s *Store) {
		bad := queuedRun("bad", "issue:1")
		bad.State, bad.Error = StateRejected, "fleets cannot run"
		admitRuns(t, s, bad, queuedRun("good", "issue:1"))
		if diff := cmp.Diff([]string{"good"}, claimIDs(t, s, 5)); diff != "" {
			t.Errorf("claimed (-want +got):\n%s", diff)
		}
		if r := get(t, s, "bad"); r.Finished.IsZero() || r.Error != bad.Error {
			t.Errorf("rejected run is %+v, want it to tell how and when it ended", r)
		}
	})
}

func projectRun(id, project string) Run {
	r := queuedRun(id, "issue:"+id)
	r.Project = project
	return r
}

// crowd is runs of subjects of their own: n[i] of the project P<i>, in turn.
func crowd(n ...int) []Run {
	var runs []Run
	for i := range slices.Max(n) {
		for p := range n {
			if i < n[p] {
				runs = append(runs, projectRun(fmt.Sprintf("p%d-%d", p, i), fmt.Sprint("P", p)))
			}
		}
	}
	return runs
}

func TestClaimsKeepTheLimitsAndLetProjectsTakeTurns(t *testing.T) {
	// A call ends some runs and then claims n.
	type call struct {
		end    []string
		n      int
		limits Limits
		want   []string
	}
	type test struct {
		runs  []Run
		calls []call
	}
	tests := map[string]test{
		"projects take turns, however many runs one has": {crowd(4, 2), []call{
			{n: 5, want: []string{"p0-0", "p1-0", "p0-1", "p1-1", "p0-2"}}}},
		"no more than asked": {crowd(4), []call{
			{n: 2, want: []string{"p0-0", "p0-1"}}, {n: 0, want: []string{}}, {n: 9, want: []string{"p0-2", "p0-3"}}}},
		"in total": {crowd(3, 3), []call{
			{n: 9, limits: Limits{Total: 3}, want: []string{"p0-0", "p1-0", "p0-1"}},
			{n: 9, limits: Limits{Total: 3}, want: []string{}},
			{end: []string{"p0-0", "p0-1"}, n: 9, limits: Limits{Total: 3}, want: []string{"p1-1", "p0-2"}},
			{n: 9, limits: Limits{Total: 2}, want: []string{}}}},
		"a project at its limit does not hold up others": {crowd(9, 2, 3), []call{
			{n: 99, limits: Limits{PerProject: 2}, want: []string{"p0-0", "p1-0", "p2-0", "p0-1", "p1-1", "p2-1"}},
			{n: 99, limits: Limits{PerProject: 2}, want: []string{}},
			{end: []string{"p2-0"}, n: 99, limits: Limits{PerProject: 2}, want: []string{"p2-2"}},
			{end: []string{"p2-1", "p0-0"}, n: 99, limits: Limits{PerProject: 2}, want: []string{"p0-2"}}}},
		"both": {crowd(9, 9), []call{
			{n: 99, limits: Limits{PerProject: 2, Total: 3}, want: []string{"p0-0", "p1-0", "p0-1"}},
			{end: []string{"p0-0"}, n: 99, limits: Limits{PerProject: 2, Total: 3}, want: []string{"p1-1"}}}},
		"a limit that is lower than what runs": {crowd(3, 3), []call{
			{n: 4, want: []string{"p0-0", "p1-0", "p0-1", "p1-1"}},
			{n: 4, limits: Limits{PerProject: 1}, want: []string{}},
			{end: []string{"p0-0", "p0-1"}, n: 4, limits: Limits{PerProject: 1}, want: []string{"p0-2"}}}},
		"a claim that finds no room leaves the turn where it was": {crowd(1, 3, 3), []call{
			{n: 2, want: []string{"p0-0", "p1-0"}},
			{n: 2, limits: Limits{PerProject: -1, Total: 1}, want: []string{}},
			{n: 2, limits: Limits{PerProject: 1, Total: 3}, want: []string{"p2-0"}},
			{n: 1, limits: Limits{PerProject: 1}, want: []string{}},
			{n: 2, want: []string{"p1-1", "p2-1"}}}},
	}
	cases(t, tests, func(t *testing.T, s *Store, tt test) {
		admitRuns(t, s, tt.runs...)
		at := map[string]Claim{}
		for i, call := range tt.calls {
			for _, id := range call.end {
				finish(t, s, at[id])
			}
			claims, err := s.Claim(t.Context(), me, call.n, call.limits)
			must(t, err)
			for _, c := range claims {
				at[c.Run] = c
			}
			if diff := cmp.Diff(call.want, runsOf(claims)); diff != "" {
				t.Fatalf("claim %d (-want +got):\n%s", i+1, diff)
			}
		}
	})
}

func TestOneProjectOfTwoSitesIsTwoProjects(t *testing.T) {
	onEachStore(t, func(t *testing.T, s *Store) {
		admitRuns(t, s, crowd(5)...)
		there := projectRun("there", "P0")
		there.Site = "other"
		admitRuns(t, s, there)
		claims, err := s.Claim(t.Context(), me, 9, Limits{PerProject: 1})
		must(t, err)
		if diff := cmp.Diff([]string{"p0-0", "there"}, runsOf(claims)); diff != "" {
			t.Errorf("claimed (-want +got):\n%s", diff)
		}
	})
}

func TestClaimsAtTheSameTimeNeverGetTheSameRun(t *testing.T) {
	onEach(t, func(t *testing.T, d database) {
		stores := []*Store{d.store(t, nil)}
		if d.shared() {
			stores = append(stores, d.store(t, nil), d.store(t, nil))
		}
		const subjects, each = 20, 3
		for i := range subjects {
			for k := range each {
				admit(t, stores[i%len(stores)], fmt.Sprint("issue:", i), fmt.Sprintf("r%d-%d", i, k))
			}
		}
		var mu sync.Mutex
		var wg sync.WaitGroup
		var order []string
		for w := range 4 {
			s, owner := stores[w%len(stores)], fmt.Sprint("w", w)
			wg.Go(func() {
				for {
					mu.Lock()
					done := len(order) == subjects*each
					mu.Unlock()
					if done {
						return
					}
					claims, err := s.Claim(t.Context(), owner, 3, Limits{Total: 8})
					if err != nil {
						t.Error(err)
						return
					}
					mu.Lock()
					order = append(order, runsOf(claims)...)
					mu.Unlock()
					for _, c := range claims {
						if err := s.Finish(t.Context(), c, Outcome{State: StateSucceeded}); err != nil {
							t.Error(err)
						}
					}
				}
			})
		}
		wg.Wait()
		if unique := slices.Compact(slices.Sorted(slices.Values(order))); len(unique) != len(order) {
			t.Errorf("of %d claims %d were of different runs", len(order), len(unique))
		}
		for i := range subjects {
			var epochs []string
			for k := range each {
				epochs = append(epochs, fmt.Sprint(len(kinds(t, stores[0], fmt.Sprintf("r%d-%d", i, k)))))
			}
			if want := []string{"3", "3", "3"}; !slices.Equal(epochs, want) {
				t.Errorf("runs of issue %d have %v events, want queued, started and finished each", i, epochs)
			}
		}
	})
}
