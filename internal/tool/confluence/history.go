package confluence

import (
	"context"
	"fmt"
	"strconv"

	"github.com/aofctl/aofctl/internal/atlassian/confluence"
	"github.com/aofctl/aofctl/internal/markup"
	"github.com/aofctl/aofctl/internal/tool"
)

type historyArgs struct {
	Page  Ref    `json:"page_id"`
	Limit int    `json:"limit"`
	From  string `json:"page_token"`
}

func (t *Tools) getPageHistory() tool.Tool {
	return handler[historyArgs]{
		tools: t,
		spec: spec("confluence_get_page_history", tool.Read, "List the versions of a page, newest first, with who made them and why.", `{"type":"object","properties":{
"page_id":{"type":"string","description":"id or address"},
"limit":{"type":"integer","description":"default 20, at most 100"},
"page_token":{"type":"string"}},
"required":["page_id"]}`, "confluence_get_history", "confluence_list_versions"),
		page: func(a historyArgs) Ref { return a.Page },
		run: func(ctx context.Context, j job, a historyArgs) (tool.Result, error) {
			page, err := j.load(ctx, a.Page, confluence.PageRead{})
			if err != nil {
				return tool.Result{}, err
			}
			list, err := j.api.Versions(ctx, page.ID, confluence.Part{Limit: bounded(a.Limit, 20, 100), From: a.From})
			rows := make([]string, 0, len(list.Items))
			for _, v := range list.Items {
				rows = append(rows, row(strconv.Itoa(v.Number), minute(v.When), j.person(ctx, v.By), v.Message))
			}
			return tool.Result{Text: table("versions of page "+page.ID+" (number | when | who | why)", rows, list.Next), Target: target(page.ID)}, err
		},
	}
}

type diffArgs struct {
	Page Ref    `json:"page_id"`
	From int    `json:"from_version"`
	To   int    `json:"to_version"`
	Next string `json:"page_token"`
}

func (t *Tools) diffVersions() tool.Tool {
	return handler[diffArgs]{
		tools: t,
		spec: spec("confluence_diff_versions", tool.Read, "Show what changed between two versions of a page.", `{"type":"object","properties":{
"page_id":{"type":"string","description":"id or address"},
"from_version":{"type":"integer","description":"default the one before"},
"to_version":{"type":"integer","description":"default the newest"},
"page_token":{"type":"string"}},
"required":["page_id"]}`, "confluence_get_page_diff"),
		page: func(a diffArgs) Ref { return a.Page },
		run:  runDiff,
	}
}

func runDiff(ctx context.Context, j job, a diffArgs) (tool.Result, error) {
	after, err := j.load(ctx, a.Page, confluence.PageRead{Body: true, Version: max(a.To, 0)})
	if err != nil {
		return tool.Result{}, err
	}
	from := a.From
	if from <= 0 {
		from = after.Version.Number - 1
	}
	if from <= 0 {
		return tool.Result{}, refuse("page %s has one version only", after.ID)
	}
	before, err := j.api.Page(ctx, after.ID, confluence.PageRead{Body: true, Version: from})
	if err != nil {
		return tool.Result{}, err
	}
	head := fmt.Sprintf("page %s, version %d to %d:\n", after.ID, from, after.Version.Number)
	if before.Title != after.Title {
		head += fmt.Sprintf("title: %q is now %q\n", line(before.Title), line(after.Title))
	}
	old, _ := markup.StorageToMarkdown(before.Body)
	now, _ := markup.StorageToMarkdown(after.Body)
	diff := markup.Diff(old, now)
	switch {
	case before.Body == after.Body:
		diff = "the text is the same"
	case diff == "":
		diff = "the words are the same; only their form differs"
	}
	text, err := window(head, diff, a.Next)
	return tool.Result{Text: text, Target: target(after.ID)}, err
}
