package jira_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/aofctl/aofctl/internal/event/jira"
	"github.com/google/go-cmp/cmp"
)

func sorted(list []string) []string { return slices.Sorted(slices.Values(list)) }

// upper and adf stand for the converters.
func upper(s string) string { return strings.ToUpper(s) }
func adf(b []byte) string   { return fmt.Sprintf("adf of %d bytes", len(b)) }

func TestTextsGoThroughTheConverterOfTheirMarkup(t *testing.T) {
	opt := jira.Options{WikiToMarkdown: upper, ADFToMarkdown: adf}
	const doc = `{"type":"doc","version":1,"content":[{"type":"paragraph","content":[{"type":"text","text":"hello"}]}]}`
	tests := []struct {
		value, converted, plain string
		absent                  bool
	}{
		{value: `"wiki"`, converted: "WIKI", plain: "wiki"},
		{value: `""`},
		{value: `null`},
		{value: doc, converted: fmt.Sprintf("adf of %d bytes", len(doc)), plain: "hello"},
	}
	for _, tt := range tests {
		body := []byte(`{"webhookEvent":"comment_created","issue":{"id":"1","fields":{"description":` + tt.value + `}},"comment":{"id":"1","body":` + tt.value + `},"worklog":{"comment":` + tt.value + `}}`)
		for _, name := range []string{"issue_description", "comment_body", "worklog_comment"} {
			if got := normalize(t, body, opt); got.String(name) != tt.converted || !got.Has(name) {
				t.Errorf("%s of %s = %q", name, tt.value, got.String(name))
			}
			if got := normalize(t, body, jira.Options{}); got.String(name) != tt.plain || !got.Has(name) {
				t.Errorf("plain %s of %s = %q", name, tt.value, got.String(name))
			}
		}
		if got := normalize(t, body, opt).CommandText; got != tt.plain {
			t.Errorf("command text of %s = %q: commands are looked for in what was written", tt.value, got)
		}
	}
	if normalize(t, []byte(`{"webhookEvent":"comment_created","comment":{"id":"1"}}`), opt).Has("comment_body") {
		t.Error("a body that nobody told is there")
	}
}

func TestDocumentsTooDeepForAConverterGiveTheirText(t *testing.T) {
	doc := strings.Repeat(`{"type":"blockquote","content":[`, 500) + `{"type":"text","text":"x"}` + strings.Repeat("]}", 500)
	opt := jira.Options{ADFToMarkdown: func([]byte) string { t.Error("the converter was called"); return "" }}
	ev := normalize(t, []byte(`{"webhookEvent":"comment_created","comment":{"id":"1","body":`+doc+`}}`), opt)
	if !ev.Has("comment_body") {
		t.Error("no body")
	}
}

func TestPlainTextOfDocumentsKeepsCodeAndQuotesApart(t *testing.T) {
	tests := []struct{ name, content, want string }{
		{"paragraphs", `{"type":"paragraph","content":[{"type":"text","text":"a"}]},{"type":"heading","content":[{"type":"text","text":"b"}]}`, "a\nb"},
		{"break", `{"type":"paragraph","content":[{"type":"text","text":"a"},{"type":"hardBreak"},{"type":"text","text":"b"}]}`, "a\nb"},
		{"mention", `{"type":"paragraph","content":[{"type":"mention","attrs":{"id":"5b","text":"@Bot"}},{"type":"text","text":" x"}]}`, "[~accountid:5b] x"},
		{"code", `{"type":"codeBlock","content":[{"type":"text","text":"/a\n/b"}]}`, "```\n/a\n/b\n```"},
		{"code with fences", "{\"type\":\"codeBlock\",\"content\":[{\"type\":\"text\",\"text\":\"```\\n/a\"}]}", "~~~~~~~~\n```\n/a\n~~~~~~~~"},
		{"quote", `{"type":"blockquote","content":[{"type":"paragraph","content":[{"type":"text","text":"a\nb"},{"type":"hardBreak"},{"type":"text","text":"c"}]}]}`, "> a\n> b\n> c"},
		{"list", `{"type":"bulletList","content":[{"type":"listItem","content":[{"type":"paragraph","content":[{"type":"text","text":"/a"}]}]}]}`, "- /a"},
		{"table", `{"type":"table","content":[{"type":"tableRow","content":[{"type":"tableCell","content":[{"type":"paragraph","content":[{"type":"text","text":"/a"}]}]}]}]}`, "| /a"},
		{"emoji and card", `{"type":"paragraph","content":[{"type":"emoji","attrs":{"shortName":":x:"}},{"type":"inlineCard","attrs":{"url":"https://x"}}]}`, ":x:https://x"},
		{"panel", `{"type":"panel","content":[{"type":"paragraph","content":[{"type":"text","text":"a"}]}]}`, "a"},
		{"unknown", `{"type":"new","content":[{"type":"text","text":"a"}]},7,null,"x",[]`, "a"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			body := `{"webhookEvent":"comment_created","comment":{"id":"1","body":{"type":"doc","version":1,"content":[` + tt.content + `]}}}`
			if diff := cmp.Diff(tt.want, normalize(t, []byte(body), jira.Options{}).CommandText); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestCustomFieldsReadAsPeopleKnowThem(t *testing.T) {
	tests := []struct {
		value string
		want  any // nil for absent
	}{
		{`null`, nil},
		{`"text"`, "text"},
		{`23`, int64(23)},
		{`false`, false},
		{`{"value":"EU","id":"1"}`, "EU"},
		{`{"value":"Hardware","child":{"value":"Scanner"}}`, "Hardware / Scanner"},
		{`{"displayName":"Alice","name":"alice"}`, "Alice"},
		{`{"name":"Sprint 10","id":42}`, "Sprint 10"},
		{`[{"value":"a"},{"value":"b"}]`, []string{"a", "b"}},
		{`[]`, []string{}},
		{`[1,"a",null]`, []any{int64(1), "a"}},
		{`{"type":"doc","version":1,"content":[{"type":"paragraph","content":[{"type":"text","text":"x"}]}]}`, "x"},
		{`{"a":null,"b":{"c":[1.5]}}`, map[string]any{"b": map[string]any{"c": []any{1.5}}}},
	}
	for _, tt := range tests {
		t.Run(tt.value, func(t *testing.T) {
			ev := normalize(t, []byte(`{"webhookEvent":"issue_created","issue":{"id":"1","fields":{"customfield_10":`+tt.value+`}}}`), jira.Options{})
			custom, ok := ev.Vars["issue_custom"].(map[string]any)
			if !ok {
				t.Fatal("no issue_custom")
			}
			if diff := cmp.Diff(tt.want, custom["customfield_10"]); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
	if normalize(t, []byte(`{"webhookEvent":"issue_created","issue":{"fields":{"summary":"x"}}}`), jira.Options{}).Has("issue_custom") {
		t.Error("custom fields that nobody told are there")
	}
}

func TestNullIsToldAndAbsentIsNot(t *testing.T) {
	told := normalize(t, []byte(`{"webhookEvent":"issue_created","issue":{"fields":{"priority":null,"assignee":null,"labels":null,
		"components":null,"fixVersions":[],"description":null,"parent":null,"resolution":null,"duedate":null}},"sprint":{"goal":null}}`), jira.Options{})
	for _, name := range []string{"issue_priority", "issue_assignee_id", "issue_assignee_name", "issue_description", "issue_parent_key",
		"issue_resolution", "issue_due_date", "sprint_goal"} {
		if value, ok := told.Vars[name].(string); !ok || value != "" {
			t.Errorf("%s = %#v", name, told.Vars[name])
		}
	}
	for _, name := range []string{"issue_labels", "issue_components", "issue_fix_versions"} {
		if list, ok := told.Vars[name].([]string); !ok || len(list) != 0 {
			t.Errorf("%s = %#v", name, told.Vars[name])
		}
	}
	bare := normalize(t, []byte(`{"webhookEvent":"issue_created","issue":{"fields":{}}}`), jira.Options{})
	if diff := cmp.Diff(map[string]any{"event_type": "issue_created"}, bare.Vars); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
