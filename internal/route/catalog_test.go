package route_test

import (
	"fmt"
	"testing"

	"github.com/aofctl/aofctl/internal/event"
	"github.com/aofctl/aofctl/internal/manifest"
	"github.com/aofctl/aofctl/internal/route"
)

// option changes a trigger of a test.
type option func(*manifest.Trigger)

// trigger makes a Jira trigger whose default target is the agent of its name.
func trigger(name string, options ...option) *manifest.Trigger {
	t := &manifest.Trigger{
		Meta:       manifest.Meta{Name: name, Source: "triggers/" + name + ".yaml:1"},
		Type:       "jira",
		IgnoreBots: true,
		Default:    agent(name),
	}
	for _, o := range options {
		o(t)
	}
	return t
}

func agent(name string) manifest.Target {
	return manifest.Target{Kind: manifest.TargetAgent, Name: name}
}

func events(names ...string) option   { return func(t *manifest.Trigger) { t.Events = names } }
func projects(keys ...string) option  { return func(t *manifest.Trigger) { t.Filters.Projects = keys } }
func users(names ...string) option    { return func(t *manifest.Trigger) { t.AllowedUsers = names } }
func expression(text string) option   { return func(t *manifest.Trigger) { t.Filters.Expression = text } }
func noDefault(t *manifest.Trigger)   { t.Default = manifest.Target{} }
func answersBots(t *manifest.Trigger) { t.IgnoreBots = false }
func issueTypes(names ...string) option {
	return func(t *manifest.Trigger) { t.Filters.IssueTypes = names }
}

// command adds a command whose target is the agent of that name.
func command(name string) option {
	return func(t *manifest.Trigger) {
		t.Commands = append(t.Commands, manifest.Command{Name: name, Target: agent(name)})
	}
}

func table(triggers ...*manifest.Trigger) *route.Table {
	return route.New(&manifest.Catalog{Triggers: triggers})
}

// created is a new bug of the project PROJ.
func created() *event.Event {
	return &event.Event{
		Source: "jira", Type: "issue_created", Project: "PROJ", IssueID: "10001", IssueKey: "PROJ-123",
		Actor: event.Actor{AccountID: "5b10", DisplayName: "Alice Developer", Type: "atlassian"},
		Vars: map[string]any{
			"issue_id": "10001", "issue_key": "PROJ-123", "project_key": "PROJ", "issue_type": "Bug",
			"issue_status": "To Do", "issue_priority": "High", "issue_labels": []string{"security", "sso"},
			"user_account_id": "5b10",
		},
	}
}

// commented is a new comment on that bug, as Cloud sends it: without labels.
func commented(text string) *event.Event {
	ev := created()
	ev.Type, ev.CommentID, ev.CommandText = "comment_created", "10200", text
	delete(ev.Vars, "issue_labels")
	return ev
}

// won returns "trigger target command" of each match.
func won(d route.Decision) []string {
	var list []string
	for _, m := range d.Matches {
		s := m.Trigger.Name + " " + m.Target.String()
		if m.Command != nil {
			s += " /" + m.Command.Name
		}
		list = append(list, s)
	}
	return list
}

// clauses returns "trigger clause" of each near miss.
func clauses(d route.Decision) []string {
	var list []string
	for _, m := range d.Misses {
		list = append(list, m.Trigger+" "+m.Clause)
	}
	return list
}

// evaluator evaluates expressions by looking them up.
type evaluator map[string]any

func (e evaluator) Eval(expr string, vars map[string]any) (bool, error) {
	switch answer := e[expr].(type) {
	case bool:
		return answer, nil
	case func(map[string]any) bool:
		return answer(vars), nil
	default:
		return false, fmt.Errorf("undefined %q", expr)
	}
}

func wantMatches(t *testing.T, d route.Decision, want ...string) {
	t.Helper()
	if got := won(d); !equal(got, want) {
		t.Errorf("matches = %q, want %q (reason %q, misses %+v, needs %q)", got, want, d.Reason, d.Misses, d.Needs)
	}
	if (d.Reason == "") != (len(want) > 0) {
		t.Errorf("reason = %q with matches %q", d.Reason, won(d))
	}
}

func equal(a, b []string) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if a[i] != b[i] {
			return false
		}
	}
	return true
}
