package confluence

import (
	"context"
	"fmt"
	"strings"

	"github.com/aofctl/aofctl/internal/atlassian/confluence"
	"github.com/aofctl/aofctl/internal/markup"
	"github.com/aofctl/aofctl/internal/tool"
)

type getCommentsArgs struct {
	Page  Ref    `json:"page_id"`
	Kind  string `json:"kind"`
	Limit int    `json:"limit"`
	From  string `json:"page_token"`
}

// kindInline is the kind of comments on a piece of the text.
const kindInline = "inline"

func (t *Tools) getComments() tool.Tool {
	return handler[getCommentsArgs]{
		tools: t,
		spec: spec("confluence_get_comments", tool.Read, "Read the comments of a page with their answers, newest first.", `{"type":"object","properties":{
"page_id":{"type":"string","description":"id or address"},
"kind":{"type":"string","enum":["footer","inline"],"description":"below the page (default), or on its text"},
"limit":{"type":"integer","description":"default 10, at most 50"},
"page_token":{"type":"string"}},
"required":["page_id"]}`),
		page: func(a getCommentsArgs) Ref { return a.Page },
		run:  runGetComments,
	}
}

func runGetComments(ctx context.Context, j job, a getCommentsArgs) (tool.Result, error) {
	page, err := j.load(ctx, a.Page, confluence.PageRead{})
	if err != nil {
		return tool.Result{}, err
	}
	q := confluence.CommentQuery{Inline: a.Kind == kindInline, Part: confluence.Part{Limit: bounded(a.Limit, 10, 50), From: a.From}}
	list, err := j.api.Comments(ctx, page.ID, q)
	if err != nil {
		return tool.Result{}, err
	}
	var rows []string
	for _, c := range list.Items {
		rows = append(rows, j.comment(ctx, c, ""))
		replies, err := j.api.Replies(ctx, c, confluence.Part{Limit: 25})
		if err != nil {
			return tool.Result{}, err
		}
		for _, reply := range replies.Items {
			rows = append(rows, j.comment(ctx, reply, "  "))
		}
		if replies.Next != "" {
			rows = append(rows, "  (and more answers)")
		}
	}
	head := fmt.Sprintf("%d comments, newest first:", len(list.Items))
	if len(rows) == 0 {
		head = "no comments"
	}
	return tool.Result{Text: table(head, rows, list.Next), Target: target(page.ID)}, nil
}

func (j job) comment(ctx context.Context, c confluence.Comment, indent string) string {
	text, _ := markup.StorageToMarkdown(c.Body)
	about := ""
	if c.Inline && c.Selection != "" {
		about = fmt.Sprintf(" on %q", shorten(line(c.Selection)))
	}
	if c.Resolution != "" && c.Resolution != confluence.ResolutionOpen {
		about += ", " + c.Resolution
	}
	head := fmt.Sprintf("[%s] %s, %s%s:", c.ID, j.person(ctx, c.Version.By), minute(c.Version.When), about)
	return indent + head + "\n" + indented(text, indent+"  ")
}

func indented(text, by string) string {
	return by + strings.ReplaceAll(strings.TrimSpace(text), "\n", "\n"+by)
}
