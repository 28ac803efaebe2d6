package confluence

import (
	"net/http"
	"slices"
	"strconv"
	"strings"
)

func dcContentEndpoints() []endpoint {
	return []endpoint{
		{method: "GET", path: "/content", status: 200, do: dcFind},
		{method: "POST", path: "/content", status: 200, do: dcCreate},
		{method: "GET", path: "/content/{id}", status: 200, do: dcGet},
		{method: "PUT", path: "/content/{id}", status: 200, do: dcPut},
		{method: "DELETE", path: "/content/{id}", status: 204, do: dcDelete},
		{method: "GET", path: "/content/{id}/history", status: 200, do: dcHistory},
		{method: "GET", path: "/content/{id}/child/{type}", status: 200, do: dcChildren},
		{method: "GET", path: "/content/{id}/descendant/{type}", status: 200, do: dcDescendants},
		{method: "GET", path: "/space", status: 200, do: dcSpaces},
		{method: "GET", path: "/space/{key}", status: 200, do: dcSpace},
		{method: "GET", path: "/server-information", status: 200, do: func(t *tx, _ *call) (any, error) {
			return obj{"baseUrl": t.web, "version": "10.0.3", "buildNumber": 10003, "marketplaceBuildNumber": 10003, "buildDate": "2026-08-01"}, nil
		}},
	}
}

// defaultExpand is what version 1 expands unless the query says otherwise.
func (c *call) defaultExpand(what string) {
	if c.r.URL.Query().Has("expand") {
		return
	}
	q := c.r.URL.Query()
	q.Set("expand", what)
	c.r.URL.RawQuery = q.Encode()
}

const contentExpand = "history,space,version"

func dcFind(t *tx, c *call) (any, error) {
	c.defaultExpand(contentExpand)
	key, title, status := c.query("spaceKey"), c.query("title"), c.values("status")
	if len(status) == 0 {
		status = []string{current}
	}
	var list []*content
	t.st.each(func(p *content) {
		any := slices.Contains(status, "any") && p.status != draft
		if p.kind == isPage && t.visible(p) && (any || slices.Contains(status, p.status)) &&
			(key == "" || p.space.Key == key) && (title == "" || strings.EqualFold(p.now().title, title)) {
			list = append(list, p)
		}
	})
	return listV1(t, c, list, 25, func(p *content) obj { return t.contentV1(p, p.now(), c) })
}

func dcGet(t *tx, c *call) (any, error) {
	c.defaultExpand(contentExpand)
	absent := missing("No content found with id: ContentId{id=" + c.path("id") + "}")
	p, err := t.find(c.path("id"))
	if err != nil {
		return nil, err
	}
	status := c.values("status")
	if len(status) == 0 {
		status = []string{current}
	}
	n, err := c.number("version", 0)
	if err != nil {
		return nil, err
	}
	switch {
	case slices.Contains(status, draft) && p.draft != nil:
		out := t.contentV1(p, *p.draft, c)
		out["status"] = draft
		return out, nil
	case slices.Contains(status, "historical") && n > 0 && n < len(p.revs):
		out := t.contentV1(p, p.revs[n-1], c)
		out["status"], out["id"] = "historical", strconv.FormatInt(p.id*1000+int64(n), 10)
		return out, nil
	case n > 0 && n != len(p.revs):
		return nil, absent
	case slices.Contains(status, "any") && p.status != draft, slices.Contains(status, p.status) && p.status != draft:
		return t.contentV1(p, p.now(), c), nil
	default:
		return nil, absent
	}
}

// contentInput is the body of a write of content.
type contentInput struct {
	Type      string
	Status    string
	Title     string
	Space     struct{ Key string }
	Ancestors []struct{ ID looseID }
	Container struct{ ID looseID }
	Body      *struct {
		Storage *written
	}
	Extensions struct {
		Location         string
		InlineProperties map[string]any
	}
	Version struct {
		Number    int
		Message   string
		MinorEdit bool
	}
}

// looseID is an id that is given as a number or a string.
type looseID string

// UnmarshalJSON implements json.Unmarshaler.
func (l *looseID) UnmarshalJSON(raw []byte) error {
	*l = looseID(strings.Trim(string(raw), `"`))
	return nil
}

func (t *tx) editV1(in contentInput, status string) (edit, error) {
	e := edit{title: in.Title, message: in.Version.Message, minor: in.Version.MinorEdit, number: in.Version.Number, status: in.Status}
	if e.status == "" {
		e.status = status
	}
	if e.status != current && e.status != draft {
		return e, refuse(http.StatusBadRequest, "Unsupported status: %s", e.status)
	}
	if n := len(in.Ancestors); n > 0 {
		above, err := t.find(string(in.Ancestors[n-1].ID), isPage)
		if err != nil {
			return e, refuse(http.StatusBadRequest, "The parent with id %s does not exist", in.Ancestors[n-1].ID)
		}
		e.above = above
	}
	if in.Body == nil || in.Body.Storage == nil {
		return e, nil
	}
	var err error
	e.body, err = in.Body.Storage.storage()
	return e, err
}

func dcCreate(t *tx, c *call) (any, error) {
	c.defaultExpand("body.storage,history,space,container.history,container.version,version,ancestors")
	var in contentInput
	if err := c.decode(&in); err != nil {
		return nil, err
	}
	switch in.Type {
	case isPage:
		s := t.space(func(s *space) bool { return s.Key == in.Space.Key })
		if s == nil {
			return nil, missing("No space with key : " + in.Space.Key)
		}
		e, err := t.editV1(in, current)
		if err != nil {
			return nil, err
		}
		p, err := t.createPage(s, e)
		if err != nil {
			return nil, err
		}
		return t.contentV1(p, p.now(), c), nil
	case isComment:
		return t.dcComment(c, in)
	default:
		return nil, refuse(http.StatusBadRequest, "Unsupported content type: %s", in.Type)
	}
}

func (t *tx) dcComment(c *call, in contentInput) (any, error) {
	page, err := t.find(string(in.Container.ID), isPage)
	if err != nil {
		return nil, missing("Container not found: " + string(in.Container.ID))
	}
	r := remark{page: page}
	if n := len(in.Ancestors); n > 0 {
		if r.above, err = t.find(string(in.Ancestors[n-1].ID), isComment); err != nil || r.above.page != page {
			return nil, refuse(http.StatusBadRequest, "The parent comment with id %s does not exist on the page", in.Ancestors[n-1].ID)
		}
		r.inline = r.above.inline
	}
	if in.Body == nil || in.Body.Storage == nil {
		return nil, refuse(http.StatusBadRequest, "A comment must have a body")
	}
	if r.body, err = in.Body.Storage.storage(); err != nil {
		return nil, err
	}
	if in.Extensions.Location == "inline" && r.above == nil {
		if r.inline, err = t.selectionV1(in.Extensions.InlineProperties); err != nil {
			return nil, err
		}
	}
	made, err := t.addComment(r)
	if err != nil {
		return nil, err
	}
	return t.contentV1(made, made.now(), c), nil
}

// selectionV1 is the piece of text that a comment is about. All that the editor
// sends is asked for.
func (t *tx) selectionV1(p map[string]any) (*inline, error) {
	for _, name := range []string{"originalSelection", "numMatches", "matchIndex", "lastFetchTime", "serializedHighlights"} {
		if p[name] == nil {
			return nil, refuse(http.StatusBadRequest, "Could not create content with type comment: %s", name)
		}
	}
	selection, _ := p["originalSelection"].(string)
	index, _ := p["matchIndex"].(float64)
	if selection == "" {
		return nil, refuse(http.StatusBadRequest, "Could not create content with type comment: originalSelection")
	}
	return t.newInline(selection, int(index)), nil
}

func dcPut(t *tx, c *call) (any, error) {
	c.defaultExpand("body.storage,history,space,version,ancestors")
	p, err := t.find(c.path("id"), isPage, isComment)
	if err != nil {
		return nil, err
	}
	var in contentInput
	if err := c.decode(&in); err != nil {
		return nil, err
	}
	if in.Version.Number == 0 {
		return nil, refuse(http.StatusBadRequest, "Must supply an incremented version when updating Content. No version supplied.")
	}
	if in.Type != p.kind {
		return nil, refuse(http.StatusBadRequest, "The type of content cannot be changed from %s to %s", p.kind, in.Type)
	}
	e, err := t.editV1(in, current)
	if err != nil {
		return nil, err
	}
	if in.Body == nil {
		e.body = p.text()
	}
	if e.title == "" {
		e.title = p.now().title
	}
	if p.kind == isComment {
		if err := t.updateComment(p, e.body, e.number, 1, nil); err != nil {
			return nil, err
		}
		return t.contentV1(p, p.now(), c), nil
	}
	if p.status == trashed || p.status == draft && c.query("status") != draft {
		return nil, missing("No content found with id: ContentId{id=" + p.idText() + "}")
	}
	if err := t.updatePage(p, e, 1); err != nil {
		return nil, err
	}
	if e.status == draft {
		out := t.contentV1(p, *p.draft, c)
		out["status"] = draft
		return out, nil
	}
	return t.contentV1(p, p.now(), c), nil
}

func dcDelete(t *tx, c *call) (any, error) {
	p, err := t.find(c.path("id"))
	if err != nil {
		return nil, err
	}
	switch p.kind {
	case isComment:
		return nil, t.deleteComment(p)
	case isAttachment:
		if err := t.mayEdit(p.page); err != nil {
			return nil, err
		}
		t.emit("attachment_trashed", p, nil)
		t.st.remove(p)
		return nil, nil
	default:
		return nil, t.deletePage(p, deletion{draft: c.query("status") == draft, purge: c.query("status") == trashed})
	}
}

func dcHistory(t *tx, c *call) (any, error) {
	c.defaultExpand("previousVersion,nextVersion,lastUpdated")
	p, err := t.find(c.path("id"))
	if err != nil {
		return nil, err
	}
	out := obj{"latest": true, "createdBy": t.userV1(p.by), "createdDate": stamp(p.made), "lastUpdated": t.versionV1(p.now()), "_links": obj{}, "_expandable": obj{}}
	if n := len(p.revs); n > 1 {
		out["previousVersion"] = t.versionV1(p.revs[n-2])
	}
	return out, nil
}

func dcChildren(t *tx, c *call) (any, error) {
	p, err := t.find(c.path("id"))
	if err != nil {
		return nil, err
	}
	render := func(one *content) obj { return t.contentV1(one, one.now(), c) }
	switch kind := c.path("type"); kind {
	case isPage:
		return listV1(t, c, t.below(p), 25, render)
	case isAttachment:
		return listV1(t, c, t.files(p, c), 50, render)
	case isComment:
		return listV1(t, c, t.remarks(p, c), 25, render)
	default:
		return nil, refuse(http.StatusBadRequest, "Unsupported child type: %s", kind)
	}
}

// remarks are the comments of a page or the answers to a comment, at the places
// that the query names.
func (t *tx) remarks(of *content, c *call) []*content {
	page, above := of, (*content)(nil)
	if of.kind == isComment {
		page, above = of.page, of
	}
	places := c.values("location")
	return slices.DeleteFunc(t.of(page, isComment), func(one *content) bool {
		place := "footer"
		if one.inline != nil {
			place = "inline"
			if one.inline.resolution == "resolved" {
				place = "resolved"
			}
		}
		within := one.above == above || c.query("depth") == "all" && (above == nil || slices.Contains(one.ancestors(), above))
		return !within || len(places) > 0 && !slices.Contains(places, place)
	})
}

func dcDescendants(t *tx, c *call) (any, error) {
	p, err := t.find(c.path("id"))
	if err != nil {
		return nil, err
	}
	if kind := c.path("type"); kind != isPage {
		return nil, refuse(http.StatusBadRequest, "The simulated site has descendants that are pages only, not %s", kind)
	}
	return listV1(t, c, t.tree(p, 1, 1<<20), 25, func(n node) obj { return t.contentV1(n.content, n.now(), c) })
}

func dcSpaces(t *tx, c *call) (any, error) {
	return listV1(t, c, t.spaces(c.values("spaceKey"), c.query("type")), 25, func(s *space) obj { return t.spaceV1(s, c) })
}

func dcSpace(t *tx, c *call) (any, error) {
	s := t.space(func(s *space) bool { return s.Key == c.path("key") })
	if s == nil {
		return nil, missing("No space with key : " + c.path("key"))
	}
	return t.spaceV1(s, c), nil
}
