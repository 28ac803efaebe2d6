package e2e

import (
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/aofctl/aofctl/internal/sandbox"
	"github.com/aofctl/aofctl/internal/sandbox/jira"
)

// post is where webhooks go that the daemon does not get, or gets late.
type post struct {
	mu   sync.Mutex
	kept []*http.Request
	body [][]byte
	pass bool
}

// intercept lets Jira send its webhooks to a post.
func (w *world) intercept() *post {
	w.t.Helper()
	p := &post{}
	srv := httptest.NewServer(http.HandlerFunc(func(out http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		p.mu.Lock()
		pass := p.pass
		if !pass {
			p.kept, p.body = append(p.kept, r), append(p.body, body)
		}
		p.mu.Unlock()
		if pass {
			w.forward(r, body)
		}
	}))
	w.t.Cleanup(srv.Close)
	for _, hook := range w.box.Jira.Webhooks() {
		w.box.Jira.Unregister(hook.ID)
	}
	w.box.RegisterWebhook(srv.URL, secret)
	return p
}

func (w *world) forward(r *http.Request, body []byte) {
	headers := map[string]string{"X-Hub-Signature": r.Header.Get("X-Hub-Signature"),
		"X-Atlassian-Webhook-Identifier": r.Header.Get("X-Atlassian-Webhook-Identifier")}
	if a := w.send(string(body), headers); a.status != http.StatusOK {
		w.t.Errorf("forwarded webhook: %d %s", a.status, a.body)
	}
}

// late sends what was kept, and lets all others pass.
func (p *post) late(w *world) int {
	p.mu.Lock()
	kept, bodies := p.kept, p.body
	p.kept, p.body, p.pass = nil, nil, true
	p.mu.Unlock()
	for i, r := range kept {
		w.forward(r, bodies[i])
	}
	return len(kept)
}

func (p *post) drop() { p.mu.Lock(); p.pass = false; p.mu.Unlock() }

// reconciling lets the daemon ask for missed changes each second, and its trigger
// ask for the site's secret.
func (w *world) reconciling() {
	w.t.Helper()
	for file, change := range map[string][2]string{
		"daemon.yaml":              {"webhook_secret_env: JIRA_WEBHOOK_SECRET\n", "webhook_secret_env: JIRA_WEBHOOK_SECRET\n      reconcile: {interval: 1s}\n"},
		"triggers/bug-triage.yaml": {"events: [issue_created]\n", "events: [issue_created]\n    webhook_secret_env: JIRA_WEBHOOK_SECRET\n"},
	} {
		text, err := os.ReadFile(filepath.Join(w.dir, file))
		if err != nil {
			w.t.Fatal(err)
		}
		w.write(file, strings.Replace(string(text), change[0], change[1], 1))
	}
}

// searched waits until Jira was asked for missed changes n times more.
func (w *world) searched(n int) {
	w.t.Helper()
	count := func() (found int) {
		for _, r := range w.proxy.requests() {
			if strings.HasSuffix(r, "/search") || strings.HasSuffix(r, "/search/jql") {
				found++
			}
		}
		return found
	}
	before := count()
	w.await("Jira to be asked", func() bool { return count() >= before+n })
}

// blind keeps the daemon from searching until the returned function is called, so
// that a webhook comes first however slow the machine is.
func (w *world) blind() func() {
	w.t.Helper()
	held := make(chan struct{})
	look := sync.OnceFunc(func() { close(held) })
	w.t.Cleanup(look)
	w.proxy.set(func(_ int, r *http.Request, _ func()) bool {
		if strings.Contains(r.URL.Path, "/search") {
			<-held
		}
		return false
	})
	return look
}

func (w *world) bug() string {
	return w.create(jira.NewIssue{Project: "PROJ", Type: "Bug", Summary: "Checkout fails with a 500 error"})
}

// reconciled counts the deliveries of an issue by who told of them and by state.
func (w *world) reconciled(key string) (found, heard, duplicates int) {
	w.t.Helper()
	for _, d := range w.deliveries(1, url.Values{"issue": {key}}) {
		if strings.Join(d.SignedBy, "") == "reconcile" {
			found++
		} else {
			heard++
		}
		if d.State == "duplicate" {
			duplicates++
		}
	}
	return found, heard, duplicates
}

func TestChangesWhoseWebhooksNeverComeAreFoundAndRunOnce(t *testing.T) {
	for name, opts := range map[string]jira.Options{"Cloud": {}, "Data Center": {Deployment: jira.DataCenter}} {
		t.Run(name, func(t *testing.T) {
			w := newWorldOf(t, sandbox.Options{Jira: opts})
			w.reconciling()
			letters := w.intercept()
			d := w.start()
			w.await("the first look at Jira", func() bool { return strings.Contains(w.get("/readyz?verbose").body, "last success") })

			lost := w.bug()
			if runs := w.ended(lost, 1); len(runs) != 1 || runs[0].State != "succeeded" {
				t.Fatalf("runs of a lost webhook: %s", toJSON(t, runs))
			}
			w.idle()
			w.searched(3)
			if found, heard, _ := w.reconciled(lost); found != 1 || heard != 0 {
				t.Errorf("%d found and %d heard: our own changes count", found, heard)
			}

			if letters.late(w) == 0 {
				t.Fatal("no webhook was kept")
			}
			w.await("the late webhook to end as duplicate", func() bool { _, _, n := w.reconciled(lost); return n >= 1 })
			w.idle()
			if runs := w.runs(url.Values{"issue": {lost}}); len(runs) != 1 {
				t.Errorf("%d runs after the late webhook", len(runs))
			}

			look := w.blind()
			heard := w.bug()
			w.ended(heard, 1)
			look()
			w.searched(3)
			if found, _, _ := w.reconciled(heard); found != 0 {
				t.Errorf("what a webhook told was found %d times", found)
			}

			w.idle()
			letters.drop()
			if code := d.stop(); code != 0 {
				t.Fatalf("exit code %d", code)
			}
			down := w.bug()
			w.start()
			w.ended(down, 1)
			w.searched(2)
			for _, key := range []string{lost, heard, down} {
				if runs := w.runs(url.Values{"issue": {key}}); len(runs) != 1 {
					t.Errorf("%s has %d runs", key, len(runs))
				}
			}
		})
	}
}
