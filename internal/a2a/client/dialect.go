package client

import (
	"strings"

	"github.com/aofctl/aofctl/internal/a2a"
)

// Dialect is how the client speaks.
type Dialect string

// The dialects. JiraEAP is the one of Jira's guide to remote agents, Jira10 the one
// that Jira speaks since A2A 1.0.
const (
	JiraEAP Dialect = "jira-eap"
	Jira10  Dialect = "jira-1.0"
	Plain03 Dialect = "a2a-0.3"
	Plain10 Dialect = "a2a-1.0"
)

// Dialects are all of them.
func Dialects() []Dialect { return []Dialect{Jira10, JiraEAP, Plain10, Plain03} }

// Jira says whether it is Jira that speaks so.
func (d Dialect) Jira() bool { return d == JiraEAP || d == Jira10 }

func (d Dialect) v10() bool { return d == Jira10 || d == Plain10 }

// operation is what a call does; its value indexes the names.
type operation int

const (
	send operation = iota
	stream
	get
	cancel
	subscribe
)

// method is the name of an operation on the wire.
func (d Dialect) method(op operation) string {
	if d.v10() {
		return [...]string{"SendMessage", "SendStreamingMessage", "GetTask", "CancelTask", "SubscribeToTask"}[op]
	}
	return [...]string{"message/send", "message/stream", "tasks/get", "tasks/cancel", "tasks/resubscribe"}[op]
}

// idMember is what a task's id is called in the parameters of an operation. Jira's
// guide has taskId, and id for subscribing alone.
func (d Dialect) idMember(op operation) string {
	if d == JiraEAP && op != subscribe {
		return "taskId"
	}
	return "id"
}

// stateOf reads the name of a state of either version.
func stateOf(name string) a2a.State {
	name = strings.ToLower(strings.ReplaceAll(strings.TrimPrefix(name, "TASK_STATE_"), "_", "-"))
	if name == "unspecified" || name == "" {
		return a2a.Unknown
	}
	return a2a.State(name)
}
