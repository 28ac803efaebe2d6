package e2e

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/aofctl/aofctl/internal/requirement"
	"github.com/aofctl/aofctl/internal/sandbox/confluence"
	"github.com/aofctl/aofctl/internal/sandbox/jira"
)

// tracing are the rules of a model that makes stories of a specification, whatever is
// there already: which of them exist is not the model's to know.
const tracing = `
rules:
  - name: work
    when: {not_called: [atlassian_trace]}
    call:
      - {tool: atlassian_register_requirements, args: {page_id: "PAGE", complete: true, requirements: [{title: Digest mode, section: Digest mode}, {title: Quiet hours, section: Quiet hours}]}}
      - {tool: atlassian_create_issue, args: {page_id: "PAGE", project_key: PROJ, issue_type: Epic, summary: All of it}}
      - {tool: atlassian_create_issue, args: {page_id: "PAGE", requirement: digest-mode, project_key: PROJ, issue_type: Story, summary: Digests}}
      - {tool: atlassian_create_issue, args: {page_id: "PAGE", requirement: quiet-hours, project_key: PROJ, issue_type: Story, summary: Quiet}}
      - {tool: atlassian_link_requirement, args: {page_id: "PAGE", requirement: quiet-hours, issue_key: "PROJ-1"}}
      - {tool: atlassian_create_issue, args: {page_id: "OTHER", project_key: PROJ, issue_type: Epic, summary: Of another space}}
      - {tool: atlassian_trace, args: {page_id: "PAGE"}}
  - {name: done, say: All requirements have their stories.}
`

// TestAnAgentKeepsStoriesInStepWithAPage lets the answers to its writes be lost, and
// runs it twice.
func TestAnAgentKeepsStoriesInStepWithAPage(t *testing.T) {
	for _, kind := range []jira.Deployment{jira.Cloud, jira.DataCenter} {
		t.Run(string(kind), func(t *testing.T) {
			w, page := newPageWorld(t, kind)
			other, err := w.box.Confluence.As("alice").CreatePage(confluence.NewPage{Space: "TEAM", Title: "Elsewhere", Body: preferences})
			if err != nil {
				t.Fatal(err)
			}
			w.githubModel(strings.NewReplacer("PAGE", page, "OTHER", other).Replace(tracing))
			w.write("agents/keeper.yaml", strings.NewReplacer("[confluence]", "[atlassian]", "{spaces: [DOC]}", "{spaces: [DOC], projects: [PROJ]}").Replace(pageKeeper))
			config, err := os.ReadFile(filepath.Join(w.dir, "daemon.yaml"))
			if err != nil {
				t.Fatal(err)
			}
			w.write("daemon.yaml", strings.Replace(string(config), "runtime: {}", "runtime: {settle: 100ms}", 1))
			w.start()
			if _, err := w.box.Jira.AddFault(jira.Fault{Method: "POST", Path: "/(issue|remotelink)$", Effect: jira.CutAfter, Count: 3}); err != nil {
				t.Fatal(err)
			}
			if _, err := w.box.Confluence.AddFault(confluence.Fault{Method: "POST|PUT", Effect: confluence.CutAfter, Count: 2}); err != nil {
				t.Fatal(err)
			}
			first := w.story("PROJ")
			succeeded(t, w.ended(first, 1))
			made := w.box.Jira.Keys()
			checkTraced(t, w, page)
			second := w.story("PROJ")
			succeeded(t, w.ended(second, 1))
			checkTraced(t, w, page)
			if got := w.box.Jira.Keys(); !slices.Equal(got, append(made, second)) {
				t.Errorf("the second run made issues: %q, before %q", got, made)
			}
			if p, _ := w.box.Confluence.Page(page); p.Version != 1 {
				t.Errorf("the page has version %d", p.Version)
			}
			if p, _ := w.box.Confluence.Page(other); p.Properties[requirement.Key] != "" {
				t.Error("a page outside the scope was written to")
			}
		})
	}
}

// checkTraced checks that each requirement has its issues, registered and linked.
func checkTraced(t *testing.T, w *world, page string) {
	t.Helper()
	p, _ := w.box.Confluence.Page(page)
	r, err := requirement.Decode(json.RawMessage(p.Properties[requirement.Key]))
	if err != nil {
		t.Fatal(err)
	}
	digest, quiet := r.Find("digest-mode"), r.Find("quiet-hours")
	if digest == nil || quiet == nil || len(digest.Issues) != 1 || len(quiet.Issues) != 2 || len(r.Issues) != 1 {
		t.Fatalf("the register is %+v", r)
	}
	for key, ref := range map[string]string{r.Issues[0].Key: page, digest.Issues[0].Key: page + "#digest-mode", quiet.Issues[0].Key: page + "#quiet-hours", quiet.Issues[1].Key: page + "#quiet-hours"} {
		i, _ := w.box.Jira.Issue(key)
		if len(i.RemoteLinks) != 1 || !strings.HasSuffix(i.RemoteLinks[0].GlobalID, "/"+ref) {
			t.Errorf("%s has the links %s, not one to %s", key, fmt.Sprint(i.RemoteLinks), ref)
		}
	}
}
