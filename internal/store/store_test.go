package store

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"github.com/aofctl/aofctl/internal/step"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func open(t *testing.T, dir string) *Store {
	t.Helper()
	s, err := Open(t.Context(), dir, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

func queuedRun(id, subject string) Run {
	return Run{ID: id, Delivery: "d-" + id, Source: "jira", Subject: subject, Project: "PROJ", IssueKey: "PROJ-1",
		EventType: "issue_created", Trigger: "t", TargetKind: "agent", Target: "a", Work: json.RawMessage(`{}`), State: StateQueued}
}

func admit(t *testing.T, s *Store, runs ...Run) {
	t.Helper()
	if err := s.Admit(t.Context(), runs, nil); err != nil {
		t.Fatal(err)
	}
}

func claimIDs(t *testing.T, s *Store, n int) []string {
	t.Helper()
	ids, err := s.Claim(t.Context(), n)
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(ids)
	return append([]string{}, ids...)
}

func finish(t *testing.T, s *Store, id string) {
	t.Helper()
	if err := s.Finish(t.Context(), id, Outcome{State: StateSucceeded, Result: "done"}); err != nil {
		t.Fatal(err)
	}
}

func TestRunsOfOneSubjectAreClaimedOneAtATimeInOrder(t *testing.T) {
	s := open(t, t.TempDir())
	admit(t, s, queuedRun("a1", "issue:1"), queuedRun("a2", "issue:1"), queuedRun("b1", "issue:2"))
	admit(t, s, queuedRun("a3", "issue:1"))
	for _, want := range [][]string{{"a1", "b1"}, {}} {
		if diff := cmp.Diff(want, claimIDs(t, s, 10)); diff != "" {
			t.Fatalf("claimed (-want +got):\n%s", diff)
		}
	}
	for _, next := range []string{"a1", "a2", "a3"} {
		finish(t, s, next)
		got := claimIDs(t, s, 10)
		want := map[string][]string{"a1": {"a2"}, "a2": {"a3"}, "a3": {}}[next]
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatalf("after %s (-want +got):\n%s", next, diff)
		}
	}
}

func TestClaimTakesNoMoreThanAsked(t *testing.T) {
	s := open(t, t.TempDir())
	for i := range 5 {
		admit(t, s, queuedRun(fmt.Sprintf("r%d", i), fmt.Sprintf("issue:%d", i)))
	}
	if diff := cmp.Diff([]string{"r0", "r1"}, claimIDs(t, s, 2)); diff != "" {
		t.Errorf("first claim (-want +got):\n%s", diff)
	}
}

func TestAdmittingARunAgainChangesNothing(t *testing.T) {
	s := open(t, t.TempDir())
	admit(t, s, queuedRun("r", "issue:1"))
	claimIDs(t, s, 1)
	admit(t, s, queuedRun("r", "issue:1"))
	finish(t, s, "r")
	admit(t, s, queuedRun("r", "issue:1"))
	r, err := s.Run(t.Context(), "r")
	if err != nil {
		t.Fatal(err)
	}
	if r.State != StateSucceeded || r.Result != "done" || r.Attempt != 1 {
		t.Errorf("run is %+v, want the first one, finished", r)
	}
	if ids := claimIDs(t, s, 5); len(ids) != 0 {
		t.Errorf("claimed %v again", ids)
	}
}

func TestARejectedRunHoldsNobodyUp(t *testing.T) {
	s := open(t, t.TempDir())
	bad := queuedRun("bad", "issue:1")
	bad.State, bad.Error = StateRejected, "fleets cannot run"
	admit(t, s, bad, queuedRun("good", "issue:1"))
	if diff := cmp.Diff([]string{"good"}, claimIDs(t, s, 5)); diff != "" {
		t.Errorf("claimed (-want +got):\n%s", diff)
	}
}

func TestFinishSumsUpTheSteps(t *testing.T) {
	known, other := int64(120), int64(80)
	tests := map[string]struct {
		steps []step.Entry
		want  Run
	}{
		"no model call": {
			steps: []step.Entry{{Index: 0, Kind: step.KindTool}},
			want:  Run{Steps: 1, CostMicroUSD: new(int64)},
		},
		"known prices add up": {
			steps: []step.Entry{
				{Index: 0, Kind: step.KindModel, TokensIn: 10, TokensCached: 4, TokensOut: 2, CostMicroUSD: &known},
				{Index: 1, Kind: step.KindTool, InDoubt: true},
				{Index: 2, Kind: step.KindModel, TokensIn: 5, TokensOut: 1, CostMicroUSD: &other},
			},
			want: Run{Steps: 3, TokensIn: 15, TokensCached: 4, TokensOut: 3, InDoubt: true, CostMicroUSD: ptr(known + other)},
		},
		"one unknown price makes the sum unknown": {
			steps: []step.Entry{{Index: 0, Kind: step.KindModel, TokensIn: 1, CostMicroUSD: &known}, {Index: 1, Kind: step.KindModel, TokensIn: 1}},
			want:  Run{Steps: 2, TokensIn: 2},
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			s := open(t, t.TempDir())
			admit(t, s, queuedRun("r", "issue:1"))
			claimIDs(t, s, 1)
			for _, e := range append(tt.steps, tt.steps...) { // a replay records them again
				if err := s.RecordStep(t.Context(), "r", e); err != nil {
					t.Fatal(err)
				}
			}
			finish(t, s, "r")
			r, err := s.Run(t.Context(), "r")
			if err != nil {
				t.Fatal(err)
			}
			got := Run{Steps: r.Steps, TokensIn: r.TokensIn, TokensCached: r.TokensCached, TokensOut: r.TokensOut,
				InDoubt: r.InDoubt, CostMicroUSD: r.CostMicroUSD}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("totals (-want +got):\n%s", diff)
			}
			steps, err := s.Steps(t.Context(), "r")
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.steps, steps); diff != "" {
				t.Errorf("steps (-want +got):\n%s", diff)
			}
		})
	}
}

func ptr[T any](v T) *T { return &v }

func TestEventsTellARunsStoryOnceAndInOrder(t *testing.T) {
	s := open(t, t.TempDir())
	admit(t, s, queuedRun("r", "issue:1"))
	changed := s.Changed()
	claimIDs(t, s, 1)
	select {
	case <-changed:
	case <-t.Context().Done():
		t.Fatal("nobody was told of the claim")
	}
	for range 2 {
		if err := s.RecordStep(t.Context(), "r", step.Entry{Index: 0, Kind: step.KindModel}); err != nil {
			t.Fatal(err)
		}
	}
	finish(t, s, "r")
	finish(t, s, "r")
	events, err := s.Events(t.Context(), "r", 0, 100)
	if err != nil {
		t.Fatal(err)
	}
	var kinds []EventKind
	for _, e := range events {
		kinds = append(kinds, e.Kind)
	}
	if diff := cmp.Diff([]EventKind{EventQueued, EventStarted, EventStep, EventFinished}, kinds); diff != "" {
		t.Errorf("events (-want +got):\n%s", diff)
	}
	rest, err := s.Events(t.Context(), "", events[1].Seq, 1)
	if err != nil || len(rest) != 1 || rest[0].Seq != events[2].Seq {
		t.Errorf("Events behind %d = %v, %v; want the third only", events[1].Seq, rest, err)
	}
}

func TestStateSurvivesReopening(t *testing.T) {
	dir := t.TempDir()
	s, err := Open(t.Context(), dir, nil)
	if err != nil {
		t.Fatal(err)
	}
	rev := Revision{Revision: "abc", Kind: "Agent", Name: "a", Source: "a.yaml:1", Text: "kind: Agent"}
	if err := s.Admit(t.Context(), []Run{queuedRun("a", "issue:1"), queuedRun("b", "issue:1")}, []Revision{rev, rev}); err != nil {
		t.Fatal(err)
	}
	claimIDs(t, s, 1)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s = open(t, dir)
	running, err := s.Running(t.Context())
	if err != nil || !slices.Equal(running, []string{"a"}) {
		t.Errorf("Running = %v, %v; want a", running, err)
	}
	got, err := s.RevisionText(t.Context(), "abc")
	if err != nil || got != rev {
		t.Errorf("RevisionText = %+v, %v; want %+v", got, err, rev)
	}
	counts, err := s.Counts(t.Context())
	if err != nil || counts[StateRunning] != 1 || counts[StateQueued] != 1 {
		t.Errorf("Counts = %v, %v", counts, err)
	}
}

func TestEffectLedgerKnowsFreshOpenAndDone(t *testing.T) {
	s := open(t, t.TempDir())
	ctx := t.Context()
	first, err := s.Begin(ctx, "r:1", "comment", "PROJ-1")
	if err != nil || !first.Fresh || first.Done {
		t.Fatalf("first Begin = %+v, %v; want fresh", first, err)
	}
	second, err := s.Begin(ctx, "r:1", "comment", "PROJ-1")
	if err != nil || second.Fresh || second.Done || second.Begun.Sub(first.Begun).Abs() > time.Millisecond {
		t.Fatalf("second Begin = %+v, %v; want open since %v", second, err, first.Begun)
	}
	if err := s.Done(ctx, "r:1", "10500"); err != nil {
		t.Fatal(err)
	}
	third, err := s.Begin(ctx, "r:1", "comment", "PROJ-1")
	if err != nil || !third.Done || third.Ref != "10500" {
		t.Fatalf("third Begin = %+v, %v; want done with its reference", third, err)
	}
	for ref, want := range map[string]bool{"10500": true, "10501": false} {
		if got, err := s.HasEffect(ctx, "comment", ref); err != nil || got != want {
			t.Errorf("HasEffect(%s) = %v, %v; want %v", ref, got, err, want)
		}
	}
}

func TestAnAbandonedEffectIsFreshAgainButADoneOneStays(t *testing.T) {
	s := open(t, t.TempDir())
	ctx := t.Context()
	for _, id := range []string{"open", "done"} {
		if _, err := s.Begin(ctx, id, "comment", "PROJ-1"); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Done(ctx, "done", "1"); err != nil {
		t.Fatal(err)
	}
	for id, fresh := range map[string]bool{"open": true, "done": false} {
		if err := s.Abandon(ctx, id); err != nil {
			t.Fatal(err)
		}
		if e, err := s.Begin(ctx, id, "comment", "PROJ-1"); err != nil || e.Fresh != fresh {
			t.Errorf("after Abandon(%s) Begin = %+v, %v; want fresh %v", id, e, err, fresh)
		}
	}
}

func TestRunsAreListedNewestFirstAndFiltered(t *testing.T) {
	s := open(t, t.TempDir())
	other := queuedRun("other", "issue:9")
	other.IssueKey, other.Project = "OPS-9", "OPS"
	admit(t, s, queuedRun("a", "issue:1"), other, queuedRun("b", "issue:2"))
	tests := map[string]struct {
		filter RunFilter
		want   []string
	}{
		"all":     {RunFilter{}, []string{"b", "other", "a"}},
		"issue":   {RunFilter{IssueKey: "OPS-9"}, []string{"other"}},
		"project": {RunFilter{Project: "PROJ", Limit: 1}, []string{"b"}},
		"state":   {RunFilter{State: StateFailed}, []string{}},
		"page":    {RunFilter{Before: 3}, []string{"other", "a"}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			runs, err := s.Runs(t.Context(), tt.filter)
			if err != nil {
				t.Fatal(err)
			}
			got := []string{}
			for _, r := range runs {
				got = append(got, r.ID)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("runs (-want +got):\n%s", diff)
			}
		})
	}
}

func TestUnknownRowsAreNotFound(t *testing.T) {
	s := open(t, t.TempDir())
	if _, err := s.Run(t.Context(), "nope"); !errors.Is(err, ErrNotFound) {
		t.Errorf("Run = %v, want ErrNotFound", err)
	}
	if _, err := s.RevisionText(t.Context(), "nope"); !errors.Is(err, ErrNotFound) {
		t.Errorf("RevisionText = %v, want ErrNotFound", err)
	}
}

func TestConcurrentWritesAllLand(t *testing.T) {
	s := open(t, t.TempDir())
	var wg sync.WaitGroup
	for i := range 64 {
		wg.Go(func() {
			if err := s.Admit(context.Background(), []Run{queuedRun(fmt.Sprint("r", i), fmt.Sprint("issue:", i%8))}, nil); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if got := len(claimIDs(t, s, 100)); got != 8 {
		t.Errorf("claimed %d runs, want one for each of 8 subjects", got)
	}
}

func TestWritesAfterCloseAreRefused(t *testing.T) {
	s, err := Open(t.Context(), t.TempDir(), nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if err := s.Admit(t.Context(), []Run{queuedRun("r", "issue:1")}, nil); !errors.Is(err, ErrClosed) {
		t.Errorf("Admit = %v, want ErrClosed", err)
	}
}
