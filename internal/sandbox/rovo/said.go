package rovo

import (
	"encoding/json"
	"fmt"

	"github.com/aofctl/aofctl/internal/a2a/client"
)

// cause is what a person did in Jira to reach the agent.
type cause int

const (
	assigned cause = iota
	mentioned
	chatted
)

// what is what a person did, with what came with it.
type what struct {
	kind cause
	// comment is the id of a comment, text its body, or what was said in the chat.
	comment, text string
}

// data is the data part, in the order of Jira's guide.
type data struct {
	UserAccountID  string   `json:"userAccountId"`
	AgentAccountID string   `json:"agentAccountId"`
	InvocationType string   `json:"invocationType,omitempty"`
	Issue          *issue   `json:"issue,omitempty"`
	Comment        *comment `json:"comment,omitempty"`
	Chat           *chat    `json:"chat,omitempty"`
}

type issue struct {
	ID     string  `json:"id"`
	Fields *fields `json:"fields,omitempty"`
}

type fields struct {
	Key         string `json:"key,omitempty"`
	Summary     string `json:"summary"`
	Description string `json:"description"`
}

type comment struct {
	ID   string `json:"id"`
	Body string `json:"body"`
}

type chat struct {
	Message string `json:"message"`
}

// message is what Jira tells an agent. The early dialect is as the guide shows it;
// the other has been seen to say more.
func (u *User) message(d client.Dialect, key string, w what) (client.Message, error) {
	said := data{UserAccountID: u.claims, AgentAccountID: u.tenant.agent()}
	m := client.Message{ID: client.NewID()}
	found, known := u.tenant.site.Issue(key)
	if known {
		said.Issue = &issue{ID: found.ID}
	}
	if known && w.kind != chatted {
		said.Issue.Fields = &fields{Summary: found.Summary, Description: found.Description}
	}
	switch w.kind {
	case assigned:
		m.Text, said.InvocationType = "A user has assigned you to a work item.", "ISSUE_ASSIGNMENT"
	case mentioned:
		m.Text, said.InvocationType = "A user has mentioned you in a comment.", "ISSUE_COMMENT_MENTION"
		said.Comment = &comment{ID: w.comment, Body: w.text}
	case chatted:
		m.Text, said.Chat = "A user has sent a message in the chat.", &chat{Message: w.text}
	}
	if d == client.JiraEAP {
		said.InvocationType = ""
	} else if said.Issue != nil && said.Issue.Fields != nil {
		said.Issue.Fields.Key = found.Key
	}
	raw, err := json.Marshal(said)
	if err != nil {
		return m, fmt.Errorf("write message: %w", err)
	}
	m.Data = raw
	return m, nil
}
