package requirement

import (
	"strings"
	"testing"
	"time"

	"github.com/aofctl/aofctl/internal/markup/markdown"
)

func TestVerdictsFollowFromIssuesAndTests(t *testing.T) {
	issue := func(category, resolution string) RowIssue {
		return RowIssue{IssueInfo: IssueInfo{Key: "A-1", Category: category, Resolution: resolution}}
	}
	done, open, begun := issue(CategoryDone, "Done"), issue("new", ""), issue("indeterminate", "")
	stale, gone := done, done
	stale.Stale, gone.Missing = true, true
	passed, failed, notRun := Case{Outcome: Passed}, Case{Outcome: Failed}, Case{Outcome: NotRun}
	for name, one := range map[string]struct {
		state  State
		issues []RowIssue
		cases  []Case
		tested bool
		want   Verdict
	}{
		"no issue":                      {want: NoIssue},
		"only one that is gone":         {issues: []RowIssue{gone}, want: NoIssue},
		"only one that was turned down": {issues: []RowIssue{issue(CategoryDone, "Won't Do")}, want: NoIssue},
		"not begun":                     {issues: []RowIssue{open}, want: NotStarted},
		"begun":                         {issues: []RowIssue{open, begun}, want: InProgress},
		"one of two done":               {issues: []RowIssue{open, done}, want: InProgress},
		"done":                          {issues: []RowIssue{done, gone, issue(CategoryDone, "Duplicate")}, want: Fulfilled},
		"done and changed since":        {issues: []RowIssue{stale}, want: Changing},
		"done without a test":           {issues: []RowIssue{done}, tested: true, want: Untested},
		"done and not run":              {issues: []RowIssue{done}, cases: []Case{passed, notRun}, tested: true, want: Untested},
		"done and failed":               {issues: []RowIssue{done}, cases: []Case{notRun, failed}, tested: true, want: FailedTest},
		"done and passed":               {issues: []RowIssue{done}, cases: []Case{passed}, tested: true, want: Fulfilled},
		"done with tests of no outcome": {issues: []RowIssue{done}, cases: []Case{{}}, tested: true, want: Fulfilled},
		"withdrawn":                     {state: Removed, issues: []RowIssue{done}, want: Withdrawn},
	} {
		if got := (Row{State: one.state, Issues: one.issues, Cases: one.cases}).Verdict(one.tested); got != one.want {
			t.Errorf("%s: %s, want %s", name, got, one.want)
		}
	}
}

func TestOutcomesOfTestsAreReadAsPeopleWriteThem(t *testing.T) {
	for said, want := range map[string]string{"Passed": Passed, "OK": Passed, "not ok": Failed, "FAIL (see A-1)": Failed, "not run": NotRun, "": NotRun, "blocked": NotRun, "approved by Bob": ""} {
		page := markdown.Parse("| ID | Requirement | Expected | Outcome |\n|---|---|---|---|\n| TC-1 | REQ-1 | x | "+said+" |", false)
		if plan := ReadPlan(page); len(plan.Cases) != 1 || plan.Cases[0].Outcome != want {
			t.Errorf("%q is %+v, want %q", said, plan.Cases, want)
		}
	}
}

func TestAnIssueThatWasDoneBeforeItsRequirementChangedIsToBeReviewed(t *testing.T) {
	at := func(day int) time.Time { return time.Date(2026, 3, day, 0, 0, 0, 0, time.UTC) }
	m := Trace(Sources{
		Pages: []PageInfo{{ID: "1", Registered: true, Register: Register{Requirements: []Requirement{
			{ID: "a", Title: "A", State: Current, Since: 1, Changed: 3, ChangedAt: at(5)},
		}}}},
		Issues: []IssueInfo{{Key: "P-1", Category: CategoryDone, ResolvedAt: at(4)}, {Key: "P-2", Category: CategoryDone, ResolvedAt: at(6)}},
		Ties:   []Tie{{Key: "P-1", Ref: Reference{"1", "a"}, Via: ViaLink}, {Key: "P-2", Ref: Reference{"1", "a"}, Via: ViaLink}},
	})
	if len(m.Stale) != 1 || m.Stale[0].Key != "P-1" || m.Rows[0].Verdict(false) != Changing {
		t.Errorf("stale %v, verdict %s", m.Stale, m.Rows[0].Verdict(false))
	}
}

func TestAPageIsShownAsItIsNowWithoutItsRegister(t *testing.T) {
	page := func(md string) Outline { return Read(markdown.Parse(md, false)) }
	registered := Register{Seen: 1, Requirements: []Requirement{
		{ID: "req-1", Explicit: "REQ-1", Title: "One", State: Current}, {ID: "req-2", Explicit: "REQ-2", Title: "Two", State: Current},
		{ID: "free", Title: "Free", State: Current},
	}}
	states := func(r Register) string {
		var out []string
		for _, one := range r.Requirements {
			out = append(out, one.ID+" "+string(one.State))
		}
		return strings.Join(out, ", ")
	}
	o := page("# Requirements\n\n## REQ-1: One\n\nText.\n\n## REQ-3: Three\n\nText.\n\n## Something else\n\nText.")
	for name, one := range map[string]struct {
		got  Register
		want []string
	}{
		"a page that changed":           {Present(registered, true, o, Seen{Version: 2}), []string{"req-1 current", "req-2 removed", "req-3 current", "free current"}},
		"a page that did not":           {Present(registered, true, o, Seen{Version: 1}), []string{"req-2 current"}},
		"a page without a register":     {Present(Register{}, false, o, Seen{Version: 2}), []string{"req-1 current", "req-3 current", "something-else current"}},
		"a page with links alone":       {Present(Recover("1", []Tie{{Key: "P-1", Ref: Reference{"1", "req-3"}, Via: ViaLink, Title: "A page"}}).Recognised(o), false, o, Seen{Version: 2}), []string{"req-1 current", "req-3 current"}},
		"a link to what the page lacks": {Present(Recover("1", []Tie{{Key: "P-1", Ref: Reference{"1", "req-9"}, Via: ViaLink, Title: "REQ-9: Nine"}}), false, o, Seen{Version: 2}), []string{"req-9 removed"}},
	} {
		for _, want := range one.want {
			if !strings.Contains(states(one.got), want) {
				t.Errorf("%s: %s, want %s", name, states(one.got), want)
			}
		}
	}
}
