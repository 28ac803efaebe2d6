package e2e

import (
	"fmt"
	"net/http"
	"net/url"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aofctl/aofctl/internal/sandbox/jira"
	"github.com/aofctl/aofctl/internal/store"
	"github.com/aofctl/aofctl/internal/store/inbox"
	"github.com/aofctl/aofctl/internal/store/sqlite"
)

// watcher is a trigger for an agent that looks at what happened to an issue.
func watcher(config string) string {
	return fmt.Sprintf(`apiVersion: aof.dev/v1
kind: Trigger
metadata: {name: watch}
spec: {type: Jira, priority: -1, config: {%s}, default_agent: watcher}
---
apiVersion: aof.dev/v1
kind: Agent
metadata: {name: watcher}
spec:
  model: google:gemini-2.5-flash
  instructions: |
    Estimate {{ metadata.issue_key }} after {{ metadata.merged_count }} changes:
    {%% for c in metadata.changelog_items %%}[{{ c.field }} {{ c.to_string }}]{%% endfor %%}
  tools: [jira_get_issue]
`, config)
}

// watch puts the watcher in place.
func (w *world) watch(config string) {
	w.t.Helper()
	trigger, agent, _ := strings.Cut(watcher(config), "---\n")
	w.write("triggers/watch.yaml", trigger)
	w.write("agents/watcher.yaml", agent)
}

// do carries out what people do in Jira.
func do(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// TestEditedCommentsRunWhatIsNewInThem edits a comment around its command, adds
// another, and takes one away and back.
func TestEditedCommentsRunWhatIsNewInThem(t *testing.T) {
	w := newWorld(t)
	w.write("triggers/commands.yaml", `apiVersion: aof.dev/v1
kind: Trigger
metadata: {name: commands}
spec:
  type: Jira
  config: {events: [comment_created, comment_updated]}
  commands: {/estimate: {agent: story-estimator}, /summarize: {agent: issue-summarizer}}
`)
	w.start()
	key := w.story("FEAT")
	id := w.comment("alice", key, "/estimate")
	w.ended(key, 1)
	for i, step := range []struct {
		text string
		want []string
	}{
		{"Please:\n/estimate", []string{"story-estimator"}},
		{"Please:\n/estimate\n/summarize", []string{"story-estimator", "issue-summarizer"}},
		{"Thank you!", []string{"story-estimator", "issue-summarizer"}},
		{"/summarize\n/estimate", []string{"story-estimator", "issue-summarizer"}},
	} {
		do(t, w.box.Jira.As("alice").EditComment(key, id, step.text))
		w.idle()
		w.deliveries(3+i, url.Values{"issue": {key}})
		var got []string
		for _, r := range w.ended(key, len(step.want)) {
			got = append(got, r.Target)
		}
		if !slices.Equal(got, step.want) {
			t.Errorf("after %q ran %q, want %q", step.text, got, step.want)
		}
	}
	old := w.deliveries(5, url.Values{"issue": {key}, "state": {"ignored"}})
	if out := w.cli(t, "describe", "delivery", old[0].ID); !strings.Contains(out, "the commands were in the comment before it was edited") {
		t.Errorf("the delivery is described as\n%s", out)
	}
}

// TestQuickChangesBecomeOneRun changes an issue five times, in the middle of which
// the daemon is killed.
func TestQuickChangesBecomeOneRun(t *testing.T) {
	w := newWorld(t)
	w.watch("events: [issue_updated], debounce: 1h, filters: {changed_fields: [status, labels]}")
	d := w.start()
	key := w.story("FEAT")
	alice, bob := w.box.Jira.As("alice"), w.box.Jira.As("bob")
	do(t, alice.AddLabels(key, "one"))
	do(t, bob.AddLabels(key, "two"))
	w.deliveries(3, url.Values{"issue": {key}})
	out := w.cli(t, "get", "runs", "--state", "waiting")
	if !strings.Contains(out, key) || !strings.Contains(out, "waits for more events until ") {
		t.Errorf("runs that wait:\n%s", out)
	}
	waiting := w.runs(url.Values{"issue": {key}})
	if len(waiting) != 1 || waiting[0].State != store.StateWaiting {
		t.Fatalf("runs %+v", waiting)
	}
	if out := w.cli(t, "describe", "run", waiting[0].ID); !strings.Contains(out, "Waits for:  more events") || !strings.Contains(out, "Goes on:") {
		t.Errorf("the run is described as\n%s", out)
	}
	d.kill()
	d = w.start()
	for _, label := range []string{"three", "four"} {
		do(t, bob.AddLabels(key, label))
	}
	do(t, bob.Transition(key, "In Progress"))
	w.deliveries(6, url.Values{"issue": {key}})
	d.kill()
	w.wakeSoon()
	w.start()
	w.ended(key, 1)
	w.idle()
	runs := w.ended(key, 1)
	if len(runs) != 1 {
		t.Fatalf("%d runs", len(runs))
	}
	succeeded(t, runs)
	told := systemOf(t, w, runs[0])
	for _, part := range []string{"after 5 changes", "one", "two", "three", "four", "status: To Do -\\u003e In Progress"} {
		if !strings.Contains(told, part) {
			t.Errorf("the agent was not told of %q: %s", part, told)
		}
	}
	merged := 0
	for _, d := range w.deliveries(5, url.Values{"issue": {key}, "state": {"routed"}}) {
		if d.Reason == "merged into run "+runs[0].ID {
			merged++
		}
	}
	if merged != 4 || len(w.replies(key)) != 1 {
		t.Errorf("%d deliveries were merged, replies %q", merged, w.replies(key))
	}
	if out := w.cli(t, "logs", runs[0].ID); strings.Count(out, "takes in delivery") != 4 {
		t.Errorf("the run's log:\n%s", out)
	}
}

// TestAConditionInJQLDecidesOnceJiraAnswers routes by a condition: yes, no, while
// Jira is away, and one that Jira does not understand.
func TestAConditionInJQLDecidesOnceJiraAnswers(t *testing.T) {
	w := newWorld(t)
	w.watch(`events: [comment_created], jql_filter: "labels = vip"`)
	w.start()
	vip := w.create(jira.NewIssue{Project: "FEAT", Type: "Story", Summary: "Rename a button", Labels: []string{"vip"}})
	other := w.story("FEAT")
	w.comment("alice", vip, "hello")
	w.comment("alice", other, "hello")
	succeeded(t, w.ended(vip, 1))
	w.idle()
	if runs := w.runs(url.Values{"issue": {other}}); len(runs) != 0 {
		t.Errorf("%d runs on the other issue", len(runs))
	}
	ignored := w.deliveries(2, url.Values{"issue": {other}, "state": {"ignored"}}) // newest first
	if out := w.cli(t, "describe", "delivery", ignored[0].ID); !strings.Contains(out, "jql_filter") {
		t.Errorf("the delivery is described as\n%s", out)
	}

	w.proxy.set(func(_ int, r *http.Request, _ func()) bool {
		if strings.Contains(r.URL.Path, "/search") {
			panic(http.ErrAbortHandler) // cuts the connection
		}
		return false
	})
	w.comment("alice", vip, "are you there?")
	w.comment("alice", other, "are you there?")
	do(t, w.box.Jira.Wait(t.Context()))
	asked := len(w.proxy.requests())
	w.await("Jira to be asked in vain", func() bool { return len(w.proxy.requests()) > asked+2 })
	if s, err := w.client().Status(t.Context()); err != nil || s.Deliveries["received"] != 2 {
		t.Errorf("deliveries %v, %v; want two that wait", s.Deliveries, err)
	}
	w.proxy.set(nil)
	succeeded(t, w.ended(vip, 2))
	w.idle()
	if runs := w.runs(url.Values{"issue": {other}}); len(runs) != 0 {
		t.Errorf("%d runs on the other issue", len(runs))
	}
}

// TestAutomationsThatAnswerEachOtherEnd lets an automation add a label whenever
// the daemon has commented, which it does whenever a label was added.
func TestAutomationsThatAnswerEachOtherEnd(t *testing.T) {
	w := newWorld(t)
	w.watch("events: [issue_updated], ignore_bots: false, filters: {changed_fields: [labels]}")
	w.start()
	key := w.story("FEAT")
	robot := w.box.Jira.As("app")
	for i := range 4 {
		do(t, robot.AddLabels(key, fmt.Sprint("answer-", i)))
		succeeded(t, w.ended(key, i+1))
	}
	do(t, robot.AddLabels(key, "too-much"))
	w.idle()
	var deep []string
	for _, d := range w.deliveries(1, url.Values{"issue": {key}, "state": {"ignored"}}) {
		if d.Reason == "too_deep" {
			deep = append(deep, d.ID)
		}
	}
	if runs := w.runs(url.Values{"issue": {key}}); len(runs) != 4 || len(deep) != 1 {
		t.Fatalf("%d runs, and %d deliveries that went too deep", len(runs), len(deep))
	}
	if out := w.cli(t, "describe", "delivery", deep[0]); !strings.Contains(out, "automations answered each other too often") {
		t.Errorf("the delivery is described as\n%s", out)
	}
	issue, _ := w.box.Jira.Issue(key)
	for i, c := range issue.Comments {
		has := strings.Contains(string(c.Properties["aofctl"]), fmt.Sprintf(`"depth":%d`, i))
		if has != (i > 0) { // what nobody answered to has none
			t.Errorf("comment %d is marked with %s", i, c.Properties["aofctl"])
		}
	}
	do(t, w.box.Jira.As("alice").AddLabels(key, "by-hand"))
	succeeded(t, w.ended(key, 5)) // people are served all the same
}

// TestCommentsOfAnotherDaemonAreLeftAlone posts a comment by another account that
// carries the mark.
func TestCommentsOfAnotherDaemonAreLeftAlone(t *testing.T) {
	w := newWorld(t)
	w.start()
	key := w.story("FEAT")
	if _, err := w.box.Jira.As("bob").Comment(key, "/estimate", map[string]any{"aofctl": map[string]any{"id": "x:1", "depth": 1}}); err != nil {
		t.Fatal(err)
	}
	w.idle()
	w.await("the comment to be ignored", func() bool {
		for _, d := range w.deliveries(1, url.Values{"issue": {key}}) {
			if d.Reason == "own_comment" && d.State == inbox.StateIgnored {
				return true
			}
		}
		return false
	})
	if runs := w.runs(url.Values{"issue": {key}}); len(runs) != 0 {
		t.Errorf("%d runs", len(runs))
	}
}

// wakeSoon lets what waits in the database of a daemon that is down wait for a
// moment more only.
func (w *world) wakeSoon() {
	w.t.Helper()
	db, err := sqlite.Open(filepath.Join(w.dir, "data", store.FileName), sqlite.Options{MaxConns: 1})
	if err != nil {
		w.t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.Exec(`UPDATE runs SET wake_at = ? WHERE state = 'waiting'`, time.Now().Add(2*time.Second).UnixMilli()); err != nil {
		w.t.Fatal(err)
	}
}

// TestAHeldRunKeepsItsPlace gathers changes of an issue while commands on it come
// and go, and looks at the order of all.
func TestAHeldRunKeepsItsPlace(t *testing.T) {
	w := newWorld(t)
	w.watch("events: [issue_updated], debounce: 1h")
	d := w.start()
	key := w.story("FEAT")
	do(t, w.box.Jira.As("alice").AddLabels(key, "one"))
	w.deliveries(2, url.Values{"issue": {key}})
	w.comment("alice", key, "/estimate")
	for _, r := range w.ended(key, 1) {
		if r.Target != "story-estimator" {
			t.Errorf("ran %s first", r.Target)
		}
	}
	d.kill()
	w.wakeSoon()
	w.start()
	runs := w.ended(key, 2)
	succeeded(t, runs)
	slices.SortFunc(runs, func(a, b store.Run) int { return a.Started.Compare(b.Started) })
	for i, r := range runs[1:] {
		if r.Started.Before(runs[i].Finished) {
			t.Errorf("%s started before %s was over", r.ID, runs[i].ID)
		}
	}
}
