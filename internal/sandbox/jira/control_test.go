package jira

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// control sends a request to the controls and decodes the answer.
func (s *site) control(status int, method, path, body string, into any) {
	s.t.Helper()
	a := s.send(method, "/__sandbox"+path, body, nil)
	if a.status != status {
		s.t.Fatalf("%s %s: %d, want %d: %s", method, path, a.status, status, a.raw)
	}
	if into == nil {
		return
	}
	if err := json.Unmarshal([]byte(a.raw), into); err != nil {
		s.t.Fatal(err)
	}
}

func TestActionsOverHTTPDoWhatPeopleDo(t *testing.T) {
	s := newSite(t, Options{})
	var made struct{ Key, ID string }
	s.control(200, "POST", "/act", `{"as":"alice","action":"create_issue","project":"PROJ","type":"Bug","summary":"It breaks","labels":["a"]}`, &made)
	key := made.Key
	s.control(200, "POST", "/act", `{"as":"bob","action":"create_issue","project":"PROJ","summary":"Other"}`, nil)
	s.control(200, "POST", "/act", `{"as":"bob","action":"comment","issue":"`+key+`","body":"/help","properties":{"k":true}}`, &made)
	for _, body := range []string{
		`"edit_comment","id":"` + made.ID + `","body":"/triage"`, `"transition","to":"In Progress"`, `"add_labels","labels":["b","c"]`,
		`"remove_labels","labels":["a"]`, `"assign","to":"alice"`, `"update","fields":{"customfield_10016":8}`,
		`"log_work","time_spent":"15m","body":"looked"`, `"link","type":"Relates","to":"PROJ-2"`,
	} {
		s.control(200, "POST", "/act", `{"as":"bob","issue":"`+key+`","action":`+body+`}`, nil)
	}
	s.control(200, "POST", "/act", `{"as":"bob","action":"start_sprint","sprint":2}`, nil)
	s.control(200, "POST", "/act", `{"as":"bob","action":"close_sprint","sprint":2}`, nil)
	var i Issue
	s.control(200, "GET", "/issues/"+key, "", &i)
	got := []any{i.Status, i.Labels, i.Assignee, i.Fields["customfield_10016"], i.Comments[0].Body, len(i.Worklogs), len(i.Links), i.Type}
	want := []any{"In Progress", []string{"b", "c"}, s.account("alice"), 8.0, "/triage", 1, 1, "Bug"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	s.control(200, "POST", "/act", `{"as":"bob","issue":"`+key+`","action":"delete_comment","id":"`+made.ID+`"}`, nil)
	s.control(200, "POST", "/act", `{"as":"bob","issue":"`+key+`","action":"delete_issue"}`, nil)
	s.control(404, "GET", "/issues/"+key, "", nil)
	var keys []string
	s.control(200, "GET", "/issues", "", &keys)
	if diff := cmp.Diff([]string{"PROJ-2"}, keys); diff != "" {
		t.Error(diff)
	}
	counts := map[string]int{}
	s.control(200, "GET", "/counts", "", &counts)
	if counts["issue"] != 2 || counts["comment"] != 1 || counts["transition"] != 1 {
		t.Errorf("counts %v", counts)
	}
}

func TestActionsThatCannotBeDoneSaySo(t *testing.T) {
	s := newSite(t, Options{})
	s.issue(NewIssue{})
	for body, want := range map[string]int{
		`{"as":"alice","action":"dance"}`:                                   400,
		`{"as":"nobody","action":"comment","issue":"PROJ-1","body":"x"}`:    400,
		`{"as":"alice","action":"comment","issue":"PROJ-9","body":"x"}`:     404,
		`{"as":"alice","action":"comment","issue":"PROJ-1"}`:                400,
		`{"as":"alice","action":"transition","issue":"PROJ-1","to":"Done"}`: 400,
		`{"as":"alice","action":"assign","issue":"PROJ-1","to":"nobody"}`:   400,
		`{"as":"alice","action":"start_sprint","sprint":9}`:                 404,
		`{"as":"alice","action":"comment","isue":"PROJ-1"}`:                 400,
		`[]`: 400,
	} {
		s.control(want, "POST", "/act", body, nil)
	}
}

func TestFaultsOverHTTP(t *testing.T) {
	s := newSite(t, Options{})
	key := s.issue(NewIssue{})
	s.control(201, "POST", "/faults", `[{"method":"POST","path":"/comment$","effect":"cut_after","count":1},{"effect":"status","status":503,"path":"/worklog$"}]`, nil)
	s.control(201, "POST", "/faults", `{"effect":"latency","latency_ms":1}`, nil)
	for _, bad := range []string{`{"effect":"x"}`, `{"efect":"cut_after"}`, `5`, ``, `[{"effect":"cut_after","fraction":3}]`} {
		s.control(400, "POST", "/faults", bad, nil)
	}
	if _, err := s.comment(key, "x"); err == nil {
		t.Error("the connection was not cut")
	}
	var rules []FaultState
	s.control(200, "GET", "/faults", "", &rules)
	if len(rules) != 3 || rules[0].Hits != 1 || rules[2].Seen != 1 {
		t.Errorf("rules %+v", rules)
	}
	s.control(204, "DELETE", "/faults/"+rules[1].ID, "", nil)
	s.control(404, "DELETE", "/faults/"+rules[1].ID, "", nil)
	s.control(204, "DELETE", "/faults", "", nil)
	if a, err := s.comment(key, "x"); err != nil || a.status != 201 {
		t.Errorf("after clearing: %d, %v", a.status, err)
	}
}

func TestHoldsOverHTTP(t *testing.T) {
	s := newSite(t, Options{})
	key := s.issue(NewIssue{})
	var h Hold
	s.control(201, "POST", "/holds", `{"method":"POST","path":"/comment$","when":"after"}`, &h)
	s.control(400, "POST", "/holds", `{"when":"never"}`, nil)
	s.control(202, "GET", "/holds/"+h.ID, "", nil)
	s.control(202, "GET", "/holds/"+h.ID+"?wait=1ms", "", nil)
	s.control(400, "GET", "/holds/"+h.ID+"?wait=soon", "", nil)
	done := make(chan error)
	go func() {
		_, err := s.comment(key, "x")
		done <- err
	}()
	var state HoldState
	s.control(200, "GET", "/holds/"+h.ID+"?wait=20s", "", &state)
	if state.Caught != 1 || state.Waiting != 1 {
		t.Errorf("state %+v", state)
	}
	s.control(204, "POST", "/holds/"+h.ID+"/release", "", nil)
	s.control(404, "DELETE", "/holds/"+h.ID, "", nil)
	s.control(404, "GET", "/holds/"+h.ID+"?wait=20s", "", nil)
	if err := <-done; err != nil {
		t.Error(err)
	}
}

func TestWebhooksOverHTTP(t *testing.T) {
	s := newSite(t, Options{})
	r := newReceiver(t)
	s.control(201, "POST", "/webhooks", `{"url":"`+r.url+`","secret":"s","events":["jira:issue_created"],"backoff_ms":1,"lanes":3,"retries":9}`, nil)
	s.control(400, "POST", "/webhooks", `{"secret":"s"}`, nil)
	s.issue(NewIssue{})
	s.control(204, "POST", "/wait", "", nil)
	var log []Attempt
	s.control(200, "GET", "/deliveries", "", &log)
	if len(log) != 1 || !log[0].Delivered || log[0].Issue != "PROJ-1" {
		t.Fatalf("deliveries %+v", log)
	}
	s.control(204, "POST", "/deliveries/"+log[0].Delivery+"/redeliver", "", nil)
	s.control(404, "POST", "/deliveries/none/redeliver", "", nil)
	s.control(204, "POST", "/wait?wait=20s", "", nil)
	if n := len(r.all()); n != 2 {
		t.Errorf("%d deliveries", n)
	}
	var hooks []controlHook
	s.control(200, "GET", "/webhooks", "", &hooks)
	if len(hooks) != 1 || hooks[0].Secret != "" || hooks[0].Retries != 9 || hooks[0].Lanes != 3 {
		t.Errorf("webhooks %+v", hooks)
	}
	s.control(204, "DELETE", "/webhooks/1", "", nil)
	s.control(404, "DELETE", "/webhooks/1", "", nil)
}

func TestWaitingForWebhooksCanEnd(t *testing.T) {
	s := newSite(t, Options{})
	s.control(201, "POST", "/webhooks", `{"url":"http://127.0.0.1:1/","backoff_ms":600000}`, nil)
	s.issue(NewIssue{})
	s.control(504, "POST", "/wait?wait=1ms", "", nil)
	s.control(400, "POST", "/wait?wait=x", "", nil)
}

func TestRequestsAreLoggedAndBounded(t *testing.T) {
	s := newSite(t, Options{LogSize: 3})
	for range 5 {
		s.do("GET", "/rest/api/2/myself?expand=groups", "")
	}
	var log []Request
	s.control(200, "GET", "/requests", "", &log)
	if len(log) != 3 || log[0].Seq != 3 || log[0].Query != "expand=groups" || log[0].Status != 200 {
		t.Errorf("log %+v", log)
	}
	s.control(200, "GET", "/requests?after=4", "", &log)
	if len(log) != 1 || log[0].Seq != 5 {
		t.Errorf("newer %+v", log)
	}
	s.control(400, "GET", "/requests?after=x", "", nil)
}

func TestResetGoesBackToTheSeed(t *testing.T) {
	seed := Seed{Issues: []NewIssue{{Project: "PROJ", Summary: "Seeded", Reporter: "bob"}}}
	s := newSite(t, Options{Seed: seed})
	s.issue(NewIssue{})
	if _, err := s.AddFault(Fault{Effect: CutBefore}); err != nil {
		t.Fatal(err)
	}
	s.control(204, "POST", "/reset", "", nil)
	if diff := cmp.Diff([]string{"PROJ-1"}, s.Keys()); diff != "" {
		t.Error(diff)
	}
	if i := s.snapshot("PROJ-1"); i.Reporter != s.account("bob") || i.Summary != "Seeded" {
		t.Errorf("seeded %+v", i)
	}
	if len(s.Requests()) != 0 || len(s.Faults()) != 0 {
		t.Error("requests or faults are left")
	}
	if key := s.issue(NewIssue{}); key != "PROJ-2" {
		t.Errorf("the next key is %s", key)
	}
}

func TestSeedsThatCannotBeAreRefused(t *testing.T) {
	for name, opts := range map[string]Options{
		"nobody":              {OnlySeed: true},
		"board of no project": {Seed: Seed{Boards: []Board{{ID: 7, Project: "NOPE"}}}},
		"sprint of no board":  {Seed: Seed{Sprints: []Sprint{{ID: 7, Board: 9}}}},
		"issue of no project": {Seed: Seed{Issues: []NewIssue{{Project: "NOPE", Summary: "x"}}}},
		"issue without text":  {Seed: Seed{Issues: []NewIssue{{Project: "PROJ"}}}},
	} {
		if _, err := New(opts); err == nil || !strings.Contains(err.Error(), "seed") {
			t.Errorf("%s: %v", name, err)
		}
	}
}
