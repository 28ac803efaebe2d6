package e2e

import (
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/aofctl/aofctl/internal/store"
)

// TestAnApprovedCallIsMadeOnceWhereverTheDaemonDies kills it when the approved call
// comes to Jira: before it is carried out, and after that but before the answer.
func TestAnApprovedCallIsMadeOnceWhereverTheDaemonDies(t *testing.T) {
	for _, carriedOut := range []bool{false, true} {
		t.Run(fmt.Sprint("carried out ", carriedOut), func(t *testing.T) {
			w := newWorld(t)
			w.script(closing)
			bob, _ := w.box.Jira.User("bob")
			w.write("agents/mover.yaml", mover("  approval: {approvers: ['"+bob.AccountID+"']}\n"))
			w.write("triggers/echo.yaml", strings.ReplaceAll(command("echo"), "agent: echo", "agent: mover"))
			d := w.start()
			var moved atomic.Int32
			killed := make(chan struct{})
			w.proxy.set(func(_ int, r *http.Request, forward func()) bool {
				if r.Method != http.MethodPost || !strings.HasSuffix(r.URL.Path, "/transitions") {
					return false
				}
				if moved.Add(1) > 1 {
					return false
				}
				if carriedOut {
					forward()
				}
				d.kill()
				close(killed)
				return true
			})
			key := w.story("FEAT")
			w.comment("alice", key, "/echo")
			code := w.question(key, 1)
			run := w.waitingRun(key)
			w.comment("bob", key, "/approve "+code)
			<-killed
			w.start()
			second := ""
			w.await("the run to end, or to ask about its final comment", func() bool {
				r, err := w.client().Run(t.Context(), run.ID)
				if err != nil {
					return false
				}
				if codes := codesOf(w.replies(key)); len(codes) > 1 {
					second = codes[1]
				}
				return r.State.Terminal() || second != ""
			})
			if w.status(key) != "In Progress" {
				t.Fatalf("the issue is %s", w.status(key))
			}
			// All that writes needs approval here, the agent's answer too: turned down, it
			// is the run's result and no comment.
			w.comment("bob", key, "/reject "+second+" keep it to yourself")
			runs := w.ended(key, 1)
			succeeded(t, runs)
			if runs[0].ID != run.ID || runs[0].Result != "I am done with it." || slices.Contains(w.replies(key), "I am done with it.") {
				t.Errorf("run %+v, replies %q", runs[0], w.replies(key))
			}
			if n := strings.Count(strings.Join(w.changes(key), "\n"), "In Progress"); n != 1 {
				t.Errorf("the issue was moved %d times", n)
			}
			if check, err := w.client().VerifyAudit(t.Context()); err != nil || check.Fault != "" {
				t.Errorf("audit %+v, %v", check, err)
			}
		})
	}
}

// codesOf are the codes of questions, in their order.
func codesOf(replies []string) []string {
	code := regexp.MustCompile(`(?:approve|reject) ([0-9A-Z]{6})\b`)
	var list []string
	for _, reply := range replies {
		if m := code.FindStringSubmatch(reply); m != nil && !slices.Contains(list, m[1]) {
			list = append(list, m[1])
		}
	}
	return list
}

// changes are the statuses that an issue was given.
func (w *world) changes(key string) []string {
	w.t.Helper()
	issue, ok := w.box.Jira.Issue(key)
	if !ok {
		w.t.Fatalf("no issue %s", key)
	}
	var list []string
	for _, h := range issue.History {
		if h.Field == "status" {
			list = append(list, h.To)
		}
	}
	return list
}

// pairOf is a fleet of which both members want to change the issue at the same time.
const pairOf = `
kind: Fleet
metadata: {name: team}
spec:
  agents:
    - {name: boss, role: coordinator, spec: {model: "google:gemini-2.5-flash", instructions: You lead., tools: [jira_get_issue]}}
    - {name: one, spec: {model: "google:gemini-2.5-flash", instructions: You are the first., tools: [jira_add_labels], approval: {tools: [jira_add_labels]}}}
    - {name: two, spec: {model: "google:gemini-2.5-flash", instructions: You are the second., tools: [jira_add_labels], approval: {tools: [jira_add_labels]}}}
---
kind: Trigger
metadata: {name: team}
spec: {type: Jira, config: {events: [comment_created]}, commands: {/team: {fleet: team}}}
`

const pairModel = `
rules:
  - when: {system_contains: You lead, turn: 1}
    call:
      - {tool: delegate, args: {agent: one, task: Label it.}}
      - {tool: delegate, args: {agent: two, task: Label it.}}
  - when: {system_contains: You lead, turn: 2}
    say: Both were asked.
  - when: {system_contains: the first, turn: 1}
    call: [{tool: jira_add_labels, args: {issue_key: PROJ-1, labels: [one]}}]
  - when: {system_contains: the second, turn: 1}
    call: [{tool: jira_add_labels, args: {issue_key: PROJ-1, labels: [two]}}]
  - when: {turn: 2}
    say: Done.
`

// TestTwoMembersOfAFleetAskAtTheSameTime answers the questions in the other order,
// with a restart in between, one with yes and one with no.
func TestTwoMembersOfAFleetAskAtTheSameTime(t *testing.T) {
	w := newTeam(t)
	w.script(pairModel)
	w.write("fleets/team.yaml", pairOf)
	d := w.start()
	askTeam(t, w)
	codes := map[string]string{} // by the member that asks
	w.await("both questions", func() bool {
		list, err := w.client().Approvals(t.Context(), nil)
		if err != nil {
			return false
		}
		for _, a := range list {
			for _, label := range []string{"one", "two"} {
				if strings.Contains(string(a.Asks), `"agent": "`+label+`"`) {
					codes[label] = a.Code
				}
			}
		}
		return len(codes) == 2
	})
	w.waitingRun("PROJ-1")
	if _, err := w.client().Decide(t.Context(), codes["two"], false, url.Values{}); err != nil {
		t.Fatal(err)
	}
	d.kill()
	w.start()
	if _, err := w.client().Decide(t.Context(), codes["one"], true, url.Values{}); err != nil {
		t.Fatal(err)
	}
	var run store.Run
	w.await("the fleet to end", func() bool {
		runs := w.runs(url.Values{"target": {"team"}})
		if len(runs) == 1 {
			run = runs[0]
		}
		return run.State.Terminal()
	})
	issue, _ := w.box.Jira.Issue("PROJ-1")
	if run.State != store.StateSucceeded || !slices.Contains(issue.Labels, "one") || slices.Contains(issue.Labels, "two") {
		t.Errorf("run %+v, labels %q", run, issue.Labels)
	}
}
