package jira_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/aofctl/aofctl/internal/tool/jira"
)

func TestEveryToolHasTheScopesThatAtlassianAsksFor(t *testing.T) {
	if c, err := cloudContract(); c == nil || err != nil {
		t.Skipf("no descriptions of Atlassian's here: %v", err)
	}
	s := newSite(t)
	used := map[string]bool{}
	s.callAll(func(tool string) {
		listed := jira.Scopes(tool)
		for _, scope := range s.scopes[tool] {
			used[tool+" "+scope] = true
			if !slices.Contains(listed, scope) {
				t.Errorf("%s asks for what needs %s, and is listed with %v", tool, scope, listed)
			}
		}
	})
	// What the examples do not show: the description of boards tells no scopes, and
	// some look up people, projects or issues only with other arguments.
	unseen := map[string]string{
		"jira_list_boards":       "read:board-scope:jira-software read:project:jira",
		"jira_get_sprint_issues": "read:board-scope.admin:jira-software read:project:jira",
	}
	for _, name := range s.reg.Names() {
		for _, scope := range jira.Scopes(name) {
			everyday := scope == jira.ScopeReadWork || scope == jira.ScopeReadUser
			if !used[name+" "+scope] && !everyday && !slices.Contains(strings.Fields(unseen[name]), scope) {
				t.Errorf("%s is listed with %s, and does not use it", name, scope)
			}
		}
	}
}

func TestScopesOfToolsThatAreNotListedLetThemWrite(t *testing.T) {
	for tool, want := range map[string][]string{
		"jira_get_issue":     {"read:jira-work"},
		"jira_update_issue":  {"read:jira-user", "read:jira-work", "write:jira-work"},
		"jira_something_new": {"read:jira-user", "read:jira-work", "write:jira-work"},
		"http_request":       nil,
		"github_get_issue":   nil,
	} {
		if diff := cmp.Diff(want, jira.Scopes(tool)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tool, diff)
		}
	}
}
