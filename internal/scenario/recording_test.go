package scenario_test

import (
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/aofctl/aofctl/internal/sandbox/model"
	"github.com/aofctl/aofctl/internal/scenario"
)

const recorded = `kind: Scenario
config: daemon.yaml
given: {issues: [{key: PROJ-1, type: Bug, summary: Login fails}]}
model: {recording: answers.recording.yaml}
cases:
  - name: labels
    when: [{as: alice, comment: /help-me}]
    then: {issues: {PROJ-1: {labels: [backend], commented: [Labelled.]}}}
  - name: twice
    when: [{as: alice, comment: /help-me}, {as: bob, comment: /help-me}]
    then: {starts: [helper, helper]}
  - name: in Rovo
    when:
      - {as: alice, rovo: {mention: label it}}
      - {as: alice, rovo: {say: "and what was it?"}}
    then: {tasks: [completed, {says: Labelled.}], written_by: alice, runs: [succeeded, waiting, succeeded]} # her label is worked on, too
`

// TestARecordingAnswersAsTheModelDidUntilThePromptChanges records against another
// server that speaks OpenAI's API, of which the daemon knows address and key from
// its configuration.
func TestARecordingAnswersAsTheModelDidUntilThePromptChanges(t *testing.T) {
	t.Parallel()
	rules, err := model.Parse([]byte(`
rules:
  - {when: {not_called: jira_add_labels}, call: [{tool: jira_add_labels, args: {issue_key: PROJ-1, labels: [backend]}}], say: The key is very-secret-key.}
  - {when: {after_tool: jira_add_labels}, say: Labelled.}
`))
	if err != nil {
		t.Fatal(err)
	}
	real, err := model.New(model.Options{Rules: rules, APIKey: "very-secret-key"})
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(real)
	t.Cleanup(server.Close)
	dir := directory(t, map[string]string{"scenario.yaml": recorded, "manifests/agents.yaml": strings.ReplaceAll(agents, "google:gemini-2.5-flash", "mine:large"),
		"daemon.yaml": "kind: DaemonConfig\nspec:\n  platforms:\n    jira: {base_url: http://x.example, auth: {type: api_token, email_env: E, token_env: T}, webhook_secret_env: W}\n" +
			"    forge: {app_id: 8db33809-1f32-48bb-8c52-5877dab48107, signing_secret_env: S, encryption_key_env: K}\n" +
			"  agents: {directory: manifests}\n  models: {providers: {mine: {type: openai-compatible, base_url: '" + server.URL + "', api_key_env: MY_KEY}}}\n"})
	want := func(results []scenario.Result, state scenario.State) {
		t.Helper()
		for _, r := range results {
			if r.State != state {
				t.Fatalf("want %s:\n%s", state, told(r))
			}
		}
	}

	want(play(t, dir, scenario.Options{}), scenario.Broken) // there is no recording yet
	without := scenario.Options{Record: true, Env: func(string) (string, bool) { return "", false }}
	want(play(t, dir, without), scenario.Broken) // nor a key
	env := func(name string) (string, bool) {
		return map[string]string{"MY_KEY": "very-secret-key"}[name], name == "MY_KEY"
	}
	want(play(t, dir, scenario.Options{Record: true, Env: env, Parallel: 2}), scenario.Passed)
	path := filepath.Join(dir, "answers.recording.yaml")
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(text), "very-secret-key") || !strings.Contains(string(text), "The key is ***") {
		t.Errorf("the recording has the key in it:\n%s", text)
	}
	asked := len(real.Requests())

	server.Close() // from here on nobody answers there
	want(play(t, dir, scenario.Options{}), scenario.Passed)
	want(play(t, dir, scenario.Options{}), scenario.Passed) // the next time too
	if now := len(real.Requests()); now != asked {
		t.Errorf("the model was asked %d times more", now-asked)
	}

	manifests := filepath.Join(dir, "manifests", "agents.yaml")
	changed := strings.ReplaceAll(strings.ReplaceAll(agents, "google:gemini-2.5-flash", "mine:large"), "Help with", "Please help with")
	if err := os.WriteFile(manifests, []byte(changed), 0o600); err != nil {
		t.Fatal(err)
	}
	results := play(t, dir, scenario.Options{})
	want(results, scenario.Failed)
	if got := told(results[0]); !strings.Contains(got, "the recording no longer fits: mine:large: the instructions have changed") || !strings.Contains(got, "aofctl test --record") {
		t.Errorf("it does not say what to do:\n%s", got)
	}
}

func TestARecordingThatCannotBeReadSaysWhy(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"version: 99\n":                    "it has version 99",
		"version: 1\ncases: {other: []}\n": `has nothing of the case "labels"`,
		"version: 1\ncase: {}\n":           "field case not found",
		"\x00":                             "read recording",
	} {
		dir := directory(t, map[string]string{"scenario.yaml": strings.Replace(recorded, "daemon.yaml", "agents.yaml", 1), "answers.recording.yaml": text})
		if r := play(t, dir, scenario.Options{})[0]; r.State != scenario.Broken || !strings.Contains(r.Reason, want) {
			t.Errorf("%q: want %q\n%s", text, want, told(r))
		}
	}
}

// TestARecordingLeadsToThePagesOfTheSandbox records a model that quotes the address of a
// page and reads what it wrote itself, and plays that back in other sandboxes.
func TestARecordingLeadsToThePagesOfTheSandbox(t *testing.T) {
	t.Parallel()
	rules, err := model.Parse([]byte(`
let:
  url: {in: results, match: 'url: (\S+)', else: none}
rules:
  - {when: {not_called: [confluence_get_page]}, call: [{tool: confluence_get_page, args: {page_id: "7"}}]}
  - {when: {not_called: [confluence_append_to_page]}, call: [{tool: confluence_append_to_page, args: {page_id: "7", reason: linked, body: "[itself](${url} )"}}]}
  - {when: {not_called: [confluence_get_page_history]}, call: [{tool: confluence_get_page_history, args: {page_id: "7"}}]}
  - {say: "It is at ${url}"}
`))
	if err != nil {
		t.Fatal(err)
	}
	real, err := model.New(model.Options{Rules: rules, APIKey: "very-secret-key"})
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(real)
	t.Cleanup(server.Close)
	dir := directory(t, map[string]string{
		"scenario.yaml": `kind: Scenario
config: daemon.yaml
given: {issues: [{key: PROJ-1, summary: One}], pages: [{id: 7, title: Plan, body: First.}]}
model: {recording: answers.recording.yaml}
cases:
  - {name: cloud, when: [{as: alice, comment: /write}], then: &it {pages: {"7": {version: 2, body: {contains: "[itself](http://127.0.0.1"}}}, issues: {PROJ-1: {commented: [It is at http]}}}}
  - {name: dc, given: {deployment: dc}, when: [{as: alice, comment: /write}], then: *it}
`,
		"manifests/agents.yaml": strings.NewReplacer("google:gemini-2.5-flash", "mine:large", "confluence_update_page,", "confluence_append_to_page, confluence_get_page_history,").Replace(wikiAgents),
		"daemon.yaml": "kind: DaemonConfig\nspec:\n  platforms:\n    jira: {base_url: '${JIRA_BASE_URL}', auth: {type: api_token, email_env: E, token_env: T}, webhook_secret_env: W}\n    confluence: {webhook_token_env: C}\n" +
			"  triggers: {directory: manifests}\n  agents: {directory: manifests}\n  models: {providers: {mine: {type: openai-compatible, base_url: '" + server.URL + "', api_key_env: MY_KEY}}}\n"})
	env := func(name string) (string, bool) {
		return map[string]string{"MY_KEY": "very-secret-key"}[name], name == "MY_KEY"
	}
	for _, opts := range []scenario.Options{{Record: true, Env: env}, {}, {}} {
		for _, r := range play(t, dir, opts) {
			holds(t, r)
		}
	}
	text, err := os.ReadFile(filepath.Join(dir, "answers.recording.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(text), "127.0.0.1") || !strings.Contains(string(text), "{{jira}}/wiki/") || !strings.Contains(string(text), "{{jira}}/confluence/") {
		t.Errorf("the recording has the sandbox's addresses:\n%s", text)
	}
}
