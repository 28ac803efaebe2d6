package jira

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// ask sends a request as an account whose token the platform vouched for.
func (s *site) ask(account, method, path, body string) (int, string) {
	s.t.Helper()
	r := httptest.NewRequest(method, path, strings.NewReader(body))
	r.Header.Set("Content-Type", "application/json")
	w := httptest.NewRecorder()
	s.ServeAccount(w, r, account)
	return w.Code, w.Body.String()
}

func TestWhatIsHiddenFromAUserIsNotThereForIt(t *testing.T) {
	s := newSite(t, Options{})
	alice, _ := s.User("alice")
	bob, _ := s.User("bob")
	open := s.issue(NewIssue{Summary: "Open"})
	closed := s.issue(NewIssue{Summary: "Closed"})
	epic := s.issue(NewIssue{Summary: "Hidden epic", Type: "Epic"})
	foreign := s.issue(NewIssue{Project: "FEAT", Summary: "Foreign"})
	if err := s.As("alice").Link("Blocks", open, closed); err != nil {
		t.Fatal(err)
	}
	id, err := s.As("alice").Attach(closed, "a.txt", "text/plain", []byte("secret"))
	if err != nil {
		t.Fatal(err)
	}
	for _, what := range []string{closed, epic, "FEAT"} {
		if err := s.Hide("bob", what); err != nil {
			t.Fatal(err)
		}
	}
	for path, want := range map[string]int{
		"/rest/api/3/issue/" + open: 200, "/rest/api/3/issue/" + closed: 404, "/rest/api/3/issue/" + closed + "/comment": 404,
		"/rest/api/2/issue/" + foreign: 404, "/rest/api/3/project/FEAT": 404, "/rest/api/3/project/PROJ": 200, "/rest/api/3/attachment/" + id: 404,
	} {
		if got, body := s.ask(bob.AccountID, "GET", path, ""); got != want {
			t.Errorf("Bob's GET %s: %d %s", path, got, body)
		}
		if got, body := s.ask(alice.AccountID, "GET", path, ""); got != 200 {
			t.Errorf("Alice's GET %s: %d %s", path, got, body)
		}
	}
	for _, path := range []string{
		"/rest/api/3/search/jql?jql=created%20is%20not%20empty&fields=summary", "/rest/agile/1.0/board/1/issue", "/rest/agile/1.0/board/1/epic",
		"/rest/api/3/project", "/rest/api/3/issue/" + open,
	} {
		_, body := s.ask(bob.AccountID, "GET", path, "")
		for _, word := range []string{"Closed", "Hidden epic", "Foreign", "Features"} {
			if strings.Contains(body, word) {
				t.Errorf("%s tells Bob of %q: %s", path, word, body)
			}
		}
	}
	if got, _ := s.ask(bob.AccountID, "POST", "/rest/api/3/issue/"+closed+"/comment", `{"body":{"type":"doc","version":1,"content":[]}}`); got != 404 {
		t.Errorf("Bob's comment: %d", got)
	}
	if _, err := s.As("bob").Comment(closed, "x", nil); err == nil {
		t.Error("Bob commented on what he does not see")
	}
	if s.Browses("bob", closed) || !s.Browses("alice", closed) || s.Browses("nobody", open) {
		t.Error("Browses says something else than the API")
	}
	if err := s.Show("bob", closed); err != nil || !s.Browses("bob", closed) {
		t.Errorf("it did not come back: %v", err)
	}
	for _, pair := range [][2]string{{"nobody", open}, {"bob", "PROJ-99"}, {"bob", ""}} {
		if err := s.Hide(pair[0], pair[1]); err == nil {
			t.Errorf("%v was hidden", pair)
		}
	}
}

func TestAnAccountOfThePlatformActsAsItself(t *testing.T) {
	s := newSite(t, Options{Seed: Seed{Users: []User{{Handle: "gone", AccountID: "gone", DisplayName: "Gone", Inactive: true}}}})
	key := s.issue(NewIssue{})
	s.AddUser(User{Handle: "agent", AccountID: "agent-1", DisplayName: "Agent", AccountType: AccountApp})
	s.AddUser(User{Handle: "agent", AccountID: "agent-1", DisplayName: "Another"})
	status, body := s.ask("agent-1", "POST", "/rest/api/2/issue/"+key+"/comment", `{"body":"done"}`)
	if status != http.StatusCreated || !strings.Contains(body, `"accountId":"agent-1"`) || strings.Contains(body, "Another") {
		t.Errorf("%d %s", status, body)
	}
	for _, account := range []string{"", "gone", "nobody"} {
		if status, _ := s.ask(account, "GET", "/rest/api/3/myself", ""); status != 401 {
			t.Errorf("account %q: %d", account, status)
		}
	}
	if status, body := s.ask("", "GET", "/rest/api/3/serverInfo", ""); status != 200 || !strings.Contains(body, "baseUrl") {
		t.Errorf("serverInfo: %d %s", status, body)
	}
	if a := s.do("GET", "/_edge/tenant_info", ""); a.status != 200 || a.body["cloudId"] != s.CloudID() {
		t.Errorf("tenant info: %d %s", a.status, a.raw)
	}
	if log := s.Requests(); len(log) != 6 || log[0].Status != 201 {
		t.Errorf("the log has %+v", log)
	}
}
