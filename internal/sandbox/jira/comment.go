package jira

import (
	"encoding/json"
	"net/http"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// comment is a comment at work.
type comment struct {
	id         int
	issue      *issue
	author     *User
	updater    *User
	body       string
	public     bool
	visibility json.RawMessage
	properties properties
	created    time.Time
	updated    time.Time
}

// commentInput is the body of POST and PUT comment. The read-only parts are
// ignored, as the schema says; go-jira always sends author and updateAuthor.
type commentInput struct {
	Body       json.RawMessage `json:"body"`
	Properties []property      `json:"properties"`
	Visibility json.RawMessage `json:"visibility"`

	text string
}

// UnmarshalJSON ignores what it does not know, except in properties, whose
// schema allows nothing else.
func (c *commentInput) UnmarshalJSON(raw []byte) error {
	var in struct {
		Body       json.RawMessage
		Properties json.RawMessage
		Visibility json.RawMessage
	}
	if err := json.Unmarshal(raw, &in); err != nil {
		return err
	}
	c.Body, c.Visibility = in.Body, in.Visibility
	if isNull(in.Properties) {
		return nil
	}
	return decodeStrict(in.Properties, &c.Properties)
}

// checkComment reads the text; the string, if not empty, is Jira's objection.
func (t *tx) checkComment(in *commentInput) string {
	switch {
	case t.api == 3:
		text, ok := fromDocument(in.Body)
		if !ok {
			return "Comment body is not valid!"
		}
		in.text = text
	case isNull(in.Body):
		return "Comment body can not be empty!"
	case json.Unmarshal(in.Body, &in.text) != nil:
		return "Comment body is not valid!"
	}
	switch {
	case strings.TrimSpace(in.text) == "":
		return "Comment body can not be empty!"
	case utf8.RuneCountInString(in.text) > MaxText:
		return tooLong
	}
	return t.checkVisibility(in.Visibility)
}

// checkVisibility takes none, {} or a type with a value or identifier.
func (t *tx) checkVisibility(raw json.RawMessage) string {
	if isNull(raw) {
		return ""
	}
	var v struct{ Type, Value, Identifier string }
	if json.Unmarshal(raw, &v) != nil {
		return "Comment visibility is not valid!"
	}
	if v.Type == "" && v.Value == "" && v.Identifier == "" {
		return ""
	}
	if (v.Type != "role" && v.Type != "group") || v.Value == "" && v.Identifier == "" {
		return "Comment visibility is not valid!"
	}
	return ""
}

// postComment carries out POST /issue/{key}/comment.
func (t *tx) postComment(i *issue, in commentInput) (*comment, error) {
	if objection := t.checkComment(&in); objection != "" {
		return nil, refuseField("comment", "%s", objection)
	}
	if err := i.properties.check(in.Properties); err != nil {
		return nil, err
	}
	return t.addComment(i, in), nil
}

// addComment adds a checked comment.
func (t *tx) addComment(i *issue, in commentInput) *comment {
	t.touch(i)
	c := &comment{
		id: t.st.id("comment", 10001), issue: i, author: t.by, updater: t.by, body: in.text, public: true,
		visibility: in.Visibility, properties: properties{}, created: t.now, updated: t.now,
	}
	if err := c.properties.setAll(in.Properties); err != nil {
		c.properties = properties{}
	}
	i.comments = append(i.comments, c)
	t.st.comments[c.id] = c
	t.wrote(i, "comment", strconv.Itoa(c.id))
	t.emitComment("comment_created", "issue_commented", c)
	return c
}

// findComment finds a comment of an issue.
func (t *tx) findComment(i *issue, id string) (*comment, error) {
	n, err := strconv.Atoi(id)
	if c := t.st.comments[n]; err == nil && c != nil && c.issue == i {
		return c, nil
	}
	return nil, refuse(http.StatusNotFound, "Can not find a comment for the id: %s.", id)
}

func (t *tx) updateComment(c *comment, in commentInput) error {
	if objection := t.checkComment(&in); objection != "" {
		return refuseField("comment", "%s", objection)
	}
	if err := c.properties.setAll(in.Properties); err != nil {
		return err
	}
	t.touch(c.issue)
	c.body, c.updater, c.updated = in.text, t.by, t.now
	t.wrote(c.issue, "comment_updated", strconv.Itoa(c.id))
	t.emitComment("comment_updated", "issue_comment_edited", c)
	return nil
}

func (t *tx) deleteComment(c *comment) {
	t.touch(c.issue)
	c.issue.comments = without(c.issue.comments, c)
	delete(t.st.comments, c.id)
	t.wrote(c.issue, "comment_deleted", strconv.Itoa(c.id))
	t.emitComment("comment_deleted", "issue_comment_deleted", c)
}

// render is the comment as REST (withEmail) and webhooks have it.
func (t *tx) renderComment(c *comment, withEmail, withProperties bool) obj {
	base := t.st.base
	out := obj{
		"self":   base + "/rest/api/2/issue/" + c.issue.ref() + "/comment/" + strconv.Itoa(c.id),
		"id":     strconv.Itoa(c.id),
		"author": c.author.render(base, withEmail), "updateAuthor": c.updater.render(base, withEmail),
		"body": c.body, "created": jiraTime(c.created), "updated": jiraTime(c.updated),
	}
	if !t.st.dc {
		out["jsdPublic"] = c.public
	}
	if t.api == 3 {
		out["body"] = toDocument(c.body)
	}
	if !isNull(c.visibility) && string(c.visibility) != "{}" {
		out["visibility"] = c.visibility
	}
	if withProperties {
		out["properties"] = c.properties.render()
	}
	return out
}
