package confluence

import (
	"context"
	"fmt"
	"strings"

	"github.com/aofctl/aofctl/internal/atlassian/confluence"
	"github.com/aofctl/aofctl/internal/tool"
)

type childrenArgs struct {
	Page  Ref    `json:"page_id"`
	Depth int    `json:"depth"`
	Limit int    `json:"limit"`
	From  string `json:"page_token"`
}

func (t *Tools) getChildren() tool.Tool {
	return handler[childrenArgs]{
		tools: t,
		spec: spec("confluence_get_children", tool.Read, "List the pages below a page or folder.", `{"type":"object","properties":{
"page_id":{"type":"string","description":"id or address"},
"depth":{"type":"integer","description":"default 1, at most 10"},
"limit":{"type":"integer","description":"default 50, at most 250"},
"page_token":{"type":"string"}},
"required":["page_id"]}`, "confluence_get_page_children", "confluence_get_descendants"),
		page: func(a childrenArgs) Ref { return a.Page },
		run: func(ctx context.Context, j job, a childrenArgs) (tool.Result, error) {
			page, err := j.load(ctx, a.Page, confluence.PageRead{}, confluence.TypeFolder)
			if err != nil {
				return tool.Result{}, err
			}
			part := confluence.Part{Limit: bounded(a.Limit, 50, 250), From: a.From}
			var list confluence.List[confluence.Node]
			if depth := bounded(a.Depth, 1, 10); depth > 1 {
				list, err = j.api.Descendants(ctx, page.ID, depth, part)
			} else {
				list, err = j.api.Children(ctx, page.ID, part)
			}
			rows := make([]string, 0, len(list.Items))
			for _, n := range list.Items {
				rows = append(rows, strings.Repeat("  ", max(n.Depth-1, 0))+node(n))
			}
			return tool.Result{Text: table(fmt.Sprintf("%d below page %s (id | title)", len(rows), page.ID), rows, list.Next), Target: target(page.ID)}, err
		},
	}
}

func node(n confluence.Node) string {
	out := row(n.ID, n.Title)
	if n.Type != "" && n.Type != "page" {
		out += " | " + n.Type
	}
	if n.Depth > 1 && n.ParentID != "" {
		out += " | below " + n.ParentID
	}
	return out
}

func (t *Tools) getAncestors() tool.Tool {
	return handler[pageArgs]{
		tools: t, spec: spec("confluence_get_ancestors", tool.Read, "List the pages above a page, the highest first.", pageSchema),
		page: func(a pageArgs) Ref { return a.Page },
		run: func(ctx context.Context, j job, a pageArgs) (tool.Result, error) {
			page, err := j.load(ctx, a.Page, confluence.PageRead{})
			if err != nil {
				return tool.Result{}, err
			}
			list, err := j.api.Ancestors(ctx, page.ID)
			rows := make([]string, 0, len(list))
			for _, n := range list {
				n.Depth = 0
				rows = append(rows, node(n))
			}
			return tool.Result{Text: table(fmt.Sprintf("%d above page %s (id | title)", len(rows), page.ID), rows, ""), Target: target(page.ID)}, err
		},
	}
}
