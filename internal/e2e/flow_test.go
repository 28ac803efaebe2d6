package e2e

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/aofctl/aofctl/internal/store"
)

// patient is a flow that waits for time, then for a person, while another branch
// writes.
const patient = `apiVersion: aof.dev/v1
kind: Flow
metadata: {name: patient}
spec:
  nodes:
  - {id: label, type: Tool, config: {tool: jira_add_labels, args: {issue_key: "{{ metadata.issue_key }}", labels: [begun]}}}
  - {id: pause, type: Wait, config: {duration: 2s}}
  - {id: both, type: Join}
  - {id: ask, type: Approval, config: {message: "Start {{ metadata.issue_key }}?", approvers: ["%s"], timeout: 1h}}
  - {id: move, type: Tool, config: {tool: jira_transition_issue, args: {issue_key: "{{ metadata.issue_key }}", transition: In Progress}}}
  - {id: say, type: Response, config: {message: "Started, said {{ nodes.ask.by }}."}}
  connections:
  - {from: start, to: label}
  - {from: start, to: pause}
  - {from: label, to: both}
  - {from: pause, to: both}
  - {from: both, to: ask}
  - {from: ask, to: move}
  - {from: move, to: say}
`

// TestAFlowGoesOnAfterItsDaemonWasKilledWhileItWaited kills the daemon while a flow
// waits for time, and again while it waits for a person.
func TestAFlowGoesOnAfterItsDaemonWasKilledWhileItWaited(t *testing.T) {
	w := newWorld(t)
	bob, _ := w.box.Jira.User("bob")
	w.write("flows/patient.yaml", fmt.Sprintf(patient, bob.AccountID))
	w.write("triggers/echo.yaml", strings.ReplaceAll(command("echo"), "agent: echo", "flow: patient"))
	d := w.start()
	key := w.story("FEAT")
	w.comment("alice", key, "/echo")
	w.await("the first branch to write", func() bool {
		issue, _ := w.box.Jira.Issue(key)
		return slices.Contains(issue.Labels, "begun")
	})
	d.kill()
	d = w.start()
	code := w.question(key, 1)
	if before := w.status(key); before != "To Do" {
		t.Fatalf("the issue is %s already", before)
	}
	w.waitingRun(key)
	d.kill()
	d = w.start()
	w.comment("bob", key, "/approve "+code)
	runs := w.ended(key, 1)
	if runs[0].State != store.StateSucceeded || w.status(key) != "In Progress" {
		t.Errorf("run %+v, issue %s", runs[0], w.status(key))
	}
	questions, reports := 0, 0
	for _, reply := range w.replies(key) {
		if strings.Contains(reply, "Start "+key+"?") {
			questions++
		}
		if strings.Contains(reply, "Started, said Bob") {
			reports++
		}
	}
	if questions != 1 || reports != 1 {
		t.Errorf("asked %d times and reported %d times: %q", questions, reports, w.replies(key))
	}
	if code := d.stop(); code != 0 {
		t.Errorf("exit code %d", code)
	}
}

// reporting is a flow whose text is posted unless a node posted a comment: a question
// to people is none.
const reporting = `kind: Flow
metadata: {name: reporting}
spec:
  output: comment
  nodes:
  - {id: say, type: Response, when: "args == 'talk'", config: {message: Said before.}}
  - {id: ask, type: Approval, config: {message: "Go on?", approvers: ["%s"], timeout: 1h}}
  - {id: end, type: End, config: {message: The text at the end.}}
  connections:
  - {from: start, to: say}
  - {from: start, to: ask}
  - {from: ask, to: end}
`

func TestATextIsPostedBehindAQuestionAndNotBehindAComment(t *testing.T) {
	w := newWorld(t)
	bob, _ := w.box.Jira.User("bob")
	w.write("flows/reporting.yaml", fmt.Sprintf(reporting, bob.AccountID))
	w.write("triggers/echo.yaml", strings.ReplaceAll(command("echo"), "agent: echo", "flow: reporting"))
	for line, want := range map[string][]string{"/echo": {"The text at the end."}, "/echo talk": {"Said before."}} {
		d := w.start()
		key := w.story("FEAT")
		w.comment("alice", key, line)
		code := w.question(key, 1)
		w.waitingRun(key)
		d.kill()
		d = w.start()
		w.comment("bob", key, "/approve "+code)
		if runs := w.ended(key, 1); runs[0].State != store.StateSucceeded {
			t.Errorf("%s: run %+v", line, runs[0])
		}
		said := slices.DeleteFunc(w.replies(key), func(reply string) bool { return strings.Contains(reply, "Go on?") })
		if !slices.Equal(said, want) {
			t.Errorf("%s: said %q, want %q", line, said, want)
		}
		if code := d.stop(); code != 0 {
			t.Errorf("exit code %d", code)
		}
	}
}
