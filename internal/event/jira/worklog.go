package jira

import (
	"github.com/aofctl/aofctl/internal/event"
)

// worklog is what a payload tells of logged work.
type worklog struct {
	id, issueID, updated string
	author, updater      event.Actor
}

// readWorklog reads the worklog object. Cloud's events have no issue beside it,
// only the issue's id in it.
func (n *normalizer) readWorklog(r raw) {
	w := &n.worklog
	self := ""
	fields(r, func(name string, value raw) {
		switch name {
		case "id":
			w.id = str(value)
		case "issueId":
			w.issueID = str(value)
		case "self":
			self = value.text()
		case "author":
			w.author = n.setUser("worklog_author", value)
		case "updateAuthor":
			w.updater = actor(value)
		case "updated":
			w.updated = str(value)
			setIf(n.ev.Vars, "worklog_updated", w.updated)
		case "created":
			n.setKnown("worklog_created", value)
		case "started":
			n.setKnown("worklog_started", value)
		case "timeSpent":
			n.set("worklog_time_spent", value)
		case "timeSpentSeconds":
			n.setInt("worklog_time_spent_seconds", value)
		case "comment":
			n.setText("worklog_comment", value)
		}
	})
	w.id = firstOf(w.id, after(self, "/worklog/"))
	w.issueID = firstOf(w.issueID, after(self, "/issue/"))
	setIf(n.ev.Vars, "worklog_id", w.id)
}

// readAttachment reads the attachment object.
func (n *normalizer) readAttachment(r raw) {
	fields(r, func(name string, value raw) {
		switch name {
		case "id":
			n.attachmentID = str(value)
			setIf(n.ev.Vars, "attachment_id", n.attachmentID)
		case "filename":
			n.setKnown("attachment_name", value)
		case "size":
			n.setInt("attachment_size", value)
		case "mimeType":
			n.set("attachment_mime_type", value)
		case "content":
			n.setKnown("attachment_url", value)
		case "created":
			n.setKnown("attachment_created", value)
		case "author":
			n.uploader = n.setUser("attachment_author", value)
		}
	})
}
