package trace_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/aofctl/aofctl/internal/requirement"
	"github.com/aofctl/aofctl/internal/sandbox/confluence"
)

const fromPage = `{"page_id":"PAGE","from_page":true}`

// testCase is a test case as a model writes it.
func testCase(id, of, kind, title string, criteria ...string) string {
	raw, _ := json.Marshal(map[string]any{
		"id": id, "requirement": of, "kind": kind, "title": title, "criteria": append([]string{}, criteria...), "steps": "1. Do <it>\n2. Look", "expected": "Done & seen",
	})
	return string(raw)
}

func planArgs(cases ...string) string {
	return `{"page_id":"PAGE","labels":["test-plan"],"cases":[` + strings.Join(cases, ",") + `]}`
}

// plan is the page with the test cases.
func (s *site) plan(out map[string]any) confluence.PageState {
	s.t.Helper()
	id, _ := out["test_plan"].(string)
	page, ok := s.wiki.Page(id)
	if !ok {
		s.t.Fatalf("no plan in %v", out)
	}
	return page
}

func ids(out map[string]any, list string) []string {
	var got []string
	values, _ := out[list].([]any)
	for _, v := range values {
		got = append(got, fmt.Sprint(v))
	}
	return got
}

func TestATestPlanIsMadeOnceAndFound(t *testing.T) {
	both(t, func(t *testing.T, s *site) {
		s.do("atlassian_register_requirements", fromPage)
		if out := s.do("atlassian_check_test_plan", `{"page_id":"PAGE"}`); out["complete"] != false || out["test_plan"] != "" || len(out["gaps"].([]any)) != 3 {
			t.Errorf("without a plan: %v", out)
		}
		if out := s.do("atlassian_write_test_plan", planArgs()); out["test_plan"] != "" || out["created"] != false {
			t.Errorf("a plan of nothing: %v", out)
		}
		out := s.do("atlassian_write_test_plan", planArgs(testCase("TC-77", "req-1", "positive", "Ten", "ac-1"), testCase("", "REQ-1", "edge", "None", "ac-2")))
		if diff := cmp.Diff([]string{"TC-1", "TC-2"}, ids(out, "added")); diff != "" || out["created"] != true {
			t.Errorf("%s%v", diff, out)
		}
		page := s.plan(out)
		if page.Title != "Notifications - Test Plan" || !strings.Contains(page.Body, "<ol><li>Do &lt;it&gt;</li><li>Look</li></ol>") || !slices.Contains(page.Labels, "test-plan") {
			t.Errorf("%+v", page)
		}
		if err := s.wiki.As("alice").RenamePage(page.ID, "How we test"); err != nil {
			t.Fatal(err)
		}
		writes := s.wiki.Requests()
		again := s.do("atlassian_write_test_plan", planArgs(testCase("", "req-1", "edge", "NONE", "ac-2")))
		if again["changed"] != false || again["test_plan"] != page.ID || len(again["left_out"].([]any)) != 1 {
			t.Errorf("again: %v", again)
		}
		for _, r := range s.wiki.Requests()[len(writes):] {
			if r.Method != "GET" {
				t.Errorf("written again: %s %s", r.Method, r.Path)
			}
		}
		if get := s.do("atlassian_get_requirements", `{"page_id":"PAGE"}`); get["test_plan"] != page.ID {
			t.Errorf("the plan is not told: %v", get["test_plan"])
		}
		if err := s.wiki.As("alice").TrashPage(page.ID); err != nil {
			t.Fatal(err)
		}
		other := s.do("atlassian_write_test_plan", planArgs(testCase("", "req-1", "edge", "None", "ac-2")))
		if diff := cmp.Diff([]string{"TC-3"}, ids(other, "added")); diff != "" || other["test_plan"] == page.ID {
			t.Errorf("after it was thrown away: %s%v", diff, other)
		}
	})
}

// TestNoIDOfATestCaseIsGivenTwice deletes rows and writes at the same time.
func TestNoIDOfATestCaseIsGivenTwice(t *testing.T) {
	both(t, func(t *testing.T, s *site) {
		s.do("atlassian_register_requirements", fromPage)
		page := s.plan(s.do("atlassian_write_test_plan", planArgs(testCase("", "req-2", "positive", "One"), testCase("", "req-2", "edge", "Two"))))
		at := strings.Index(page.Body, "<tr><td>TC-2")
		if err := s.wiki.As("bob").EditPage(page.ID, page.Body[:at]+page.Body[strings.LastIndex(page.Body, "</tbody>"):], ""); err != nil {
			t.Fatal(err)
		}
		calls := make(chan string, 4)
		var wg sync.WaitGroup
		for i := range 4 {
			call := s.newCall(planArgs(testCase("", "req-2", "negative", fmt.Sprintf("At once %d", i))))
			wg.Go(func() {
				result, err := s.try("atlassian_write_test_plan", call)
				if err == nil && !result.Failed {
					var out struct{ Added []string }
					_ = json.Unmarshal([]byte(result.Text), &out)
					for _, id := range out.Added {
						calls <- id
					}
				}
			})
		}
		wg.Wait()
		close(calls)
		seen := map[string]bool{"TC-1": true, "TC-2": true}
		for id := range calls {
			if seen[id] {
				t.Errorf("%s was given twice", id)
			}
			seen[id] = true
		}
		out := s.do("atlassian_check_test_plan", `{"page_id":"PAGE"}`)
		if list, _ := out["duplicate_ids"].([]any); len(list) > 0 {
			t.Errorf("%v", list)
		}
	})
}

func TestAnEditOfThePageMakesItsCasesStaleAndNoOthers(t *testing.T) {
	both(t, func(t *testing.T, s *site) {
		s.do("atlassian_register_requirements", fromPage)
		s.do("atlassian_write_test_plan", planArgs(testCase("", "req-1", "positive", "Ten", "ac-1", "ac-2"), testCase("", "req-2", "positive", "At night")))
		s.edit(strings.Replace(strings.Replace(spec, "at most ten", "at most twelve", 1), `<h2>REQ-2: Quiet hours</h2><p>Nothing is sent between 22:00 and 7:00.</p>`, "", 1))
		s.do("atlassian_register_requirements", fromPage)
		if out := s.do("atlassian_write_test_plan", planArgs()); cmp.Diff([]string{"TC-2"}, ids(out, "obsolete")) != "" || out["changed"] != true {
			t.Errorf("what is gone is not marked: %v", out)
		}
		before := s.plan(s.do("atlassian_write_test_plan", planArgs())).Body
		same := s.do("atlassian_write_test_plan", planArgs(testCase("TC-1", "req-1", "positive", "Ten", "ac-1", "ac-2")))
		if after := s.plan(same).Body; cmp.Diff([]string{"TC-1"}, ids(same, "confirmed")) != "" || after != strings.Replace(before, "<td>1</td><td></td><td></td></tr><tr><td>TC-2", "<td>2</td><td></td><td></td></tr><tr><td>TC-2", 1) {
			t.Errorf("written again as it is: %v\n%s", same, after)
		}
		s.edit(strings.Replace(s.state().Body, "at most twelve", "at most 12", 1))
		s.do("atlassian_register_requirements", fromPage)
		check := s.do("atlassian_check_test_plan", `{"page_id":"PAGE"}`)
		if text := fmt.Sprint(check["stale_cases"]); !strings.Contains(text, "TC-1") || strings.Contains(text, "TC-2") {
			t.Errorf("stale: %s", text)
		}
		out := s.do("atlassian_write_test_plan", planArgs(testCase("TC-1", "req-1", "positive", "Twelve", "ac-1", "ac-2"), testCase("TC-2", "req-2", "positive", "No more")))
		if cmp.Diff([]string{"TC-1"}, ids(out, "rewritten")) != "" || len(out["left_out"].([]any)) != 1 {
			t.Errorf("%v", out)
		}
		if page := s.plan(out); !strings.Contains(page.Body, "Twelve") || !strings.Contains(page.Body, "At night") || !strings.Contains(page.Body, "obsolete, was positive") {
			t.Errorf("%s", page.Body)
		}
	})
}

// TestEachWriteOfAPlanMayGoWrong lets each request fail before and after it was carried
// out: whatever happens, there is one page with each case once.
func TestEachWriteOfAPlanMayGoWrong(t *testing.T) {
	for _, effect := range []string{"cut_before", "cut_after"} {
		for skip := range 6 {
			t.Run(fmt.Sprint(effect, skip), func(t *testing.T) {
				s := newSite(t, confluence.Cloud)
				s.do("atlassian_register_requirements", fromPage)
				s.fault("confluence", effect, skip, 2)
				s.insist("atlassian_write_test_plan", s.newCall(planArgs(testCase("", "req-2", "positive", "One"), testCase("", "req-2", "edge", "Two"))))
				out := s.insist("atlassian_write_test_plan", s.newCall(planArgs(testCase("", "req-2", "negative", "Three"))))
				body := s.plan(out).Body
				for _, id := range []string{"<td>TC-1</td>", "<td>TC-2</td>", "<td>TC-3</td>"} {
					if strings.Count(body, id) != 1 {
						t.Errorf("%s stands %d times in\n%s", id, strings.Count(body, id), body)
					}
				}
				if r := s.kept(); r.Plan == nil || r.Plan.Last != 3 {
					t.Errorf("%+v", r.Plan)
				}
			})
		}
	}
}

// TestARunThatWasOvertakenTakesOtherNumbers lets a call die after it was given numbers,
// and another one write before it is made again.
func TestARunThatWasOvertakenTakesOtherNumbers(t *testing.T) {
	both(t, func(t *testing.T, s *site) {
		s.do("atlassian_register_requirements", fromPage)
		s.do("atlassian_write_test_plan", planArgs(testCase("", "req-2", "positive", "One")))
		first := s.newCall(planArgs(testCase("", "req-2", "edge", "Two")))
		s.fault("confluence", "cut_before", 1, 1)
		if _, err := s.try("atlassian_write_test_plan", first); err == nil {
			t.Fatal("nothing went wrong")
		}
		s.do("atlassian_write_test_plan", planArgs(testCase("", "req-2", "negative", "Three")))
		body := s.plan(s.insist("atlassian_write_test_plan", first)).Body
		for _, title := range []string{"One", "Two", "Three"} {
			if strings.Count(body, "<td>"+title+"</td>") != 1 {
				t.Errorf("%s stands %d times in\n%s", title, strings.Count(body, title), body)
			}
		}
		if list, _ := s.do("atlassian_check_test_plan", `{"page_id":"PAGE"}`)["duplicate_ids"].([]any); len(list) > 0 {
			t.Errorf("%v", list)
		}
	})
}

func TestAPlanStaysWithinItsScope(t *testing.T) {
	both(t, func(t *testing.T, s *site) {
		s.fail("atlassian_write_test_plan", planArgs(), "no registered requirements")
		s.fail("atlassian_write_test_plan", `{"page_id":"OTHERPAGE","cases":[]}`, "outside the scope")
		s.do("atlassian_register_requirements", fromPage)
		s.put(func(r *requirement.Register) { r.Plan = &requirement.PlanPage{Page: s.other} })
		s.fail("atlassian_write_test_plan", planArgs(testCase("", "req-2", "edge", "A")), "outside the scope")
		s.fail("atlassian_check_test_plan", `{"page_id":"PAGE"}`, "outside the scope")
	})
}

func TestTheRequirementsOfAnIssueAreFound(t *testing.T) {
	both(t, func(t *testing.T, s *site) {
		key := s.stories()["req-1"]
		out := s.do("atlassian_find_requirements", `{"issue_key":"`+key+`"}`)
		list, _ := out["requirements"].([]any)
		if len(list) != 1 {
			t.Fatalf("%v", out)
		}
		one, _ := list[0].(map[string]any)
		if one["ref"] != s.page+"#req-1" || one["section"] != "REQ-1: Digest mode" || one["page_title"] != "Notifications" || len(one["criteria"].([]any)) != 2 {
			t.Errorf("%v", one)
		}
		mentioned := s.story("Digests", "See "+s.page+"#req-2 and "+s.other+"#req-1")
		if out = s.do("atlassian_find_requirements", `{"issue_key":"`+mentioned+`"}`); len(out["requirements"].([]any)) != 1 || fmt.Sprint(out["elsewhere"]) != "1" {
			t.Errorf("of what a description names: %v", out)
		}
		if out = s.do("atlassian_find_requirements", `{"issue_key":"PROJ-1"}`); len(out["requirements"].([]any)) != 0 {
			t.Errorf("of nothing: %v", out)
		}
		s.fail("atlassian_find_requirements", `{"issue_key":"OTHER-1"}`, "outside")
	})
}

func TestWhatHasNoIDIsLeftAloneIfWanted(t *testing.T) {
	both(t, func(t *testing.T, s *site) {
		s.do("atlassian_register_requirements", `{"page_id":"PAGE","complete":true,"requirements":[{"id":"REQ-1","title":"Digest mode"},{"id":"REQ-2","title":"Quiet hours"},{"title":"People are told","section":"Requirements"}]}`)
		s.edit(strings.Replace(spec, `<h2>REQ-2: Quiet hours</h2><p>Nothing is sent between 22:00 and 7:00.</p>`, "", 1))
		out := s.do("atlassian_register_requirements", `{"page_id":"PAGE","from_page":true,"keep_unmarked":true}`)
		r := s.kept()
		if one := r.Find("people-are-told"); one == nil || one.State != requirement.Current {
			t.Errorf("%v\n%+v", out, one)
		}
		if one := r.Find("req-2"); one == nil || one.State != requirement.Removed {
			t.Errorf("what lost its id is %+v", one)
		}
		s.fail("atlassian_register_requirements", `{"page_id":"PAGE","keep_unmarked":true,"requirements":[{"title":"x"}]}`, "from_page only")
	})
}
