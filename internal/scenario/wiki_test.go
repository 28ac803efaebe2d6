package scenario_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/aofctl/aofctl/internal/scenario"
)

// wikiAgents are the manifests of the tests with a Confluence.
const wikiAgents = `kind: Agent
metadata: {name: writer}
spec:
  model: google:gemini-2.5-flash
  instructions: Help with {{ metadata.issue_key }}. {{ params.task }}
  tools: [jira_get_issue, jira_add_remote_link, confluence_get_page, confluence_create_page, confluence_update_section, confluence_update_page, confluence_add_comment, confluence_add_labels, confluence_set_property]
  scope: {spaces: [DOC, SPEC]}
---
kind: Trigger
metadata: {name: commands}
spec:
  type: Jira
  config: {events: [comment_created, version_released]}
  commands:
    /write: {agent: writer}
---
kind: Trigger
metadata: {name: specs}
spec:
  type: Confluence
  config: {events: [page_updated, comment_created], filters: {spaces: [SPEC], labels: [watched]}}
  commands:
    /check: {agent: writer}
  default_agent: writer
`

// wikiGiven is the beginning of their scenarios.
const wikiGiven = `kind: Scenario
config: agents.yaml
given:
  spaces: [SPEC]
  pages:
    - id: 4711
      space: SPEC
      title: Notifications
      body: |
        What users may choose.

        # Scope

        All events.

        ## Limits

        Five minutes.

        # Open questions

        None.
      labels: [spec]
      properties: {requirements: {count: 2}}
      versions: [{by: bob, storage: "<h1>Scope</h1><p>All  events.</p><h1>Open questions</h1><p>None.</p>", message: shorter}]
      comments: [{as: bob, body: Looks **good**.}, {body: "Which ones?", on: events}]
    - {title: Below, parent: Notifications, status: draft, body: To come.}
  issues: [{key: PROJ-1, type: Story, summary: Choose channels, remote_links: [{page: Notifications, global_id: g-1}]}]
`

// playWiki runs one case with a Confluence of each kind.
func playWiki(t *testing.T, text string, check func(t *testing.T, r scenario.Result)) {
	t.Helper()
	for _, kind := range []string{"cloud", "dc"} {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			text := strings.Replace(text, "given:\n", "given:\n  deployment: "+kind+"\n", 1)
			check(t, play(t, directory(t, map[string]string{"scenario.yaml": text, "agents.yaml": wikiAgents}), scenario.Options{})[0])
		})
	}
}

func holds(t *testing.T, r scenario.Result) {
	t.Helper()
	if r.State != scenario.Passed {
		t.Error(told(r))
	}
}

func TestCasesHaveAConfluence(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{
		"what is given is there": `
when: [{wait: 1s}]
then:
  pages:
    Notifications:
      space: SPEC
      parent: ""
      status: current
      labels: [spec]
      version: 2
      by: bob
      message: shorter
      body: "# Scope\n\nAll events.\n\n# Open questions\n\nNone."
      headings: [Scope, Open questions]
      sections: {Scope: All events., open QUESTIONS: {contains: none, lacks: [all, many]}}
      properties: {requirements: {count: 2}, other: nothing}
      comments: [{by: bob, body: Looks **good**.}, {by: alice, on: events}]
      commented: [which ones]
      only_changed: nothing
    4711: {title: {like: Notif*}}
    Below: {status: draft, parent: Notifications, draft: To come., space: SPEC}
    Nowhere: {exists: false}
  spaces: {SPEC: [Notifications, Below], TEAM: nothing}
  issues: {PROJ-1: {remote_links: [{page: Notifications, title: Notifications, global_id: g-1}]}}
`,
		"people work on pages": `
when:
  - as: bob
    confluence: {page: Notifications, section: Scope, text: "Some events. See {{jira}}/browse/PROJ-1.", message: fewer}
    then: {pages: {Notifications: {version: 3, by: bob, message: fewer, sections: {Scope: {contains: /browse/PROJ-1}}}}}
  - {as: bob, confluence: {section: Open questions, append: Really none.}}
  - {as: alice, confluence: {append: "# More\n\nText."}}
  - {as: alice, confluence: {touch: true, message: again}}
  - {as: alice, confluence: {add_labels: [agreed, old]}}
  - {as: alice, confluence: {remove_labels: old}}
  - {as: alice, confluence: {comment: "Agreed, {{page}}."}}
  - {as: bob, confluence: {reply: Fine.}}
  - {as: bob, confluence: {edit_comment: Very fine.}}
  - {as: bob, confluence: {comment: "Some?", selection: Some events}}
  - {as: bob, confluence: {property: {seen: [1, 2]}}}
  - {as: bob, confluence: {rename: Notifications v2}}
  - {as: bob, confluence: {publish: true, page: Below}}
  - {as: bob, confluence: {create: {title: Other, space: SPEC, storage: "<p>x</p>", labels: [a], id: 77}}}
  - {as: bob, confluence: {move: Notifications v2}}
  - {as: alice, confluence: {create: {title: Gone}}}
  - {as: alice, confluence: {trash: true}}
  - {as: alice, confluence: {edit: Whole., page: Below}}
  - {as: alice, confluence: {section: More, remove: true, page: "4711"}}
then:
  pages:
    "4711":
      title: Notifications v2
      version: 8
      labels: [agreed, spec]
      sections: {Open questions: "None.\n\nReally none."}
      body: {lacks: Text}
      properties: {seen: [1, 2]}
      comments: [Looks **good**, which ones, "Agreed, 4711.", {by: bob, body: Very fine.}, {on: Some events}]
    Other: {storage: <p>x</p>, parent: Notifications v2, labels: [a]}
    Below: {status: current, body: Whole., draft: ""}
    Gone: {exists: false}
  spaces: {SPEC: [Notifications v2, Below, Other], DOC: nothing}
`,
		"an agent works on pages": `
model:
  answers:
    - call: ["confluence_update_section 4711 Scope reason=agreed body='Only some.'", 'confluence_add_comment 4711 "Scope is smaller."', "confluence_add_labels 4711 [narrow]"]
    - call: ["confluence_create_page SPEC Stories '# List' parent_id=4711 labels=[stories]", {tool: confluence_set_property, args: {page_id: "4711", key: done, value: '{"n": 1}'}}]
    - Done.
when:
  - {as: bob, confluence: {touch: true, page: Notifications}}
  - {as: alice, comment: /write, on: PROJ-1, then: {pages: {"4711": {only_changed: Scope}}}}
then:
  actions:
    - confluence_update_section 4711 Scope agreed body="Only *"
    - confluence_add_comment 4711 "*smaller*"
    - confluence_create_page SPEC Stories
  pages:
    Notifications: {version: 4, by: bot, message: {contains: agreed}, only_changed: [Scope], sections: {Scope: Only some.}, commented: [{by: bot, body: Scope is smaller.}], labels: [narrow, spec], properties: {done: {n: 1}}}
    Stories: {parent: Notifications, labels: [stories], by: bot, body: "# List"}
`,
		"Confluence tells of it": `
model:
  answers: [{when: "4711", call: 'confluence_update_section 4711 Scope because body=Seen.'}, {when: "4711", say: "Looked at. Write ` + "`/approve X1-Y2`" + `."}]
when:
  - {as: bob, confluence: {page: Notifications, touch: true}, then: {starts: nothing, ignored: labels wants watched}}
  - {as: bob, confluence: {add_labels: watched}, then: {starts: nothing}}
  - {as: bob, confluence: {touch: true}, then: {starts: writer, pages: {"4711": {only_changed: Scope, commented: [{by: bot, body: {contains: Looked at}}]}}}}
  - {as: bob, confluence: {comment: /check this}, then: {starts: writer}}
  - {as: alice, comment: "no page", on: PROJ-1}
  - {as: bob, confluence: {edit_comment: "Code {{code}}"}, then: {starts: nothing}}
  - {as: bob, confluence: {create: {space: SPEC, title: New}}, then: {starts: nothing}}
then: {starts: [writer, writer], pages: {"4711": {commented: [{by: bob, body: Code X1-Y2}]}}}
`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			playWiki(t, wikiGiven+text, holds)
		})
	}
}

// TestTheConfluenceOfThePageHolds plays the case of docs/testing.md.
func TestTheConfluenceOfThePageHolds(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile(filepath.Join(top, "docs", "testing.md"))
	if err != nil {
		t.Fatal(err)
	}
	_, text, _ := strings.Cut(string(page), "\n## Confluence\n")
	_, text, _ = strings.Cut(text, "```yaml\n")
	text, _, _ = strings.Cut(text, "```")
	agents := strings.ReplaceAll(wikiAgents, "name: writer", "name: spec-keeper")
	agents = strings.NewReplacer("agent: writer", "agent: spec-keeper", "labels: [watched]", "labels: [spec]", "[page_updated, comment_created]", "[comment_created]").Replace(agents)
	script := "model: {answers: [{call: 'confluence_add_comment 4711 \"Yes, push is out.\"'}, Done.]}\n"
	holds(t, play(t, directory(t, map[string]string{"agents.yaml": agents, "scenario.yaml": "kind: Scenario\nconfig: agents.yaml\n" + script + text}), scenario.Options{})[0])
}

func TestFailuresOnPagesShowTheDifference(t *testing.T) {
	t.Parallel()
	dir := directory(t, map[string]string{"agents.yaml": wikiAgents, "scenario.yaml": wikiGiven + `
cases:
  - name: everything is other than expected
    model: {answers: [{call: 'confluence_update_page 4711 "Tidied up" body="# Scope\n\nAll events!\n\n# Open questions\n\nSome."'}, Done.]}
    when: [{as: alice, comment: /write, on: PROJ-1}]
    then:
      actions: [confluence_update_section 4711 Scope, "confluence_update_page 4711 because"]
      pages:
        Notifications:
          space: DOC
        "4711":
          title: Notification
          parent: Below
          status: draft
          labels: [draft]
          version: 2
          by: bob
          message: tidy
          body: "# Scope\n\nAll events.\n\n# Open questions\n\nSome."
          storage: {contains: <h2>}
          headings: [Scope]
          sections: {Scope: {contains: All, lacks: events}, Limits: Five.}
          properties: {requirements: {count: 3}, owner: x}
          comments: [good]
          commented: [{by: bob, body: Which}, {on: Scope}, never said]
          only_changed: [Scope]
        Below: {exists: false, status: draft}
        Nowhere: {status: current}
      spaces: {SPEC: [Notifications], NONE: nothing}
      issues: {PROJ-1: {remote_links: [{page: Below}]}}
  - name: a page is there that should not be, and a heading is not
    when: [{wait: 1s}]
    then: {pages: {Notifications: {exists: false}, "4711": {only_changed: Limits}}}
  - name: nobody wrote a comment to change
    when: [{as: bob, confluence: {page: "4711", edit_comment: x}}]
    then: {starts: nothing}
  - name: a version that two projects have
    given: {projects: [{key: PAY, versions: ["1.1"]}]}
    when: [{as: bob, release: "1.1"}]
    then: {starts: nothing}
`})
	golden(t, "wiki_failures.golden", shownFailures(t, dir))
}

func TestCasesWhosePagesCannotBeMadeAreBroken(t *testing.T) {
	t.Parallel()
	for pages, want := range map[string]string{
		"[{title: A, parent: Nowhere}]":                                `make page "A" of line 3: there is no page "Nowhere"`,
		"[{title: A, space: NONE}]":                                    "No space with key : NONE",
		"[{title: A}, {title: A}]":                                     "already exists",
		"[{title: A, id: 7}, {title: B, id: 7}]":                       "something else has it",
		"[{title: A, storage: <p>}]":                                   "Error parsing xhtml",
		"[{title: A, by: nobody}]":                                     "there is no such user",
		"[{title: A, comments: [{body: x, on: y}]}]":                   "Text selection was not found on the page",
		"[{title: A, labels: ['a b']}]":                                "Invalid label",
		"[{title: A, space: POLICY, by: bob}]":                         "not permitted",
		"[{title: A}, {title: A, space: TEAM}, {title: B, parent: A}]": `2 pages have the title "A"`,
	} {
		r := play(t, directory(t, map[string]string{"agents.yaml": wikiAgents, "scenario.yaml": "kind: Scenario\nconfig: agents.yaml\ngiven: {pages: " + pages +
			"}\nwhen: [{wait: 1s}]\nthen: {starts: nothing}\n"}), scenario.Options{})[0]
		if r.State != scenario.Broken || !strings.Contains(r.Reason, want) {
			t.Errorf("%s: %s: %s", pages, r.State, r.Reason)
		}
	}
}
