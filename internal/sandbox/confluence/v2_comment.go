package confluence

import (
	"net/http"
	"slices"
)

func commentEndpoints() []endpoint {
	var list []endpoint
	for path, inline := range map[string]bool{"footer-comments": false, "inline-comments": true} {
		list = append(list,
			endpoint{method: "GET", path: "/pages/{id}/" + path, status: 200, do: comments(inline)},
			endpoint{method: "POST", path: "/" + path, status: 201, do: createComment(inline)},
			endpoint{method: "GET", path: "/" + path + "/{id}", status: 200, do: getComment(inline)},
			endpoint{method: "PUT", path: "/" + path + "/{id}", status: 200, do: putComment(inline)},
			endpoint{method: "DELETE", path: "/" + path + "/{id}", status: 204, do: removeComment(inline)},
			endpoint{method: "GET", path: "/" + path + "/{id}/children", status: 200, do: replies(inline)},
		)
	}
	return list
}

// remark is a comment of one sort by the id in the path.
func (t *tx) comment(id string, inline bool) (*content, error) {
	c, err := t.find(id, isComment)
	if err != nil || (c.inline != nil) != inline {
		return nil, missing("Cannot find comment with id: " + id)
	}
	return c, nil
}

// commentV2 is what all forms of a comment have.
func (t *tx) commentV2(c *content, call *call) (obj, error) {
	body, err := call.bodyV2(c.text())
	if err != nil {
		return nil, err
	}
	out := obj{
		"id": c.idText(), "status": c.status, "title": c.now().title, "version": versionV2(c.now()), "body": body,
		"_links": obj{"webui": t.webPath(c)},
	}
	if c.inline != nil {
		out["resolutionStatus"] = c.inline.resolution
		out["properties"] = obj{"inlineMarkerRef": c.inline.ref, "inlineOriginalSelection": c.inline.selection}
	}
	return out, nil
}

// oneComment is a comment as the answer to a request for it.
func (t *tx) oneComment(c *content, call *call) (any, error) {
	out, err := t.commentV2(c, call)
	if err != nil {
		return nil, err
	}
	if c.above == nil {
		out["pageId"] = c.page.idText()
	} else {
		out["parentCommentId"] = c.above.idText()
		out["pageId"] = c.page.idText()
	}
	if links, ok := out["_links"].(obj); ok {
		links["base"] = t.web
	}
	return out, nil
}

// listed is a part of a list of comments, by the time they were made.
func (t *tx) listComments(c *call, list []*content, member string, value func(*content) string) (any, error) {
	if c.query("sort") == "-created-date" {
		slices.Reverse(list)
	}
	var wrong error
	body, err := listV2(t, c, list, func(one *content) obj {
		out, err := t.commentV2(one, c)
		if err != nil {
			wrong = err
			return nil
		}
		out[member] = value(one)
		return out
	})
	if wrong != nil {
		return nil, wrong
	}
	return body, err
}

func comments(inline bool) func(*tx, *call) (any, error) {
	return func(t *tx, c *call) (any, error) {
		p, err := t.find(c.path("id"), isPage)
		if err != nil {
			return nil, err
		}
		list := slices.DeleteFunc(t.of(p, isComment), func(one *content) bool { return one.above != nil || (one.inline != nil) != inline })
		return t.listComments(c, list, "pageId", func(one *content) string { return one.page.idText() })
	}
}

func replies(inline bool) func(*tx, *call) (any, error) {
	return func(t *tx, c *call) (any, error) {
		to, err := t.comment(c.path("id"), inline)
		if err != nil {
			return nil, err
		}
		list := slices.DeleteFunc(t.of(to.page, isComment), func(one *content) bool { return one.above != to })
		return t.listComments(c, list, "parentCommentId", func(one *content) string { return one.above.idText() })
	}
}

func getComment(inline bool) func(*tx, *call) (any, error) {
	return func(t *tx, c *call) (any, error) {
		one, err := t.comment(c.path("id"), inline)
		if err != nil {
			return nil, err
		}
		return t.oneComment(one, c)
	}
}

// commentInput is the body of a write of a comment.
type commentInput struct {
	PageID                  string
	ParentCommentID         string
	Body                    written
	InlineCommentProperties *struct {
		TextSelection           string
		TextSelectionMatchCount int
		TextSelectionMatchIndex int
	}
	Version  struct{ Number int }
	Resolved *bool
}

func createComment(inlined bool) func(*tx, *call) (any, error) {
	return func(t *tx, c *call) (any, error) {
		var in commentInput
		if err := c.decode(&in); err != nil {
			return nil, err
		}
		body, err := in.Body.storage()
		if err != nil {
			return nil, err
		}
		if (in.PageID == "") == (in.ParentCommentID == "") {
			return nil, refuse(http.StatusBadRequest, "Exactly one of pageId and parentCommentId must be provided")
		}
		r := remark{body: body}
		if in.ParentCommentID != "" {
			if r.above, err = t.comment(in.ParentCommentID, inlined); err != nil {
				return nil, err
			}
			r.page, r.inline = r.above.page, r.above.inline
		} else {
			if r.page, err = t.find(in.PageID, isPage); err != nil {
				return nil, err
			}
			if r.inline, err = in.selection(t, inlined); err != nil {
				return nil, err
			}
		}
		made, err := t.addComment(r)
		if err != nil {
			return nil, err
		}
		return t.oneComment(made, c)
	}
}

// selection is the piece of text that a comment is about.
func (in commentInput) selection(t *tx, inlined bool) (*inline, error) {
	if !inlined {
		return nil, nil
	}
	p := in.InlineCommentProperties
	if p == nil || p.TextSelection == "" || p.TextSelectionMatchCount <= p.TextSelectionMatchIndex {
		return nil, refuse(http.StatusBadRequest, "inlineCommentProperties must tell the text, and a count greater than the index")
	}
	return t.newInline(p.TextSelection, p.TextSelectionMatchIndex), nil
}

func putComment(inlined bool) func(*tx, *call) (any, error) {
	return func(t *tx, c *call) (any, error) {
		one, err := t.comment(c.path("id"), inlined)
		if err != nil {
			return nil, err
		}
		var in commentInput
		if err := c.decode(&in); err != nil {
			return nil, err
		}
		body := one.text()
		if in.Body.Representation != "" {
			if body, err = in.Body.storage(); err != nil {
				return nil, err
			}
		}
		if err := t.updateComment(one, body, in.Version.Number, 2, in.Resolved); err != nil {
			return nil, err
		}
		out, err := t.oneComment(one, c)
		if edited, ok := out.(obj); ok && !inlined {
			edited["_links"] = obj{"webui": t.webPath(one)} // as described, without the site's address
		}
		return out, err
	}
}

func removeComment(inlined bool) func(*tx, *call) (any, error) {
	return func(t *tx, c *call) (any, error) {
		one, err := t.comment(c.path("id"), inlined)
		if err != nil {
			return nil, err
		}
		return nil, t.deleteComment(one)
	}
}
