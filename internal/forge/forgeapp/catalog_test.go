package forgeapp_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/aofctl/aofctl/internal/forge/forgeapp"
	"github.com/aofctl/aofctl/internal/manifest"
)

// offering loads a configuration that offers these names, "" for all agents, beside
// agents, a fleet and flows that use tools.
func offering(t *testing.T, names string) (*manifest.Daemon, *manifest.Catalog) {
	t.Helper()
	dir := t.TempDir()
	for name, text := range map[string]string{
		"daemon.yaml": `apiVersion: aof.dev/v1
kind: DaemonConfig
metadata: {name: d}
spec:
  platforms:
    a2a: {public_url: https://agents.company.com/, agents: [` + names + `]}
    forge: {app_id: 8db33809-1f32-48bb-8c52-5877dab48107, signing_secret_env: S, encryption_key_env: E}
`,
		"agents/all.yaml": agent("reader", "[jira_get_issue]") + `---
` + agent("writer", "[jira_update_issue, http_request]") + `---
` + agent("planner", "[jira_add_to_sprint]") + `---
` + agent("keeper", "[confluence_get_page]"),
		"fleets/f.yaml": `apiVersion: aof.dev/v1
kind: AgentFleet
metadata: {name: team}
spec:
  description: Works together
  agents: [{name: one, ref: reader}, {name: two, spec: {model: "google:m", instructions: i, tools: [jira_move_to_backlog]}}]
`,
		"flows/f.yaml": `apiVersion: aof.dev/v1
kind: AgentFlow
metadata: {name: release}
spec:
  nodes:
    - {id: a, type: Agent, config: {agent: reader}}
    - {id: b, type: Tool, config: {tool: jira_update_version, args: {}}}
    - {id: c, type: Fleet, config: {fleet: team, input: x}}
    - {id: d, type: Response, config: {message: done}}
  connections: [{from: start, to: a}, {from: a, to: b}, {from: b, to: c}, {from: c, to: d}]
`,
	} {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		write(t, path, []byte(text))
	}
	d, err := manifest.LoadDaemon(filepath.Join(dir, "daemon.yaml"), func(string) (string, bool) { return "", false })
	if err != nil {
		t.Fatal(err)
	}
	c, err := manifest.LoadCatalog(t.Context(), d.Directories(), manifest.Known{})
	if err != nil {
		t.Fatal(err)
	}
	return d, c
}

func agent(name, tools string) string {
	return `apiVersion: aof.dev/v1
kind: Agent
metadata:
  name: ` + name + `
  annotations:
    aof.dev/rovo-name: The ` + name + `
    aof.dev/rovo-icon: ` + name + `.svg
    aof.dev/rovo-starters: |
      What now?
      And then?
spec: {model: "google:m", description: About ` + name + `, instructions: i, tools: ` + tools + `}
`
}

func TestFromCatalogTakesWhatIsOffered(t *testing.T) {
	d, c := offering(t, "")
	in := forgeapp.FromCatalog(d, c, func(tool string) []string { return []string{"scope of " + tool} })
	keeper := of("keeper")
	keeper.Pages = true
	want := forgeapp.Input{
		AppID: "ari:cloud:ecosystem::app/8db33809-1f32-48bb-8c52-5877dab48107", PublicURL: "https://agents.company.com",
		Agents: []forgeapp.Agent{keeper, of("planner"), of("reader"), of("writer")},
		Scopes: []string{"scope of confluence_get_page", "scope of http_request", "scope of jira_add_to_sprint", "scope of jira_get_issue", "scope of jira_update_issue"},
	}
	for i := range in.Agents {
		if !strings.Contains(in.Agents[i].Source, "all.yaml:") {
			t.Errorf("%s is said to stand at %s", in.Agents[i].Name, in.Agents[i].Source)
		}
		in.Agents[i].Source = ""
	}
	if diff := cmp.Diff(want, in); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func of(name string) forgeapp.Agent {
	return forgeapp.Agent{Name: name, Title: "The " + name, Description: "About " + name, Icon: name + ".svg", Starters: []string{"What now?", "And then?", ""}}
}

func TestScopesAreThoseOfAllThatATargetRuns(t *testing.T) {
	for names, want := range map[string]string{
		"reader":        "jira_get_issue",
		"team":          "jira_get_issue jira_move_to_backlog",
		"release":       "jira_get_issue jira_move_to_backlog jira_post_comment jira_update_version",
		"team, writer":  "http_request jira_get_issue jira_move_to_backlog jira_update_issue",
		"'*'":           "confluence_get_page http_request jira_add_to_sprint jira_get_issue jira_move_to_backlog jira_post_comment jira_update_issue jira_update_version",
		"'read*', team": "jira_get_issue jira_move_to_backlog",
	} {
		d, c := offering(t, names)
		in := forgeapp.FromCatalog(d, c, func(tool string) []string { return []string{tool} })
		if got := strings.Join(in.Scopes, " "); got != want {
			t.Errorf("%s uses %q, want %q", names, got, want)
		}
	}
}

func TestToolsForConfluenceAreToldOf(t *testing.T) {
	d, c := offering(t, "keeper, reader")
	for _, a := range forgeapp.FromCatalog(d, c, func(string) []string { return nil }).Agents {
		if a.Pages != (a.Name == "keeper") {
			t.Errorf("%+v", a)
		}
	}
}

func TestFromCatalogOfADaemonThatOffersNothing(t *testing.T) {
	in := forgeapp.FromCatalog(&manifest.Daemon{}, &manifest.Catalog{}, nil)
	if diff := cmp.Diff(forgeapp.Input{}, in); diff != "" {
		t.Error(diff)
	}
	if _, problems := forgeapp.Build(in); len(problems.Errors()) < 2 {
		t.Errorf("problems: %v", problems)
	}
}
