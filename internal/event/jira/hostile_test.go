package jira_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/aofctl/aofctl/internal/event/jira"
	"github.com/google/go-cmp/cmp"
)

func TestBodiesThatAreNoEventsAreRefusedWithAReason(t *testing.T) {
	tests := []struct {
		name, body string
		reason     jira.Reason
		detail     string
	}{
		{"empty", "", jira.ReasonEmpty, "Exclude body"},
		{"blank", " \r\n\t", jira.ReasonEmpty, "Exclude body"},
		{"empty object", "{}", jira.ReasonNoEventName, "Exclude body"},
		{"empty object with blanks", " { \n } ", jira.ReasonNoEventName, "Exclude body"},
		{"user_deleted", `{"accountId": "5f", "username": "j"}`, jira.ReasonNoEventName, "accountId, username"},
		{"bare issue", `{"id":"1","key":"A-1","fields":{"summary":"x"}}`, jira.ReasonNoEventName, "bare issue"},
		{"name is null", `{"webhookEvent":null}`, jira.ReasonNoEventName, "null"},
		{"name is a number", `{"webhookEvent":7}`, jira.ReasonNoEventName, "7"},
		{"name is empty", `{"webhookEvent":"jira:"}`, jira.ReasonNoEventName, "jira:"},
		{"name is text", `{"webhookEvent":"something has happened"}`, jira.ReasonNoEventName, "something"},
		{"name is long", `{"webhookEvent":"` + strings.Repeat("x", 101) + `"}`, jira.ReasonNoEventName, "xxx"},
		{"list", `[{"webhookEvent":"issue_created"}]`, jira.ReasonNotObject, "[{"},
		{"string", `"issue_created"`, jira.ReasonNotObject, "issue_created"},
		{"null", `null`, jira.ReasonNotObject, "null"},
		{"form", "payload=%7B%7D", jira.ReasonNotJSON, "payload"},
		{"cut", `{"webhookEvent":"issue_created"`, jira.ReasonNotJSON, "webhookEvent"},
		{"two", `{"webhookEvent":"a"}{}`, jira.ReasonNotJSON, ""},
		{"comment", `{"webhookEvent":"a"} // x`, jira.ReasonNotJSON, ""},
		{"NUL", "{\"webhookEvent\":\"a\x00\"}", jira.ReasonNotJSON, ""},
		{"not text", "\xff\xfe\x00", jira.ReasonNotJSON, ""},
		{"deep", strings.Repeat("[", 100_000), jira.ReasonTooDeep, "10000"},
		{"deep and closed", `{"a":` + strings.Repeat(`{"a":`, 100_000) + "1" + strings.Repeat("}", 100_001), jira.ReasonTooDeep, "10000"},
		{"large", `{"a":"` + strings.Repeat("x", jira.MaxBytes) + `"}`, jira.ReasonTooLarge, "bytes"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			ev, err := jira.Normalize([]byte(tt.body), jira.Options{})
			var not *jira.NotEventError
			if !errors.As(err, &not) || ev != nil {
				t.Fatalf("event %v, err %v", ev, err)
			}
			if not.Reason != tt.reason || !strings.Contains(err.Error(), tt.detail) || !utf8.ValidString(err.Error()) {
				t.Errorf("reason %q: %v", not.Reason, err)
			}
		})
	}
}

func TestDeepButAllowedJSONIsRead(t *testing.T) {
	for _, deep := range []string{
		strings.Repeat("[", 9000) + strings.Repeat("]", 9000),
		`"` + strings.Repeat("[{", 100_000) + `"`,
		`"\"` + strings.Repeat("[", 100_000) + `"`,
	} {
		ev := normalize(t, []byte(`{"webhookEvent":"issue_created","x":`+deep+`,"issue":{"id":"1","fields":{"customfield_1":`+deep+`,"description":`+deep+`}}}`), jira.Options{})
		if ev.IssueID != "1" {
			t.Errorf("issue = %q", ev.IssueID)
		}
		if _, err := json.Marshal(ev); err != nil {
			t.Error(err)
		}
	}
}

// Objects that occur twice are laid over each other, as encoding/json does it.
func TestLastOfDuplicateMembersWins(t *testing.T) {
	const body = `{"webhookEvent":"a","webhookEvent":"jira:issue_created","issue":{"id":"1","key":"A-1"},
		"issue":{"id":"2","id":"3","fields":{"summary":"x","summary":"y","labels":["a"],"labels":["b"]}}}`
	ev := normalize(t, []byte(body), jira.Options{})
	if ev.Type != "issue_created" || ev.IssueID != "3" || ev.IssueKey != "A-1" || ev.String("issue_summary") != "y" {
		t.Errorf("got %+v", ev)
	}
	if diff := cmp.Diff([]string{"b"}, ev.Strings("issue_labels")); diff != "" {
		t.Errorf("labels (-want +got):\n%s", diff)
	}
}

func TestNumbersOfAnySizeAreHarmless(t *testing.T) {
	tests := []struct {
		number string
		id     any // nil for absent
		custom any
	}{
		{"42", int64(42), int64(42)},
		{"42.0", int64(42), int64(42)},
		{"4.2e1", int64(42), int64(42)},
		{"-1", int64(-1), int64(-1)},
		{"1.5", nil, 1.5},
		{"9223372036854775807", int64(9223372036854775807), int64(9223372036854775807)},
		{"9223372036854775808", nil, 9223372036854775808.0},
		{"1e999", nil, "1e999"},
		{"-1e999", nil, "-1e999"},
		{strings.Repeat("9", 5000), nil, strings.Repeat("9", 5000)},
	}
	for _, tt := range tests {
		body := fmt.Sprintf(`{"webhookEvent":"x","timestamp":%[1]s,"sprint":{"id":%[1]s},"issue":{"id":%[1]s,"fields":{"customfield_1":%[1]s}}}`, tt.number)
		ev := normalize(t, []byte(body), jira.Options{})
		if diff := cmp.Diff(tt.id, ev.Vars["sprint_id"]); diff != "" {
			t.Errorf("sprint_id of %.20s (-want +got):\n%s", tt.number, diff)
		}
		custom, _ := ev.Vars["issue_custom"].(map[string]any)
		if diff := cmp.Diff(tt.custom, custom["customfield_1"]); diff != "" {
			t.Errorf("custom of %.20s (-want +got):\n%s", tt.number, diff)
		}
		if _, err := json.Marshal(ev); err != nil {
			t.Errorf("%.20s: %v", tt.number, err)
		}
	}
}

func TestTextsBecomeValidUTF8WithoutNULs(t *testing.T) {
	body := []byte("{\"webhookEvent\":\"comment_created\",\"issue\":{\"key\":\"A-1\",\"fields\":{\"summary\":\"a\xff\\u0000b\\ud800c\"}}," +
		"\"comment\":{\"id\":\"1\",\"body\":\"\\u0000/x \xc3\"}}")
	ev := normalize(t, body, jira.Options{})
	if got := ev.String("issue_summary"); got != "a\ufffdb\ufffdc" {
		t.Errorf("summary = %q", got)
	}
	if ev.CommandText != "/x \ufffd" || ev.String("comment_body") != "/x \ufffd" {
		t.Errorf("command text %q, body %q", ev.CommandText, ev.String("comment_body"))
	}
	if !bytes.Equal(ev.Raw, body) {
		t.Error("the raw body was changed")
	}
}

func TestMembersOfUnexpectedTypesAreSkipped(t *testing.T) {
	for _, value := range []string{"null", "true", "7", `"x"`, "[]", "{}", `[[{"a":1}]]`, `{"id":{},"key":[],"fields":7,"name":{"name":[]}}`} {
		names := []string{"issue_event_type_name", "timestamp", "user", "issue", "comment", "changelog", "worklog", "attachment",
			"issueLink", "sprint", "board", "configuration", "version", "project", "issues_completed"}
		var b strings.Builder
		b.WriteString(`{"webhookEvent":"jira:issue_updated"`)
		for _, name := range names {
			fmt.Fprintf(&b, `,%q:%s`, name, value)
		}
		fields := []string{"summary", "description", "issuetype", "status", "priority", "assignee", "reporter", "labels", "components",
			"fixVersions", "created", "parent", "project", "comment", "customfield_1"}
		b.WriteString(`,"issue":{"id":"1","fields":{"x":0`)
		for _, name := range fields {
			fmt.Fprintf(&b, `,%q:%s`, name, value)
		}
		b.WriteString(`}}}`)
		ev := normalize(t, []byte(b.String()), jira.Options{})
		checkInvariants(t, ev)
		if ev.IssueID != "1" {
			t.Errorf("%s: issue %q", value, ev.IssueID)
		}
	}
}

func TestHugeTextsAndListsAreCutAndSaidSo(t *testing.T) {
	long := strings.Repeat("ü", 1<<20)
	items := strings.Repeat(`{"field":"x"},`, 5000)
	labels := strings.Repeat(`"l",`, 5000)
	body := `{"webhookEvent":"issue_updated","changelog":{"items":[` + items + `{}]},"issue":{"id":"1","fields":{"description":"` + long +
		`","labels":[` + labels + `"l"],"customfield_1":"` + long + `","summary":"` + long + `"}}}`
	ev := normalize(t, []byte(body), jira.Options{})
	if n := len(ev.String("issue_description")); n > 1<<20 || n < 1<<19 || !utf8.ValidString(ev.String("issue_description")) {
		t.Errorf("description has %d bytes", n)
	}
	changes, _ := ev.Vars["changelog_items"].([]any)
	if len(changes) != 1000 || len(ev.Strings("issue_labels")) != 1000 || len(ev.String("issue_summary")) > 32<<10 {
		t.Errorf("%d changes, %d labels", len(changes), len(ev.Strings("issue_labels")))
	}
	want := []string{"changelog_items", "issue_custom.customfield_1", "issue_description", "issue_labels"}
	got := ev.Strings("truncated_variables")
	if diff := cmp.Diff(want, sorted(got)); diff != "" {
		t.Errorf("truncated (-want +got):\n%s", diff)
	}
}

func TestHugeDocumentsAreLeftOutAndSaidSo(t *testing.T) {
	doc := `{"type":"doc","content":[{"type":"text","text":"` + strings.Repeat("x", 3<<20) + `"}]}`
	ev := normalize(t, []byte(`{"webhookEvent":"comment_created","comment":{"id":"1","body":`+doc+`}}`), jira.Options{ADFToMarkdown: adf})
	if ev.String("comment_body") != "" || !ev.Has("comment_body") || ev.CommandText != "" {
		t.Errorf("body %.20q, command text %.20q", ev.String("comment_body"), ev.CommandText)
	}
	if diff := cmp.Diff([]string{"comment_body"}, ev.Strings("truncated_variables")); diff != "" {
		t.Errorf("truncated (-want +got):\n%s", diff)
	}
}
