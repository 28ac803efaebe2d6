package confluence

import (
	"context"
	"strings"
	"time"

	"github.com/aofctl/aofctl/internal/atlassian/confluence"
	"github.com/aofctl/aofctl/internal/tool"
)

type updateCommentArgs struct {
	Page     Ref    `json:"page_id"`
	Comment  string `json:"comment_id"`
	Body     string `json:"body"`
	Resolved *bool  `json:"resolved"`
}

func (t *Tools) updateComment() tool.Tool {
	return handler[updateCommentArgs]{
		tools: t,
		spec: spec("confluence_update_comment", tool.Write, "Change a comment of yours on a page, or resolve an inline comment (Cloud).", `{"type":"object","properties":{
"page_id":{"type":"string","description":"id or address"},
"comment_id":{"type":"string"},
"body":{"type":"string","description":"Markdown; the new text"},
"resolved":{"type":"boolean","description":"true: dealt with; false: open again"}},
"required":["page_id","comment_id"]}`, "confluence_edit_comment", "confluence_resolve_comment"),
		page: func(a updateCommentArgs) Ref { return a.Page },
		run:  runUpdateComment,
	}
}

func runUpdateComment(ctx context.Context, j job, a updateCommentArgs) (tool.Result, error) {
	body := ""
	switch {
	case strings.TrimSpace(a.Body) != "" && a.Resolved != nil:
		return tool.Result{}, refuse("give either body or resolved")
	case strings.TrimSpace(a.Body) != "":
		body = j.written(a.Body, "", j.options(nil))
	case a.Resolved == nil:
		return tool.Result{}, refuse("neither body nor resolved is given: there is nothing to change")
	}
	page, err := j.load(ctx, a.Page, confluence.PageRead{})
	if err != nil {
		return tool.Result{}, err
	}
	id := strings.TrimSpace(a.Comment)
	if _, err := j.commentOf(ctx, page, id, body != ""); err != nil {
		return tool.Result{}, err
	}
	done := func(c confluence.Comment) bool {
		if body != "" {
			return letters(c.Body) == letters(body)
		}
		return (c.Resolution == confluence.ResolutionResolved) == *a.Resolved
	}
	_, err = j.once(ctx, j.call.ID, tool.Action{
		Kind: "comment edit", Target: target(page.ID), Repeatable: true,
		Find: func(ctx context.Context, _ time.Time) (string, bool, error) {
			c, err := j.commentOf(ctx, page, id, body != "")
			return id, err == nil && done(c), err
		},
		Send: func(ctx context.Context) (string, error) {
			c, err := j.commentOf(ctx, page, id, body != "")
			switch {
			case err != nil || done(c):
			case body != "":
				_, err = j.api.UpdateComment(ctx, c, body)
			default:
				_, err = j.api.ResolveComment(ctx, c, *a.Resolved)
			}
			return id, err
		},
	})
	switch {
	case err != nil:
		return tool.Result{}, err
	case body != "":
		return ack(page.ID, "Comment %s on page %s is changed.", id, page.ID)
	case *a.Resolved:
		return ack(page.ID, "Comment %s on page %s is resolved.", id, page.ID)
	}
	return ack(page.ID, "Comment %s on page %s is open again.", id, page.ID)
}

// commentOf reads a comment of a page, which has to be ours if mine is set: what
// people wrote stays as they wrote it, even where we might change it.
func (j job) commentOf(ctx context.Context, page confluence.Page, id string, mine bool) (confluence.Comment, error) {
	if id == "" {
		return confluence.Comment{}, refuse("comment_id is missing; confluence_get_comments tells it in [brackets]")
	}
	c, err := j.api.Comment(ctx, id)
	switch {
	case err != nil:
		return c, err
	case c.PageID != page.ID:
		return c, refuse("comment %s is not at page %s", shorten(id), page.ID)
	case !mine:
		return c, nil
	}
	me, err := j.api.Me(ctx)
	if err == nil && !c.Version.By.Same(me) {
		err = refuse("comment %s is by %s; only comments of our own are changed. Answer it instead, with parent_comment_id", id, j.person(ctx, c.Version.By))
	}
	return c, err
}
