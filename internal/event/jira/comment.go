package jira

import (
	"github.com/tidwall/gjson"

	"github.com/aofctl/aofctl/internal/event"
)

// comment is what a payload tells of a comment.
type comment struct {
	id, issueID      string
	created, updated string
	author, updater  event.Actor
	body             raw
	marked           bool
	depth            int
	// listed is the issue's own list of comments, which Data Center sends along.
	listed raw
}

// readComment reads the comment object and finds out which comment event it is.
func (n *normalizer) readComment(r raw) {
	c := &n.comment
	fields(r, n.readCommentField)
	n.ev.CommentID, n.ev.CommentMarked, n.ev.Depth = c.id, c.marked, c.depth
	setIf(n.ev.Vars, "comment_id", c.id)
	setIf(n.ev.Vars, "comment_created", c.created)
	setIf(n.ev.Vars, "comment_updated", c.updated)
	if kind := n.commentKind(); kind != "" {
		n.ev.Also = []string{kind}
	}
}

func (n *normalizer) readCommentField(name string, value raw) {
	c := &n.comment
	switch name {
	case "id":
		c.id = str(value)
	case "self":
		c.issueID = after(value.text(), "/issue/")
		if c.id == "" {
			c.id = after(value.text(), "/comment/")
		}
	case "body":
		c.body = value
		n.setText("comment_body", value)
	case "author":
		c.author = n.setUser("comment_author", value)
	case "updateAuthor":
		c.updater = actor(value)
	case "created":
		c.created = str(value)
	case "updated":
		c.updated = str(value)
	case "properties":
		c.marked, c.depth = marker(value)
	case "jsdPublic":
		n.setBool("comment_public", value)
	}
}

// marker looks for our property among a comment's properties, which Cloud lists
// and Data Center may name, and returns the causal depth that is written in it.
func marker(properties raw) (marked bool, depth int) {
	take := func(value raw) {
		marked = true
		if n, ok := integer(member(value, "depth")); ok && n > 0 {
			depth = int(min(n, maxDepth))
		}
	}
	fields(properties, func(name string, value raw) {
		if name == CommentMarker {
			take(value)
		}
	})
	elements(properties, func(property raw) bool {
		if member(property, "key").text() == CommentMarker {
			take(member(property, "value"))
		}
		return !marked
	})
	return marked, depth
}

// ReadMarker returns the causal depth that the value of our property carries;
// 0 if there is none in it.
func ReadMarker(value []byte) int {
	if !gjson.ValidBytes(value) {
		return 0
	}
	_, depth := marker(raw(`{"` + CommentMarker + `":` + string(value) + `}`))
	return depth
}

// commentKind returns the comment event that an issue_updated stands for, or "".
// Data Center names it in issue_event_type_name. Server before 8 does not; there
// an update with a comment and without changes is told apart by the comment's
// dates and by whether the issue still lists it.
func (n *normalizer) commentKind() string {
	if n.ev.Type != "issue_updated" {
		return ""
	}
	switch str(n.in.kind) {
	case "issue_commented":
		return "comment_created"
	case "issue_comment_edited":
		return "comment_updated"
	case "issue_comment_deleted":
		return "comment_deleted"
	case "":
	default:
		return ""
	}
	c := &n.comment
	switch {
	case c.id == "" || n.changed:
		return ""
	case c.gone():
		return "comment_deleted"
	case c.created == c.updated:
		return "comment_created"
	default:
		return "comment_updated"
	}
}

// gone reports whether the issue lists all its comments and this one is not
// among them.
func (c *comment) gone() bool {
	list, total := member(c.listed, "comments"), member(c.listed, "total")
	count, ok := integer(total)
	if !ok || !list.isArray() {
		return false
	}
	seen, found := int64(0), false
	elements(list, func(item raw) bool {
		seen++
		found = found || str(member(item, "id")) == c.id
		return !found
	})
	return !found && seen == count
}

// settleCommand keeps the text in which a person may have given commands: a
// comment's body or a new issue's description. What of an edited comment was
// there before the payload does not tell.
func (n *normalizer) settleCommand() {
	switch n.kind() {
	case "comment_created", "comment_updated":
		c := &n.comment
		n.ev.CommandText = commandText(c.body)
		n.ev.Reworded = n.kind() == "comment_created" && others(c.author, c.updater)
	case "issue_created":
		n.ev.CommandText = commandText(n.description)
	}
}

// others reports whether two accounts are known not to be one.
func others(a, b event.Actor) bool {
	return a.AccountID != b.AccountID && a.AccountID != "" && b.AccountID != "" || a.Key != b.Key && a.Key != "" && b.Key != "" ||
		a.AccountID == "" && a.Key == "" && a.Name != b.Name && a.Name != "" && b.Name != ""
}

// kind is the event's name, or the one that it stands for on Data Center.
func (n *normalizer) kind() string {
	if len(n.ev.Also) > 0 {
		return n.ev.Also[0]
	}
	return n.ev.Type
}
