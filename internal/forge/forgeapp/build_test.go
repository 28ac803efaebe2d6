package forgeapp_test

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/aofctl/aofctl/internal/forge"
	"github.com/aofctl/aofctl/internal/forge/forgeapp"
)

// input is a good one with these agents, or with one of its own.
func input(agents ...forgeapp.Agent) forgeapp.Input {
	if len(agents) == 0 {
		agents = []forgeapp.Agent{{Name: "helper", Description: "Helps", Source: "agents/helper.yaml:4"}}
	}
	return forgeapp.Input{AppID: "ari:cloud:ecosystem::app/8db33809-1f32-48bb-8c52-5877dab48107", PublicURL: "https://agents.company.com", Agents: agents}
}

func TestBuildMakesAConnectorAndAnEndpointForEachAgent(t *testing.T) {
	m, problems := forgeapp.Build(input(
		forgeapp.Agent{Name: "bug-triager", Description: "Triages", Icon: "bug.png", Starters: []string{"How bad is it?"}},
		forgeapp.Agent{Name: "summarizer", Title: "In short", Description: "Summarises", Default: true},
	))
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	want := []forgeapp.AgentConnector{
		{Key: "bug-triager", Name: "Bug Triager", Description: "Triages", Icon: "resource:agent-icons;bug.png", ConversationStarters: []string{"How bad is it?"},
			ProductContexts: []string{"jira"}, Protocols: protocols("a2a-bug-triager")},
		{Key: "summarizer", Name: "In short", Description: "Summarises", Icon: "resource:agent-icons;agent.svg",
			ProductContexts: []string{"jira"}, Protocols: protocols("a2a-summarizer")},
	}
	if diff := cmp.Diff(want, m.Modules.Agents); diff != "" {
		t.Errorf("agents (-want +got):\n%s", diff)
	}
	for key, path := range map[string]string{"a2a-bug-triager": "/a2a/bug-triager/json-rpc", "a2a-summarizer": "/a2a/json-rpc"} {
		if got := routes(m)[key]; got != path {
			t.Errorf("endpoint %s has the path %q, want %q", key, got, path)
		}
	}
}

func protocols(endpoint string) forgeapp.Protocols {
	return forgeapp.Protocols{Agent2Agent: forgeapp.Agent2Agent{Version: "1.0", JSONRPCTransport: forgeapp.Transport{Endpoint: endpoint, Streaming: true}}}
}

// routes are the paths of the endpoints by their keys.
func routes(m forgeapp.Manifest) map[string]string {
	paths := map[string]string{}
	for _, e := range m.Modules.Endpoints {
		paths[e.Key] = e.Route.Path
	}
	return paths
}

// TestTheManifestHasTheKeysThatTheDaemonAdmits: the daemon lets a token of Forge's to
// a route only if it is for the part of the app that belongs to it.
func TestTheManifestHasTheKeysThatTheDaemonAdmits(t *testing.T) {
	m, _ := forgeapp.Build(input())
	used := map[string][2]string{} // by path: the module and the endpoint that it names
	for _, p := range append(m.Modules.AdminPage, m.Modules.PersonalPage...) {
		used[routes(m)[p.Resolver.Endpoint]] = [2]string{p.Key, p.Resolver.Endpoint}
	}
	for _, trigger := range m.Modules.Triggers {
		used[routes(m)[trigger.Endpoint]] = [2]string{trigger.Key, trigger.Endpoint}
	}
	for _, trigger := range m.Modules.PreUninstall {
		used[routes(m)[trigger.Endpoint]] = [2]string{trigger.Key, trigger.Endpoint}
	}
	admitted := forge.AppModules()
	for path, keys := range map[string][]string{
		"/atlassian/installed": admitted.Installed, "/atlassian/upgraded": admitted.Upgraded, "/atlassian/uninstalled": admitted.Uninstalled,
		"/atlassian/config": admitted.Config, "/atlassian/account": admitted.Account,
	} {
		got := used[path]
		if diff := cmp.Diff(keys, got[:]); diff != "" {
			t.Errorf("%s (-admitted +in the manifest):\n%s", path, diff)
		}
	}
}

func TestBuildAsksForScopesOnce(t *testing.T) {
	in := input()
	in.Scopes = []string{"write:jira-work", "read:jira-work", "manage:jira-project", "write:jira-work"}
	m, _ := forgeapp.Build(in)
	want := []string{"read:app-system-token", "read:app-user-token", "read:jira-work", "read:jira-user", "manage:jira-project", "write:jira-work"}
	if diff := cmp.Diff(want, m.Permissions.Scopes); diff != "" {
		t.Errorf("scopes (-want +got):\n%s", diff)
	}
}

func TestBuildTellsWhatForgeWouldRefuse(t *testing.T) {
	agent := func(name string, line string) forgeapp.Agent {
		return forgeapp.Agent{Name: name, Description: "d", Source: "agents/x.yaml:" + line}
	}
	icon := agent("a", "4")
	icon.Icon = "../secret.svg"
	for name, tc := range map[string]struct {
		in   func() forgeapp.Input
		want string
	}{
		"name that is no key": {func() forgeapp.Input { return input(agent("bug.triager", "4")) },
			`agents/x.yaml:4:1: the name "bug.triager" cannot be a key`},
		"name of a page": {func() forgeapp.Input { return input(agent("aof-admin", "4")) },
			`agents/x.yaml:4:1: the key "aof-admin" of aof-admin is also that of the admin page`},
		"name of another's endpoint": {func() forgeapp.Input { return input(agent("x", "4"), agent("a2a-x", "9")) },
			`agents/x.yaml:9:1: the key "a2a-x" of a2a-x is also that of x (agents/x.yaml:4)`},
		"names that read alike": {func() forgeapp.Input { return input(agent("bug-triager", "4"), agent("Bug_triager", "9")) },
			`agents/x.yaml:9:1: Bug_triager is shown as "Bug Triager" in Jira, as bug-triager (agents/x.yaml:4) is`},
		"names that are alike once cut": {func() forgeapp.Input {
			return input(agent("estimator-of-very-large-stories-alpha", "4"), agent("estimator-of-very-large-stories-beta", "9"))
		}, `agents/x.yaml:9:1: estimator-of-very-large-stories-beta is shown as "Estimator Of Very Large…"`},
		"icon elsewhere": {func() forgeapp.Input { return input(icon) }, `agents/x.yaml:4:1: the icon of a must be`},
		"no agents":      {func() forgeapp.Input { in := input(); in.Agents = nil; return in }, "no agent is offered"},
		"no address":     {func() forgeapp.Input { in := input(); in.PublicURL = ""; return in }, "public_url is missing"},
		"no TLS": {func() forgeapp.Input { in := input(); in.PublicURL = "http://agents.company.com"; return in },
			"public_url must begin with https"},
		"this machine": {func() forgeapp.Input { in := input(); in.PublicURL = "https://localhost:3000"; return in },
			"must be an address that Atlassian's cloud reaches"},
		"a private network": {func() forgeapp.Input { in := input(); in.PublicURL = "https://10.1.2.3"; return in },
			"must be an address that Atlassian's cloud reaches"},
		"odd address": {func() forgeapp.Input { in := input(); in.PublicURL = "https://%zz"; return in }, "is no address"},
		"odd app":     {func() forgeapp.Input { in := input(); in.AppID = "my app"; return in }, `found "my app"`},
	} {
		t.Run(name, func(t *testing.T) {
			_, problems := forgeapp.Build(tc.in())
			if err := problems.Errors().Err(); err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("got %v, want %s", err, tc.want)
			}
		})
	}
}

func TestBuildWarnsOfWhatItChanges(t *testing.T) {
	long := forgeapp.Agent{
		Name: "a", Title: "An agent with a name that is far too long", Description: strings.Repeat("many words ", 30),
		Starters: []string{"one", "one", " ", strings.Repeat("why ", 30), "three", "four"}, Source: "agents/a.yaml:7",
	}
	in := input(long, forgeapp.Agent{Name: "b", Pages: true, Source: "agents/b.yaml:2"})
	in.AppID = ""
	m, problems := forgeapp.Build(in)
	if err := problems.Err(); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"there is no platforms.forge.app_id",
		`agents/a.yaml:7:1: warning: the name "An agent with a name that is far too long" has more than the 30 characters that Jira shows: cut to "An agent with a name that is…"`,
		"agents/a.yaml:7:1: warning: the description of a has more than 255 characters",
		"agents/a.yaml:7:1: warning: a conversation starter of a has more than 85 characters",
		"agents/a.yaml:7:1: warning: a has 4 conversation starters: Jira shows the first 3",
		"agents/b.yaml:2:1: warning: b has no description",
		"agents/b.yaml:2:1: warning: b has tools for Confluence: they are refused",
	} {
		if !strings.Contains(problems.Error(), want) {
			t.Errorf("no warning %q in\n%s", want, problems.Error())
		}
	}
	a := m.Modules.Agents[0]
	if len(a.ConversationStarters) != 3 || a.ConversationStarters[0] != "one" || a.ConversationStarters[2] != "three" {
		t.Errorf("starters: %q", a.ConversationStarters)
	}
	if m.App.ID != forgeapp.PlaceholderID {
		t.Errorf("app id %q", m.App.ID)
	}
}

func TestEndpointKeysAreShortAndStayTheSame(t *testing.T) {
	long := strings.Repeat("n", 40)
	one, _ := forgeapp.Build(input(forgeapp.Agent{Name: long + "a"}))
	both, problems := forgeapp.Build(input(forgeapp.Agent{Name: long + "b", Title: "B"}, forgeapp.Agent{Name: long + "a", Title: "A"}))
	if err := problems.Err(); err != nil {
		t.Fatal(err)
	}
	key := func(m forgeapp.Manifest, i int) string {
		return m.Modules.Agents[i].Protocols.Agent2Agent.JSONRPCTransport.Endpoint
	}
	if key(one, 0) != key(both, 1) {
		t.Errorf("the key was %s and is %s beside another agent", key(one, 0), key(both, 1))
	}
	for _, e := range both.Modules.Endpoints {
		if len(e.Key) > 23 {
			t.Errorf("key %s has %d characters", e.Key, len(e.Key))
		}
	}
}

// FuzzBuildKeepsTheLimits holds whatever texts manifests have against what Forge's
// schema says of texts.
func FuzzBuildKeepsTheLimits(f *testing.F) {
	f.Add("bug-triager", "", "Triages bugs", "agent.svg", "How bad?\nHow urgent?")
	f.Add("x", strings.Repeat("ü ", 40), strings.Repeat("wörter\u2028", 100), "https://example.com/a b.png", "\x00\xff\n\n\n")
	f.Add("", "…", "\n", "/etc/passwd", strings.Repeat("w", 200))
	f.Fuzz(func(t *testing.T, name, shown, description, icon, starters string) {
		m, problems := forgeapp.Build(input(forgeapp.Agent{Name: name, Title: shown, Description: description, Icon: icon, Starters: strings.Split(starters, "\n"), Source: "a:1"}))
		if len(problems.Errors()) > 0 {
			return
		}
		a := m.Modules.Agents[0]
		for what, text := range map[string]struct {
			text  string
			limit int
		}{"name": {a.Name, 30}, "description": {a.Description, 255}, "icon": {a.Icon, 255}} {
			if n := utf8.RuneCountInString(text.text); n > text.limit || !utf8.ValidString(text.text) || strings.ContainsAny(text.text, "\n\r\x00") {
				t.Errorf("%s of %d characters: %q", what, n, text.text)
			}
		}
		if a.Name == "" || a.Icon == "" || len(a.ConversationStarters) > 3 {
			t.Errorf("%+v", a)
		}
		for _, s := range a.ConversationStarters {
			if n := utf8.RuneCountInString(s); n == 0 || n > 85 {
				t.Errorf("starter of %d characters", n)
			}
		}
		text, err := m.YAML()
		if err != nil {
			t.Fatal(err)
		}
		if got := decoded(t, text); got.Modules.Agents[0].Description != a.Description || got.Modules.Agents[0].Name != a.Name {
			t.Errorf("wrote %+v, reads as %+v", a, got.Modules.Agents[0])
		}
	})
}
