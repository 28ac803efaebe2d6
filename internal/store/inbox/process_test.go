package inbox

import (
	"context"
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestPendingIsInOrderAndBounded(t *testing.T) {
	in := open(t, t.TempDir(), Options{})
	receipts := appendSome(t, in, 6)
	seq := func(i int) int64 { return receipts[i].Seq }
	err := in.Finish(context.Background(), []Outcome{{Seq: seq(1), State: StateRouted}, {Seq: seq(3), State: StateIgnored}})
	if err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name  string
		after int64
		limit int
		want  []int64
	}{
		{"all", 0, 10, []int64{seq(0), seq(2), seq(4), seq(5)}},
		{"limited", 0, 2, []int64{seq(0), seq(2)}},
		{"after one", seq(2), 10, []int64{seq(4), seq(5)}},
		{"after the last", seq(5), 10, nil},
	}
	for _, tt := range tests {
		if diff := cmp.Diff(tt.want, pendingSeqs(t, in, tt.after, tt.limit)); diff != "" {
			t.Errorf("%s: (-want +got)\n%s", tt.name, diff)
		}
	}
}

func TestPendingLoadsFewLargeBodiesAtOnce(t *testing.T) {
	in := open(t, t.TempDir(), Options{})
	for i := range 4 {
		mustAppend(t, in, incoming("", fmt.Sprint(i), random(5<<20, i)))
	}
	var after int64
	var sizes []int
	for {
		list, err := in.Pending(context.Background(), after, 100)
		if err != nil {
			t.Fatal(err)
		}
		if len(list) == 0 {
			break
		}
		sizes = append(sizes, len(list))
		after = list[len(list)-1].Seq
	}
	if diff := cmp.Diff([]int{2, 2}, sizes); diff != "" {
		t.Error(diff)
	}
}

func TestContentIsClaimedByTheFirst(t *testing.T) {
	dir := t.TempDir()
	in := open(t, dir, Options{})
	r := appendSome(t, in, 3)
	claim := func(i int, site, key, wantID string, want bool) {
		t.Helper()
		id, claimed, err := in.ClaimContent(context.Background(), r[i].Seq, "jira", site, key)
		if err != nil || id != wantID || claimed != want {
			t.Errorf("got %q, %v, %v; want %q, %v", id, claimed, err, wantID, want)
		}
	}
	claim(0, "", "c", r[0].ID, true)
	claim(0, "", "c", r[0].ID, true)
	claim(1, "", "c", r[0].ID, false)
	claim(1, "other", "c", r[1].ID, true)
	claim(2, "", "d", r[2].ID, true)
	if err := in.Close(); err != nil {
		t.Fatal(err)
	}
	in = open(t, dir, Options{})
	claim(1, "", "c", r[0].ID, false)
	claim(0, "", "c", r[0].ID, true)
	d, err := in.Get(context.Background(), r[2].ID)
	if err != nil || d.ContentKey != "d" {
		t.Errorf("content key %q, %v", d.ContentKey, err)
	}
}

func TestFinishRecordsTheOutcome(t *testing.T) {
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	clock := newClock(now)
	in := open(t, t.TempDir(), Options{Now: clock.now})
	r := appendSome(t, in, 1)[0]
	clock.set(now.Add(time.Minute))
	o := Outcome{Seq: r.Seq, State: StateIgnored, Reason: "no trigger matched", EventType: "issue_created",
		Subject: "issue:1", Project: "DEMO", IssueKey: "DEMO-1", Detail: json.RawMessage(`{"near":["t1"]}`)}
	for range 2 {
		if err := in.Finish(context.Background(), []Outcome{o}); err != nil {
			t.Fatal(err)
		}
	}
	got, err := in.Get(context.Background(), r.ID)
	if err != nil {
		t.Fatal(err)
	}
	want := Summary{Seq: r.Seq, ID: r.ID, Source: "jira", Key: "k0", ReceivedAt: now, SignedBy: []string{"JIRA_WEBHOOK_SECRET"},
		State: o.State, Reason: o.Reason, EventType: o.EventType, Subject: o.Subject, Project: o.Project, IssueKey: o.IssueKey,
		Detail: o.Detail, ProcessedAt: now.Add(time.Minute)}
	if diff := cmp.Diff(want, got.Summary); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	if err := in.Finish(context.Background(), []Outcome{{Seq: r.Seq, State: StateReceived}}); err != nil {
		t.Fatal(err)
	}
	if seqs := pendingSeqs(t, in, 0, 10); len(seqs) != 1 {
		t.Errorf("put back, but pending is %v", seqs)
	}
}

func TestFinishRefusesUnknownStates(t *testing.T) {
	in := open(t, t.TempDir(), Options{})
	r := appendSome(t, in, 1)[0]
	err := in.Finish(context.Background(), []Outcome{{Seq: r.Seq, State: StateRouted}, {Seq: r.Seq, State: "done"}})
	if err == nil {
		t.Error("no error")
	}
	if seqs := pendingSeqs(t, in, 0, 10); len(seqs) != 1 {
		t.Errorf("part of a refused call was done: pending %v", seqs)
	}
	if err := in.Finish(context.Background(), nil); err != nil {
		t.Errorf("nothing to finish: %v", err)
	}
}

func TestListFiltersNewestFirst(t *testing.T) {
	in := open(t, t.TempDir(), Options{})
	ctx := context.Background()
	var seqs []int64
	for i := range 6 {
		d := incoming([]string{"a", "b"}[i%2], fmt.Sprint(i), "{}")
		if i == 5 {
			d.Source = "github"
		}
		seqs = append(seqs, mustAppend(t, in, d).Seq)
	}
	err := in.Finish(ctx, []Outcome{
		{Seq: seqs[0], State: StateRouted, IssueKey: "A-1"}, {Seq: seqs[1], State: StateFailed, IssueKey: "A-1"},
		{Seq: seqs[2], State: StateRouted, IssueKey: "A-2"},
	})
	if err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name   string
		filter Filter
		want   []int
	}{
		{"all", Filter{}, []int{5, 4, 3, 2, 1, 0}},
		{"limit", Filter{Limit: 2}, []int{5, 4}},
		{"page", Filter{Limit: 2, Before: seqs[4]}, []int{3, 2}},
		{"state", Filter{State: StateRouted}, []int{2, 0}},
		{"source", Filter{Source: "github"}, []int{5}},
		{"site", Filter{Source: "jira", Site: "b"}, []int{3, 1}},
		{"issue", Filter{IssueKey: "A-1"}, []int{1, 0}},
		{"issue and state", Filter{IssueKey: "A-1", State: StateFailed}, []int{1}},
		{"nothing", Filter{IssueKey: "' OR ''='"}, nil},
	}
	for _, tt := range tests {
		list, err := in.List(ctx, tt.filter)
		if err != nil {
			t.Fatal(err)
		}
		var got []int
		for _, s := range list {
			for i, seq := range seqs {
				if seq == s.Seq {
					got = append(got, i)
				}
			}
		}
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("%s: (-want +got)\n%s", tt.name, diff)
		}
	}
	counts, err := in.Counts(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(map[State]int64{StateReceived: 3, StateRouted: 2, StateFailed: 1}, counts); diff != "" {
		t.Error(diff)
	}
}

func TestPruneKeepsIdentitiesAndUnfinishedWork(t *testing.T) {
	ctx := context.Background()
	start := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
	clock := newClock(start)
	dir := t.TempDir()
	in := open(t, dir, Options{Now: clock.now, KeepIdentities: 30 * 24 * time.Hour})
	var r []Receipt
	for day := range 10 {
		clock.set(start.AddDate(0, 0, day))
		r = append(r, mustAppend(t, in, incoming("", fmt.Sprint("day", day), "{}")))
	}
	var outcomes []Outcome
	for i := range r {
		if i == 1 {
			continue // still waits to be looked at
		}
		outcomes = append(outcomes, Outcome{Seq: r[i].Seq, State: StateRouted})
	}
	if err := in.Finish(ctx, outcomes); err != nil {
		t.Fatal(err)
	}
	if _, _, err := in.ClaimContent(ctx, r[0].Seq, "jira", "", "content"); err != nil {
		t.Fatal(err)
	}

	p, err := in.Prune(ctx, start.AddDate(0, 0, 5), 2)
	if err != nil || p != (Pruned{Bodies: 4}) {
		t.Fatalf("first: %+v, %v", p, err)
	}
	for i := range r {
		d, err := in.Get(ctx, r[i].ID)
		if gone := i < 5 && i != 1; err != nil || gone != (d.Body == nil) {
			t.Errorf("day %d: body %q, %v", i, d.Body, err)
		}
	}
	if again := mustAppend(t, in, incoming("", "day0", "{}")); !again.Duplicate {
		t.Error("a pruned delivery was accepted again within the time that identities are kept")
	}

	clock.set(start.AddDate(0, 0, 40))
	p, err = in.Prune(ctx, clock.now(), 3)
	if err != nil || p.Records != 8 {
		t.Fatalf("second: %+v, %v", p, err)
	}
	if seqs := pendingSeqs(t, in, 0, 10); len(seqs) != 1 || seqs[0] != r[1].Seq {
		t.Errorf("pending %v", seqs)
	}
	if id, claimed, err := in.ClaimContent(ctx, r[9].Seq, "jira", "", "content"); err != nil || !claimed {
		t.Errorf("content of a forgotten delivery: %q, %v, %v", id, claimed, err)
	}
	if err := in.Close(); err != nil {
		t.Fatal(err)
	}
	in = open(t, dir, Options{Now: clock.now})
	if again := mustAppend(t, in, incoming("", "day0", "{}")); again.Duplicate || again.Seq <= r[9].Seq {
		t.Errorf("receipt %+v after %+v", again, r[9])
	}
}
