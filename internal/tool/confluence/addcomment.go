package confluence

import (
	"context"
	"strings"
	"time"

	"github.com/aofctl/aofctl/internal/atlassian/confluence"
	"github.com/aofctl/aofctl/internal/markup/storage"
	"github.com/aofctl/aofctl/internal/tool"
)

// commentKind is how comments are called in the ledger; routing looks our own up by it,
// and Jira numbers its comments on its own.
const commentKind = "confluence comment"

type addCommentArgs struct {
	Page       Ref    `json:"page_id"`
	Body       string `json:"body"`
	Parent     string `json:"parent_comment_id"`
	Selection  string `json:"selection"`
	Occurrence int    `json:"occurrence"`
}

func (t *Tools) addComment() tool.Tool {
	s := spec("confluence_add_comment", tool.Write, "Comment on a page, on a piece of its text, or answer a comment.", `{"type":"object","properties":{
"page_id":{"type":"string","description":"id or address"},
"body":{"type":"string","description":"Markdown"},
"parent_comment_id":{"type":"string","description":"the comment that is answered"},
"selection":{"type":"string","description":"the piece of the page's text, word for word"},
"occurrence":{"type":"integer","description":"which of several such pieces, from 1"}},
"required":["page_id","body"]}`, "confluence_post_comment", "confluence_reply_comment")
	s.Comments = true
	return handler[addCommentArgs]{
		tools: t, spec: s,
		page: func(a addCommentArgs) Ref { return a.Page },
		run:  runAddComment,
	}
}

func runAddComment(ctx context.Context, j job, a addCommentArgs) (tool.Result, error) {
	page, err := j.load(ctx, a.Page, confluence.PageRead{Body: a.Selection != ""})
	if err != nil {
		return tool.Result{}, err
	}
	n := confluence.NewComment{PageID: page.ID, ParentID: strings.TrimSpace(a.Parent), Body: j.written(a.Body, "", j.options(nil))}
	parent := confluence.Comment{}
	switch {
	case strings.TrimSpace(a.Body) == "":
		return tool.Result{}, refuse("the body is empty; a comment needs text")
	case n.ParentID != "" && a.Selection != "":
		return tool.Result{}, refuse("an answer to a comment has no selection of its own")
	case n.ParentID != "":
		if parent, err = j.api.Comment(ctx, n.ParentID); err != nil {
			return tool.Result{}, err
		}
		if parent.PageID != page.ID {
			return tool.Result{}, refuse("comment %s is not at page %s", n.ParentID, page.ID)
		}
	case a.Selection != "":
		if n.Inline, err = selection(page.Body, a.Selection, a.Occurrence); err != nil {
			return tool.Result{}, err
		}
	}
	id, err := j.once(ctx, j.call.ID, tool.Action{
		Kind: commentKind, Target: target(page.ID),
		Find: func(ctx context.Context, since time.Time) (string, bool, error) {
			return j.findComment(ctx, n, parent, since)
		},
		Send: func(ctx context.Context) (string, error) {
			made, err := j.api.AddComment(ctx, n)
			return made.ID, err
		},
	})
	if err != nil {
		return tool.Result{}, err
	}
	return ack(page.ID, "Posted comment %s on page %s.", id, page.ID)
}

// selection finds a piece of a page's text.
func selection(body, wanted string, occurrence int) (*confluence.Selection, error) {
	wanted = line(wanted)
	count := strings.Count(storage.Text(body), wanted)
	switch {
	case count == 0:
		return nil, refuse("the page's text has no %q, word for word and within one paragraph", shorten(wanted))
	case occurrence < 0 || occurrence > count:
		return nil, refuse("the page's text has %q %d times; occurrence counts from 1", shorten(wanted), count)
	case count > 1 && occurrence == 0:
		return nil, refuse("the page's text has %q %d times: give occurrence, or a longer piece", shorten(wanted), count)
	}
	return &confluence.Selection{Text: wanted, Index: max(occurrence-1, 0), Count: count}, nil
}

// findComment looks for a comment of ours that says what this one does, in the same
// place. Confluence keeps no marker of ours at a comment from its beginning.
func (j job) findComment(ctx context.Context, n confluence.NewComment, parent confluence.Comment, since time.Time) (string, bool, error) {
	me, err := j.api.Me(ctx)
	if err != nil {
		return "", false, err
	}
	since = since.Add(-clockSkew)
	says := letters(n.Body)
	part := confluence.Part{Limit: 100}
	for range maxLooked {
		var list confluence.List[confluence.Comment]
		if n.ParentID != "" {
			list, err = j.api.Replies(ctx, parent, part)
		} else {
			list, err = j.api.Comments(ctx, n.PageID, confluence.CommentQuery{Inline: n.Inline != nil, Part: part})
		}
		if err != nil {
			return "", false, err
		}
		for _, c := range list.Items {
			at := n.Inline == nil || line(c.Selection) == n.Inline.Text
			if at && c.Version.Number <= 1 && c.Version.By.Same(me) && !c.Version.When.Before(since) && letters(c.Body) == says {
				return c.ID, true, nil
			}
		}
		if list.Next == "" {
			return "", false, nil
		}
		part.From = list.Next
	}
	return "", false, nil
}
