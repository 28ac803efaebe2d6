package enrich_test

import (
	"net/http/httptest"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/aofctl/aofctl/internal/atlassian"
	"github.com/aofctl/aofctl/internal/atlassian/jira"
	"github.com/aofctl/aofctl/internal/enrich"
	eventjira "github.com/aofctl/aofctl/internal/event/jira"
	sandbox "github.com/aofctl/aofctl/internal/sandbox/jira"
)

// site is a simulated Jira with four issues in its first sprint: two open, one
// done, and a sub-task.
func site(t *testing.T, deployment sandbox.Deployment) (*enrich.Enricher, *jira.Client) {
	t.Helper()
	in := func(summary string) sandbox.NewIssue {
		return sandbox.NewIssue{Project: "PROJ", Summary: summary, Reporter: "alice", Labels: []string{"vip"}, Fields: map[string]any{"customfield_10020": 1}}
	}
	issues := []sandbox.NewIssue{in("one"), in("two"), in("three"), {Project: "PROJ", Type: "Sub-task", Parent: "PROJ-1", Summary: "four", Reporter: "alice"}}
	server, err := sandbox.New(sandbox.Options{Deployment: deployment, Seed: sandbox.Seed{Issues: issues}})
	if err != nil {
		t.Fatal(err)
	}
	web := httptest.NewServer(server)
	t.Cleanup(func() { server.Close(); web.Close() })
	for _, transition := range []string{"11", "31"} {
		if err := server.As("alice").Transition("PROJ-3", transition); err != nil {
			t.Fatal(err)
		}
	}
	cfg := atlassian.Config{BaseURL: web.URL, AuthType: atlassian.AuthAPIToken, Email: sandbox.BotEmail, Token: sandbox.BotToken, FirstBackoff: time.Millisecond}
	if deployment == sandbox.DataCenter {
		cfg.AuthType, cfg.Email = atlassian.AuthPAT, ""
	}
	transport, err := atlassian.NewTransport(cfg)
	if err != nil {
		t.Fatal(err)
	}
	client, err := jira.New(transport)
	if err != nil {
		t.Fatal(err)
	}
	return enrich.New(client, eventjira.Options{}, time.Now), client
}

func TestBothKindsOfJiraAreAsked(t *testing.T) {
	for _, deployment := range []sandbox.Deployment{sandbox.Cloud, sandbox.DataCenter} {
		t.Run(string(deployment), func(t *testing.T) {
			e, client := site(t, deployment)
			issue, err := client.GetIssue(t.Context(), "PROJ-1", nil, nil)
			if err != nil {
				t.Fatal(err)
			}
			questions := []struct {
				body string
				want map[string]any
			}{
				{`{"webhookEvent":"worklog_created","worklog":{"issueId":"` + issue.ID + `"}}`,
					map[string]any{"issue_key": "PROJ-1", "issue_labels": []string{"vip"}, "project_key": "PROJ", "project_name": "Project"}},
				{`{"webhookEvent":"sprint_closed","sprint":{"id":1,"originBoardId":1}}`,
					map[string]any{"board_name": "PROJ board", "project_key": "PROJ", "sprint_goal": "Ship the login page",
						"issues_completed": int64(1), "issues_incomplete": int64(2)}},
				{`{"webhookEvent":"jira:version_released","version":{"id":"10000"}}`,
					map[string]any{"version_name": "1.0", "project_key": "PROJ", "project_name": "Project"}},
				{`{"webhookEvent":"issuelink_created","issueLink":{"id":1,"sourceIssueId":` + issue.ID + `,"destinationIssueId":` + issue.ID + `}}`,
					map[string]any{"link_destination_issue_key": "PROJ-1", "issue_summary": "one"}},
			}
			for _, q := range questions {
				names := []string{}
				for name := range q.want {
					names = append(names, name)
				}
				vars, err := e.Variables(t.Context(), read(t, q.body), names)
				if err != nil {
					t.Errorf("%s: %v", q.body, err)
				}
				for name, want := range q.want {
					if diff := cmp.Diff(want, vars[name]); diff != "" {
						t.Errorf("%s: %s (-want +got):\n%s", q.body, name, diff)
					}
				}
			}
		})
	}
}

func TestConditionsAndMarksAreAskedOfBothKindsOfJira(t *testing.T) {
	for _, deployment := range []sandbox.Deployment{sandbox.Cloud, sandbox.DataCenter} {
		t.Run(string(deployment), func(t *testing.T) {
			e, client := site(t, deployment)
			ev := read(t, `{"webhookEvent":"jira:issue_created","issue":{"key":"PROJ-1"}}`)
			for jql, want := range map[string]bool{"labels = vip": true, "labels = other": false, "status = Done OR labels = vip": true} {
				if got, err := e.Matches(t.Context(), ev, jql); err != nil || got != want {
					t.Errorf("%s: %v, %v", jql, got, err)
				}
			}
			if _, err := e.Matches(t.Context(), ev, "nonsense = 1 1"); err == nil {
				t.Error("Jira cannot have understood that")
			}
			ours, err := client.AddComment(t.Context(), "PROJ-1", "x", jira.Marker{ID: "1"})
			if err != nil {
				t.Fatal(err)
			}
			ev.CommentID = ours.ID
			if _, marked, err := e.Mark(t.Context(), ev); err != nil || !marked {
				t.Errorf("our comment: %v, %v", marked, err)
			}
			ev.CommentID = "99999"
			if _, marked, err := e.Mark(t.Context(), ev); err != nil || marked {
				t.Errorf("no comment: %v, %v", marked, err)
			}
		})
	}
}
