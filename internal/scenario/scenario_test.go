package scenario_test

import (
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"github.com/aofctl/aofctl/internal/scenario"
)

var update = flag.Bool("update", false, "write the golden files anew") //nolint:gochecknoglobals // a flag

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// agents are the manifests of most tests.
const agents = `kind: Agent
metadata: {name: helper}
spec:
  model: google:gemini-2.5-flash
  instructions: Help with {{ metadata.issue_key }}. {{ params.task }}
  tools: [jira_get_issue, jira_add_labels, jira_update_issue, jira_transition_issue]
---
kind: Trigger
metadata: {name: commands}
spec:
  type: Jira
  config: {events: [comment_created]}
  commands:
    /help-me: {agent: helper}
---
kind: Trigger
metadata: {name: gathered}
spec:
  type: Jira
  config: {events: [issue_updated], debounce: 30s, filters: {changed_fields: [labels]}}
  default_agent: helper
`

// given is the beginning of most scenarios.
const given = `kind: Scenario
config: agents.yaml
given: {issues: [{key: PROJ-1, type: Bug, summary: Login fails, labels: [login]}]}
`

// directory writes files into a new directory.
func directory(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	if _, given := files["agents.yaml"]; !given {
		files["agents.yaml"] = agents
	}
	for name, text := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o750); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// play runs the scenario.yaml of a directory.
func play(t *testing.T, dir string, opts scenario.Options) []scenario.Result {
	t.Helper()
	opts.Known, opts.Version = known(t), "test"
	cases, problems := scenario.Load([]string{filepath.Join(dir, "scenario.yaml")}, opts.Known)
	if len(problems) > 0 {
		t.Fatalf("problems: %v", problems)
	}
	results, err := scenario.Run(t.Context(), cases, opts, nil)
	if err != nil {
		t.Fatal(err)
	}
	return results
}

// playText runs one case.
func playText(t *testing.T, text string) scenario.Result {
	t.Helper()
	return play(t, directory(t, map[string]string{"scenario.yaml": text}), scenario.Options{})[0]
}

func TestCasesThatHoldPass(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{
		"people do all sorts of things": `
model: {answers: [done]}
when:
  - {as: alice, transition: In Progress}
  - {as: bob, assign: alice}
  - {as: bob, update: {priority: {name: High}}}
  - {as: bob, remove_labels: login}
  - {as: alice, comment: no command}
  - {as: alice, edit_comment: /help-me}
  - {as: alice, act: {action: log_work, time_spent: 2h}, on: PROJ-1}
  - {as: alice, start_sprint: 2}
  - {as: alice, close_sprint: 2}
  - {wait: 1m}
then:
  issues:
    PROJ-1: {status: In Progress, assignee: alice, priority: High, labels: [], comments: [/help-me, {by: bot, body: done}], fields: {timespent: 7200}}
    PROJ-9: {exists: false}
`,
		"time passes": `
model: {answers: [done]}
when:
  - {as: bob, add_labels: [a], then: {runs: [waiting], starts: helper}}
  - {as: bob, add_labels: [b]}
  - {wait: 31s, then: {runs: [{target: agent/helper, state: succeeded, issue: PROJ-1}]}}
then: {starts: helper, issues: {PROJ-1: {comments: [done]}}}
`,
		"the daemon lives again": `
model: {answers: [done]}
when:
  - {as: bob, add_labels: [a]}
  - restart: true
  - {as: bob, add_labels: [b]}
  - {wait: 1h}
  - restart: true
then: {starts: helper, issues: {PROJ-1: {comments: [done]}}}
`,
		"it dies before a write": `
model: {answers: [done]}
when:
  - {as: alice, comment: /help-me, crash: {method: POST, path: "/comment$", moment: before}}
then: {issues: {PROJ-1: {comments: [/help-me, done]}}}
`,
		"it dies behind a write": `
model: {answers: [{call: jira_transition_issue PROJ-1 'Start work'}, done]}
when:
  - {as: alice, comment: /help-me, crash: {method: POST, path: "/transitions$"}}
then: {issues: {PROJ-1: {status: In Progress, comments: [/help-me, done]}}}
`,
		"Jira and the model fail for a while": `
model: {answers: [{call: "jira_add_labels PROJ-1 [a]"}, done]}
when:
  - fault: {method: GET|POST|PUT, path: /issue, status: 503, count: 2}
  - model_fault: {status: 429, count: 2, retry_after_ms: 5000}
  - {as: alice, comment: /help-me}
then: {issues: {PROJ-1: {labels: [a, login], commented: [done]}}}
`,
		"Jira refuses": `
model: {answers: [{call: jira_transition_issue PROJ-1 Nowhere}, I could not.]}
when: [{as: alice, comment: /help-me}]
then:
  actions: [{tool: jira_transition_issue, failed: Nowhere}, jira_post_comment PROJ-1 "I could not."]
  order: exact
`,
		"codes are taken from the bot's last comment": "\nmodel: {answers: [\"Say `/approve X7-9` to go on, {{ or so }}.\"]}\n" + `
when:
  - {as: alice, comment: /help-me}
  - {as: bob, comment: "/approve {{code}} for {{ issue }}"}
then: {issues: {PROJ-1: {commented: [/approve X7-9 for PROJ-1]}}}
`,
		"answers for some conversations": `
model:
  answers:
    - {when: PROJ-2, say: two}
    - {when: [Help with, PROJ-1], call: "jira_add_labels PROJ-1 [one]"}
    - {when: [Help with, PROJ-1], say: "one ${and} a half"}
when:
  - {as: alice, comment: /help-me, on: PROJ-1}
  - {as: alice, create: {project: PROJ, summary: Two}}
  - {as: alice, comment: /help-me}
then: {issues: {PROJ-1: {commented: ["and} a half"], labels: [login, one]}, PROJ-2: {commented: [two]}}}
`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if r := playText(t, given+text); r.State != scenario.Passed {
				t.Error(told(r))
			}
		})
	}
}

func TestTheSandboxHasWhatIsGiven(t *testing.T) {
	t.Parallel()
	r := playText(t, `kind: Scenario
config: [agents.yaml]
given:
  deployment: dc 9.12.5
  users: [{name: carol, display_name: Carol Chief}, {name: robot, app: true}, {name: alice, display_name: Other Alice}]
  projects: [PAY, {key: OPS, name: Operations, type: business, lead: carol, components: [net], versions: ["1.0"]}]
  boards: [{id: 7, project: PAY, name: Payments}]
  sprints: [{id: 70, board: 7, name: March, state: active, goal: Refunds}]
  fields: [{id: customfield_10200, name: Risk, kind: select, options: [low, high]}]
  issues:
    - {key: PAY-1, type: Story, summary: Refunds, status: Done, sprint: 70, reporter: carol, assignee: carol, fields: {customfield_10200: {value: high}},
       comments: [{as: carol, body: Soon.}], links: [{type: Blocks, to: OPS-1}]}
    - {project: OPS, summary: Firewall}
when:
  - {as: carol, comment: hello, on: OPS-1}
then:
  starts: nothing
  issues:
    PAY-1: {status: Done, assignee: carol, comments: [{by: carol, body: Soon.}], links: [{type: Blocks, to: OPS-1}], fields: {customfield_10200: {value: high}}}
    OPS-1: {type: Task, commented: [hello]}
`)
	if r.State != scenario.Passed {
		t.Error(told(r))
	}
}

func TestNothingOutsideIsReachedOrWritten(t *testing.T) {
	t.Parallel()
	dir := directory(t, map[string]string{
		"daemon.yaml": "kind: DaemonConfig\nspec:\n  platforms: {jira: {base_url: http://x.example, auth: {type: pat, token_env: T}, webhook_secret_env: W}}\n" +
			"  agents: {directory: manifests}\n  policy: {allowed_hosts: [status.example.com]}\n",
		"manifests/agents.yaml": strings.Replace(agents, "tools: [", "memory: \"File:./notes.json\"\n  tools: [http_request, ", 1),
		"scenario.yaml": `kind: Scenario
given:
  issues: [{key: PROJ-1, summary: One}]
  hosts:
    - {url: "https://status.example.com/v1/*", body: {state: red}}
model:
  answers:
    - call:
        - {tool: http_request, args: {url: "https://status.example.com/v1/shop?x=1"}}
        - {tool: memory_set, args: {key: state, value: red}}
    - {call: {tool: http_request, args: {url: "https://status.example.com/v2"}}}
    - done
cases:
  - name: what is given is answered
    when: [{as: bob, comment: /help-me}]
    then:
      actions:
        - {tool: http_request, result: {contains: red}}
        - memory_set
        - {tool: http_request, failed: true}
`})
	r := play(t, dir, scenario.Options{})[0]
	if r.State != scenario.Failed || len(r.Failures) != 1 || r.Failures[0].What != "no answer is given for GET https://status.example.com/v2" {
		t.Error(told(r))
	}
	if _, err := os.Stat(filepath.Join(dir, "notes.json")); err == nil {
		t.Error("the memory was written beside the configuration")
	}
}

func TestConfigurationsAreFoundAndTheirVariablesFilledIn(t *testing.T) {
	t.Parallel()
	config := `kind: DaemonConfig
spec:
  platforms:
    jira:
      - {name: us, base_url: "https://${US_HOST}/jira", auth: {type: pat, token_env: US_TOKEN}, webhook_secret_env: US_SECRET}
      - {name: eu, base_url: "${EU_URL}", cloud_id: "${EU_ID}", auth: {type: api_token, email_env: E, token_file: /nowhere}, webhook_secret_file: /nowhere, proxy: {https_proxy: "${PROXY}"}}
  agents: {directory: ../manifests}
  storage: {dsn_env: DATABASE_URL, master_key_env: KEY}
  models: {providers: {own: {base_url: "${MODELS}", api_key_env: OWN_KEY}}}
`
	dir := directory(t, map[string]string{"deep/daemon.yaml": config, "manifests/a.yaml": strings.ReplaceAll(agents, "{{ params.task }}", "Team ${TEAM}."),
		"deep/scenarios/scenario.yaml": `kind: Scenario
site: eu
env: {TEAM: blue}
given: {issues: [{key: PROJ-1, summary: One}]}
model: {rules: [{when: {system_contains: Team blue}, say: hello blue}]}
when: [{as: bob, comment: /help-me}]
then: {issues: {PROJ-1: {commented: [hello blue]}}}
`})
	if r := play(t, filepath.Join(dir, "deep", "scenarios"), scenario.Options{})[0]; r.State != scenario.Passed {
		t.Error(told(r))
	}
}

func TestFailuresShowTheDifference(t *testing.T) {
	t.Parallel()
	dir := directory(t, map[string]string{"scenario.yaml": given + `
cases:
  - name: everything is other than expected
    model: {answers: [{call: ["jira_add_labels PROJ-1 [frontend]", jira_post_comment OTHER-1 hi]}, Done.]}
    when:
      - {as: alice, comment: /help-me, then: {ignored: nothing like it}}
    then:
      starts: [helper, other]
      actions:
        - "jira_add_labels PROJ-1 [backend]"
        - {tool: jira_add_labels, as: other, denied: scope}
        - jira_update_issue PROJ-1 {priority: High}
        - jira_post_comment PROJ-1 "*too late*"
        - "!jira_add_labels PROJ-1"
      no_other_writes: true
      denied: nothing
      runs: [{target: other, state: failed, error: because, result: {like: D*!}}]
      issues:
        PROJ-1: {status: Done, labels: [login], assignee: bob, comments: [/help-me, {by: alice, body: Done.}, more], fields: {duedate: "2026-01-01"}, links: [{type: Blocks, to: PROJ-2}], commented: [thanks]}
        PROJ-2: {status: Done}
        OTHER-1: {exists: false}
      at_most: {usd: 0.000001, tokens: 10, model_calls: 1}
  - name: a run fails and nothing is said of it
    when:
      - model_fault: {status: 401, count: 100}
      - {as: alice, comment: /help-me}
    then: {order: any}
  - name: the script has no answer
    model: {rules: [{when: {turn: 1}, call: [{tool: jira_get_issue, args: {issue_key: PROJ-1}}]}]}
    when: [{as: alice, comment: /help-me}]
    then: {starts: helper}
  - name: nothing was started
    when: [{as: alice, comment: /help-you}]
    then: {starts: helper}
  - name: a task is other than expected
    model: {answers: [{call: "jira_add_labels PROJ-1 [v7]"}, Done.]}
    when:
      - {as: alice, rovo: {mention: "what is it?"}, then: {tasks: nothing, written_by: bot}}
      - {as: bob, rovo: {say: "and this?"}}
    then:
      tasks: [{of: bob, state: input-required, says: session store, asks: [Which version]}, {state: completed, says: Done}]
      written_by: nothing
`})
	golden(t, "failures.golden", shownFailures(t, dir))
}

// shownFailures plays the cases of a directory and shows what is wrong, without what
// differs from time to time.
func shownFailures(t *testing.T, dir string) string {
	t.Helper()
	var out strings.Builder
	for _, r := range play(t, dir, scenario.Options{Parallel: 2}) {
		r.Took = 0
		scenario.Reporter{Out: &out}.Case(r)
	}
	got := strings.ReplaceAll(out.String(), dir+"/", "")
	got = regexp.MustCompile(`\d{4}-\d\d-\d\d \d\d:\d\d( \+0000)?`).ReplaceAllString(got, "TIME")
	got = regexp.MustCompile(`untrusted-[a-z0-9]{16}`).ReplaceAllString(got, "untrusted-SEED")
	got = regexp.MustCompile(`\d+\+\d+ tokens|\d+ tokens|\$0\.\d+`).ReplaceAllString(got, "SOME")
	got = regexp.MustCompile(`own_(account|comment)`).ReplaceAllString(got, "own") // which of the two is a matter of time
	got = regexp.MustCompile(`did not finish: .*?"\}`).ReplaceAllString(got, `did not finish: …"}`)
	got = regexp.MustCompile(`aofctl:[0-9a-f]{12}`).ReplaceAllString(got, "aofctl:MARK")
	return regexp.MustCompile(`127\.0\.0\.1:\d+`).ReplaceAllString(got, "SANDBOX")
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestWhatCannotBePlayedIsBroken(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ text, want string }{
		"no end in time": {given + "timeout: 1s\nwhen: [{model_fault: {delay_ms: 60000}}, {as: alice, comment: /help-me}]\nthen: {starts: helper}",
			"the case took longer than 1s"},
		"a stranger":        {given + "when: [{as: nobody, comment: hi}]\nthen: {starts: nothing}", `comment: act as "nobody": no such user`},
		"no way":            {given + "when: [{as: bob, transition: Nowhere}]\nthen: {starts: nothing}", "Transition 'Nowhere' is not valid"},
		"no issue":          {"kind: Scenario\nconfig: agents.yaml\nwhen: [{as: bob, comment: hi}]\nthen: {starts: nothing}", "there is no issue yet"},
		"no code":           {given + "when: [{as: bob, comment: '{{code}}'}]\nthen: {starts: nothing}", "the bot has not commented on PROJ-1"},
		"nothing to edit":   {given + "when: [{as: bob, edit_comment: x}]\nthen: {starts: nothing}", "bob has posted no comment"},
		"a wrong key":       {"kind: Scenario\nconfig: agents.yaml\ngiven: {issues: [{key: PROJ-7, summary: x}]}\nwhen: [{wait: 1s}]\nthen: {starts: nothing}", "the issue gets the key PROJ-1, not PROJ-7"},
		"a status too far":  {"kind: Scenario\nconfig: agents.yaml\ngiven: {issues: [{key: PROJ-1, summary: x, status: Lost}]}\nwhen: [{wait: 1s}]\nthen: {starts: nothing}", `no way leads from status To Do to "Lost"`},
		"an unknown person": {"kind: Scenario\nconfig: agents.yaml\ngiven: {issues: [{key: PROJ-1, summary: x, assignee: eve}]}\nwhen: [{wait: 1s}]\nthen: {starts: nothing}", "there is no user eve"},
		"a crash of nobody": {given + "when: [{as: bob, comment: hi, crash: {path: /never}}]\nthen: {starts: nothing}", "the daemon never sent this request"},
		"an odd fault":      {given + "when: [{fault: {stauts: 500}}]\nthen: {starts: nothing}", `unknown field "stauts"`},
		"an odd act":        {given + "when: [{as: bob, act: {action: dance}}]\nthen: {starts: nothing}", "dance"},
		"a refused webhook": {given + "when: [{deliver: {body: {webhookEvent: x}, signed: false}}]\nthen: {starts: nothing}", "the daemon answered 401"},
		"a missing site":    {given + "site: eu\nwhen: [{wait: 1s}]\nthen: {starts: nothing}", `no enabled Jira site "eu"`},
		"a broken manifest": {strings.Replace(given, "agents.yaml", "broken.yaml", 1) + "when: [{wait: 1s}]\nthen: {starts: nothing}", "broken.yaml:4:3: unknown field \"modle\" (did you mean \"model\"?)"},
		"no manifests":      {strings.Replace(given, "agents.yaml", "none.yaml", 1) + "when: [{wait: 1s}]\nthen: {starts: nothing}", "none.yaml: no such file"},
		"no agent in Rovo":  {strings.Replace(given, "agents.yaml", "daemon.yaml", 1) + "when: [{as: bob, rovo: assign}]\nthen: {starts: nothing}", "the configuration offers no agents in Rovo: platforms.forge is missing"},
		"no endpoint":       {strings.Replace(given, "agents.yaml", "daemon.yaml", 1) + "when: [{as: bob, a2a: {send: hi}}]\nthen: {starts: nothing}", "platforms.a2a is missing"},
		"no callers":        {strings.Replace(given, "agents.yaml", "rovo.yaml", 1) + "when: [{as: bob, a2a: {send: hi, refused: unauthorized}}, {as: bob, a2a: {send: hi}}]\nthen: {starts: nothing}", "platforms.a2a has neither tokens nor public: true"},
		"no Rovo":           {strings.Replace(given, "given: {", "given: {deployment: dc, ", 1) + "when: [{as: bob, rovo: assign}]\nthen: {starts: nothing}", "a Data Center has no Rovo"},
		"no conversation":   {given + "when: [{as: bob, rovo: cancel}]\nthen: {starts: nothing}", "bob has no conversation with an agent to go on with"},
		"nobody in Rovo":    {given + "when: [{as: nobody, rovo: assign}]\nthen: {starts: nothing}", `rovo: nobody with the default agent about PROJ-1: find user "nobody"`},
		"nothing to retry":  {given + "model: {answers: [ok]}\nwhen: [{as: bob, rovo: assign}, {as: bob, rovo: retry}]\nthen: {starts: nothing}", "it is completed"},
		"not refused":       {given + "model: {answers: [ok]}\nwhen: [{as: bob, a2a: {send: hi, refused: true}}]\nthen: {starts: nothing}", "the request was not refused"},
		"refused otherwise": {given + "when: [{as: bob, a2a: {send: hi, agent: nobody, refused: too many}}]\nthen: {starts: nothing}", "it was refused for another reason"},
		"refused":           {given + "when: [{as: bob, a2a: {send: hi, agent: nobody}}]\nthen: {starts: nothing}", "line 4: a2a: bob with nobody: HTTP status 404"},
		"no recording":      {given + "model: {recording: none.yaml}\nwhen: [{wait: 1s}]\nthen: {starts: nothing}", "none.yaml yet: make it with aofctl test --record"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := directory(t, map[string]string{"scenario.yaml": c.text, "daemon.yaml": "kind: DaemonConfig\nspec: {}\n",
				"rovo.yaml": "kind: DaemonConfig\nspec: {platforms: {forge: {app_id: 8db33809-1f32-48bb-8c52-5877dab48107, signing_secret_env: S, encryption_key_env: K}}, agents: {directory: manifests}}\n", "manifests/agents.yaml": agents, "broken.yaml": "kind: Agent\nmetadata: {name: x}\nspec:\n  modle: google:x\n"})
			r := play(t, dir, scenario.Options{})[0]
			if r.State != scenario.Broken || !strings.Contains(r.Reason, c.want) {
				t.Errorf("want broken by %q\n%s", c.want, told(r))
			}
		})
	}
}

func TestCasesAreSkippedKeptAndListedInOrder(t *testing.T) {
	t.Parallel()
	dir := directory(t, map[string]string{"scenario.yaml": given + `
name: suite
model: {answers: [done]}
cases:
  - {name: first, when: [{as: bob, comment: /help-me}], then: {starts: helper}}
  - {name: second, skip: later, when: [{as: bob, comment: /help-me}], then: {starts: helper}}
  - {name: third, when: [{as: bob, comment: hi}], then: {starts: helper}}
`})
	keep := filepath.Join(dir, "kept")
	results := play(t, dir, scenario.Options{Keep: keep, Parallel: 3})
	got := []string{}
	for _, r := range results {
		got = append(got, string(r.State)+" "+scenario.Title(r.Suite, r.Name))
	}
	if diff := cmp.Diff([]string{"passed suite: first", "skipped suite: second", "failed suite: third"}, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	for _, name := range []string{"daemon.log", "data/main.db", "daemon.yaml"} {
		if _, err := os.Stat(filepath.Join(results[0].Kept, name)); err != nil {
			t.Error(err)
		}
	}
	var text, junit strings.Builder
	if err := scenario.WriteJSON(&text, results); err != nil {
		t.Fatal(err)
	}
	if err := scenario.WriteJUnit(&junit, results); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{`"state": "passed"`, `"reason": "later"`, `"what": "something else was started"`, `"model_calls": 1`} {
		if !strings.Contains(text.String(), want) {
			t.Errorf("the JSON has no %s:\n%s", want, text.String())
		}
	}
	for _, want := range []string{`tests="3" failures="1" errors="0" skipped="1"`, `<failure message="something else was started">`, `<skipped message="later">`} {
		if !strings.Contains(junit.String(), want) {
			t.Errorf("the XML has no %s:\n%s", want, junit.String())
		}
	}
}

func TestFilesAreFoundByTheirNames(t *testing.T) {
	t.Parallel()
	dir := directory(t, map[string]string{"a.scenario.yaml": "", "scenario-b.yml": "", "scenario.yaml": "", "scenarios/deep/c.scenario.yaml": "", "scenarios/d.yaml": "",
		"scenarios/d.recording.yaml": "", "scenarios/d.rules.yaml": "", "other.yaml": "", ".hidden/scenario.yaml": "", "scenario.json": ""})
	found, err := scenario.Find([]string{dir, filepath.Join(dir, "other.yaml")})
	if err != nil {
		t.Fatal(err)
	}
	for i := range found {
		found[i], _ = filepath.Rel(dir, found[i])
	}
	if diff := cmp.Diff([]string{"a.scenario.yaml", "other.yaml", "scenario-b.yml", "scenario.yaml", "scenarios/d.yaml", "scenarios/deep/c.scenario.yaml"}, found); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if _, err := scenario.Find([]string{filepath.Join(dir, "nowhere")}); err == nil {
		t.Error("what is not there is found")
	}
}

func TestWhatACaseNamesIsCheckedWhenItIsRead(t *testing.T) {
	t.Parallel()
	dir := directory(t, map[string]string{"scenario.yaml": `kind: Scenario
name: x
model: {rules: missing.yaml}
when:
  - deliver: nowhere.json
  - {as: bob, comment: hi, then: {actions: [jira_add_labels PROJ-1 a b c]}}
then: {never: ["jira_add_labels PROJ-1 [a"]}
`})
	_, problems := scenario.Load([]string{filepath.Join(dir, "scenario.yaml")}, known(t))
	got := strings.ReplaceAll(problems.Error(), dir+"/", "")
	want := strings.Join([]string{
		"scenario.yaml:3:1: read rules of the model: missing.yaml: no such file or directory",
		"scenario.yaml:5:1: nowhere.json: no such file or directory",
		"scenario.yaml:6:1: jira_add_labels has no third argument behind issue_key, labels: quote what has spaces",
		"scenario.yaml:7:1: read arguments of jira_add_labels: a quote or a bracket is not closed",
	}, "\n")
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if problems.Err() == nil || len(problems.Errors()) != len(problems) {
		t.Error("they are no errors")
	}
}
