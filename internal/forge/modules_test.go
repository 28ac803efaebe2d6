package forge_test

import (
	"slices"
	"testing"

	"github.com/aofctl/aofctl/internal/forge"
	"github.com/aofctl/aofctl/internal/forge/forgeapp"
)

// TestTheRoutesAreForTheModulesOfTheApp holds the keys of the manifest and those
// that routes let in together.
func TestTheRoutesAreForTheModulesOfTheApp(t *testing.T) {
	m, problems := forgeapp.Build(forgeapp.Input{
		AppID: "ari:cloud:ecosystem::app/8db33809-1f32-48bb-8c52-5877dab48107", PublicURL: "https://agents.example.com", Agents: []forgeapp.Agent{{Name: "triage", Description: "Triages.", Default: true}},
	})
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	users := map[string][]string{} // by endpoint
	for _, page := range slices.Concat(m.Modules.AdminPage, m.Modules.PersonalPage) {
		users[page.Resolver.Endpoint] = append(users[page.Resolver.Endpoint], page.Key)
	}
	for _, trigger := range m.Modules.Triggers {
		users[trigger.Endpoint] = append(users[trigger.Endpoint], trigger.Key)
	}
	for _, u := range m.Modules.PreUninstall {
		users[u.Endpoint] = append(users[u.Endpoint], u.Key)
	}
	ours := forge.AppModules()
	routes := map[string][]string{
		"/atlassian/installed": ours.Installed, "/atlassian/upgraded": ours.Upgraded, "/atlassian/uninstalled": ours.Uninstalled,
		"/atlassian/config": ours.Config, "/atlassian/account": ours.Account,
	}
	for _, e := range m.Modules.Endpoints {
		allowed, ours := routes[e.Route.Path]
		if !ours {
			continue
		}
		delete(routes, e.Route.Path)
		want := append([]string{e.Key}, users[e.Key]...)
		slices.Sort(want)
		got := slices.Sorted(slices.Values(allowed))
		if !slices.Equal(got, want) {
			t.Errorf("%s is for %v, the manifest has %v", e.Route.Path, got, want)
		}
	}
	if len(routes) > 0 {
		t.Errorf("the manifest has no endpoint for %v", routes)
	}
}
