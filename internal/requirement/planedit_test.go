package requirement_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/aofctl/aofctl/internal/markup/doc"
	"github.com/aofctl/aofctl/internal/markup/markdown"
	"github.com/aofctl/aofctl/internal/requirement"
)

// planRegister has two requirements, one of which changed with version 3, and one
// that is gone.
func planRegister() requirement.Register {
	ac := []requirement.Criterion{{ID: "ac-1", Text: "At most ten"}, {ID: "ac-3", Text: "None is sent"}}
	return requirement.Register{Seen: 3, Requirements: []requirement.Requirement{
		{ID: "req-1", Explicit: "REQ-1", Title: "Digests", State: requirement.Current, Criteria: ac, Since: 1, Changed: 3},
		{ID: "req-2", Explicit: "REQ-2", Title: "Quiet hours", State: requirement.Current, Since: 1, Changed: 1},
		{ID: "req-9", Explicit: "REQ-9", Title: "Fax", State: requirement.Removed, Since: 1, Changed: 1, Gone: 3},
	}}
}

const planHead = "| ID | Requirement | Criterion | Kind | Title | Steps | Expected | Version | Outcome |\n|---|---|---|---|---|---|---|---|---|\n"

// drafted is a plan, as Markdown, after drafts were put into it.
func drafted(t *testing.T, r requirement.Register, plan string, drafts ...requirement.Draft) (string, *requirement.PlanEdit) {
	t.Helper()
	d := markdown.Parse(plan, false)
	p := requirement.ReadPlan(d)
	e := requirement.EditPlan(r, p, requirement.Written{Page: "7"}, drafts)
	e.Number(p.LastCase() + 1)
	for i, n := range d.Children {
		if n.Kind != doc.Table {
			continue
		}
		if now := e.Table(n, true); now != nil {
			d.Children[i] = now
		}
	}
	return strings.TrimSpace(markdown.Write(d)), e
}

func good(id, requirement_, kind, title string, criteria ...string) requirement.Draft {
	return requirement.Draft{ID: id, Requirement: requirement_, Kind: kind, Title: title, Steps: "Do it", Expected: "Done", Criteria: criteria}
}

func TestOnlyStaleCasesAreWrittenAnew(t *testing.T) {
	plan := planHead + "| TC-1 | REQ-1 | ac-1 | positive | Old | Old | Old | 1 | passed |\n| TC-2 | req-2 | | edge | Stays | As | It is | 1 | failed |\n" +
		"| TC-7 | req-9 | | negative | Gone | a | b | 1 | open |"
	got, e := drafted(t, planRegister(), plan, good("tc-1", "7#req-1", "edge", "New", "ac-3"), good("TC-2", "req-2", "edge", "Meddling"), good("", "req-2", "negative", "Another"))
	want := planHead + "| TC-1 | REQ-1 | ac-3 | edge | New | Do it | Done | 3 | passed |\n| TC-2 | req-2 |  | edge | Stays | As | It is | 1 | failed |\n" +
		"| TC-7 | req-9 |  | obsolete, was negative | Gone | a | b | 1 | open |\n| TC-8 | req-2 |  | negative | Another | Do it | Done | 3 |  |"
	read := func(s string) []requirement.Case { return requirement.ReadPlan(markdown.Parse(s, false)).Cases }
	if diff := cmp.Diff(read(want), read(got)); diff != "" {
		t.Errorf("%s\n%s", diff, got)
	}
	if len(e.LeftOut) != 1 || e.LeftOut[0].Case != "TC-2" {
		t.Errorf("left out %v", e.LeftOut)
	}
	rewritten, confirmed := e.Rewritten(requirement.ReadPlan(markdown.Parse(plan, false)))
	if diff := cmp.Diff([][]string{{"TC-1"}, {}}, [][]string{rewritten, confirmed}); diff != "" {
		t.Error(diff)
	}
}

func TestCasesThatAreNoUseAreLeftOut(t *testing.T) {
	for name, c := range map[string]struct {
		draft requirement.Draft
		why   string
	}{
		"no such requirement":  {good("", "req-77", "edge", "A"), "no requirement req-77"},
		"no requirement":       {good("", "", "edge", "A"), "no requirement"},
		"one that is gone":     {good("", "req-9", "edge", "A"), "req-9 was removed"},
		"of another page":      {good("", "8#req-1", "edge", "A", "ac-1"), "no requirement"},
		"no such criterion":    {good("", "req-1", "edge", "A", "ac-2"), "no criterion ac-2"},
		"no criterion":         {good("", "req-1", "edge", "A"), "names no criterion"},
		"no such kind":         {good("", "req-2", "smoke", "A"), "its kind is smoke"},
		"nothing to do":        {requirement.Draft{Requirement: "req-2", Kind: "edge", Title: "A"}, "no steps"},
		"a title that is used": {good("", "REQ-2", "edge", " stays "), "of this title"},
	} {
		t.Run(name, func(t *testing.T) {
			_, e := drafted(t, planRegister(), planHead+"| TC-2 | req-2 | | edge | Stays | As | It is | 1 | |", c.draft)
			if e.Added() != 0 || len(e.LeftOut) != 1 || !strings.Contains(e.LeftOut[0].Why, c.why) {
				t.Errorf("added %d, left out %v, want %q", e.Added(), e.LeftOut, c.why)
			}
		})
	}
}

func TestCriteriaAreTakenInAnyForm(t *testing.T) {
	for _, name := range []string{"ac-3", "AC 3", "3", "req-1/ac-3", "ac-3: None is sent", "None is sent"} {
		got, e := drafted(t, planRegister(), planHead, good("", "REQ-1", "edge", "A", name))
		if e.Added() != 1 || !strings.Contains(got, "| ac-3 |") {
			t.Errorf("%s: %v\n%s", name, e.LeftOut, got)
		}
	}
}

func TestObsoleteCasesCountAgainWithTheirRequirement(t *testing.T) {
	r := planRegister()
	obsolete := planHead + "| TC-7 | req-9 | | obsolete, was negative | Gone | a | b | 1 | open |\n| TC-8 | req-2 | | obsolete | By hand | a | b | 1 | open |"
	if got, _ := drafted(t, r, obsolete); requirement.ReadPlan(markdown.Parse(got, false)).Cases[0].Kind != "" {
		t.Errorf("it counts: %s", got)
	}
	c := requirement.Cover(r, requirement.ReadPlan(markdown.Parse(obsolete, false)), requirement.Written{Page: "7"})
	if len(c.Stale)+len(c.Unkind)+len(c.Unknown) > 0 {
		t.Errorf("obsolete cases are doubted: %+v", c)
	}
	r.Requirements[2].State = requirement.Current
	got, _ := drafted(t, r, obsolete)
	cases := requirement.ReadPlan(markdown.Parse(got, false)).Cases
	if cases[0].Kind != requirement.Negative || !cases[1].Obsolete {
		t.Errorf("%+v", cases)
	}
}

func TestColumnsOfPeopleAreUsedAsTheyAre(t *testing.T) {
	head := "| Who | Covers | Expected | Test | No |\n|---|---|---|---|---|\n"
	got, _ := drafted(t, planRegister(), head+"| Carol | REQ-2 | x | y | TC-4 |", good("", "req-1", "edge", "A", "ac-1", "ac-3"))
	if !strings.Contains(got, "|  | req-1/ac-1, req-1/ac-3 | Done | A | TC-5 |") || !strings.Contains(got, "| Carol | REQ-2 | x | y | TC-4 |") {
		t.Error(got)
	}
}

func TestDoingItAgainChangesNothing(t *testing.T) {
	plan := planHead + "| TC-1 | req-1 | ac-1 | positive | Old | Old | Old | 1 | passed |\n| TC-1 | req-2 | | edge | Twice | a | b | 1 | |"
	d := markdown.Parse(plan, false)
	e := requirement.EditPlan(planRegister(), requirement.ReadPlan(d), requirement.Written{Page: "7"}, []requirement.Draft{
		good("TC-1", "req-1", "positive", "New", "ac-1"), good("", "req-2", "edge", "More"),
	})
	e.Number(2)
	once := e.Table(d.Children[0], true)
	if once == nil || len(once.Children) != 4 {
		t.Fatalf("%v", once)
	}
	if again := e.Table(once, true); again != nil {
		t.Errorf("changed again: %s", markdown.Write(doc.New(doc.Document, again)))
	}
	if e.Table(doc.New(doc.Table), true) != nil || e.Table(markdown.Parse("| a |\n|---|\n| b |", false).Children[0], true) != nil {
		t.Error("a table without test cases is changed")
	}
}
