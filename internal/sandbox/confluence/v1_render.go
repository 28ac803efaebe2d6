package confluence

import (
	"net/url"
	"strconv"
	"time"
)

// stamp is a moment as Confluence writes it.
func stamp(at time.Time) string { return at.UTC().Format("2006-01-02T15:04:05.000Z") }

func (t *tx) userV1(u *User) obj {
	picture := obj{"path": "/images/icons/profilepics/default.svg", "width": 48, "height": 48, "isDefault": true}
	if u == nil {
		return obj{"type": "anonymous", "displayName": "Anonymous", "profilePicture": picture, "_links": obj{}, "_expandable": obj{}}
	}
	out := obj{"type": "known", "displayName": u.DisplayName, "profilePicture": picture}
	if t.st.kind == DataCenter {
		out["username"], out["userKey"] = u.Handle, u.Key
		out["_links"] = obj{"self": t.web + "/rest/api/user?key=" + u.Key}
		out["_expandable"] = obj{"status": ""}
		return out
	}
	out["accountId"], out["accountType"], out["email"], out["publicName"] = u.AccountID, "atlassian", u.Email, u.DisplayName
	if u.App {
		out["accountType"] = "app"
	}
	out["isExternalCollaborator"] = false
	out["_links"] = obj{"self": t.web + "/rest/api/user?accountId=" + url.QueryEscape(u.AccountID)}
	out["_expandable"] = obj{"operations": "", "personalSpace": ""}
	return out
}

func (t *tx) versionV1(r revision) obj {
	return obj{
		"by": t.userV1(r.by), "when": stamp(r.when), "friendlyWhen": "just a moment ago", "message": r.message, "number": r.number,
		"minorEdit": r.minor, "_links": obj{}, "_expandable": obj{},
	}
}

func (t *tx) spaceV1(s *space, c *call) obj {
	out := obj{
		"id": s.id, "key": s.Key, "name": s.Name, "type": "global", "status": current,
		"_links":      obj{"webui": t.spacePath(s), "self": t.web + "/rest/api/space/" + url.PathEscape(s.Key)},
		"_expandable": obj{"homepage": "/rest/api/content/" + s.home.idText()},
	}
	if c.expands("homepage") {
		out["homepage"] = obj{"id": s.home.idText(), "type": isPage, "status": current, "title": s.home.now().title}
	}
	return out
}

func (t *tx) spacePath(s *space) string {
	if t.st.kind == Cloud {
		return "/spaces/" + s.Key
	}
	return "/display/" + s.Key
}

// webPath is where people see content, below the site's Confluence.
func (t *tx) webPath(c *content) string {
	title := url.QueryEscape(c.now().title)
	switch {
	case c.page != nil:
		return t.webPath(c.page) + "?focusedCommentId=" + c.idText()
	case t.st.kind == Cloud:
		return t.spacePath(c.space) + "/pages/" + c.idText() + "/" + title
	case c.status != current:
		return "/pages/viewpage.action?pageId=" + c.idText()
	default:
		return t.spacePath(c.space) + "/" + title
	}
}

func downloadPath(c *content) string {
	return "/download/attachments/" + c.page.idText() + "/" + url.PathEscape(c.now().title) + "?version=" + strconv.Itoa(c.now().number) + "&api=v2"
}

// contentV1 is content as version 1 has it, with what is asked for by expand.
func (t *tx) contentV1(c *content, r revision, call *call) obj {
	status := c.status
	out := obj{
		"id": c.idText(), "type": c.kind, "status": status, "title": r.title,
		"_links": obj{"webui": t.webPath(c), "self": t.web + "/rest/api/content/" + c.idText()},
		"_expandable": obj{
			"container": "", "metadata": "", "children": "/rest/api/content/" + c.idText() + "/child",
			"history": "/rest/api/content/" + c.idText() + "/history",
		},
	}
	if call.expands("version") {
		out["version"] = t.versionV1(r)
	}
	if call.expands("space") || call.expands("content.space") {
		out["space"] = t.spaceV1(c.space, call)
	}
	if call.expands("history") {
		out["history"] = obj{"latest": true, "createdBy": t.userV1(c.by), "createdDate": stamp(c.made), "_links": obj{}, "_expandable": obj{}}
	}
	if call.expands("ancestors") {
		above := []obj{}
		for _, a := range c.ancestors() {
			above = append(above, obj{"id": a.idText(), "type": a.kind, "status": a.status, "title": a.now().title, "_links": obj{}, "_expandable": obj{}})
		}
		out["ancestors"] = above
	}
	if call.expands("body.storage") {
		out["body"] = obj{"storage": obj{"value": r.body, "representation": "storage", "_expandable": obj{}}}
	}
	if call.expands("container") && c.page != nil {
		out["container"] = obj{"id": c.page.idText(), "type": isPage, "status": c.page.status, "title": c.page.now().title}
	}
	if call.expands("metadata.labels") {
		out["metadata"] = obj{"labels": obj{"results": t.labelsV1(c), "start": 0, "limit": 200, "size": len(c.labels)}}
	}
	if call.expands("operations") {
		list := []obj{{"operation": "read", "targetType": c.kind}}
		if t.mayEdit(c) == nil {
			list = append(list, obj{"operation": "update", "targetType": c.kind})
		}
		out["operations"] = list
	}
	t.extend(out, c, r, call)
	return out
}

// extend adds what comments and files have more.
func (t *tx) extend(out obj, c *content, r revision, call *call) {
	switch c.kind {
	case isComment:
		extensions := obj{"location": "footer"}
		if c.inline != nil {
			extensions["location"] = "inline"
			if call.expands("extensions.inlineProperties") {
				extensions["inlineProperties"] = obj{"originalSelection": c.inline.selection, "markerRef": c.inline.ref}
			}
			if call.expands("extensions.resolution") {
				extensions["resolution"] = obj{"status": c.inline.resolution}
			}
		}
		out["extensions"] = extensions
	case isAttachment:
		out["extensions"] = obj{"mediaType": r.mediaType, "fileSize": len(r.blob), "comment": r.message}
		out["metadata"] = obj{"mediaType": r.mediaType, "comment": r.message}
		if links, ok := out["_links"].(obj); ok {
			links["download"] = downloadPath(c)
		}
	}
}

func (t *tx) labelsV1(c *content) []obj {
	out := []obj{}
	for _, l := range c.labels {
		out = append(out, obj{"id": strconv.FormatInt(l.id, 10), "name": l.name, "prefix": l.prefix, "label": l.name})
	}
	return out
}
