package confluence

import (
	"encoding/base64"
	"encoding/binary"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

func pageEndpoints() []endpoint {
	return []endpoint{
		{method: "GET", path: "/pages", status: 200, do: listPages},
		{method: "POST", path: "/pages", status: 200, do: createPage},
		{method: "GET", path: "/pages/{id}", status: 200, do: getPage},
		{method: "PUT", path: "/pages/{id}", status: 200, do: putPage},
		{method: "DELETE", path: "/pages/{id}", status: 204, do: removePage},
		{method: "GET", path: "/pages/{id}/versions", status: 200, do: pageVersions},
		{method: "GET", path: "/pages/{id}/versions/{number}", status: 200, do: pageVersion},
	}
}

func account(u *User) any {
	if u == nil {
		return nil
	}
	return u.AccountID
}

func versionV2(r revision) obj {
	return obj{"number": r.number, "message": r.message, "minorEdit": r.minor, "authorId": account(r.by), "createdAt": stamp(r.when)}
}

// bodyV2 is a text in the format that is asked for.
func (c *call) bodyV2(body string) (obj, error) {
	switch format := c.query("body-format"); format {
	case "":
		return obj{}, nil
	case "storage":
		return obj{"storage": obj{"representation": "storage", "value": body}}, nil
	default:
		return nil, refuse(http.StatusBadRequest, "The simulated site has texts in the storage format only, not %q", format)
	}
}

func (t *tx) pageV2(c *content, r revision, call *call) (obj, error) {
	body, err := call.bodyV2(r.body)
	if err != nil {
		return nil, err
	}
	id := c.idText()
	out := obj{
		"id": id, "status": c.status, "title": r.title, "spaceId": strconv.FormatInt(c.space.id, 10), "parentId": nil, "parentType": nil,
		"position": 0, "authorId": account(c.by), "ownerId": account(c.by), "lastOwnerId": nil, "createdAt": stamp(c.made),
		"version": versionV2(r), "body": body,
		"_links": obj{"webui": t.webPath(c), "editui": "/pages/resumedraft.action?draftId=" + id, "tinyui": "/x/" + shortCode(c.id)},
	}
	if c.above != nil {
		out["parentId"], out["parentType"] = c.above.idText(), "page"
	}
	return out, nil
}

// shortCode is an id in a short address: its bytes, the lowest first, in base 64
// without what is zero at its end.
func shortCode(id int64) string {
	raw := binary.LittleEndian.AppendUint64(nil, uint64(id))
	code := strings.TrimRight(base64.RawStdEncoding.EncodeToString(raw), "A")
	return strings.NewReplacer("/", "-", "+", "_").Replace(code)
}

// onePage is a page as the answer to a request for it, which tells the site's
// address, too.
func (t *tx) onePage(c *content, r revision, call *call) (any, error) {
	out, err := t.pageV2(c, r, call)
	if err != nil {
		return nil, err
	}
	if links, ok := out["_links"].(obj); ok {
		links["base"] = t.web
	}
	return out, nil
}

// theDraft is what is not yet published of a page.
func (t *tx) theDraft(c *content, call *call) (any, error) {
	out, err := t.onePage(c, *c.draft, call)
	if page, ok := out.(obj); ok {
		page["status"] = draft
	}
	return out, err
}

func listPages(t *tx, c *call) (any, error) {
	ids, spaces, status, title := c.values("id"), c.values("space-id"), c.values("status"), c.query("title")
	if len(status) == 0 {
		status = []string{current, "archived"}
	}
	for _, one := range status {
		// Drafts are in no list: https://jira.atlassian.com/browse/CONFCLOUD-80829
		if !slices.Contains([]string{current, "archived", "deleted", trashed}, one) {
			return nil, refuse(http.StatusBadRequest, "Provided value {%s} for 'status' is not one of current, archived, deleted, trashed", one)
		}
	}
	var list []*content
	t.st.each(func(p *content) {
		if p.kind == isPage && slices.Contains(status, p.status) && t.visible(p) &&
			(len(ids) == 0 || slices.Contains(ids, p.idText())) &&
			(len(spaces) == 0 || slices.Contains(spaces, strconv.FormatInt(p.space.id, 10))) &&
			(title == "" || p.now().title == title) {
			list = append(list, p)
		}
	})
	var wrong error
	body, err := listV2(t, c, list, func(p *content) obj {
		out, err := t.pageV2(p, p.now(), c)
		if err != nil {
			wrong = err
		}
		return out
	})
	if wrong != nil {
		return nil, wrong
	}
	return body, err
}

func getPage(t *tx, c *call) (any, error) {
	p, err := t.find(c.path("id"), isPage)
	if err != nil {
		return nil, err
	}
	if c.flag("get-draft") && p.draft != nil {
		return t.theDraft(p, c)
	}
	status := c.values("status")
	if len(status) == 0 {
		status = []string{current, "archived", trashed, "historical"}
	}
	if !slices.Contains(status, p.status) && !c.flag("get-draft") {
		return nil, missing("Cannot find page with id: " + c.path("id"))
	}
	n, err := c.number("version", 0)
	switch {
	case err != nil:
		return nil, err
	case n == 0:
		return t.onePage(p, p.now(), c)
	case n > len(p.revs):
		return nil, missing("Cannot find version " + c.query("version") + " of page with id: " + c.path("id"))
	}
	return t.onePage(p, p.revs[n-1], c)
}

// written is a text in a request.
type written struct{ Representation, Value string }

func (w written) storage() (string, error) {
	if w.Representation != "storage" {
		return "", refuse(http.StatusBadRequest, "The simulated site takes texts in the storage format only, not %q", w.Representation)
	}
	return w.Value, nil
}

// pageInput is the body of a write of a page.
type pageInput struct {
	ID       string
	SpaceID  string
	Status   string
	Title    string
	ParentID string
	Body     written
	Version  struct {
		Number  int
		Message string
	}
}

func (t *tx) editOf(c *call, in pageInput) (edit, error) {
	e := edit{title: in.Title, message: in.Version.Message, number: in.Version.Number, status: in.Status}
	if e.status == "" {
		e.status = current
	}
	if e.status != current && e.status != draft {
		return e, refuse(http.StatusBadRequest, "Provided value {%s} for 'status' is not one of current, draft", in.Status)
	}
	if in.ParentID != "" {
		above, err := t.find(in.ParentID, isPage)
		if err != nil {
			return e, missing("Cannot find parent with id: " + in.ParentID)
		}
		e.above = above
	}
	var err error
	if len(c.raw) > 0 && in.Body.Representation != "" {
		e.body, err = in.Body.storage()
	}
	return e, err
}

func createPage(t *tx, c *call) (any, error) {
	var in pageInput
	if err := c.decode(&in); err != nil {
		return nil, err
	}
	s := t.space(func(s *space) bool { return strconv.FormatInt(s.id, 10) == in.SpaceID })
	if s == nil {
		return nil, missing("Cannot find space with id: " + in.SpaceID)
	}
	e, err := t.editOf(c, in)
	if err != nil {
		return nil, err
	}
	if e.above == nil && !c.flag("root-level") {
		e.above = s.home
	}
	p, err := t.createPage(s, e)
	if err != nil {
		return nil, err
	}
	return t.onePage(p, p.now(), c)
}

func putPage(t *tx, c *call) (any, error) {
	p, err := t.find(c.path("id"), isPage)
	if err != nil || p.status == trashed {
		return nil, missing("Cannot find page with id: " + c.path("id"))
	}
	var in pageInput
	if err := c.decode(&in); err != nil {
		return nil, err
	}
	switch {
	case in.ID != c.path("id"):
		return nil, refuse(http.StatusBadRequest, "The id of the path and of the body differ")
	case in.Body.Representation == "":
		return nil, refuse(http.StatusBadRequest, "Provided value for 'body' is missing")
	}
	e, err := t.editOf(c, in)
	if err != nil {
		return nil, err
	}
	if err := t.updatePage(p, e, 2); err != nil {
		return nil, err
	}
	if e.status == draft {
		return t.theDraft(p, c)
	}
	return t.onePage(p, p.now(), c)
}

func removePage(t *tx, c *call) (any, error) {
	p, err := t.find(c.path("id"), isPage)
	if err != nil {
		return nil, err
	}
	return nil, t.deletePage(p, deletion{draft: c.flag("draft"), purge: c.flag("purge")})
}

func pageVersions(t *tx, c *call) (any, error) {
	p, err := t.find(c.path("id"), isPage)
	if err != nil {
		return nil, err
	}
	list := slices.Clone(p.revs)
	if c.query("sort") != "modified-date" {
		slices.Reverse(list)
	}
	return listV2(t, c, list, versionV2)
}

func pageVersion(t *tx, c *call) (any, error) {
	p, err := t.find(c.path("id"), isPage)
	if err != nil {
		return nil, err
	}
	n, err := strconv.Atoi(c.path("number"))
	if err != nil || n < 1 || n > len(p.revs) {
		return nil, missing("Cannot find version " + c.path("number"))
	}
	return versionV2(p.revs[n-1]), nil
}
