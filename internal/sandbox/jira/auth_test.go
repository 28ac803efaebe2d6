package jira

import (
	"net/http"
	"testing"
)

func TestCredentialsAreChecked(t *testing.T) {
	s := newSite(t, Options{Seed: Seed{Users: []User{{AccountID: "gone", DisplayName: "Gone", Email: "gone@example.com", Token: "t", Inactive: true}}}})
	for name, c := range map[string]struct {
		prepare func(*http.Request)
		want    int
	}{
		"e-mail and token":      {func(r *http.Request) { r.SetBasicAuth(BotEmail, BotToken) }, 200},
		"e-mail in capitals":    {func(r *http.Request) { r.SetBasicAuth("BOT@EXAMPLE.COM", BotToken) }, 200},
		"API token as Bearer":   {func(r *http.Request) { r.Header.Set("Authorization", "Bearer "+BotToken) }, 401},
		"name and token":        {func(r *http.Request) { r.SetBasicAuth("bot", BotToken) }, 401},
		"nothing":               {nil, 401},
		"wrong token":           {func(r *http.Request) { r.SetBasicAuth(BotEmail, "x") }, 401},
		"somebody else's token": {func(r *http.Request) { r.SetBasicAuth(BotEmail, "alice-token") }, 401},
		"empty Bearer":          {func(r *http.Request) { r.Header.Set("Authorization", "Bearer ") }, 401},
		"not base64":            {func(r *http.Request) { r.Header.Set("Authorization", "Basic %%%") }, 401},
		"deactivated account":   {func(r *http.Request) { r.SetBasicAuth("gone@example.com", "t") }, 401},
	} {
		t.Run(name, func(t *testing.T) {
			a := s.send("GET", "/rest/api/2/myself", "", c.prepare)
			if a.status != c.want {
				t.Fatalf("status %d, want %d: %s", a.status, c.want, a.raw)
			}
			if c.want == 401 && dig(a.body, "errorMessages") == nil {
				t.Errorf("a refusal without errorMessages: %s", a.raw)
			}
		})
	}
}

func TestServerInfoNeedsNoCredentials(t *testing.T) {
	s := newSite(t, Options{})
	body := s.want(200, s.send("GET", "/rest/api/2/serverInfo", "", nil))
	if body["deploymentType"] != "Cloud" {
		t.Errorf("deploymentType is %v", body["deploymentType"])
	}
}

func TestAnonymousOnBadTokenHidesEverything(t *testing.T) {
	s := newSite(t, Options{AnonymousOnBadToken: true})
	s.issue(NewIssue{})
	bad := func(r *http.Request) { r.SetBasicAuth(BotEmail, "wrong") }
	for path, want := range map[string]int{
		"/rest/api/2/issue/PROJ-1": 404, "/rest/api/2/myself": 401, "/rest/api/2/project": 200,
		"/rest/api/2/search/jql?jql=project%3DPROJ": 200, "/rest/agile/1.0/board": 200,
	} {
		if a := s.send("GET", path, "", bad); a.status != want {
			t.Errorf("GET %s: %d, want %d", path, a.status, want)
		}
	}
	found := s.want(200, s.send("GET", "/rest/api/2/search/jql?jql=project%3DPROJ", "", bad))
	if list, ok := found["issues"].([]any); !ok || len(list) != 0 {
		t.Errorf("an anonymous search finds %v", found["issues"])
	}
	if a := s.send("POST", "/rest/api/2/issue/PROJ-1/comment", `{"body":"x"}`, bad); a.status != 401 {
		t.Errorf("an anonymous write gets %d", a.status)
	}
}

func TestContextPathHoldsEverything(t *testing.T) {
	s := newSite(t, Options{ContextPath: "/jira/"})
	if a := s.do("GET", "/jira/rest/api/2/myself", ""); a.status != 200 {
		t.Errorf("under the context path: %d", a.status)
	}
	if a := s.do("GET", "/rest/api/2/myself", ""); a.status != 404 {
		t.Errorf("outside the context path: %d", a.status)
	}
	if a := s.do("GET", "/jirarest/api/2/myself", ""); a.status != 404 {
		t.Errorf("beside the context path: %d", a.status)
	}
	self := s.want(200, s.do("GET", "/jira/rest/api/2/myself", ""))["self"].(string)
	if want := s.BaseURL() + "/rest/api/2/user?"; self[:len(want)] != want {
		t.Errorf("self is %s", self)
	}
}
