package e2e

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/aofctl/aofctl/internal/sandbox/jira"
	"github.com/aofctl/aofctl/internal/store"
)

// TestTheFrontDoor sends one daemon what senders send, good and bad.
func TestTheFrontDoor(t *testing.T) {
	w := newWorld(t)
	w.configure("{max_body_bytes: 65536}", "{settle: 100ms, max_runs_per_issue_per_hour: 3}")
	d := w.start()
	key := w.story("FEAT")

	w.scene("refuses what is not a verified webhook", func(t *testing.T) { refuses(t, w, key) })
	w.scene("runs a delivery once, however often it is sent at a time", func(t *testing.T) { onceInParallel(t, w, key) })
	w.scene("runs an event once that two registrations tell", func(t *testing.T) { onceForTwoRegistrations(t, w) })
	w.scene("never answers itself", func(t *testing.T) { neverItself(t, w) })
	w.scene("tells why a delivery was ignored", func(t *testing.T) { tellsWhyIgnored(t, w) })
	w.scene("opens the breaker of an issue", func(t *testing.T) { opensBreaker(t, w) })
	w.scene("knows a delivery again after a restart", func(t *testing.T) {
		w.idle()
		if code := d.stop(); code != 0 {
			t.Fatalf("exit code %d", code)
		}
		w.start()
		again := w.send(w.commentPayload(key, "77001", "/estimate", nil), map[string]string{"X-Atlassian-Webhook-Identifier": "twice"})
		if again.status != http.StatusOK || !strings.Contains(again.body, "duplicate") {
			t.Errorf("after the restart: %d %s", again.status, again.body)
		}
		if runs := w.runs(url.Values{"issue": {key}}); len(runs) != 1 {
			t.Errorf("%d runs, want 1", len(runs))
		}
	})
}

func refuses(t *testing.T, w *world, key string) {
	body := w.commentPayload(key, "77000", "/estimate", nil)
	good := jira.Sign(secret, []byte(body))
	for _, c := range []struct {
		name, method, path, body string
		headers                  map[string]string
		status                   int
		header, value, text      string
	}{
		{"no signature", "POST", "/webhook/jira", body, map[string]string{"X-Hub-Signature": ""}, 401, "", "", "could not be verified"},
		{"a wrong one", "POST", "/webhook/jira", body, map[string]string{"X-Hub-Signature": jira.Sign("other", []byte(body))}, 401, "", "", "could not be verified"},
		{"a truncated one", "POST", "/webhook/jira", body, map[string]string{"X-Hub-Signature": good[:len(good)-2]}, 401, "", "", "could not be verified"},
		{"a weak method", "POST", "/webhook/jira", body, map[string]string{"X-Hub-Signature": "sha1=" + good[7:47]}, 401, "", "", "could not be verified"},
		{"a changed body", "POST", "/webhook/jira", body + " ", map[string]string{"X-Hub-Signature": good}, 401, "", "", "could not be verified"},
		{"the secret as a token", "POST", "/webhook/jira", body, map[string]string{"X-Hub-Signature": "", "X-Webhook-Token": secret}, 401, "", "", ""},
		{"a GET", "GET", "/webhook/jira", "", nil, 405, "Allow", "POST", "only POST"},
		{"a PUT", "PUT", "/webhook/jira", body, nil, 405, "Allow", "POST", "only POST"},
		{"too large", "POST", "/webhook/jira", strings.Repeat(" ", 65537), nil, 413, "", "", "too large"},
		{"compressed", "POST", "/webhook/jira", body, map[string]string{"Content-Encoding": "gzip"}, 415, "", "", "must not be encoded"},
		{"an unknown site", "POST", "/webhook/jira/other", body, nil, 404, "", "", "nothing is configured at this path"},
		{"an unknown path", "GET", "/somewhere", "", nil, 404, "", "", "nothing is configured at this path"},
	} {
		a, err := w.try(c.method, fmt.Sprintf("http://127.0.0.1:%d%s", w.port, c.path), c.body, c.headers)
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		if a.status != c.status || !strings.Contains(a.body, c.text) || (c.header != "" && a.header.Get(c.header) != c.value) {
			t.Errorf("%s: %d %s %v", c.name, a.status, a.body, a.header)
		}
		if a.header.Get("Content-Type") != "application/json" {
			t.Errorf("%s: answered as %s", c.name, a.header.Get("Content-Type"))
		}
	}
	for _, q := range []string{"?jwt=x&projectKey=FEAT", "/", "/?x=1"} { // Jira appends parameters as it likes
		a, err := w.try(http.MethodPost, w.webhookURL()+q, "not JSON "+q, nil)
		if err != nil || a.status != http.StatusOK {
			t.Errorf("%s: %v %d %s", q, err, a.status, a.body)
		}
	}
	if list := w.deliveries(3, url.Values{"state": {"failed"}}); len(list) != 3 {
		t.Errorf("%d failed deliveries are stored, want the three that are no JSON", len(list))
	}
	if runs := w.runs(url.Values{"issue": {key}}); len(runs) != 0 {
		t.Errorf("a refused delivery made %d runs", len(runs))
	}
}

func onceInParallel(t *testing.T, w *world, key string) {
	body := w.commentPayload(key, "77001", "/estimate", nil)
	var mu sync.Mutex
	counts := map[string]int{}
	var all sync.WaitGroup
	for range 64 {
		all.Go(func() {
			a, err := w.try(http.MethodPost, w.webhookURL(), body, map[string]string{"X-Atlassian-Webhook-Identifier": "twice"})
			mu.Lock()
			defer mu.Unlock()
			switch {
			case err != nil || a.status != http.StatusOK:
				counts[fmt.Sprint(err, a.status, a.body)]++
			case strings.Contains(a.body, "accepted"):
				counts["accepted"]++
			default:
				counts["duplicate"]++
			}
		})
	}
	all.Wait()
	if counts["accepted"] != 1 || counts["duplicate"] != 63 {
		t.Errorf("answers %v", counts)
	}
	succeeded(t, w.ended(key, 1))
	w.idle()
	if runs := w.runs(url.Values{"issue": {key}}); len(runs) != 1 {
		t.Errorf("%d runs, want 1", len(runs))
	}
}

func onceForTwoRegistrations(t *testing.T, w *world) {
	second := w.box.RegisterWebhook(w.webhookURL(), secret)
	defer w.box.Jira.Unregister(second.ID)
	key := w.story("FEAT")
	w.comment("bob", key, "/estimate")
	succeeded(t, w.ended(key, 1))
	w.idle()
	if runs := w.runs(url.Values{"issue": {key}}); len(runs) != 1 {
		t.Errorf("%d runs, want 1", len(runs))
	}
	if n := len(w.replies(key)); n != 1 {
		t.Errorf("%d replies, want 1", n)
	}
	if list := w.deliveries(2, url.Values{"issue": {key}, "state": {"duplicate"}}); !strings.Contains(list[0].Reason, "the same event as delivery") {
		t.Errorf("duplicates %+v", list)
	}
}

func neverItself(t *testing.T, w *world) {
	key := w.story("FEAT")
	w.comment("bot", key, "/estimate by ourselves")
	marked := w.commentPayload(key, "77002", "/estimate with our mark", map[string]any{
		"properties": []any{map[string]any{"key": "aofctl", "value": map[string]any{"step": "x:1"}}}})
	if a := w.send(marked, nil); a.status != http.StatusOK {
		t.Fatalf("%d %s", a.status, a.body)
	}
	w.comment("app", key, "/estimate by an app")
	w.idle()
	reasons := map[string]bool{}
	for _, d := range w.deliveries(4, url.Values{"issue": {key}, "state": {"ignored"}}) {
		reasons[d.Reason] = true
	}
	for _, want := range []string{"own_account", "own_comment", "bot"} {
		if !reasons[want] {
			t.Errorf("no delivery was ignored as %s: %v", want, reasons)
		}
	}
	if runs := w.runs(url.Values{"issue": {key}}); len(runs) != 0 {
		t.Errorf("%d runs: %s", len(runs), toJSON(t, runs))
	}
}

func tellsWhyIgnored(t *testing.T, w *world) {
	key := w.create(jira.NewIssue{Project: "SUP", Type: "Task", Summary: "Not a bug"})
	list := w.deliveries(1, url.Values{"issue": {key}})
	if list[0].State != "ignored" {
		t.Fatalf("delivery %+v", list[0])
	}
	out := w.cli(t, "describe", "delivery", list[0].ID)
	for _, want := range []string{"State:      ignored", "Near misses:", "trigger bug-triage (", "issue_types wants Bug, the event has Task"} {
		if !strings.Contains(out, want) {
			t.Errorf("%q is missing in\n%s", want, out)
		}
	}
}

// opensBreaker needs a limit of 3 runs per issue and hour.
func opensBreaker(t *testing.T, w *world) {
	key := w.story("FEAT")
	for i := range 5 {
		w.comment("bob", key, fmt.Sprintf("/estimate %d", i))
	}
	w.ended(key, 4)
	w.idle()
	if runs := w.runs(url.Values{"issue": {key}, "target": {"story-estimator"}}); len(runs) != 3 {
		t.Errorf("%d runs, want the 3 that are allowed", len(runs))
	}
	warnings := slices.DeleteFunc(w.replies(key), func(text string) bool { return !strings.Contains(text, "There were 3 runs") })
	if len(warnings) != 1 {
		t.Errorf("%d warnings, want one: %q", len(warnings), warnings)
	}
	open := 0
	for _, d := range w.deliveries(1, url.Values{"issue": {key}, "state": {"ignored"}}) {
		if strings.Contains(d.Reason, "breaker") {
			open++
		}
	}
	if open != 2 {
		t.Errorf("%d deliveries name the breaker, want 2", open)
	}
	other := w.story("FEAT")
	w.comment("bob", other, "/estimate")
	succeeded(t, w.ended(other, 1))
}

// TestRunsKeepTheirOrder lets 30 comments come in a burst on 3 issues.
func TestRunsKeepTheirOrder(t *testing.T) {
	w := newWorld(t)
	w.configure("{}", "{settle: 100ms, max_concurrent_tasks: 2, max_runs_per_issue_per_hour: 0}")
	together := newTurnstile(0)
	w.proxy.set(together.at)
	t.Cleanup(together.open)
	w.start()
	keys := []string{w.story("FEAT"), w.story("PROJ"), w.story("SUP")}
	var all sync.WaitGroup
	for _, key := range keys {
		all.Go(func() {
			for i := range 10 {
				if _, err := w.box.Jira.As("bob").Comment(key, fmt.Sprintf("/estimate %d", i), nil); err != nil {
					t.Error(err)
				}
			}
		})
	}
	all.Wait()
	w.deliveries(30, url.Values{"state": {"routed"}})
	together.wait(w, 2)
	if running := len(w.runs(url.Values{"state": {"running"}})); running != 2 {
		t.Errorf("%d runs are at work, the limit is 2", running)
	}
	together.open()
	for _, key := range keys {
		runs := w.ended(key, 10)
		succeeded(t, runs)
		inOrder(t, w, key, runs)
	}
	if most := together.most(); most != 2 {
		t.Errorf("%d runs were at work at a time, want 2", most)
	}
}

// inOrder checks that runs followed the order of acceptance, one after another.
func inOrder(t *testing.T, w *world, key string, runs []store.Run) {
	t.Helper()
	accepted := map[string]int64{}
	for _, d := range w.deliveries(len(runs), url.Values{"issue": {key}, "state": {"routed"}}) {
		accepted[d.ID] = d.Seq
	}
	for i := range runs {
		if want := fmt.Sprintf("/estimate %d", i); !strings.Contains(w.asked(runs[i]), want) {
			t.Errorf("run %d of %s is not for %q", i, key, want)
		}
		if i == 0 {
			continue
		}
		if runs[i].Started.Before(runs[i-1].Finished) {
			t.Errorf("%s: run %d started before the one before it ended", key, i)
		}
		if accepted[runs[i].Delivery] <= accepted[runs[i-1].Delivery] {
			t.Errorf("%s: run %d belongs to an earlier delivery than the one before it", key, i)
		}
	}
}

// asked is the comment that a run is for.
func (w *world) asked(r store.Run) string {
	w.t.Helper()
	d, err := w.client().Delivery(context.Background(), r.Delivery)
	if err != nil {
		w.t.Fatal(err)
	}
	return string(d.Payload)
}
