package jira

import (
	"encoding/json"
	"fmt"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// library is a site with six issues, made a day apart.
func library(t *testing.T) (*site, *clock) {
	t.Helper()
	c := newClock()
	s := newSite(t, Options{Now: c.now})
	alice := s.account("alice")
	for n, i := range []NewIssue{
		{Type: "Bug", Summary: "Login page crashes", Labels: []string{"login", "ui"}, Priority: "High", Assignee: alice},
		{Type: "Story", Summary: "Export to CSV", Fields: map[string]any{"customfield_10016": 5, "customfield_10020": 1}},
		{Type: "Bug", Summary: "Slow \"export\"", Description: "the exporter takes minutes", Fields: map[string]any{"components": []any{obj{"name": "backend"}}}},
		{Project: "FEAT", Type: "Epic", Summary: "Reports", Labels: []string{"ui"}},
		{Project: "FEAT", Type: "Task", Summary: "Child of reports", Parent: "FEAT-1", Fields: map[string]any{"customfield_10030": obj{"value": "Backend"}, "duedate": "2026-04-01"}},
		{Project: "OTHER", Type: "Task", Summary: "Else", Fields: map[string]any{"customfield_10016": 8}},
	} {
		s.issue(i)
		if n == 0 {
			if err := s.As("alice").Transition("PROJ-1", "In Progress"); err != nil {
				t.Fatal(err)
			}
			if _, err := s.As("bob").Comment("PROJ-1", "Seen on staging", nil); err != nil {
				t.Fatal(err)
			}
		}
		c.add(24 * time.Hour)
	}
	return s, c
}

func (s *site) search(jql string) ([]string, answer) {
	s.t.Helper()
	body, _ := json.Marshal(map[string]any{"jql": jql, "fields": []string{"summary"}})
	a := s.as("alice", "POST", "/rest/api/2/search/jql", string(body))
	list, _ := a.body["issues"].([]any)
	keys := []string{}
	for _, i := range list {
		key, _ := dig(i, "key").(string)
		keys = append(keys, key)
	}
	return keys, a
}

func TestJQLFindsWhatItSays(t *testing.T) {
	s, _ := library(t)
	for jql, want := range map[string]string{
		`project = PROJ ORDER BY key`:                              "PROJ-1 PROJ-2 PROJ-3",
		`project = PROJ`:                                           "PROJ-3 PROJ-2 PROJ-1",
		`project in (FEAT, OTHER) order by created asc`:            "FEAT-1 FEAT-2 OTHER-1",
		`project != PROJ AND issuetype = Task ORDER BY key DESC`:   "OTHER-1 FEAT-2",
		`project not in ("PROJ", 'FEAT')`:                          "OTHER-1",
		`key in (PROJ-2, FEAT-1) ORDER BY key`:                     "FEAT-1 PROJ-2",
		`issue = PROJ-2`:                                           "PROJ-2",
		`status = "In Progress"`:                                   "PROJ-1",
		`statusCategory = new AND project = PROJ ORDER BY key`:     "PROJ-2 PROJ-3",
		`labels = ui ORDER BY key`:                                 "FEAT-1 PROJ-1",
		`labels in (login)`:                                        "PROJ-1",
		`labels is EMPTY AND project = PROJ ORDER BY key`:          "PROJ-2 PROJ-3",
		`labels is not EMPTY AND labels != login`:                  "FEAT-1",
		`text ~ export ORDER BY key`:                               "PROJ-2 PROJ-3",
		`text ~ "staging"`:                                         "PROJ-1",
		`summary ~ "csv export"`:                                   "PROJ-2",
		`summary ~ "\"export to\""`:                                "PROJ-2",
		`project = PROJ AND summary !~ export`:                     "PROJ-1",
		`comment ~ seen`:                                           "PROJ-1",
		`assignee = currentUser()`:                                 "PROJ-1",
		`assignee is EMPTY AND project = FEAT ORDER BY key`:        "FEAT-1 FEAT-2",
		`assignee = "Alice Developer" OR priority = High`:          "PROJ-1",
		`reporter = alice@example.com AND priority = High`:         "PROJ-1",
		`priority = Medium AND project = OTHER`:                    "OTHER-1",
		`"Story Points" > 5`:                                       "OTHER-1",
		`cf[10016] <= 5`:                                           "PROJ-2",
		`customfield_10016 in (5, 8) ORDER BY "Story Points" DESC`: "OTHER-1 PROJ-2",
		`Team = Backend`:                                           "FEAT-2",
		`component = backend`:                                      "PROJ-3",
		`parent = FEAT-1`:                                          "FEAT-2",
		`sprint in openSprints()`:                                  "PROJ-2",
		`sprint = 1`:                                               "PROJ-2",
		`due < "2026-05-01"`:                                       "FEAT-2",
		`resolution is EMPTY AND project = OTHER`:                  "OTHER-1",
		`created >= -2d`:                                           "OTHER-1 FEAT-2",
		`created < "2026-03-03"`:                                   "PROJ-1",
		`created > startOfDay(-1) OR key = PROJ-1`:                 "OTHER-1 PROJ-1",
		`created > startOfDay("-2d")`:                              "OTHER-1 FEAT-2",
		`created > startOfDay()`:                                   "",
		`NOT project = PROJ AND NOT (project = FEAT)`:              "OTHER-1",
		`(project = PROJ AND (status = "To Do" or labels=ui)) AND type=Bug ORDER BY priority, key`: "PROJ-1 PROJ-3",
		`project = PROJ and not issuetype = Bug or project = OTHER order by key`:                   "OTHER-1 PROJ-2",
	} {
		got, a := s.search(jql)
		if strings.Join(got, " ") != want || a.status != 200 {
			t.Errorf("%s\n got %v (%d %.120s)\nwant %s", jql, got, a.status, a.raw, want)
		}
	}
}

func TestJQLThatJiraRefuses(t *testing.T) {
	s, _ := library(t)
	for jql, text := range map[string]string{
		``:                                 "Unbounded JQL queries are not allowed here.",
		`ORDER BY created`:                 "Unbounded JQL queries are not allowed here.",
		`project = NOPE`:                   "The value 'NOPE' does not exist for the field 'project'.",
		`colour = red`:                     "Field 'colour' does not exist",
		`project`:                          "Expecting operator before the end of the query.",
		`project PROJ`:                     "Expecting operator but got 'PROJ'",
		`project =`:                        "Expecting either a value, list or function",
		`project = PROJ AND`:               "Expecting a field name",
		`project = PROJ status = Done`:     "Expecting either 'OR' or 'AND' but got 'status'",
		`(project = PROJ`:                  "Expecting ')'",
		`project in PROJ`:                  "Expecting '('",
		`project in (PROJ`:                 "Expecting ')'",
		`summary ~ "x`:                     "has not been completed",
		`status = Nope`:                    "The value 'Nope' does not exist for the field 'status'.",
		`summary = x`:                      "The operator '=' is not supported by the 'summary' field.",
		`status ~ x`:                       "The operator '~' is not supported by the 'status' field.",
		`status > x`:                       "The operator '>' is not supported by the 'status' field.",
		`status is Done`:                   "only supports the values 'EMPTY' and 'NULL'",
		`created > tomorrow`:               "The value 'tomorrow' for the field 'created' is invalid.",
		`assignee = membersOf("x")`:        "Unable to find JQL function 'membersOf(x)'.",
		`created > startOfDay(soon)`:       "Duration for function 'startOfDay'",
		`assignee = currentUser(x)`:        "expected '0' arguments but received '1'",
		`project = PROJ ORDER created`:     "Expecting 'by'",
		`project = PROJ ORDER BY colour`:   "Field 'colour' does not exist",
		strings.Repeat("(", 60) + "a":      "nested too deeply",
		strings.Repeat("not ", 60) + "a=b": "nested too deeply",
		`issue = PROJ-99`:                  "The value 'PROJ-99' does not exist for the field 'issue'.",
		`"Story Points" > EMPTY`:           "does not support the value 'EMPTY'",
	} {
		_, a := s.search(jql)
		if a.status != 400 || !strings.Contains(a.raw, jsonText(text)) {
			t.Errorf("%q: %d %s\nwant %s", jql, a.status, a.raw, text)
		}
	}
}

// jsonText is a text as it looks inside a JSON string.
func jsonText(s string) string {
	raw, _ := json.Marshal(s)
	return strings.Trim(string(raw), `"`)
}

func TestSearchPagesByToken(t *testing.T) {
	s, _ := library(t)
	var keys []string
	token := ""
	for pages := 0; ; pages++ {
		q := url.Values{"jql": {"project in (PROJ, FEAT, OTHER) ORDER BY created ASC"}, "maxResults": {"4"}, "fields": {"summary,status"}, "nextPageToken": {token}}
		body := s.want(200, s.do("GET", "/rest/api/2/search/jql?"+q.Encode(), ""))
		for _, i := range body["issues"].([]any) {
			keys = append(keys, dig(i, "key").(string))
		}
		if body["total"] != nil || body["startAt"] != nil {
			t.Error("the answer has total or startAt")
		}
		token, _ = body["nextPageToken"].(string)
		if token == "" || pages > 3 {
			break
		}
	}
	if diff := cmp.Diff([]string{"PROJ-1", "PROJ-2", "PROJ-3", "FEAT-1", "FEAT-2", "OTHER-1"}, keys); diff != "" {
		t.Error(diff)
	}
}

func TestSearchRequestsThatJiraRefuses(t *testing.T) {
	s, _ := library(t)
	for _, body := range []string{
		`{"jql":"project = PROJ","startAt":0}`, `{"jql":"project = PROJ","maxResults":-1}`, `{"jql":"project = PROJ","nextPageToken":"x"}`,
		`{"jql":"project = PROJ","fields":"summary"}`, `{"jql":"project = PROJ","properties":["1","2","3","4","5","6"]}`, `{"jql":5}`,
		`{"jql":"project = PROJ","nextPageToken":"MTox"}`, `{"jql":"project = PROJ"} more`,
	} {
		if a := s.do("POST", "/rest/api/2/search/jql", body); a.status != 400 {
			t.Errorf("%s gets %d", body, a.status)
		}
	}
	for _, path := range []string{"/search/jql?jql=project%3DPROJ&maxResults=x", "/search/jql?jql=project%3DPROJ&reconcileIssues=x"} {
		if a := s.do("GET", "/rest/api/3"+path, ""); a.status != 400 {
			t.Errorf("%s gets %d", path, a.status)
		}
	}
}

func TestSearchShowsIdsOnlyUnlessAsked(t *testing.T) {
	s, _ := library(t)
	body := s.want(200, s.do("POST", "/rest/api/2/search/jql", `{"jql":"key = PROJ-1"}`))
	if diff := cmp.Diff(map[string]any{"id": "10001"}, body["issues"].([]any)[0]); diff != "" {
		t.Error(diff)
	}
	body = s.want(200, s.do("POST", "/rest/api/2/search/jql", `{"jql":"key = PROJ-1","fields":["*navigable"],"expand":"names"}`))
	if dig(body["issues"].([]any)[0], "fields", "summary") == nil || body["names"] == nil {
		t.Errorf("body %v", body)
	}
	count := s.want(200, s.do("POST", "/rest/api/2/search/approximate-count", `{"jql":"project = PROJ"}`))
	if count["count"] != 3.0 {
		t.Errorf("count %v", count)
	}
}

func TestOldSearchIsGone(t *testing.T) {
	s := newSite(t, Options{})
	for _, a := range []answer{s.do("GET", "/rest/api/2/search?jql=project%3DPROJ", ""), s.do("POST", "/rest/api/3/search", `{"jql":""}`)} {
		if a.status != 410 || !strings.Contains(a.raw, "CHANGE-2046") {
			t.Errorf("%d %s", a.status, a.raw)
		}
	}
}

func TestSearchLagsUnlessReconciled(t *testing.T) {
	c := newClock()
	s := newSite(t, Options{Now: c.now, IndexLag: 5 * time.Second})
	s.want(201, s.do("POST", "/rest/api/2/issue", `{"fields":{"project":{"key":"PROJ"},"issuetype":{"name":"Bug"},"summary":"s"},"properties":[{"key":"aof","value":"run:1"}]}`))
	find := func(more string) []any {
		body := s.want(200, s.do("POST", "/rest/api/2/search/jql", `{"jql":"reporter = currentUser()","properties":["aof"]`+more+`}`))
		return body["issues"].([]any)
	}
	if got := find(""); len(got) != 0 {
		t.Errorf("found at once: %v", got)
	}
	if got := find(`,"reconcileIssues":[10001]`); len(got) != 1 || dig(got[0], "properties", "aof") != "run:1" {
		t.Errorf("reconciled: %v", got)
	}
	c.add(6 * time.Second)
	if got := find(""); len(got) != 1 {
		t.Errorf("found later: %v", got)
	}
}

func FuzzJQL(f *testing.F) {
	for _, seed := range []string{
		`project = PROJ AND (status in ("To Do", Done) OR NOT labels is EMPTY) ORDER BY created DESC, key`, `text ~ "\"a b\"" or cf[10016] >= 3`,
		`assignee in (currentUser(), EMPTY)`, `created > -15m`, `!project=x`, `((((`, `a in (b,c`, `"`, `a="\`, "a=\xff", `x not in membersOf(a, b)`,
	} {
		f.Add(seed)
	}
	s, err := New(Options{Seed: Seed{Issues: []NewIssue{{Project: "PROJ", Summary: "x", Labels: []string{"a"}}}}})
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(s.Close)
	f.Fuzz(func(t *testing.T, jql string) {
		_ = s.read(&User{AccountID: "u"}, 2, func(tx *tx) error {
			found, err := tx.find(jql, nil)
			if err == nil && len(found) > 1 {
				t.Errorf("%q finds %d of 1 issues", jql, len(found))
			}
			if err != nil && !strings.Contains(err.Error(), "400") {
				t.Errorf("%q: %v", jql, err)
			}
			return fmt.Errorf("done")
		})
	})
}

func TestKeysAreOrderedByTheirNumbers(t *testing.T) {
	s, _ := library(t)
	for range 11 {
		s.issue(NewIssue{Project: "OTHER", Type: "Task", Summary: "x"})
	}
	for jql, want := range map[string]string{"project = OTHER ORDER BY key DESC": "OTHER-11", "project = OTHER ORDER BY issuekey": "OTHER-2"} {
		if got, _ := s.search(jql); len(got) < 2 || got[0] != want && got[1] != want {
			t.Errorf("%s: %v", jql, got)
		}
	}
}
