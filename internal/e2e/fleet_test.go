package e2e

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/aofctl/aofctl/internal/sandbox"
	"github.com/aofctl/aofctl/internal/sandbox/jira"
	"github.com/aofctl/aofctl/internal/sandbox/model"
	"github.com/aofctl/aofctl/internal/store"
)

// team is a fleet whose members work at the same time, each with a tool.
const team = `
kind: Fleet
metadata: {name: team}
spec:
  agents:
    - {name: boss, role: coordinator, spec: {model: "google:gemini-2.5-flash", instructions: You lead., tools: [jira_get_issue]}}
    - {name: reader, spec: {model: "google:gemini-2.5-flash", instructions: You read., tools: [jira_get_issue]}}
    - {name: labeler, spec: {model: "google:gemini-2.5-flash", instructions: You label., tools: [jira_add_labels]}}
---
kind: Trigger
metadata: {name: team}
spec: {type: Jira, config: {events: [comment_created]}, commands: {/team: {fleet: team}}}
`

const teamModel = `
rules:
  - when: {system_contains: You lead, turn: 1}
    call:
      - {tool: delegate, args: {agent: reader, task: Read it.}}
      - {tool: delegate, args: {agent: labeler, task: Label it.}}
  - when: {system_contains: You lead, turn: 2}
    say: Read and labelled.
  - when: {system_contains: You read, turn: 1}
    call: [{tool: jira_get_issue, args: {issue_key: PROJ-1}}]
  - when: {system_contains: You label, turn: 1}
    call: [{tool: jira_add_labels, args: {issue_key: PROJ-1, labels: [seen]}}]
  - when: {turn: 2}
    say: Done.
`

func newTeam(t *testing.T) *world {
	t.Helper()
	w := newWorld(t)
	rules, err := model.Parse([]byte(teamModel))
	if err != nil {
		t.Fatal(err)
	}
	w.box.Model.SetRules(rules)
	w.write("fleets/team.yaml", team)
	return w
}

// fleetOutcome asks for the fleet if nobody did, and waits for what is left of it.
func fleetOutcome(t *testing.T, w *world) result {
	t.Helper()
	askTeam(t, w)
	var runs []store.Run
	w.await("the fleet to end", func() bool {
		runs = w.runs(url.Values{"target": {"team"}})
		return len(runs) > 0 && runs[0].State.Terminal()
	})
	if len(runs) != 1 {
		t.Errorf("%d runs, want 1", len(runs))
	}
	detail, err := w.client().Run(context.Background(), runs[0].ID)
	if err != nil {
		t.Fatal(err)
	}
	issue, _ := w.box.Jira.Issue("PROJ-1")
	out := result{State: detail.State, Attempt: detail.Attempt, Labels: issue.Labels, Comments: w.replies("PROJ-1")}
	for _, e := range detail.StepList {
		out.Steps = append(out.Steps, fmt.Sprintf("%s %s %s by %s", e.Branch, e.Kind, e.Name, e.Agent))
	}
	slices.Sort(out.Steps)
	return out
}

func askTeam(t *testing.T, w *world) {
	t.Helper()
	if _, exists := w.box.Jira.Issue("PROJ-1"); exists {
		return
	}
	w.create(jira.NewIssue{Project: "PROJ", Type: "Story", Summary: "Rename a button"})
	w.comment("alice", "PROJ-1", "/team")
}

// TestAKilledFleetContinuesAndAsksNobodyTwice kills the daemon with SIGKILL at
// each request to a model and at each write of a fleet, before it is carried out
// and after, and looks at what there is in the end.
func TestAKilledFleetContinuesAndAsksNobodyTwice(t *testing.T) {
	plain := newTeam(t)
	plain.start()
	want := fleetOutcome(t, plain)
	if diff := cmp.Diff([]string{"Read and labelled."}, want.Comments); diff != "" || want.State != store.StateSucceeded {
		t.Fatalf("undisturbed %+v\n%s", want, diff)
	}
	telling := len(slices.DeleteFunc(plain.proxy.requests(), func(r string) bool { return !tells(r) }))
	if telling < 8 {
		t.Fatalf("the fleet made only %d requests to models and writes", telling)
	}
	for n := range telling {
		for _, moment := range []string{"before", "after"} {
			t.Run(fmt.Sprintf("%02d %s", n, moment), func(t *testing.T) {
				w := newTeam(t)
				killFleetAt(t, w, n, moment)
				w.start()
				got := fleetOutcome(t, w)
				want := want
				want.Attempt = got.Attempt
				if diff := cmp.Diff(want, got); diff != "" {
					t.Errorf("in the end (-undisturbed +killed):\n%s", diff)
				}
				checkFleetRepeats(t, plain.proxy.requests(), w.proxy.requests())
			})
		}
	}
}

// tells reports whether a request asks a model or writes. Comments are looked for
// with a POST, which does neither.
func tells(request string) bool {
	method, path, _ := strings.Cut(request, " ")
	return (method == http.MethodPost || method == http.MethodPut) && !strings.HasSuffix(path, "/comment/list")
}

// killFleetAt kills the daemon at the nth of the requests that tell something.
func killFleetAt(t *testing.T, w *world, n int, moment string) {
	t.Helper()
	d := w.start()
	killed := make(chan struct{})
	count := make(chan int, 1)
	count <- 0
	w.proxy.set(func(_ int, r *http.Request, forward func()) bool {
		if !tells(r.Method + " " + r.URL.Path) {
			return false
		}
		i := <-count
		count <- i + 1
		if i != n {
			return false
		}
		if moment == "after" {
			forward()
		}
		d.kill()
		close(killed)
		return true
	})
	askTeam(t, w)
	select {
	case <-killed:
	case <-time.After(patience):
		t.Fatalf("the request never came; there were %v", w.proxy.requests())
	}
	w.proxy.set(nil)
}

// checkFleetRepeats allows one request more for each of the two members that were
// at work when the daemon was killed.
func checkFleetRepeats(t *testing.T, undisturbed, got []string) {
	t.Helper()
	extra := 0
	for _, r := range slices.Compact(slices.Sorted(slices.Values(slices.Concat(undisturbed, got)))) {
		if !tells(r) {
			continue
		}
		count := func(list []string) (n int) {
			for _, other := range list {
				if other == r {
					n++
				}
			}
			return n
		}
		extra += max(0, count(got)-count(undisturbed))
	}
	if extra > 2 {
		t.Errorf("%d requests repeated, want at most the interrupted two\nundisturbed: %v\ngot: %v", extra, undisturbed, got)
	}
}

// recorded returns a webhook as a Jira sent it, which is not part of the repository.
func recorded(t *testing.T, name string) string {
	t.Helper()
	root := os.Getenv("AOF_SHARED")
	if root == "" {
		root = filepath.Join("..", "..", "..", "shared")
	}
	body, err := os.ReadFile(filepath.Join(root, "corpus", "jira", "cloud", name))
	if err != nil {
		t.Skip("the shared test data is not there")
	}
	return string(body)
}

const sprintModel = `
rules:
  - when: {system_contains: You analyse sprints, turn: 1}
    call:
      - {tool: jira_get_sprint, args: {sprint_id: 192}}
      - {tool: jira_get_sprint_issues, args: {sprint_id: 192}}
  - when: {system_contains: You analyse sprints, turn: 2}
    call: [{tool: delegate, args: {agent: velocity-tracker, task: Work out the velocity.}}]
  - when: {system_contains: [You analyse sprints, The sprint starts], turn: 3}
    call: [{tool: delegate, args: {agent: report-generator, task: A kickoff report.}}]
  - when: {system_contains: [You analyse sprints, The sprint was closed], turn: 3}
    call: [{tool: delegate, args: {agent: report-generator, task: A retrospective report.}}]
  - when: {system_contains: You analyse sprints, data_contains: kickoff, turn: 4}
    say: The kickoff report.
  - when: {system_contains: You analyse sprints, turn: 4}
    say: The retrospective report.
  - when: {system_contains: You work out how much, turn: 1}
    call: [{tool: jira_list_sprints, args: {board_id: 81}}]
  - when: {system_contains: You work out how much, turn: 2}
    say: Two issues a sprint.
  - when: {system_contains: You write reports, user_contains: kickoff}
    say: A kickoff.
  - when: {system_contains: You write reports}
    say: A look back.
`

// TestTheDefaultFleetReportsOnRecordedSprints sends Jira's own webhooks of a sprint
// that starts and is closed to the default set.
func TestTheDefaultFleetReportsOnRecordedSprints(t *testing.T) {
	events := []string{recorded(t, "sprint_started.json"), recorded(t, "sprint_closed.json")}
	rules, err := model.Parse([]byte(sprintModel))
	if err != nil {
		t.Fatal(err)
	}
	w := newWorldOf(t, sandbox.Options{Model: model.Options{Rules: rules}, Jira: jira.Options{Seed: jira.Seed{
		Boards:  []jira.Board{{ID: 81, Name: "TSD", Type: "scrum", Project: "PROJ"}},
		Sprints: []jira.Sprint{{ID: 192, Name: "TSD Sprint 1", Board: 81, State: jira.SprintActive}},
	}}})
	w.environ["SPRINT_REPORT_ISSUE"] = w.story("PROJ")
	w.start()
	for i, body := range events {
		if a := w.send(body, nil); a.status != http.StatusOK {
			t.Fatalf("%d %s", a.status, a.body)
		}
		w.await("the fleet to report", func() bool { return len(w.replies("PROJ-1")) > i })
	}
	w.idle()
	if diff := cmp.Diff([]string{"The kickoff report.", "The retrospective report."}, w.replies("PROJ-1")); diff != "" {
		t.Errorf("reports (-want +got):\n%s", diff)
	}
	runs := w.runs(url.Values{"target": {"sprint-fleet"}})
	succeeded(t, runs)
	for _, r := range runs {
		who := map[string]bool{}
		for _, e := range w.run(r.ID).StepList {
			who[e.Agent] = true
			if e.Error != "" {
				t.Errorf("%s of %s: %s", e.Name, e.Agent, e.Error)
			}
		}
		if !who["sprint-analyzer"] || !who["velocity-tracker"] || !who["report-generator"] {
			t.Errorf("only %v were at work", who)
		}
	}
}
