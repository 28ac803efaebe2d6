package jira

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"syscall"
	"testing"
)

func TestConnectionsAreResetBeforeAndAfterTheWrite(t *testing.T) {
	for effect, comments := range map[Effect]int{ResetBefore: 0, ResetAfter: 1, CutBefore: 0, CutAfter: 1} {
		s := newSite(t, Options{})
		key := s.issue(NewIssue{})
		if _, err := s.AddFault(Fault{Method: "POST", Path: "/comment$", Effect: effect, Count: 1}); err != nil {
			t.Fatal(err)
		}
		bot, _ := s.User("bot")
		_, err := s.try("POST", "/rest/api/2/issue/"+key+"/comment", `{"body":"x"}`, basic(bot))
		if err == nil || strings.HasPrefix(string(effect), "reset") && !errors.Is(err, syscall.ECONNRESET) {
			t.Errorf("%s: error %v", effect, err)
		}
		if n := len(s.snapshot(key).Comments); n != comments {
			t.Errorf("%s: %d comments", effect, n)
		}
		log := s.Requests()
		last := log[len(log)-1]
		if last.Fault != string(effect) || last.Status != 0 || (last.Applied == 201) != (comments == 1) {
			t.Errorf("%s: log %+v", effect, last)
		}
	}
}

func TestArmedConflictsRefuseEditsOfOneIssue(t *testing.T) {
	s := newSite(t, Options{})
	key, other := s.issue(NewIssue{}), s.issue(NewIssue{})
	if _, err := s.AddFault(ConflictOn(key, 2)); err != nil {
		t.Fatal(err)
	}
	edit := func(key string) answer { return s.do("PUT", "/rest/api/2/issue/"+key, `{"fields":{"summary":"new"}}`) }
	s.want(204, edit(other))
	s.want(200, s.do("GET", "/rest/api/2/issue/"+key, ""))
	a := edit(key)
	if messages, _ := a.body["errorMessages"].([]any); a.status != 409 || len(messages) != 1 || !strings.Contains(fmt.Sprint(messages[0]), "conflicting update") {
		t.Errorf("%d %s", a.status, a.raw)
	}
	s.want(409, s.do("POST", "/rest/api/2/issue/"+key+"/transitions", `{"transition":{"id":"11"}}`))
	s.want(204, edit(key))
	if i := s.snapshot(key); i.Status != "To Do" || i.Summary != "new" {
		t.Errorf("issue %s %s", i.Status, i.Summary)
	}
}

func TestFaultsStrikeEverythingOfBothKinds(t *testing.T) {
	for kind, paths := range map[Deployment][]string{
		Cloud:      {"/rest/agile/1.0/board", "/oauth/token", gateway + "/rest/api/2/myself", "/media/file/1/binary", "/rest/webhooks/1.0/webhook", "/rest/api/3/myself"},
		DataCenter: {"/rest/api/2/search", "/rest/jira-webhook/1.0/webhooks", "/secure/attachment/1/a", "/rest/oauth2/latest/token"},
	} {
		s := newSite(t, Options{Deployment: kind})
		if _, err := s.AddFault(Fault{Effect: Answer, Status: 429, RetryAfter: "3", Reason: "jira-burst-based"}); err != nil {
			t.Fatal(err)
		}
		for _, path := range paths {
			a := s.do("GET", path, "")
			if a.status != 429 || a.header.Get("Retry-After") != "3" || a.header.Get("RateLimit-Reason") != "jira-burst-based" {
				t.Errorf("%s: %d %v", path, a.status, a.header)
			}
		}
		if log := s.Requests(); len(log) != len(paths) || log[0].Applied != 0 {
			t.Errorf("log %+v", log)
		}
	}
}

func TestTransitionsTakeTheFieldsOfTheirScreen(t *testing.T) {
	s := newSite(t, Options{Seed: Seed{Transitions: []Transition{{
		ID: "61", Name: "Close", From: []string{"To Do"}, To: "Done", Screen: []string{"resolution", "customfield_10034"}, Required: []string{"resolution"},
	}}}})
	key := s.issue(NewIssue{})
	at := "/rest/api/2/issue/" + key + "/transitions"
	body := s.want(200, s.do("GET", at+"?expand=transitions.fields&transitionId=61", ""))
	list, _ := body["transitions"].([]any)
	if len(list) != 1 || dig(list[0], "hasScreen") != true || dig(list[0], "fields", "resolution", "required") != true ||
		dig(list[0], "fields", "customfield_10034", "required") != false || dig(list[0], "fields", "resolution", "allowedValues") == nil {
		t.Fatalf("transitions %v", list)
	}
	for name, fields := range map[string]string{
		"not on the screen": `{"resolution":{"name":"Done"},"summary":"x"}`, "required is missing": `{}`, "required is null": `{"resolution":null}`,
		"wrong value": `{"resolution":{"name":"Nope"}}`,
	} {
		a := s.do("POST", at, `{"transition":{"id":"61"},"fields":`+fields+`}`)
		if errs, _ := a.body["errors"].(map[string]any); a.status != 400 || len(errs) != 1 {
			t.Errorf("%s: %d %s", name, a.status, a.raw)
		}
	}
	s.want(400, s.do("POST", at, `{"transition":{"id":"11"},"fields":{"resolution":{"name":"Done"}}}`))
	s.want(204, s.do("POST", at, `{"transition":{"id":"61"},"fields":{"resolution":{"name":"Duplicate"}},"update":{"comment":[{"add":{"body":"so"}}]}}`))
	if i := s.snapshot(key); i.Resolution != "Duplicate" || len(i.Comments) != 1 {
		t.Errorf("issue %+v", i)
	}
}

func TestWorklogsChangeTheTimeOfTheirIssue(t *testing.T) {
	s := newSite(t, Options{})
	key := s.issue(NewIssue{Fields: map[string]any{"timetracking": obj{"originalEstimate": "1d"}}})
	at := "/rest/api/2/issue/" + key + "/worklog"
	left := func() string { return text(dig(s.snapshot(key).Fields["timetracking"], "remainingEstimate")) }
	spent := func() string { return text(dig(s.snapshot(key).Fields["timetracking"], "timeSpent")) }
	id := text(s.want(201, s.do("POST", at, `{"timeSpent":"1h","comment":"first"}`))["id"])
	if left() != "7h" || spent() != "1h" {
		t.Errorf("logged: left %s, spent %s", left(), spent())
	}
	changed := s.want(200, s.as("alice", "PUT", at+"/"+id, `{"timeSpent":"3h"}`))
	if left() != "5h" || changed["comment"] != "first" || dig(changed, "updateAuthor", "displayName") != "Alice Developer" || dig(changed, "author", "displayName") != "AOF Bot" {
		t.Errorf("changed: left %s, %v", left(), changed)
	}
	s.want(200, s.do("PUT", at+"/"+id, `{"comment":"only text"}`))
	if spent() != "3h" {
		t.Errorf("a change of the text changed the time to %s", spent())
	}
	s.want(201, s.do("POST", at+"?adjustEstimate=leave", `{"timeSpent":"2h"}`))
	if left() != "5h" || spent() != "5h" {
		t.Errorf("left alone: left %s, spent %s", left(), spent())
	}
	s.want(201, s.do("POST", at+"?adjustEstimate=new&newEstimate=4h", `{"timeSpent":"1h"}`))
	if left() != "4h" {
		t.Errorf("a new estimate: %s", left())
	}
	s.want(204, s.do("DELETE", at+"/"+id, ""))
	if left() != "7h" || spent() != "3h" {
		t.Errorf("deleted: left %s, spent %s", left(), spent())
	}
	for path, want := range map[string]int{"?adjustEstimate=manual&reduceBy=1h": 400, "?adjustEstimate=new&newEstimate=soon": 400, "?adjustEstimate=auto": 201} {
		if a := s.do("POST", at+path, `{"timeSpent":"1m"}`); a.status != want {
			t.Errorf("%s: %d", path, a.status)
		}
	}
	s.want(404, s.do("PUT", at+"/"+id, `{"timeSpent":"3h"}`))
	s.want(404, s.do("DELETE", at+"/"+id, ""))
}

func TestOptionsOfFieldsAreListed(t *testing.T) {
	s := newSite(t, Options{})
	for path, want := range map[string]int{
		"/field/summary/context": 404, "/field/customfield_1/context": 404, "/field/customfield_10030/context/1/option": 404,
		"/field/customfield_10016/context/10116/option": 400, "/customFieldOption/1": 404, "/field/search?type=custom&id=customfield_10030": 200,
	} {
		if a := s.do("GET", "/rest/api/2"+path, ""); a.status != want {
			t.Errorf("%s: %d", path, a.status)
		}
	}
	contexts := s.want(200, s.do("GET", "/rest/api/2/field/customfield_10030/context", ""))
	list, _ := contexts["values"].([]any)
	options := s.want(200, s.do("GET", "/rest/api/2/field/customfield_10030/context/"+text(dig(list[0], "id"))+"/option", ""))
	if options["total"] != 3.0 {
		t.Errorf("options %v", options)
	}
	dc := newDC(t, Options{})
	second := dc.want(200, dc.do("GET", "/rest/api/2/customFields/10030/options?page=2&maxResults=2", ""))
	if found, _ := second["options"].([]any); second["total"] != 3.0 || len(found) != 1 || dig(found[0], "id") != 10102.0 {
		t.Errorf("second page %v", second)
	}
}

func TestProjectsUsersAndVersionsComeAndGo(t *testing.T) {
	s := newSite(t, Options{})
	for body, want := range map[string]int{
		`{"key":"PROJ","name":"Another"}`: 400, `{"key":"p","name":"x"}`: 400, `{"key":"OK","name":"Project"}`: 400,
		`{"key":"OK","name":"Fine","leadAccountId":"nobody"}`: 400, `{"key":"OK","name":"Fine","projectTypeKey":"software"}`: 201,
	} {
		if a := s.do("POST", "/rest/api/2/project", body); a.status != want {
			t.Errorf("%s: %d %s", body, a.status, a.raw)
		}
	}
	key := s.issue(NewIssue{Project: "OK"})
	s.want(204, s.do("DELETE", "/rest/api/2/project/OK", ""))
	s.want(404, s.do("GET", "/rest/api/2/issue/"+key, ""))
	s.want(404, s.do("GET", "/rest/api/2/project/OK", ""))

	made := s.want(201, s.do("POST", "/rest/api/2/user", `{"emailAddress":"dan@example.com","products":[]}`))
	s.want(400, s.do("POST", "/rest/api/2/user", `{"emailAddress":"dan@example.com","products":[]}`))
	s.want(400, s.do("POST", "/rest/api/2/user", `{"emailAddress":"dan","products":[]}`))
	s.want(204, s.do("DELETE", "/rest/api/2/user?accountId="+text(made["accountId"]), ""))
	s.want(404, s.do("DELETE", "/rest/api/2/user?accountId="+text(made["accountId"]), ""))

	fixed := s.issue(NewIssue{Fields: map[string]any{"fixVersions": []any{obj{"id": "10000"}}}})
	s.want(400, s.do("DELETE", "/rest/api/2/version/10000?moveFixIssuesTo=77", ""))
	s.want(204, s.do("DELETE", "/rest/api/2/version/10000?moveFixIssuesTo=10001", ""))
	list, _ := s.snapshot(fixed).Fields["fixVersions"].([]any)
	if len(list) != 1 || dig(list[0], "name") != "1.1" {
		t.Errorf("versions %v", list)
	}
}

func TestActionsOverHTTPReachEverything(t *testing.T) {
	s := newSite(t, Options{})
	key := s.issue(NewIssue{})
	work, err := s.As("bob").LogWork(key, "1h", "")
	if err != nil {
		t.Fatal(err)
	}
	for _, body := range []string{
		`{"action":"create_sprint","board":1,"name":"S3"}`, `{"action":"move_to_sprint","issue":"` + key + `","sprint":3}`, `{"action":"delete_sprint","sprint":3}`,
		`{"action":"create_board","project":"FEAT","name":"B","type":"kanban"}`, `{"action":"rename_board","board":2,"name":"C"}`, `{"action":"delete_board","board":2}`,
		`{"action":"create_version","project":"PROJ","name":"3.0"}`, `{"action":"release_version","id":"10100"}`,
		`{"action":"create_project","project":"NEW","name":"New"}`, `{"action":"delete_project","project":"NEW"}`,
		`{"action":"create_user","name":"carol","summary":"Carol","email":"carol@example.com"}`, `{"action":"update_user","to":"carol","name":"Carol C."}`,
		`{"action":"delete_user","to":"Carol C."}`, `{"action":"edit_worklog","issue":"` + key + `","id":"` + work + `","time_spent":"2h"}`,
		`{"action":"delete_worklog","issue":"` + key + `","id":"` + work + `"}`, `{"action":"attach","issue":"` + key + `","name":"a.txt","type":"text/plain","body":"x"}`,
		`{"action":"detach","issue":"` + key + `","id":"10001"}`,
	} {
		s.control(200, "POST", "/act", `{"as":"alice",`+body[1:], nil)
	}
	for _, body := range []string{
		`{"action":"fly"}`, `{"action":"delete_sprint","sprint":9}`, `{"action":"move_to_sprint","issue":"` + key + `","sprint":9}`, `{"action":"rename_board","board":9}`,
		`{"action":"create_board","name":""}`, `{"action":"create_version","project":"NOPE"}`, `{"action":"delete_project","project":"NOPE"}`, `{"action":"delete_user","to":"nobody"}`,
		`{"action":"release_version","id":"1"}`, `{"action":"detach","issue":"` + key + `","id":"9"}`, `{"action":"edit_worklog","issue":"` + key + `","id":"9","time_spent":"1h"}`,
	} {
		bad := s.send("POST", "/__sandbox/act", `{"as":"alice",`+body[1:], nil)
		if bad.status < 400 || bad.status > 404 {
			t.Errorf("%s: %d %s", body, bad.status, bad.raw)
		}
	}
	if resp := s.send("GET", "/__sandbox/issues/"+key, "", func(*http.Request) {}); resp.status != 200 {
		t.Errorf("issue: %d", resp.status)
	}
}
