package inboxtest

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/aofctl/aofctl/internal/store/inbox"
)

func contentIsClaimedByTheFirst(t *testing.T, p Place) {
	in := open(t, p, Settings{})
	r := appendSome(t, in, 3)
	claim := func(i int, site, key, wantID string, want bool) {
		t.Helper()
		id, claimed, err := in.ClaimContent(t.Context(), r[i].Seq, "jira", site, key)
		if err != nil || id != wantID || claimed != want {
			t.Errorf("got %q, %v, %v; want %q, %v", id, claimed, err, wantID, want)
		}
	}
	claim(0, "", "c", r[0].ID, true)
	claim(0, "", "c", r[0].ID, true)
	claim(1, "", "c", r[0].ID, false)
	claim(1, "other", "c", r[1].ID, true)
	claim(2, "", "d", r[2].ID, true)
	closeInbox(t, in)
	in = open(t, p, Settings{})
	claim(1, "", "c", r[0].ID, false)
	claim(0, "", "c", r[0].ID, true)
	if d := mustGet(t, in, r[2].ID); d.ContentKey != "d" {
		t.Errorf("content key %q", d.ContentKey)
	}
}

func contentIsClaimedOnceByManyAtOnce(t *testing.T, p Place) {
	in := open(t, p, Settings{})
	receipts := appendSome(t, in, 16)
	for round := range 5 {
		var wg sync.WaitGroup
		var mu sync.Mutex
		var winners []string
		told := map[string]bool{}
		for _, r := range receipts {
			wg.Go(func() {
				first, claimed, err := in.ClaimContent(t.Context(), r.Seq, "jira", "", strconv.Itoa(round))
				mu.Lock()
				defer mu.Unlock()
				told[first] = true
				if claimed {
					winners = append(winners, r.ID)
				}
				if err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if len(winners) != 1 || len(told) != 1 || !told[winners[0]] {
			t.Errorf("claimed by %v, told %v", winners, told)
		}
	}
}

func finishRecordsTheOutcome(t *testing.T, p Place) {
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	clock := newClock(now)
	in := open(t, p, Settings{Now: clock.now})
	r := appendSome(t, in, 1)[0]
	clock.set(now.Add(time.Minute))
	o := inbox.Outcome{Seq: r.Seq, State: inbox.StateIgnored, Reason: "no trigger matched", EventType: "issue_created",
		Subject: "issue:1", Project: "DEMO", IssueKey: "DEMO-1", Detail: json.RawMessage(`{"near":  ["t1"]}`)}
	for range 2 {
		mustFinish(t, in, o)
		clock.set(now.Add(time.Hour))
	}
	want := inbox.Summary{Seq: r.Seq, ID: r.ID, Source: "jira", Key: "k0", ReceivedAt: now, SignedBy: []string{"JIRA_WEBHOOK_SECRET"},
		State: o.State, Reason: o.Reason, EventType: o.EventType, Subject: o.Subject, Project: o.Project, IssueKey: o.IssueKey,
		Detail: o.Detail, ProcessedAt: now.Add(time.Minute)}
	if diff := cmp.Diff(want, mustGet(t, in, r.ID).Summary); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	if err := in.Finish(t.Context(), []inbox.Outcome{{Seq: r.Seq + 1000, State: inbox.StateRouted}}); err != nil {
		t.Errorf("finishing what is not there: %v", err)
	}
}

// firstOutcomeCounts: of several replicas that work on one delivery the slow
// ones must not overwrite what the first one recorded.
func firstOutcomeCounts(t *testing.T, p Place) {
	in := open(t, p, Settings{})
	r := appendSome(t, in, 2)
	expect := func(state inbox.State, reason string, pending int) {
		t.Helper()
		d := mustGet(t, in, r[0].ID)
		if d.State != state || d.Reason != reason || d.ProcessedAt.IsZero() != (state == inbox.StateReceived) {
			t.Errorf("%s: %q, processed at %s; want %s: %q", d.State, d.Reason, d.ProcessedAt, state, reason)
		}
		if seqs := pendingSeqs(t, in, 0, 10); len(seqs) != pending {
			t.Errorf("pending %v, want %d", seqs, pending)
		}
	}
	outcome := func(i int, state inbox.State, reason string) inbox.Outcome {
		return inbox.Outcome{Seq: r[i].Seq, State: state, Reason: reason}
	}
	mustFinish(t, in, outcome(0, inbox.StateRouted, "first"))
	expect(inbox.StateRouted, "first", 1)
	mustFinish(t, in, outcome(0, inbox.StateIgnored, "late"), outcome(1, inbox.StateIgnored, "other"))
	expect(inbox.StateRouted, "first", 0)
	mustFinish(t, in, outcome(0, inbox.StateReceived, ""))
	expect(inbox.StateReceived, "", 1)
	mustFinish(t, in, outcome(0, inbox.StateFailed, "again"), outcome(0, inbox.StateRouted, "late"))
	expect(inbox.StateFailed, "again", 0)
	mustFinish(t, in, outcome(0, inbox.StateRouted, "late"), outcome(0, inbox.StateReceived, ""), outcome(0, inbox.StateDuplicate, "anew"))
	expect(inbox.StateDuplicate, "anew", 0)
}

func unknownStateIsRefused(t *testing.T, p Place) {
	in := open(t, p, Settings{})
	r := appendSome(t, in, 1)[0]
	err := in.Finish(t.Context(), []inbox.Outcome{{Seq: r.Seq, State: inbox.StateRouted}, {Seq: r.Seq, State: "done"}})
	if err == nil {
		t.Error("no error")
	}
	if seqs := pendingSeqs(t, in, 0, 10); len(seqs) != 1 {
		t.Errorf("part of a refused call was done: pending %v", seqs)
	}
	if err := in.Finish(t.Context(), nil); err != nil {
		t.Errorf("nothing to finish: %v", err)
	}
}

func pruneKeepsIdentitiesAndUnfinishedWork(t *testing.T, p Place) {
	ctx := context.Background()
	start := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
	clock := newClock(start)
	settings := Settings{Now: clock.now, KeepIdentities: 30 * 24 * time.Hour}
	in := open(t, p, settings)
	var r []inbox.Receipt
	for day := range 10 {
		clock.set(start.AddDate(0, 0, day))
		r = append(r, mustAppend(t, in, Incoming("", fmt.Sprint("day", day), "{}")))
		if day != 1 { // which still waits to be looked at
			mustFinish(t, in, inbox.Outcome{Seq: r[day].Seq, State: inbox.StateRouted})
		}
	}
	if _, _, err := in.ClaimContent(ctx, r[0].Seq, "jira", "another way", "content"); err != nil {
		t.Fatal(err)
	}

	pruned, err := in.Prune(ctx, start.AddDate(0, 0, 5), 2)
	if err != nil || pruned != (inbox.Pruned{Bodies: 4}) {
		t.Fatalf("first: %+v, %v", pruned, err)
	}
	for i := range r {
		d := mustGet(t, in, r[i].ID)
		if gone := i < 5 && i != 1; gone != (d.Body == nil) || d.Damage != nil {
			t.Errorf("day %d: body %q, %v", i, d.Body, d.Damage)
		}
	}
	if again := mustAppend(t, in, Incoming("", "day0", "{}")); !again.Duplicate {
		t.Error("a pruned delivery was accepted again within the time that identities are kept")
	}

	clock.set(start.AddDate(0, 0, 40))
	if pruned, err = in.Prune(ctx, clock.now(), 3); err != nil || pruned.Records != 8 {
		t.Fatalf("second: %+v, %v", pruned, err)
	}
	if seqs := pendingSeqs(t, in, 0, 10); len(seqs) != 1 || seqs[0] != r[1].Seq {
		t.Errorf("pending %v", seqs)
	}
	if id, claimed, err := in.ClaimContent(ctx, r[9].Seq, "jira", "another way", "content"); err != nil || !claimed {
		t.Errorf("content of a forgotten delivery: %q, %v, %v", id, claimed, err)
	}
	closeInbox(t, in)
	in = open(t, p, settings)
	if again := mustAppend(t, in, Incoming("", "day0", "{}")); again.Duplicate || again.Seq <= r[9].Seq {
		t.Errorf("receipt %+v after %+v", again, r[9])
	}
}
