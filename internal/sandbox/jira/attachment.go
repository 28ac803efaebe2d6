package jira

import (
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
	return f
}

func (t *tx) renderFile(f *attachment) obj {
	id := strconv.Itoa(f.id)
	return obj{
		"self": t.st.base + "/rest/api/2/attachment/" + id, "id": id, "filename": f.name,
		"author": f.author.render(t.st.base, false), "created": jiraTime(f.created), "size": len(f.content),
		"mimeType": f.kind, "content": t.st.base + "/rest/api/2/attachment/content/" + id,
	}
}
