package scenario_test

import (
	"testing"

	"github.com/aofctl/aofctl/internal/scenario"
)

// inRovo are the manifests and the issue of tests with tasks.
const inRovo = `kind: Scenario
config: agents.yaml
given: {issues: [{key: PROJ-1, type: Bug, summary: Login fails}]}
`

func TestTasksOfAgentsArePlayedOverA2A(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{
		"an agent is assigned, asks, and writes as the user": `
model:
  answers:
    - call: {tool: ask_user, args: {question: "Which version is it?"}}
    - call: "jira_add_labels PROJ-1 [v7]"
    - It is a bug of version 7.
when:
  - {as: alice, rovo: {assign: helper}, then: {tasks: [{of: alice, state: input-required, asks: Which version}], written_by: nothing, starts: helper}}
  - {as: alice, rovo: {say: version 7}, then: {starts: nothing, tasks: {state: completed, says: version 7, asks: nothing}}}
then:
  tasks: [{state: completed, asks: [{like: "*Which version is it?*"}]}]
  written_by: alice
  issues: {PROJ-1: {labels: [v7], comments: []}}
`,
		"a chat goes on in its context": `
model:
  answers:
    - {when: "who of them", say: It was Bob.}
    - {say: It is the session store.}
when:
  - {as: bob, rovo: {mention: "what is it?"}}
  - {as: bob, rovo: {say: "and who of them?"}, then: {tasks: [{state: completed, says: It was Bob}]}}
  - {as: alice, rovo: {say: "what is it?", agent: helper}}
then: {tasks: [completed, {of: bob, says: Bob}, {of: alice, says: session store}]}
`,
		"what is canceled can be tried again": `
model:
  answers:
    - call: {tool: ask_user, args: {question: "Which version is it?"}}
    - done
when:
  - {as: alice, rovo: assign, then: {tasks: input-required}}
  - {as: alice, rovo: cancel, then: {tasks: canceled, runs: [canceled]}}
  - {as: alice, rovo: retry, then: {tasks: input-required}}
  - {restart: true}
  - {as: alice, rovo: {say: "7"}}
then: {tasks: [canceled, {state: completed, says: done}]}
`,
		"programs write with the daemon's account": `
model:
  answers:
    - call: {tool: ask_user, args: {question: "Which label?"}}
    - call: {tool: jira_add_labels, args: {issue_key: PROJ-1, labels: [x]}}
    - done
when:
  - {as: planner, a2a: {send: Label PROJ-1., agent: helper, dialect: a2a-0.3}, then: {tasks: {state: input-required, asks: Which label}}}
  - {as: planner, a2a: {say: x, data: {label: x}}}
  - {as: other, a2a: {send: again}, then: {tasks: [{of: other, state: input-required}]}}
  - {as: other, a2a: cancel}
  - {as: other, a2a: {send: again, agent: nobody, refused: true}}
then:
  tasks: [completed, canceled]
  written_by: bot
`,
		"it dies while it works for a user": `
model:
  answers:
    - call: {tool: ask_user, args: {question: "Which version is it?"}}
    - call: "jira_add_labels PROJ-1 [v7]"
    - It is a bug of version 7.
when:
  - {as: alice, rovo: assign, then: {tasks: input-required}}
  - {as: alice, rovo: {say: version 7}, crash: {method: PUT, path: "/issue/PROJ-1$"}}
then: {tasks: [{state: completed, says: version 7}], written_by: alice, issues: {PROJ-1: {labels: [v7]}}}
`,
		"an hour is too long": `
model: {answers: [{call: {tool: ask_user, args: {question: "Which version is it?"}}}, done]}
when:
  - {as: alice, rovo: assign}
  - {wait: 61m}
then: {tasks: [failed]}
`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := directory(t, map[string]string{"scenario.yaml": inRovo + text, "agents.yaml": talker})
			if r := play(t, dir, scenario.Options{})[0]; r.State != scenario.Passed {
				t.Error(told(r))
			}
		})
	}
}

// TestAConfigurationsRovoAndProgramsAreReplaced plays against a configuration whose
// app, keys, tokens and addresses are those of a deployment, behind a proxy.
func TestAConfigurationsRovoAndProgramsAreReplaced(t *testing.T) {
	t.Parallel()
	dir := directory(t, map[string]string{
		"daemon.yaml": `kind: DaemonConfig
spec:
  platforms:
    a2a: {public_url: "${PUBLIC_URL}", agents: [helper], default_agent: helper, tokens_file: /nowhere, push_hosts: [hooks.example.com]}
    forge:
      app_id: ${FORGE_APP}
      environments: ["${FORGE_ENVIRONMENT}"]
      jwks_url: ${FORGE_KEYS}
      gateway_url: ${FORGE_GATEWAY}
      signing_secret_file: /nowhere
      encryption_key_env: FORGE_KEY
      user_header: X-Forwarded-User
      require_account_mapping: true
  agents: {directory: .}
`,
		"agents.yaml": talker, "scenario.yaml": `kind: Scenario
given: {issues: [{key: PROJ-1, type: Bug, summary: Login fails}]}
model: {answers: [{call: "jira_add_labels PROJ-1 [v7]"}, Done.]}
when:
  - {as: alice, rovo: {assign: helper}, then: {tasks: {state: auth-required, says: connect}, written_by: nothing, starts: nothing}}
  - {as: bob, rovo: {say: "me too"}}
  - {as: alice, rovo: connect, then: {starts: helper, tasks: {of: alice, state: completed}, written_by: alice}}
  - {as: planner, a2a: {send: Label PROJ-1.}, then: {tasks: {of: planner, state: completed}, written_by: bot}}
then: {tasks: [completed, auth-required, completed], written_by: [bot, alice]}
`})
	if r := play(t, dir, scenario.Options{})[0]; r.State != scenario.Passed {
		t.Error(told(r))
	}
}

// talker is the agent of tests with tasks.
const talker = `kind: Agent
metadata: {name: helper}
spec:
  model: google:gemini-2.5-flash
  instructions: Help with {{ metadata.issue_key }}.
  tools: [jira_get_issue, jira_add_labels, ask_user]
  scope: {projects: [PROJ]}
`
