package jira

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/aofctl/aofctl/internal/atlassian/jira"
	"github.com/aofctl/aofctl/internal/tool"
)

func field(id, kind, items, custom string) jira.Field {
	return jira.Field{ID: id, Name: "Field", Schema: jira.FieldSchema{Type: kind, Items: items, Custom: custom}}
}

func TestValuesAreCoercedByTheFieldsSchema(t *testing.T) {
	type m = map[string]any
	n := json.Number("3")
	sprint := field("customfield_1", "array", "json", "com.pyxis.greenhopper.jira:gh-sprint")
	textarea := field("customfield_2", "string", "", "com.atlassian.jira.plugin.system.customfieldtypes:textarea")
	tests := map[string]struct {
		field jira.Field
		in    any
		want  any // nil with fault for a refusal
		fault string
	}{
		"sprint by number":         {sprint, n, int64(3), ""},
		"sprint by string":         {sprint, "3", int64(3), ""},
		"sprint in a list":         {sprint, []any{n}, int64(3), ""},
		"sprint cleared":           {sprint, nil, nil, ""},
		"two sprints":              {sprint, []any{n, n}, nil, "one sprint"},
		"cascade in one string":    {field("c", "option-with-child", "", ""), "A > B", m{"value": "A", "child": m{"value": "B"}}, ""},
		"cascade of one":           {field("c", "option-with-child", "", ""), "A", m{"value": "A"}, ""},
		"cascade in a list":        {field("c", "option-with-child", "", ""), []any{"A", "B"}, m{"value": "A", "child": m{"value": "B"}}, ""},
		"cascade too deep":         {field("c", "option-with-child", "", ""), []any{"A", "B", "C"}, nil, "at most one below"},
		"cascade as an object":     {field("c", "option-with-child", "", ""), m{"value": "A"}, m{"value": "A"}, ""},
		"date and time":            {field("c", "datetime", "", ""), "2026-01-31T10:00:00+02:00", "2026-01-31T10:00:00.000+0200", ""},
		"date and time, short":     {field("c", "datetime", "", ""), "2026-01-31 10:00", "2026-01-31T10:00:00.000+0000", ""},
		"no date and time":         {field("c", "datetime", "", ""), "noon", nil, "2024-01-31T09:00:00Z"},
		"number as text":           {field("c", "string", "", ""), n, "3", ""},
		"list as text":             {field("c", "string", "", ""), []any{"x"}, nil, "takes a string"},
		"text is not markup":       {field("c", "string", "", ""), "**x**", "**x**", ""},
		"text area is markup":      {textarea, "**x**", "*x*", ""},
		"environment is markup":    {field("environment", "string", "", ""), "**x**", "*x*", ""},
		"options":                  {field("c", "array", "option", ""), []any{"A", m{"id": "1"}}, []any{m{"value": "A"}, m{"id": "1"}}, ""},
		"one option for a list":    {field("c", "array", "option", ""), "A", []any{m{"value": "A"}}, ""},
		"list cleared":             {field("c", "array", "version", ""), nil, []any{}, ""},
		"versions":                 {field("fixVersions", "array", "version", ""), []any{"1.0"}, []any{m{"name": "1.0"}}, ""},
		"label that is no text":    {field("labels", "array", "string", ""), []any{m{"name": "x"}}, nil, "not empty"},
		"group":                    {field("c", "group", "", ""), "devs", m{"name": "devs"}, ""},
		"option that is no text":   {field("c", "option", "", ""), true, nil, "takes a name"},
		"number that is none":      {field("c", "number", "", ""), "0x10", nil, "takes a number"},
		"number that JSON refuses": {field("c", "number", "", ""), "NaN", nil, "takes a number"},
		"number":                   {field("c", "number", "", ""), " 1.50 ", json.Number("1.50"), ""},
		"parent by address":        {field("parent", "issuelink", "", ""), "https://h/browse/proj-3", m{"key": "PROJ-3"}, ""},
		"parent that is no key":    {field("parent", "issuelink", "", ""), "epic", nil, "not an issue key"},
		"parent without a key":     {field("parent", "issuelink", "", ""), m{"id": "1"}, nil, "not an issue key"},
		"unknown type passes":      {field("c", "any", "", ""), m{"a": n}, m{"a": n}, ""},
		"team passes":              {field("c", "team", "", ""), "uuid", "uuid", ""},
		"text too long":            {field("c", "string", "", ""), strings.Repeat("😀", 16384), nil, "32768"},
	}
	conv := Converters{ToWiki: func(s string) string { return strings.ReplaceAll(s, "**", "*") }}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			j := job{Tools: &Tools{conv: conv}, call: tool.Call{Projects: []string{"PROJ"}}}
			got, err := coercion{job: j, field: tt.field}.convert(t.Context(), tt.in)
			if tt.fault != "" {
				if err == nil || !strings.Contains(err.Error(), tt.fault) || !notSent(err) {
					t.Fatalf("err %v, want one that says %q and that nothing was sent", err, tt.fault)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestNearestPutsTheLikeliestFirst(t *testing.T) {
	fields := []jira.Field{{ID: "summary", Name: "Summary"}, {ID: "customfield_1", Name: "Story Points"}, {ID: "duedate", Name: "Due date"}}
	for wanted, want := range map[string]string{"storypoint": "customfield_1", "sumary": "summary", "due": "duedate"} {
		if got := nearest(fields, wanted)[0].ID; got != want {
			t.Errorf("nearest to %q is %q", wanted, got)
		}
	}
	if got := nearest(nil, "x"); len(got) != 0 {
		t.Errorf("nearest of nothing: %v", got)
	}
}
