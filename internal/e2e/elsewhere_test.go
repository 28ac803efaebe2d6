package e2e

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/aofctl/aofctl/internal/sandbox/jira"
)

// post posts to an HTTP trigger.
func (w *world) post(trigger, body string, headers map[string]string) answer {
	w.t.Helper()
	all := map[string]string{"X-Hub-Signature": ""}
	for name, value := range headers {
		all[name] = value
	}
	a, err := w.try(http.MethodPost, fmt.Sprintf("http://127.0.0.1:%d/webhook/http/%s", w.port, trigger), body, all)
	if err != nil {
		w.t.Fatal(err)
	}
	return a
}

// TestProgramsPostToTriggersOfTheirOwn posts to HTTP triggers, one of which comes
// while the daemon runs.
func TestProgramsPostToTriggersOfTheirOwn(t *testing.T) {
	w := newWorld(t)
	w.environ["DEPLOY_WEBHOOK_TOKEN"], w.environ["SIGNED_SECRET"] = "deploy-token-value", "signed-secret-value"
	w.example("scheduled-report")
	w.start()
	key, other := w.story("PROJ"), w.story("FEAT")
	body := func(ticket, more string) string {
		return fmt.Sprintf(`{"ticket": %q, "status": "success", "version": "1.2"%s}`, ticket, more)
	}
	bearer := map[string]string{"Authorization": "Bearer deploy-token-value"}
	for _, c := range []struct {
		name    string
		headers map[string]string
		status  int
	}{
		{"without a token", nil, http.StatusUnauthorized},
		{"with another token", map[string]string{"X-Webhook-Token": "deploy-token"}, http.StatusUnauthorized},
		{"signed with Jira's secret", map[string]string{"X-Hub-Signature": jira.Sign(secret, []byte(body(key, "")))}, http.StatusUnauthorized},
		{"with the token", bearer, http.StatusOK},
	} {
		if a := w.post("deployed", body(key, ""), c.headers); a.status != c.status {
			t.Errorf("a request %s is answered with %d %s", c.name, a.status, a.body)
		}
	}
	// What an HTTP trigger's sender knows opens nothing else.
	if a := w.send(w.commentPayload(key, "1", "/estimate", nil), map[string]string{"X-Hub-Signature": jira.Sign("deploy-token-value", []byte("x")), "X-Webhook-Token": ""}); a.status != http.StatusUnauthorized {
		t.Errorf("Jira's path takes it: %d", a.status)
	}
	runs := w.ended(key, 1)
	succeeded(t, runs)
	if r := runs[0]; r.Subject != "issue:"+w.jiraIssue(key).ID || r.EventType != "http" || len(w.replies(key)) != 1 {
		t.Errorf("run %+v, comments %q", r, w.replies(key))
	}
	w.post("deployed", body(other, ""), bearer) // of a project that the trigger leaves out
	w.post("deployed", body("no key", ""), bearer)
	if a := w.post("nothing", body(key, ""), bearer); a.status != http.StatusNotFound {
		t.Errorf("a trigger that is not there answers %d", a.status)
	}
	if a := w.post("weekday-report", body(key, ""), bearer); a.status != http.StatusNotFound {
		t.Errorf("a schedule answers %d", a.status)
	}
	again := map[string]string{"Authorization": "Bearer deploy-token-value", "Idempotency-Key": "build-7"}
	first, second := w.post("deployed", body(key, `,"n":1`), again), w.post("deployed", body(key, `,"n":2`), again)
	if !strings.Contains(first.body, "accepted") || !strings.Contains(second.body, "duplicate") {
		t.Errorf("repeated: %s, %s", first.body, second.body)
	}
	succeeded(t, w.ended(key, 2))

	w.write("triggers/late.yaml", `apiVersion: aof.dev/v1
kind: Trigger
metadata: {name: late}
spec:
  type: HTTP
  config: {webhook_secret_env: SIGNED_SECRET, issue: "{{ metadata.body.issues[0] }}", filters: {projects: ["FEA*"]}}
  default_agent: deployment-notes
`)
	text := fmt.Sprintf(`{"issues": [%q]}`, strings.ToLower(other))
	signed := map[string]string{"X-Hub-Signature-256": jira.Sign("signed-secret-value", []byte(text))}
	w.await("the new trigger to be served", func() bool { return w.post("late", text, signed).status == http.StatusOK })
	succeeded(t, w.ended(other, 1))
	w.idle()
	if got := w.deliveries(1, url.Values{"source": {"http"}, "state": {"ignored"}}); len(got) != 2 {
		t.Errorf("%d requests were left out", len(got))
	}
}

// TestASchedulesFiringIsADelivery waits for the clock, kills the daemon, and looks
// at what it makes up for.
func TestASchedulesFiringIsADelivery(t *testing.T) {
	if testing.Short() {
		t.Skip("it waits for the next minute")
	}
	w := newWorld(t)
	w.write("triggers/clock.yaml", `apiVersion: aof.dev/v1
kind: Trigger
metadata: {name: clock}
spec:
  type: Schedule
  config: {schedule: "* * * * *", timezone: Europe/Berlin}
  default_agent: reporter
`)
	w.write("agents/clock.yaml", `apiVersion: aof.dev/v1
kind: Agent
metadata: {name: reporter}
spec:
  model: google:gemini-2.5-flash
  instructions: You estimate nothing and report at {{ metadata.scheduled_at }}.
  tools: [jira_search]
  scope: {projects: [PROJ]}
`)
	d := w.start()
	var first []string
	for _, one := range w.deliveries(1, url.Values{"source": {"schedule"}, "state": {"routed"}}) {
		first = append(first, one.ID)
	}
	d.kill()
	w.start()
	w.idle()
	list := w.deliveries(1, url.Values{"source": {"schedule"}})
	if !slices.Contains([]int{1, 2}, len(list)) || list[len(list)-1].ID != first[0] { // a minute may have begun meanwhile
		t.Errorf("%d deliveries, first %v", len(list), first)
	}
	runs := w.runs(url.Values{})
	if len(runs) == 0 || runs[len(runs)-1].Trigger != "clock" || runs[len(runs)-1].Subject != "trigger:clock" {
		t.Errorf("runs %+v", runs)
	}
}
