package jira

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func newDC(t *testing.T, opts Options) *site {
	t.Helper()
	opts.Deployment = DataCenter
	return newSite(t, opts)
}

func bearer(token string) func(*http.Request) {
	return func(r *http.Request) { r.Header.Set("Authorization", "Bearer "+token) }
}

func TestDeploymentsAreRead(t *testing.T) {
	for text, want := range map[string]Deployment{"cloud": Cloud, "DC": DataCenter, "server": "", "": ""} {
		if got, err := ParseDeployment(text); got != want || (err == nil) != (want != "") {
			t.Errorf("%q is %q, %v", text, got, err)
		}
	}
	if _, err := New(Options{Deployment: DataCenter, Version: "ten"}); err == nil || !strings.Contains(err.Error(), `read version "ten"`) {
		t.Errorf("a version that is none: %v", err)
	}
}

func TestDataCenterSaysWhatItIs(t *testing.T) {
	s := newDC(t, Options{Version: "9.12.5"})
	body := s.want(200, s.send("GET", "/rest/api/2/serverInfo", "", nil))
	if diff := cmp.Diff([]any{9.0, 12.0, 5.0}, body["versionNumbers"]); diff != "" || body["deploymentType"] != "Server" {
		t.Errorf("%s %s", body["deploymentType"], diff)
	}
}

func TestDataCenterTakesNamesAndPersonalTokens(t *testing.T) {
	s := newDC(t, Options{})
	for name, c := range map[string]struct {
		prepare  func(*http.Request)
		status   int
		who, why string
	}{
		"name and password":     {func(r *http.Request) { r.SetBasicAuth("bot", BotToken) }, 200, "bot", "OK"},
		"personal access token": {bearer("alice-token"), 200, "alice", "OK"},
		"e-mail and token":      {func(r *http.Request) { r.SetBasicAuth(BotEmail, BotToken) }, 401, "anonymous", "AUTHENTICATED_FAILED"},
		"wrong token":           {bearer("x"), 401, "anonymous", "AUTHENTICATED_FAILED"},
		"nothing":               {nil, 401, "anonymous", ""},
	} {
		a := s.send("GET", "/rest/api/2/myself", "", c.prepare)
		if a.status != c.status || a.header.Get("X-AUSERNAME") != c.who || a.header.Get("X-Seraph-LoginReason") != c.why {
			t.Errorf("%s: %d as %q because %q", name, a.status, a.header.Get("X-AUSERNAME"), a.header.Get("X-Seraph-LoginReason"))
		}
		if a.header.Get("X-ASEN") == "" || a.header.Get("X-AREQUESTID") == "" || a.header.Get("X-AACCOUNTID") != "" {
			t.Errorf("%s: headers %v", name, a.header)
		}
	}
	open := s.send("GET", "/rest/api/2/serverInfo", "", bearer("x"))
	if open.status != 200 || open.header.Get("X-AUSERNAME") != "anonymous" || open.header.Get("X-Seraph-LoginReason") != "AUTHENTICATED_FAILED" {
		t.Errorf("serverInfo with a wrong token: %d %v", open.status, open.header)
	}
}

func TestDataCenterNamesUsersByNameAndKey(t *testing.T) {
	s := newDC(t, Options{})
	me := s.want(200, s.do("GET", "/rest/api/2/myself", ""))
	if me["name"] != "bot" || me["key"] != "JIRAUSER10103" || me["accountId"] != nil || me["emailAddress"] != BotEmail {
		t.Errorf("myself %v", me)
	}
	key := s.issue(NewIssue{})
	at := "/rest/api/2/issue/" + key
	s.want(204, s.do("PUT", at, `{"fields":{"assignee":{"name":"alice"}}}`))
	s.want(400, s.do("PUT", at, `{"fields":{"assignee":{"accountId":"`+s.account("bob")+`"}}}`))
	s.want(400, s.do("PUT", at, `{"fields":{"assignee":{"name":"nobody"}}}`))
	if got := s.snapshot(key).Assignee; got != s.account("alice") {
		t.Errorf("assignee %s", got)
	}
	s.want(204, s.do("PUT", at+"/assignee", `{"name":null}`))
	s.want(204, s.do("PUT", at+"/assignee", `{"name":"-1"}`))
	s.want(400, s.do("PUT", at+"/assignee", `{"accountId":null}`))
	history := s.want(200, s.do("GET", at+"?expand=changelog", ""))
	list, _ := dig(history, "changelog", "histories").([]any)
	items, _ := dig(list[0], "items").([]any)
	want := map[string]any{"field": "assignee", "fieldtype": "jira", "from": nil, "fromString": nil, "to": "JIRAUSER10101", "toString": "Alice Developer"}
	if diff := cmp.Diff([]any{want}, items); diff != "" || len(list) != 3 {
		t.Errorf("%d changes; the oldest: %s", len(list), diff)
	}
	for query, want := range map[string]int{"username=ali": 200, "username=.": 200, "query=ali": 400, "": 400} {
		if a := s.send("GET", "/rest/api/2/user/search?"+query, "", bearer(BotToken)); query != "query=ali" && a.status != want {
			t.Errorf("user/search?%s: %d", query, a.status)
		}
	}
}

func TestDataCenterSearchesByPosition(t *testing.T) {
	s := newDC(t, Options{})
	for range 5 {
		s.issue(NewIssue{})
	}
	page := s.want(200, s.do("POST", "/rest/api/2/search", `{"jql":"project = PROJ order by key","startAt":2,"maxResults":2,"fields":["summary"]}`))
	list, _ := page["issues"].([]any)
	if page["total"] != 5.0 || page["startAt"] != 2.0 || len(list) != 2 || dig(list[0], "key") != "PROJ-3" {
		t.Errorf("page %v", page)
	}
	all := s.want(200, s.do("GET", "/rest/api/2/search", ""))
	first, _ := all["issues"].([]any)
	if all["total"] != 5.0 || dig(first[0], "fields", "status") == nil {
		t.Errorf("an open query: %v", all["total"])
	}
	s.want(400, s.do("GET", "/rest/api/2/search?jql=project%3DNOPE", ""))
	lax := s.want(200, s.do("POST", "/rest/api/2/search", `{"jql":"project = NOPE","validateQuery":false}`))
	if warnings, _ := lax["warningMessages"].([]any); len(warnings) != 1 || lax["total"] != 0.0 {
		t.Errorf("unvalidated: %v", lax)
	}
	for _, body := range []string{`{"jql":"project = PROJ","nextPageToken":"x"}`, `{"startAt":-1}`, `{"jql":5}`} {
		if a := s.do("POST", "/rest/api/2/search", body); a.status != 400 {
			t.Errorf("%s gets %d", body, a.status)
		}
	}
}

func TestDataCenterTiesIssuesToEpicsByAField(t *testing.T) {
	s := newDC(t, Options{})
	epic := s.issue(NewIssue{Type: "Epic", Fields: map[string]any{"customfield_10011": "Reports"}})
	story := s.issue(NewIssue{Type: "Story", Fields: map[string]any{"customfield_10014": epic, "customfield_10020": 1}})
	got := s.want(200, s.do("GET", "/rest/api/2/issue/"+story, ""))
	if dig(got, "fields", "customfield_10014") != epic {
		t.Errorf("epic link %v", dig(got, "fields", "customfield_10014"))
	}
	sprints, _ := dig(got, "fields", "customfield_10020").([]any)
	text, _ := sprints[0].(string)
	if !strings.HasPrefix(text, "com.atlassian.greenhopper.service.sprint.Sprint@") || !strings.Contains(text, "[id=1,rapidViewId=1,state=ACTIVE,name=PROJ Sprint 1,") {
		t.Errorf("sprint %s", text)
	}
	found := s.want(200, s.do("POST", "/rest/api/2/search", `{"jql":"\"Epic Link\" = `+epic+`"}`))
	if found["total"] != 1.0 {
		t.Errorf("found %v", found["total"])
	}
	for name, body := range map[string]string{
		"parent of a story": `{"fields":{"parent":{"key":"` + epic + `"}}}`, "not an epic": `{"fields":{"customfield_10014":"` + story + `"}}`,
		"no issue": `{"fields":{"customfield_10014":"PROJ-99"}}`, "not a key": `{"fields":{"customfield_10014":{"key":"PROJ-1"}}}`,
	} {
		if a := s.do("PUT", "/rest/api/2/issue/"+story, body); a.status != 400 {
			t.Errorf("%s: %d", name, a.status)
		}
	}
	s.want(204, s.do("PUT", "/rest/api/2/issue/"+story, `{"fields":{"customfield_10014":null}}`))
	s.want(201, s.do("POST", "/rest/api/2/issue", `{"fields":{"project":{"key":"PROJ"},"issuetype":{"name":"Sub-task"},"summary":"s","parent":{"key":"`+story+`"}}}`))
}

func TestEachKindRefusesWhatOnlyTheOtherKnows(t *testing.T) {
	for kind, paths := range map[Deployment][]string{
		DataCenter: {
			"/rest/api/3/serverInfo", "/rest/api/2/search/jql?jql=a", "/rest/api/2/issue/PROJ-1/changelog", "/rest/api/2/label",
			"/rest/webhooks/1.0/webhook", "/oauth/token/accessible-resources", "/ex/jira/" + CloudID + "/rest/api/2/myself", "/media/file/1/binary",
		},
		Cloud: {"/rest/jira-webhook/1.0/webhooks", "/rest/api/2/customFields", "/secure/attachment/1/a", "/rest/oauth2/latest/token"},
	} {
		s := newSite(t, Options{Deployment: kind})
		for _, path := range paths {
			if a := s.do("GET", path, ""); a.status != 404 {
				t.Errorf("%s answers %s with %d", kind, path, a.status)
			}
		}
	}
	if a := newDC(t, Options{}).do("GET", "/rest/api/3/myself", ""); !strings.Contains(a.raw, `"status-code":404`) {
		t.Errorf("a path that is none: %s", a.raw)
	}
}

func TestDataCenterTellsACommentTwice(t *testing.T) {
	s := newDC(t, Options{})
	r := newReceiver(t)
	key := s.issue(NewIssue{})
	s.Register(Webhook{URL: r.url + "?keep=1", Secret: "x"})
	if _, err := s.As("alice").Comment(key, "hello", nil); err != nil {
		t.Fatal(err)
	}
	s.settle()
	got := r.all()
	if diff := cmp.Diff([]string{"comment_created", "jira:issue_updated"}, r.names()); diff != "" {
		t.Fatal(diff)
	}
	if got[0].body["issue"] != nil || got[0].body["user"] != nil || !strings.Contains(dig(got[0].body, "comment", "self").(string), "/issue/10001/comment/") {
		t.Errorf("the comment alone: %v", got[0].body)
	}
	second := got[1].body
	if second["issue_event_type_name"] != "issue_commented" || second["changelog"] != nil || dig(second, "issue", "key") != key ||
		dig(second, "comment", "id") != dig(got[0].body, "comment", "id") || dig(second, "user", "name") != "alice" {
		t.Errorf("the update: %.300s", got[1].raw)
	}
	for _, one := range got {
		if one.header.Get("X-Hub-Signature") != Sign("x", one.raw) {
			t.Error("it is not signed")
		}
		for _, name := range []string{"X-Atlassian-Webhook-Identifier", "X-Atlassian-Webhook-Flow", "X-Atlassian-Webhook-Retry"} {
			if one.header.Get(name) != "" {
				t.Errorf("it has %s", name)
			}
		}
		want := url.Values{"keep": {"1"}, "user_id": {"alice"}, "user_key": {"JIRAUSER10101"}}
		if diff := cmp.Diff(want, one.query); diff != "" {
			t.Errorf("query %s", diff)
		}
	}
}

func TestDataCenterDoesNotRetry(t *testing.T) {
	s := newDC(t, Options{})
	r := newReceiver(t)
	r.status = []int{503}
	s.Register(Webhook{URL: r.url})
	s.issue(NewIssue{})
	s.settle()
	if log := s.Attempts(); len(log) != 1 || log[0].Status != 503 || !log[0].Final || log[0].Delivered {
		t.Errorf("attempts %+v", log)
	}
}

func TestWebhookURLsAreFilledIn(t *testing.T) {
	for _, c := range []struct {
		opts      Options
		url, want string
	}{
		{Options{}, "/${issue.key}/${project.key}?x=${issue.id}&y=${sprint.id}", "/webhook/jira/PROJ-1/PROJ?x=10001&y="},
		{Options{Deployment: DataCenter, Version: "9.4.0"}, "/${issue.key}", "/webhook/jira/PROJ-1"},
		{Options{Deployment: DataCenter}, "/{issue.key}", "/webhook/jira/PROJ-1"},
		{Options{}, "/${issue.key", "/webhook/jira/$%7Bissue.key"},
	} {
		s := newSite(t, c.opts)
		r := newReceiver(t)
		s.Register(Webhook{URL: r.url + c.url})
		s.issue(NewIssue{})
		s.settle()
		got := r.all()[0].path
		if path, _, _ := strings.Cut(got, "?user_id"); path != c.want {
			t.Errorf("%s became %s", c.url, path)
		}
	}
}

func TestDataCenterKeepsItsRegistrationsWhereItsVersionHasThem(t *testing.T) {
	r := newReceiver(t)
	old := newDC(t, Options{Version: "9.12.0"})
	old.want(201, old.do("POST", "/rest/webhooks/1.0/webhook", `{"name":"n","url":"`+r.url+`","events":["jira:issue_created"]}`))
	old.want(404, old.do("GET", "/rest/jira-webhook/1.0/webhooks", ""))

	s, at := newDC(t, Options{}), "/rest/jira-webhook/1.0/webhooks"
	made := s.want(201, s.do("POST", at, `{"name":"n","url":"`+r.url+`","events":["jira:issue_created"],"configuration":{"FILTERS":"project = PROJ","EXCLUDE_BODY":"false","secret":"x"}}`))
	if made["id"] != 1.0 || made["active"] != true || strings.Contains(s.do("GET", at, "").raw, `"secret"`) {
		t.Errorf("made %v", made)
	}
	for _, bad := range []string{`{}`, `{"name":"n"}`, `{"name":"n","url":"` + r.url + `","events":["x"]}`, `{"name":"n","url":"` + r.url + `","configuration":{"FILTERS":"("}}`} {
		if a := s.do("POST", at, bad); a.status != 400 {
			t.Errorf("%s gets %d", bad, a.status)
		}
	}
	s.issue(NewIssue{})
	s.issue(NewIssue{Project: "FEAT"})
	s.settle()
	if got := r.all(); len(got) != 1 || got[0].header.Get("X-Hub-Signature") != Sign("x", got[0].raw) {
		t.Errorf("%d deliveries", len(got))
	}
	s.want(200, s.do("PUT", at+"/1", `{"name":"n","url":"`+r.url+`","events":[],"active":false}`))
	s.issue(NewIssue{})
	s.settle()
	if n := len(r.all()); n != 1 {
		t.Errorf("a registration that is off sends: %d", n)
	}
	s.want(200, s.do("GET", at+"/1", ""))
	s.want(404, s.do("PUT", at+"/9", `{"name":"n","url":"`+r.url+`"}`))
	s.want(204, s.do("DELETE", at+"/1", ""))
	s.want(404, s.do("GET", at+"/1", ""))
}

func TestDataCenterDownloadsForThoseWhoAreLoggedIn(t *testing.T) {
	s := newDC(t, Options{Now: func() time.Time { return time.Now().UTC() }})
	key := s.issue(NewIssue{})
	id := s.upload(key, "a b.txt", "text")
	content, _ := dig(s.want(200, s.do("GET", "/rest/api/2/attachment/"+id, "")), "content").(string)
	path := strings.TrimPrefix(content, s.BaseURL())
	if path != "/secure/attachment/"+id+"/a%20b.txt" {
		t.Errorf("content %s", content)
	}
	if a := s.do("GET", path, ""); a.status != 200 || a.raw != "text" {
		t.Errorf("download: %d %s", a.status, a.raw)
	}
	s.want(401, s.send("GET", path, "", bearer("x")))
	s.want(404, s.do("GET", "/secure/attachment/9/x", ""))
}
