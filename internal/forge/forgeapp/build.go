package forgeapp

import (
	"slices"

	"github.com/aofctl/aofctl/internal/manifest"
)

// The scopes that the app needs whatever its agents do: the tokens themselves, the
// work items, and who the user is (GET /rest/api/3/myself).
const (
	scopeSystemToken = "read:app-system-token"
	scopeUserToken   = "read:app-user-token"
	scopeReadWork    = "read:jira-work"
	scopeReadUser    = "read:jira-user"
)

// Build makes the manifest. The problems are manifest.Problems: if one of them is an
// error, Forge or Jira would refuse the manifest, and it must not be used.
func Build(in Input) (Manifest, manifest.Problems) {
	b := &builder{}
	m := Manifest{
		App:         App{ID: b.appID(in.AppID), Runtime: Runtime{Name: "nodejs24.x"}},
		Permissions: Permissions{Scopes: in.AllScopes()},
		Remotes:     []Remote{remote(b.publicURL(in.PublicURL))},
		Resources: []Resource{
			{Key: iconsKey, Path: "static/icons"},
			{Key: adminKey, Path: "src/frontend/admin.jsx"},
			{Key: personalKey, Path: "src/frontend/personal.jsx"},
		},
		Modules: fixedModules(),
	}
	if len(in.Agents) == 0 {
		b.errorf("", "no agent is offered: the app needs one at least; see platforms.a2a.agents")
	}
	for _, a := range in.Agents {
		m.Modules.Agents = append(m.Modules.Agents, b.connector(a))
		m.Modules.Endpoints = append(m.Modules.Endpoints, endpoint(endpointKey(a.Name), agentPath(a)))
	}
	b.unique(in.Agents, m.Modules)
	return m, b.problems
}

// scopes puts those of the tools after those that are always needed.
func scopes(tools []string) []string {
	list := []string{scopeSystemToken, scopeUserToken, scopeReadWork, scopeReadUser}
	tools = slices.Clone(tools)
	slices.Sort(tools)
	for _, scope := range tools {
		if !slices.Contains(list, scope) {
			list = append(list, scope)
		}
	}
	return list
}

// remote is the daemon. It keeps what users ask and what agents answer, which
// Atlassian wants to be told.
func remote(baseURL string) Remote {
	return Remote{
		Key: remoteKey, BaseURL: baseURL, Operations: []string{"compute", "storage"}, Storage: Storage{InScopeEUD: true},
		Auth: Auth{AppSystemToken: Switch{true}, AppUserToken: Switch{true}},
	}
}

// fixedModules are those that every app has.
func fixedModules() Modules {
	return Modules{
		AdminPage: []Page{{Key: adminKey, Title: "Agents", Resource: adminKey, Render: "native",
			Resolver: Resolver{Endpoint: configKey}, UseAsConfig: true}},
		PersonalPage: []Page{{Key: personalKey, Title: "Agents", Resource: personalKey, Render: "native",
			Resolver: Resolver{Endpoint: accountKey}}},
		Triggers: []Trigger{
			{Key: installed, Endpoint: installed + endpointSuffix, Events: []string{"avi:forge:installed:app"}},
			{Key: upgraded, Endpoint: upgraded + endpointSuffix, Events: []string{"avi:forge:upgraded:app"}},
		},
		PreUninstall: []PreUninstall{{Key: uninstalled, Endpoint: uninstalled + endpointSuffix}},
		Endpoints: []Endpoint{
			endpoint(installed+endpointSuffix, "/atlassian/installed"),
			endpoint(upgraded+endpointSuffix, "/atlassian/upgraded"),
			endpoint(uninstalled+endpointSuffix, "/atlassian/uninstalled"),
			endpoint(configKey, "/atlassian/config"),
			endpoint(accountKey, "/atlassian/account"),
		},
	}
}

func endpoint(key, path string) Endpoint {
	return Endpoint{Key: key, Remote: remoteKey, Route: Route{Path: path}}
}

// agentPath is where an agent answers.
func agentPath(a Agent) string {
	if a.Default {
		return "/a2a/json-rpc"
	}
	return "/a2a/" + a.Name + "/json-rpc"
}
