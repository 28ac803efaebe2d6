package confluence

import (
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/tidwall/gjson"

	"github.com/aofctl/aofctl/internal/event"
)

// moment reads when it happened: milliseconds since 1970, or a written form that
// somebody's rule may have put there.
func (n *normalizer) moment() {
	if at, ok := instant(n.in.Get("timestamp")); ok {
		n.ev.Time = at
		n.ev.Vars["timestamp"] = at.UnixMilli()
	}
}

// instant reads a moment.
func instant(r gjson.Result) (time.Time, bool) {
	text := str(r)
	if ms, err := strconv.ParseInt(text, 10, 64); err == nil {
		return time.UnixMilli(ms).UTC(), ms > 0 && ms <= maxMoment
	}
	for _, layout := range []string{time.RFC3339Nano, "2006-01-02T15:04:05.999-0700"} {
		if at, err := time.Parse(layout, text); err == nil && at.UnixMilli() > 0 && at.UnixMilli() <= maxMoment {
			return at.UTC(), true
		}
	}
	return time.Time{}, false
}

// page reads the page, or the blog post, that the event is about or that its
// comment, file or label belongs to.
func (n *normalizer) page() {
	p := gjson.Result{}
	for _, path := range []string{"page", "blog", "content", "comment.parent", "comment.container", "comment.page", "attachedTo", "attachment.parent", "labeled"} {
		if one := n.in.Get(path); id(one.Get("id")) != "" && str(one.Get("contentType")) != "comment" {
			p = one
			if path == "blog" {
				n.ev.Vars["page_type"] = "blogpost"
			}
			break
		}
	}
	vars := n.ev.Vars
	if page := firstID(p.Get("id"), n.in.Get("page_id"), n.in.Get("pageId")); page != "" {
		vars["page_id"] = page
	}
	n.set("page_title", filled(p.Get("title"), n.in.Get("page_title"), n.in.Get("pageTitle")))
	n.set("page_status", filled(p.Get("status"), n.in.Get("page_status")))
	n.set("page_type", p.Get("contentType"))
	n.set("page_author_id", p.Get("creatorAccountId"))
	n.set("page_updater_id", p.Get("lastModifierAccountId"))
	n.setTime("page_created", p.Get("creationDate"))
	n.setTime("page_updated", p.Get("modificationDate"))
	if v, ok := number(filled(p.Get("version.number"), p.Get("version"), n.in.Get("page_version"))); ok {
		vars["page_version"] = v
	}
	if link := short(filled(p.Get("self"), p.Get("url"), n.in.Get("page_url"))); isLink(link) {
		vars["page_url"] = link
	}
	if labels := filled(p.Get("labels"), n.in.Get("page_labels")); labels.IsArray() {
		vars["page_labels"] = names(labels)
	}
	n.space = spaceKey(filled(p.Get("spaceKey"), p.Get("space.key"), n.in.Get("space.key"), n.in.Get("spaceKey"), n.in.Get("space_key")))
}

// readSpace keeps the space, be it the page's or what the event itself is about.
func (n *normalizer) readSpace() {
	if n.space != "" {
		n.ev.Vars["space_key"] = n.space
	}
	n.set("space_name", n.first("space.name", "space_name"))
	if n.space == "" {
		n.space = id(n.in.Get("space.id"))
	}
}

// comment reads which comment it is. Its text and author are asked for: a body that
// a rule makes up is no proof of who said what.
func (n *normalizer) comment() {
	c := n.in.Get("comment")
	if n.ev.CommentID = firstID(c.Get("id"), n.in.Get("comment_id"), n.in.Get("commentId")); n.ev.CommentID == "" {
		return
	}
	n.ev.Vars["comment_id"] = n.ev.CommentID
	if parent := id(c.Get("inReplyTo.id")); parent != "" {
		n.ev.Vars["comment_parent_id"] = parent
	}
}

// file reads a file at a page.
func (n *normalizer) file() {
	a := n.in.Get("attachment")
	if list := n.in.Get("attachments"); list.IsArray() {
		a = list.Get("0")
	}
	if n.attachment = firstID(a.Get("id"), n.in.Get("attachment_id"), n.in.Get("attachmentId")); n.attachment == "" {
		return
	}
	n.ev.Vars["attachment_id"] = n.attachment
	n.set("attachment_name", filled(a.Get("fileName"), a.Get("title"), n.in.Get("attachment_name")))
	n.set("attachment_mime_type", a.Get("contentType"))
	n.set("attachment_author_id", a.Get("creatorAccountId"))
	if size, ok := number(a.Get("fileSize")); ok {
		n.ev.Vars["attachment_size"] = size
	}
	if n.ev.Vars["attachment_mime_type"] == "attachment" { // what Confluence calls content
		delete(n.ev.Vars, "attachment_mime_type")
	}
}

// tag reads a label.
func (n *normalizer) tag() {
	l := n.in.Get("label")
	name := filled(l.Get("name"), l.Get("title"))
	if !l.IsObject() {
		name = l
	}
	n.set("label", name)
	if n.label = id(l.Get("id")); n.label == "" {
		n.label = n.ev.String("label")
	}
}

// set keeps a text. An empty one comes from a template that had nothing to insert
// and counts as not told.
func (n *normalizer) set(name string, r gjson.Result) {
	if text := short(r); text != "" {
		n.ev.Vars[name] = text
	}
}

func (n *normalizer) setTime(name string, r gjson.Result) {
	if at, ok := instant(r); ok {
		n.ev.Vars[name] = Moment(at)
	}
}

// Moment writes a moment as the variables have it.
func Moment(at time.Time) string { return at.UTC().Format("2006-01-02T15:04:05.000Z") }

// first is the first member, among those at the paths, that says something.
func (n *normalizer) first(paths ...string) gjson.Result {
	for _, path := range paths {
		if r := n.in.Get(path); says(r) {
			return r
		}
	}
	return gjson.Result{}
}

func filled(list ...gjson.Result) gjson.Result {
	for _, r := range list {
		if says(r) {
			return r
		}
	}
	return gjson.Result{}
}

func says(r gjson.Result) bool { return r.IsArray() || str(r) != "" }

// str is a text or number; "" for what is none.
func str(r gjson.Result) string {
	if r.Type == gjson.Null || r.IsObject() || r.IsArray() {
		return ""
	}
	return strings.TrimSpace(r.String())
}

func short(r gjson.Result) string { return event.Clip(str(r), maxShort) }

var (
	idForm    = regexp.MustCompile(`^(att)?[0-9]{1,19}$`)
	spaceForm = regexp.MustCompile(`^~?[A-Za-z0-9_.:@-]{1,255}$`)
)

// id is what identifies a thing: a number as text, of Cloud's files behind "att".
func id(r gjson.Result) string {
	text := r.Raw
	if r.Type == gjson.String {
		text = strings.TrimSpace(r.Str)
	}
	if !idForm.MatchString(text) {
		return ""
	}
	return text
}

func firstID(list ...gjson.Result) string {
	for _, r := range list {
		if one := id(r); one != "" {
			return one
		}
	}
	return ""
}

// spaceKey is the key of a space; personal ones begin with a tilde.
func spaceKey(r gjson.Result) string {
	key := str(r)
	if !spaceForm.MatchString(key) {
		return ""
	}
	return key
}

// number reads a whole number, also one that a template wrote as text.
func number(r gjson.Result) (int64, bool) {
	n, err := strconv.ParseInt(str(r), 10, 64)
	return n, err == nil && n >= 0
}

func isLink(s string) bool {
	u, err := url.Parse(s)
	return err == nil && (u.Scheme == "https" || u.Scheme == "http") && u.Host != ""
}

// names are the names of labels, written as such or as objects.
func names(list gjson.Result) []string {
	out := []string{}
	list.ForEach(func(_, one gjson.Result) bool {
		if one.IsObject() {
			one = one.Get("name")
		}
		if name := short(one); name != "" {
			out = append(out, name)
		}
		return len(out) < maxLabels
	})
	return out
}
