package confluence

import (
	"cmp"
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"time"
)

const commentExpand = "body.storage,version,ancestors,container,extensions.inlineProperties,extensions.resolution"

func (d *dataCenter) comment(c content) Comment {
	out := Comment{
		ID: c.ID, PageID: string(c.Container.ID), ParentID: c.parent(), Body: c.Body.Storage.Value, Version: c.Version.version(),
		Inline: c.Extensions.Location != "" && c.Extensions.Location != "footer", URL: d.WebURL(c.Links.WebUI),
	}
	if out.Inline {
		out.Selection = c.Extensions.InlineProperties.OriginalSelection
		out.Resolution = cmp.Or(c.Extensions.Resolution.Status, ResolutionOpen)
	}
	return out
}

// Comments implements API. Data Center begins with the oldest and tells no number:
// the list is read to its end and turned round.
func (d *dataCenter) Comments(ctx context.Context, pageID string, q CommentQuery) (List[Comment], error) {
	skip, err := position(q.From)
	if err != nil {
		return List[Comment]{}, err
	}
	query := url.Values{"expand": {commentExpand}, "location": {"footer"}}
	if q.Inline {
		query["location"] = []string{"inline", "resolved"}
	}
	items, err := all(func(p Part) (List[Comment], error) {
		return listed(ctx, d, d.at("content", pageID, "child", "comment"), query, p, d.comment)
	})
	if err != nil {
		return List[Comment]{}, err
	}
	slices.Reverse(items)
	items = items[min(skip, len(items)):]
	out := List[Comment]{Items: items}
	if most := q.limit(maxPart); len(items) > most {
		out.Items, out.Next = items[:most], strconv.Itoa(skip+most)
	}
	for i := range out.Items {
		out.Items[i].PageID = pageID
	}
	return out, nil
}

// Replies implements API.
func (d *dataCenter) Replies(ctx context.Context, to Comment, p Part) (List[Comment], error) {
	found, err := listed(ctx, d, d.at("content", to.ID, "child", "comment"), url.Values{"expand": {commentExpand}}, p, d.comment)
	for i := range found.Items {
		found.Items[i].PageID, found.Items[i].ParentID, found.Items[i].Inline = to.PageID, to.ID, to.Inline
	}
	return found, err
}

// Comment implements API.
func (d *dataCenter) Comment(ctx context.Context, id string) (Comment, error) {
	var raw content
	if err := d.get(ctx, d.at("content", id), url.Values{"expand": {commentExpand}}, &raw); err != nil {
		return Comment{}, err
	}
	if raw.Type != "comment" {
		return Comment{}, &MissingError{What: "comment " + id}
	}
	return d.comment(raw), nil
}

// AddComment implements API.
func (d *dataCenter) AddComment(ctx context.Context, n NewComment) (Comment, error) {
	var parent Comment
	if n.ParentID != "" {
		var err error
		if parent, err = d.Comment(ctx, n.ParentID); err != nil {
			return Comment{}, err
		}
		n.PageID = parent.PageID
	}
	body := map[string]any{"type": "comment", "container": map[string]any{"id": n.PageID, "type": "page"}, "body": inStorage(n.Body)}
	switch {
	case n.ParentID != "":
		body["ancestors"] = ref(n.ParentID)
	case n.Inline != nil:
		body["extensions"] = map[string]any{"location": "inline", "inlineProperties": n.Inline.properties(time.Now())}
	}
	var raw content
	r := request{method: http.MethodPost, path: d.at("content"), query: url.Values{"expand": {commentExpand}}, body: body}
	if err := d.do(ctx, r, &raw); err != nil {
		return Comment{}, err
	}
	out := d.comment(raw)
	out.PageID, out.ParentID, out.Inline = n.PageID, n.ParentID, parent.Inline
	if n.Inline != nil && n.ParentID == "" {
		out.Inline, out.Selection, out.Resolution = true, n.Inline.Text, ResolutionOpen
	}
	out.Body = cmp.Or(out.Body, n.Body)
	return out, nil
}

// properties are what Data Center wants to know of a selection: what its own editor
// sends, and refuses a comment without. The highlights are only shown until the
// page is loaded anew.
func (s Selection) properties(now time.Time) map[string]any {
	highlights, err := json.Marshal([][]string{{s.Text}})
	if err != nil {
		highlights = []byte("[]")
	}
	return map[string]any{
		"originalSelection": s.Text, "numMatches": max(s.Count, 1), "matchIndex": s.Index,
		"lastFetchTime": strconv.FormatInt(now.UnixMilli(), 10), "serializedHighlights": string(highlights),
	}
}

// UpdateComment implements API.
func (d *dataCenter) UpdateComment(ctx context.Context, read Comment, body string) (Comment, error) {
	next := read.Version.Number + 1
	payload := map[string]any{
		"id": read.ID, "type": "comment", "version": map[string]any{"number": next}, "body": inStorage(body),
		"container": map[string]any{"id": read.PageID, "type": "page"},
	}
	var raw content
	if err := d.do(ctx, request{method: http.MethodPut, path: d.at("content", read.ID), body: payload}, &raw); err != nil {
		return Comment{}, asConflict(err, "comment "+read.ID, next, versionWords)
	}
	out := read
	out.Body, out.Version = cmp.Or(raw.Body.Storage.Value, body), raw.Version.version()
	return out, nil
}

// ResolveComment implements API.
func (d *dataCenter) ResolveComment(context.Context, Comment, bool) (Comment, error) {
	return Comment{}, &UnsupportedError{Kind: DataCenter, What: "resolve a comment"}
}

// DeleteComment implements API.
func (d *dataCenter) DeleteComment(ctx context.Context, read Comment) error {
	return d.do(ctx, request{method: http.MethodDelete, path: d.at("content", read.ID)}, nil)
}
