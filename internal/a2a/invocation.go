package a2a

import (
	"cmp"

	"github.com/tidwall/gjson"
)

// Cause is what a user did in Jira to reach the agent.
type Cause string

// The ways to reach an agent. Other is a message that says none of them.
const (
	Assigned  Cause = "assigned"
	Mentioned Cause = "mentioned"
	Chatted   Cause = "chatted"
	Other     Cause = "other"
)

// Invocation is what Jira tells in the data part of a message. Jira documents few
// of these members and sends more, so each may be missing. The ids are what a body
// says: who the user is comes from the token alone.
type Invocation struct {
	Cause                        Cause
	UserAccountID, AgentAccount  string
	IssueID, IssueKey            string
	Summary, Description         string
	CommentID, CommentBody, Chat string
}

// Invocation reads the first data part that speaks of an issue, a comment, a chat
// or an account; false if there is none.
func (m Message) Invocation() (Invocation, bool) {
	for _, p := range m.Parts {
		if p.Kind != DataPart {
			continue
		}
		if data := gjson.ParseBytes(p.Data); data.IsObject() && speaksOfJira(data) {
			return readInvocation(data), true
		}
	}
	return Invocation{}, false
}

func speaksOfJira(data gjson.Result) bool {
	for _, name := range []string{"issue", "comment", "chat", "userAccountId", "agentAccountId", "invocationType"} {
		if data.Get(name).Exists() {
			return true
		}
	}
	return false
}

func readInvocation(data gjson.Result) Invocation {
	inv := Invocation{
		UserAccountID: scalar(data, "userAccountId"),
		AgentAccount:  scalar(data, "agentAccountId"),
		IssueID:       scalar(data, "issue.id"),
		IssueKey:      cmp.Or(scalar(data, "issue.key"), scalar(data, "issue.fields.key")),
		Summary:       scalar(data, "issue.fields.summary"),
		Description:   scalar(data, "issue.fields.description"),
		CommentID:     scalar(data, "comment.id"),
		CommentBody:   scalar(data, "comment.body"),
		Chat:          scalar(data, "chat.message"),
	}
	inv.Cause = cause(data)
	return inv
}

// cause goes by what is there; what Jira calls it is asked only when nothing is,
// because that member is not documented.
func cause(data gjson.Result) Cause {
	switch {
	case data.Get("chat").IsObject():
		return Chatted
	case data.Get("comment").IsObject():
		return Mentioned
	}
	switch scalar(data, "invocationType") {
	case "", "ISSUE_ASSIGNMENT":
		if data.Get("issue").IsObject() {
			return Assigned
		}
	case "ISSUE_COMMENT_MENTION":
		return Mentioned
	}
	return Other
}

// scalar reads a string or a number: ids come as either. A number keeps its
// digits.
func scalar(data gjson.Result, path string) string {
	switch v := data.Get(path); v.Type {
	case gjson.String:
		return v.Str
	case gjson.Number:
		return v.Raw
	}
	return ""
}
