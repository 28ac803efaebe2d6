package scenario

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/aofctl/aofctl/internal/manifest"
)

func forms() shortForms {
	return shortForms{manifest.Known{Tools: []manifest.KnownTool{
		{Name: "jira_add_labels", Aliases: []string{"label"}, Parameters: []byte(`{"type":"object","properties":{"labels":{"type":"array"},"issue_key":{"type":"string"},"notify":{"type":"boolean"}},"required":["issue_key","labels"]}`)},
		{Name: "jira_post_comment", Parameters: []byte(`{"type":"object","properties":{"issue_key":{"type":"string"},"body":{"type":"string"}},"required":["issue_key","body"]}`)},
		{Name: "elsewhere"},
	}}}
}

func TestShortFormsAreBoundToTheToolsArguments(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name string
		call manifest.Action
		want map[string]any
		err  string
	}{
		{"in the order that the schema requires", manifest.Action{Tool: "jira_add_labels", Rest: "PROJ-1 [backend, 'two words']"},
			map[string]any{"issue_key": "PROJ-1", "labels": []any{"backend", "two words"}}, ""},
		{"others by name", manifest.Action{Tool: "label", Rest: "PROJ-1 [] notify=true"}, map[string]any{"issue_key": "PROJ-1", "labels": []any{}, "notify": true}, ""},
		{"by name", manifest.Action{Tool: "jira_add_labels", Rest: "labels=[a] PROJ-1"}, map[string]any{"issue_key": "PROJ-1", "labels": []any{"a"}}, ""},
		{"quoted", manifest.Action{Tool: "jira_post_comment", Rest: `PROJ-1 "a = b: [c"`}, map[string]any{"issue_key": "PROJ-1", "body": "a = b: [c"}, ""},
		{"with stars", manifest.Action{Tool: "jira_post_comment", Rest: "PROJ-1 *bad*"},
			map[string]any{"issue_key": "PROJ-1", "body": map[string]any{"like": "*bad*"}}, ""},
		{"an apostrophe in a word", manifest.Action{Tool: "jira_post_comment", Rest: "PROJ-1 don't"}, map[string]any{"issue_key": "PROJ-1", "body": "don't"}, ""},
		{"nothing", manifest.Action{Tool: "jira_post_comment"}, nil, ""},
		{"too many", manifest.Action{Tool: "jira_post_comment", Rest: "PROJ-1 a b"}, nil, "jira_post_comment has no third argument behind issue_key, body: quote what has spaces"},
		{"others without a name", manifest.Action{Tool: "label", Rest: "PROJ-1 [] true"}, nil, "has no third argument behind issue_key, labels: quote what has spaces, and write others as notify=…"},
		{"not closed", manifest.Action{Tool: "jira_post_comment", Rest: "PROJ-1 [a"}, nil, "a quote or a bracket is not closed"},
		{"no schema", manifest.Action{Tool: "elsewhere", Rest: "x"}, nil, "elsewhere has no first argument that is known"},
		{"no tool", manifest.Action{Tool: "unknown", Rest: "x"}, nil, "unknown has no first argument that is known"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			err := forms().bind(&c.call)
			if c.err != "" {
				if err == nil || !strings.Contains(err.Error(), c.err) {
					t.Fatalf("error %v, want %q", err, c.err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.want, c.call.Args); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestActionsAreGivenCallsInOrder(t *testing.T) {
	t.Parallel()
	calls := []call{{tool: "a", agent: "x"}, {tool: "b", rule: "scope"}, {tool: "b", agent: "y"}, {tool: "c", failure: "Jira refused"}, {tool: "a", agent: "y"}}
	for _, c := range []struct {
		name    string
		actions []manifest.Action
		any     bool
		missing int
	}{
		{"with others between", []manifest.Action{{Tool: "a"}, {Tool: "b"}, {Tool: "a"}}, false, 0},
		{"in another order", []manifest.Action{{Tool: "b"}, {Tool: "a", As: "x"}}, false, 1},
		{"in any order", []manifest.Action{{Tool: "b"}, {Tool: "a", As: "x"}}, true, 0},
		{"each once", []manifest.Action{{Tool: "b"}, {Tool: "b"}}, true, 1},
		{"denied", []manifest.Action{{Tool: "b", Denied: "scope"}, {Tool: "b"}}, false, 0},
		{"denied by another rule", []manifest.Action{{Tool: "b", Denied: "tools"}}, false, 1},
		{"denied by any", []manifest.Action{{Tool: "b", Denied: manifest.AnyRule}}, false, 0},
		{"failed is not done", []manifest.Action{{Tool: "c"}}, false, 1},
		{"failed", []manifest.Action{{Tool: "c", Failed: "refused"}}, false, 0},
		{"by another agent", []manifest.Action{{Tool: "a", As: "z"}}, false, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			if missing, _ := assign(c.actions, calls, c.any); len(missing) != c.missing {
				t.Errorf("%d are missing: %v", len(missing), missing)
			}
		})
	}
}

func FuzzShortForm(f *testing.F) {
	for _, seed := range []string{"PROJ-1 [backend]", `PROJ-1 "a b"`, "a=b", "{x: [1, 2}", "'", "* & !", "<<: *a"} {
		f.Add(seed)
	}
	all := forms()
	f.Fuzz(func(t *testing.T, rest string) {
		a := manifest.Action{Tool: "jira_add_labels", Rest: rest}
		if err := all.bind(&a); err == nil && a.Rest != "" && strings.TrimSpace(rest) != "" {
			t.Errorf("%q was neither read nor refused", rest)
		}
		matchMap(a.Args, map[string]any{"issue_key": "PROJ-1"})
	})
}
