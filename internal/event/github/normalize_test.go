package github_test

import (
	"encoding/json"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/aofctl/aofctl/internal/event"
	"github.com/aofctl/aofctl/internal/event/github"
	sandbox "github.com/aofctl/aofctl/internal/sandbox/github"
)

// told lets something happen on a simulated GitHub, whose payloads have the whole
// shape of the real ones, and returns the events that webhooks tell of.
func told(t *testing.T, happen func(s *sandbox.Server)) []*event.Event {
	t.Helper()
	now := time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
	s := sandbox.New(sandbox.Options{BaseURL: "https://github.example.com", Now: func() time.Time { return now }})
	t.Cleanup(s.Close)
	s.AddRepository("acme/shop", nil)
	s.Register(sandbox.Webhook{URL: "http://127.0.0.1:1/"})
	happen(s)
	s.Wait()
	var list []*event.Event
	for _, d := range s.Deliveries()[1:] {
		ev, err := github.Normalize(github.Payload{Event: d.Event, ContentType: "application/json", Body: d.Body})
		if err != nil {
			t.Fatalf("%s: %v", d.Event, err)
		}
		if guess := github.Guess(d.Body); guess != d.Event && guess != "" {
			t.Errorf("%s is taken for %q", d.Event, guess)
		}
		list = append(list, ev)
	}
	return list
}

func pull(s *sandbox.Server) int {
	n, err := s.As("alice").OpenPull(sandbox.NewPull{Repository: "acme/shop", Title: "PROJ-12: keep the session", Head: "fix/PROJ-12-session",
		Body: "Also see FEAT-3.\r\nUTF-8 all over.\n<!-- PROJ-999 -->", Labels: []string{"bug", "api"}, Additions: 140, Deletions: 12, Files: []string{"a.go", "b.go"}})
	if err != nil {
		panic(err)
	}
	return n
}

func TestAPullRequestTellsAllThatIsKnownOfIt(t *testing.T) {
	ev := told(t, func(s *sandbox.Server) { pull(s) })[0]
	want := map[string]any{
		"event_type": "pull_request.opened", "github_event": "pull_request", "action": "opened", "timestamp": int64(1772442000000),
		"repository": "acme/shop", "repository_url": "https://github.example.com/acme/shop", "default_branch": "main",
		"user_name": "alice", "user_display_name": "alice", "user_account_id": "1001",
		"pr_number": int64(1), "pr_title": "PROJ-12: keep the session", "pr_url": "https://github.example.com/acme/shop/pull/1", "pr_state": "open",
		"pr_branch": "fix/PROJ-12-session", "pr_base": "main", "pr_author": "alice", "pr_head_repository": "acme/shop", "author_association": "MEMBER",
		"pr_body": "Also see FEAT-3.\nUTF-8 all over.\n<!-- PROJ-999 -->", "pr_merged": false, "pr_draft": false, "pr_merged_at": "",
		"pr_additions": int64(140), "pr_deletions": int64(12), "pr_changed_files": int64(2), "pr_commits": int64(1),
		"pr_created": "2026-03-02T09:00:00Z", "pr_updated": "2026-03-02T09:00:00Z",
		"labels": []string{"bug", "api"}, "issue_keys": []string{"PROJ-12", "FEAT-3"},
	}
	got := map[string]any{}
	for name, value := range ev.Vars {
		got[name] = value
	}
	delete(got, "pr_head_sha")
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("variables (-want +got):\n%s", diff)
	}
	if ev.Source != "github" || ev.Subject != "acme/shop#1" || ev.Thread != 1 || ev.Actor != (event.Actor{AccountID: "1001", Name: "alice", DisplayName: "alice", Type: "user"}) ||
		!ev.Time.Equal(time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)) || !strings.Contains(ev.CommandText, "FEAT-3") {
		t.Errorf("event %+v", ev)
	}
}

func TestEachEventHasItsNamesAndItsSubject(t *testing.T) {
	list := told(t, func(s *sandbox.Server) {
		alice := s.As("alice")
		n := pull(s)
		for _, err := range []error{alice.EditPull("acme/shop", n, "PROJ-13", ""), alice.PushTo("acme/shop", n), alice.Ready("acme/shop", n),
			alice.Label("acme/shop", n, "urgent"), s.As("bob").Review("acme/shop", n, "approved", "/merge please"), alice.Merge("acme/shop", n)} {
			if err != nil {
				t.Fatal(err)
			}
		}
		second := pull(s)
		id, err := s.As("renovate[bot]").Comment("acme/shop", second, "/review")
		if err != nil {
			t.Fatal(err)
		}
		issue, err := alice.OpenIssue("acme/shop", "PROJ-5 is not done", "")
		if err != nil {
			t.Fatal(err)
		}
		for _, err := range []error{alice.EditComment("acme/shop", second, id, "/review again"), alice.Close("acme/shop", second), alice.Push("acme/shop", "main", "PROJ-1 one", "two"),
			alice.Send("acme/shop", "release", map[string]any{"action": "published", "release": map[string]any{"name": "v1 with PROJ-8", "tag_name": "v1", "html_url": "https://x/v1"}}),
			alice.Send("acme/shop", "check_suite", map[string]any{"action": "completed", "check_suite": map[string]any{"head_branch": "fix/PROJ-2", "conclusion": "failure"}}),
			alice.Send("acme/shop", "star", map[string]any{"action": "created"}), alice.Send("acme/shop", "fork", nil)} {
			if err != nil {
				t.Fatal(err)
			}
		}
		if _, err := alice.Comment("acme/shop", issue, "well"); err != nil {
			t.Fatal(err)
		}
	})
	var got []string
	for _, ev := range list {
		keys, _ := ev.Vars["issue_keys"].([]string)
		got = append(got, strings.Join([]string{ev.Type, strings.Join(ev.Also, ","), ev.Subject, strings.Join(keys, ","), ev.Actor.Type}, " | "))
	}
	want := []string{
		"pull_request.opened | pull_request | acme/shop#1 | PROJ-12,FEAT-3 | user",
		"pull_request.edited | pull_request | acme/shop#1 | PROJ-13,PROJ-12,FEAT-3 | user",
		"pull_request.synchronize | pull_request | acme/shop#1 | PROJ-13,PROJ-12,FEAT-3 | user",
		"pull_request.ready_for_review | pull_request | acme/shop#1 | PROJ-13,PROJ-12,FEAT-3 | user",
		"pull_request.labeled | pull_request | acme/shop#1 | PROJ-13,PROJ-12,FEAT-3 | user",
		"pull_request_review.submitted | pull_request_review | acme/shop#1 | PROJ-13,PROJ-12,FEAT-3 | user",
		"pull_request.merged | pull_request.closed,pull_request | acme/shop#1 | PROJ-13,PROJ-12,FEAT-3 | user",
		"pull_request.opened | pull_request | acme/shop#2 | PROJ-12,FEAT-3 | user",
		"issue_comment.created | issue_comment | acme/shop#2 | PROJ-12,FEAT-3 | app",
		"issues.opened | issues | acme/shop#3 | PROJ-5 | user",
		"issue_comment.edited | issue_comment | acme/shop#2 | PROJ-12,FEAT-3 | user",
		"pull_request.closed | pull_request | acme/shop#2 | PROJ-12,FEAT-3 | user",
		"push |  | acme/shop@main | PROJ-1 | user",
		"release.published | release |  | PROJ-8 | user",
		"check_suite.completed | check_suite | acme/shop@fix/PROJ-2 | PROJ-2 | user",
		"star.created | star |  |  | user",
		"fork |  |  |  | user",
		"issue_comment.created | issue_comment | acme/shop#3 | PROJ-5 | user",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("events (-want +got):\n%s", diff)
	}
	for i, text := range map[int]string{5: "/merge please", 8: "/review", 10: "/review again"} {
		if list[i].CommandText != text || list[i].CommentID == "" {
			t.Errorf("event %d has the commands %q, comment %q", i, list[i].CommandText, list[i].CommentID)
		}
	}
	for i := range list {
		for j := range list[:i] {
			if list[i].ContentKey != "" && list[i].ContentKey == list[j].ContentKey {
				t.Errorf("events %d and %d have the same content: %s", i, j, list[i].ContentKey)
			}
		}
	}
	if m := list[6]; m.Vars["pr_merged"] != true || m.Vars["action"] != "closed" || m.Vars["pr_merged_by"] != "alice" {
		t.Errorf("merged: %v", m.Vars)
	}
	if p := list[12].Vars; p["commit_count"] != int64(2) || p["branch"] != "main" || p["ref"] != "refs/heads/main" {
		t.Errorf("push: %v", p)
	}
}

func TestOurOwnCommentsAreKnownByTheirMark(t *testing.T) {
	mark := github.Mark{ID: `r--><b>"1`, Depth: 2}
	list := told(t, func(s *sandbox.Server) {
		n := pull(s)
		for _, body := range []string{"Done.\n\n" + mark.String(), mark.String() + "\nquoted", "<!-- aofctl -->", "<!-- aofctl {} -->", "plain"} {
			if _, err := s.As("aofbot").Comment("acme/shop", n, body); err != nil {
				t.Fatal(err)
			}
		}
	})
	var marked []bool
	for _, ev := range list[1:] {
		marked = append(marked, ev.CommentMarked)
	}
	if !slices.Equal(marked, []bool{true, false, false, false, false}) || list[1].Depth != 2 {
		t.Errorf("marked %v, depth %d", marked, list[1].Depth)
	}
	if got, ok := github.FindMark("x " + mark.String()); !ok || got != mark || strings.Count(mark.String(), "-->") != 1 {
		t.Errorf("%v %v %s", got, ok, mark)
	}
}

func TestFormsAndOddDeliveriesAreReadOrRefusedWithAReason(t *testing.T) {
	const body = `{"action":"opened","repository":{"full_name":"a/b"},"pull_request":{"number":3,"title":"X-1"}}`
	form := url.Values{"payload": {body}}.Encode()
	ev, err := github.Normalize(github.Payload{Event: "pull_request", ContentType: "application/x-www-form-urlencoded; charset=utf-8", Body: []byte(form)})
	if err != nil || ev.Subject != "a/b#3" {
		t.Errorf("%+v %v", ev, err)
	}
	for want, p := range map[string]github.Payload{
		"X-GitHub-Event is missing": {Body: []byte(body)},
		"or no name":                {Event: "pull request", Body: []byte(body)},
		"0 fields":                  {Event: "push", ContentType: "application/x-www-form-urlencoded", Body: []byte("a=b")},
		"read form":                 {Event: "push", ContentType: "application/x-www-form-urlencoded", Body: []byte("payload=%zz")},
		"empty":                     {Event: "push"},
		"not an object":             {Event: "push", Body: []byte("[]")},
	} {
		if _, err := github.Normalize(p); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %q", err, want)
		}
	}
	odd := `{"action":{"a":1},"number":"x","pull_request":{"number":-4,"title":null,"labels":{"a":1},"merged":"yes","user":7,"head":[]},"repository":[],"sender":"me","comment":{"id":"7","body":{}}}`
	if ev, err := github.Normalize(github.Payload{Event: "pull_request", Body: []byte(odd)}); err != nil || ev.Type != "pull_request" || ev.Subject != "" {
		t.Errorf("%+v %v", ev, err)
	}
}

func FuzzNormalize(f *testing.F) {
	f.Add("pull_request", "application/json", []byte(`{"action":"closed","pull_request":{"merged":true,"number":1,"title":"A-1"},"repository":{"id":1,"full_name":"a/b"},"sender":{"login":"x[bot]","id":3}}`))
	f.Add("issue_comment", "application/json", []byte(`{"action":"created","issue":{"number":1,"pull_request":{}},"comment":{"id":1,"body":"/x <!-- aofctl {\"id\":\"1\"} -->"}}`))
	f.Add("push", "application/x-www-form-urlencoded", []byte(`payload={"commits":[null,1,{"message":{}}],"ref":7}`))
	f.Add("check_run", "", []byte(`{"check_run":{"pull_requests":[{"number":1e99}],"check_suite":{"head_branch":[]}}}`))
	f.Fuzz(func(t *testing.T, name, kind string, body []byte) {
		ev, err := github.Normalize(github.Payload{Event: name, ContentType: kind, Body: body})
		_ = github.Guess(body)
		if err != nil {
			return
		}
		if ev.Type == "" || ev.Source != "github" {
			t.Fatalf("%+v", ev)
		}
		if _, err := json.Marshal(ev); err != nil {
			t.Fatal(err)
		}
	})
}
