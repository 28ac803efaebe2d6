package confluence

import (
	"cmp"
	"context"
	"net/http"
	"net/url"
	"strconv"
)

const pageExpand = "space,version,history,ancestors"

func (r PageRead) expand() string {
	if r.Body {
		return pageExpand + ",body.storage"
	}
	return pageExpand
}

// Page implements API.
func (d *dataCenter) Page(ctx context.Context, id string, r PageRead) (Page, error) {
	if r.Version > 0 {
		return d.earlier(ctx, id, r)
	}
	query := url.Values{"expand": {r.expand()}}
	switch {
	case r.Draft:
		query.Set("status", StatusDraft)
	case r.Trashed:
		query.Set("status", "any")
	}
	var raw content
	err := d.get(ctx, d.at("content", id), query, &raw)
	if r.Draft && NotFound(err) {
		return d.Page(ctx, id, PageRead{Body: r.Body})
	}
	return d.page(raw), err
}

// earlier reads a version. The one that is current is not among the historical.
func (d *dataCenter) earlier(ctx context.Context, id string, r PageRead) (Page, error) {
	query := url.Values{"expand": {r.expand()}, "status": {StatusHistorical}, "version": {strconv.Itoa(r.Version)}}
	var raw content
	err := d.get(ctx, d.at("content", id), query, &raw)
	if !NotFound(err) {
		page := d.page(raw)
		page.ID = id // an earlier version has an id of its own
		return page, err
	}
	page, current := d.Page(ctx, id, PageRead{Body: r.Body})
	if current == nil && page.Version.Number == r.Version {
		return page, nil
	}
	return Page{}, err
}

// Other implements API.
func (d *dataCenter) Other(_ context.Context, id string, _ bool) (Page, error) {
	return Page{}, &MissingError{What: "page " + id}
}

// PageByTitle implements API.
func (d *dataCenter) PageByTitle(ctx context.Context, spaceKey, title string, r PageRead) (Page, error) {
	query := url.Values{"spaceKey": {spaceKey}, "title": {title}, "type": {"page"}, "expand": {r.expand()}}
	if r.Draft {
		query.Set("status", StatusDraft)
	}
	var raw collection[content]
	if err := d.get(ctx, d.at("content"), query, &raw); err != nil {
		return Page{}, err
	}
	if len(raw.Results) == 0 {
		return Page{}, &MissingError{What: "page " + strconv.Quote(title) + " in space " + spaceKey}
	}
	return d.page(raw.Results[0]), nil
}

// inStorage is a text in a request of version 1.
func inStorage(body string) map[string]any { return map[string]any{"storage": storage(body)} }

func ref(id string) []map[string]any { return []map[string]any{{"id": id}} }

// CreatePage implements API.
func (d *dataCenter) CreatePage(ctx context.Context, n NewPage) (Page, error) {
	body := map[string]any{"type": "page", "title": n.Title, "space": map[string]any{"key": n.SpaceKey}, "body": inStorage(n.Body)}
	query := url.Values{"expand": {PageRead{Body: true}.expand()}}
	if n.Draft {
		body["status"] = StatusDraft
		query.Set("status", StatusDraft)
	}
	if n.ParentID != "" {
		body["ancestors"] = ref(n.ParentID)
	}
	var raw content
	err := d.do(ctx, request{method: http.MethodPost, path: d.at("content"), query: query, body: body}, &raw)
	return d.page(raw), err
}

// UpdatePage implements API.
func (d *dataCenter) UpdatePage(ctx context.Context, u PageUpdate) (Page, error) {
	next, status := u.next()
	version := map[string]any{"number": next, "minorEdit": u.Minor}
	if u.Message != "" {
		version["message"] = u.Message
	}
	body := map[string]any{"id": u.ID, "type": "page", "status": status, "title": u.Title, "version": version, "body": inStorage(u.Body)}
	if u.ParentID != "" {
		body["ancestors"] = ref(u.ParentID)
	}
	r := request{method: http.MethodPut, path: d.at("content", u.ID), body: body}
	if u.Save != SaveVersion {
		r.query = url.Values{"status": {StatusDraft}}
	}
	var raw content
	if err := d.do(ctx, r, &raw); err != nil {
		return Page{}, asConflict(err, "page "+u.ID, next, versionWords)
	}
	page := d.page(raw)
	page.Body = cmp.Or(page.Body, u.Body)
	return page, nil
}

// DeletePage implements API.
func (d *dataCenter) DeletePage(ctx context.Context, id string, del Deletion) error {
	query := url.Values{}
	switch {
	case del.Draft:
		query.Set("status", StatusDraft)
	case del.Purge:
		query.Set("status", StatusTrashed)
	}
	return d.do(ctx, request{method: http.MethodDelete, path: d.at("content", id), query: query}, nil)
}

func (c content) node() Node {
	return Node{ID: c.ID, Title: c.Title, Type: c.Type, Status: c.Status, ParentID: c.parent()}
}

// Children implements API.
func (d *dataCenter) Children(ctx context.Context, id string, p Part) (List[Node], error) {
	found, err := listed(ctx, d, d.at("content", id, "child", "page"), url.Values{}, p, content.node)
	for i := range found.Items {
		found.Items[i].ParentID, found.Items[i].Depth = id, 1
	}
	return found, err
}

// Descendants implements API. Data Center knows no depth; what is deeper is left
// out of each part.
func (d *dataCenter) Descendants(ctx context.Context, id string, depth int, p Part) (List[Node], error) {
	depth = min(max(depth, 1), maxDepth)
	found, err := listed(ctx, d, d.at("content", id, "descendant", "page"), url.Values{"expand": {"ancestors"}}, p, func(c content) Node {
		n := c.node()
		n.Depth = c.below(id)
		return n
	})
	kept := found.Items[:0]
	for _, n := range found.Items {
		if n.Depth <= depth {
			kept = append(kept, n)
		}
	}
	found.Items = kept
	return found, err
}

// below counts the steps from a page down to this one.
func (c content) below(id string) int {
	for i, a := range c.Ancestors {
		if a.ID == id {
			return len(c.Ancestors) - i
		}
	}
	return 1
}

// Ancestors implements API.
func (d *dataCenter) Ancestors(ctx context.Context, id string) ([]Node, error) {
	var raw content
	if err := d.get(ctx, d.at("content", id), url.Values{"expand": {"ancestors"}}, &raw); err != nil {
		return nil, err
	}
	var nodes []Node
	for i, a := range raw.Ancestors {
		n := Node{ID: a.ID, Title: a.Title, Type: cmp.Or(a.Type, "page"), Status: StatusCurrent}
		if i > 0 {
			n.ParentID = raw.Ancestors[i-1].ID
		}
		nodes = append(nodes, n)
	}
	return nodes, nil
}

// Writable implements API.
func (d *dataCenter) Writable(ctx context.Context, s Space) (bool, error) {
	if s.HomepageID == "" {
		return false, &UnsupportedError{Kind: DataCenter, What: "tell of a space without a home page whether we may write in it"}
	}
	var raw struct {
		Operations operations `json:"operations"`
	}
	err := d.get(ctx, d.at("content", s.HomepageID), url.Values{"expand": {"operations"}}, &raw)
	return raw.Operations.has("update"), err
}

// maxVersions is how many versions are read in one part: each is a request.
const maxVersions = 25

// Versions implements API. Data Center lists no versions; they are read one by
// one, from the newest down. Versions that were deleted are passed over.
func (d *dataCenter) Versions(ctx context.Context, id string, p Part) (List[Version], error) {
	start, err := position(p.From)
	if err != nil {
		return List[Version]{}, err
	}
	var current content
	if err := d.get(ctx, d.at("content", id), url.Values{"expand": {"version"}}, &current); err != nil {
		return List[Version]{}, err
	}
	newest := current.Version.version()
	var out List[Version]
	number := newest.Number
	if start > 0 {
		number = min(start, newest.Number)
	}
	for read := 0; number > 0 && read < p.limit(maxVersions); number-- {
		read++
		if number == newest.Number {
			out.Items = append(out.Items, newest)
			continue
		}
		var raw content
		query := url.Values{"expand": {"version"}, "status": {StatusHistorical}, "version": {strconv.Itoa(number)}}
		err := d.get(ctx, d.at("content", id), query, &raw)
		switch {
		case err == nil:
			out.Items = append(out.Items, raw.Version.version())
		case !NotFound(err):
			return List[Version]{}, err
		}
	}
	if number > 0 {
		out.Next = strconv.Itoa(number)
	}
	return out, nil
}
