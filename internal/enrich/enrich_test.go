package enrich_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/aofctl/aofctl/internal/atlassian"
	"github.com/aofctl/aofctl/internal/enrich"
)

func TestOnlyWhatJiraCanTellOfAnEventIsAskable(t *testing.T) {
	names := []string{
		"issue_summary", "project_key", "board_name", "sprint_goal", "issues_completed", "version_name",
		"link_source_issue_key", "user_email", "user_display_name", "comment_body", "changelog_items", "pr_number",
	}
	tests := []struct {
		name, body string
		want       []string
	}{
		{"comment", serverComment, []string{"issue_summary", "project_key", "user_email"}},
		{"worklog", `{"webhookEvent":"worklog_created","worklog":{"issueId":"1"}}`, []string{"issue_summary", "project_key"}},
		{"sprint", sprintStarted, []string{"project_key", "board_name", "sprint_goal", "issues_completed"}},
		{"deleted sprint", `{"webhookEvent":"sprint_deleted","sprint":{"id":3,"originBoardId":4}}`, []string{"project_key", "board_name"}},
		{"board", `{"webhookEvent":"board_created","board":{"id":4}}`, []string{"project_key", "board_name"}},
		{"deleted board", `{"webhookEvent":"board_deleted","board":{"id":4}}`, nil},
		{"version", `{"webhookEvent":"jira:version_released","version":{"id":"9","projectId":10000}}`, []string{"project_key", "version_name"}},
		{"version without project", `{"webhookEvent":"jira:version_released","version":{"id":"9"}}`, []string{"project_key", "version_name"}},
		{"link", `{"webhookEvent":"issuelink_created","issueLink":{"id":1,"sourceIssueId":2,"destinationIssueId":3}}`,
			[]string{"issue_summary", "project_key", "link_source_issue_key"}},
		{"deleted issue", `{"webhookEvent":"jira:issue_deleted","issue":{"id":"1","key":"PROJ-1"}}`, []string{"project_key"}},
		{"project", `{"webhookEvent":"project_created","project":{"id":10000}}`, []string{"project_key"}},
		{"user", `{"webhookEvent":"user_created","user":{"accountId":"5b10"}}`, nil},
		{"nothing", `{"webhookEvent":"x"}`, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := enrich.Askable(read(t, tt.body), names)
			if len(got) == 0 {
				got = nil
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestEachThingIsReadOnceAndOnlyIfItIsNeeded(t *testing.T) {
	f := &fake{answers: map[string]any{
		"api/2/issue/10001": issueAnswer,
		"api/2/user":        `{"emailAddress":"grace@example.com"}`,
	}}
	e, _ := newEnricher(f)
	ev := read(t, serverComment)
	vars, err := e.Variables(t.Context(), ev, []string{"issue_summary", "issue_labels", "project_name", "issue_priority"})
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]any{"issue_summary": "s", "issue_labels": []string{"a"}, "project_name": "P",
		"issue_id": "10001", "issue_key": "PROJ-1", "project_key": "PROJ"}
	if diff := cmp.Diff(want, vars); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if vars, err = e.Variables(t.Context(), ev, []string{"issue_status", "user_email"}); err != nil || vars["issue_status"] != "Done" || vars["user_email"] != "grace@example.com" {
		t.Errorf("%v, %v", vars, err)
	}
	if diff := cmp.Diff([]string{"api/2/issue/10001", "api/2/user"}, f.asked); diff != "" {
		t.Errorf("asked (-want +got):\n%s", diff)
	}
	if got := f.queries[1].Encode(); got != "key=JIRAUSER1" {
		t.Errorf("asked for the user by %s", got)
	}
}

func TestSeveralVariablesOfAnEventWithoutATimeTakeOneRequest(t *testing.T) {
	f := &fake{answers: map[string]any{"api/2/issue/10001": issueAnswer}}
	e, _ := newEnricher(f)
	ev := read(t, strings.Replace(serverComment, `"timestamp":5,`, ``, 1))
	if _, err := e.Variables(t.Context(), ev, []string{"issue_summary", "issue_labels"}); err != nil || len(f.asked) != 1 {
		t.Errorf("%v after %q", err, f.asked)
	}
}

func TestASprintsIssuesAreCountedPageByPageWithoutSubtasks(t *testing.T) {
	const (
		done = `{"fields":{"issuetype":{"subtask":false},"status":{"statusCategory":{"key":"done"}}}}`
		open = `{"fields":{"issuetype":{"subtask":false},"status":{"statusCategory":{"key":"new"}}}}`
		sub  = `{"fields":{"issuetype":{"subtask":true},"status":{"statusCategory":{"key":"done"}}}}`
	)
	first := strings.Repeat(done+",", 60) + strings.Repeat(sub+",", 39) + open
	tests := []struct {
		name       string
		pages      []string
		done, open int64
	}{
		{"none", []string{`{"total":0,"issues":[]}`}, 0, 0},
		{"one page", []string{`{"total":3,"issues":[` + done + `,` + sub + `,` + open + `]}`}, 1, 1},
		{"two pages", []string{`{"total":101,"issues":[` + first + `]}`, `{"total":101,"issues":[` + open + `]}`}, 60, 2},
		{"pages shorter than asked for", []string{`{"total":2,"issues":[` + done + `]}`, `{"total":2,"issues":[` + open + `]}`}, 1, 1},
		{"no total", []string{`{"issues":[` + done + `]}`, `{"issues":[` + open + `]}`, `{"issues":[]}`}, 1, 1},
		{"last page told", []string{`{"isLast":true,"issues":[` + done + `]}`}, 1, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f := &fake{pages: tt.pages}
			e, _ := newEnricher(f)
			vars, err := e.Variables(t.Context(), read(t, sprintStarted), []string{"issues_completed", "issues_incomplete"})
			if err != nil || vars["issues_completed"] != tt.done || vars["issues_incomplete"] != tt.open || len(f.asked) != len(tt.pages) {
				t.Errorf("%v, %v after %d requests", vars, err, len(f.asked))
			}
		})
	}
	f := &fake{pages: slices.Repeat([]string{`{"issues":[` + done + `]}`}, 60)}
	e, _ := newEnricher(f)
	if vars, err := e.Variables(t.Context(), read(t, sprintStarted), []string{"issues_completed"}); err == nil || len(vars) > 0 || len(f.asked) != 50 {
		t.Errorf("a sprint without an end: %v, %v after %d requests", vars, err, len(f.asked))
	}
}

func TestWhatWasReadStandsForItsStateOnlyAndNotForLong(t *testing.T) {
	f := &fake{answers: map[string]any{"api/2/issue/10001": issueAnswer, "agile/1.0/board/4": `{"id":4,"name":"B","location":{"projectKey":"PROJ"}}`}}
	e, clock := newEnricher(f)
	ask := func(body, name string) {
		t.Helper()
		if _, err := e.Variables(t.Context(), read(t, body), []string{name}); err != nil {
			t.Fatal(err)
		}
	}
	steps := []struct {
		name, body, variable string
		wait                 time.Duration
		reads                int
	}{
		{"first", serverComment, "issue_status", 0, 1},
		{"same state", serverComment, "issue_status", 29 * time.Second, 0},
		{"too old", serverComment, "issue_status", 2 * time.Second, 1},
		{"later event", strings.Replace(serverComment, `"timestamp":5`, `"timestamp":6`, 1), "issue_status", 0, 1},
		{"no time told", strings.Replace(serverComment, `"timestamp":5,`, ``, 1), "issue_status", 0, 1},
		{"no time told again", strings.Replace(serverComment, `"timestamp":5,`, ``, 1), "issue_status", 0, 1},
		{"board", sprintStarted, "board_name", 0, 1},
		{"board of a later event", strings.Replace(sprintStarted, `"timestamp":5`, `"timestamp":6`, 1), "board_name", 4 * time.Minute, 0},
		{"old board", sprintStarted, "board_name", 2 * time.Minute, 1},
	}
	for _, s := range steps {
		clock.at = clock.at.Add(s.wait)
		before := len(f.asked)
		ask(s.body, s.variable)
		if got := len(f.asked) - before; got != s.reads {
			t.Errorf("%s: read %d times, want %d", s.name, got, s.reads)
		}
	}
}

func TestTheCacheIsBounded(t *testing.T) {
	big := strings.Replace(issueAnswer, `"summary":"s"`, `"summary":"s","description":"`+strings.Repeat("x", 70<<10)+`"`, 1)
	f := &fake{answers: map[string]any{"api/2/issue/10001": big}}
	e, _ := newEnricher(f)
	for range 2 {
		if _, err := e.Variables(t.Context(), read(t, serverComment), []string{"issue_summary"}); err != nil {
			t.Fatal(err)
		}
	}
	if len(f.asked) != 2 {
		t.Errorf("a large issue was kept: read %d times", len(f.asked))
	}
	f.answers = map[string]any{}
	board := func(i int) string {
		f.answers[fmt.Sprintf("agile/1.0/board/%d", i)] = `{"id":1,"name":"B","location":{"projectKey":"PROJ"}}`
		return fmt.Sprintf(`{"webhookEvent":"sprint_started","sprint":{"id":3,"originBoardId":%d}}`, i)
	}
	for i := range 513 {
		_, _ = e.Variables(t.Context(), read(t, board(i)), []string{"board_name"})
	}
	f.asked = nil
	for _, i := range []int{512, 1, 0} {
		_, _ = e.Variables(t.Context(), read(t, board(i)), []string{"board_name"})
	}
	if diff := cmp.Diff([]string{"agile/1.0/board/0"}, f.asked); diff != "" {
		t.Errorf("read again (-want +got):\n%s", diff)
	}
}

func TestWhatCannotBeReadLeavesTheRestAndWhatWillBeStopsAll(t *testing.T) {
	f := &fake{answers: map[string]any{
		"agile/1.0/board/4": errDenied, "agile/1.0/sprint/3": `{"id":3,"goal":"g","originBoardId":4}`,
	}}
	e, _ := newEnricher(f)
	names := []string{"board_name", "sprint_goal"}
	vars, err := e.Variables(t.Context(), read(t, sprintStarted), names)
	if !errors.Is(err, errDenied) || vars["sprint_goal"] != "g" {
		t.Errorf("%v, %v", vars, err)
	}
	f.answers["agile/1.0/board/4"] = &atlassian.Error{Status: 503}
	vars, err = e.Variables(t.Context(), read(t, sprintStarted), names)
	var again interface{ Temporary() bool }
	if !errors.As(err, &again) || !again.Temporary() || vars != nil {
		t.Errorf("%v, %v", vars, err)
	}
	delete(f.answers, "agile/1.0/board/4")
	f.asked = nil
	if _, err = e.Variables(t.Context(), read(t, sprintStarted), names); err == nil {
		t.Error("a failure was kept")
	}
}

func TestABoardWithoutALocationBelongsToItsOnlyProject(t *testing.T) {
	tests := []struct {
		projects any
		want     any
	}{
		{`{"values":[{"key":"PROJ","name":"P"}]}`, "PROJ"},
		{`{"values":[{"key":"PROJ"},{"key":"OTHER"}]}`, nil},
		{`{"values":[]}`, nil},
		{errDenied, nil},
		{"7", nil},
	}
	for _, tt := range tests {
		f := &fake{answers: map[string]any{"agile/1.0/board/4": `{"id":4,"name":"B"}`, "agile/1.0/board/4/project": tt.projects}}
		e, _ := newEnricher(f)
		vars, err := e.Variables(t.Context(), read(t, sprintStarted), []string{"board_name", "project_key"})
		if err != nil || vars["board_name"] != "B" || vars["project_key"] != tt.want {
			t.Errorf("%v: %v, %v", tt.projects, vars, err)
		}
	}
}

func TestOddAnswersAreErrors(t *testing.T) {
	for path, body := range map[string]string{
		"api/2/user":               `[]`,
		"agile/1.0/sprint/3/issue": `{"issues":7}`,
	} {
		e, _ := newEnricher(&fake{answers: map[string]any{path: body}})
		ev := read(t, sprintStarted)
		ev.Actor.AccountID = "5b10"
		if vars, err := e.Variables(t.Context(), ev, []string{"user_email", "issues_completed"}); err == nil || len(vars) > 0 {
			t.Errorf("%s: %v, %v", path, vars, err)
		}
	}
}

func TestConditionsNameTheIssueAsTheEventKnowsIt(t *testing.T) {
	tests := []struct {
		body, jql, path string
		cloud           bool
	}{
		{`{"webhookEvent":"x","issue":{"id":"10001","key":"PROJ-1"}}`, `issue = "PROJ-1" AND (a OR b)`, "api/2/search/jql", true},
		{`{"webhookEvent":"x","issue":{"id":"10001"}}`, `issue = 10001 AND (a OR b)`, "api/2/search", false},
		{`{"webhookEvent":"x","issue":{"key":"P\" OR \\1=1-7"}}`, `issue = "P\" OR \\1=1-7" AND (a OR b)`, "api/2/search", false},
		{`{"webhookEvent":"x","issue":{"id":"1 OR 1"}}`, `issue = "1 OR 1" AND (a OR b)`, "api/2/search", false},
	}
	for _, tt := range tests {
		f := &fake{cloud: tt.cloud, answers: map[string]any{tt.path: `{"issues":[{"id":"10001"}]}`}}
		e, _ := newEnricher(f)
		ok, err := e.Matches(t.Context(), read(t, tt.body), "a OR b")
		if err != nil || !ok || f.queries[0].Get("jql") != tt.jql || tt.cloud != (f.queries[0].Get("reconcileIssues") == "10001") {
			t.Errorf("%v, %v, asked %v", ok, err, f.queries)
		}
	}
	e, _ := newEnricher(&fake{})
	if ok, err := e.Matches(t.Context(), read(t, sprintStarted), "a"); ok || err == nil {
		t.Errorf("an event without an issue: %v, %v", ok, err)
	}
}

func TestMarksAreReadFromTheComment(t *testing.T) {
	const path = "api/2/comment/7/properties/aofctl"
	tests := []struct {
		answer any
		depth  int
		marked bool
		fails  bool
	}{
		{`{"key":"aofctl","value":{"id":"x","depth":2}}`, 2, true, false},
		{`{"key":"aofctl"}`, 0, true, false},
		{nil, 0, false, false},
		{errDenied, 0, false, true},
		{`[]`, 0, false, true},
	}
	for _, tt := range tests {
		e, _ := newEnricher(&fake{answers: map[string]any{path: tt.answer}})
		depth, marked, err := e.Mark(t.Context(), read(t, serverComment))
		if depth != tt.depth || marked != tt.marked || (err != nil) != tt.fails {
			t.Errorf("%v: %d, %v, %v", tt.answer, depth, marked, err)
		}
	}
	f := &fake{}
	e, _ := newEnricher(f)
	if _, marked, err := e.Mark(t.Context(), read(t, sprintStarted)); marked || err != nil || len(f.asked) > 0 {
		t.Errorf("%v, %v, asked %q", marked, err, f.asked)
	}
}
