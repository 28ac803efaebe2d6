package jira

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestSignatureMatchesThePublishedVector(t *testing.T) {
	got := Sign("It's a Secret to Everybody", []byte("Hello World!"))
	if want := "sha256=a4771c39fbe90f317c7824e83ddef3caae9cb3d976c214ace1f2937e133263c9"; got != want {
		t.Errorf("signature %s, want %s", got, want)
	}
}

// everything makes one event of each kind and returns what was delivered.
func everything(t *testing.T) []received {
	t.Helper()
	s := newSite(t, Options{})
	r := newReceiver(t)
	s.Register(Webhook{URL: r.url, Secret: "s3cret"})
	alice := s.As("alice")
	key := s.issue(NewIssue{Type: "Bug", Description: "broken", Labels: []string{"a"}, Priority: "High"})
	other := s.issue(NewIssue{})
	id, err := alice.Comment(key, "h3. wiki", map[string]any{"k": 1})
	errs := []error{
		err, alice.EditComment(key, id, "again"), alice.Assign(key, "bob"), alice.AddLabels(key, "b"), alice.Transition(key, "In Progress"),
		alice.Update(key, map[string]any{"customfield_10016": 3, "summary": "new"}), alice.Link("Blocks", key, other), alice.StartSprint(2), alice.CloseSprint(2),
	}
	_, err = alice.LogWork(key, "1h", "")
	errs = append(errs, err, alice.DeleteComment(key, id))
	_, err = alice.Comment(other, "goes with the issue", nil)
	errs = append(errs, err, alice.DeleteIssue(other))
	if err := errors.Join(errs...); err != nil {
		t.Fatal(err)
	}
	s.settle()
	return r.all()
}

func TestEveryChangeIsToldInOrder(t *testing.T) {
	got := everything(t)
	var names []string
	for _, one := range got {
		name := one.body["webhookEvent"].(string)
		if kind, ok := one.body["issue_event_type_name"].(string); ok {
			name += "/" + kind
		}
		names = append(names, name)
	}
	want := []string{
		"jira:issue_created/issue_created", "jira:issue_created/issue_created", "comment_created", "comment_updated",
		"jira:issue_updated/issue_assigned", "jira:issue_updated/issue_updated", "jira:issue_updated/issue_generic",
		"jira:issue_updated/issue_updated", "issuelink_created", "sprint_started", "sprint_closed", "worklog_created",
		"jira:issue_updated/issue_work_logged", "comment_deleted", "comment_created", "jira:issue_deleted", "comment_deleted", "issuelink_deleted",
	}
	if diff := cmp.Diff(want, names); diff != "" {
		t.Error(diff)
	}
}

func TestDeliveriesCarryJirasHeaders(t *testing.T) {
	seen := map[string]bool{}
	for _, one := range everything(t) {
		h := one.header
		if got := h.Get("X-Hub-Signature"); got != Sign("s3cret", one.raw) {
			t.Errorf("signature %s", got)
		}
		id := h.Get("X-Atlassian-Webhook-Identifier")
		if id == "" || seen[id] {
			t.Errorf("identifier %q is empty or not unique", id)
		}
		seen[id] = true
		if h.Get("X-Atlassian-Webhook-Retry") != "" {
			t.Error("a first attempt has a retry header")
		}
		if !strings.HasPrefix(h.Get("Content-Type"), "application/json") {
			t.Errorf("content type %s", h.Get("Content-Type"))
		}
	}
	last := everything(t)
	if flow := last[16].header.Get("X-Atlassian-Webhook-Flow"); flow != "Secondary" {
		t.Errorf("the comment that goes with its issue has flow %q", flow)
	}
	if flow := last[13].header.Get("X-Atlassian-Webhook-Flow"); flow != "Primary" {
		t.Errorf("a deleted comment has flow %q", flow)
	}
}

func TestCommentEventsLackWhatTheRealOnesLack(t *testing.T) {
	for _, one := range everything(t) {
		name, _ := one.body["webhookEvent"].(string)
		if !strings.HasPrefix(name, "comment_") {
			continue
		}
		fields, _ := dig(one.body, "issue", "fields").(map[string]any)
		got := slices.Sorted(maps.Keys(fields))
		want := []string{"assignee", "issuetype", "priority", "project", "status", "summary"}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s has other fields: %s", name, diff)
		}
		if _, ok := one.body["user"]; ok {
			t.Errorf("%s has a user", name)
		}
		if self, _ := dig(one.body, "issue", "self").(string); strings.Contains(self, "/issue/") {
			t.Errorf("%s has a well-formed issue.self: %s", name, self)
		}
		if _, ok := dig(one.body, "comment", "body").(string); !ok {
			t.Errorf("%s has a body that is no string", name)
		}
		if dig(one.body, "comment", "properties") != nil || dig(one.body, "comment", "author", "emailAddress") != nil {
			t.Errorf("%s tells properties or an e-mail address", name)
		}
	}
}

func TestChangelogTellsWhatChanged(t *testing.T) {
	got := everything(t)
	item := func(n int) map[string]any {
		items, _ := dig(got[n].body, "changelog", "items").([]any)
		one, _ := items[0].(map[string]any)
		return one
	}
	if i := item(4); i["field"] != "assignee" || i["from"] != nil || i["toString"] != "Bob Manager" || i["tmpToAccountId"] == nil {
		t.Errorf("assignee %v", i)
	}
	if i := item(5); i["field"] != "labels" || i["fromString"] != "a" || i["toString"] != "a b" || i["to"] != nil {
		t.Errorf("labels %v", i)
	}
	if i := item(6); i["from"] != "10000" || i["fromString"] != "To Do" || i["to"] != "3" || i["fieldtype"] != "jira" {
		t.Errorf("status %v", i)
	}
	if i := item(0); i["field"] != "description" {
		t.Errorf("created %v", i)
	}
}

// corpusShapes are the top-level members of real payloads, by event.
func corpusShapes(t *testing.T) map[string]map[string]bool {
	t.Helper()
	dir := shared(t, "corpus/jira/cloud")
	files, err := filepath.Glob(filepath.Join(dir, "*.json"))
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]map[string]bool{}
	for _, file := range files {
		raw, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var body map[string]any
		if json.Unmarshal(raw, &body) != nil {
			continue
		}
		name, _ := body["webhookEvent"].(string)
		if out[name] == nil {
			out[name] = map[string]bool{}
		}
		out[name][strings.Join(shape(body), " ")] = true
	}
	return out
}

// shape lists the members of a payload and of its main objects.
func shape(body map[string]any) []string {
	var out []string
	for _, name := range slices.Sorted(maps.Keys(body)) {
		out = append(out, name)
		inner, ok := body[name].(map[string]any)
		if !ok || name == "user" || name == "oldValue" {
			continue
		}
		for _, member := range slices.Sorted(maps.Keys(inner)) {
			out = append(out, name+"."+member)
		}
	}
	return out
}

func TestPayloadsHaveTheShapeOfRealOnes(t *testing.T) {
	real := corpusShapes(t)
	for _, one := range everything(t) {
		name, _ := one.body["webhookEvent"].(string)
		known, ok := real[name]
		if !ok {
			continue
		}
		if got := strings.Join(shape(one.body), " "); !known[got] {
			t.Errorf("%s:\n got %s\nreal %s", name, got, strings.Join(slices.Collect(maps.Keys(known)), "\n     "))
		}
	}
}

func TestIssueEventsHaveTheFieldsOfRealOnes(t *testing.T) {
	raw, err := os.ReadFile(filepath.Join(shared(t, "corpus/jira/cloud"), "jira_issue_created.json"))
	if err != nil {
		t.Fatal(err)
	}
	var real map[string]any
	if err := json.Unmarshal(raw, &real); err != nil {
		t.Fatal(err)
	}
	got, _ := dig(everything(t)[0].body, "issue", "fields").(map[string]any)
	want, _ := dig(real, "issue", "fields").(map[string]any)
	for name := range want {
		if _, ok := got[name]; !ok && !strings.HasPrefix(name, "customfield_") {
			t.Errorf("field %s is missing", name)
		}
	}
}

// roundTripper answers deliveries without a network, for tests with a fake clock.
type roundTripper struct {
	mu      sync.Mutex
	answers []int
	at      []time.Duration
	retries []string
	start   time.Time
}

// RoundTrip implements http.RoundTripper; status 0 is a failed connection.
func (r *roundTripper) RoundTrip(req *http.Request) (*http.Response, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.at = append(r.at, time.Since(r.start))
	r.retries = append(r.retries, req.Header.Get("X-Atlassian-Webhook-Retry"))
	status := 200
	if len(r.answers) > 0 {
		status, r.answers = r.answers[0], r.answers[1:]
	}
	if status == 0 {
		return nil, errors.New("connection refused")
	}
	return &http.Response{StatusCode: status, Body: io.NopCloser(bytes.NewReader(nil)), Header: http.Header{}, Request: req}, nil
}

func TestRetriesFollowJirasRule(t *testing.T) {
	for name, c := range map[string]struct {
		answers   []int
		attempts  int
		delivered bool
	}{
		"taken":               {[]int{204}, 1, true},
		"overloaded once":     {[]int{503}, 2, true},
		"all that is retried": {[]int{408, 409, 425, 429, 0}, 6, true},
		"given up":            {[]int{500, 500, 500, 500, 500, 500, 500}, 6, false},
		"refused":             {[]int{401}, 1, false},
		"bad request":         {[]int{400}, 1, false},
		"redirect":            {[]int{302}, 1, false},
		"refused in between":  {[]int{502, 404}, 2, false},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s, err := New(Options{})
				if err != nil {
					t.Fatal(err)
				}
				defer s.Close()
				wire := &roundTripper{answers: c.answers, start: time.Now()}
				s.post.client.Transport = wire
				s.Register(Webhook{URL: "http://receiver", Backoff: func(n int) time.Duration { return time.Duration(n) * 5 * time.Minute }})
				if _, err := s.As("alice").CreateIssue(NewIssue{Project: "PROJ", Summary: "x"}); err != nil {
					t.Fatal(err)
				}
				if err := s.Wait(t.Context()); err != nil {
					t.Fatal(err)
				}
				log := s.Attempts()
				last := log[len(log)-1]
				if len(log) != c.attempts || last.Delivered != c.delivered || !last.Final {
					t.Fatalf("attempts %+v", log)
				}
				var waited time.Duration
				for n, at := range wire.at {
					waited += time.Duration(n) * 5 * time.Minute
					want := map[bool]string{true: "", false: string(rune('0' + n))}[n == 0]
					if at != waited || wire.retries[n] != want || log[n].Delivery != log[0].Delivery {
						t.Errorf("try %d after %v with retry %q", n, at, wire.retries[n])
					}
				}
			})
		})
	}
}

func TestRegistrationsFilterByEventAndJQL(t *testing.T) {
	s := newSite(t, Options{})
	r := newReceiver(t)
	s.Register(Webhook{URL: r.url, Events: []string{"comment_created"}, JQL: "project = FEAT"})
	s.Register(Webhook{URL: r.url, Disabled: true})
	for _, project := range []string{"PROJ", "FEAT"} {
		key := s.issue(NewIssue{Project: project})
		if _, err := s.As("bob").Comment(key, project, nil); err != nil {
			t.Fatal(err)
		}
	}
	s.settle()
	got := r.all()
	if len(got) != 1 || dig(got[0].body, "comment", "body") != "FEAT" {
		t.Errorf("got %d deliveries", len(got))
	}
}

func TestOrderOfAnIssueHoldsOverLanesAndRetries(t *testing.T) {
	s := newSite(t, Options{})
	r := newReceiver(t)
	for range 40 {
		r.status = append(r.status, 200, 503)
	}
	s.Register(Webhook{URL: r.url, Lanes: 4, Backoff: func(int) time.Duration { return time.Millisecond }})
	keys := []string{s.issue(NewIssue{}), s.issue(NewIssue{}), s.issue(NewIssue{})}
	for n := range 20 {
		for _, key := range keys {
			if _, err := s.As("alice").Comment(key, string(rune('a'+n)), nil); err != nil {
				t.Fatal(err)
			}
		}
	}
	s.settle()
	texts := map[string]string{}
	for _, one := range r.all() {
		key, _ := dig(one.body, "issue", "key").(string)
		text, _ := dig(one.body, "comment", "body").(string)
		if !strings.HasSuffix(texts[key], text) || text == "" {
			texts[key] += text
		}
	}
	for _, key := range keys {
		if texts[key] != "abcdefghijklmnopqrst" {
			t.Errorf("%s came as %s", key, texts[key])
		}
	}
}

func TestDuplicatesKeepTheirIdentifier(t *testing.T) {
	s := newSite(t, Options{})
	r := newReceiver(t)
	s.Register(Webhook{URL: r.url, Duplicates: 1})
	s.issue(NewIssue{})
	s.settle()
	got := r.all()
	if len(got) != 2 || got[0].header.Get("X-Atlassian-Webhook-Identifier") != got[1].header.Get("X-Atlassian-Webhook-Identifier") {
		t.Fatalf("%d deliveries", len(got))
	}
	if !s.Redeliver(got[0].header.Get("X-Atlassian-Webhook-Identifier")) || s.Redeliver("nothing") {
		t.Error("redelivering does not know what was delivered")
	}
	s.settle()
	if n := len(r.all()); n != 3 {
		t.Errorf("%d deliveries after redelivering", n)
	}
}

func TestIdentifiersOfTwoSitesDiffer(t *testing.T) {
	r := newReceiver(t)
	for range 2 {
		s := newSite(t, Options{})
		s.Register(Webhook{URL: r.url})
		s.issue(NewIssue{})
		s.settle()
	}
	got := r.all()
	first, second := got[0].header.Get("X-Atlassian-Webhook-Identifier"), got[1].header.Get("X-Atlassian-Webhook-Identifier")
	if first == second || len(first) != 36 {
		t.Errorf("identifiers %s and %s", first, second)
	}
}

func TestUnsignedAndBodilessDeliveries(t *testing.T) {
	s := newSite(t, Options{})
	r := newReceiver(t)
	s.Register(Webhook{URL: r.url, ExcludeBody: true})
	s.issue(NewIssue{})
	s.settle()
	got := r.all()
	if len(got) != 1 || len(got[0].raw) != 0 || got[0].header.Get("X-Hub-Signature") != "" {
		t.Errorf("got %+v", got)
	}
}

func TestWebhooksAreRegisteredOverREST(t *testing.T) {
	s := newSite(t, Options{})
	r := newReceiver(t)
	at := "/rest/webhooks/1.0/webhook"
	made := s.want(201, s.do("POST", at, `{"name":"n","url":"`+r.url+`","secret":"x","events":["jira:issue_created"],
		"filters":{"issue-related-events-section":"project = PROJ"}}`))
	if made["isSigned"] != true || made["secret"] != nil {
		t.Errorf("made %v", made)
	}
	for _, bad := range []string{
		`{"url":"` + r.url + `"}`, `{"name":"n","url":"nowhere"}`, `{"name":"n","url":"ftp://x"}`, `{"name":"n","url":"` + r.url + `","events":["issue_created"]}`,
		`{"name":"n","url":"` + r.url + `","filters":{"issue-related-events-section":"project ="}}`,
	} {
		if a := s.do("POST", at, bad); a.status != 400 {
			t.Errorf("%s gets %d", bad, a.status)
		}
	}
	s.issue(NewIssue{})
	s.issue(NewIssue{Project: "FEAT"})
	s.settle()
	if n := len(r.all()); n != 1 {
		t.Errorf("%d deliveries", n)
	}
	if a := s.do("GET", at, ""); !strings.Contains(a.raw, r.url) {
		t.Errorf("list %s", a.raw)
	}
	s.want(200, s.do("GET", at+"/1", ""))
	s.want(204, s.do("DELETE", at+"/1", ""))
	s.want(404, s.do("DELETE", at+"/1", ""))
	s.want(404, s.do("GET", at+"/1", ""))
}

func TestCloseEndsWaitingRetries(t *testing.T) {
	s := newSite(t, Options{})
	s.Register(Webhook{URL: "http://127.0.0.1:1/", Backoff: func(int) time.Duration { return time.Hour }})
	s.issue(NewIssue{})
	s.Close()
	s.settle()
}

func TestChangesDoNotWaitForSlowReceivers(t *testing.T) {
	s := newSite(t, Options{})
	open := make(chan struct{})
	slow := newReceiver(t)
	s.Register(Webhook{URL: slow.url})
	slow.mu.Lock()
	go func() { <-open; slow.mu.Unlock() }()
	for range 50 {
		s.issue(NewIssue{})
	}
	if len(s.Keys()) != 50 {
		t.Error("changes are missing")
	}
	close(open)
	s.settle()
	if n := len(slow.all()); n != 50 {
		t.Errorf("%d deliveries", n)
	}
}

func TestFirstLabelComesFromAnEmptyText(t *testing.T) {
	s := newSite(t, Options{})
	r := newReceiver(t)
	key := s.issue(NewIssue{})
	s.Register(Webhook{URL: r.url})
	if err := s.As("bob").AddLabels(key, "signal"); err != nil {
		t.Fatal(err)
	}
	s.settle()
	items, _ := dig(r.all()[0].body, "changelog", "items").([]any)
	want := map[string]any{
		"field": "labels", "fieldtype": "jira", "fieldId": "labels", "from": nil, "fromString": "", "to": nil, "toString": "signal",
	}
	if diff := cmp.Diff([]any{want}, items); diff != "" {
		t.Error(diff)
	}
}
