package e2e

import (
	"encoding/base64"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/aofctl/aofctl/internal/sandbox"
	"github.com/aofctl/aofctl/internal/sandbox/jira"
	"github.com/aofctl/aofctl/internal/sandbox/model"
)

// canaries are values that must not be found anywhere, by the variable that
// holds each.
func canaries() map[string]string {
	return map[string]string{
		"JIRA_API_TOKEN":      "canary-jira-Zq81mXw0tr",
		"JIRA_WEBHOOK_SECRET": "canary-hook-Pf93kLs7uy",
		"GOOGLE_API_KEY":      "canary-model-Hd27bVn5ce",
		"AOF_ADMIN_TOKEN":     "canary-admin-Rj64gTy2oa",
		"TRIGGER_SECRET":      "canary-trigger-Wk58xQz9ip",
	}
}

// inHeader is what a proxy or a sender may add to a request.
const inHeader = "canary-header-Ub16nEd3fj"

// TestSecretsStayInside lets the daemon do everything that it does, log as much
// as it can, and looks for its secrets in all that it left behind.
func TestSecretsStayInside(t *testing.T) {
	w := canaryWorld(t)
	d := w.start("--log-level", "trace")
	key := w.create(bug())
	succeeded(t, w.ended(key, 1))
	story := w.story("FEAT")
	w.comment("bob", story, "/estimate")
	succeeded(t, w.ended(story, 1))
	body := w.commentPayload(story, "79001", "/summarize", nil)
	w.send(body, map[string]string{"Authorization": "Bearer " + inHeader, "X-Webhook-Token": inHeader, "Cookie": inHeader, "X-Forwarded-For": inHeader})
	w.send(body+" ", map[string]string{"X-Hub-Signature": jira.Sign(w.environ["TRIGGER_SECRET"], []byte(body+" "))})
	w.send(body, map[string]string{"X-Hub-Signature": "sha256=" + inHeader})
	w.box.Model.Fail(http.StatusUnauthorized, 1, 0) // providers repeat keys in their refusals
	w.comment("bob", story, "/estimate again")
	w.ended(story, 3)
	w.idle()

	found := findings{}
	found.look("the operator's pages", w.pages())
	w.refusesToTell(t)
	if code := d.stop(); code != 0 {
		t.Errorf("exit code %d", code)
	}
	found.look("the log", d.log.String())
	files := 0
	err := filepath.WalkDir(w.dir, func(path string, e os.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		raw, err := os.ReadFile(path)
		files++
		found.look(path, string(raw))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if files < 8 {
		t.Errorf("only %d files: is this the daemon's directory?", files)
	}
	for _, f := range found.list {
		t.Error(f)
	}
}

// canaryWorld has secrets that occur nowhere else.
func canaryWorld(t *testing.T) *world {
	t.Helper()
	bot := jira.User{Handle: "bot", AccountID: "712020:b07b07b0-7b07-4b07-8b07-b07b07b07b07", DisplayName: "AOF Bot",
		Email: jira.BotEmail, Token: canaries()["JIRA_API_TOKEN"]}
	w := newWorldOf(t, sandbox.Options{Jira: jira.Options{Seed: jira.Seed{Users: []jira.User{bot}}}, Model: model.Options{APIKey: canaries()["GOOGLE_API_KEY"]}})
	for name, value := range canaries() {
		w.environ[name] = value
	}
	for _, hook := range w.box.Jira.Webhooks() {
		w.box.Jira.Unregister(hook.ID)
	}
	w.box.RegisterWebhook(w.webhookURL(), canaries()["JIRA_WEBHOOK_SECRET"])
	w.write("triggers/own.yaml", `apiVersion: aof.dev/v1
kind: Trigger
metadata: {name: own}
spec: {type: Jira, config: {events: [comment_created], webhook_secret_env: TRIGGER_SECRET}, commands: {/own: {agent: story-estimator}}}
`)
	return w
}

// pages are all that an operator can look at.
func (w *world) pages() string {
	w.t.Helper()
	paths := []string{"/metrics", "/readyz?verbose", "/api/v1/status", "/api/v1/events?after=0&follow=false",
		"/api/v1/triggers", "/api/v1/agents", "/api/v1/triggers/own", "/api/v1/agents/bug-triager"}
	for _, r := range w.runs(url.Values{}) {
		paths = append(paths, "/api/v1/runs/"+r.ID)
	}
	for _, d := range w.deliveries(5, url.Values{}) {
		paths = append(paths, "/api/v1/deliveries/"+d.ID)
	}
	var all strings.Builder
	for _, path := range paths {
		a, err := w.try(http.MethodGet, w.adminURL()+path, "", map[string]string{"Authorization": "Bearer " + w.environ["AOF_ADMIN_TOKEN"]})
		if err != nil || a.status != http.StatusOK {
			w.t.Fatalf("%s: %v %d %s", path, err, a.status, a.body)
		}
		all.WriteString(a.body)
	}
	return all.String()
}

// refusesToTell lets a model that got hold of a secret try to write it to Jira.
func (w *world) refusesToTell(t *testing.T) {
	t.Helper()
	for name, value := range canaries() {
		w.box.Model.SetRules(blab(t, value))
		key := w.story("PROJ")
		w.comment("bob", key, "/estimate")
		runs := w.ended(key, 1)
		if replies := strings.Join(w.replies(key), " "); strings.Contains(replies, encoded(value)) || !strings.Contains(replies, "Denied by policy") {
			t.Errorf("the value of %s was written to Jira: %q", name, replies)
		}
		if n := w.cli(t, "describe", "run", runs[0].ID); !strings.Contains(n, "policy: content") {
			t.Errorf("the policy has nothing against the value of %s:\n%s", name, n)
		}
	}
}

// blab is a model that says the value, in base64 since the search of the files
// would else find what the model itself said.
func blab(t *testing.T, value string) *model.Rules {
	t.Helper()
	rules, err := model.Parse(fmt.Appendf(nil, "rules: [{name: blab, say: %q}]", "It is "+encoded(value)))
	if err != nil {
		t.Fatal(err)
	}
	return rules
}

func encoded(value string) string { return base64.StdEncoding.EncodeToString([]byte(value)) }

// findings are the secrets that were found.
type findings struct{ list []string }

func (f *findings) look(where, text string) {
	for name, value := range canaries() {
		if strings.Contains(text, value) {
			f.list = append(f.list, fmt.Sprintf("the value of %s is in %s", name, where))
		}
	}
	if strings.Contains(text, inHeader) {
		f.list = append(f.list, "a header that proves who the sender is, is in "+where)
	}
}
