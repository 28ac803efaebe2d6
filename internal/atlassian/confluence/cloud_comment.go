package confluence

import (
	"context"
	"net/http"
	"net/url"
)

// rawComment is a comment as version 2 tells it, in its several forms.
type rawComment struct {
	ID               string      `json:"id"`
	PageID           string      `json:"pageId"`
	ParentCommentID  string      `json:"parentCommentId"`
	Version          rawVersion2 `json:"version"`
	Body             rawBody     `json:"body"`
	ResolutionStatus string      `json:"resolutionStatus"`
	Properties       struct {
		Selection string `json:"inlineOriginalSelection"`
	} `json:"properties"`
	Links links `json:"_links"`
}

// commentPath is where comments of a sort are.
func commentPath(inline bool) string {
	if inline {
		return "inline-comments"
	}
	return "footer-comments"
}

func (c *cloud) comment(inline bool) func(rawComment) Comment {
	return func(r rawComment) Comment {
		out := Comment{
			ID: r.ID, PageID: r.PageID, ParentID: r.ParentCommentID, Body: r.Body.Storage.Value, Version: r.Version.version(),
			Inline: inline, URL: c.WebURL(r.Links.WebUI),
		}
		if inline {
			out.Selection, out.Resolution = r.Properties.Selection, r.ResolutionStatus
		}
		return out
	}
}

// Comments implements API.
func (c *cloud) Comments(ctx context.Context, pageID string, q CommentQuery) (List[Comment], error) {
	query := q.query()
	query.Set("body-format", "storage")
	query.Set("sort", "-created-date")
	found, err := list(ctx, c, v2("pages", pageID, commentPath(q.Inline)), query, c.comment(q.Inline))
	for i := range found.Items {
		found.Items[i].PageID = pageID
	}
	return found, err
}

// Replies implements API.
func (c *cloud) Replies(ctx context.Context, to Comment, p Part) (List[Comment], error) {
	query := p.query()
	query.Set("body-format", "storage")
	query.Set("sort", "created-date")
	found, err := list(ctx, c, v2(commentPath(to.Inline), to.ID, "children"), query, c.comment(to.Inline))
	for i := range found.Items {
		found.Items[i].PageID, found.Items[i].ParentID = to.PageID, to.ID
	}
	return found, err
}

// Comment implements API. An id does not tell the sort of its comment.
func (c *cloud) Comment(ctx context.Context, id string) (Comment, error) {
	query := url.Values{"body-format": {"storage"}}
	var raw rawComment
	err := c.get(ctx, v2("footer-comments", id), query, &raw)
	if !NotFound(err) {
		return c.comment(false)(raw), err
	}
	err = c.get(ctx, v2("inline-comments", id), query, &raw)
	return c.comment(true)(raw), err
}

// AddComment implements API.
func (c *cloud) AddComment(ctx context.Context, n NewComment) (Comment, error) {
	inline := n.Inline != nil
	body := map[string]any{"body": storage(n.Body)}
	switch {
	case n.ParentID != "":
		parent, err := c.Comment(ctx, n.ParentID)
		if err != nil {
			return Comment{}, err
		}
		inline, n.PageID = parent.Inline, parent.PageID
		body["parentCommentId"] = n.ParentID
	default:
		body["pageId"] = n.PageID
		if inline {
			body["inlineCommentProperties"] = map[string]any{
				"textSelection": n.Inline.Text, "textSelectionMatchCount": max(n.Inline.Count, 1), "textSelectionMatchIndex": n.Inline.Index,
			}
		}
	}
	var raw rawComment
	if err := c.write(ctx, http.MethodPost, v2(commentPath(inline)), body, &raw); err != nil {
		return Comment{}, err
	}
	return c.complete(raw, Comment{PageID: n.PageID, ParentID: n.ParentID, Body: n.Body, Inline: inline}), nil
}

// complete adds to an answer what it may leave out.
func (c *cloud) complete(raw rawComment, known Comment) Comment {
	out := c.comment(known.Inline)(raw)
	if out.PageID == "" {
		out.PageID = known.PageID
	}
	if out.ParentID == "" {
		out.ParentID = known.ParentID
	}
	if out.Body == "" {
		out.Body = known.Body
	}
	return out
}

// UpdateComment implements API.
func (c *cloud) UpdateComment(ctx context.Context, read Comment, body string) (Comment, error) {
	return c.putComment(ctx, read, map[string]any{"body": storage(body)}, body)
}

// ResolveComment implements API. The text goes along as it is, since an update
// without one is not sure to keep it.
func (c *cloud) ResolveComment(ctx context.Context, read Comment, resolved bool) (Comment, error) {
	if !read.Inline {
		return Comment{}, &UnsupportedError{Kind: Cloud, What: "resolve a comment that is not on a piece of the text"}
	}
	return c.putComment(ctx, read, map[string]any{"body": storage(read.Body), "resolved": resolved}, read.Body)
}

func (c *cloud) putComment(ctx context.Context, read Comment, body map[string]any, text string) (Comment, error) {
	next := read.Version.Number + 1
	body["version"] = nextVersion{Number: next}
	var raw rawComment
	if err := c.write(ctx, http.MethodPut, v2(commentPath(read.Inline), read.ID), body, &raw); err != nil {
		return Comment{}, asConflict(err, "comment "+read.ID, next, versionWords)
	}
	read.Body = text
	return c.complete(raw, read), nil
}

// DeleteComment implements API.
func (c *cloud) DeleteComment(ctx context.Context, read Comment) error {
	return c.remove(ctx, v2(commentPath(read.Inline), read.ID), nil)
}
