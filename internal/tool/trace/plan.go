package trace

import (
	"context"

	"github.com/aofctl/aofctl/internal/atlassian/confluence"
	"github.com/aofctl/aofctl/internal/markup/storage"
	"github.com/aofctl/aofctl/internal/requirement"
	"github.com/aofctl/aofctl/internal/tool"
	toolconfluence "github.com/aofctl/aofctl/internal/tool/confluence"
)

type planArgs struct {
	Page  toolconfluence.Ref `json:"page_id"`
	Plan  toolconfluence.Ref `json:"test_plan"`
	Kinds []string           `json:"kinds"`
}

// gap is what a requirement lacks.
type gap struct {
	Ref      string   `json:"ref"`
	Title    string   `json:"title"`
	Kinds    []string `json:"missing_kinds,omitempty"`
	Criteria []string `json:"uncovered_criteria,omitempty"`
	Cases    []string `json:"cases,omitempty"`
}

type doubt struct {
	Case string `json:"case"`
	Why  string `json:"why"`
}

// planAnswer is the result of atlassian_check_test_plan.
type planAnswer struct {
	Complete     bool     `json:"complete"`
	Cases        int      `json:"cases"`
	Requirements int      `json:"requirements"`
	Uncovered    []string `json:"requirements_without_case"`
	Gaps         []gap    `json:"gaps"`
	Unknown      []doubt  `json:"cases_of_nothing"`
	Duplicates   []doubt  `json:"duplicate_ids"`
	Stale        []doubt  `json:"stale_cases"`
	Unkind       []doubt  `json:"cases_without_kind"`
	Note         string   `json:"note,omitempty"`
	Cut          string   `json:"cut,omitempty"`
	// Plan is the page with the test cases; "" if there is none.
	Plan string `json:"test_plan"`
}

func (t *Tools) checkTestPlan() tool.Tool {
	return handler[planArgs]{
		tools: t, offline: true,
		spec: spec("atlassian_check_test_plan", tool.Read,
			"Tell what of a page's registered requirements a test plan does not cover. Its tables have columns ID, Requirement, Criterion, Kind (positive, negative, edge), Title, Steps, Expected.",
			`{"type":"object","properties":{
"page_id":{"type":"string","description":"page with the requirements; id or address"},
"test_plan":{"type":"string","description":"page with the test cases; id or address; default the one that was written for the page"},
"kinds":{"type":"array","items":{"type":"string","enum":["positive","negative","edge"]},"description":"kinds that each requirement needs; default all"}},
"required":["page_id"]}`),
		pages: func(a planArgs) []toolconfluence.Ref { return []toolconfluence.Ref{a.Page, a.Plan} },
		run:   runCheckPlan,
	}
}

func runCheckPlan(ctx context.Context, j job, a planArgs) (any, error) {
	page, err := j.glance(ctx, a.Page)
	if err != nil {
		return nil, err
	}
	if len(page.kept.Requirements) == 0 {
		return nil, refuse("page %s has no registered requirements; register them with atlassian_register_requirements first", page.ID)
	}
	plan, at, err := j.planFor(ctx, page, a.Plan)
	if err != nil {
		return nil, err
	}
	c := requirement.Cover(page.kept.Register, plan, requirement.Written{Page: page.ID, At: at.Version.When, Kinds: a.Kinds})
	out := planAnswer{
		Complete: c.Complete, Cases: len(plan.Cases), Requirements: len(c.Requirements), Uncovered: []string{}, Gaps: []gap{},
		Unknown: doubts(c.Unknown), Duplicates: doubts(c.Duplicates), Stale: doubts(c.Stale), Unkind: doubts(c.Unkind), Plan: at.ID,
	}
	for _, id := range c.Uncovered {
		out.Uncovered = append(out.Uncovered, requirement.Reference{Page: page.ID, ID: id}.String())
	}
	for _, one := range c.Requirements {
		if len(one.Missing) > 0 || len(one.Criteria) > 0 {
			out.Gaps = append(out.Gaps, gapOf(page.ID, one))
		}
	}
	switch {
	case at.ID == "":
		out.Note = "the page has no test plan yet"
	case plan.Tables == 0:
		out.Note = "the page has no table of test cases: a table needs a column Requirement or Criterion, and one of Steps, Expected and Kind"
	case behind(page):
		out.Complete = false
		out.Note = "the page has changed since its requirements were registered; register them again first"
	}
	return out.fitted()
}

func gapOf(page string, one requirement.Covered) gap {
	out := gap{Ref: requirement.Reference{Page: page, ID: one.ID}.String(), Title: clip(one.Title, maxName), Kinds: one.Missing, Cases: one.Cases}
	for _, c := range one.Criteria {
		out.Criteria = append(out.Criteria, c.ID+": "+clip(c.Text, maxText))
	}
	return out
}

func doubts(list []requirement.Doubt) []doubt {
	out := []doubt{}
	for _, d := range list {
		out = append(out, doubt{d.Case, d.Why})
	}
	return out
}

// fitted leaves entries out at the ends of the lists until the result fits.
func (a planAnswer) fitted() (any, error) {
	for {
		text, err := encode(a)
		if err != nil || len(text) <= maxResult {
			return a, err
		}
		a.Cut = "the lists are cut to their first entries: cure these, and ask again"
		a.Gaps = a.Gaps[:len(a.Gaps)*3/4]
		for _, list := range []*[]doubt{&a.Unknown, &a.Duplicates, &a.Stale, &a.Unkind} {
			*list = (*list)[:len(*list)*3/4]
		}
		a.Uncovered = a.Uncovered[:len(a.Uncovered)*7/8]
	}
}

// plan reads the test cases of a page.
func (j job) plan(ctx context.Context, ref toolconfluence.Ref) (requirement.Plan, confluence.Page, error) {
	page, err := j.wiki.Load(ctx, ref, confluence.PageRead{Body: true})
	if err != nil {
		return requirement.Plan{}, page, err
	}
	d, _ := storage.Parse(page.Body)
	return requirement.ReadPlan(d), page, nil
}

// planFor reads the test cases of a page that is named, or of the one that was written
// for the page with the requirements, whose ID is "" if there is none.
func (j job) planFor(ctx context.Context, page loaded, named toolconfluence.Ref) (requirement.Plan, confluence.Page, error) {
	if named.Given() {
		return j.plan(ctx, named)
	}
	at, err := j.planOf(ctx, page, page.Title+" - Test Plan")
	if err != nil || at.ID == "" {
		return requirement.Plan{}, at, err
	}
	d, _ := storage.Parse(at.Body)
	return requirement.ReadPlan(d), at, nil
}

// behind reports whether a page has a version that nobody registered.
func behind(page loaded) bool { return page.Version.Number > page.kept.Seen }
