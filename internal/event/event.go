// Package event holds the normalised form of what a platform told us: one
// Event per delivery, with the context variables that triggers filter on and
// that templates read. Its sub-packages turn each platform's payloads into
// Events; they are pure functions of the payload.
package event

import (
	"encoding/json"
	"maps"
	"time"
)

// Sources of events.
const (
	SourceJira       = "jira"
	SourceConfluence = "confluence"
	SourceGitHub     = "github"
	// SourceHTTP are programs that post to a trigger of their own, SourceSchedule
	// is the clock.
	SourceHTTP     = "http"
	SourceSchedule = "schedule"
	// SourceOperator are people who ask for a run on the command line.
	SourceOperator = "operator"
	// SourceA2A are users and programs that give an agent a task.
	SourceA2A = "a2a"
)

// OfTrigger is the name, beside its own, of an event that is meant for one trigger
// alone. No platform's event has it: it has a slash.
func OfTrigger(name string) string { return "trigger/" + name }

// Event is a delivery, normalised.
type Event struct {
	// Source is the platform that sent the delivery, one of the Source constants.
	Source string `json:"source"`
	// Site names the configured site (tenant) of that platform; "" for the only one.
	Site string `json:"site,omitempty"`
	// Type is the event's canonical name, such as "issue_created": the
	// platform's own name without the "jira:" prefix.
	Type string `json:"type"`
	// Also lists further names under which triggers may ask for this event.
	// Data Center reports a new comment as issue_updated with
	// issue_event_type_name issue_commented; it then also is a comment_created.
	Also []string `json:"also,omitempty"`
	// Time is when the platform says that it happened; zero if it does not say.
	Time time.Time `json:"time,omitzero"`
	// Actor is who caused the event, as far as the payload tells.
	Actor Actor `json:"actor,omitzero"`
	// Subject identifies the thing whose events must be worked on one at a
	// time and in order, such as "issue:10001" or "sprint:42". Ids, not keys: a
	// moved issue changes its key. Empty if the event has no such thing.
	Subject string `json:"subject,omitempty"`
	// Project is the project key; "" if the event does not tell.
	Project string `json:"project,omitempty"`
	// IssueID and IssueKey identify the issue; either may be "" (Data Center's
	// comment events have only the id, hidden in a link).
	IssueID  string `json:"issue_id,omitempty"`
	IssueKey string `json:"issue_key,omitempty"`
	// Thread is the number of the pull request or issue on GitHub that the event is
	// about and on which it can be answered; 0 for none.
	Thread int `json:"thread,omitempty"`
	// CommentID is the comment of a comment event.
	CommentID string `json:"comment_id,omitempty"`
	// Reworded is true for a new comment that somebody else than its author has
	// changed by now, or wrote in their name: the actor may not have said it.
	Reworded bool `json:"reworded,omitempty"`
	// CommentMarked is true if the payload shows that the comment carries the
	// property with which this program marks its own comments.
	CommentMarked bool `json:"comment_marked,omitempty"`
	// Depth says how many answers of automations to each other led to the event,
	// as far as the comment's mark tells; 0 for what a person did.
	Depth int `json:"depth,omitempty"`
	// CommandText is the text in which a person may have written commands, as
	// the platform sent it (wiki markup or Markdown): the body of a comment that
	// is new or was edited, or the description of a new issue. Empty for every
	// other event.
	CommandText string `json:"command_text,omitempty"`
	// Secrets names the environment variables whose value verified the
	// delivery's signature; "" entries do not occur.
	Secrets []string `json:"secrets,omitempty"`
	// Vars are the context variables by name, such as issue_key. A name is
	// present if and only if the payload told its value, be it empty: a filter
	// on an absent variable has to ask the platform. Values are string, int64,
	// float64, bool, []string, []any or map[string]any.
	Vars map[string]any `json:"vars"`
	// ContentKey identifies what happened, independent of the delivery: two
	// webhook registrations of one event, or Data Center's pair of deliveries for
	// one comment, have the same. Empty if the payload gives no safe identity.
	ContentKey string `json:"content_key,omitempty"`
	// Raw is the payload as received.
	Raw json.RawMessage `json:"-"`
}

// Actor is the account behind an event. Jira Cloud tells AccountID and Type,
// Data Center Name and Key; DisplayName comes from both, Email from few.
type Actor struct {
	AccountID   string `json:"account_id,omitempty"`
	Name        string `json:"name,omitempty"`
	Key         string `json:"key,omitempty"`
	DisplayName string `json:"display_name,omitempty"`
	Email       string `json:"email,omitempty"`
	// Type is Jira Cloud's accountType: atlassian, app or customer.
	Type string `json:"type,omitempty"`
}

// IsZero reports whether nothing is known of the actor.
func (a Actor) IsZero() bool { return a == Actor{} }

// Has reports whether the payload told the variable's value.
func (e *Event) Has(name string) bool {
	_, ok := e.Vars[name]
	return ok
}

// String returns a variable that is a string, or "" if it is absent or of
// another type.
func (e *Event) String(name string) string {
	s, _ := e.Vars[name].(string)
	return s
}

// Strings returns a variable that is a list of strings, or nil.
func (e *Event) Strings(name string) []string {
	l, _ := e.Vars[name].([]string)
	return l
}

// Learn adds variables that the platform was asked for, and takes over what they
// tell of the event's identity.
func (e *Event) Learn(vars map[string]any) {
	if e.Vars == nil {
		e.Vars = make(map[string]any, len(vars))
	}
	maps.Copy(e.Vars, vars)
	e.IssueID = firstSet(e.IssueID, e.String("issue_id"))
	e.IssueKey = firstSet(e.IssueKey, e.String("issue_key"))
	e.Project = firstSet(e.Project, e.String("project_key"))
}
