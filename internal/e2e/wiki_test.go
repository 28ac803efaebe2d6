package e2e

import (
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/aofctl/aofctl/internal/sandbox"
	"github.com/aofctl/aofctl/internal/sandbox/confluence"
	"github.com/aofctl/aofctl/internal/sandbox/jira"
	"github.com/aofctl/aofctl/internal/store"
)

// wikiSecret signs Data Center's webhooks, wikiToken is shown by Cloud's rules.
const (
	wikiSecret = "wiki-webhook-secret"
	wikiToken  = "wiki-webhook-token"
)

// reviewing are the rules of a model that looks at pages.
const reviewing = `
rules:
  - {name: done, say: Looks fine to me.}
`

const pageReviewer = `apiVersion: aof.dev/v1
kind: Agent
metadata: {name: reviewer}
spec:
  model: google:gemini-2.5-flash
  instructions: Look at the page {{ metadata.page_title }} of {{ metadata.space_key }}.
  tools: [confluence]
`

const pageTrigger = `apiVersion: aof.dev/v1
kind: Trigger
metadata: {name: pages}
spec:
  type: Confluence
  config: {events: [page_created, page_updated]}
  default_agent: reviewer
`

// newWikiWorld is a world whose Confluence tells the daemon of everything.
func newWikiWorld(t *testing.T, kind jira.Deployment) *world {
	t.Helper()
	w := newWorldOf(t, sandbox.Options{Jira: jira.Options{Deployment: kind}})
	w.environ["CONFLUENCE_WEBHOOK_SECRET"], w.environ["CONFLUENCE_WEBHOOK_TOKEN"] = wikiSecret, wikiToken
	w.githubModel(reviewing)
	for _, dir := range []string{"triggers", "agents", "fleets", "flows"} {
		do(t, os.RemoveAll(filepath.Join(w.dir, dir)))
		do(t, os.MkdirAll(filepath.Join(w.dir, dir), 0o755))
	}
	w.write("agents/reviewer.yaml", pageReviewer)
	w.write("triggers/pages.yaml", pageTrigger)
	w.wikiConfig(kind)
	w.hook(kind)
	return w
}

// wikiConfig has the configuration know the Confluence.
func (w *world) wikiConfig(kind jira.Deployment) {
	w.t.Helper()
	text, err := os.ReadFile(filepath.Join(w.dir, "daemon.yaml"))
	if err != nil {
		w.t.Fatal(err)
	}
	said, config := "    confluence: {webhook_token_env: CONFLUENCE_WEBHOOK_TOKEN}\n", string(text)
	if kind == jira.DataCenter {
		pat := "auth: {type: pat, token_env: JIRA_API_TOKEN}"
		said = "    confluence: {base_url: " + w.box.ConfluenceURL() + ", " + pat + ", webhook_secret_env: CONFLUENCE_WEBHOOK_SECRET}\n"
		config = strings.Replace(config, "auth: {type: api_token, email_env: JIRA_EMAIL, token_env: JIRA_API_TOKEN}", pat, 1)
	}
	w.write("daemon.yaml", strings.Replace(config, "  triggers:", said+"  triggers:", 1))
}

func (w *world) wikiURL() string {
	return fmt.Sprintf("http://127.0.0.1:%d/webhook/confluence", w.port)
}

// hook has Confluence tell of everything: by a webhook, or by a rule of Automation.
func (w *world) hook(kind jira.Deployment) {
	w.t.Helper()
	if kind == jira.Cloud {
		do(w.t, w.box.Confluence.AddRule(confluence.Rule{URL: w.wikiURL() + "/{event}", Header: "X-Webhook-Token", Token: wikiToken}))
		return
	}
	_, err := w.box.Confluence.Register(confluence.Webhook{Name: "aofctl", URL: w.wikiURL(), Secret: wikiSecret, Events: []string{
		"page_created", "page_updated", "page_moved", "page_trashed", "page_removed", "comment_created", "comment_updated", "comment_removed",
		"label_added", "label_removed", "attachment_created", "attachment_updated"}})
	do(w.t, err)
}

// newPage lets somebody make a page and returns its id.
func (w *world) newPage(who, title string) string {
	w.t.Helper()
	id, err := w.box.Confluence.As(who).CreatePage(confluence.NewPage{Space: "DOC", Title: title, Body: "<p>Text of " + title + ".</p>"})
	do(w.t, err)
	return id
}

// over waits until n runs about the page have ended and returns them, oldest first.
func (w *world) over(page string, n int) []store.Run {
	w.t.Helper()
	var list []store.Run
	w.await(fmt.Sprintf("%d runs about page %s to end", n, page), func() bool {
		list = nil
		for _, r := range w.runs(url.Values{}) {
			if r.Subject == "page:"+page && r.State.Terminal() {
				list = append([]store.Run{r}, list...)
			}
		}
		return len(list) >= n
	})
	return list
}

// remarks are the comments on a page.
func (w *world) remarks(page string) []string {
	w.t.Helper()
	p, ok := w.box.Confluence.Page(page)
	if !ok {
		w.t.Fatalf("there is no page %s", page)
	}
	return p.Comments
}

func TestAPageOfAPersonsIsAnsweredOnThePage(t *testing.T) {
	for _, kind := range []jira.Deployment{jira.Cloud, jira.DataCenter} {
		t.Run(string(kind), func(t *testing.T) {
			w := newWikiWorld(t, kind)
			w.start()
			page := w.newPage("alice", "Login")
			succeeded(t, w.over(page, 1))
			if got := w.remarks(page); len(got) != 1 || !strings.Contains(got[0], "Looks fine to me.") {
				t.Errorf("comments %q", got)
			}
		})
	}
}
