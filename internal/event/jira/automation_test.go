package jira_test

import (
	"fmt"
	"testing"

	"github.com/aofctl/aofctl/internal/event/jira"
	"github.com/google/go-cmp/cmp"
)

// Automation rules send what their authors typed: smart values that came out
// empty, names in place of objects, parts left out.
func TestBodiesOfAutomationRulesAreUnderstood(t *testing.T) {
	tests := []struct {
		name, body string
		want       map[string]any
		absent     []string
	}{
		{"bare key", `{"webhookEvent":"issue_created","issue":" PROJ-7 "}`,
			map[string]any{"issue_key": "PROJ-7", "project_key": "PROJ"}, []string{"issue_id", "issue_type"}},
		{"key with blanks", `{"webhookEvent":"issue_created","issue":{"key":" PROJ-7\n"}}`, map[string]any{"issue_key": "PROJ-7"}, nil},
		{"bare id", `{"webhookEvent":"issue_created","issue":10007}`, map[string]any{"issue_id": "10007"}, []string{"issue_key"}},
		{"fields beside the key", `{"webhookEvent":"jira:issue_created","issue":{"key":"PROJ-7","summary":"s","issuetype":"Bug","priority":{"name":"High"},"labels":"a, b"}}`,
			map[string]any{"issue_summary": "s", "issue_type": "Bug", "issue_priority": "High", "issue_labels": []string{"a", "b"}}, []string{"issue_status"}},
		{"names for objects", `{"webhookEvent":"issue_updated","issue":{"key":"PROJ-7","fields":{"issuetype":"Bug","status":"Done","project":"PROJ","assignee":"Alice"}}}`,
			map[string]any{"issue_type": "Bug", "issue_status": "Done", "project_key": "PROJ", "issue_assignee_name": "Alice"}, nil},
		{"empty strings", `{"webhookEvent":"issue_created","issue":{"key":"PROJ-7","fields":{"issuetype":"","status":"","summary":"","priority":"","assignee":"","description":"","project":{"key":""}}}}`,
			map[string]any{"issue_priority": "", "issue_assignee_id": "", "issue_description": "", "project_key": "PROJ"},
			[]string{"issue_type", "issue_status", "issue_summary"}},
		{"wrong types", `{"webhookEvent":"issue_created","timestamp":"","user":[],"issue":{"key":"PROJ-7","fields":{"issuetype":[1],"status":true,"priority":["High"],"labels":5,"project":7,"parent":[],"duedate":{}}},"changelog":"x"}`,
			map[string]any{"issue_key": "PROJ-7", "project_key": "PROJ"}, []string{"timestamp", "issue_type", "issue_priority", "issue_labels", "issue_parent_key", "issue_due_date", "changelog_items"}},
		{"nothing but a name", `{"webhookEvent":"issue_created","issue":""}`, nil, []string{"issue_id", "issue_key", "project_key"}},
		{"project beside the issue", `{"webhookEvent":"issue_created","project":"","issue":{"key":"PROJ-7","fields":{"project":{"key":"PROJ","name":"P"}}}}`,
			map[string]any{"project_key": "PROJ", "project_name": "P"}, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			ev := normalize(t, []byte(tt.body), jira.Options{})
			checkInvariants(t, ev)
			for name, want := range tt.want {
				if diff := cmp.Diff(want, ev.Vars[name]); diff != "" {
					t.Errorf("%s (-want +got):\n%s", name, diff)
				}
			}
			for _, name := range tt.absent {
				if ev.Has(name) {
					t.Errorf("%s = %v, but nobody told it", name, ev.Vars[name])
				}
			}
		})
	}
}

func TestMarksAreRecognisedInEveryFormWithTheirDepth(t *testing.T) {
	tests := []struct {
		properties string
		marked     bool
		depth      int
	}{
		{`[{"key":"aofctl","value":{"id":"x","depth":2}}]`, true, 2},
		{`[{"key":"other"},{"key":"aofctl","value":{}}]`, true, 0},
		{`{"aofctl":{"depth":"3"}}`, true, 3},
		{`{"aofctl":null}`, true, 0},
		{`[{"key":"aofctl","value":{"depth":-4}}]`, true, 0},
		{`[{"key":"aofctl","value":{"depth":99999999999}}]`, true, 1 << 20},
		{`[{"key":"sd.public.comment","value":{"depth":2}}]`, false, 0},
		{`"aofctl"`, false, 0},
		{`null`, false, 0},
	}
	for _, tt := range tests {
		ev := normalize(t, []byte(`{"webhookEvent":"comment_created","comment":{"id":"1","properties":`+tt.properties+`}}`), jira.Options{})
		if ev.CommentMarked != tt.marked || ev.Depth != tt.depth {
			t.Errorf("%s: marked %v, depth %d", tt.properties, ev.CommentMarked, ev.Depth)
		}
	}
}

func TestTheDepthIsReadFromAPropertysValue(t *testing.T) {
	for value, want := range map[string]int{`{"id":"x","depth":4}`: 4, `{}`: 0, `"x"`: 0, ``: 0, `{"depth"`: 0, `]}`: 0} {
		if got := jira.ReadMarker([]byte(value)); got != want {
			t.Errorf("%s: %d, want %d", value, got, want)
		}
	}
}

func TestMergedVersionsCountUnderBothNames(t *testing.T) {
	ev := normalize(t, []byte(`{"webhookEvent":"jira:version_deleted","timestamp":5,"version":{"id":"1","name":"1.0"},"mergedTo":{"id":"2","name":"1.1"}}`), jira.Options{})
	if diff := cmp.Diff([]string{"version_merged"}, ev.Also); diff != "" || ev.String("version_merged_to") != "1.1" {
		t.Errorf("merged to %q, also (-want +got):\n%s", ev.String("version_merged_to"), diff)
	}
}

func TestCustomFieldsAreFoundByTheirNamesToo(t *testing.T) {
	names := map[string]string{"customfield_1": "Story Points", "customfield_2": "Story Points", "customfield_3": "customfield_1"}
	ev := normalize(t, []byte(`{"webhookEvent":"x","issue":{"fields":{"customfield_1":5,"customfield_2":8,"customfield_3":1,"customfield_4":2}}}`),
		jira.Options{FieldName: func(id string) string { return names[id] }})
	want := map[string]any{"customfield_1": int64(5), "customfield_2": int64(8), "customfield_3": int64(1), "customfield_4": int64(2), "Story Points": int64(5)}
	if diff := cmp.Diff(want, ev.Vars["issue_custom"]); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestDocumentsMentionPeopleByTheirId(t *testing.T) {
	const doc = `{"type":"doc","content":[{"type":"paragraph","content":[{"type":"mention","attrs":%s},{"type":"text","text":" /triage"}]}]}`
	for attrs, want := range map[string]string{
		`{"id":"5b10","text":"@AOF Bot"}`: "[~accountid:5b10] /triage",
		`{"text":"@AOF Bot"}`:             "@AOF Bot /triage",
	} {
		body := `{"webhookEvent":"comment_created","comment":{"id":"1","body":` + fmt.Sprintf(doc, attrs) + `}}`
		if got := normalize(t, []byte(body), jira.Options{}).CommandText; got != want {
			t.Errorf("%s: %q, want %q", attrs, got, want)
		}
	}
}
