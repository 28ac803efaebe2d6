package e2e

import (
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/aofctl/aofctl/internal/sandbox"
	"github.com/aofctl/aofctl/internal/sandbox/github"
	"github.com/aofctl/aofctl/internal/sandbox/jira"
	"github.com/aofctl/aofctl/internal/sandbox/model"
)

const githubSecret = "e2e-github-secret"

// syncing are the rules of a model that does what the agent github-jira-sync is
// told, from the data of the event alone.
const syncing = `
let:
  issue: {in: data, match: ['pr_title: .*?\b([A-Z]+-\d+)\b']}
  link: {in: data, match: ['pr_url: (\S+)']}
  size: {in: data, match: ['pr_additions: (\d+)']}
  time: {first: [{if: 'pr_additions: \d{3,}', then: 4h}], else: 30m}
rules:
  - name: merged
    when: {data_matches: 'event_type: pull_request\.merged'}
    call:
      - {tool: jira_transition_issue, args: {issue_key: '${issue}', transition: Done}}
      - {tool: jira_post_comment, args: {issue_key: '${issue}', body: 'Merged: ${link}'}}
      - {tool: jira_log_work, args: {issue_key: '${issue}', time_spent: '${time}', comment: '${size} lines added'}}
  - name: opened
    when: {data_matches: 'event_type: pull_request\.opened'}
    call:
      - {tool: jira_post_comment, args: {issue_key: '${issue}', body: 'Pull request: ${link}'}}
      - {tool: jira_add_labels, args: {issue_key: '${issue}', labels: [in-review]}}
  - name: opened without a known issue
    when: {data_matches: 'event_type: pull_request\.opened', not_called: [jira_post_comment]}
    say: There is no issue of ours in the title.
  - name: reviewed
    when: {system_contains: you review pull request}
    say: "Looks good."
  - {name: done, say: Done.}
`

// newHubWorld is a world with a repository on GitHub and the example's manifests.
func newHubWorld(t *testing.T) *world {
	t.Helper()
	w := newWorldOf(t, sandbox.Options{Repositories: []string{"acme/shop", "other/thing"}})
	w.environ["GITHUB_TOKEN"], w.environ["GITHUB_WEBHOOK_SECRET"] = github.Token, githubSecret
	w.githubModel(syncing)
	w.example("github-jira-sync")
	w.withGitHub("token_env: GITHUB_TOKEN, ")
	return w
}

// greet starts the daemon and has GitHub send it webhooks.
func (w *world) greet() *daemon {
	w.t.Helper()
	d := w.start()
	w.box.GitHub.Register(github.Webhook{URL: w.githubURL(), Secret: githubSecret})
	return d
}

func (w *world) githubURL() string { return fmt.Sprintf("http://127.0.0.1:%d/webhook/github", w.port) }

func (w *world) githubModel(text string) {
	w.t.Helper()
	rules, err := model.Parse([]byte(text))
	if err != nil {
		w.t.Fatal(err)
	}
	w.box.Model.SetRules(rules)
}

// example puts the manifests of an example in place of the default ones.
func (w *world) example(name string) {
	w.t.Helper()
	for _, dir := range []string{"triggers", "agents", "fleets", "flows"} {
		if err := os.RemoveAll(filepath.Join(w.dir, dir)); err != nil {
			w.t.Fatal(err)
		}
		if err := os.MkdirAll(filepath.Join(w.dir, dir), 0o755); err != nil {
			w.t.Fatal(err)
		}
	}
	for _, dir := range []string{"triggers", "agents"} {
		files, err := filepath.Glob(filepath.Join("..", "..", "examples", name, dir, "*.yaml"))
		if err != nil || len(files) == 0 {
			w.t.Fatalf("example %s has no %s: %v", name, dir, err)
		}
		for _, f := range files {
			text, err := os.ReadFile(f)
			if err != nil {
				w.t.Fatal(err)
			}
			w.write(filepath.Join(dir, filepath.Base(f)), string(text))
		}
	}
}

// withGitHub adds GitHub to the configuration.
func (w *world) withGitHub(more string) {
	w.t.Helper()
	path := filepath.Join(w.dir, "daemon.yaml")
	text, err := os.ReadFile(path)
	if err != nil {
		w.t.Fatal(err)
	}
	config := strings.Replace(string(text), "  triggers:", "    github: {"+more+"base_url: \""+w.box.GitHub.BaseURL()+
		"\", webhook_secret_env: GITHUB_WEBHOOK_SECRET}\n  triggers:", 1)
	w.write("daemon.yaml", config)
}

func (w *world) open(p github.NewPull) int {
	w.t.Helper()
	if p.Repository == "" {
		p.Repository = "acme/shop"
	}
	n, err := w.box.GitHub.As("alice").OpenPull(p)
	if err != nil {
		w.t.Fatal(err)
	}
	return n
}

func (w *world) jiraIssue(key string) jira.Issue {
	w.t.Helper()
	issue, ok := w.box.Jira.Issue(key)
	if !ok {
		w.t.Fatalf("no issue %s", key)
	}
	return issue
}

// TestAPullRequestIsFollowedOnItsIssue opens and merges a pull request, has its
// webhooks sent again, and looks at the Jira issue that its title names.
func TestAPullRequestIsFollowedOnItsIssue(t *testing.T) {
	w := newHubWorld(t)
	w.greet()
	key := w.story("PROJ")
	do(t, w.box.Jira.As("alice").Transition(key, "In Progress"))
	n := w.open(github.NewPull{Title: key + ": rename the button", Head: "feature/rename", Body: "UTF-8 everywhere.", Additions: 240, Deletions: 12, Files: []string{"a.go", "b.go"}})
	link := fmt.Sprintf("%s/acme/shop/pull/%d", w.box.GitHub.BaseURL(), n)
	succeeded(t, w.ended(key, 1))
	if got := w.replies(key); !slices.Equal(got, []string{"Pull request: " + link}) {
		t.Errorf("comments %q", got)
	}
	if issue := w.jiraIssue(key); !slices.Contains(issue.Labels, "in-review") {
		t.Errorf("labels %q", issue.Labels)
	}

	do(t, w.box.GitHub.As("bob").Merge("acme/shop", n))
	runs := w.ended(key, 2)
	succeeded(t, runs)
	issue := w.jiraIssue(key)
	if issue.Status != "Done" || !slices.Equal(w.replies(key), []string{"Pull request: " + link, "Merged: " + link}) {
		t.Errorf("status %s, comments %q", issue.Status, w.replies(key))
	}
	if len(issue.Worklogs) != 1 || issue.Worklogs[0].Seconds != 4*3600 {
		t.Errorf("work logged: %+v", issue.Worklogs)
	}

	w.box.GitHub.Wait()
	for _, d := range w.box.GitHub.Deliveries() {
		w.box.GitHub.Redeliver(d.ID)
	}
	w.box.GitHub.Wait()
	for _, d := range w.box.GitHub.Deliveries() {
		if d.Status != http.StatusOK || !strings.Contains(d.Answer, "duplicate") {
			t.Errorf("%s, sent again, was answered with %d %s", d.Event, d.Status, d.Answer)
		}
	}
	w.idle()
	if got := w.jiraIssue(key); len(w.runs(url.Values{})) != 2 || len(got.Worklogs) != 1 || len(w.replies(key)) != 2 {
		t.Errorf("%d runs, comments %q", len(w.runs(url.Values{})), w.replies(key))
	}
	if r := runs[0]; r.Subject != "issue:"+issue.ID || r.Source != "jira" || r.EventType != "pull_request.opened" {
		t.Errorf("run %+v", r)
	}
}

// posted sends a delivery to GitHub's path as somebody else might.
func (w *world) posted(body string, headers map[string]string) answer {
	w.t.Helper()
	signed := http.Header{}
	github.Sign(signed, githubSecret, []byte(body))
	all := map[string]string{"X-Hub-Signature": "", "X-Hub-Signature-256": signed.Get("X-Hub-Signature-256"), "X-GitHub-Event": "pull_request"}
	for name, value := range headers {
		all[name] = value
	}
	a, err := w.try(http.MethodPost, w.githubURL(), body, all)
	if err != nil {
		w.t.Fatal(err)
	}
	return a
}

// TestDeliveriesOfGitHubAreVerifiedAndTold sends what is forged, unknown, no event
// at all, and a form.
func TestDeliveriesOfGitHubAreVerifiedAndTold(t *testing.T) {
	w := newHubWorld(t)
	w.greet()
	w.box.GitHub.Wait()
	if d := w.box.GitHub.Deliveries()[0]; d.Event != "ping" || d.Status != http.StatusOK {
		t.Errorf("the ping was answered with %d %s", d.Status, d.Answer)
	}
	const body = `{"action":"opened","number":1}`
	for _, c := range []struct {
		name    string
		headers map[string]string
		status  int
	}{
		{"signed with another secret", map[string]string{"X-Hub-Signature-256": "sha256=" + strings.Repeat("ab", 32)}, http.StatusUnauthorized},
		{"not signed", map[string]string{"X-Hub-Signature-256": ""}, http.StatusUnauthorized},
		{"signed in Jira's header only", map[string]string{"X-Hub-Signature-256": "", "X-Hub-Signature": jira.Sign(githubSecret, []byte(body))}, http.StatusUnauthorized},
		{"signed with Jira's secret", map[string]string{"X-Hub-Signature-256": jira.Sign(secret, []byte(body))}, http.StatusUnauthorized},
		{"without an event's name", map[string]string{"X-GitHub-Event": "", "X-GitHub-Delivery": "nameless"}, http.StatusOK},
		{"of an event that nobody knows", map[string]string{"X-GitHub-Event": "moon_landing", "X-GitHub-Delivery": "moon"}, http.StatusOK},
	} {
		if a := w.posted(body, c.headers); a.status != c.status {
			t.Errorf("a delivery %s is answered with %d %s", c.name, a.status, a.body)
		}
	}
	a, err := w.try(http.MethodGet, w.githubURL(), "", nil)
	if err != nil || a.status != http.StatusMethodNotAllowed || a.header.Get("Allow") != http.MethodPost {
		t.Errorf("GET is answered with %d, %v", a.status, err)
	}
	states := map[string]string{}
	for _, d := range w.deliveries(3, url.Values{"source": {"github"}}) {
		states[d.EventType] = string(d.State) + " " + d.Reason
	}
	if states["moon_landing.opened"] != "ignored no_trigger" || states["ping"] != "ignored ping" ||
		!strings.Contains(states[""], "failed not an event of GitHub's: the header X-GitHub-Event is missing") {
		t.Errorf("deliveries became %v", states)
	}

	w.box.GitHub.Register(github.Webhook{URL: w.githubURL(), Secret: githubSecret, Form: true})
	key := w.story("PROJ")
	w.open(github.NewPull{Title: key + " by a form"})
	succeeded(t, w.ended(key, 1))
	w.idle()
	if runs := w.runs(url.Values{"issue": {key}}); len(runs) != 1 { // two webhooks told of it
		t.Errorf("%d runs", len(runs))
	}
}

// TestAPullRequestReachesOnlyWhatTheTriggerAdmits names issues of other projects,
// several issues, and none.
func TestAPullRequestReachesOnlyWhatTheTriggerAdmits(t *testing.T) {
	w := newHubWorld(t)
	w.write("triggers/wide.yaml", `apiVersion: aof.dev/v1
kind: Trigger
metadata: {name: wide}
spec:
  type: GitHub
  priority: 9
  config: {events: [pull_request.opened], filters: {repositories: ["acme/*"]}}
  default_agent: github-jira-sync
`)
	w.greet()
	foreign, first, second := w.story("SUP"), w.story("PROJ"), w.story("FEAT")
	n := w.open(github.NewPull{Title: foreign + ": mine now"})
	w.await("the run for the foreign issue to end", func() bool { return len(w.runs(url.Values{"state": {"succeeded"}})) == 1 })
	if got := w.replies(foreign); len(got) != 0 {
		t.Errorf("comments on %s: %q", foreign, got)
	}
	runs := w.runs(url.Values{"state": {"succeeded"}})
	if text := w.cli(t, "describe", "run", runs[0].ID); !strings.Contains(text, "the operator has to set scope.projects") {
		t.Errorf("the denial does not say what to set:\n%s", text)
	}
	if runs[0].Subject != fmt.Sprintf("acme/shop#%d", n) || runs[0].IssueKey != "" {
		t.Errorf("run %+v", runs[0])
	}
	// Without an issue the answer goes to the pull request.
	w.await("the answer on the pull request", func() bool {
		thread, _ := w.box.GitHub.Thread("acme/shop", n)
		return len(thread.Comments) == 1 && strings.HasPrefix(thread.Comments[0].Body, "Done.") && thread.Comments[0].Author == "aofbot"
	})
	w.open(github.NewPull{Title: first + " and " + second + ", but not " + foreign})
	w.await("the comment on the first", func() bool { return len(w.replies(first)) == 1 })
	w.idle()
	for _, r := range w.runs(url.Values{"state": {"succeeded"}}) {
		if r.Trigger == "github-jira-sync" && r.IssueKey != "" {
			t.Errorf("a run for several issues is of %s", r.IssueKey)
		}
	}
	w.open(github.NewPull{Repository: "other/thing", Title: first + " from elsewhere"})
	w.idle()
	if len(w.replies(first)) != 1 {
		t.Errorf("comments %q", w.replies(first))
	}
}

// TestACommandOnAPullRequestIsAnsweredThereOnce loses the answer to the comment.
func TestACommandOnAPullRequestIsAnsweredThereOnce(t *testing.T) {
	w := newHubWorld(t)
	w.greet()
	key := w.story("PROJ")
	n := w.open(github.NewPull{Title: "Rename " + key})
	succeeded(t, w.ended(key, 1))
	do(t, w.box.GitHub.AddFault(github.Fault{Method: http.MethodPost, Path: "/comments$", Effect: github.CutAfter, Count: 1}))
	if _, err := w.box.GitHub.As("bob").Comment("acme/shop", n, "Please:\n/review"); err != nil {
		t.Fatal(err)
	}
	succeeded(t, w.ended(key, 2))
	w.box.GitHub.Wait()
	w.idle()
	thread, _ := w.box.GitHub.Thread("acme/shop", n)
	if len(thread.Comments) != 2 || !strings.HasPrefix(thread.Comments[1].Body, "Looks good.") || !strings.Contains(thread.Comments[1].Body, "<!-- aofctl ") {
		t.Errorf("comments %+v", thread.Comments)
	}
	if _, err := w.box.GitHub.As("renovate[bot]").Comment("acme/shop", n, "/review"); err != nil {
		t.Fatal(err)
	}
	w.box.GitHub.Wait()
	w.idle()
	reasons := map[string]bool{}
	for _, d := range w.deliveries(1, url.Values{"source": {"github"}, "state": {"ignored"}}) {
		reasons[d.Reason] = true
	}
	if !reasons["own_comment"] || !reasons["bot"] {
		t.Errorf("ignored for %v", reasons)
	}
}
