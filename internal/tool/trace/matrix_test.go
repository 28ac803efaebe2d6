package trace_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/aofctl/aofctl/internal/requirement"
	"github.com/aofctl/aofctl/internal/sandbox/confluence"
	"github.com/aofctl/aofctl/internal/sandbox/jira"
)

func (s *site) story(summary, description string) string {
	s.t.Helper()
	i, err := s.jira.As("alice").CreateIssue(jira.NewIssue{Project: "PROJ", Type: "Story", Summary: summary, Description: description})
	if err != nil {
		s.t.Fatal(err)
	}
	return i
}

func text(t *testing.T, out map[string]any) string {
	t.Helper()
	md, ok := out["markdown"].(string)
	if !ok {
		t.Fatalf("no text in %v", out)
	}
	return md
}

func TestAMatrixForAPageIsTheSameForTheSameFacts(t *testing.T) {
	both(t, func(t *testing.T, s *site) {
		key := s.story("Send digests", "For "+s.page+"#req-1")
		args := `{"page_id": "PAGE", "jql": "project = PROJ"}`
		first := s.do("atlassian_matrix", args)
		if second := s.do("atlassian_matrix", args); !cmp.Equal(first, second) {
			t.Error(cmp.Diff(first, second))
		}
		for _, want := range []string{"3 requirements, 2 without an issue, 1 issue without a requirement.", "REQ-1: Digest mode", "/browse/" + key, "An old story"} {
			if !strings.Contains(text(t, first), want) {
				t.Errorf("no %q in\n%s", want, text(t, first))
			}
		}
		if err := s.jira.As("alice").Transition(key, "In Progress"); err != nil {
			t.Fatal(err)
		}
		if later := s.do("atlassian_matrix", args); later["fingerprint"] == first["fingerprint"] {
			t.Error("another status has the same fingerprint")
		}
	})
}

func TestAMatrixIsMadeOfThePagesWithALabel(t *testing.T) {
	both(t, func(t *testing.T, s *site) {
		plan := s.made("DOC", "Plan", "<table><tbody><tr><th>ID</th><th>Requirement</th><th>Expected</th><th>Outcome</th></tr>"+
			"<tr><td>TC-1</td><td>REQ-1</td><td>ten</td><td>passed</td></tr></tbody></table>")
		for page, label := range map[string]string{s.page: "spec", s.other: "spec", plan: "plan"} {
			if err := s.wiki.As("alice").Label(page, label); err != nil {
				t.Fatal(err)
			}
		}
		out := s.do("atlassian_matrix", `{"space_key": "DOC", "label": "spec", "test_plan_label": "plan", "layout": "compliance"}`)
		if sources, _ := out["sources"].([]any); len(sources) != 1 || !strings.Contains(text(t, out), "TC-1 (passed)") || !strings.Contains(text(t, out), "Verdict") {
			t.Errorf("made of %v:\n%s", out["sources"], text(t, out))
		}
		s.fail("atlassian_matrix", `{"space_key": "TEAM", "label": "spec"}`, "outside the scope")
		s.fail("atlassian_matrix", `{"label": "spec"}`, "space_key is missing")
		s.fail("atlassian_matrix", `{"space_key": "DOC", "label": "x\" or space = \"TEAM"}`, "not a label")
		s.fail("atlassian_matrix", `{"space_key": "DOC", "label": "nothing"}`, "no page")
		s.fail("atlassian_matrix", `{"page_id": "OTHERPAGE"}`, "outside the scope")
	})
}

// TestAMatrixComesBackFromLinks takes the register of a page away.
func TestAMatrixComesBackFromLinks(t *testing.T) {
	both(t, func(t *testing.T, s *site) {
		s.do("atlassian_register_requirements", `{"page_id": "PAGE", "from_page": true}`)
		for _, id := range []string{"req-1", "unsubscribing"} {
			s.do("atlassian_create_issue", create(id, "Story"))
		}
		args := `{"page_id": "PAGE", "jql": "project = PROJ AND summary ~ Do"}`
		before := text(t, s.do("atlassian_matrix", args))
		if err := s.api.DeleteProperty(t.Context(), s.page, requirement.Key); err != nil {
			t.Fatal(err)
		}
		if after := text(t, s.do("atlassian_matrix", args)); after != before {
			t.Error(cmp.Diff(before, after))
		}
	})
}

func TestAPageIsRegisteredAsItStandsWithoutAList(t *testing.T) {
	both(t, func(t *testing.T, s *site) {
		got := states(s.do("atlassian_register_requirements", `{"page_id": "PAGE", "from_page": true}`))
		if want := map[string]string{"req-1": "new", "req-2": "new", "unsubscribing": "new"}; !cmp.Equal(got, want) {
			t.Error(cmp.Diff(want, got))
		}
		s.edit(strings.Replace(spec, "<h2>REQ-2: Quiet hours</h2><p>Nothing is sent between 22:00 and 7:00.</p>", "", 1))
		if got = states(s.do("atlassian_register_requirements", `{"page_id": "PAGE", "from_page": true}`)); got["req-2"] != "removed [state]" || got["req-1"] != "unchanged" {
			t.Errorf("after the edit: %v", got)
		}
		s.fail("atlassian_register_requirements", `{"page_id": "PAGE", "from_page": true, "requirements": []}`, "takes no requirements")
		s.fail("atlassian_register_requirements", `{"page_id": "PAGE"}`, "requirements are missing")
	})
}

// TestALargeMatrixIsWhole has 150 requirements and 300 issues.
func TestALargeMatrixIsWhole(t *testing.T) {
	s := newSite(t, confluence.Cloud)
	var body strings.Builder
	body.WriteString("<table><tbody><tr><th>ID</th><th>Requirement</th></tr>")
	for i := range 150 {
		fmt.Fprintf(&body, "<tr><td>REQ-%d</td><td>The product does thing number %d well</td></tr>", i+1, i+1)
	}
	s.edit(body.String() + "</tbody></table>")
	for i := range 300 {
		s.story(fmt.Sprintf("Do thing %d", i), fmt.Sprintf("%s#req-%d", s.page, i/2+1))
	}
	out := s.do("atlassian_matrix", `{"page_id": "PAGE", "jql": "project = PROJ AND summary ~ thing"}`)
	md := text(t, out)
	if out["requirements"] != float64(150) || out["requirements_without_issue"] != float64(0) || strings.Count(md, "/browse/") < 300 {
		t.Errorf("%v requirements, %v without an issue, %d bytes", out["requirements"], out["requirements_without_issue"], len(md))
	}
}

func TestEachItemIsToldOnce(t *testing.T) {
	both(t, func(t *testing.T, s *site) {
		list := func(items, name string) string {
			return fmt.Sprintf(`{"page_id": "PAGE", "name": %q, "items": [%s]}`, name, items)
		}
		for _, step := range []struct {
			items, name string
			want        map[string]any
		}{
			{`"a", "b", "a"`, "orphans", map[string]any{"first": true, "new": []any{"a", "b"}, "gone": 0.0}},
			{`"b", "a"`, "orphans", map[string]any{"first": false, "new": []any{}, "gone": 0.0}},
			{`"c", "b"`, "orphans", map[string]any{"first": false, "new": []any{"c"}, "gone": 1.0}},
			{`"a", "b", "c"`, "orphans", map[string]any{"first": false, "new": []any{"a"}, "gone": 0.0}},
			{`"a"`, "others", map[string]any{"first": true, "new": []any{"a"}, "gone": 0.0}},
			{``, "orphans", map[string]any{"first": false, "new": []any{}, "gone": 3.0}},
		} {
			if diff := cmp.Diff(step.want, s.do("atlassian_tell_new", list(step.items, step.name))); diff != "" {
				t.Errorf("%s %s (-want +got):\n%s", step.name, step.items, diff)
			}
		}
		s.fail("atlassian_tell_new", list(strings.Repeat(`"a",`, 1000)+`"a"`, "x"), "at most 1000")
		s.fail("atlassian_tell_new", list(`"a"`, " "), "name is empty")
		s.fail("atlassian_tell_new", `{"page_id": "OTHERPAGE", "name": "x", "items": []}`, "outside the scope")
	})
}

func TestWhatIsNewIsToldAgainToWhoDidNotHear(t *testing.T) {
	both(t, func(t *testing.T, s *site) {
		s.fault("confluence", "cut_after", 0, 2)
		call := s.newCall(`{"page_id": "PAGE", "name": "orphans", "items": ["a"]}`)
		want := map[string]any{"first": true, "new": []any{"a"}, "gone": 0.0}
		if diff := cmp.Diff(want, s.insist("atlassian_tell_new", call)); diff != "" {
			t.Errorf("after the crash:\n%s", diff)
		}
		s.ledger.Forget()
		if diff := cmp.Diff(want, s.done(call, "atlassian_tell_new")); diff != "" {
			t.Errorf("with its intent lost:\n%s", diff)
		}
	})
}

// TestOfManyRunsOneIsTold has runs look at the same list at the same time.
func TestOfManyRunsOneIsTold(t *testing.T) {
	both(t, func(t *testing.T, s *site) {
		var mu sync.Mutex
		var wg sync.WaitGroup
		told := 0
		for range 4 {
			call := s.newCall(`{"page_id": "PAGE", "name": "orphans", "items": ["a"]}`)
			wg.Go(func() {
				result, err := s.try("atlassian_tell_new", call)
				mu.Lock()
				defer mu.Unlock()
				if err != nil || result.Failed {
					t.Errorf("%+v, %v", result, err)
				}
				if strings.Contains(result.Text, `"new":["a"]`) {
					told++
				}
			})
		}
		wg.Wait()
		if told != 1 {
			t.Errorf("%d were told", told)
		}
	})
}
