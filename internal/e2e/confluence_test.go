package e2e

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/aofctl/aofctl/internal/sandbox"
	"github.com/aofctl/aofctl/internal/sandbox/confluence"
	"github.com/aofctl/aofctl/internal/sandbox/jira"
)

// keeping are the rules of a model that keeps a specification in step with an issue.
const keeping = `
rules:
  - name: keep
    when: {not_called: [confluence_update_section]}
    call:
      - {tool: confluence_get_page, args: {space_key: DOC, title: Preferences}}
      - {tool: confluence_update_section, args: {page_id: "PAGE", heading: Digest mode, body: "Every 15 minutes.", reason: "NOTIFY-107: batches take ten minutes"}}
      - {tool: confluence_add_comment, args: {page_id: "PAGE", body: "The interval is longer now."}}
      - {tool: confluence_get_page, args: {space_key: TEAM, title: Home}}
  - {name: done, say: The specification says 15 minutes now.}
`

const pageKeeper = `apiVersion: aof.dev/v1
kind: Agent
metadata: {name: keeper}
spec:
  model: google:gemini-2.5-flash
  instructions: Keep the specification in step.
  tools: [confluence]
  scope: {spaces: [DOC]}
`

const keepTrigger = `apiVersion: aof.dev/v1
kind: Trigger
metadata: {name: keep}
spec:
  type: Jira
  config: {events: [issue_created]}
  default_agent: keeper
`

const preferences = `<h1>Goals</h1><p>Notify.</p><h2>Digest mode</h2><p>Every 5 minutes.</p><h2>Quiet hours</h2><p>None.</p>`

// newPageWorld is a world with a page and an agent that keeps it.
func newPageWorld(t *testing.T, kind jira.Deployment) (w *world, page string) {
	t.Helper()
	w = newWorldOf(t, sandbox.Options{Jira: jira.Options{Deployment: kind}})
	page, err := w.box.Confluence.As("alice").CreatePage(confluence.NewPage{Space: "DOC", Title: "Preferences", Body: preferences})
	if err != nil {
		t.Fatal(err)
	}
	w.githubModel(strings.ReplaceAll(keeping, "PAGE", page))
	for _, dir := range []string{"triggers", "agents", "fleets", "flows"} {
		do(t, os.RemoveAll(filepath.Join(w.dir, dir)))
		do(t, os.MkdirAll(filepath.Join(w.dir, dir), 0o755))
	}
	w.write("agents/keeper.yaml", pageKeeper)
	w.write("triggers/keep.yaml", keepTrigger)
	text, err := os.ReadFile(filepath.Join(w.dir, "daemon.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	said, config := "    confluence: {enabled: true}\n", string(text)
	if kind == jira.DataCenter {
		pat := "auth: {type: pat, token_env: JIRA_API_TOKEN}"
		said = "    confluence: {base_url: " + w.box.ConfluenceURL() + ", " + pat + "}\n"
		config = strings.Replace(config, "auth: {type: api_token, email_env: JIRA_EMAIL, token_env: JIRA_API_TOKEN}", pat, 1)
	}
	w.write("daemon.yaml", strings.Replace(config, "  triggers:", said+"  triggers:", 1))
	return w, page
}

// TestAnAgentKeepsAPageInStep lets the answers to its writes be lost.
func TestAnAgentKeepsAPageInStep(t *testing.T) {
	for _, kind := range []jira.Deployment{jira.Cloud, jira.DataCenter} {
		t.Run(string(kind), func(t *testing.T) {
			w, page := newPageWorld(t, kind)
			w.start()
			for _, f := range []confluence.Fault{
				{Method: "PUT", Effect: confluence.CutAfter, Count: 1}, {Method: "POST", Effect: confluence.CutAfter, Count: 1},
			} {
				if _, err := w.box.Confluence.AddFault(f); err != nil {
					t.Fatal(err)
				}
			}
			key := w.story("PROJ")
			succeeded(t, w.ended(key, 1))
			p, ok := w.box.Confluence.Page(page)
			if !ok || p.Version != 2 || p.Body != strings.Replace(preferences, "Every 5 minutes", "Every 15 minutes", 1) ||
				!strings.HasPrefix(p.Message, "NOTIFY-107: batches take ten minutes (keeper, aofctl:") {
				t.Errorf("the page is %+v", p)
			}
			if len(p.Comments) != 1 || !strings.Contains(p.Comments[0], "longer now") {
				t.Errorf("comments %q", p.Comments)
			}
			if got := w.replies(key); !slices.Equal(got, []string{"The specification says 15 minutes now."}) {
				t.Errorf("replies %q", got)
			}
			for _, r := range w.box.Confluence.Requests() {
				if strings.Contains(r.Query, "TEAM") {
					t.Errorf("another space was asked for: %+v", r)
				}
			}
		})
	}
}
