package manifest

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"gopkg.in/yaml.v3"
)

func compiled(t *testing.T, kind string) *jsonschema.Schema {
	t.Helper()
	text, err := Schema(kind)
	if err != nil {
		t.Fatal(err)
	}
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource("schema.json", doc); err != nil {
		t.Fatal(err)
	}
	schema, err := c.Compile("schema.json")
	if err != nil {
		t.Fatalf("%s: %v", kind, err)
	}
	return schema
}

// asJSON turns YAML into what a schema checks.
func asJSON(t *testing.T, text string) any {
	t.Helper()
	var v any
	if err := yaml.Unmarshal([]byte(text), &v); err != nil {
		t.Fatal(err)
	}
	raw, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	out, err := jsonschema.UnmarshalJSON(bytes.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestSchemasTakeAllSpellings(t *testing.T) {
	cases := map[string][]string{
		"DaemonConfig": {
			"{spec: {}}", fullDaemon,
			"{apiVersion: aof.dev/v1, kind: DaemonConfig, spec: {platforms: {slack: {enabled: true}, github: {enabled: false}, jira: {user_email: a, api_token_env: B, url: x}}}}",
		},
		"Trigger": {
			`{kind: Trigger, metadata: {name: t}, spec: {type: Jira, enabled: "${X:-true}", priority: 1, config: {jira_events: [a], allowed_projects: [P], filters: [{field: a, value: [b]}, {field: c, value: d}], commands: [{command: /a, agent: b}]}, defaultAgent: a}}`,
			`{kind: Trigger, metadata: {name: t}, spec: {type: Jira, config: {filters: {projects: [P], expression: x}, project_routing: {A: b}, cloud_id: x}, commands: {/a: {agent: b, params: {x: [1]}}}, default_flow: f, on_error: {x: 1}}}`,
		},
		"Agent": {
			"{name: a, model: x, system_prompt: y, tools: [a, {name: b, enabled: false}]}",
			"{kind: Agent, metadata: {name: a, labels: {a: b}}, spec: {model: x, system: y, temperature: 0.2, memory: {type: File}, model_config: {top_p: 1}, output: none, scope: {projects: [P]}}}",
		},
		"Fleet": {"{kind: AgentFleet, metadata: {name: f}, spec: {agents: [{name: a, spec: {model: x}}, {ref: b, role: c}, {name: d, model: e}], coordination: {strategy: x}, workflow: y}}"},
		"Flow":  {"{kind: AgentFlow, metadata: {name: f}, spec: {nodes: [{id: a, type: Agent, config: {agent: y, input: z}, depends_on: b, when: true}, {id: b, type: End, depends_on: [c]}], connections: [{from: a, to: b, condition: x}]}}"},
	}
	for kind, texts := range cases {
		schema := compiled(t, kind)
		for _, text := range texts {
			if err := schema.Validate(asJSON(t, text)); err != nil {
				t.Errorf("%s %s: %v", kind, text, err)
			}
		}
	}
}

func TestSchemasRefuseMistakes(t *testing.T) {
	cases := map[string][]string{
		"DaemonConfig": {"{spec: {servr: {}}}", "{spec: {server: {port: [1]}}}", "{spec: {platforms: {a2a: {public_ulr: x}}}}", "{kind: Trigger}"},
		"Trigger":      {"{spec: {type: Jira, config: {evnts: [a]}}}", "{spec: {config: {events: a}}}", "{spec: {config: {debounce: [3s]}}}", "{kind: Agent}", "{spec: {enabled: maybe}}"},
		"Agent":        {"{name: a, modl: x}", "{spec: {approval: [a]}}", "{spec: {output: [a]}}", "{spec: {max_tokens: 1.5}}"},
		"Fleet":        {"{spec: {agents: {}}}", "{kind: Flow}"},
		"Flow":         {"{spec: {nodes: [{id: [a]}]}}", "{spec: {actions: [a]}}"},
	}
	for kind, texts := range cases {
		schema := compiled(t, kind)
		for _, text := range texts {
			if err := schema.Validate(asJSON(t, text)); err == nil {
				t.Errorf("%s takes %s", kind, text)
			}
		}
	}
}

func TestSchemasTakeTheManifestsOfAOFThatLoad(t *testing.T) {
	dir := compatDir(t, "daemon-config_L11", "planned")
	files, err := filepath.Glob(filepath.Join(dir, "*.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		text, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		doc := asJSON(t, string(text))
		kind, _ := doc.(map[string]any)["kind"].(string)
		if err := compiled(t, kind).Validate(doc); err != nil {
			t.Errorf("%s: %v", filepath.Base(f), err)
		}
	}
}

func TestSchemaIsTheSameEachTimeAndNamesItsKind(t *testing.T) {
	for _, kind := range Kinds() {
		first, err := Schema(kind)
		if err != nil {
			t.Fatal(err)
		}
		second, _ := Schema(kind)
		if !bytes.Equal(first, second) || !strings.Contains(string(first), `"title": "`+kind+`"`) {
			t.Errorf("schema of %s differs between calls or has no title", kind)
		}
	}
	for _, kind := range []string{"AgentFlow", "AgentFleet"} {
		if _, err := Schema(kind); err != nil {
			t.Error(err)
		}
	}
	if _, err := Schema("Trigge"); err == nil || err.Error() != `there is no kind "Trigge" (did you mean "Trigger"?)` {
		t.Errorf("error is %v", err)
	}
}
