package app

import (
	"testing"
	"time"

	"github.com/aofctl/aofctl/internal/atlassian"
	"github.com/aofctl/aofctl/internal/atlassian/jira"
	"github.com/aofctl/aofctl/internal/enrich"
	"github.com/aofctl/aofctl/internal/event"
	eventjira "github.com/aofctl/aofctl/internal/event/jira"
	"github.com/aofctl/aofctl/internal/route"
	"github.com/aofctl/aofctl/internal/sandbox"
	sandboxjira "github.com/aofctl/aofctl/internal/sandbox/jira"
)

// askable is a sandbox with an issue, somebody who asks it, and an event of it.
func askable(t *testing.T) (*sandbox.Sandbox, asker, *event.Event) {
	t.Helper()
	box, err := sandbox.Start(t.Context(), sandbox.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = box.Close() })
	key, err := box.Jira.As("alice").CreateIssue(sandboxjira.NewIssue{Project: "PROJ", Summary: "s", Labels: []string{"vip"}})
	if err != nil {
		t.Fatal(err)
	}
	email, token := box.Credentials()
	transport, err := atlassian.NewTransport(atlassian.Config{BaseURL: box.JiraURL(), AuthType: atlassian.AuthAPIToken,
		Email: email, Token: token, FirstBackoff: time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	client, err := jira.New(transport)
	if err != nil {
		t.Fatal(err)
	}
	one := &site{enricher: enrich.New(client, eventjira.Options{}, time.Now)}
	ev := &event.Event{Source: event.SourceJira, Type: "comment_created", IssueKey: key, CommentID: "99", Vars: map[string]any{}}
	return box, asker{&sites{byName: map[string]*site{"": one}}}, ev
}

func TestJiraAnswersTheRoutersQuestions(t *testing.T) {
	_, a, ev := askable(t)
	vars, err := a.Variables(t.Context(), ev, []string{"issue_labels", "sprint_name"})
	if labels, _ := vars["issue_labels"].([]string); err != nil || len(labels) != 1 || labels[0] != "vip" {
		t.Errorf("%v, %v", vars, err)
	}
	if vars, err := a.Variables(t.Context(), ev, []string{"sprint_name"}); err != nil || vars != nil {
		t.Errorf("of what nobody can tell: %v, %v", vars, err)
	}
	for jql, want := range map[string]route.Answer{"labels = vip": route.AnswerYes, "labels = x": route.AnswerNo, "nonsense": route.AnswerUnknown} {
		if got, err := a.Matches(t.Context(), ev, jql); err != nil || got != want {
			t.Errorf("%s: %v, %v", jql, got, err)
		}
	}
	if _, marked, err := a.Mark(t.Context(), ev); err != nil || marked {
		t.Errorf("a comment that is gone: %v, %v", marked, err)
	}
}

func TestQuestionsThatFailForGoodAreOverAndOthersWait(t *testing.T) {
	for status, waits := range map[int]bool{403: false, 503: true} {
		box, a, ev := askable(t)
		for _, path := range []string{"/issue/", "search", "properties"} {
			if _, err := box.Jira.AddFault(sandboxjira.Fault{Path: path, Effect: sandboxjira.Answer, Status: status}); err != nil {
				t.Fatal(err)
			}
		}
		if vars, err := a.Variables(t.Context(), ev, []string{"issue_labels"}); (err != nil) != waits || len(vars) > 0 {
			t.Errorf("%d: variables %v, %v", status, vars, err)
		}
		if answer, err := a.Matches(t.Context(), ev, "labels = vip"); (err != nil) != waits || answer != route.AnswerUnknown {
			t.Errorf("%d: condition %v, %v", status, answer, err)
		}
		if _, marked, err := a.Mark(t.Context(), ev); (err != nil) != waits || marked {
			t.Errorf("%d: mark %v, %v", status, marked, err)
		}
	}
}
