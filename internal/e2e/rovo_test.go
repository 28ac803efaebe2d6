package e2e

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/aofctl/aofctl/internal/a2a"
	"github.com/aofctl/aofctl/internal/a2a/client"
	"github.com/aofctl/aofctl/internal/sandbox"
	"github.com/aofctl/aofctl/internal/sandbox/jira"
	"github.com/aofctl/aofctl/internal/sandbox/model"
	"github.com/aofctl/aofctl/internal/sandbox/rovo"
)

// reviewer is an agent that reads the issue, asks if it has to, comments, and
// answers.
const reviewer = `apiVersion: aof.dev/v1
kind: Agent
metadata: {name: reviewer}
spec:
  model: google:gemini-2.5-flash
  instructions: You review work items.
  tools: [jira_get_issue, jira_add_comment, ask_user]
`

// reviewerRules are what its model answers.
const reviewerRules = `
let:
  issue: {in: all, match: '\b([A-Z]+-\d+)\b', else: NONE-0}
rules:
  - when: {system_contains: You review work items, not_called: [jira_get_issue]}
    call: [{tool: jira_get_issue, args: {issue_key: "${issue}"}}]
  - when: {system_contains: You review work items, not_called: [jira_add_comment]}
    call: [{tool: jira_add_comment, args: {issue_key: "${issue}", body: "Reviewed ${issue}."}}]
  - say: "All of ${issue} is fine."
`

// newRovoWorld is a world whose daemon is called by Jira's Rovo, with the tenants
// that are named beside the sandbox's own.
func newRovoWorld(t *testing.T, opts rovo.Options, tenants ...string) *world {
	t.Helper()
	rules, err := model.Parse([]byte(reviewerRules))
	if err != nil {
		t.Fatal(err)
	}
	w := newWorldOf(t, sandbox.Options{Rovo: opts, Tenants: tenants, Model: model.Options{Rules: rules}, Jira: jira.Options{
		Seed: jira.Seed{Issues: []jira.NewIssue{{Project: "PROJ", Summary: "QA checkout flow", Description: "Review it."}}},
	}})
	w.environ["FORGE_SIGNING_SECRET"], w.environ["FORGE_ENCRYPTION_KEY"] = strings.Repeat("5e", 32), strings.Repeat("a1", 32)
	w.environ["A2A_TOKENS"] = "script=" + plainToken
	w.write("agents/reviewer.yaml", reviewer)
	w.configureRovo("")
	w.box.Rovo.SetRemote(fmt.Sprintf("http://127.0.0.1:%d", w.port))
	return w
}

// plainToken is that of a caller that is not Jira.
const plainToken = "e2e-plain-caller-token"

// configureRovo writes a configuration with A2A and Forge, and further fields of
// platforms.forge.
func (w *world) configureRovo(forge string) {
	w.t.Helper()
	w.write("daemon.yaml", fmt.Sprintf(`apiVersion: aof.dev/v1
kind: DaemonConfig
metadata: {name: e2e}
spec:
  server: {host: 127.0.0.1, port: %d}
  platforms:
    a2a: {default_agent: reviewer, tokens_env: A2A_TOKENS}
    forge:
      app_id: %s
      jwks_url: %s
      gateway_url: %s
      signing_secret_env: FORGE_SIGNING_SECRET
      encryption_key_env: FORGE_ENCRYPTION_KEY
      %s
    jira:
      enabled: true
      base_url: %s
      auth: {type: api_token, email_env: JIRA_EMAIL, token_env: JIRA_API_TOKEN}
      webhook_secret_env: JIRA_WEBHOOK_SECRET
  agents: {directory: ./agents/}
  models: {providers: {google: {base_url: %s/llm/v1}}}
  runtime: {settle: 100ms}
  admin: {host: 127.0.0.1, port: %d}
  storage: %s
`, w.port, w.box.Rovo.App().ID, w.box.Rovo.JWKSURL(), strings.TrimSuffix(w.box.Rovo.JWKSURL(), rovo.JWKSPath), forge,
		w.proxy.url, w.proxy.url, w.admin, w.storage))
}

// judged checks that all answers were as Atlassian documents them.
func (w *world) judged() {
	w.t.Helper()
	for _, v := range w.box.Rovo.Violations() {
		w.t.Errorf("violation: %s", v)
	}
}

// bounded is a context for all that a conversation takes.
func bounded(t *testing.T) context.Context {
	ctx, stop := context.WithTimeout(t.Context(), patience)
	t.Cleanup(stop)
	return ctx
}

// TestRovoWorksWithAnAgentInBothDialects has somebody assign an issue, which is
// polled, and mention the agent, which is streamed.
func TestRovoWorksWithAnAgentInBothDialects(t *testing.T) {
	w := newRovoWorld(t, rovo.Options{Poll: 20 * time.Millisecond})
	w.start()
	ctx, site := bounded(t), w.box.Rovo.Tenant("")
	if err := site.Setup(ctx); err != nil {
		t.Fatal(err)
	}
	alice, before := site.User("alice"), len(w.box.Rovo.Requests())
	for _, dialect := range []client.Dialect{client.JiraEAP, client.Jira10} {
		w.scene(string(dialect)+" assigns and polls", func(t *testing.T) {
			talk, err := alice.Assign(ctx, rovo.Agent{Dialect: dialect}, "PROJ-1")
			if err != nil {
				t.Fatal(err)
			}
			w.completed(ctx, talk)
		})
		w.scene(string(dialect)+" mentions and streams", func(t *testing.T) {
			talk, err := alice.Mention(ctx, rovo.Agent{Dialect: dialect, Streaming: true, Name: "reviewer"}, "PROJ-1", "what do you think?")
			if err != nil {
				t.Fatal(err)
			}
			w.completed(ctx, talk)
		})
	}
	issue, _ := w.box.Jira.Issue("PROJ-1")
	written := 0
	for _, c := range issue.Comments {
		if strings.HasPrefix(c.Body, "Reviewed PROJ-1.") {
			written++
			if c.Author != alice.Account() {
				t.Errorf("%s wrote %q", c.Author, c.Body)
			}
		}
	}
	if written != 4 {
		t.Errorf("%d comments were written for Alice: %+v", written, issue.Comments)
	}
	for _, r := range w.box.Rovo.Requests()[before:] {
		if r.Kind != "user" || r.Account != alice.Account() {
			t.Errorf("%s %s came with a token of kind %q, account %q", r.Method, r.Path, r.Kind, r.Account)
		}
	}
	w.judged()
}

// completed watches a conversation until its task is done.
func (w *world) completed(ctx context.Context, talk *rovo.Conversation) {
	w.t.Helper()
	task, err := talk.Settle(ctx)
	if err != nil || task.State != a2a.Completed || task.Text != "All of PROJ-1 is fine." {
		w.t.Fatalf("the task is %+v: %v; the user saw %+v", task, err, talk.Transcript())
	}
	lines := talk.Transcript()
	if last := lines[len(lines)-1]; !last.Agent || last.Text != task.Text || lines[0].Agent {
		w.t.Errorf("the user saw %+v", lines)
	}
}
