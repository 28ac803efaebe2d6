package trace

import (
	"context"
	"strconv"

	"github.com/aofctl/aofctl/internal/requirement"
	"github.com/aofctl/aofctl/internal/tool"
	toolconfluence "github.com/aofctl/aofctl/internal/tool/confluence"
)

type traceArgs struct {
	Page  toolconfluence.Ref   `json:"page_id"`
	Pages []toolconfluence.Ref `json:"pages"`
	JQL   string               `json:"jql"`
	Plan  toolconfluence.Ref   `json:"test_plan"`
	From  string               `json:"page_token"`
}

func (a traceArgs) pages() []toolconfluence.Ref {
	out := a.Pages
	if a.Page.Given() {
		out = append([]toolconfluence.Ref{a.Page}, out...)
	}
	return out
}

// maxPages bounds how many pages one matrix is about.
const maxPages = 20

func (t *Tools) trace() tool.Tool {
	return handler[traceArgs]{
		tools: t, searches: true,
		spec: spec("atlassian_trace", tool.Read,
			"Requirements of pages by issues, from links, registers and mentions, with what is missing on both sides; as JSON with the matrix in Markdown.",
			`{"type":"object","properties":{
"page_id":{"type":"string","description":"id or address"},
"pages":{"type":"array","items":{"type":"string"},"description":"further pages"},
"jql":{"type":"string","description":"issues that should each have a requirement"},
"test_plan":{"type":"string","description":"page with test cases of page_id"},
"page_token":{"type":"string","description":"next of the result before"}},
"required":[]}`),
		pages: func(a traceArgs) []toolconfluence.Ref {
			if a.Plan.Given() {
				return append(a.pages(), a.Plan)
			}
			return a.pages()
		},
		run: runTrace,
	}
}

func runTrace(ctx context.Context, j job, a traceArgs) (any, error) {
	refs := a.pages()
	switch {
	case len(refs) == 0:
		return nil, refuse("page_id is missing: the id or the address of a page")
	case len(refs) > maxPages:
		return nil, refuse("%d pages are given, at most %d are possible", len(refs), maxPages)
	}
	from := 0
	if a.From != "" {
		n, err := strconv.Atoi(a.From)
		if err != nil || n < 0 {
			return nil, refuse("page_token %q is not one that a result before gave", clip(a.From, maxName))
		}
		from = n
	}
	g := &gatherer{job: j}
	for _, ref := range refs {
		page, err := j.glance(ctx, ref)
		if err != nil {
			return nil, err
		}
		g.add(page)
	}
	if err := g.gather(ctx, a.JQL); err != nil {
		return nil, err
	}
	if a.Plan.Given() {
		plan, _, err := j.plan(ctx, a.Plan)
		if err != nil {
			return nil, err
		}
		g.sources.Plan = &plan
	}
	return reported(requirement.Trace(g.sources), g, from)
}
