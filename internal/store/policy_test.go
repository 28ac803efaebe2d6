package store

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"
)

func limit(n int64) *int64 { return &n }

func TestTheAuditLogShowsWhatWasChangedPutInOrTakenOut(t *testing.T) {
	cases := map[string]struct{ change, want string }{
		"nothing":      {"", ""},
		"a body":       {`UPDATE audit SET body = (SELECT body FROM audit WHERE seq = 5) WHERE seq = 3`, "row 3 was changed"},
		"a time":       {`UPDATE audit SET at = at + 1 WHERE seq = 2`, "row 2 was changed"},
		"a row out":    {`DELETE FROM audit WHERE seq = 3`, "row 3 is missing"},
		"a row's hash": {`UPDATE audit SET body = (SELECT body FROM audit WHERE seq = 5), hash = 'y' WHERE seq = 2`, "row 2 was changed"},
		"the first":    {`UPDATE audit SET prev = 'z' WHERE seq = 1`, "row 1 does not follow"},
		"a swap":       {`UPDATE audit SET prev = (SELECT hash FROM audit WHERE seq = 4) WHERE seq = 3`, "row 3 does not follow"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			onEachStore(t, func(t *testing.T, s *Store) {
				for i := range 5 {
					if err := s.Audit(t.Context(), "test", "run-1", map[string]int{"n": i}); err != nil {
						t.Fatal(err)
					}
				}
				if c.change != "" {
					if err := s.writer.do(t.Context(), func(tx tx) error { _, err := tx.exec(c.change); return err }); err != nil {
						t.Fatal(err)
					}
				}
				check, err := s.VerifyAudit(t.Context())
				if err != nil {
					t.Fatal(err)
				}
				if c.want == "" && (check.Fault != "" || check.Rows != 5 || check.Head == "") || !strings.Contains(check.Fault, c.want) {
					t.Errorf("check %+v, want %q", check, c.want)
				}
			})
		})
	}
}

func TestTheAuditLogStaysWholeWhenOldRowsAreDeletedAndManyWriteAtOnce(t *testing.T) {
	onEach(t, func(t *testing.T, d database) {
		now := time.Unix(1_800_000_000, 0)
		s := d.store(t, func() time.Time { return now })
		for range 3 {
			if err := s.Audit(t.Context(), "old", "", "x"); err != nil {
				t.Fatal(err)
			}
		}
		now = now.Add(time.Hour)
		var all sync.WaitGroup
		for i := range 20 {
			all.Go(func() {
				if err := s.Audit(t.Context(), "new", fmt.Sprint("run-", i), i); err != nil {
					t.Error(err)
				}
			})
		}
		all.Wait()
		n, err := s.PruneAudit(t.Context(), now.Add(-time.Minute))
		if err != nil || n != 3 {
			t.Fatalf("%d rows deleted, %v", n, err)
		}
		check, err := s.VerifyAudit(t.Context())
		if err != nil || check.Fault != "" || check.First != 4 || check.Rows != 20 {
			t.Errorf("check %+v, %v", check, err)
		}
		trail, err := s.AuditTrail(t.Context(), AuditFilter{Run: "run-7", Newest: true})
		if err != nil || len(trail) != 1 || string(trail[0].Body) != "7" {
			t.Errorf("trail %+v, %v", trail, err)
		}
	})
}

func TestAQuestionKeepsItsCodeAndTheFirstDecisionCounts(t *testing.T) {
	onEachStore(t, func(t *testing.T, s *Store) {
		ask := Approval{Code: "ABCD", Step: "run:3", Run: "run", Kind: "call", Site: "s", IssueKey: "PROJ-1", Asks: json.RawMessage(`{"n":1}`)}
		first, err := s.Ask(t.Context(), ask)
		if err != nil || first.Code != "ABCD" || first.State != ApprovalOpen {
			t.Fatalf("%+v, %v", first, err)
		}
		ask.Code = "WXYZ"
		if again, err := s.Ask(t.Context(), ask); err != nil || again.Code != "ABCD" {
			t.Errorf("asked again: %+v, %v", again, err)
		}
		for place, want := range map[[2]string]int{{"call", "s"}: 1, {"call", AnySite}: 1, {"call", "other"}: 0, {"other", AnySite}: 0} {
			if open, err := s.Questions(t.Context(), place[0], place[1]); err != nil || len(open) != want {
				t.Errorf("%q: open %+v, %v; want %d", place, open, err, want)
			}
		}
		got, ours, err := s.Decide(t.Context(), "ABCD", Decision{State: ApprovalApproved, By: "bob", Body: json.RawMessage(`{"ok":true}`)})
		if err != nil || !ours || got.State != ApprovalApproved || got.DecidedBy != "bob" || got.Decided.IsZero() {
			t.Errorf("%+v, %v, %v", got, ours, err)
		}
		got, ours, err = s.Decide(t.Context(), "ABCD", Decision{State: ApprovalRejected, By: "eve"})
		if err != nil || ours || got.State != ApprovalApproved || got.DecidedBy != "bob" {
			t.Errorf("second: %+v, %v, %v", got, ours, err)
		}
		if _, _, err := s.Decide(t.Context(), "NONE", Decision{State: ApprovalApproved, By: "bob"}); !errors.Is(err, ErrNotFound) {
			t.Errorf("unknown code: %v", err)
		}
		if trail, err := s.AuditTrail(t.Context(), AuditFilter{Kind: "approval"}); err != nil || len(trail) != 1 {
			t.Errorf("audit %+v, %v", trail, err)
		}
		if open, err := s.Approvals(t.Context(), ApprovalOpen, 0); err != nil || len(open) != 0 {
			t.Errorf("open %+v, %v", open, err)
		}
	})
}

func TestCallsThatRaceForTheLastCentDoNotPassTheBudget(t *testing.T) {
	onEachStore(t, func(t *testing.T, s *Store) {
		caps := []Cap{{Scope: "day", MicroUSD: limit(100)}, {Scope: "run", Tokens: limit(1_000_000)}}
		var all sync.WaitGroup
		granted := make(chan string, 20)
		for i := range 20 {
			all.Go(func() {
				id := fmt.Sprint("run:", i)
				err := s.Reserve(t.Context(), id, Amount{MicroUSD: 30, Tokens: 10}, caps)
				var over *OverError
				switch {
				case err == nil:
					granted <- id
				case !errors.As(err, &over) || over.Cap.Scope != "day":
					t.Error(err)
				}
			})
		}
		all.Wait()
		close(granted)
		var ids []string
		for id := range granted {
			ids = append(ids, id)
		}
		if len(ids) != 3 {
			t.Fatalf("%d calls were granted, the budget has room for 3", len(ids))
		}
		if err := s.Reserve(t.Context(), ids[0], Amount{MicroUSD: 30}, caps); err != nil {
			t.Errorf("the same call tried again: %v", err)
		}
		for range 2 { // settling twice counts once
			if err := s.Settle(t.Context(), ids[0], Amount{MicroUSD: 5, Tokens: 4}); err != nil {
				t.Fatal(err)
			}
		}
		if spent, err := s.Spent(t.Context(), "day"); err != nil || spent.MicroUSD != 65 || spent.Tokens != 24 {
			t.Errorf("spent %+v, %v", spent, err)
		}
		if err := s.Reserve(t.Context(), "other:1", Amount{MicroUSD: 35}, caps); err != nil {
			t.Errorf("what was not used up is free again: %v", err)
		}
		if err := s.PruneSpend(t.Context(), time.Now().Add(time.Hour)); err != nil {
			t.Fatal(err)
		}
		if spent, _ := s.Spent(t.Context(), "day"); spent != (Amount{}) {
			t.Errorf("after pruning %+v", spent)
		}
	})
}

func TestNobodyDecidesAboutARunThatHasEnded(t *testing.T) {
	onEachStore(t, func(t *testing.T, s *Store) {
		r := queuedRun("d-1", "issue:1")
		if err := s.Admit(t.Context(), Lease{}, []Run{r}, nil); err != nil {
			t.Fatal(err)
		}
		if _, err := s.Ask(t.Context(), Approval{Code: "ABCD", Step: r.ID + ":0", Run: r.ID, Kind: "call", Asks: json.RawMessage(`{}`)}); err != nil {
			t.Fatal(err)
		}
		if open, err := s.Approvals(t.Context(), ApprovalOpen, 0); err != nil || len(open) != 1 {
			t.Fatalf("open %+v, %v", open, err)
		}
		if _, err := s.Cancel(t.Context(), r.ID, "me"); err != nil {
			t.Fatal(err)
		}
		if open, err := s.Approvals(t.Context(), ApprovalOpen, 0); err != nil || len(open) != 0 {
			t.Errorf("open %+v, %v", open, err)
		}
		if a, ours, err := s.Decide(t.Context(), "ABCD", Decision{State: ApprovalApproved, By: "bob"}); err != nil || ours || a.State != ApprovalOpen {
			t.Errorf("decided %+v, %v, %v", a, ours, err)
		}
		if _, err := s.Wipe(t.Context(), time.Now().Add(time.Hour)); err != nil {
			t.Fatal(err)
		}
		if _, err := s.Approval(t.Context(), "ABCD"); !errors.Is(err, ErrNotFound) {
			t.Errorf("after wiping: %v", err)
		}
	})
}

func TestAClockThatIsSetBackLeavesNoGapInTheAuditLog(t *testing.T) {
	onEach(t, func(t *testing.T, d database) {
		now := time.Unix(1_800_000_000, 0)
		s := d.store(t, func() time.Time { return now })
		for _, passed := range []time.Duration{0, time.Hour, -2 * time.Hour, 3 * time.Hour} { // replicas' clocks differ
			now = now.Add(passed)
			must(t, s.Audit(t.Context(), "test", "", "x"))
		}
		if n, err := s.PruneAudit(t.Context(), now.Add(-90*time.Minute)); err != nil || n != 1 {
			t.Errorf("%d rows deleted, %v", n, err)
		}
		if check, err := s.VerifyAudit(t.Context()); err != nil || check.Fault != "" || check.First != 2 || check.Rows != 3 {
			t.Errorf("check %+v, %v", check, err)
		}
		if n, err := s.PruneAudit(t.Context(), now.Add(time.Hour)); err != nil || n != 2 {
			t.Errorf("%d rows deleted, %v", n, err)
		}
	})
}

// TestADecisionAndThatTheRunHearsOfItAreOne decides once and says nothing more.
func TestADecisionAndThatTheRunHearsOfItAreOne(t *testing.T) {
	onEachStore(t, func(t *testing.T, s *Store) {
		c := claim(t, s, "r")
		if _, err := s.Ask(t.Context(), Approval{Code: "ABCD", Step: "r:0", Run: "r", Kind: "call", Asks: json.RawMessage(`{}`)}); err != nil {
			t.Fatal(err)
		}
		suspend(t, s, c, Wait{For: "approval ABCD", Step: 0, Name: "approval", Signal: "approval:ABCD", Yield: true})
		d := Decision{State: ApprovalApproved, By: "bob", Body: json.RawMessage(`{"approved":true}`), Signal: "approval:ABCD", Name: "approval"}
		if _, ours, err := s.Decide(t.Context(), "ABCD", d); err != nil || !ours {
			t.Fatal(ours, err)
		}
		j, err := s.Journal(t.Context(), claims(t, s, "r")[0])
		must(t, err)
		if len(j.Records) != 1 || string(j.Records[0].Entry.Output) != `{"approved":true}` {
			t.Errorf("records %+v", j.Records)
		}
	})
}
