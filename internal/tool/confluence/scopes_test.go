package confluence_test

import (
	"net/http"
	"slices"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	sandbox "github.com/aofctl/aofctl/internal/sandbox/confluence"
	"github.com/aofctl/aofctl/internal/tool/confluence"
)

// readings are a call of each tool that reads.
func readings() map[string]string {
	page := `{"page_id":"PAGE"}`
	return map[string]string{
		"confluence_get_page": page, "confluence_get_labels": page, "confluence_get_property": page, "confluence_get_children": page,
		"confluence_get_ancestors": `{"page_id":"CHILD"}`, "confluence_get_page_history": page, "confluence_list_attachments": page,
		"confluence_get_comments": page, "confluence_search": `{"text":"people"}`, "confluence_list_spaces": `{}`,
		"confluence_diff_versions": `{"page_id":"PAGE","from_version":1,"to_version":2}`, "confluence_get_attachment": `{"page_id":"PAGE","filename":"a.txt"}`,
	}
}

func TestEveryToolHasTheScopesThatAtlassianAsksFor(t *testing.T) {
	described := contracts[sandbox.Cloud]()
	if described == nil {
		t.Skip("no descriptions of Atlassian's here")
	}
	used := map[string][]string{}
	var mu sync.Mutex // a request that was cut off may still be served
	try := func(tool string, call func(s *site)) {
		s := newSite(t, sandbox.Cloud)
		s.seen = func(r *http.Request) {
			mu.Lock()
			defer mu.Unlock()
			for _, scope := range described.Scopes(r) {
				if !slices.Contains(used[tool], scope) {
					used[tool] = append(used[tool], scope)
				}
			}
		}
		call(s)
	}
	for tool, args := range readings() {
		try(tool, func(s *site) {
			if err := s.As("bob").Attach(s.page, "a.txt", "text/plain", []byte("a")); err != nil {
				t.Fatal(err)
			}
			if err := s.As("bob").EditPage(s.page, "<p>new</p>", ""); err != nil {
				t.Fatal(err)
			}
			s.do(tool, args)
		})
	}
	for _, c := range writeCases() {
		try(c.tool, func(s *site) { interrupted(t, c, s, sandbox.Fault{Effect: sandbox.CutBefore}) })
	}
	last := newSite(t, sandbox.Cloud)
	mu.Lock()
	defer mu.Unlock()
	for _, tl := range last.tools.All() {
		name := tl.Spec().Name
		listed := confluence.Scopes(name)
		for _, scope := range used[name] {
			if !slices.Contains(listed, scope) {
				t.Errorf("%s asks for what needs %s, and is listed with %v", name, scope, listed)
			}
		}
		for _, scope := range listed {
			everyday := scope == confluence.ScopeReadDetails || scope == confluence.ScopeReadPage || scope == confluence.ScopeReadSpace
			if !everyday && !slices.Contains(used[name], scope) {
				t.Errorf("%s is listed with %s, and does not use it", name, scope)
			}
		}
		if len(used[name]) == 0 {
			t.Errorf("%s is not called", name)
		}
	}
}

func TestScopesOfToolsThatAreNotListedLetThemWrite(t *testing.T) {
	for tool, want := range map[string][]string{
		"confluence_search":        {"read:content-details:confluence"},
		"confluence_something_new": {"read:content-details:confluence", "read:page:confluence", "read:space:confluence", "write:page:confluence"},
		"jira_get_issue":           nil,
	} {
		if diff := cmp.Diff(want, confluence.Scopes(tool)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tool, diff)
		}
	}
}
