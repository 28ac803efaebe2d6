package e2e

import (
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/aofctl/aofctl/internal/sandbox/jira"
	"github.com/aofctl/aofctl/internal/sandbox/model"
)

// TestAnOperatorHasAnAgentWorkOnAPage names the page by its id and by its address.
func TestAnOperatorHasAnAgentWorkOnAPage(t *testing.T) {
	for _, kind := range []jira.Deployment{jira.Cloud, jira.DataCenter} {
		t.Run(string(kind), func(t *testing.T) {
			t.Parallel()
			w := newWikiWorld(t, kind)
			w.write("triggers/pages.yaml", strings.Replace(pageTrigger, "page_created, page_updated", "page_trashed", 1))
			page := w.newPage("alice", "Preferences")
			w.start()
			address, base := w.proxy.url+"/wiki/spaces/DOC/pages/"+page+"/Preferences", w.proxy.url
			if kind == jira.DataCenter {
				base = w.box.ConfluenceURL()
				address = base + "/display/DOC/Preferences"
			}
			for i, named := range []string{page, address} {
				if said := w.cli(t, "run", "agent", "reviewer", "--page", named); !strings.Contains(said, "succeeded") {
					t.Errorf("--page %s: %s", named, said)
				}
				r := w.over(page, i+1)[i]
				if r.Source != "confluence" || r.Trigger != "operator" || len(w.remarks(page)) != i+1 {
					t.Errorf("run %+v, comments %q", r, w.remarks(page))
				}
				if !slices.ContainsFunc(w.box.Model.Requests(), func(r model.Request) bool {
					return strings.Contains(string(r.Body), "page_title: Preferences")
				}) {
					t.Error("the agent was not told of the page")
				}
			}
			if said := w.cli(t, "run", "agent", "reviewer", "--page", page, "--dry-run"); !strings.Contains(said, "was not carried out") || len(w.remarks(page)) != 2 {
				t.Errorf("dry: %s", said)
			}
			for args, want := range map[string]string{
				"--page 999999":                        "there is no page 999999, or we may not see it",
				"--page nonsense":                      "is neither the id of a page nor its address",
				"--page https://x.example/pages/1":     "neither the id of a page nor its address",
				"--page " + elsewhere(base, address):   "this daemon's Confluence",
				"--issue PROJ-1 --page " + page:        "name a page alone",
				"--page " + page + " --site somewhere": "name a page alone",
			} {
				cmd := exec.Command(binary, append([]string{"run", "agent", "reviewer", "--server", w.adminURL()}, strings.Fields(args)...)...)
				cmd.Env = w.env()
				out, err := cmd.CombinedOutput()
				if err == nil || !strings.Contains(string(out), want) {
					t.Errorf("%s: %v, %s; want %q", args, err, out, want)
				}
			}
		})
	}
}

// elsewhere is the same address on another host.
func elsewhere(base, address string) string {
	return "https://wiki.example" + strings.TrimPrefix(address, base)
}
