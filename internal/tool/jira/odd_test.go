package jira_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	sandbox "github.com/aofctl/aofctl/internal/sandbox/jira"
)

// instead answers requests whose method and path end like this by a fixed body.
func instead(method, suffix string, status int, body string) func(http.Handler) http.Handler {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.Method == method && strings.HasSuffix(r.URL.Path, suffix) {
				w.Header().Set("Content-Type", "application/json")
				w.WriteHeader(status)
				_, _ = w.Write([]byte(body))
				return
			}
			next.ServeHTTP(w, r)
		})
	}
}

func TestAMovedIssueDoesNotLeadOutOfTheScope(t *testing.T) {
	s := newSiteBehind(t, sandbox.Seed{}, instead("GET", "/issue/PROJ-2", 200, `{"id":"3","key":"OTHER-1","fields":{"summary":"confidential"}}`))
	for name, args := range map[string]string{
		"jira_get_issue":         `{"issue_key":"PROJ-2"}`,
		"jira_get_comments":      `{"issue_key":"PROJ-2"}`,
		"jira_post_comment":      `{"issue_key":"PROJ-2","body":"x"}`,
		"jira_update_issue":      `{"issue_key":"PROJ-2","fields":{"summary":"x"}}`,
		"jira_transition_issue":  `{"issue_key":"PROJ-2","transition":"Done"}`,
		"jira_add_labels":        `{"issue_key":"PROJ-2","labels":["x"]}`,
		"jira_assign_issue":      `{"issue_key":"PROJ-2","assignee":null}`,
		"jira_log_work":          `{"issue_key":"PROJ-2","time_spent":"1h"}`,
		"jira_link_issues":       `{"type":"Blocks","inward_issue":"PROJ-1","outward_issue":"PROJ-2"}`,
		"jira_create_issue":      `{"project_key":"PROJ","issue_type":"Story","summary":"x","parent":"PROJ-2"}`,
		"jira_create_subtask":    `{"parent":"PROJ-2","summary":"x"}`,
		"jira_update_comment":    `{"issue_key":"PROJ-2","comment_id":"1","body":"x"}`,
		"jira_get_changelog":     `{"issue_key":"PROJ-2"}`,
		"jira_get_worklogs":      `{"issue_key":"PROJ-2"}`,
		"jira_get_transitions":   `{"issue_key":"PROJ-2"}`,
		"jira_remove_link":       `{"issue_key":"PROJ-1","other_issue":"PROJ-2"}`,
		"jira_add_remote_link":   `{"issue_key":"PROJ-2","url":"https://h/","title":"x"}`,
		"jira_get_remote_links":  `{"issue_key":"PROJ-2"}`,
		"jira_add_to_sprint":     `{"sprint_id":1,"issue_keys":["PROJ-2"]}`,
		"jira_move_to_backlog":   `{"issue_keys":["PROJ-2"]}`,
		"jira_find_users":        `{"query":"x","issue_key":"PROJ-2"}`,
		"jira_get_field_options": `{"field":"x","issue_key":"PROJ-2"}`,
		"jira_list_attachments":  `{"issue_key":"PROJ-2"}`,
		"jira_get_attachment":    `{"issue_key":"PROJ-2","attachment":"x"}`,
		"jira_add_attachment":    `{"issue_key":"PROJ-2","filename":"x","content":"x"}`,
	} {
		got := s.fail(name, args, "was moved to a project outside the scope")
		if strings.Contains(got.Text, "confidential") {
			t.Errorf("%s tells %q", name, got.Text)
		}
	}
	if s.writes() != 0 {
		t.Errorf("%d writes", s.writes())
	}
}

func TestTheEventsOwnIssueIsNotAskedForTwice(t *testing.T) {
	s := newSite(t)
	s.do("jira_post_comment", `{"issue_key":"PROJ-1","body":"x"}`)
	if n := len(s.Requests()); n != 1 {
		t.Errorf("%d requests for one comment: %+v", n, s.Requests())
	}
}

func TestSearchLeavesOutWhatIsOutsideTheScopeWhateverJiraAnswers(t *testing.T) {
	s := newSiteBehind(t, sandbox.Seed{}, instead("POST", "/search/jql", 200,
		`{"issues":[{"key":"OTHER-1","fields":{"summary":"confidential"}},{"key":"PROJ-1","fields":{"summary":"ours"}},{"key":"?","fields":{}}],"isLast":true}`))
	got := s.do("jira_search", `{"jql":"x = 1"}`).Text
	if strings.Contains(got, "OTHER") || !strings.HasPrefix(got, "1 issues:") || !strings.Contains(got, "| ours") {
		t.Errorf("got\n%s", got)
	}
}

func TestPeopleWithOneNameAreNotGuessed(t *testing.T) {
	seed := sandbox.Seed{Users: []sandbox.User{
		{Handle: "bob2", AccountID: "5b10a2844c20165700ede2bb", DisplayName: "Bob Manager", Email: "bob2@example.com", Token: "t2"},
		{Handle: "bobby", AccountID: "5b10a2844c20165700ede2cc", DisplayName: "Bobby Tables", Email: "bobby@example.com", Token: "t3"},
	}}
	s := newSiteBehind(t, seed, func(h http.Handler) http.Handler { return h })
	s.fail("jira_assign_issue", `{"issue_key":"PROJ-1","assignee":"Bob Manager"}`, "several users", "5b10a2844c20165700ede2bb", "712020:8b6b")
	s.fail("jira_assign_issue", `{"issue_key":"PROJ-1","assignee":"Bob"}`, "several users", "Bobby Tables")
	s.do("jira_assign_issue", `{"issue_key":"PROJ-1","assignee":"bob2@example.com"}`)
	s.fail("jira_assign_issue", `{"issue_key":"PROJ-1","assignee":"@"}`, "empty")
	if got := s.issue("PROJ-1").Assignee; got != "5b10a2844c20165700ede2bb" {
		t.Errorf("assignee %q", got)
	}
}

func TestFieldsWithOneNameAreNotGuessed(t *testing.T) {
	seed := sandbox.Seed{Fields: []sandbox.Field{{ID: "customfield_20001", Name: "Story Points", Kind: sandbox.Number}}}
	s := newSiteBehind(t, seed, func(h http.Handler) http.Handler { return h })
	s.fail("jira_update_issue", `{"issue_key":"PROJ-1","fields":{"Story Points":3}}`, "several fields", "customfield_10016", "customfield_20001")
	s.do("jira_update_issue", `{"issue_key":"PROJ-1","fields":{"customfield_20001":3}}`)
}

func TestARefusedFieldThatIsNotOnTheScreenIsExplained(t *testing.T) {
	s := newSiteBehind(t, sandbox.Seed{}, instead("PUT", "/issue/PROJ-1", 400,
		`{"errorMessages":[],"errors":{"customfield_99":"Field 'customfield_99' cannot be set. It is not on the appropriate screen, or unknown."}}`))
	s.fail("jira_update_issue", `{"issue_key":"PROJ-1","fields":{"summary":"x"}}`,
		"not on the appropriate screen", "customfield_99 cannot be set in this issue; these can: ", "Summary")
}

func TestALinkThatReadsTheSameFromTheOtherSideIsThereAlready(t *testing.T) {
	s := newSite(t)
	s.do("jira_link_issues", `{"type":"Relates","inward_issue":"PROJ-2","outward_issue":"PROJ-1"}`)
	s.do("jira_link_issues", `{"type":"Relates","inward_issue":"PROJ-1","outward_issue":"PROJ-2"}`)
	if got := s.issue("PROJ-1").Links; len(got) != 1 {
		t.Errorf("links %+v", got)
	}
	s.do("jira_link_issues", `{"type":"Blocks","inward_issue":"PROJ-2","outward_issue":"PROJ-1"}`)
	s.do("jira_link_issues", `{"type":"Blocks","inward_issue":"PROJ-1","outward_issue":"PROJ-2"}`)
	if got := s.issue("PROJ-1").Links; len(got) != 3 {
		t.Errorf("links %+v: blocking each other is two links", got)
	}
}

func TestAWriteThatCannotBeLookedUpIsInDoubtAndNotRepeated(t *testing.T) {
	var many []string
	for i := range 50 {
		many = append(many, fmt.Sprintf(`{"id":"%d","created":%q}`, i+1, time.Now().Format("2006-01-02T15:04:05.000-0700")))
	}
	page := `{"total":100000,"comments":[` + strings.Join(many, ",") + `]}`
	s := newSiteBehind(t, sandbox.Seed{}, instead("GET", "/comment", 200, page))
	call := s.newCall(`{"issue_key":"PROJ-1","body":"x"}`)
	s.fault(sandbox.Fault{Method: "POST", Effect: sandbox.CutAfter})
	if _, err := s.try("jira_post_comment", call); err == nil {
		t.Fatal("no error")
	}
	result, err := s.try("jira_post_comment", call)
	if err != nil || !result.InDoubt || !result.Failed || !strings.Contains(result.Text, "Do not repeat") {
		t.Fatalf("%+v, %v", result, err)
	}
	if got := len(s.issue("PROJ-1").Comments); got != 1 || len(s.ledger.Open()) != 1 {
		t.Errorf("%d comments, open %v", got, s.ledger.Open())
	}
}

func TestAnUnknownSiteIsAnErrorOfTheRun(t *testing.T) {
	s := newSite(t)
	call := s.newCall(`{"issue_key":"PROJ-1"}`)
	call.Origin.Site = "elsewhere"
	if result, err := s.try("jira_get_issue", call); err == nil {
		t.Errorf("%+v", result)
	}
}

func TestArgumentsThatMakeNoSenseAreForTheModel(t *testing.T) {
	s := newSite(t)
	for name, args := range map[string]string{
		"jira_get_issue":    `{"issue_key":"nonsense"}`,
		"jira_assign_issue": `{"issue_key":5}`,
		"jira_search":       `{"jql":[]}`,
		"jira_log_work":     `not JSON`,
	} {
		tl, _ := s.reg.Lookup(name)
		call := s.newCall("")
		call.Args = json.RawMessage(args)
		if result, err := tl.Call(t.Context(), call); err != nil || !result.Failed || result.Text == "" {
			t.Errorf("%s: %+v, %v", name, result, err)
		}
		if _, err := tl.Targets(call.Args); err == nil {
			t.Errorf("%s: the targets of nonsense are known", name)
		}
	}
}

func TestARefusalWithoutWordsTellsTheStatus(t *testing.T) {
	s := newSiteBehind(t, sandbox.Seed{}, instead("GET", "/issue/PROJ-1", 403, ``))
	s.fail("jira_get_issue", `{"issue_key":"PROJ-1"}`, "Jira refused: 403 Forbidden")
}

func TestATransitionAsksForItsFieldsByName(t *testing.T) {
	s := newSite(t)
	s.do("jira_transition_issue", `{"issue_key":"PROJ-1","transition":"In Progress"}`)
	s.do("jira_transition_issue", `{"issue_key":"PROJ-1","transition":"Done","fields":{"resolution":"Won't Do"}}`)
	if i := s.issue("PROJ-1"); i.Status != "Done" || i.Resolution != "Won't Do" {
		t.Errorf("%s, %s", i.Status, i.Resolution)
	}
}

func TestOfFieldsWithOneNameTheOneThatCanBeSetIsMeant(t *testing.T) {
	seed := sandbox.Seed{Fields: []sandbox.Field{{ID: "customfield_20001", Name: "Story Points", Kind: sandbox.Number}}}
	meta := `{"fields":{"customfield_20001":{"name":"Story Points","schema":{"type":"number"}},"summary":{"name":"Summary"}}}`
	s := newSiteBehind(t, seed, instead("GET", "/PROJ-1/editmeta", 200, meta))
	s.do("jira_update_issue", `{"issue_key":"PROJ-1","fields":{"story points":8}}`)
	if fields := s.issue("PROJ-1").Fields; fields["customfield_20001"] != 8.0 || fields["customfield_10016"] != 5.0 {
		t.Errorf("%v and %v", fields["customfield_20001"], fields["customfield_10016"])
	}
}

func TestAFieldForPeopleTakesThoseWhoCannotBeAssigned(t *testing.T) {
	s := newSiteBehind(t, sandbox.Seed{}, instead("GET", "/user/assignable/search", 200, `[]`))
	s.do("jira_update_issue", `{"issue_key":"PROJ-1","fields":{"Reviewer":"Bob Manager"}}`)
	s.fail("jira_update_issue", `{"issue_key":"PROJ-1","fields":{"assignee":"Bob Manager"}}`, "nobody who can be assigned PROJ-1")
}

func TestAnEpicOfDataCenterIsNamedBesideItsSummary(t *testing.T) {
	both(t, func(t *testing.T, s *site) {
		s.do("jira_create_issue", `{"project_key":"PROJ","issue_type":"Epic","summary":"Everything"}`)
		s.do("jira_create_issue", `{"project_key":"PROJ","issue_type":"epic","summary":"More"}`)
		named := 0
		for id, v := range s.last().Fields {
			if id != "summary" && v == "More" {
				named++
			}
		}
		if want := map[bool]int{true: 1, false: 0}[s.server]; named != want {
			t.Errorf("%d fields name the epic, want %d", named, want)
		}
	})
}

func TestAnOldEpicLinkOnCloudIsTheParent(t *testing.T) {
	fields := `[{"id":"customfield_1","name":"Epic Link","custom":true,"schema":{"type":"any","custom":"com.pyxis.greenhopper.jira:gh-epic-link"}},
		{"id":"parent","name":"Parent","schema":{"type":"issuelink"}}]`
	s := newSiteBehind(t, sandbox.Seed{}, instead("GET", "/rest/api/2/field", 200, fields))
	s.fail("jira_update_issue", `{"issue_key":"PROJ-1","fields":{"Epic Link":"OTHER-1"}}`, "outside the scope")
	s.do("jira_update_issue", `{"issue_key":"PROJ-1","fields":{"Epic Link":"PROJ-2"}}`)
	if got := s.do("jira_get_issue", `{"issue_key":"PROJ-1"}`).Text; !strings.Contains(got, "parent: PROJ-2") {
		t.Errorf("got\n%s", got)
	}
}
