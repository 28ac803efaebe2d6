package jira_test

import (
	"testing"

	"github.com/aofctl/aofctl/internal/event/jira"
	"github.com/google/go-cmp/cmp"
)

// The documented samples are simpler than what Jira sends: no changelog id, no
// project, a bare board. Every documented variable that a sample can tell has to
// come out under its documented name.
func TestDocumentedSamplesGiveTheDocumentedVariables(t *testing.T) {
	const alice = `{"accountId":"5b10a2844c20165700ede21g","displayName":"Alice Developer","emailAddress":"alice@company.com"}`
	const issue = `"issue":{"id":"10001","key":"PROJ-123","fields":{"summary":"Fix login bug","description":"Users cannot log in with SSO",
		"status":{"name":"In Progress","statusCategory":{"key":"indeterminate"}},"issuetype":{"name":"Bug","subtask":false},
		"priority":{"name":"High"},"assignee":` + alice + `,"reporter":{"accountId":"5b10a2844c20165700ede22h","displayName":"Bob Manager"},
		"labels":["security","sso"],"created":"2024-01-15T10:30:00.000+0000","updated":"2024-01-15T14:45:00.000+0000"}}`
	user := map[string]any{
		"user_account_id": "5b10a2844c20165700ede21g", "user_display_name": "Alice Developer", "user_email": "alice@company.com",
		"timestamp": int64(1640000000000),
	}
	tests := []struct {
		name, body string
		want       map[string]any
	}{
		{"issue", `{"webhookEvent":"jira:issue_updated","timestamp":1640000000000,"user":` + alice + `,` + issue + `,
			"changelog":{"items":[{"field":"status","fieldtype":"jira","from":"10000","fromString":"To Do","to":"10001","toString":"In Progress"}]}}`,
			map[string]any{
				"event_type": "issue_updated", "issue_id": "10001", "issue_key": "PROJ-123", "issue_summary": "Fix login bug",
				"issue_description": "Users cannot log in with SSO", "issue_type": "Bug", "issue_status": "In Progress",
				"issue_priority": "High", "issue_assignee_id": "5b10a2844c20165700ede21g", "issue_assignee_name": "Alice Developer",
				"issue_reporter_id": "5b10a2844c20165700ede22h", "issue_reporter_name": "Bob Manager",
				"issue_labels":  []string{"security", "sso"},
				"issue_created": "2024-01-15T10:30:00.000+0000", "issue_updated": "2024-01-15T14:45:00.000+0000", "project_key": "PROJ",
				"changelog_items": []any{map[string]any{
					"field": "status", "field_id": "", "from": "10000", "from_string": "To Do", "to": "10001", "to_string": "In Progress",
				}},
			}},
		{"comment", `{"webhookEvent":"comment_created","timestamp":1640000000000,"comment":{"id":"10200","body":"I can reproduce this on staging",
			"author":` + alice + `,"created":"2024-01-15T15:00:00.000+0000","updated":"2024-01-15T15:00:00.000+0000"},"issue":{"key":"PROJ-123","fields":{}}}`,
			map[string]any{
				"event_type": "comment_created", "comment_id": "10200", "comment_body": "I can reproduce this on staging",
				"comment_author_id": "5b10a2844c20165700ede21g", "comment_author_name": "Alice Developer",
				"comment_created": "2024-01-15T15:00:00.000+0000", "comment_updated": "2024-01-15T15:00:00.000+0000",
				"issue_key": "PROJ-123", "project_key": "PROJ",
			}},
		{"sprint", `{"webhookEvent":"sprint_started","timestamp":1640000000000,"user":` + alice + `,"sprint":{"id":42,"name":"Sprint 10","state":"active",
			"startDate":"2024-01-15T09:00:00.000Z","endDate":"2024-01-29T17:00:00.000Z","goal":"Complete authentication refactor"},
			"board":{"id":1,"name":"Engineering Board","type":"scrum"},"issues_completed":12,"issues_incomplete":"3"}`,
			map[string]any{
				"event_type": "sprint_started", "sprint_id": int64(42), "sprint_name": "Sprint 10", "sprint_state": "active",
				"sprint_start_date": "2024-01-15T09:00:00.000Z", "sprint_end_date": "2024-01-29T17:00:00.000Z",
				"sprint_goal": "Complete authentication refactor", "board_id": int64(1), "board_name": "Engineering Board",
				"board_type": "scrum", "issues_completed": int64(12), "issues_incomplete": int64(3),
			}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			for name, value := range user {
				tt.want[name] = value
			}
			if diff := cmp.Diff(tt.want, normalize(t, []byte(tt.body), jira.Options{}).Vars); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestTimesAreReadInEveryWrittenForm(t *testing.T) {
	for text, want := range map[string]any{
		`1640000000000`: int64(1640000000000), `"1640000000000"`: int64(1640000000000), `1.64e12`: int64(1640000000000),
		`"2021-12-20T11:33:20.000+0000"`: int64(1640000000000), `"2021-12-20T11:33:20Z"`: int64(1640000000000),
		`""`: nil, `"yesterday"`: nil, `null`: nil, `0`: nil, `-5`: nil, `1e300`: nil, `{}`: nil, `"0001-01-01T00:00:00Z"`: nil,
	} {
		ev := normalize(t, []byte(`{"webhookEvent":"x","timestamp":`+text+`}`), jira.Options{})
		if diff := cmp.Diff(want, ev.Vars["timestamp"]); diff != "" || ev.Time.IsZero() != (want == nil) {
			t.Errorf("%s: time %v (-want +got):\n%s", text, ev.Time, diff)
		}
	}
}

func TestAutomationBodiesMayHaveNamesInsteadOfObjects(t *testing.T) {
	ev := normalize(t, []byte(`{"webhookEvent":" Jira:Issue_Created ","issue":{"key":"A-1","fields":{"issuetype":"Bug","status":{"name":"To Do"},
		"priority":"High","assignee":"Alice","labels":["a",""],"components":"x","parent":"A-2","project":{"key":"","name":""}}}}`), jira.Options{})
	want := map[string]any{
		"event_type": "issue_created", "issue_key": "A-1", "project_key": "A", "issue_type": "Bug", "issue_status": "To Do",
		"issue_priority": "High", "issue_assignee_name": "Alice", "issue_labels": []string{"a"}, "issue_components": []string{"x"},
		"issue_parent_key": "A-2",
	}
	if diff := cmp.Diff(want, ev.Vars); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
