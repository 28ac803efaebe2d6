package requirement_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/aofctl/aofctl/internal/markup/storage"
	"github.com/aofctl/aofctl/internal/requirement"
)

// overlookedPage states three requirements, two with ids and one without.
const overlookedPage = `<h1>Requirements</h1>
<h2>REQ-1: Sign in</h2><p>With a passkey.</p><p>Acceptance criteria:</p><ul><li>No password is asked for</li></ul>
<h2>REQ-2: Sign out</h2><p>At once, everywhere.</p>
<h2>Stay signed in</h2><p>For a week.</p>`

func outlineOf(t *testing.T, page string) requirement.Outline {
	t.Helper()
	d, _ := storage.Parse(page)
	return requirement.Read(d)
}

// registerOf is the register of a page whose requirements were all named.
func registerOf(t *testing.T, o requirement.Outline) requirement.Register {
	t.Helper()
	found, _ := requirement.Ground(o, []requirement.Found{{ID: "REQ-1", Title: "Sign in"}, {ID: "REQ-2", Title: "Sign out"}, {Title: "Stay signed in"}})
	return requirement.Reconcile(requirement.Register{}, found, requirement.Seen{Version: 1, Complete: true}).Register
}

func TestWhatThePageStillStatesIsNotRemovedBecauseNobodyNamedIt(t *testing.T) {
	before := registerOf(t, outlineOf(t, overlookedPage))
	without := strings.Replace(overlookedPage, "<h2>REQ-2: Sign out</h2><p>At once, everywhere.</p>", "", 1)
	for _, c := range []struct {
		name  string
		page  string
		named []requirement.Found
		more  []string
		kinds map[string]requirement.Kind
	}{
		{"nothing is named", overlookedPage, nil, []string{"req-1", "req-2", "stay-signed-in"},
			map[string]requirement.Kind{"req-1": requirement.Unchanged, "req-2": requirement.Unchanged, "stay-signed-in": requirement.Unchanged}},
		{"one is named by the page's id, one by its title", overlookedPage, []requirement.Found{{ID: "REQ-2", Title: "Sign out"}, {Title: "stay signed in"}}, []string{"req-1"},
			map[string]requirement.Kind{"req-1": requirement.Unchanged, "req-2": requirement.Unchanged, "stay-signed-in": requirement.Unchanged}},
		{"what is gone from the page is removed", without, []requirement.Found{{ID: "req-1", Title: "Sign in"}}, []string{"stay-signed-in"},
			map[string]requirement.Kind{"req-1": requirement.Unchanged, "req-2": requirement.Gone, "stay-signed-in": requirement.Unchanged}},
	} {
		t.Run(c.name, func(t *testing.T) {
			o := outlineOf(t, c.page)
			found, _ := requirement.Ground(o, c.named)
			more, notes := requirement.Overlooked(o, before, found)
			var ids []string
			for _, f := range more {
				ids = append(ids, f.ID)
			}
			if diff := cmp.Diff(c.more, ids); diff != "" || len(notes) != len(more) {
				t.Errorf("overlooked (-want +got):\n%s\nnotes %q", diff, notes)
			}
			kinds := map[string]requirement.Kind{}
			for _, change := range requirement.Reconcile(before, append(found, more...), requirement.Seen{Version: 2, Complete: true}).Changes {
				kinds[change.ID] = change.Kind
			}
			if diff := cmp.Diff(c.kinds, kinds); diff != "" {
				t.Errorf("changes (-want +got):\n%s", diff)
			}
		})
	}
}

func TestCriteriaOfThePageCountAndNotThoseOfTheFinder(t *testing.T) {
	found, _ := requirement.Ground(outlineOf(t, overlookedPage), []requirement.Found{
		{ID: "REQ-1", Title: "Sign in", Criteria: []string{"Something that nobody wrote"}}, {ID: "REQ-2", Title: "Sign out", Criteria: []string{"Within a second"}}})
	if diff := cmp.Diff([][]string{{"No password is asked for"}, {"Within a second"}}, [][]string{found[0].Criteria, found[1].Criteria}); diff != "" {
		t.Errorf("criteria (-want +got):\n%s", diff)
	}
}
