package tool_test

import (
	"context"
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/aofctl/aofctl/internal/tool"
)

// plain is a tool that does nothing.
type plain struct{ spec tool.Spec }

func (p plain) Spec() tool.Spec                               { return p.spec }
func (p plain) Targets(json.RawMessage) (tool.Targets, error) { return tool.Targets{}, nil }
func (p plain) Call(context.Context, tool.Call) (tool.Result, error) {
	return tool.Result{Text: "ok"}, nil
}

const anySchema = `{"type":"object"}`

func named(name string, access tool.Access, aliases ...string) tool.Tool {
	set, _, _ := strings.Cut(name, "_")
	return plain{tool.Spec{Name: name, Aliases: aliases, Toolset: set, Access: access, Parameters: json.RawMessage(anySchema)}}
}

func registry(t *testing.T) *tool.Registry {
	t.Helper()
	r, err := tool.NewRegistry(
		named("jira_search", tool.Read),
		named("jira_get_issue", tool.Read, "jira_read_issue"),
		named("jira_post_comment", tool.Write, "jira_add_comment"),
		named("memory_get", tool.Read),
	)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestResolveUnderstandsNamesAliasesGlobsAndToolsets(t *testing.T) {
	tests := map[string]struct {
		patterns, want, unknown []string
	}{
		"name":                   {patterns: []string{"jira_search"}, want: []string{"jira_search"}},
		"alias":                  {patterns: []string{"jira_add_comment"}, want: []string{"jira_post_comment"}},
		"alias and its name":     {patterns: []string{"jira_add_comment", "jira_post_comment"}, want: []string{"jira_post_comment"}},
		"glob":                   {patterns: []string{"jira_*e*"}, want: []string{"jira_get_issue", "jira_post_comment", "jira_search"}},
		"toolset":                {patterns: []string{"jira"}, want: []string{"jira_get_issue", "jira_post_comment", "jira_search"}},
		"reading half":           {patterns: []string{"jira:read"}, want: []string{"jira_get_issue", "jira_search"}},
		"writing half":           {patterns: []string{"jira:write"}, want: []string{"jira_post_comment"}},
		"order does not matter":  {patterns: []string{"memory_get", "jira_search"}, want: []string{"jira_search", "memory_get"}},
		"unknown name":           {patterns: []string{"jira_serach", "memory_get"}, want: []string{"memory_get"}, unknown: []string{"jira_serach"}},
		"glob that meets none":   {patterns: []string{"confluence_*"}, unknown: []string{"confluence_*"}},
		"unknown half":           {patterns: []string{"jira:delete"}, unknown: []string{"jira:delete"}},
		"malformed glob":         {patterns: []string{"jira_["}, unknown: []string{"jira_["}},
		"empty":                  {patterns: []string{""}, unknown: []string{""}},
		"nothing":                {},
		"toolset is not a tool ": {patterns: []string{"jira_"}, unknown: []string{"jira_"}},
	}
	r := registry(t)
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			tools, unknown := r.Resolve(tt.patterns)
			var names []string
			for _, tl := range tools {
				names = append(names, tl.Spec().Name)
			}
			if diff := cmp.Diff(tt.want, names); diff != "" {
				t.Errorf("tools (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(tt.unknown, unknown); diff != "" {
				t.Errorf("unknown (-want +got):\n%s", diff)
			}
		})
	}
}

func TestLookupKnowsAliases(t *testing.T) {
	r := registry(t)
	if tl, ok := r.Lookup("jira_add_comment"); !ok || tl.Spec().Name != "jira_post_comment" {
		t.Errorf("got %v, %v", tl, ok)
	}
	if _, ok := r.Lookup("rm"); ok {
		t.Error("found a tool that is not there")
	}
	if diff := cmp.Diff([]string{"jira_get_issue", "jira_post_comment", "jira_search", "memory_get"}, r.Names()); diff != "" {
		t.Error(diff)
	}
}

func TestNewRegistryRefusesWhatCannotBe(t *testing.T) {
	broken := plain{tool.Spec{Name: "x", Parameters: json.RawMessage(`{"type":"objekt"}`)}}
	for name, tools := range map[string][]tool.Tool{
		"same name twice":   {named("a", tool.Read), named("a", tool.Read)},
		"alias of another":  {named("a", tool.Read, "b"), named("b", tool.Read)},
		"name is an alias":  {named("b", tool.Read), named("a", tool.Read, "b")},
		"no name":           {named("", tool.Read)},
		"schema is invalid": {broken},
		"schema is no JSON": {plain{tool.Spec{Name: "x", Parameters: json.RawMessage(`{`)}}},
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := tool.NewRegistry(tools...); err == nil {
				t.Error("no error")
			}
		})
	}
}

func TestValidateListsEveryFault(t *testing.T) {
	schema := `{"type":"object","properties":{
		"issue_key":{"type":"string"},"limit":{"type":"integer"},
		"format":{"type":"string","enum":["markdown","wiki"]},
		"labels":{"type":"array","items":{"type":"string"}},
		"fields":{"type":"object","properties":{"summary":{"type":"string"}}}},
		"required":["issue_key"]}`
	r, err := tool.NewRegistry(plain{tool.Spec{Name: "t", Aliases: []string{"alias"}, Parameters: json.RawMessage(schema)}})
	if err != nil {
		t.Fatal(err)
	}
	tests := map[string]struct {
		args string
		want []string // parts of the error; none means valid
	}{
		"valid":                  {args: `{"issue_key":"A-1","limit":5,"labels":["x"],"format":"wiki"}`},
		"optional null":          {args: `{"issue_key":"A-1","limit":null,"labels":null}`},
		"null inside an object":  {args: `{"issue_key":"A-1","fields":{"summary":null,"assignee":null}}`},
		"free fields of objects": {args: `{"issue_key":"A-1","fields":{"priority":{"name":"High"}}}`},
		"required null":          {args: `{"issue_key":null}`, want: []string{"issue_key"}},
		"several faults":         {args: `{"limit":"5","labels":"x"}`, want: []string{"issue_key", "limit: got string, want integer", "labels: got string, want array"}},
		"inside a list":          {args: `{"issue_key":"A-1","labels":[1]}`, want: []string{"labels.0: got number, want string"}},
		"enum":                   {args: `{"issue_key":"A-1","format":"html"}`, want: []string{"format", "markdown", "wiki"}},
		"strange argument":       {args: `{"issue_key":"A-1","key":"x"}`, want: []string{`no argument "key"`, "issue_key"}},
		"not an object":          {args: `["A-1"]`, want: []string{"not a JSON object"}},
		"not JSON":               {args: `issue A-1`, want: []string{"not one JSON object"}},
		"empty":                  {args: ``, want: []string{"not one JSON object"}},
		"two objects":            {args: `{"issue_key":"A-1"}{}`, want: []string{"not one JSON object"}},
		"null":                   {args: `null`, want: []string{"not a JSON object"}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			err := r.Validate("alias", json.RawMessage(tt.args))
			if (err != nil) != (len(tt.want) > 0) {
				t.Fatalf("err %v", err)
			}
			for _, part := range tt.want {
				if !strings.Contains(err.Error(), part) {
					t.Errorf("%q does not say %q", err, part)
				}
			}
		})
	}
	if err := r.Validate("other", json.RawMessage(`{}`)); err == nil {
		t.Error("no error for a tool that does not exist")
	}
}

func TestValidateTakesAnythingForASchemaWithoutProperties(t *testing.T) {
	if err := registry(t).Validate("jira_search", json.RawMessage(`{"whatever":1}`)); err != nil {
		t.Error(err)
	}
}

func FuzzValidate(f *testing.F) {
	r, err := tool.NewRegistry(plain{tool.Spec{Name: "t", Parameters: json.RawMessage(`{"type":"object","properties":{"a":{"type":"string"}},"required":["a"]}`)}})
	if err != nil {
		f.Fatal(err)
	}
	for _, seed := range []string{`{"a":"x"}`, `{"a":null}`, `[]`, ``, `{"a":{"b":null}}`, `{"a":"x","a":1}`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, args []byte) {
		if r.Validate("t", args) != nil {
			return
		}
		var v struct {
			A *string `json:"a"`
		}
		if err := json.Unmarshal(args, &v); err != nil {
			t.Errorf("valid arguments cannot be decoded: %v", err)
		}
	})
}

func TestInProjectsMatchesKeysAndGlobs(t *testing.T) {
	tests := []struct {
		projects []string
		key      string
		want     bool
	}{
		{nil, "ANY", true},
		{[]string{}, "ANY", false},
		{[]string{"PROJ"}, "PROJ", true},
		{[]string{"PROJ"}, "proj", true},
		{[]string{"PROJ"}, "PROJX", false},
		{[]string{"PROJ"}, "XPROJ", false},
		{[]string{"PROJ*"}, "PROJX", true},
		{[]string{"A", "B-*", "C?"}, "CD", true},
		{[]string{"*"}, "ANY", true},
		{[]string{"["}, "ANY", false},
		{[]string{"PROJ"}, "", false},
	}
	for _, tt := range tests {
		if got := tool.InProjects(tt.projects, tt.key); got != tt.want {
			t.Errorf("InProjects(%v, %q) = %v", tt.projects, tt.key, got)
		}
	}
	if !tool.IsGlob("A*") || tool.IsGlob("A_B") {
		t.Error("IsGlob")
	}
}
