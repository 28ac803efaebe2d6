package manifest

import (
	"context"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// loadText loads one file that must be good.
func loadText(t *testing.T, text string) *Catalog {
	t.Helper()
	catalog, err := tryText(t, text)
	if err != nil {
		t.Fatal(err)
	}
	return catalog
}

func tryText(t *testing.T, text string) (*Catalog, error) {
	t.Helper()
	dir := t.TempDir()
	write(t, filepath.Join(dir, "m.yaml"), text)
	return LoadCatalog(context.Background(), []Directory{{Path: dir}}, testKnown())
}

const anAgent = `
kind: Agent
metadata: {name: a}
spec: {model: "google:x", instructions: x}
---
`

func TestTriggerIsResolved(t *testing.T) {
	got := loadText(t, anAgent+`
apiVersion: aof.dev/v1
kind: Trigger
metadata: {name: t, labels: {team: qa}, annotations: {note: "1"}}
spec:
  type: JIRA
  priority: 3
  config:
    webhook_secret_env: JIRA_WEBHOOK_SECRET
    events: ["jira:issue_created", issue_updated, "sprint_*", issue_created]
    filters:
      projects: ["${TEAM}", "PROD-*"]
      boards: [42]
      issue_types: [Bug]
      statuses: ["To Do"]
      priorities: [High]
      labels: [needs-triage]
      changed_fields: [status]
      expression: " event.issue_priority == 'High' "
    allowed_users: [alice.developer, "5b10a2844c20165700ede21g"]
    ignore_bots: false
    unknown_command: ignore
    debounce: 30s
    jql_filter: " assignee is EMPTY "
    project_routing: {PROJ: a}
  commands:
    /Triage: {agent: a, description: "sorts ${TEAM}", params: {n: 1, f: 1.5, l: [x, true, null]}, response: on it}
    review  security: {agent: a}
    issue_created: {agent: a}
  defaultAgent: a
`).Triggers
	want := []*Trigger{{
		Meta: Meta{Name: "t", Labels: map[string]string{"team": "qa"}, Annotations: map[string]string{"note": "1"}},
		Type: "jira", Priority: 3, SecretEnv: "JIRA_WEBHOOK_SECRET",
		Events: []string{"issue_created", "issue_updated", "sprint_*"},
		Filters: Filters{
			Projects: []string{"PROJ", "PROD-*"}, Boards: []string{"42"}, IssueTypes: []string{"Bug"},
			Statuses: []string{"To Do"}, Priorities: []string{"High"}, Labels: []string{"needs-triage"},
			ChangedFields: []string{"status"}, Expression: "event.issue_priority == 'High'",
			JQL: "assignee is EMPTY",
		},
		AllowedUsers:  []string{"alice.developer", "5b10a2844c20165700ede21g"},
		IgnoreUnknown: true, Debounce: 30 * time.Second,
		Commands: []Command{
			{
				Name: "triage", Target: Target{TargetAgent, "a"}, Description: "sorts PROJ", Response: "on it",
				Params: map[string]any{"n": int64(1), "f": 1.5, "l": []any{"x", true, nil}},
			},
			{Name: "review security", Target: Target{TargetAgent, "a"}},
		},
		EventTargets:   map[string]Command{"issue_created": {Name: "issue_created", Target: Target{TargetAgent, "a"}}},
		ProjectTargets: map[string]Target{"PROJ": {TargetAgent, "a"}},
		Default:        Target{TargetAgent, "a"},
	}}
	if diff := cmp.Diff(want, got, cmpopts.IgnoreFields(Meta{}, "Source", "Revision", "Text")); diff != "" {
		t.Errorf("trigger (-want +got):\n%s", diff)
	}
}

func TestCommandsMayBeAListInEitherPlace(t *testing.T) {
	for name, text := range map[string]string{
		"spec":   "spec: {type: Jira, commands: [{command: /analyze, agent: a, description: d}]}",
		"config": "spec: {type: Jira, config: {commands: [{command: analyze, agent: a, description: d}]}}",
		"map":    "spec: {type: Jira, config: {commands: {analyze: {agent: a, description: d}}}}",
	} {
		got := loadText(t, anAgent+"kind: Trigger\nmetadata: {name: t}\n"+text).Triggers[0].Commands
		want := []Command{{Name: "analyze", Target: Target{TargetAgent, "a"}, Description: "d"}}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

func TestFiltersInSeveralPlacesMustAllHold(t *testing.T) {
	cases := []struct {
		name, config string
		want         Filters
	}{
		{"config only", "{projects: [A], issue_types: [Bug], boards: [B]}", Filters{Projects: []string{"A"}, IssueTypes: []string{"Bug"}, Boards: []string{"B"}}},
		{"alias", "{allowed_projects: [A]}", Filters{Projects: []string{"A"}}},
		{"both", "{projects: [A, B], filters: {projects: [B, C]}}", Filters{Projects: []string{"B"}}},
		{"glob in config", "{projects: ['P*'], filters: {projects: [PROJ, X]}}", Filters{Projects: []string{"PROJ"}}},
		{"glob in filters", "{projects: [PROJ, X], filters: {projects: ['P*']}}", Filters{Projects: []string{"PROJ"}}},
		{"same glob", "{projects: ['P*'], filters: {projects: ['P*']}}", Filters{Projects: []string{"P*"}}},
		{"case", "{issue_types: [Bug, Task], filters: {issue_types: [bug]}}", Filters{IssueTypes: []string{"Bug"}}},
		{"list", "{filters: [{field: issuetype, value: Bug}, {field: labels, value: [a, b]}, {field: project, value: 'P*'}, {field: Status, value: Open}, {field: priority, value: 1}, {field: board, value: B}]}", Filters{
			IssueTypes: []string{"Bug"}, Labels: []string{"a", "b"}, Projects: []string{"P*"},
			Statuses: []string{"Open"}, Priorities: []string{"1"}, Boards: []string{"B"},
		}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			got := loadText(t, anAgent+"kind: Trigger\nmetadata: {name: t}\nspec: {type: Jira, default_agent: a, config: "+c.config+"}").Triggers[0].Filters
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("filters (-want +got):\n%s", diff)
			}
		})
	}
}

func TestTriggersAreInTheOrderInWhichTheyAreTried(t *testing.T) {
	dir := t.TempDir()
	trigger := func(name, more string) string {
		return "kind: Trigger\nmetadata: {name: " + name + "}\nspec: {type: Jira, default_agent: a" + more + ", config: {filters: {labels: [" + name + "]}}}\n---\n"
	}
	write(t, filepath.Join(dir, "b.yaml"), trigger("b1", "")+trigger("b2", "")+trigger("first", ", priority: -1")+anAgent)
	write(t, filepath.Join(dir, "a", "z.yaml"), trigger("a1", "")+trigger("off", ", enabled: false"))
	write(t, filepath.Join(dir, "c.yml"), trigger("last", ", priority: 1")+trigger("c1", ""))
	catalog, err := LoadCatalog(context.Background(), []Directory{{Path: dir}}, testKnown())
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, tr := range catalog.Triggers {
		got = append(got, tr.Name)
	}
	if diff := cmp.Diff([]string{"first", "a1", "b1", "b2", "c1", "last"}, got); diff != "" {
		t.Errorf("order (-want +got):\n%s", diff)
	}
}

func TestAgentIsResolved(t *testing.T) {
	temperature := 0.2
	want := &Agent{
		Meta: Meta{Name: "bug-triager"}, Model: "google:gemini-2.5-flash", Description: "d", Instructions: "Do it.\n",
		Tools:       []string{"jira_get_comments", "jira_get_issue", "jira_post_comment", "jira_search"},
		Temperature: &temperature, MaxTokens: 100, MaxIterations: 5, MaxContextMessages: 20,
		Output: OutputNone, Writes: WritesDryRun, ScopeProjects: []string{"PROJ", "X-*"},
	}
	got := loadText(t, `
kind: Agent
metadata: {name: bug-triager}
spec:
  model: google:gemini-2.5-flash
  description: d
  instructions: |
    Do it.
  tools: [jira_search, "jira_get_*", jira_search_query, "jira:read", {name: jira_post_comment}, {name: jira_add_labels, enabled: false}]
  temperature: 0.2
  max_tokens: 100
  max_iterations: 5
  max_context_messages: 20
  output: none
  writes: dry_run
  scope: {projects: [PROJ, "X-*"]}
  memory: none
`).Agents["bug-triager"]
	if diff := cmp.Diff(want, got, cmpopts.IgnoreFields(Meta{}, "Source", "Revision", "Text")); diff != "" {
		t.Errorf("agent (-want +got):\n%s", diff)
	}
}

func TestFormsOfAgents(t *testing.T) {
	cases := []struct {
		name, text, model string
		tokens            int
	}{
		{"flat", "name: a\nmodel: anthropic:claude-haiku-4-5\nsystem_prompt: x\ntools: [jira]", "anthropic:claude-haiku-4-5", DefaultMaxTokens},
		{"flat with kind", "kind: Agent\nname: a\nmodel: ollama:llama3:8b\nsystem: x", "ollama:llama3:8b", DefaultMaxTokens},
		{"model_config", "name: a\nmodel: gpt-4o\ninstructions: x\nmodel_config: {temperature: 0, max_tokens: 7}", "openai:gpt-4o", 7},
		{"provider", "name: a\nmodel: claude-x\nprovider: claude\ninstructions: x", "anthropic:claude-x", DefaultMaxTokens},
		{"prefix o", "name: a\nmodel: o3-mini\ninstructions: x", "openai:o3-mini", DefaultMaxTokens},
		{"prefix claude", "name: a\nmodel: claude-3-5-sonnet-20241022\ninstructions: x", "anthropic:claude-3-5-sonnet-20241022", DefaultMaxTokens},
		{"provider's other name", "name: a\nmodel: gemini:x\ninstructions: x", "google:x", DefaultMaxTokens},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			a := loadText(t, c.text).Agents["a"]
			if a == nil || a.Model != c.model || a.MaxTokens != c.tokens || a.Output != OutputComment || a.Writes != WritesDirect {
				t.Errorf("agent is %+v", a)
			}
		})
	}
}

func TestModelsOfUnknownProvidersPassWhenProvidersAreNotKnown(t *testing.T) {
	dir := t.TempDir()
	write(t, filepath.Join(dir, "a.yaml"), "name: a\nmodel: strange:x\ninstructions: x\ntools: [anything, b_*]")
	catalog, err := LoadCatalog(context.Background(), []Directory{{Path: dir}}, Known{})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"anything", "b_*"}, catalog.Agents["a"].Tools); diff != "" {
		t.Errorf("tools (-want +got):\n%s", diff)
	}
}

func TestParseAgentGivesTheAgentOfACatalogue(t *testing.T) {
	catalog := loadText(t, anAgent+`# A comment before
kind: Agent
metadata: {name: second}
spec:
  model: gemini-x
  instructions: "for ${TEAM}"
  tools: [shell, jira]
---
name: flat
model: google:x
system: y
`)
	for _, name := range []string{"a", "second", "flat"} {
		want := catalog.Agents[name]
		got, problems := ParseAgent(want.Text, want.Source, testKnown())
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
		for _, p := range problems {
			if !strings.HasPrefix(p.String(), strings.Split(want.Source, ":")[0]) || p.Severity != Warning {
				t.Errorf("problem %s", p)
			}
		}
	}
	_, problems := ParseAgent(catalog.Agents["second"].Text, "m.yaml:8", testKnown())
	if want := `m.yaml:11:10: warning: model "gemini-x" names no provider: read as google:gemini-x`; problems[0].String() != want {
		t.Errorf("problem is %s, want %s", problems[0], want)
	}
}

func TestParseAgentRefusesWhatIsNoAgent(t *testing.T) {
	cases := map[string]string{
		"":                          "a.yaml:3:1: expected an agent",
		"kind: Fleet":               "a.yaml:3:1: the fleet has no name: metadata.name is missing",
		"- x":                       "a.yaml:3:1: expected a manifest with apiVersion, kind, metadata and spec, found a list",
		"kind: Context":             "a.yaml:3:1: expected an agent",
		"{name: a, model: nothing}": `a.yaml:3:18: model "nothing" names no provider`,
		"a: [":                      "a.yaml:1:1: invalid YAML",
		"\x00":                      "a.yaml: the file is not text: it holds a NUL byte",
		"kind: Trigger\nmetadata: {name: t}\nspec: {type: Jira, commands: {/a: {agent: b}}}": "a.yaml:3:1: expected an agent",
	}
	for text, want := range cases {
		agent, problems := ParseAgent(text, "a.yaml:3", testKnown())
		if agent != nil || !strings.Contains(problems.Error(), want) {
			t.Errorf("%q: got %v and %v, want %s", text, agent, problems, want)
		}
	}
}

func TestRevisionsAreOfTheManifestsOwnText(t *testing.T) {
	one := anAgent + "kind: Agent\nmetadata: {name: b}\nspec: {model: 'google:x', instructions: y}\n"
	first, again := loadText(t, one), loadText(t, one)
	other := loadText(t, strings.Replace(one, "y}", "z}", 1))
	if first.Agents["a"].Revision != other.Agents["a"].Revision {
		t.Error("the revision of a depends on b")
	}
	if first.Agents["b"].Revision == other.Agents["b"].Revision || len(first.Agents["b"].Revision) != 12 {
		t.Errorf("revisions of b are %q and %q", first.Agents["b"].Revision, other.Agents["b"].Revision)
	}
	if first.Agents["b"].Revision != again.Agents["b"].Revision {
		t.Error("the revision of b depends on more than its text")
	}
}

func TestFleetsAndFlowsAreResolved(t *testing.T) {
	dir := t.TempDir()
	write(t, filepath.Join(dir, "agents", "incident.yaml"), "name: responder\nmodel: google:x\ninstructions: x")
	write(t, filepath.Join(dir, "f.yaml"), anAgent+`
kind: AgentFleet
metadata: {name: f}
spec:
  agents: [{ref: agents/incident.yaml, role: manager}, {name: inline, model: "google:x", instructions: y}, {name: a, role: worker}]
  workflow: do it
---
kind: AgentFlow
metadata: {name: w}
spec:
  nodes: [{id: one, type: agent, config: {agent: a, input: "${one.output}"}}, {id: two, type: Comment, config: {message: x}, depends_on: [one], when: yes}]
`)
	catalog, err := LoadCatalog(context.Background(), []Directory{{Path: dir}}, testKnown())
	if err != nil {
		t.Fatal(err)
	}
	f := catalog.Fleets["f"]
	if f.Mode != "hierarchical" || f.Workflow != "do it" || f.Members[0].Agent != "responder" || f.Members[0].Role != "coordinator" ||
		f.Members[1].Inline.Instructions != "y" || f.Members[2].Agent != "a" {
		t.Errorf("fleet is %+v", f)
	}
	want := &Flow{
		Meta: catalog.Flows["w"].Meta,
		Nodes: []FlowNode{
			{ID: "one", Type: "Agent", Config: &AgentNode{Agent: "a", Input: "${one.output}"}},
			{ID: "two", Type: "Response", Config: &ResponseNode{Message: "x"}, When: "yes"},
		},
		Connections: []FlowConnection{{From: "one", To: "two"}, {From: "start", To: "one"}}, Writes: WritesDirect, Output: OutputNone,
	}
	if diff := cmp.Diff(want, catalog.Flows["w"]); diff != "" {
		t.Errorf("flow (-want +got):\n%s", diff)
	}
}

func TestTriggersOwnSecretsAreListedAndCompared(t *testing.T) {
	dir := t.TempDir()
	write(t, filepath.Join(dir, "t.yaml"), anAgent+`
kind: Trigger
metadata: {name: t}
spec: {type: Jira, config: {webhook_secret_env: TEAM_SECRET}, default_agent: a}
---
kind: Trigger
metadata: {name: u}
spec: {type: Jira, config: {webhook_secret: "${JIRA_WEBHOOK_SECRET}"}, default_agent: a}
---
kind: Trigger
metadata: {name: v}
spec: {type: Jira, config: {webhook_secret_env: JIRA_API_TOKEN}, default_agent: a}
`)
	known := testKnown()
	known.SecretEnvs = []string{"JIRA_WEBHOOK_SECRET"}
	catalog, err := LoadCatalog(context.Background(), []Directory{{Path: dir}}, known)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"JIRA_API_TOKEN", "JIRA_WEBHOOK_SECRET", "TEAM_SECRET"}, catalog.SecretEnvs()); diff != "" {
		t.Errorf("secrets (-want +got):\n%s", diff)
	}
	if !strings.Contains(Problems(catalog.Warnings).Error(), "environment variable TEAM_SECRET is not set, and no platform in daemon.yaml has it: no delivery reaches this trigger") ||
		strings.Contains(Problems(catalog.Warnings).Error(), "variable JIRA_") {
		t.Errorf("warnings are %v", catalog.Warnings)
	}
}
