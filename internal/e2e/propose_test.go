package e2e

import (
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/aofctl/aofctl/internal/sandbox/jira"
	"github.com/aofctl/aofctl/internal/store"
)

// proposing makes the agent that keeps pages one that only proposes.
func (w *world) proposing(more string) {
	w.t.Helper()
	w.write("agents/keeper.yaml", pageKeeper+"  writes: propose\n"+more)
}

// commentsOf are the comments of a page.
func (w *world) commentsOf(page string) []string {
	w.t.Helper()
	p, ok := w.box.Confluence.Page(page)
	if !ok {
		w.t.Fatalf("no page %s", page)
	}
	return p.Comments
}

// TestAnEditOfAPageIsProposedWithItsDifference lets an agent that works on an issue
// propose to change a section, lets people change the page meanwhile, and approves.
func TestAnEditOfAPageIsProposedWithItsDifference(t *testing.T) {
	elsewhere := strings.Replace(preferences, "None.", "From ten to six.", 1)
	same := strings.Replace(preferences, "Every 5 minutes", "Every 30 minutes", 1)
	edited := func(body string) string {
		return strings.Replace(body, "Every 5 minutes", "Every 15 minutes", 1)
	}
	cases := map[string]struct {
		kind      jira.Deployment
		meanwhile string
		approve   bool
		want      string
	}{
		"approved":                    {jira.Cloud, "", true, edited(preferences)},
		"approved on Data Center":     {jira.DataCenter, "", true, edited(preferences)},
		"rejected":                    {jira.Cloud, "", false, preferences},
		"another section was changed": {jira.Cloud, elsewhere, true, edited(elsewhere)},
		"the section was changed":     {jira.DataCenter, same, true, same},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			w, page := newPageWorld(t, c.kind)
			w.proposing("")
			w.start()
			key := w.story("PROJ")
			code := w.question(key, 1)
			asked := w.replies(key)[len(w.replies(key))-1]
			for _, want := range []string{`"Preferences" in space DOC, version 1`, "-Every 5 minutes.", "+Every 15 minutes.", "batches take ten minutes", "/reject " + code} {
				if want == "/reject "+code {
					want = "reject " + code
				}
				if !strings.Contains(asked, want) {
					t.Errorf("the question does not say %q:\n%s", want, asked)
				}
			}
			w.await("the page to tell of it", func() bool {
				return slices.ContainsFunc(w.commentsOf(page), func(s string) bool {
					return strings.Contains(s, "+Every 15 minutes.") && strings.Contains(s, "It is decided on "+key) && !strings.Contains(s, code)
				})
			})
			w.waitingRun(key)
			if p, _ := w.box.Confluence.Page(page); p.Version != 1 {
				t.Errorf("the page was changed before anybody decided: %+v", p)
			}
			if c.meanwhile != "" {
				do(t, w.box.Confluence.As("alice").EditPage(page, c.meanwhile, "as agreed"))
			}
			if _, err := w.client().Decide(t.Context(), code, c.approve, url.Values{"by": {"olga"}}); err != nil {
				t.Fatal(err)
			}
			succeeded(t, w.ended(key, 1))
			p, _ := w.box.Confluence.Page(page)
			if p.Body != c.want {
				t.Errorf("the page is %q, want %q", p.Body, c.want)
			}
			if c.want == same {
				if replies := w.replies(key); !strings.Contains(replies[len(replies)-1], "since it was shown") {
					t.Errorf("nobody is told that it was not carried out: %q", replies)
				}
			}
		})
	}
}

// TestAnEditThatWouldBeRefusedIsNotProposed has a model propose to change a section
// that is not there.
func TestAnEditThatWouldBeRefusedIsNotProposed(t *testing.T) {
	w, page := newPageWorld(t, jira.Cloud)
	w.githubModel(strings.ReplaceAll(strings.Replace(keeping, "heading: Digest mode", "heading: No such section", 1), "PAGE", page))
	w.proposing("")
	w.start()
	key := w.story("PROJ")
	runs := w.ended(key, 1)
	succeeded(t, runs)
	if open, err := w.client().Approvals(t.Context(), url.Values{"state": {""}}); err != nil || slices.ContainsFunc(open, func(a store.Approval) bool { return a.Run == runs[0].ID }) {
		t.Errorf("somebody was asked: %+v, %v", open, err)
	}
	d, err := w.client().Run(t.Context(), runs[0].ID)
	if err != nil {
		t.Fatal(err)
	}
	if told := toJSON(t, d); !strings.Contains(told, "would be refused") || !strings.Contains(told, "No such section") {
		t.Errorf("the model is not told:\n%s", told)
	}
}

// TestDraftsArePublishedByPeople has an agent that writes drafts alone make a page and
// change one.
func TestDraftsArePublishedByPeople(t *testing.T) {
	for _, kind := range []jira.Deployment{jira.Cloud, jira.DataCenter} {
		for _, writes := range []string{"propose", "draft"} {
			t.Run(string(kind)+" "+writes, func(t *testing.T) {
				w, page := newPageWorld(t, kind)
				w.githubModel(strings.ReplaceAll(`
rules:
  - name: write
    when: {not_called: [confluence_create_page]}
    call:
      - {tool: confluence_create_page, args: {space_key: DOC, title: Test plan, body: "One case."}}
  - name: change
    when: {not_called: [confluence_update_section]}
    call:
      - {tool: confluence_update_section, args: {page_id: "PAGE", heading: Digest mode, body: "Every 15 minutes.", reason: batches take ten minutes}}
  - {name: done, say: Have a look at the drafts.}
`, "PAGE", page))
				w.write("agents/keeper.yaml", pageKeeper+"  writes: "+writes+"\n")
				w.start()
				key := w.story("PROJ")
				if writes == "propose" {
					w.question(key, 1)
					w.waitingRun(key)
				} else {
					succeeded(t, w.ended(key, 1))
				}
				p, _ := w.box.Confluence.Page(page)
				if drafted := strings.Contains(p.Draft, "Every 15 minutes"); p.Version != 1 || drafted != (writes == "draft") {
					t.Errorf("the page is %+v", p)
				}
				made := 0
				for _, id := range w.box.Confluence.Pages() {
					if one, _ := w.box.Confluence.Page(id); one.Title == "Test plan" || strings.Contains(one.Draft, "One case.") {
						made++
						if one.Status != "draft" {
							t.Errorf("the new page is published: %+v", one)
						}
					}
				}
				if made != 1 {
					t.Errorf("%d new pages", made)
				}
			})
		}
	}
}
