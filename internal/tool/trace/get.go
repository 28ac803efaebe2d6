package trace

import (
	"context"

	"github.com/aofctl/aofctl/internal/requirement"
	"github.com/aofctl/aofctl/internal/tool"
	toolconfluence "github.com/aofctl/aofctl/internal/tool/confluence"
)

type pageArgs struct {
	Page toolconfluence.Ref `json:"page_id"`
}

// shown is a requirement in a result.
type shown struct {
	Ref      string   `json:"ref,omitempty"`
	ID       string   `json:"id,omitempty"`
	Title    string   `json:"title,omitempty"`
	Section  string   `json:"section,omitempty"`
	State    string   `json:"state,omitempty"`
	What     []string `json:"changed,omitempty"`
	Criteria []string `json:"criteria,omitempty"`
	Added    []string `json:"criteria_added,omitempty"`
	Dropped  []string `json:"criteria_dropped,omitempty"`
	Edited   []string `json:"criteria_edited,omitempty"`
	Issues   []string `json:"issues,omitempty"`
	// Outdated are issues that were not brought into step with what the requirement is
	// now: since then it changed, was removed, or returned.
	Outdated []string `json:"outdated_issues,omitempty"`
}

// show makes a result's entry of a requirement.
func show(page string, r requirement.Requirement, criteria bool) shown {
	out := shown{
		Ref: requirement.Reference{Page: page, ID: r.ID}.String(), ID: r.ID, Title: clip(r.Name(), maxName), Section: clip(r.Section, maxName),
		State: string(r.State), Issues: r.Keys(),
	}
	if criteria {
		for _, c := range r.Criteria {
			out.Criteria = append(out.Criteria, c.ID+": "+clip(c.Text, maxText))
		}
	}
	for _, i := range r.Issues {
		if r.Behind(i) {
			out.Outdated = append(out.Outdated, i.Key)
		}
	}
	return out
}

type requirementsAnswer struct {
	Page       string   `json:"page"`
	Title      string   `json:"title"`
	Version    int      `json:"version"`
	Registered bool     `json:"registered"`
	AsOf       int      `json:"registered_with_version,omitempty"`
	PageIssues []string `json:"page_issues,omitempty"`
	// Plan is the page with the test cases that were written for this one.
	Plan string `json:"test_plan,omitempty"`
	// Browse is what the address of an issue begins with, before its key.
	Browse string `json:"browse"`
	// Requirements are those of the register, Found what the page says besides.
	Requirements []shown `json:"requirements"`
	Found        []shown `json:"not_registered,omitempty"`
	Cut          string  `json:"cut,omitempty"`
}

func (t *Tools) getRequirements() tool.Tool {
	return handler[pageArgs]{
		tools: t,
		spec: spec("atlassian_get_requirements", tool.Read, "List the requirements of a page that are registered, with their issues, and what looks like further ones.",
			`{"type":"object","properties":{"page_id":{"type":"string","description":"id or address"}},"required":["page_id"]}`),
		pages: func(a pageArgs) []toolconfluence.Ref { return []toolconfluence.Ref{a.Page} },
		run: func(ctx context.Context, j job, a pageArgs) (any, error) {
			page, err := j.load(ctx, a.Page)
			if err != nil {
				return nil, err
			}
			out := answerOf(page)
			out.Browse = j.jira.Client().BrowseURL("")
			return fitted(out, func(a *requirementsAnswer) []*[]shown { return []*[]shown{&a.Found, &a.Requirements} },
				func(a *requirementsAnswer, cut string) { a.Cut = cut })
		},
	}
}

func answerOf(page loaded) requirementsAnswer {
	out := requirementsAnswer{
		Page: page.ID, Title: page.Title, Version: page.Version.Number, Registered: page.kept.there, AsOf: page.kept.Seen,
		Requirements: []shown{},
	}
	if page.kept.Plan != nil {
		out.Plan = page.kept.Plan.Page
	}
	for _, i := range page.kept.Issues {
		out.PageIssues = append(out.PageIssues, i.Key)
	}
	for _, r := range page.kept.Requirements {
		out.Requirements = append(out.Requirements, show(page.ID, r, r.State == requirement.Current))
	}
	for _, c := range page.outline.Unregistered(page.kept.Register) {
		one := shown{ID: c.Explicit, Title: clip(c.Title, maxName), Section: clip(c.Section, maxName)}
		for _, text := range c.Criteria {
			one.Criteria = append(one.Criteria, clip(text, maxText))
		}
		out.Found = append(out.Found, one)
	}
	return out
}
