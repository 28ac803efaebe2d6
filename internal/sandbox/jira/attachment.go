package jira

import (
	"net/url"
	"strconv"
	"time"
)

// MaxAttachment is the largest attachment that the site takes, in bytes.
const MaxAttachment = 5 << 20

// attachment is a file on an issue.
type attachment struct {
	id      int
	issue   *issue
	author  *User
	name    string
	kind    string
	content []byte
	created time.Time
}

func (t *tx) attach(i *issue, name, kind string, content []byte) *attachment {
	t.touch(i)
	f := &attachment{
		id: t.st.id("attachment", 10001), issue: i, author: t.by, name: name, kind: kind, content: content, created: t.now,
	}
	i.files = append(i.files, f)
	t.st.files[f.id] = f
	t.wrote(i, "attachment", strconv.Itoa(f.id))
	t.emitFile("attachment_created", f)
	t.tellFile(f, false)
	return f
}

// detach removes a file.
func (t *tx) detach(f *attachment) {
	delete(t.st.files, f.id)
	f.issue.files = without(f.issue.files, f)
	t.touch(f.issue)
	t.wrote(f.issue, "attachment_deleted", strconv.Itoa(f.id))
	t.emitFile("attachment_deleted", f)
	t.tellFile(f, true)
}

// tellFile records a file in the history; Jira sends it as an update of the
// issue, too.
func (t *tx) tellFile(f *attachment, gone bool) {
	item := changeItem{field: "Attachment", fieldID: "attachment", to: strconv.Itoa(f.id), toString: f.name}
	if gone {
		item.from, item.fromString, item.to, item.toString = item.to, item.toString, nil, nil
	}
	c := &change{id: t.st.id("change", 10001), by: t.by, at: t.now, items: []changeItem{item}}
	f.issue.history = append(f.issue.history, c)
	t.emitIssue("jira:issue_updated", "issue_updated", f.issue, c)
}

func (t *tx) renderFile(f *attachment) obj {
	id := strconv.Itoa(f.id)
	content := t.st.base + "/rest/api/2/attachment/content/" + id
	if t.st.dc {
		content = t.st.base + "/secure/attachment/" + id + "/" + url.PathEscape(f.name)
	}
	return obj{
		"self": t.st.base + "/rest/api/2/attachment/" + id, "id": id, "filename": f.name,
		"author": f.author.render(t.st.base, false), "created": jiraTime(f.created), "size": len(f.content),
		"mimeType": f.kind, "content": content,
	}
}
