package jira_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/aofctl/aofctl/internal/atlassian"
	sandbox "github.com/aofctl/aofctl/internal/sandbox/jira"
)

// pages reads a list by its page tokens, and fails if it never ends.
func (s *site) pages(name, args string) []string {
	s.t.Helper()
	var texts []string
	token := ""
	for range 20 {
		with := strings.TrimSuffix(args, "}")
		if token != "" {
			with += `,"page_token":` + quote(token)
		}
		text := s.do(name, with+"}").Text
		texts = append(texts, text)
		at := strings.LastIndex(text, "page_token ")
		if at < 0 {
			return texts
		}
		token = strings.TrimSpace(text[at+len("page_token "):])
	}
	s.t.Fatalf("%s has no end: %v", name, texts)
	return nil
}

func TestListsAtAnIssueComeNewestFirstAndInPages(t *testing.T) {
	both(t, func(t *testing.T, s *site) {
		for i := range 7 {
			s.do("jira_post_comment", fmt.Sprintf(`{"issue_key":"PROJ-1","body":"comment <%d>"}`, i))
			s.do("jira_log_work", fmt.Sprintf(`{"issue_key":"PROJ-1","time_spent":"1h","comment":"work <%d>"}`, i))
			s.do("jira_update_issue", fmt.Sprintf(`{"issue_key":"PROJ-1","fields":{"summary":"summary <%d>"}}`, i))
		}
		for name, what := range map[string]string{"jira_get_comments": "comment", "jira_get_worklogs": "work"} {
			got := s.pages(name, `{"issue_key":"PROJ-1","limit":3}`)
			if len(got) != 3 || !strings.HasPrefix(got[0], "3 of 7 "+what) {
				t.Fatalf("%s: %d pages:\n%s", name, len(got), strings.Join(got, "\n--\n"))
			}
			for i := range 7 {
				if page := got[i/3]; !strings.Contains(page, fmt.Sprintf("%s <%d>", what, 6-i)) {
					t.Errorf("%s: page %d has no <%d>:\n%s", name, i/3, 6-i, page)
				}
			}
		}
		history := s.pages("jira_get_changelog", `{"issue_key":"PROJ-1","limit":5}`)
		if !strings.Contains(history[0], "summary <6>") || !strings.Contains(history[len(history)-1], "summary <0>") ||
			!strings.Contains(history[0], "summary: summary <5> → summary <6>") {
			t.Errorf("history:\n%s", strings.Join(history, "\n--\n"))
		}
		s.fail("jira_get_comments", `{"issue_key":"PROJ-1","page_token":"x"}`, "not a page token")
		if got := s.do("jira_get_comments", `{"issue_key":"PROJ-1","page_token":"700"}`).Text; got != "no more comments" {
			t.Errorf("got %q", got)
		}
	})
}

func TestAListThatDoesNotFitGoesOnWhereItWasCut(t *testing.T) {
	s := newSite(t)
	for i := range 5 {
		s.do("jira_post_comment", fmt.Sprintf(`{"issue_key":"PROJ-1","body":"<%d> %s"}`, i, strings.Repeat("ä", 5000)))
	}
	got := s.pages("jira_get_comments", `{"issue_key":"PROJ-1","limit":5}`)
	all := strings.Join(got, "")
	for i := range 5 {
		if strings.Count(all, fmt.Sprintf("<%d>", i)) != 1 {
			t.Errorf("comment %d is not shown once", i)
		}
	}
	for _, page := range got {
		if len(page) > 24_000 {
			t.Errorf("a page of %d bytes", len(page))
		}
	}
	if len(got) != 3 || !strings.Contains(got[0], "truncated: 3 more of this page; use page_token 2") {
		t.Errorf("%d pages, the first ends %q", len(got), got[0][len(got[0])-100:])
	}
}

func TestProjectsBoardsAndPeopleAreThoseWithinTheScope(t *testing.T) {
	seed := sandbox.Seed{Boards: []sandbox.Board{{ID: 7, Name: "OTHER board", Type: "scrum", Project: "OTHER"}}, Sprints: []sandbox.Sprint{{ID: 70, Name: "Secret", Board: 7, State: "active"}}}
	for _, opts := range []sandbox.Options{{Seed: seed}, {Seed: seed, Deployment: sandbox.DataCenter}} {
		s := newSiteOf(t, opts, same)
		for name, want := range map[string]string{"jira_list_projects": "PROJ | Project", "jira_list_boards": "1 | PROJ board"} {
			if got := s.do(name, `{}`).Text; !strings.Contains(got, want) || strings.Contains(got, "OTHER") {
				t.Errorf("%s:\n%s", name, got)
			}
		}
		s.fail("jira_list_boards", `{"project_key":"OTHER"}`, "outside the scope")
		s.fail("jira_list_sprints", `{"board_id":7}`, "no project within the scope")
		s.fail("jira_get_sprint", `{"sprint_id":70}`, "no project within the scope")
		s.fail("jira_add_to_sprint", `{"sprint_id":70,"issue_keys":["PROJ-1"]}`, "no project within the scope")
		s.fail("jira_add_to_sprint", `{"sprint_id":1,"issue_keys":["PROJ-1","OTHER-1"]}`, "outside the scope")
		s.fail("jira_list_sprints", `{"board_id":99}`, "Jira refused")
		s.fail("jira_find_users", `{"query":"Alice","project_key":"OTHER"}`, "outside the scope")
		if got := s.do("jira_get_sprint_issues", `{"sprint_id":70}`).Text; strings.Contains(got, "OTHER") {
			t.Errorf("sprint issues:\n%s", got)
		}
		s.severalProjects(t)
	}
}

// severalProjects asks within a scope of globs, and of everything.
func (s *site) severalProjects(t *testing.T) {
	t.Helper()
	for scope, want := range map[string][]string{"PR*,OTH*": {"PROJ board", "OTHER board"}, "*": {"PROJ board", "OTHER board"}} {
		call := s.newCall(`{}`)
		call.Projects = strings.Split(scope, ",")
		got, err := s.try("jira_list_boards", call)
		for _, part := range want {
			if err != nil || !strings.Contains(got.Text, part) {
				t.Errorf("scope %s: %+v, %v", scope, got, err)
			}
		}
		call = s.newCall(`{"query":"alice"}`)
		call.Projects = strings.Split(scope, ",")
		if got, err := s.try("jira_find_users", call); err != nil || !strings.Contains(got.Text, "Alice Developer | ") {
			t.Errorf("scope %s: %+v, %v", scope, got, err)
		}
	}
	call := s.newCall(`{"query":"alice"}`)
	call.Projects = []string{"NONE*"}
	if got, err := s.try("jira_find_users", call); err != nil || !got.Failed {
		t.Errorf("a scope that meets no project: %+v, %v", got, err)
	}
}

func TestSprintsAreListedByState(t *testing.T) {
	both(t, func(t *testing.T, s *site) {
		for args, want := range map[string]string{
			`{"board_id":1}`:                    "sprints (id | name | state | start | end | goal):\n1 | PROJ Sprint 1 | active |  |  | Ship the login page\n2 | PROJ Sprint 2 | future",
			`{"board_id":1,"state":"future"}`:   "sprints (id | name | state | start | end | goal):\n2 | PROJ Sprint 2 | future",
			`{"board_id":1,"state":"closed"}`:   "no sprints",
			`{"board_id":1,"page_token":"500"}`: "no sprints",
		} {
			if got := s.do("jira_list_sprints", args).Text; got != want {
				t.Errorf("%s: %s", args, got)
			}
		}
		if got := s.do("jira_get_sprint", `{"sprint_id":1}`).Text; got != "sprint 1: PROJ Sprint 1\nstate: active\ngoal: Ship the login page\nboard: 1" {
			t.Errorf("got %q", got)
		}
	})
}

func TestIssuesMoveIntoASprintAndOutOfIt(t *testing.T) {
	both(t, func(t *testing.T, s *site) {
		s.do("jira_add_to_sprint", `{"sprint_id":1,"issue_keys":["PROJ-1","proj-2","PROJ-1"]}`)
		s.do("jira_update_issue", `{"issue_key":"PROJ-2","fields":{"Sprint":"PROJ Sprint 2"}}`)
		if got := s.do("jira_get_sprint_issues", `{"sprint_id":1,"fields":["Sprint"]}`).Text; !strings.Contains(got, "PROJ-1 | Bug") || strings.Contains(got, "PROJ-2 |") ||
			!strings.Contains(got, "PROJ Sprint 1 (1, active)") {
			t.Errorf("got\n%s", got)
		}
		s.do("jira_move_to_backlog", `{"issue_keys":["PROJ-1"]}`)
		s.do("jira_update_issue", `{"issue_key":"PROJ-2","fields":{"Sprint":null}}`)
		for _, sprint := range []string{"1", "2"} {
			if got := s.do("jira_get_sprint_issues", `{"sprint_id":`+sprint+`}`).Text; got != "no issues found" {
				t.Errorf("got\n%s", got)
			}
		}
		s.do("jira_update_issue", `{"issue_key":"PROJ-2","fields":{"Sprint":"active"}}`)
		if !s.inSprint("PROJ-2", "PROJ Sprint 1") {
			t.Error("the active sprint is not found")
		}
		s.fail("jira_add_to_sprint", `{"sprint_id":1,"issue_keys":[]}`, "empty")
		many := strings.Repeat(`"PROJ-1","PROJ-2",`, 30)
		s.do("jira_move_to_backlog", `{"issue_keys":[`+strings.TrimSuffix(many, ",")+`]}`)
	})
}

func TestVersionsAreListedAndReleased(t *testing.T) {
	both(t, func(t *testing.T, s *site) {
		s.do("jira_update_version", `{"project_key":"PROJ","version":"1.1","released":true,"release_date":"2026-03-01","description":"done"}`)
		want := "versions (id | name | state | start | release | description):\n10001 | 1.1 | released |  | 2026-03-01 | done\n10000 | 1.0 | released |  | 2026-01-31"
		if got := s.do("jira_list_versions", `{"project_key":"PROJ"}`).Text; got != want {
			t.Errorf("got\n%s", got)
		}
		s.fail("jira_update_version", `{"project_key":"PROJ","version":"9.9","released":true}`, "1.1 (10001), 1.0 (10000)")
		s.fail("jira_update_version", `{"project_key":"PROJ","version":"1.0"}`, "nothing to change")
		s.fail("jira_update_version", `{"project_key":"PROJ","version":"1.0","release_date":"soon"}`, "2024-01-31")
		s.fail("jira_update_version", `{"project_key":"OTHER","version":"1.0","released":true}`, "outside the scope")
		s.fail("jira_list_versions", `{"project_key":"OTHER"}`, "outside the scope")
	})
}

func TestFieldsAndTheirChoicesAreTold(t *testing.T) {
	both(t, func(t *testing.T, s *site) {
		if got := s.do("jira_find_fields", `{"keyword":"story"}`).Text; got != "fields (name | id | type):\nStory Points | customfield_10016 | number" {
			t.Errorf("got %q", got)
		}
		if got := s.do("jira_find_fields", `{"keyword":"storypiont"}`).Text; !strings.Contains(got, "near it are Story Points (customfield_10016)") {
			t.Errorf("got %q", got)
		}
		for _, args := range []string{
			`{"field":"Severity","issue_key":"PROJ-1"}`, `{"field":"severity"}`, `{"field":"customfield_10031","project_key":"PROJ","issue_type":"Bug"}`,
		} {
			got := s.do("jira_get_field_options", args).Text
			if got != "choices of Severity (value | id):\nS1 | 10110\nS2 | 10111\nS3 | 10112" {
				t.Errorf("%s: %q", args, got)
			}
		}
		if got := s.do("jira_get_field_options", `{"field":"Severity","contains":"s2"}`).Text; got != "choices of Severity (value | id):\nS2 | 10111" {
			t.Errorf("got %q", got)
		}
		if got := s.do("jira_get_field_options", `{"field":"Story Points"}`).Text; !strings.Contains(got, "no list of choices; it takes: number") {
			t.Errorf("got %q", got)
		}
		s.fail("jira_get_field_options", `{"field":"Colour","project_key":"PROJ"}`, `no field "Colour"`, "Summary")
		s.fail("jira_get_field_options", `{"field":"Severity","project_key":"OTHER"}`, "outside the scope")
		if got := s.do("jira_get_create_fields", `{"project_key":"PROJ"}`).Text; !strings.Contains(got, "Sub-task | 10003 | sub-task") {
			t.Errorf("got\n%s", got)
		}
		if got := s.do("jira_get_create_fields", `{"project_key":"PROJ","issue_type":"Bug"}`).Text; !strings.HasPrefix(got, "fields (name | id | type | needed | choices):\nSummary | summary | string | required") {
			t.Errorf("got\n%s", got)
		}
	})
}

func TestPeopleAreFoundByPartsOfNames(t *testing.T) {
	both(t, func(t *testing.T, s *site) {
		id := "712020:8b6b268b-17b3-407b-8974-bed4042fa709"
		if s.server {
			id = "bob"
		}
		for _, args := range []string{`{"query":"bob"}`, `{"query":"@Bob"}`, `{"query":"bob@ex","issue_key":"PROJ-1"}`, `{"query":"bob","project_key":"PROJ"}`, `{"query":"bob","issue_key":null,"project_key":""}`} {
			if got := s.do("jira_find_users", args).Text; got != "users (name | id | e-mail):\nBob Manager | "+id+" | bob@example.com" {
				t.Errorf("%s: %q", args, got)
			}
		}
		if got := s.do("jira_find_users", `{"query":"zed"}`).Text; got != "no users" {
			t.Errorf("got %q", got)
		}
		s.fail("jira_find_users", `{"query":"@"}`, "empty")
	})
}

func TestARejectedTokenIsNeverAnEmptyList(t *testing.T) {
	for _, name := range []string{"jira_list_projects", "jira_find_fields", "jira_get_link_types"} {
		s := newSiteOf(t, sandbox.Options{AnonymousOnBadToken: true}, same)
		s.connect(atlassian.Config{BaseURL: s.url, AuthType: atlassian.AuthAPIToken, Email: sandbox.BotEmail, Token: "wrong", FirstBackoff: 1})
		if got, err := s.try(name, s.newCall(`{}`)); err == nil {
			t.Errorf("%s: %+v", name, got)
		}
	}
}
