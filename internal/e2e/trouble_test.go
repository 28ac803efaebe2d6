package e2e

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/aofctl/aofctl/internal/sandbox/jira"
	"github.com/aofctl/aofctl/internal/sandbox/model"
	"github.com/aofctl/aofctl/internal/store"
)

// TestEventsWaitForJira starts the daemon without a Jira, then with a token that
// Jira does not know, and at last as it should be.
func TestEventsWaitForJira(t *testing.T) {
	w := newWorld(t)
	down := func(_ int, r *http.Request, _ func()) bool {
		if strings.Contains(r.URL.Path, "/rest/") {
			panic(http.ErrAbortHandler) // cuts the connection
		}
		return false
	}
	w.proxy.set(down)
	d := w.start()
	first := w.create(bug())
	if err := w.box.Jira.Wait(t.Context()); err != nil {
		t.Fatal(err)
	}
	w.waiting(t, d, "Jira does not answer; check base_url, proxy and network")
	w.proxy.set(nil)
	succeeded(t, w.ended(first, 1))
	w.await("readiness to be whole", func() bool { return strings.Contains(w.get("/readyz?verbose").body, "as AOF Bot") })
	if code := d.stop(); code != 0 {
		t.Errorf("exit code %d", code)
	}

	right := w.environ["JIRA_API_TOKEN"]
	w.environ["JIRA_API_TOKEN"] = "no-such-token"
	d = w.start()
	second := w.create(bug())
	if err := w.box.Jira.Wait(t.Context()); err != nil {
		t.Fatal(err)
	}
	w.waiting(t, d, "Jira does not accept our credentials; check environment variable JIRA_EMAIL and environment variable JIRA_API_TOKEN")
	if code := d.stop(); code != 0 {
		t.Errorf("exit code %d", code)
	}
	w.environ["JIRA_API_TOKEN"] = right
	w.start()
	for _, key := range []string{first, second} {
		runs := w.ended(key, 1)
		succeeded(t, runs)
		if len(runs) != 1 || len(w.replies(key)) != 1 {
			t.Errorf("%s: %d runs, %d replies", key, len(runs), len(w.replies(key)))
		}
	}
}

// waiting checks that the daemon takes webhooks and says why nothing happens.
func (w *world) waiting(t *testing.T, d *daemon, advice string) {
	t.Helper()
	w.await("the log to say "+advice, func() bool { return strings.Contains(d.log.String(), "events wait: "+advice) })
	a := w.get("/readyz?verbose")
	if a.status != http.StatusOK || !strings.Contains(a.body, `"degraded"`) || !strings.Contains(a.body, advice) {
		t.Errorf("readyz says %d %s", a.status, a.body)
	}
	status, err := w.client().Status(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if status.Deliveries["received"] != 1 {
		t.Errorf("deliveries %v, want one that waits", status.Deliveries)
	}
}

// TestPassingTroubleIsSatOut lets the model be busy, Jira fail and connections
// break after the writes were carried out, all at once.
func TestPassingTroubleIsSatOut(t *testing.T) {
	w := newWorld(t)
	w.start()
	w.box.Model.Fail(http.StatusTooManyRequests, 1, time.Second)
	for _, f := range []jira.Fault{
		{Method: "PUT", Path: "/issue/", Effect: jira.Answer, Status: 500, Count: 1},
		{Method: "GET", Path: "/issue/", Effect: jira.Answer, Status: 503, RetryAfter: "1", Count: 1},
		{Method: "POST", Path: "/comment$", Effect: jira.CutAfter, Count: 1},
		{Method: "POST", Path: "/comment$", Effect: jira.Answer, Status: 502, After: true, Skip: 1, Count: 1},
	} {
		if _, err := w.box.Jira.AddFault(f); err != nil {
			t.Fatal(err)
		}
	}
	keys := []string{w.create(bug()), w.create(bug())}
	estimate := w.story("FEAT")
	w.comment("bob", estimate, "/estimate")
	for _, key := range append(keys, estimate) {
		runs := w.ended(key, 1)
		succeeded(t, runs)
		if n := len(w.replies(key)); len(runs) != 1 || n != 1 {
			t.Errorf("%s: %d runs, %d replies, want one of each", key, len(runs), n)
		}
	}
	for _, f := range w.box.Jira.Faults() {
		if f.Hits != 1 {
			t.Errorf("fault %s %s struck %d times", f.Method, f.Path, f.Hits)
		}
	}
	busy := 0
	for _, r := range w.box.Model.Requests() {
		if r.Status == http.StatusTooManyRequests {
			busy++
		}
	}
	if busy != 1 {
		t.Errorf("the model was busy %d times", busy)
	}
}

// endless is a model that never comes to an end with some issues.
const endless = `
let:
  issue: {in: all, match: '\b([A-Z]+-[0-9]+)\b'}
rules:
  - {name: one, when: {turn: 1}, call: [{tool: jira_get_issue, args: {issue_key: '${issue}', comments: 1}}]}
  - {name: two, when: {turn: 2}, call: [{tool: jira_get_issue, args: {issue_key: '${issue}', comments: 2}}]}
  - {name: three, when: {turn: 3}, call: [{tool: jira_get_issue, args: {issue_key: '${issue}', comments: 3}}]}
  - {name: end, say: done}
`

// TestLimitsEndARunWithTheirReason lets one run use up its iterations and
// another its time.
func TestLimitsEndARunWithTheirReason(t *testing.T) {
	w := newWorld(t)
	w.write("agents/echo.yaml", strings.Replace(echo(1), "tools:", "max_iterations: 2\n  tools:", 1))
	w.write("triggers/echo.yaml", command("echo"))
	rules, err := model.Parse([]byte(endless))
	if err != nil {
		t.Fatal(err)
	}
	w.box.Model.SetRules(rules)
	d := w.start()

	w.scene("iterations", func(t *testing.T) {
		key := w.story("FEAT")
		w.comment("bob", key, "/echo")
		failsWith(t, w, key, "iterations")
		w.idle()
		if n := len(w.replies(key)); n != 1 {
			t.Errorf("%d replies: %q", n, w.replies(key))
		}
	})
	w.scene("time", func(t *testing.T) {
		w.configure("{}", "{settle: 100ms, task_timeout_secs: 1}")
		if code := d.stop(); code != 0 {
			t.Fatalf("exit code %d", code)
		}
		w.start()
		stuck := newTurnstile(0)
		w.proxy.set(stuck.at)
		defer stuck.open()
		key := w.story("FEAT")
		w.comment("bob", key, "/echo")
		failsWith(t, w, key, "working time is used up")
		unasked := w.create(bug())
		if runs := w.ended(unasked, 1); runs[0].State != store.StateFailed || len(w.replies(unasked)) != 0 {
			t.Errorf("nobody asked for run %s (%s); replies %q", runs[0].ID, runs[0].State, w.replies(unasked))
		}
	})
}

// failsWith checks a failed run and the one comment that tells of it.
func failsWith(t *testing.T, w *world, key, reason string) {
	t.Helper()
	runs := w.ended(key, 1)
	if runs[0].State != store.StateFailed || !strings.Contains(runs[0].Error, reason) {
		t.Errorf("run is %s: %s", runs[0].State, runs[0].Error)
	}
	replies := w.replies(key)
	if len(replies) != 1 || !strings.Contains(replies[0], "/echo") || !strings.Contains(replies[0], reason) {
		t.Errorf("replies %q", replies)
	}
	if len(replies) == 1 && len(replies[0]) > 300 {
		t.Errorf("the comment is not short: %s", replies[0])
	}
}
