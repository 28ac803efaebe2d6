package requirement_test

import (
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/aofctl/aofctl/internal/requirement"
)

// sources are a page with requirements and issues in every state.
func sources() requirement.Sources {
	r := registered(digest(), quiet(), leaving(), requirement.Found{Explicit: "REQ-9", Title: "Fax", Text: "Messages are faxed."})
	r = again(r, 2, digest(), quiet(), leaving()).Register
	set := func(id string, issues ...requirement.Issue) { r.Find(id).Issues = issues }
	set("req-1", requirement.Issue{Key: "PROJ-10", Hash: r.Find("req-1").Hash}, requirement.Issue{Key: "PROJ-2", Hash: "before"})
	set("quiet-hours", requirement.Issue{Key: "PROJ-66"})
	set("req-9", requirement.Issue{Key: "PROJ-9"})
	r.Issues = []requirement.Issue{{Key: "PROJ-1"}}
	issue := func(key string) requirement.IssueInfo {
		return requirement.IssueInfo{Key: key, Summary: "about " + key, Status: "To Do", URL: "https://x.example/browse/" + key, Asked: key != "PROJ-1"}
	}
	tie := func(key, id, via string) requirement.Tie {
		return requirement.Tie{Key: key, Ref: requirement.Reference{Page: "7", ID: id}, Via: via}
	}
	plan := planned(header + "| TC-1 | req-1 | | edge | | |\n")
	return requirement.Sources{
		Pages:  []requirement.PageInfo{{ID: "7", Title: "Notify | all", URL: "https://x.example/7", Register: r, Registered: true}},
		Issues: []requirement.IssueInfo{issue("PROJ-1"), issue("PROJ-10"), issue("PROJ-2"), issue("PROJ-3"), issue("PROJ-9"), issue("PROJ-4"), issue("PROJ-5")},
		Ties: []requirement.Tie{
			tie("PROJ-1", "", requirement.ViaLink), tie("PROJ-10", "req-1", requirement.ViaLink), tie("PROJ-9", "req-9", requirement.ViaLink),
			tie("PROJ-4", "never-was", requirement.ViaLink), tie("PROJ-5", "req-1", requirement.ViaMention),
		},
		Plan: &plan,
	}
}

func TestAMatrixTellsWhatIsMissingOnEitherSide(t *testing.T) {
	m := requirement.Trace(sources())
	ref := func(id string) requirement.Reference { return requirement.Reference{Page: "7", ID: id} }
	type told struct {
		WithoutIssue, Several                           []requirement.Reference
		Without                                         []string
		Dead, Missing, Unlinked, Unregistered, Outdated []requirement.Pair
	}
	var without []string
	for _, i := range m.WithoutRequirement {
		without = append(without, i.Key)
	}
	want := told{
		WithoutIssue: []requirement.Reference{ref("unsubscribing")}, Several: []requirement.Reference{ref("req-1")}, Without: []string{"PROJ-3"},
		Dead:     []requirement.Pair{{Key: "PROJ-4", Ref: ref("never-was")}, {Key: "PROJ-9", Ref: ref("req-9")}},
		Missing:  []requirement.Pair{{Key: "PROJ-66", Ref: ref("quiet-hours")}},
		Unlinked: []requirement.Pair{{Key: "PROJ-2", Ref: ref("req-1")}},
		Outdated: []requirement.Pair{{Key: "PROJ-2", Ref: ref("req-1")}},
	}
	if diff := cmp.Diff(want, told{m.WithoutIssue, m.Several, without, m.Dead, m.Missing, m.Unlinked, m.Unregistered, m.Stale}); diff != "" {
		t.Error(diff)
	}
	if got := m.Rows[0]; len(got.Issues) != 3 || got.Issues[0].Key != "PROJ-2" || got.Issues[2].Key != "PROJ-10" || len(got.Cases) != 1 {
		t.Errorf("the first row is %+v", got)
	}
	if got := m.PageRows[0].Issues; len(got) != 1 || strings.Join(got[0].Via, " ") != "link register" {
		t.Errorf("the page has %+v", got)
	}
}

func TestAMatrixIsTheSameWhateverTheOrder(t *testing.T) {
	want := requirement.Trace(sources())
	for seed := range uint64(50) {
		rnd := rand.New(rand.NewPCG(seed, 3)) //nolint:gosec // a test
		s := sources()
		rnd.Shuffle(len(s.Issues), func(i, j int) { s.Issues[i], s.Issues[j] = s.Issues[j], s.Issues[i] })
		rnd.Shuffle(len(s.Ties), func(i, j int) { s.Ties[i], s.Ties[j] = s.Ties[j], s.Ties[i] })
		got := requirement.Trace(s)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatal(diff)
		}
	}
}

func TestAMatrixBecomesATableForAPage(t *testing.T) {
	m := requirement.Trace(sources())
	want := `| Requirement | Issues | Status | Test cases |
| --- | --- | --- | --- |
| [REQ-1: Digest mode](https://x.example/7) | [PROJ-2](https://x.example/browse/PROJ-2) (requirement changed), [PROJ-5](https://x.example/browse/PROJ-5), [PROJ-10](https://x.example/browse/PROJ-10) | To Do, To Do, To Do | TC-1 (edge) |
| [Quiet hours](https://x.example/7) | PROJ-66 (gone) | – | – |
| [Unsubscribing](https://x.example/7) | – | – | – |
| [REQ-9: Fax](https://x.example/7) (removed) | [PROJ-9](https://x.example/browse/PROJ-9) | To Do | – |

**Requirements without an issue**

- [Unsubscribing](https://x.example/7)

**Issues without a requirement**

- [PROJ-3](https://x.example/browse/PROJ-3) about PROJ-3

**Issues of requirements that changed since**

- [PROJ-2](https://x.example/browse/PROJ-2): [REQ-1: Digest mode](https://x.example/7)

**Issues of requirements that are gone**

- PROJ-4: 7#never-was
- [PROJ-9](https://x.example/browse/PROJ-9): [REQ-9: Fax](https://x.example/7)

**Issues that are gone**

- PROJ-66: [Quiet hours](https://x.example/7)

**Requirements with several issues**

- [REQ-1: Digest mode](https://x.example/7)`
	if diff := cmp.Diff(want, strings.TrimSpace(m.Markdown(m.Rows))); diff != "" {
		t.Error(diff)
	}
}

func TestAMatrixIsRebuiltFromLinksAlone(t *testing.T) {
	s := sources()
	s.Pages[0].Register, s.Pages[0].Registered = requirement.Register{}, false
	s.Ties[1].Title = "REQ-1: Digest mode"
	m := requirement.Trace(s)
	var got []string
	for _, r := range m.Rows {
		if !r.Recovered {
			t.Errorf("%+v", r)
		}
		got = append(got, r.Ref.ID+" "+r.Name)
	}
	if diff := cmp.Diff([]string{"never-was never-was", "req-1 REQ-1: Digest mode", "req-9 req-9"}, got); diff != "" {
		t.Error(diff)
	}
	r := requirement.Recover("7", s.Ties)
	if len(r.Requirements) != 3 || r.Requirements[1].Explicit != "REQ-1" || r.Requirements[1].Title != "Digest mode" || r.Issues[0].Key != "PROJ-1" {
		t.Errorf("%+v", r)
	}
	one := again(r, 5, digest(), quiet())
	if first := one.Register.Requirements[0]; first.ID != "req-1" || first.Keys()[0] != "PROJ-10" || one.Changes[1].Kind != requirement.New {
		t.Errorf("%+v", one)
	}
}
