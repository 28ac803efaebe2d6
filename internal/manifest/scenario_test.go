package manifest_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/aofctl/aofctl/internal/manifest"
)

func scenarioKnown() manifest.Known {
	return manifest.Known{Tools: []manifest.KnownTool{{Name: "jira_add_labels"}, {Name: "jira_post_comment"}}, Env: func(string) (string, bool) { return "", false }}
}

func TestScenarioMistakesAreToldWithTheirPlaces(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, text, want string }{
		{"empty", "", "s.yaml:1:1: the file is empty: expected a Scenario"},
		{"another kind", "kind: Agent", "s.yaml:1:1: expected kind: Scenario"},
		{"no YAML", "kind: [", "s.yaml:1:1: invalid YAML: did not find expected node content"},
		{"nothing happens", "kind: Scenario\nthen: {starts: nothing}", `s.yaml:1:1: nothing happens in this case: "when" is missing`},
		{"nothing is expected", "kind: Scenario\nwhen: [{wait: 1s}]", `s.yaml:1:1: nothing is expected in this case: "then" is missing`},
		{"misspelt", "kind: Scenario\nwhen: [{wait: 1s}]\nthen: {start: nothing, isues: {}}",
			"s.yaml:3:8: unknown field \"start\" (did you mean \"starts\"?)\ns.yaml:3:24: unknown field \"isues\" (did you mean \"issues\"?)"},
		{"two verbs", "kind: Scenario\nwhen: [{as: bob, comment: a, transition: b}]\nthen: {starts: nothing}", "s.yaml:2:8: the step has comment and transition: give one, and the others as steps of their own"},
		{"nobody", "kind: Scenario\nwhen: [{comment: a}, {as: bob, wait: 1s}, {wait: 1s, crash: {path: x}}]\nthen: {starts: nothing}",
			"s.yaml:2:8: who does it? field \"as\" is missing\ns.yaml:2:27: nobody does \"wait\": leave out \"as\"\ns.yaml:2:61: nothing is worked on in this step: crash belongs to one that starts something"},
		{"no verb", "kind: Scenario\nwhen: [{as: bob}]\nthen: {starts: nothing}", "s.yaml:2:8: nothing happens in this step: give one of create, comment, edit_comment, transition, update, assign, add_labels, remove_labels, start_sprint, close_sprint, release, version, confluence, act, github, rovo, a2a, deliver, wait, restart, fault, confluence_fault, model_fault"},
		{"an unknown tool", "kind: Scenario\nwhen: [{wait: 1s}]\nthen: {actions: [jira_add_lables PROJ-1], never: [{tol: x}]}",
			"s.yaml:3:18: unknown tool \"jira_add_lables\" (did you mean \"jira_add_labels\"?)\ns.yaml:3:51: field \"tool\" is missing\ns.yaml:3:52: unknown field \"tol\" (did you mean \"tool\"?)"},
		{"a model of two kinds", "kind: Scenario\nmodel: {recording: a, answers: [b]}\nwhen: [{wait: 1s}]\nthen: {starts: nothing}", "s.yaml:2:8: give one of rules, answers and recording"},
		{"no answer", "kind: Scenario\nmodel: {answers: [{when: a}]}\nwhen: [{wait: 1s}]\nthen: {starts: nothing}", "s.yaml:2:19: the answer neither says nor calls anything"},
		{"values", "kind: Scenario\ngiven: {deployment: clod, issues: [{key: A-1}], sprints: [{state: open}]}\nwhen: [{deliver: {file: a, body: {}, path: x, times: 0}}]\nthen: {order: random, runs: [done]}",
			"s.yaml:2:21: deployment \"clod\" is none of cloud, dc (did you mean \"cloud\"?)\ns.yaml:2:36: field \"summary\" is missing\ns.yaml:2:67: state \"open\" is none of future, active, closed\n" +
				"s.yaml:3:18: give one of file and body\ns.yaml:3:44: a path begins with /\ns.yaml:3:54: must be at least 1\n" +
				"s.yaml:4:15: order \"random\" is none of listed, any, exact\ns.yaml:4:30: state \"done\" is none of succeeded, failed, canceled, rejected, waiting"},
		{"a crash", "kind: Scenario\nwhen: [{as: bob, comment: a, crash: {method: '(', moment: later}}]\nthen: {starts: nothing}",
			"s.yaml:2:37: field \"path\" is missing\ns.yaml:2:46: \"(\" is no regular expression: error parsing regexp: missing closing ): `(`\ns.yaml:2:59: moment \"later\" is none of after, before"},
		{"a talk", "kind: Scenario\nwhen:\n  - {as: bob, rovo: asign}\n  - {as: bob, rovo: say}\n  - {as: bob, rovo: {assign: x, say: y}}\n  - {as: bob, rovo: {agent: x}}\n  - {as: bob, rovo: {mention: ' ', agnet: x}}\n" +
			"  - {as: bob, rovo: {cancel: yes please}}\n  - {as: bob, rovo: {assign: x, agent: y}}\n  - {rovo: assign}\n  - {as: p, a2a: {cancel: true, data: {a: 1}, dialect: jira-1.0}, on: PROJ-1}\n  - {as: p, a2a: [x]}\n" +
			"then: {tasks: [done, {state: completed, say: x}]}",
			"s.yaml:3:21: \"asign\" is none of assign, mention, say, cancel, retry, connect (did you mean \"assign\"?)\ns.yaml:4:21: say has a text: write {say: …}\n" +
				"s.yaml:5:21: the step has assign and say: give one, and the others as steps of their own\ns.yaml:6:21: what is done? give one of assign, mention, say, cancel, retry, connect\n" +
				"s.yaml:7:31: mention needs a text\ns.yaml:7:36: unknown field \"agnet\" (did you mean \"agent\"?)\ns.yaml:8:30: expected cancel: true, found \"yes please\"\n" +
				"s.yaml:9:40: assign names the agent already\ns.yaml:10:5: who does it? field \"as\" is missing\n" +
				"s.yaml:11:39: data comes with a message: leave it out\ns.yaml:11:56: dialect \"jira-1.0\" is none of a2a-1.0, a2a-0.3\ns.yaml:11:71: a program names the issue in its message: leave out \"on\"\n" +
				"s.yaml:12:18: expected a mapping, found a list\ns.yaml:13:16: state \"done\" is none of submitted, working, input-required, auth-required, completed, canceled, failed, rejected\n" +
				"s.yaml:13:41: unknown field \"say\" (did you mean \"says\"?)"},
		{"a Confluence", "kind: Scenario\ngiven:\n  confluence: server\n  projects: [{key: A, versions: [{release_date: soon}]}]\n  spaces: [{name: x}]\n  pages:\n    - {id: x1, title: T, body: a, storage: b, status: old}\n" +
			"    - {title: D, status: draft, versions: [{body: x}], comments: [{as: bob}]}\n  issues: [{key: A-1, summary: s, remote_links: [{title: x}]}]\nwhen:\n  - {as: bob, confluence: {page: T}}\n" +
			"  - {as: bob, confluence: {edit: a, trash: true}}\n  - {as: bob, confluence: {section: S}}\n  - {as: bob, confluence: {section: S, text: a, selection: b}}\n  - {as: bob, confluence: {comment: ' ', message: x}}\n" +
			"  - {as: bob, confluence: {create: {body: x}, page: T}}\n  - {as: bob, confluence: {coment: x}}\n  - {as: bob, release: {project: A}}\n  - {as: bob, confluence_fault: {status: 500}}\n" +
			"then: {pages: {T: {status: gone, boddy: x}, U: {exists: false, body: x}}}",
			"s.yaml:3:15: confluence \"server\" is none of cloud, dc\ns.yaml:4:34: field \"name\" is missing\ns.yaml:4:49: expected a day such as 2026-03-02, found \"soon\"\n" +
				"s.yaml:5:12: field \"key\" is missing\ns.yaml:7:12: expected a number of 1 to 18 digits, found \"x1\"\ns.yaml:7:44: give one of body and storage\ns.yaml:7:55: status \"old\" is none of current, draft\n" +
				"s.yaml:8:26: a draft has neither versions nor comments\ns.yaml:8:67: field \"body\" is missing\ns.yaml:9:50: give one of page and url\n" +
				"s.yaml:11:27: what is done? give one of create, edit, section, append, touch, publish, comment, reply, edit_comment, add_labels, remove_labels, rename, move, property, trash\ns.yaml:12:27: the step has edit and trash: give one, and the others as steps of their own\n" +
				"s.yaml:13:37: what becomes of the section? give one of text, append and remove\ns.yaml:14:60: \"selection\" belongs to comment\n" +
				"s.yaml:15:37: comment needs a text\ns.yaml:15:51: \"message\" belongs to edit or section or append or touch or publish\n" +
				"s.yaml:16:36: field \"title\" is missing\ns.yaml:16:53: the page is made in this step: leave out \"page\"\n" +
				"s.yaml:17:27: what is done? give one of create, edit, section, append, touch, publish, comment, reply, edit_comment, add_labels, remove_labels, rename, move, property, trash\ns.yaml:17:28: unknown field \"coment\" (did you mean \"comment\"?)\n" +
				"s.yaml:18:24: field \"name\" is missing\ns.yaml:19:10: nobody does \"confluence_fault\": leave out \"as\"\n" +
				"s.yaml:20:28: status \"gone\" is none of current, draft, trashed\ns.yaml:20:34: unknown field \"boddy\" (did you mean \"body\"?)\n" +
				"s.yaml:20:45: a page that is not there has nothing else that could be expected of it"},
		{"too many issues", "kind: Scenario\ngiven: {issues: [{key: A-1, summary: s, times: 2001}, {key: A-1, summary: s, times: 2}]}\nwhen: [{wait: 1s}]\nthen: {starts: nothing}",
			"s.yaml:2:48: times is from 1 to 2000"},
		{"cases", "kind: Scenario\nwhen: [{wait: 1s}]\ncases:\n  - {when: [{wait: 1s}], then: {starts: nothing}}\n  - {name: a, when: [{wait: 1s}], then: {starts: nothing}}\n  - {name: a}",
			"s.yaml:1:1: when and then stand in the cases if there are cases\ns.yaml:4:5: the case has no name\ns.yaml:6:5: nothing happens in this case: \"when\" is missing\ns.yaml:6:12: there is another case \"a\" in this file"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			cases, problems := manifest.ParseScenarios("s.yaml", []byte(c.text), scenarioKnown())
			if diff := cmp.Diff(c.want, problems.Error()); diff != "" || cases != nil {
				t.Errorf("%d cases, problems (-want +got):\n%s", len(cases), diff)
			}
		})
	}
}

func TestCasesShareWhatStandsAboveThem(t *testing.T) {
	t.Parallel()
	cases, problems := manifest.ParseScenarios("dir/s.yaml", []byte(`kind: Scenario
name: suite
config: ../daemon.yaml
env: {A: one, B: two}
timeout: 5s
given: {deployment: dc 9.12.5, issues: [{key: PROJ-1, summary: One}]}
model: {answers: ["shared ${kept}"]}
cases:
  - name: first
    when: [{as: bob, comment: "${kept}", on: PROJ-1}]
    then:
      actions:
        - jira_add_labels PROJ-1 [a]
        - {tool: jira_post_comment, args: {body: {contains: x}}, as: helper}
        - "!jira_add_labels"
        - !jira_post_comment PROJ-2
  - name: second
    env: {B: three}
    given: {deployment: cloud, issues: [{key: PROJ-2, summary: Two}]}
    model: {rules: [{say: "${x}"}]}
    when: [{wait: 1h}]
    then:
      actions:
        - jira_add_labels PROJ-1 {priority: High}
      starts: nothing
      denied: []
      runs: [waiting]
`), scenarioKnown())
	if len(problems) > 0 || len(cases) != 2 {
		t.Fatalf("%d cases, %v", len(cases), problems)
	}
	first, second := cases[0], cases[1]
	if first.Given.Version != "9.12.5" || second.Given.Deployment != "cloud" || second.Given.Version != "" || first.Timeout != 5*time.Second || second.Timeout != 5*time.Second {
		t.Errorf("given %+v and %+v", first.Given, second.Given)
	}
	if len(first.Given.Issues) != 1 || len(second.Given.Issues) != 2 || second.Given.Issues[1].Project != "PROJ" {
		t.Errorf("issues %+v and %+v", first.Given.Issues, second.Given.Issues)
	}
	if diff := cmp.Diff(map[string]string{"A": "one", "B": "three"}, second.Env); diff != "" || first.Env["B"] != "two" {
		t.Errorf("variables %v %s", first.Env, diff)
	}
	if first.Script.Answers[0].Say != "shared ${kept}" || !strings.Contains(second.Script.Rules, "${x}") || first.When[0].Text != "${kept}" {
		t.Errorf("scripts %+v and %+v", first.Script, second.Script)
	}
	var never []string
	for _, a := range first.Then.Never {
		never = append(never, strings.TrimSpace(a.Tool+" "+a.Rest))
	}
	if diff := cmp.Diff([]string{"jira_add_labels", "jira_post_comment PROJ-2"}, never); diff != "" || len(first.Then.Actions) != 2 {
		t.Errorf("never %s, actions %+v", diff, first.Then.Actions)
	}
	if a := second.Then.Actions[0]; a.Rest != "PROJ-1 {priority: High}" || a.Line != 24 {
		t.Errorf("an action that was not quoted is %+v", a)
	}
	if then := second.Then; then.Starts == nil || len(then.Starts) > 0 || then.Denied == nil || first.Then.Starts != nil || then.Runs[0].State != "waiting" {
		t.Errorf("expected %+v", then)
	}
}

func FuzzScenario(f *testing.F) {
	for _, seed := range []string{
		"kind: Scenario\nwhen: [{as: bob, comment: a, crash: {path: x}}]\nthen: {actions: [!a b, {tool: c}], issues: {A-1: {comments: [x, {by: y}]}}}",
		"kind: Scenario\ncases: [{name: a, given: {projects: [A, {key: B}]}, model: {rules: {let: {}}}, when: [{deliver: {body: {a: [1]}}}]}]",
		"kind: Scenario\ngiven: &a {issues: [*a]}", "kind: Scenario\nmodel: {answers: [{call: [a b, {tool: x}]}]}\nwhen: [{wait: 1d}]", "---\n...\n", "kind: Scenario\n<<: {cases: [1]}",
		"kind: Scenario\ngiven: {spaces: [A, {key: B, readers: a}], pages: [{title: T, versions: [{body: a}], comments: [{body: b, on: c}]}]}\n" +
			"when: [{as: a, confluence: {page: T, section: S, append: x}}, {as: a, release: 1.0}]\nthen: {pages: {T: {only_changed: S, sections: {S: {lacks: x}}, comments: [a, {on: b}]}}, spaces: {A: nothing}}",
		"kind: Scenario\nwhen: [{as: a, rovo: assign}, {as: b, rovo: {say: x}}, {as: p, a2a: {send: x, data: {a: 1}}}, {as: p, a2a: cancel}]\nthen: {tasks: [completed, {of: a, says: {like: x}, asks: [a]}], written_by: nothing}",
	} {
		f.Add(seed)
	}
	known := scenarioKnown()
	f.Fuzz(func(t *testing.T, text string) {
		cases, problems := manifest.ParseScenarios("s.yaml", []byte(text), known)
		if len(cases) == 0 && len(problems) == 0 {
			t.Error("there is neither a case nor a problem")
		}
		for _, p := range problems {
			if p.Path != "s.yaml" || p.Message == "" {
				t.Errorf("a problem without its place: %+v", p)
			}
		}
	})
}
