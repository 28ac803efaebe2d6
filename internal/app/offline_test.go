package app

import (
	"slices"
	"strings"
	"testing"

	"github.com/aofctl/aofctl/internal/manifest"
)

const bugCreated = `{"timestamp": 1760000000000, "webhookEvent": "jira:issue_created", "user": {"accountId": "a1", "displayName": "Alice"},
 "issue": {"id": "1", "key": "PROJ-1", "fields": {"summary": "S", "project": {"key": "PROJ"}, "issuetype": {"name": "Bug"}, "labels": ["vip"]}}}`

func TestAPayloadIsExplainedOffline(t *testing.T) {
	p := newPlace(t, withJira, map[string]string{"triggers/t.yaml": oneTrigger, "agents/a.yaml": oneAgent})
	p.env = map[string]string{} // no secret is needed
	explain := func(body, site string) (Explanation, error) {
		return Explain(t.Context(), p.load(t), p.getenv, site, []byte(body))
	}

	x, err := explain(bugCreated, "")
	if err != nil || len(x.Decision.Matches) != 1 || x.Decision.Matches[0].Target.Name != "a" || x.Event.IssueKey != "PROJ-1" || x.Asked != nil {
		t.Errorf("%v: %+v", err, x)
	}
	x, err = explain(strings.Replace(bugCreated, `"Bug"`, `"Story"`, 1), "")
	if err != nil || len(x.Decision.Matches) != 0 || len(x.Decision.Misses) != 1 || x.Decision.Misses[0].Clause != "issue_types" {
		t.Errorf("%v: %+v", err, x.Decision)
	}
	x, err = explain(strings.Replace(bugCreated, `, "labels": ["vip"]`, "", 1), "")
	if err != nil || !slices.Contains(x.Asked, "issue_labels") || len(x.Decision.Matches) != 0 || len(x.Decision.Needs) != 0 {
		t.Errorf("%v: asked %v, %+v", err, x.Asked, x.Decision)
	}
	p.write(t, "triggers/t.yaml", strings.Replace(oneTrigger, "config: {", "config: {allowed_users: [alice@example.com], ", 1))
	x, err = explain(bugCreated, "")
	if err != nil || !slices.Equal(x.Asked, []string{"user_email"}) || len(x.Decision.Matches) != 0 || len(x.Decision.Misses) != 1 || x.Decision.Misses[0].Clause != "allowed_users" {
		t.Errorf("%v: asked %v, %+v", err, x.Asked, x.Decision)
	}
	p.write(t, "triggers/t.yaml", strings.Replace(oneTrigger, "config: {", "config: {jql_filter: assignee is EMPTY, ", 1))
	x, err = explain(bugCreated, "")
	if err != nil || !slices.Equal(x.Asked, []string{"JQL assignee is EMPTY"}) || len(x.Decision.Matches) != 0 {
		t.Errorf("%v: asked %v, %+v", err, x.Asked, x.Decision)
	}
	for body, want := range map[string]string{"": "empty", "[]": "", "nonsense": "", `{"webhookEvent": 1}`: ""} {
		if _, err := explain(body, ""); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: error %v", body, err)
		}
	}
	if _, err := explain(bugCreated, "other"); err == nil || !strings.Contains(err.Error(), `no enabled Jira site named "other"`) {
		t.Errorf("error %v", err)
	}
	p.write(t, "agents/a.yaml", "kind: Agent\nspec: nonsense\n")
	if _, err := explain(bugCreated, ""); err == nil || !strings.Contains(err.Error(), "agents/a.yaml:2:7") {
		t.Errorf("error %v", err)
	}
}

func TestWhatManifestsMayReferToIsKnownWithoutAConfiguration(t *testing.T) {
	k, err := Known(nil, func(string) (string, bool) { return "", false })
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Contains(k.Providers, "google") || !slices.ContainsFunc(k.Tools, func(t manifest.KnownTool) bool { return t.Name == "jira_get_issue" && t.Reads }) {
		t.Errorf("known %+v", k)
	}
	if k.SecretEnvs != nil {
		t.Error("without a configuration nobody can tell which secrets there are")
	}
	for text, ok := range map[string]bool{"{{ metadata.issue_key }}": true, "{{ metadata.issue_key": false, "{% if %}": false} {
		if (k.CheckTemplate(text) == nil) != ok {
			t.Errorf("template %q: %v", text, k.CheckTemplate(text))
		}
	}
	for text, ok := range map[string]bool{"event.issue_priority == 'High'": true, "event.issue_priority ==": false} {
		if (k.CheckExpression(text) == nil) != ok {
			t.Errorf("expression %q: %v", text, k.CheckExpression(text))
		}
	}
}
