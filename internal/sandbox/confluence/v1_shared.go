package confluence

import (
	"bytes"
	"errors"
	"html"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"strconv"
	"strings"
)

// sharedEndpoints are those of version 1 that both kinds have.
func sharedEndpoints(kind Kind) []endpoint {
	return []endpoint{
		{method: "GET", path: "/user/current", status: 200, do: func(t *tx, _ *call) (any, error) { return t.userV1(t.by), nil }},
		{method: "GET", path: "/user", status: 200, do: getUser},
		{method: "GET", path: "/search", status: 200, do: search(kind)},
		{method: "POST", path: "/content/{id}/label", status: 200, do: addLabels},
		{method: "DELETE", path: "/content/{id}/label", status: 204, do: func(t *tx, c *call) (any, error) { return removeLabel(t, c, c.query("name")) }},
		{method: "DELETE", path: "/content/{id}/label/{label}", status: 204, do: func(t *tx, c *call) (any, error) { return removeLabel(t, c, c.path("label")) }},
		{method: "POST", path: "/content/{id}/child/attachment", status: 200, do: func(t *tx, c *call) (any, error) { return attach(t, c, false) }},
		{method: "POST", path: "/content/{id}/child/attachment/{attachment}/data", status: 200, do: replaceFile},
		{method: "GET", path: "/content/{id}/restriction/byOperation", status: 200, do: restrictions},
	}
}

// cloudV1Endpoints are those of version 1 that Cloud alone has.
func cloudV1Endpoints() []endpoint {
	return []endpoint{
		{method: "GET", path: "/search/user", status: 200, do: searchUsers},
		{method: "PUT", path: "/content/{id}/child/attachment", status: 200, do: func(t *tx, c *call) (any, error) { return attach(t, c, true) }},
		{method: "GET", path: "/content/{id}/child/attachment/{attachment}/download", status: 302, do: downloadRedirect},
		{method: "GET", path: "/settings/systemInfo", status: 200, do: func(t *tx, _ *call) (any, error) {
			return obj{"cloudId": CloudID, "commitHash": "sandbox", "baseUrl": t.web, "siteTitle": "Confluence"}, nil
		}},
	}
}

func getUser(t *tx, c *call) (any, error) {
	name, value := "accountId", c.query("accountId")
	if t.st.kind == DataCenter {
		name, value = "key", c.query("key")
		if value == "" {
			name, value = "username", c.query("username")
		}
	}
	for _, u := range t.st.users {
		if value != "" && (name == "accountId" && u.AccountID == value || name == "key" && u.Key == value || name == "username" && u.Handle == value) {
			return t.userV1(u), nil
		}
	}
	return nil, missing("No user found with " + name + ": " + value)
}

func addLabels(t *tx, c *call) (any, error) {
	page, err := t.find(c.path("id"), isPage, isAttachment)
	if err != nil {
		return nil, err
	}
	var in []struct{ Prefix, Name string }
	if err := c.decode(&in); err != nil {
		return nil, err
	}
	for _, l := range in {
		if err := t.addLabel(page, l.Prefix, l.Name); err != nil {
			return nil, err
		}
	}
	return listV1(t, c, t.labelsV1(page), 200, func(l obj) obj { return l })
}

func removeLabel(t *tx, c *call, name string) (any, error) {
	page, err := t.find(c.path("id"), isPage, isAttachment)
	if err != nil {
		return nil, err
	}
	if c.path("label") != "" && strings.Contains(name, "/") {
		return nil, refuse(http.StatusBadRequest, "Labels with a slash cannot be removed by their path")
	}
	return nil, t.removeLabel(page, name)
}

// readUpload reads the form of an upload.
func readUpload(c *call) (upload, error) {
	up := upload{}
	if c.r.Header.Get("X-Atlassian-Token") == "" {
		return up, refuse(http.StatusForbidden, "XSRF check failed")
	}
	kind, params, err := mime.ParseMediaType(c.r.Header.Get("Content-Type"))
	if err != nil || kind != "multipart/form-data" {
		return up, refuse(http.StatusUnsupportedMediaType, "Unsupported Media Type")
	}
	form := multipart.NewReader(bytes.NewReader(c.raw), params["boundary"])
	for {
		part, err := form.NextPart()
		if errors.Is(err, io.EOF) {
			return up, nil
		}
		if err != nil {
			return up, refuse(http.StatusBadRequest, "The form could not be read")
		}
		content, err := io.ReadAll(part)
		if err != nil {
			return up, refuse(http.StatusBadRequest, "The form could not be read")
		}
		switch part.FormName() {
		case "file":
			up.name, up.mediaType, up.blob = part.FileName(), part.Header.Get("Content-Type"), content
		case "comment":
			up.comment = string(content)
		case "minorEdit":
			up.minor = string(content) == "true"
		}
	}
}

// attach adds a file; one of the same name is refused unless it may be replaced.
func attach(t *tx, c *call, replace bool) (any, error) {
	page, err := t.find(c.path("id"), isPage)
	if err != nil {
		return nil, err
	}
	up, err := readUpload(c)
	if err != nil {
		return nil, err
	}
	old := t.file(page, up.name)
	if old != nil && !replace {
		return nil, refuse(http.StatusBadRequest, "Cannot add a new attachment with same file name as an existing attachment: %s", up.name)
	}
	made, err := t.attach(page, old, up)
	if err != nil {
		return nil, err
	}
	file := t.contentV1(made, made.now(), c)
	file["version"] = t.versionV1(made.now())
	return obj{"results": []obj{file}, "start": 0, "limit": 50, "size": 1, "_links": obj{"base": t.web}}, nil
}

func replaceFile(t *tx, c *call) (any, error) {
	page, err := t.find(c.path("id"), isPage)
	if err != nil {
		return nil, err
	}
	old, err := t.find(c.path("attachment"), isAttachment)
	if err != nil || old.page != page {
		return nil, missing("No attachment found with id: " + c.path("attachment"))
	}
	up, err := readUpload(c)
	if err != nil {
		return nil, err
	}
	if _, err := t.attach(page, old, up); err != nil {
		return nil, err
	}
	file := t.contentV1(old, old.now(), c)
	file["version"] = t.versionV1(old.now())
	return file, nil
}

// downloadRedirect sends to where the content is; the real one sends to a host for
// media.
func downloadRedirect(t *tx, c *call) (any, error) {
	file, err := t.find(c.path("attachment"), isAttachment)
	if err != nil || file.page.idText() != c.path("id") {
		return nil, missing("No attachment found with id: " + c.path("attachment"))
	}
	return redirect(t.web[strings.LastIndex(t.web, "/wiki"):] + downloadPath(file)), nil
}

func download(t *tx, c *call) (any, error) {
	page, err := t.find(c.path("id"), isPage)
	if err != nil {
		return nil, err
	}
	file := t.file(page, c.path("name"))
	if file == nil {
		return nil, missing("No attachment found with name: " + c.path("name"))
	}
	rev := file.now()
	if n, err := c.number("version", 0); err != nil || n > len(file.revs) {
		return nil, missing("No attachment found with version: " + c.query("version"))
	} else if n > 0 {
		rev = file.revs[n-1]
	}
	return blob{mediaType: rev.mediaType, content: rev.blob}, nil
}

func restrictions(t *tx, c *call) (any, error) {
	page, err := t.find(c.path("id"))
	if err != nil {
		return nil, err
	}
	out := obj{"_links": obj{"self": t.web + c.r.URL.Path, "base": t.web}}
	for name, who := range map[string][]*User{"read": page.readers, "update": page.editors} {
		users := []obj{}
		for _, u := range who {
			users = append(users, t.userV1(u))
		}
		out[name] = obj{
			"operation": name, "_links": obj{"self": t.web + c.r.URL.Path}, "_expandable": obj{},
			"restrictions": obj{
				"user":  obj{"results": users, "start": 0, "limit": 200, "size": len(users)},
				"group": obj{"results": []obj{}, "start": 0, "limit": 200, "size": 0},
			},
		}
	}
	return out, nil
}

// searchUsers knows the one question that Cloud takes there.
func searchUsers(t *tx, c *call) (any, error) {
	name, ok := strings.CutPrefix(strings.ReplaceAll(c.query("cql"), " ", ""), "user.fullname~")
	text, err := strconv.Unquote(name)
	if !ok || err != nil {
		return nil, refuse(http.StatusBadRequest, "Could not parse cql : %s", c.query("cql"))
	}
	hits := []obj{}
	for _, u := range t.st.users {
		if strings.Contains(strings.ToLower(strings.ReplaceAll(u.DisplayName, " ", "")), strings.ToLower(text)) {
			hits = append(hits, t.userHit(u))
		}
	}
	return t.found(c, hits, window{0, 25}, "")
}

func (t *tx) userHit(u *User) obj {
	return obj{
		"user": t.userV1(u), "title": html.EscapeString(u.DisplayName), "excerpt": "", "url": "/people/" + u.AccountID, "breadcrumbs": []any{},
		"entityType": "user", "iconCssClass": "aui-icon content-type-profile", "lastModified": stamp(t.now),
	}
}

// found is a part of what a search found.
func (t *tx) found(c *call, hits []obj, w window, next string) (any, error) {
	from, to := w.of(len(hits))
	links := obj{"base": t.web, "context": "", "self": t.web + c.r.URL.Path}
	if to < len(hits) && next != "" {
		value := strconv.Itoa(to)
		if next == "cursor" {
			value = cursorAt(to)
		}
		links["next"] = strings.Replace(c.next(next, value), "?", "?next=true&", 1)
	}
	return obj{
		"results": append([]obj{}, hits[from:to]...), "start": w.start, "limit": w.limit, "size": to - from, "totalSize": len(hits), "cqlQuery": c.query("cql"),
		"searchDuration": 1, "_links": links,
	}, nil
}
