package confluence

import (
	"context"
	"net/http"
	"net/url"
	"strconv"
	"strings"
)

// rawPage is a page as version 2 tells it.
type rawPage struct {
	ID        string      `json:"id"`
	Status    string      `json:"status"`
	Title     string      `json:"title"`
	SpaceID   string      `json:"spaceId"`
	ParentID  string      `json:"parentId"`
	AuthorID  string      `json:"authorId"`
	CreatedAt string      `json:"createdAt"`
	Version   rawVersion2 `json:"version"`
	Body      rawBody     `json:"body"`
	Links     links       `json:"_links"`
}

func (c *cloud) page(ctx context.Context, r rawPage) (Page, error) {
	key, err := c.spaceKey(ctx, r.SpaceID)
	return Page{
		ID: r.ID, Type: TypePage, Title: r.Title, Status: r.Status, SpaceKey: key, ParentID: r.ParentID, Version: r.Version.version(),
		Body: r.Body.Storage.Value, Created: readTime(r.CreatedAt), CreatedBy: User{AccountID: r.AuthorID}, URL: c.WebURL(r.Links.WebUI),
	}, err
}

func (r PageRead) query() url.Values {
	q := url.Values{}
	if r.Body {
		q.Set("body-format", "storage")
	}
	return q
}

// Page implements API.
func (c *cloud) Page(ctx context.Context, id string, r PageRead) (Page, error) {
	q := r.query()
	if r.Version > 0 {
		q.Set("version", strconv.Itoa(r.Version))
	}
	if r.Draft {
		q.Set("get-draft", "true")
	}
	if r.Trashed {
		q["status"] = []string{StatusCurrent, StatusArchived, StatusTrashed}
	}
	var raw rawPage
	if err := c.get(ctx, v2("pages", id), q, &raw); err != nil {
		return Page{}, err
	}
	return c.page(ctx, raw)
}

// Other implements API.
func (c *cloud) Other(ctx context.Context, id string, body bool) (Page, error) {
	for _, kind := range []struct {
		path, name string
		query      url.Values
	}{{"blogposts", TypeBlogPost, PageRead{Body: body}.query()}, {"folders", TypeFolder, nil}} {
		var raw rawPage
		err := c.get(ctx, v2(kind.path, id), kind.query, &raw)
		switch code := status(err); {
		case code == http.StatusNotFound, code == http.StatusUnauthorized, code == http.StatusForbidden:
			continue // a token may be good for pages alone
		case err != nil:
			return Page{}, err
		}
		page, err := c.page(ctx, raw)
		page.Type = kind.name
		return page, err
	}
	return Page{}, &MissingError{What: "page " + id}
}

// PageByTitle implements API.
func (c *cloud) PageByTitle(ctx context.Context, spaceKey, title string, r PageRead) (Page, error) {
	if r.Draft {
		return c.draftByTitle(ctx, spaceKey, title, r)
	}
	space, err := c.Space(ctx, spaceKey)
	if err != nil {
		return Page{}, err
	}
	q := r.query()
	q.Set("space-id", space.ID)
	q.Set("title", title)
	q.Set("status", StatusCurrent)
	var raw results[rawPage]
	if err := c.get(ctx, v2("pages"), q, &raw); err != nil {
		return Page{}, err
	}
	if len(raw.Results) == 0 {
		return Page{}, &MissingError{What: "page " + strconv.Quote(title) + " in space " + spaceKey}
	}
	return c.page(ctx, raw.Results[0])
}

// draftByTitle finds a page that was never published. Version 2 lists no drafts
// (https://jira.atlassian.com/browse/CONFCLOUD-80829); the search of version 1 finds
// them if it is told to (https://jira.atlassian.com/browse/CONFCLOUD-82848). What was
// made a moment ago may not be in its index yet.
func (c *cloud) draftByTitle(ctx context.Context, spaceKey, title string, r PageRead) (Page, error) {
	missing := &MissingError{What: "draft " + strconv.Quote(title) + " in space " + spaceKey}
	found, err := c.Search(ctx, Query{
		CQL: "type = page and space = " + Quote(spaceKey) + " and title = " + Quote(title), Drafts: true, Part: Part{Limit: searchPage},
	})
	if err != nil {
		return Page{}, err
	}
	for _, hit := range found.Items {
		if hit.Title != title || hit.Status != StatusDraft {
			continue
		}
		page, err := c.Page(ctx, hit.ID, r)
		if NotFound(err) {
			continue // the index still has what is gone
		}
		return page, err
	}
	return Page{}, missing
}

// CreatePage implements API.
func (c *cloud) CreatePage(ctx context.Context, n NewPage) (Page, error) {
	space, err := c.Space(ctx, n.SpaceKey)
	if err != nil {
		return Page{}, err
	}
	body := map[string]any{"spaceId": space.ID, "status": StatusCurrent, "title": n.Title, "body": storage(n.Body)}
	if n.Draft {
		body["status"] = StatusDraft
	}
	if n.ParentID != "" {
		body["parentId"] = n.ParentID
	}
	var raw rawPage
	if err := c.write(ctx, http.MethodPost, v2("pages"), body, &raw); err != nil {
		return Page{}, err
	}
	return c.page(ctx, raw)
}

// UpdatePage implements API.
func (c *cloud) UpdatePage(ctx context.Context, u PageUpdate) (Page, error) {
	if u.Minor {
		return Page{}, &UnsupportedError{Kind: Cloud, What: "mark an edit as minor"}
	}
	next, status := u.next()
	body := map[string]any{
		"id": u.ID, "status": status, "title": u.Title, "body": storage(u.Body), "version": nextVersion{next, u.Message},
	}
	if u.ParentID != "" {
		body["parentId"] = u.ParentID
	}
	var raw rawPage
	if err := c.write(ctx, http.MethodPut, v2("pages", u.ID), body, &raw); err != nil {
		return Page{}, asConflict(err, "page "+u.ID, next, versionWords)
	}
	return c.page(ctx, raw)
}

// versionWords are in refusals for a wrong version.
const versionWords = "version must be incremented"

// next is the number and the state of what is to be written: a draft has the
// number 1, whatever is published, and so has a page when it is first published.
func (u PageUpdate) next() (number int, status string) {
	switch u.Save {
	case SaveDraft:
		return 1, StatusDraft
	case Publish:
		return 1, StatusCurrent
	default:
		return u.Version + 1, StatusCurrent
	}
}

// DeletePage implements API.
func (c *cloud) DeletePage(ctx context.Context, id string, d Deletion) error {
	q := url.Values{}
	if d.Draft {
		q.Set("draft", "true")
	}
	if d.Purge {
		q.Set("purge", "true")
	}
	return c.remove(ctx, v2("pages", id), q)
}

// rawNode is a place in the tree as version 2 tells it.
type rawNode struct {
	ID       string `json:"id"`
	Status   string `json:"status"`
	Title    string `json:"title"`
	Type     string `json:"type"`
	ParentID string `json:"parentId"`
	Depth    int    `json:"depth"`
}

func (r rawNode) node() Node {
	return Node{ID: r.ID, Title: r.Title, Type: r.Type, Status: r.Status, ParentID: r.ParentID, Depth: r.Depth}
}

// treeOf lists what is below a page, or below a folder if there is no such page.
func (c *cloud) treeOf(ctx context.Context, id, what string, query url.Values) (List[Node], error) {
	found, err := list(ctx, c, v2("pages", id, what), query, rawNode.node)
	if NotFound(err) {
		if below, other := list(ctx, c, v2("folders", id, what), query, rawNode.node); !NotFound(other) {
			return below, other
		}
	}
	return found, err
}

// Children implements API.
func (c *cloud) Children(ctx context.Context, id string, p Part) (List[Node], error) {
	found, err := c.treeOf(ctx, id, "direct-children", p.query())
	for i := range found.Items {
		found.Items[i].ParentID, found.Items[i].Depth = id, 1
	}
	return found, err
}

// maxDepth is how deep a tree can be asked for.
const maxDepth = 10

// Descendants implements API.
func (c *cloud) Descendants(ctx context.Context, id string, depth int, p Part) (List[Node], error) {
	q := p.query()
	q.Set("depth", strconv.Itoa(min(max(depth, 1), maxDepth)))
	return c.treeOf(ctx, id, "descendants", q)
}

// Ancestors implements API. Version 2 tells ids alone; the titles of pages are
// asked for together.
func (c *cloud) Ancestors(ctx context.Context, id string) ([]Node, error) {
	found, err := list(ctx, c, v2("pages", id, "ancestors"), Part{Limit: maxPart}.query(), rawNode.node)
	if err != nil || len(found.Items) == 0 {
		return nil, err
	}
	var ids []string
	for _, n := range found.Items {
		if n.Type == "page" {
			ids = append(ids, n.ID)
		}
	}
	titles := map[string]rawPage{}
	if len(ids) > 0 {
		var raw results[rawPage]
		q := url.Values{"id": {strings.Join(ids, ",")}, "limit": {strconv.Itoa(maxPart)}}
		if err := c.get(ctx, v2("pages"), q, &raw); err != nil {
			return nil, err
		}
		for _, p := range raw.Results {
			titles[p.ID] = p
		}
	}
	for i, n := range found.Items {
		found.Items[i].Title, found.Items[i].Status = titles[n.ID].Title, titles[n.ID].Status
		if i > 0 {
			found.Items[i].ParentID = found.Items[i-1].ID
		}
	}
	return found.Items, nil
}

// Versions implements API.
func (c *cloud) Versions(ctx context.Context, id string, p Part) (List[Version], error) {
	q := p.query()
	q.Set("sort", "-modified-date")
	return list(ctx, c, v2("pages", id, "versions"), q, rawVersion2.version)
}
