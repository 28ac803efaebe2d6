package trace_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/aofctl/aofctl/internal/markup"
	"github.com/aofctl/aofctl/internal/markup/storage"
	"github.com/aofctl/aofctl/internal/requirement"
	"github.com/aofctl/aofctl/internal/sandbox/confluence"
	"github.com/aofctl/aofctl/internal/sandbox/jira"
)

const all = `{"page_id":"PAGE","complete":true,"requirements":[
{"id":"REQ-1","title":"Digest mode","criteria":["A digest holds at most ten messages","An empty digest is not sent"]},
{"id":"REQ-2","title":"Quiet hours"},
{"title":"Unsubscribing","section":"Unsubscribing","text":"Each mail has a link to unsubscribe"}]}`

func create(requirement, kind string) string {
	return fmt.Sprintf(`{"page_id":"PAGE","requirement":%q,"project_key":"PROJ","issue_type":%q,"summary":"Do %s","description":"As a reader.\n\n## Acceptance criteria\n\n- mine"}`,
		requirement, kind, requirement)
}

// stories registers the page and makes an epic and a story for each requirement.
func (s *site) stories() map[string]string {
	s.t.Helper()
	s.do("atlassian_register_requirements", all)
	out := map[string]string{}
	for _, id := range []string{"", "req-1", "req-2", "unsubscribing"} {
		kind := "Story"
		if id == "" {
			kind = "Epic"
		}
		made := s.do("atlassian_create_issue", create(id, kind))
		if made["created"] != true {
			s.t.Fatalf("%s: %v", id, made)
		}
		out[id], _ = made["issue"].(string)
	}
	return out
}

// states are the states of the requirements in a result, by id.
func states(out map[string]any) map[string]string {
	list, _ := out["requirements"].([]any)
	got := map[string]string{}
	for _, one := range list {
		r, _ := one.(map[string]any)
		got[r["id"].(string)] = strings.TrimSuffix(fmt.Sprint(r["state"], " ", r["changed"]), " <nil>")
	}
	return got
}

// links are the links of an issue to requirements.
func (s *site) links(key string) []string {
	var out []string
	for _, l := range s.issue(key).RemoteLinks {
		var object struct{ URL, Title string }
		_ = json.Unmarshal(l.Object, &object)
		_, name, _ := strings.Cut(l.GlobalID, "/")
		out = append(out, fmt.Sprintf("%s %s %s", strings.TrimPrefix(name, "wiki/"), l.Relationship, object.Title))
	}
	return out
}

// kept is the register of the page.
func (s *site) kept() requirement.Register {
	s.t.Helper()
	p, _ := s.wiki.Page(s.page)
	r, err := requirement.Decode(json.RawMessage(p.Properties[requirement.Key]))
	if err != nil {
		s.t.Fatal(err)
	}
	return r
}

func TestASpecificationBecomesStoriesOnce(t *testing.T) {
	both(t, func(t *testing.T, s *site) {
		keys := s.stories()
		if diff := cmp.Diff([]string{s.page + "#req-1 implements REQ-1: Digest mode"}, s.links(keys["req-1"])); diff != "" {
			t.Error(diff)
		}
		if diff := cmp.Diff([]string{s.page + " implements Notifications"}, s.links(keys[""])); diff != "" {
			t.Error(diff)
		}
		text := s.issue(keys["req-1"]).Description
		for _, want := range []string{"As a reader.", "h2. Acceptance criteria\n\n* *ac-1*: A digest holds at most ten messages\n* *ac-2*: An empty digest is not sent\n\nSource: [REQ-1: Digest mode (Notifications)|", "{{" + s.page + "#req-1}}"} {
			if !strings.Contains(text, want) {
				t.Errorf("the description has no %q: %s", want, text)
			}
		}
		if strings.Contains(text, "mine") {
			t.Errorf("the model's criteria are there, too: %s", text)
		}
		writes := s.writes()
		if got := states(s.do("atlassian_register_requirements", all)); !cmp.Equal(got, map[string]string{"req-1": "unchanged", "req-2": "unchanged", "unsubscribing": "unchanged"}) {
			t.Errorf("the second time: %v", got)
		}
		for id, key := range keys {
			if again := s.do("atlassian_create_issue", create(id, "Story")); again["created"] != false || again["issue"] != key {
				t.Errorf("%s: %v", id, again)
			}
		}
		if n := s.writes() - writes; n > 0 {
			t.Errorf("done again, %d things were written", n)
		}
		if got := s.do("atlassian_trace", `{"page_id":"PAGE","jql":"project = PROJ AND summary ~ Do"}`); got["clean"] != true || got["with_issue"] != 3.0 {
			t.Errorf("the matrix: %v", got)
		}
	})
}

func TestAChangedPageIsTold(t *testing.T) {
	s := newSite(t, confluence.Cloud)
	keys := s.stories()
	s.edit(strings.NewReplacer("ten messages", "twelve messages", "<h2>REQ-2: Quiet hours</h2><p>Nothing is sent between 22:00 and 7:00.</p>", "<h2>REQ-3: Fax</h2><p>Messages are faxed.</p>").Replace(spec))
	got := s.do("atlassian_register_requirements", strings.NewReplacer("REQ-2", "REQ-3", "Quiet hours", "Fax").Replace(all))
	if diff := cmp.Diff(map[string]string{"req-1": "changed [criteria]", "req-2": "removed [state]", "req-3": "new", "unsubscribing": "unchanged"}, states(got)); diff != "" {
		t.Error(diff)
	}
	again := s.do("atlassian_create_issue", create("req-1", "Story"))
	if again["issue"] != keys["req-1"] || again["outdated"] != true {
		t.Errorf("the issue of what changed: %v", again)
	}
	s.fail("atlassian_create_issue", create("req-4", "Story"), "no registered requirement", "it has req-1 req-3")
	matrix := s.do("atlassian_trace", `{"page_id":"PAGE"}`)
	for name, want := range map[string]string{
		"issues_outdated": "[map[issue:" + keys["req-1"] + " ref:" + s.page + "#req-1]]", "links_to_removed": "[map[issue:" + keys["req-2"] + " ref:" + s.page + "#req-2]]",
		"requirements_without_issue": "[" + s.page + "#req-3]", "clean": "false",
	} {
		if got := fmt.Sprint(matrix[name]); got != want {
			t.Errorf("%s is %s, want %s", name, got, want)
		}
	}
	s.do("atlassian_link_requirement", fmt.Sprintf(`{"page_id":"PAGE","requirement":"REQ-1","issue_key":%q}`, keys["req-1"]))
	s.do("atlassian_unlink_requirement", fmt.Sprintf(`{"page_id":"PAGE","requirement":"req-2","issue_key":%q}`, keys["req-2"]))
	s.do("atlassian_create_issue", create("req-3", "Story"))
	if matrix = s.do("atlassian_trace", `{"page_id":"PAGE"}`); matrix["clean"] != true {
		t.Errorf("after all was done: %v", matrix)
	}
}

// TestWhatBecameOfARequirementIsToldUntilItsIssueIsInStep lets somebody else register
// the page first, each time: they hear of it, and whoever sees to the issues does too.
func TestWhatBecameOfARequirementIsToldUntilItsIssueIsInStep(t *testing.T) {
	s := newSite(t, confluence.Cloud)
	keys := s.stories()
	key := keys["req-2"]
	behind := func(want string) {
		t.Helper()
		for range 2 {
			s.do("atlassian_register_requirements", `{"page_id":"PAGE","from_page":true}`)
			found := ""
			for _, tool := range []string{"atlassian_register_requirements", "atlassian_get_requirements"} {
				args := map[string]string{"atlassian_register_requirements": `{"page_id":"PAGE","from_page":true}`, "atlassian_get_requirements": `{"page_id":"PAGE"}`}[tool]
				for _, one := range s.do(tool, args)["requirements"].([]any) {
					if one := one.(map[string]any); one["outdated_issues"] != nil {
						found += fmt.Sprint(" ", one["id"], " ", one["state"], " ", one["outdated_issues"])
					}
				}
			}
			if found != want {
				t.Errorf("behind are%s, want%s", found, want)
			}
		}
	}
	inStep := func() {
		t.Helper()
		s.do("atlassian_link_requirement", fmt.Sprintf(`{"page_id":"PAGE","requirement":"req-2","issue_key":%q}`, key))
		behind("")
	}
	behind("")
	s.edit(strings.Replace(spec, "<h2>REQ-2: Quiet hours</h2><p>Nothing is sent between 22:00 and 7:00.</p>", "", 1))
	behind(fmt.Sprintf(" req-2 removed [%s] req-2 removed [%s]", key, key))
	inStep()
	s.edit(spec)
	behind(fmt.Sprintf(" req-2 returned [%s] req-2 current [%s]", key, key))
	inStep()
}

func TestARequirementThatIsGoneGetsNoIssue(t *testing.T) {
	s := newSite(t, confluence.Cloud)
	s.do("atlassian_register_requirements", all)
	s.edit(strings.Replace(spec, "<h2>REQ-2: Quiet hours</h2><p>Nothing is sent between 22:00 and 7:00.</p>", "", 1))
	s.do("atlassian_register_requirements", strings.Replace(all, `{"id":"REQ-2","title":"Quiet hours"},`, "", 1))
	s.fail("atlassian_create_issue", create("req-2", "Story"), "removed from the page")
	if r := s.kept(); r.Find("req-2").Claim != nil {
		t.Errorf("it is claimed: %+v", r.Find("req-2"))
	}
}

func TestTwoIssuesOfOneRequirementAreTold(t *testing.T) {
	s := newSite(t, confluence.DataCenter)
	keys := s.stories()
	out := s.do("atlassian_link_requirement", `{"page_id":"PAGE","requirement":"req-1","issue_key":"proj-1"}`)
	if fmt.Sprint(out["other_issues"]) != "["+keys["req-1"]+"]" {
		t.Errorf("linking: %v", out)
	}
	if out := s.do("atlassian_create_issue", create("req-1", "Story")); fmt.Sprint(out["other_issues"]) != "[PROJ-1]" {
		t.Errorf("creating: %v", out)
	}
	if out := s.do("atlassian_trace", `{"page_id":"PAGE"}`); fmt.Sprint(out["requirements_with_several_issues"]) != "["+s.page+"#req-1]" {
		t.Errorf("the matrix: %v", out)
	}
}

func TestAnIssueThatIsGoneIsNotMadeAnew(t *testing.T) {
	s := newSite(t, confluence.Cloud)
	keys := s.stories()
	if err := s.jira.As("alice").DeleteIssue(keys["req-2"]); err != nil {
		t.Fatal(err)
	}
	s.fail("atlassian_create_issue", create("req-2", "Story"), keys["req-2"], "gone or hidden", "atlassian_unlink_requirement")
	if out := s.do("atlassian_trace", `{"page_id":"PAGE"}`); fmt.Sprint(out["issues_gone"]) != "[map[issue:"+keys["req-2"]+" ref:"+s.page+"#req-2]]" {
		t.Errorf("the matrix: %v", out)
	}
	s.do("atlassian_unlink_requirement", fmt.Sprintf(`{"page_id":"PAGE","requirement":"req-2","issue_key":%q}`, keys["req-2"]))
	if out := s.do("atlassian_create_issue", create("req-2", "Story")); out["created"] != true {
		t.Errorf("it was not made: %v", out)
	}
}

func TestTheRegisterIsRestoredFromLinks(t *testing.T) {
	both(t, func(t *testing.T, s *site) {
		keys := s.stories()
		s.do("atlassian_link_requirement", `{"page_id":"PAGE","requirement":"req-2","issue_key":"PROJ-1"}`)
		body := s.state().Body
		s.forget()
		matrix := s.do("atlassian_trace", `{"page_id":"PAGE","jql":"project = PROJ"}`)
		if fmt.Sprint(matrix["pages_without_register"]) != "["+s.page+"]" || matrix["with_issue"] != 3.0 || !strings.Contains(fmt.Sprint(matrix["rows"]), "recovered:true") {
			t.Errorf("the matrix from links: %v", matrix)
		}
		out := s.do("atlassian_register_requirements", strings.Replace(all, `"complete":true`, `"complete":true,"recover_jql":"key = PROJ-1"`, 1))
		if notes := fmt.Sprint(out["notes"]); !strings.Contains(notes, "3 requirements and their issues were restored") {
			t.Errorf("notes %s", notes)
		}
		r := s.kept()
		for id, want := range map[string][]string{"req-1": {keys["req-1"]}, "req-2": {"PROJ-1", keys["req-2"]}, "unsubscribing": {keys["unsubscribing"]}} {
			if one := r.Find(id); one == nil || one.ID != id || !cmp.Equal(one.Keys(), want) {
				t.Errorf("%s is %+v, want %v", id, one, want)
			}
		}
		if again := s.do("atlassian_create_issue", create("", "Epic")); again["issue"] != keys[""] {
			t.Errorf("the epic: %v", again)
		}
		if s.state().Body != body {
			t.Error("the page was changed")
		}
	})
}

// forget deletes the register.
func (s *site) forget() {
	s.t.Helper()
	if err := s.api.DeleteProperty(s.t.Context(), s.page, requirement.Key); err != nil {
		s.t.Fatal(err)
	}
}

func (s *site) state() confluence.PageState {
	s.t.Helper()
	p, ok := s.wiki.Page(s.page)
	if !ok {
		s.t.Fatal("the page is gone")
	}
	return p
}

func TestLinksOfPeopleCount(t *testing.T) {
	s := newSite(t, confluence.Cloud)
	s.do("atlassian_register_requirements", all)
	place := s.api.WebURL("/spaces/DOC/pages/" + s.page + "/Notifications")
	link := jira.RemoteLink{Object: json.RawMessage(fmt.Sprintf(`{"url":%q,"title":"Spec"}`, place+"#Unsubscribing"))}
	if err := s.jira.As("alice").RemoteLink("PROJ-1", link); err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{"see " + s.page + "#req-1", "see [spec|" + place + "]", "nothing", "99#req-1"} {
		if _, err := s.jira.As("alice").CreateIssue(jira.NewIssue{Project: "PROJ", Summary: text, Description: text, Type: "Task", Reporter: "alice"}); err != nil {
			t.Fatal(err)
		}
	}
	out := s.do("atlassian_trace", `{"page_id":"PAGE","jql":"project = PROJ"}`)
	got := fmt.Sprint(out["rows"], out["pages"], out["issues_without_requirement"])
	var order []string
	for _, key := range []string{"PROJ-1", "PROJ-2", "PROJ-3", "PROJ-4", "PROJ-5"} {
		order = append(order, fmt.Sprint(strings.Count(got, "key:"+key+" ")))
	}
	if strings.Join(order, "") != "11111" || !strings.Contains(got, "via:[page link]") || strings.Count(got, "via:[mention]") != 2 {
		t.Errorf("%v: %s", order, got)
	}
	if lost := fmt.Sprint(out["issues_without_requirement"]); strings.Contains(lost, "PROJ-1") || !strings.Contains(lost, "PROJ-4") || !strings.Contains(lost, "PROJ-5") {
		t.Errorf("without requirement: %s", lost)
	}
}

func TestAMatrixBecomesATableOfThePage(t *testing.T) {
	s := newSite(t, confluence.DataCenter)
	keys := s.stories()
	md, _ := s.do("atlassian_trace", `{"page_id":"PAGE"}`)["markdown"].(string)
	page := markup.MarkdownToStorage(md, storage.Options{DataCenter: true})
	if strings.Count(page, "<tr>") != 4 || !strings.Contains(page, "<a href=\"") || !strings.Contains(page, "/browse/"+keys["req-2"]+"\">"+keys["req-2"]+"</a>") {
		t.Errorf("the page: %s", page)
	}
	if again := s.do("atlassian_trace", `{"pages":["PAGE"]}`)["markdown"]; again != md {
		t.Errorf("the second time it is %v", again)
	}
}

func TestTextOfThePageMeansNothingInAnIssue(t *testing.T) {
	s := newSite(t, confluence.Cloud)
	evil := `[~admin] {html}x{html} !http://evil.example/x.png! [a|http://evil.example] h1. *big* | ||`
	s.do("atlassian_register_requirements", fmt.Sprintf(`{"page_id":"PAGE","requirements":[{"title":"Other [~admin] {html}","criteria":[%q,"# a\n\n- b"]}]}`, evil))
	out := s.do("atlassian_create_issue", strings.Replace(create("other-admin-html", "Story"), "As a reader.", "", 1))
	text := s.issue(out["issue"].(string)).Description
	for _, bad := range []string{" [~admin]", " {html}", " !http", " [a|", " *big*"} {
		if strings.Contains(text, bad) {
			t.Errorf("%q has a meaning in %s", bad, text)
		}
	}
}

func TestTestPlansAreChecked(t *testing.T) {
	both(t, func(t *testing.T, s *site) {
		s.do("atlassian_register_requirements", all)
		rows := ""
		for i, one := range []string{"req-1|ac-1|positive", "req-1|ac-2|negative", "REQ-1||edge", "req-2||positive", "req-2||negative", "req-2||edge", "unsubscribing||positive", "unsubscribing||negative", s.page + "#unsubscribing||edge"} {
			rows += fmt.Sprintf("<tr><td>TC-%d</td><td>%s</td><td>x</td></tr>", i+1, strings.ReplaceAll(one, "|", "</td><td>"))
		}
		table := "<table><tbody><tr><th>ID</th><th>Requirement</th><th>Criterion</th><th>Kind</th><th>Expected</th></tr>" + rows + "</tbody></table>"
		plan := s.made("DOC", "Test plan", "<h1>Cases</h1>"+table)
		check := fmt.Sprintf(`{"page_id":"PAGE","test_plan":%q}`, plan)
		if out := s.do("atlassian_check_test_plan", check); out["complete"] != true || out["cases"] != 9.0 {
			t.Errorf("%v", out)
		}
		out := s.do("atlassian_trace", fmt.Sprintf(`{"page_id":"PAGE","test_plan":%q}`, plan))
		if !strings.Contains(fmt.Sprint(out["markdown"]), "TC-1 (positive), TC-2 (negative), TC-3 (edge)") {
			t.Errorf("the matrix: %v", out["markdown"])
		}
		if err := s.wiki.As("alice").EditPage(plan, strings.Replace(table, "ac-2", "ac-1", 1), ""); err != nil {
			t.Fatal(err)
		}
		out = s.do("atlassian_check_test_plan", check)
		if got := fmt.Sprint(out["gaps"]); out["complete"] != false || !strings.Contains(got, "uncovered_criteria:[ac-2: An empty digest is not sent]") {
			t.Errorf("%v", out)
		}
		s.edit(spec + "<p>more</p>")
		if out := s.do("atlassian_check_test_plan", check); out["complete"] != false || !strings.Contains(fmt.Sprint(out["note"]), "register them again") {
			t.Errorf("%v", out)
		}
		empty := s.made("DOC", "No plan", "<p>later</p>")
		if out := s.do("atlassian_check_test_plan", fmt.Sprintf(`{"page_id":"PAGE","test_plan":%q}`, empty)); !strings.Contains(fmt.Sprint(out["note"]), "no table of test cases") {
			t.Errorf("%v", out)
		}
	})
}

func TestScopesHold(t *testing.T) {
	s := newSite(t, confluence.Cloud)
	s.stories()
	before := s.writes()
	for name, args := range map[string]string{
		"atlassian_get_requirements":      `{"page_id":"OTHERPAGE"}`,
		"atlassian_register_requirements": strings.Replace(all, "PAGE", "OTHERPAGE", 1),
		"atlassian_create_issue":          strings.Replace(create("", "Epic"), "PAGE", "OTHERPAGE", 1),
		"atlassian_link_requirement":      `{"page_id":"OTHERPAGE","issue_key":"PROJ-1"}`,
		"atlassian_trace":                 `{"pages":["PAGE","OTHERPAGE"]}`,
		"atlassian_check_test_plan":       `{"page_id":"PAGE","test_plan":"OTHERPAGE"}`,
	} {
		s.fail(name, args, "outside the scope")
	}
	s.fail("atlassian_create_issue", strings.Replace(create("", "Epic"), "PROJ", "OTHER", 1), "project OTHER is outside the scope")
	s.fail("atlassian_link_requirement", `{"page_id":"PAGE","issue_key":"OTHER-1"}`, "outside the scope")
	if n := s.writes() - before; n > 0 {
		t.Errorf("%d things were written", n)
	}
	s.projects = []string{"OTHER"}
	out := s.do("atlassian_trace", `{"page_id":"PAGE","jql":"project in (PROJ, OTHER)"}`)
	if got := fmt.Sprint(out["rows"]); strings.Contains(got, "summary:Do") || !strings.Contains(got, "hidden:true") || fmt.Sprint(out["issues_gone"]) != "[]" {
		t.Errorf("issues outside the scope: %v", out)
	}
	if out := s.do("atlassian_create_issue", strings.Replace(create("req-1", "Story"), "PROJ", "OTHER", 1)); out["created"] != false || !strings.Contains(fmt.Sprint(out["note"]), "outside the scope") {
		t.Errorf("an issue elsewhere: %v", out)
	}
}

func TestBadArgumentsAreRefused(t *testing.T) {
	s := newSite(t, confluence.Cloud)
	s.fail("atlassian_register_requirements", `{"page_id":"PAGE","requirements":[{"title":" "}]}`, "requirement 1 has no title")
	s.fail("atlassian_register_requirements", `{"page_id":"PAGE","requirements":[],"complete":true}`, "looks like")
	s.fail("atlassian_register_requirements", `{"page_id":"12","requirements":[{"title":"x"}]}`, "page 12 does not exist")
	s.fail("atlassian_create_issue", create("req-1", "Story"), "register its requirements", "atlassian_register_requirements")
	s.fail("atlassian_create_issue", create("77#req-1", "Story"), "is a requirement of page 77")
	s.fail("atlassian_trace", `{}`, "page_id is missing")
	s.fail("atlassian_trace", `{"page_id":"PAGE","jql":"project = "}`, "Jira refused")
	s.fail("atlassian_trace", `{"page_id":"PAGE","jql":"a) or (b"}`, "parenthesis")
	s.fail("atlassian_check_test_plan", `{"page_id":"PAGE","test_plan":"PAGE"}`, "no registered requirements")
	s.do("atlassian_register_requirements", all)
	before := s.kept()
	s.fail("atlassian_create_issue", create("req-1", "Nonsense"), "Nonsense")
	if diff := cmp.Diff(before, s.kept()); diff != "" {
		t.Errorf("what was refused left a claim: %s", diff)
	}
	if _, err := s.api.SetProperty(t.Context(), s.page, requirement.Key, json.RawMessage(`{"version":9}`), s.version()); err != nil {
		t.Fatal(err)
	}
	s.fail("atlassian_register_requirements", all, "cannot read", "version 9")
	s.fail("atlassian_get_requirements", `{"page_id":"PAGE"}`, "cannot read")
}

func (s *site) version() int {
	p, err := s.api.Property(s.t.Context(), s.page, requirement.Key)
	if err != nil {
		s.t.Fatal(err)
	}
	return p.Version
}

func TestLargePagesFitIntoResults(t *testing.T) {
	s := newSite(t, confluence.Cloud)
	var body strings.Builder
	var list []map[string]any
	for i := range 120 {
		fmt.Fprintf(&body, "<h2>REQ-%d: Requirement number %d</h2><p>%s %d</p>", i, i, strings.Repeat("text ", 20), i)
		list = append(list, map[string]any{"id": fmt.Sprintf("REQ-%d", i), "title": fmt.Sprintf("Requirement number %d", i),
			"criteria": []string{fmt.Sprintf("%s %d", strings.Repeat("criterion ", 30), i)}})
	}
	s.edit(body.String())
	args, err := json.Marshal(map[string]any{"page_id": s.page, "requirements": list, "complete": true})
	if err != nil {
		t.Fatal(err)
	}
	out := s.do("atlassian_register_requirements", string(args))
	if out["new"] != 120.0 || out["cut"] == nil {
		t.Errorf("%v new, cut: %v", out["new"], out["cut"])
	}
	s.do("atlassian_get_requirements", `{"page_id":"PAGE"}`)
	var rows []any
	next := ""
	for range 20 {
		matrix := s.do("atlassian_trace", fmt.Sprintf(`{"page_id":"PAGE","page_token":%q}`, next))
		part, _ := matrix["rows"].([]any)
		rows = append(rows, part...)
		if next, _ = matrix["next"].(string); next == "" {
			break
		}
	}
	if len(rows) != 120 {
		t.Errorf("%d rows in all", len(rows))
	}
}

func TestCriteriaOfAnIssueAreBroughtUpToDate(t *testing.T) {
	both(t, func(t *testing.T, s *site) {
		key := s.stories()["req-1"]
		by := s.jira.As("alice")
		text := s.issue(key).Description
		if err := by.Update(key, map[string]any{"description": text + "\n\nh2. Notes\n\nA person wrote this."}); err != nil {
			t.Fatal(err)
		}
		s.edit(strings.Replace(spec, "ten messages", "twelve messages", 1))
		s.do("atlassian_register_requirements", strings.Replace(all, "ten messages", "twelve messages", 1))
		args := fmt.Sprintf(`{"page_id":"PAGE","requirement":"req-1","issue_key":%q,"update_criteria":true}`, key)
		s.do("atlassian_link_requirement", args)
		want := strings.Replace(text, "ten messages", "twelve messages", 1) + "\n\nh2. Notes\n\nA person wrote this."
		if diff := cmp.Diff(want, s.issue(key).Description); diff != "" {
			t.Error(diff)
		}
		before := len(s.issue(key).Writes)
		s.do("atlassian_link_requirement", args)
		if got := len(s.issue(key).Writes); got != before {
			t.Errorf("done again, it wrote %d times", got-before)
		}
		s.do("atlassian_link_requirement", `{"page_id":"PAGE","requirement":"req-1","issue_key":"PROJ-1","update_criteria":true}`)
		if got := s.issue("PROJ-1").Description; !strings.HasPrefix(got, "h2. Acceptance criteria\n") || !strings.Contains(got, "twelve messages") {
			t.Errorf("an issue without criteria has %q", got)
		}
	})
}
