package jira

import (
	"strconv"
	"strings"
	"time"
)

// subject names the thing whose events are worked on one at a time.
func (n *normalizer) subject() string {
	ev := n.ev
	switch {
	case ev.IssueID != "":
		return "issue:" + ev.IssueID
	case ev.IssueKey != "":
		return "issue:" + ev.IssueKey
	case n.number("sprint_id") != "":
		return "sprint:" + n.number("sprint_id")
	case n.number("board_id") != "":
		return "board:" + n.number("board_id")
	case n.versionID != "":
		return "version:" + n.versionID
	case n.projectID != "":
		return "project:" + n.projectID
	case ev.Project != "":
		return "project:" + ev.Project
	case strings.HasPrefix(ev.Type, "user_") && accountID(n.user) != "":
		return "user:" + accountID(n.user)
	default:
		return ""
	}
}

// number returns an int64 variable in decimal, or "" if there is none.
func (n *normalizer) number(name string) string {
	if i, ok := n.ev.Vars[name].(int64); ok {
		return strconv.FormatInt(i, 10)
	}
	return ""
}

// contentKey identifies what happened. It has to be the same for every delivery
// of one happening and differ between two happenings; where the payload does not
// carry enough for the latter it is "", since running twice is the smaller evil.
func (n *normalizer) contentKey() string {
	ev, c := n.ev, &n.comment
	name := n.kind()
	switch {
	case strings.HasPrefix(name, "comment_") && c.id != "" && c.updated != "":
		return key(name, "comment", c.id, instant(c.updated))
	case name == "issue_updated" && n.changelogID != "" && n.issue() != "":
		return key(name, "issue", n.issue(), "changelog", n.changelogID)
	case (name == "issue_created" || name == "issue_deleted") && digits(ev.IssueID) != "":
		return key(name, "issue", ev.IssueID)
	case strings.HasPrefix(name, "worklog_") && n.worklog.id != "" && n.worklog.updated != "":
		return key(name, "worklog", n.worklog.id, instant(n.worklog.updated))
	case strings.HasPrefix(name, "issuelink_") && n.linkID != "":
		return key(name, "link", n.linkID)
	default:
		return n.timedKey(name)
	}
}

// instant writes a moment the same way whatever the time zone that it came in:
// webhooks have it in one zone and the REST API in that of whoever asks. What is
// no moment stays as it is.
func instant(text string) string {
	for _, layout := range []string{"2006-01-02T15:04:05.999-0700", time.RFC3339} {
		if at, err := time.Parse(layout, text); err == nil {
			return at.UTC().Format("2006-01-02T15:04:05.000Z")
		}
	}
	return text
}

// timedKey identifies a happening by its time, in milliseconds, and its object.
// Jira gives the deliveries of one event to two registrations the same time.
func (n *normalizer) timedKey(name string) string {
	at := n.number("timestamp")
	object := firstOf(
		join("comment", n.comment.id),
		join("worklog", n.worklog.id),
		join("attachment", n.attachmentID),
		join("sprint", n.number("sprint_id")),
		join("board", n.number("board_id")),
		join("version", n.versionID),
		join("link", n.linkID),
		join("issue", n.issue()),
		join("project", firstOf(n.projectID, n.ev.Project)),
		join("user", accountID(n.user)),
	)
	if at == "" || object == "" {
		return ""
	}
	return key(name, object, at)
}

// issue returns the issue's id, or its key if there is no id.
func (n *normalizer) issue() string { return firstOf(n.ev.IssueID, n.ev.IssueKey) }

func join(kind, id string) string {
	if id == "" {
		return ""
	}
	return kind + ":" + id
}

// key joins the parts of a content key; every part is kept short.
func key(parts ...string) string {
	for i, part := range parts {
		parts[i] = clip(part, 200)
	}
	return strings.Join(parts, ":")
}
