package requirement_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/aofctl/aofctl/internal/markup/markdown"
	"github.com/aofctl/aofctl/internal/requirement"
)

// planned is the plan that a page says.
func planned(page string) requirement.Plan { return requirement.ReadPlan(markdown.Parse(page, false)) }

const header = "| ID | Requirement | Criterion | Kind | Title | Expected |\n|---|---|---|---|---|---|\n"

// full covers the two requirements of twoRequirements wholly.
const full = header +
	"| TC-1 | req-1 | ac-1 | positive | ten | one mail |\n| TC-2 | REQ-1 | AC-2 | Negative | none | no mail |\n| TC-3 | 65824#req-1 | | edge case | eleven | two mails |\n" +
	"| TC-4 | Quiet hours | | happy path | noon | mail |\n| TC-5 | quiet-hours | | invalid input | x | no mail |\n| TC-6 | quiet hours, req-1/ac-2 | | Boundary | 22:00 | no mail |\n"

func twoRequirements() requirement.Register { return registered(digest(), quiet()) }

func TestTestCasesAreReadFromTables(t *testing.T) {
	got := planned("# Plan\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n> " + strings.ReplaceAll("| Test case | Covers | Type | Steps to execute |\n|---|---|---|---|\n| T1 | req-1<br>req-2 | whatever | do it |", "\n", "\n> ") +
		"\n\n" + header + "| TC-1 | req-1 and req-2 | A digest holds at most ten messages, always | positiv | x | y |\n| | | | | | |\n")
	want := requirement.Plan{Tables: 2, Cases: []requirement.Case{
		{ID: "T1", Requirements: []string{"req-1", "req-2"}, Said: "whatever", Steps: "do it", Row: 1},
		{ID: "TC-1", Requirements: []string{"req-1", "req-2"}, Criteria: []string{"A digest holds at most ten messages, always"}, Kind: "positive", Said: "positiv", Title: "x", Expected: "y", Row: 2},
	}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestAPlanThatCoversAllIsComplete(t *testing.T) {
	c := requirement.Cover(twoRequirements(), planned(full), requirement.Written{Page: "65824"})
	if !c.Complete {
		t.Errorf("%+v", c)
	}
	if diff := cmp.Diff([]string{"TC-1", "TC-2", "TC-3", "TC-6"}, c.Requirements[0].Cases); diff != "" {
		t.Error(diff)
	}
	if requirement.Cover(requirement.Register{}, planned(full), requirement.Written{Page: "65824"}).Complete {
		t.Error("a plan for nothing is complete")
	}
}

func TestEachGapOfAPlanIsTold(t *testing.T) {
	row := func(cells ...string) string { return header + "| " + strings.Join(cells, " | ") + " |\n" }
	for name, c := range map[string]struct {
		plan string
		want func(c *requirement.Coverage)
	}{
		"no criterion":        {row("TC-1", "req-1", "", "positive", "", ""), nil},
		"a requirement alone": {strings.ReplaceAll(full, "| Quiet hours |", "| req-1 |"), nil},
	} {
		t.Run(name, func(t *testing.T) {
			if got := requirement.Cover(twoRequirements(), planned(c.plan), requirement.Written{Page: "65824"}); got.Complete {
				t.Errorf("%+v", got)
			}
		})
	}
	got := requirement.Cover(twoRequirements(), planned(header+
		"| TC-1 | req-1 | ac-1 | positive | | |\n| TC-1 | req-1 | ac-9 | negative | | |\n| TC-2 | req-7 | | edge | | |\n| | | | positive | x | |\n| TC-3 | 1#req-1 | | positive | | |\n| TC-4 | req-1 | | smoke | | |\n"),
		requirement.Written{Page: "65824"})
	want := requirement.Coverage{
		Requirements: []requirement.Covered{
			{ID: "req-1", Title: "REQ-1: Digest mode", Cases: []string{"TC-1", "TC-1", "TC-4"}, Missing: []string{"edge"}, Criteria: []requirement.Criterion{{ID: "ac-2", Text: "No empty digest is sent"}}},
			{ID: "quiet-hours", Title: "Quiet hours", Missing: []string{"positive", "negative", "edge"}},
		},
		Unknown: []requirement.Doubt{
			{Case: "TC-1", Why: "there is no criterion ac-9"}, {Case: "TC-2", Why: "there is no requirement req-7"},
			{Case: "#4", Why: "it names no requirement"}, {Case: "TC-3", Why: "there is no requirement 1#req-1"},
		},
		Duplicates: []requirement.Doubt{{Case: "TC-1", Why: "rows 1 and 2 have this id"}},
		Unkind:     []requirement.Doubt{{Case: "TC-4", Why: "its kind is smoke, not one of positive, negative, edge"}},
		Uncovered:  []string{"quiet-hours"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestCasesOfWhatChangedAreStale(t *testing.T) {
	at := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
	changed := digest()
	changed.Text = "Messages are put together every 20 minutes."
	r := requirement.Reconcile(twoRequirements(), []requirement.Found{changed}, requirement.Seen{Version: 4, At: at, Complete: true}).Register
	names := func(w requirement.Written, plan string) (out []string) {
		for _, d := range requirement.Cover(r, planned(plan), w).Stale {
			out = append(out, d.Case+": "+d.Why)
		}
		return out
	}
	gone := "quiet-hours is not on the page any more"
	if diff := cmp.Diff([]string{
		"TC-1: req-1 changed after the plan was written", "TC-2: req-1 changed after the plan was written", "TC-3: req-1 changed after the plan was written",
		"TC-4: " + gone, "TC-5: " + gone, "TC-6: " + gone, "TC-6: req-1 changed after the plan was written",
	}, names(requirement.Written{Page: "65824", At: at.Add(-time.Hour)}, full)); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"TC-4: " + gone, "TC-5: " + gone, "TC-6: " + gone}, names(requirement.Written{Page: "65824", At: at.Add(time.Hour)}, full)); diff != "" {
		t.Error(diff)
	}
	versions := "| ID | Requirement | Kind | Spec version |\n|---|---|---|---|\n| a | req-1 | edge | 3 |\n| b | req-1 | edge | v4 |\n"
	if diff := cmp.Diff([]string{"a: req-1 changed with version 4, and the case is for version 3"}, names(requirement.Written{Page: "65824", At: at.Add(-time.Hour)}, versions)); diff != "" {
		t.Error(diff)
	}
}

func TestKindsCanBeNarrowed(t *testing.T) {
	w := requirement.Written{Page: "65824", Kinds: []string{requirement.Positive}}
	plan := header + "| a | req-1/ac-1, req-1/ac-2 | | positive | | |\n| b | quiet-hours | | positive | | |\n"
	if c := requirement.Cover(twoRequirements(), planned(plan), w); !c.Complete {
		t.Errorf("%+v", c)
	}
}

func FuzzReadPlan(f *testing.F) {
	f.Add(full)
	f.Add("| ID | Requirement | Kind |\n|---|---|---|\n| | req-1/ | edge |\n| a | 65824#x, / . | |")
	f.Add("| Criterion | Steps | Version |\n|---|---|---|\n| req-1 ac-1 | x | 99999999999999999999 |")
	f.Fuzz(func(t *testing.T, page string) {
		plan := planned(page)
		c := requirement.Cover(twoRequirements(), plan, requirement.Written{Page: "65824"})
		if len(c.Requirements) != 2 {
			t.Fatalf("%+v", c)
		}
		for _, one := range plan.Cases {
			if one.Version < 0 {
				t.Fatalf("%+v", one)
			}
		}
	})
}
