package trace

import (
	"context"
	"encoding/json"

	"github.com/aofctl/aofctl/internal/atlassian/confluence"
	"github.com/aofctl/aofctl/internal/requirement"
	"github.com/aofctl/aofctl/internal/tool"
	toolconfluence "github.com/aofctl/aofctl/internal/tool/confluence"
	tooljira "github.com/aofctl/aofctl/internal/tool/jira"
)

type issueArgs struct {
	Issue tooljira.Key `json:"issue_key"`
}

// foundRequirement is a requirement that an issue belongs to.
type foundRequirement struct {
	shown

	Page      string `json:"page"`
	PageTitle string `json:"page_title"`
	// URL leads to the requirement on the page.
	URL string `json:"url"`
	// Version is that of the page; with Behind nobody has registered it yet.
	Version int    `json:"version"`
	Behind  bool   `json:"behind,omitempty"`
	Plan    string `json:"test_plan,omitempty"`
}

type findAnswer struct {
	Issue        string             `json:"issue"`
	Requirements []foundRequirement `json:"requirements"`
	// Elsewhere counts what the issue is linked to and may not be read or is gone.
	Elsewhere int `json:"elsewhere"`
}

// maxTied bounds how many links of one issue are looked at.
const maxTied = 10

func (t *Tools) findRequirements() tool.Tool {
	return handler[issueArgs]{
		tools: t,
		spec: spec("atlassian_find_requirements", tool.Read, "Tell which requirements of which pages an issue belongs to, by its links or by what its description names.",
			`{"type":"object","properties":{"issue_key":{"type":"string"}},"required":["issue_key"]}`),
		pages:  func(issueArgs) []toolconfluence.Ref { return nil },
		issues: func(a issueArgs) []tooljira.Key { return []tooljira.Key{a.Issue} },
		run:    runFind,
	}
}

func runFind(ctx context.Context, j job, a issueArgs) (any, error) {
	if err := j.jira.Admit(ctx, a.Issue); err != nil {
		return nil, asJira(err)
	}
	refs, err := j.namedBy(ctx, a.Issue.String())
	if err != nil {
		return nil, err
	}
	out := findAnswer{Issue: a.Issue.String(), Requirements: []foundRequirement{}}
	pages := map[string]loaded{}
	for _, ref := range refs[:min(len(refs), maxTied)] {
		page, ok := pages[ref.Page]
		if !ok {
			if page, err = j.glance(ctx, toolconfluence.PageOf(ref.Page)); err != nil {
				if failed, err := outcome("", "", err); err != nil || !failed.Failed {
					return nil, err
				}
				out.Elsewhere++ // outside the scope, or gone
				continue
			}
			pages[ref.Page] = page
		}
		one := page.kept.Find(ref.ID)
		if one == nil || page.Status != confluence.StatusCurrent {
			out.Elsewhere++
			continue
		}
		out.Requirements = append(out.Requirements, j.found(page, *one))
	}
	return out, nil
}

func (j job) found(page loaded, r requirement.Requirement) foundRequirement {
	out := foundRequirement{
		shown: show(page.ID, r, true), Page: page.ID, PageTitle: page.Title, URL: j.place(page.Page, &r),
		Version: page.Version.Number, Behind: behind(page),
	}
	if page.kept.Plan != nil {
		out.Plan = page.kept.Plan.Page
	}
	return out
}

// namedBy are the requirements that an issue is linked to or, without such links, that
// its description names.
func (j job) namedBy(ctx context.Context, key string) ([]requirement.Reference, error) {
	ties, err := j.ties(ctx, []string{key})
	if err != nil {
		return nil, err
	}
	var out []requirement.Reference
	seen := map[requirement.Reference]bool{}
	add := func(r requirement.Reference) {
		if r.ID != "" && !seen[r] {
			seen[r] = true
			out = append(out, r)
		}
	}
	for _, tie := range ties {
		if tie.Via == requirement.ViaLink {
			add(tie.Ref)
		}
	}
	if len(out) > 0 {
		return out, nil
	}
	issue, err := j.jira.Client().GetIssue(ctx, key, []string{"description"}, nil)
	if err != nil {
		return nil, asJira(err)
	}
	var description string
	_ = json.Unmarshal(issue.Fields["description"], &description)
	for _, ref := range requirement.Mentions(description) {
		add(ref)
	}
	return out, nil
}
