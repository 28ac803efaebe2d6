package e2e

import (
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/aofctl/aofctl/internal/sandbox/confluence"
	"github.com/aofctl/aofctl/internal/sandbox/jira"
	"github.com/aofctl/aofctl/internal/store"
)

// mending are the rules of a model that wants to change the page that it looks at.
const mending = `
let:
  page: {in: all, match: 'page_id: (\d+)'}
rules:
  - name: mend
    when: {not_called: [confluence_update_section]}
    call:
      - {tool: confluence_update_section, args: {page_id: "${page}", heading: Digest mode, body: "Every 15 minutes.", reason: batches take ten minutes}}
  - {name: done, say: I propose to mend it.}
`

const pageMender = `apiVersion: aof.dev/v1
kind: Agent
metadata: {name: reviewer}
spec:
  model: google:gemini-2.5-flash
  instructions: 'Look at the page, page_id: {{ metadata.page_id }}.'
  tools: [confluence, ask_user]
`

// approverOf is how bob is listed as an approver.
func (w *world) approverOf(kind jira.Deployment) string {
	if kind == jira.DataCenter {
		return "bob"
	}
	bob, _ := w.box.Jira.User("bob")
	return bob.AccountID
}

// askedOn waits for the question on a page and returns its code.
func (w *world) askedOn(page string) string {
	w.t.Helper()
	code := regexp.MustCompile(`/approve ([0-9A-Z]{6})\b`)
	found := ""
	w.await("a question on page "+page, func() bool {
		for _, text := range w.remarks(page) {
			if m := code.FindStringSubmatch(text); m != nil && strings.Contains(text, "+Every 15 minutes.") {
				found = m[1]
			}
		}
		return found != ""
	})
	return found
}

// TestARunOfAPageAsksOnThePage has an agent propose a change of the page whose event
// it works on, kills the daemon while it waits, and lets people decide there.
func TestARunOfAPageAsksOnThePage(t *testing.T) {
	for _, kind := range []jira.Deployment{jira.Cloud, jira.DataCenter} {
		t.Run(string(kind), func(t *testing.T) {
			w := newWikiWorld(t, kind)
			w.githubModel(mending)
			w.write("agents/reviewer.yaml", pageMender+"  writes: propose\n  approval: {tools: [confluence_remove_label], approvers: ["+w.approverOf(kind)+"]}\n")
			d := w.start()
			page, err := w.box.Confluence.As("alice").CreatePage(confluence.NewPage{Space: "DOC", Title: "Preferences", Body: preferences})
			do(t, err)
			code := w.askedOn(page)
			w.await("the run to wait", func() bool { return len(w.runs(url.Values{"state": {string(store.StateWaiting)}})) == 1 })
			d.kill()
			w.start()
			w.say("alice", page, "/approve "+code)
			w.await("the refusal of Alice", func() bool {
				return slices.ContainsFunc(w.remarks(page), func(s string) bool { return strings.Contains(s, "This does not count") })
			})
			if p, _ := w.box.Confluence.Page(page); p.Version != 1 {
				t.Fatalf("whoever caused the run approved it: %+v", p)
			}
			w.say("bob", page, "/approve "+code+" thank you")
			w.await("the change", func() bool { p, _ := w.box.Confluence.Page(page); return p.Version == 2 })
			p, _ := w.box.Confluence.Page(page)
			if p.Body != strings.Replace(preferences, "Every 5 minutes", "Every 15 minutes", 1) || !strings.HasPrefix(p.Message, "batches take ten minutes (reviewer, aofctl:") {
				t.Errorf("the page is %+v", p)
			}
			if n := strings.Count(strings.Join(w.remarks(page), "\n"), "+Every 15 minutes."); n != 1 {
				t.Errorf("the question was posted %d times", n)
			}
			succeeded(t, w.over(page, 1)[:1])
		})
	}
}

// say lets somebody comment on a page.
func (w *world) say(who, page, text string) {
	w.t.Helper()
	_, err := w.box.Confluence.As(who).Comment(page, "<p>"+text+"</p>")
	do(w.t, err)
}

// TestAnAgentAsksAPersonOnThePage has an agent ask whoever made the page.
func TestAnAgentAsksAPersonOnThePage(t *testing.T) {
	for _, kind := range []jira.Deployment{jira.Cloud, jira.DataCenter} {
		t.Run(string(kind), func(t *testing.T) {
			w := newWikiWorld(t, kind)
			w.githubModel(`
let:
  version: {in: data, match: 'It is (version [0-9]+)'}
rules:
  - {name: ask, when: {not_called: ask_user}, call: [{tool: ask_user, args: {question: "Which version is it?"}}]}
  - {name: end, say: 'Then it is ${version}.'}
`)
			w.write("agents/reviewer.yaml", pageMender)
			w.start()
			page := w.newPage("alice", "Release")
			w.await("the question", func() bool {
				return slices.ContainsFunc(w.remarks(page), func(s string) bool { return strings.Contains(s, "Which version is it?") })
			})
			w.await("the run to wait", func() bool { return len(w.runs(url.Values{"state": {string(store.StateWaiting)}})) == 1 })
			w.say("bob", page, "It is version 1, I think.")
			w.say("alice", page, "It is version 2.")
			w.await("the answer", func() bool {
				return slices.ContainsFunc(w.remarks(page), func(s string) bool { return strings.Contains(s, "Then it is version 2.") })
			})
		})
	}
}
