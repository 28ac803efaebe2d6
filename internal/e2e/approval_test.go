package e2e

import (
	"encoding/json"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/aofctl/aofctl/internal/sandbox/model"
	"github.com/aofctl/aofctl/internal/store"
)

// closing is a model that starts work on the issue and says so.
const closing = `
let:
  issue: {in: all, match: '\b([A-Z]+-[0-9]+)\b'}
rules:
  - {name: move, when: {not_called: jira_transition_issue}, call: [{tool: jira_transition_issue, args: {issue_key: '${issue}', transition: In Progress}}]}
  - {name: end, say: I am done with it.}
`

// mover is an agent that moves issues, with further fields of its spec.
func mover(more string) string {
	return `apiVersion: aof.dev/v1
kind: Agent
metadata: {name: mover}
spec:
  model: google:gemini-2.5-flash
  instructions: Start work on {{ metadata.issue_key }}.
  tools: [jira_transition_issue]
` + more
}

func (w *world) script(rules string) {
	w.t.Helper()
	parsed, err := model.Parse([]byte(rules))
	if err != nil {
		w.t.Fatal(err)
	}
	w.box.Model.SetRules(parsed)
}

// asked waits for the nth comment that asks for approval and returns its code.
func (w *world) question(key string, n int) string {
	w.t.Helper()
	code := regexp.MustCompile(`\b(?:approve|reject) ([0-9A-Z]{6})\b`)
	var found []string
	w.await("a question on "+key, func() bool {
		found = nil
		for _, reply := range w.replies(key) {
			if m := code.FindStringSubmatch(reply); m != nil {
				found = append(found, m[1])
			}
		}
		return len(found) >= n
	})
	return found[n-1]
}

func (w *world) waitingRun(key string) store.Run {
	w.t.Helper()
	var waiting store.Run
	w.await("a run on "+key+" to wait", func() bool {
		runs, err := w.client().Runs(w.t.Context(), url.Values{"issue": {key}})
		i := slices.IndexFunc(runs, func(r store.Run) bool { return r.State == store.StateWaiting })
		if err != nil || i < 0 {
			return false
		}
		waiting = runs[i]
		return true
	})
	return waiting
}

func (w *world) status(key string) string {
	w.t.Helper()
	issue, ok := w.box.Jira.Issue(key)
	if !ok {
		w.t.Fatalf("no issue %s", key)
	}
	return issue.Status
}

// TestACallWaitsForApprovalAcrossARestart asks for an approval, lets those answer
// who may not, kills the daemon, and has the call made once by the one who may.
func TestACallWaitsForApprovalAcrossARestart(t *testing.T) {
	w := newWorld(t)
	w.script(closing)
	bob, _ := w.box.Jira.User("bob")
	w.write("agents/mover.yaml", mover("  approval: {tools: [jira_transition_issue], approvers: ['"+bob.AccountID+"', Alice Developer]}\n"))
	w.write("triggers/echo.yaml", strings.ReplaceAll(command("echo"), "agent: echo", "agent: mover"))
	d := w.start()
	key := w.story("FEAT")
	w.comment("alice", key, "/echo")
	code := w.question(key, 1)
	run := w.waitingRun(key)
	if before := w.status(key); before != "To Do" {
		t.Fatalf("the issue is %s already", before)
	}
	d.kill()
	d = w.start()

	w.comment("alice", key, "/approve "+code)
	w.await("the refusal of Alice, who is listed by a name that anybody may choose", func() bool {
		return slices.ContainsFunc(w.replies(key), func(s string) bool { return strings.Contains(s, "display name") })
	})
	w.comment("bob", key, "h2. About this\n\n/approve "+strings.ToLower(code)+" thank you")
	runs := w.ended(key, 1)
	i := slices.IndexFunc(runs, func(r store.Run) bool { return r.ID == run.ID })
	w.await("the run that waited to end", func() bool {
		runs = w.ended(key, 1)
		i = slices.IndexFunc(runs, func(r store.Run) bool { return r.ID == run.ID })
		return i >= 0
	})
	if runs[i].State != store.StateSucceeded || w.status(key) != "In Progress" {
		t.Errorf("run %+v, issue %s", runs[i], w.status(key))
	}
	w.comment("bob", key, "/reject "+code)
	w.await("the answer that the question is closed", func() bool {
		return slices.ContainsFunc(w.replies(key), func(s string) bool { return strings.Contains(s, "closed") })
	})

	check, err := w.client().VerifyAudit(t.Context())
	if err != nil || check.Fault != "" || check.Rows == 0 {
		t.Errorf("audit %+v, %v", check, err)
	}
	trail, err := w.client().Audit(t.Context(), url.Values{"run": {run.ID}})
	if err != nil {
		t.Fatal(err)
	}
	body, err := json.Marshal(trail)
	if err != nil {
		t.Fatal(err)
	}
	told := string(body)
	for _, want := range []string{`"rule":"approval"`, `"state":"approved"`, bob.AccountID, `"tool":"jira_transition_issue"`, `"rule":"allowed"`} {
		if !strings.Contains(told, want) {
			t.Errorf("the audit log does not tell %s:\n%s", want, told)
		}
	}
	if code := d.stop(); code != 0 {
		t.Errorf("exit code %d", code)
	}
}

// TestProposalsAreMadeOnlyWhenSomebodyApproves lets an agent propose, and an
// operator decide.
func TestProposalsAreMadeOnlyWhenSomebodyApproves(t *testing.T) {
	w := newWorld(t)
	w.script(closing)
	w.write("agents/mover.yaml", mover("  writes: propose\n"))
	w.write("triggers/echo.yaml", strings.ReplaceAll(command("echo"), "agent: echo", "agent: mover"))
	w.start()
	for _, approve := range []bool{true, false} {
		key := w.story("FEAT")
		w.comment("alice", key, "/echo")
		code := w.question(key, 1)
		w.waitingRun(key)
		if open, err := w.client().Approvals(t.Context(), nil); err != nil || len(open) != 1 || open[0].Code != code {
			t.Fatalf("open questions %+v, %v", open, err)
		}
		if !slices.ContainsFunc(w.replies(key), func(s string) bool { return strings.Contains(s, "I am done with it") }) {
			t.Errorf("the agent's own answer is missing: %q", w.replies(key))
		}
		if _, err := w.client().Decide(t.Context(), code, approve, url.Values{"by": {"olga"}, "reason": {"as agreed"}}); err != nil {
			t.Fatal(err)
		}
		succeeded(t, w.ended(key, 1))
		if want := map[bool]string{true: "In Progress", false: "To Do"}[approve]; w.status(key) != want {
			t.Errorf("approved %v: the issue is %s", approve, w.status(key))
		}
	}
}

// TestAnAgentAsksAndTheNextCommentOfThatPersonIsTheAnswer lets somebody else
// comment first, and the daemon die in between.
func TestAnAgentAsksAndTheNextCommentOfThatPersonIsTheAnswer(t *testing.T) {
	w := newWorld(t)
	w.script(`
let:
  version: {in: data, match: 'It is (version [0-9]+)'}
rules:
  - {name: ask, when: {not_called: ask_user}, call: [{tool: ask_user, args: {question: "Which version is it?"}}]}
  - {name: end, say: 'Then it is ${version}.'}
`)
	w.write("agents/mover.yaml", strings.Replace(mover(""), "jira_transition_issue", "ask_user", 1))
	w.write("triggers/echo.yaml", strings.ReplaceAll(command("echo"), "agent: echo", "agent: mover"))
	d := w.start()
	key := w.story("FEAT")
	w.comment("alice", key, "/echo")
	w.await("the question", func() bool {
		return slices.ContainsFunc(w.replies(key), func(s string) bool { return strings.Contains(s, "Which version is it?") })
	})
	w.waitingRun(key)
	d.kill()
	w.start()
	w.comment("bob", key, "It is version 1, I think.")
	w.comment("alice", key, "It is version 2.")
	succeeded(t, w.ended(key, 1))
	if replies := w.replies(key); len(replies) != 2 || replies[1] != "Then it is version 2." {
		t.Errorf("replies %q", replies)
	}
}
