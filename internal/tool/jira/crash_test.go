package jira_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/aofctl/aofctl/internal/atlassian"
	sandbox "github.com/aofctl/aofctl/internal/sandbox/jira"
	"github.com/aofctl/aofctl/internal/tool"
)

// writeCase is a call of a writing tool with what must be true after it happened
// once. Before it, the issue PROJ-1 has a comment and a link of ours.
type writeCase struct {
	tool, args string
	holds      func(s *site) bool
}

func writeCases() map[string]writeCase {
	of := func(holds func(i sandbox.Issue) bool) func(*site) bool {
		return func(s *site) bool { return holds(s.issue("PROJ-1")) }
	}
	inProgress := of(func(i sandbox.Issue) bool { return i.Status == "In Progress" })
	made := func(s *site) bool { return len(s.Keys()) == 5 && s.issue(s.Keys()[4]).Summary == "New" }
	return map[string]writeCase{
		"comment": {
			"jira_post_comment", `{"issue_key":"PROJ-1","body":"hello"}`,
			of(func(i sandbox.Issue) bool { return len(i.Comments) == 2 && i.Comments[1].Body == "hello" }),
		},
		"comment changed": {
			"jira_update_comment", `{"issue_key":"PROJ-1","comment_id":"COMMENT","body":"changed"}`,
			of(func(i sandbox.Issue) bool { return i.Comments[0].Body == "changed" }),
		},
		"worklog": {
			"jira_log_work", `{"issue_key":"PROJ-1","time_spent":"2h 30m","comment":"work"}`,
			of(func(i sandbox.Issue) bool { return len(i.Worklogs) == 1 && i.Worklogs[0].Seconds == 9000 }),
		},
		"new issue":    {"jira_create_issue", `{"project_key":"PROJ","issue_type":"Bug","summary":"New","description":"d"}`, made},
		"new sub-task": {"jira_create_subtask", `{"parent":"PROJ-1","summary":"New"}`, made},
		"update": {
			"jira_update_issue", `{"issue_key":"PROJ-1","fields":{"summary":"New","priority":"High"}}`,
			of(func(i sandbox.Issue) bool { return i.Summary == "New" && i.Priority == "High" }),
		},
		"transition by status": {"jira_transition_issue", `{"issue_key":"PROJ-1","transition":"In Progress"}`, inProgress},
		"transition by name":   {"jira_transition_issue", `{"issue_key":"PROJ-1","transition":"Start work"}`, inProgress},
		"transition by id":     {"jira_transition_issue", `{"issue_key":"PROJ-1","transition":"11"}`, inProgress},
		"add labels": {
			"jira_add_labels", `{"issue_key":"PROJ-1","labels":["a","b"]}`,
			of(func(i sandbox.Issue) bool { return len(i.Labels) == 3 }),
		},
		"remove label": {
			"jira_remove_label", `{"issue_key":"PROJ-1","label":"old"}`,
			of(func(i sandbox.Issue) bool { return len(i.Labels) == 0 }),
		},
		"assign": {
			"jira_assign_issue", `{"issue_key":"PROJ-1","assignee":null}`,
			of(func(i sandbox.Issue) bool { return i.Assignee == "" }),
		},
		"link": {
			"jira_link_issues", `{"type":"Blocks","inward_issue":"PROJ-1","outward_issue":"PROJ-2"}`,
			of(func(i sandbox.Issue) bool { return len(i.Links) == 2 }),
		},
		"link removed": {
			"jira_remove_link", `{"issue_key":"PROJ-1","other_issue":"PROJ-2"}`,
			of(func(i sandbox.Issue) bool { return len(i.Links) == 0 }),
		},
		"remote link": {
			"jira_add_remote_link", `{"issue_key":"PROJ-1","url":"https://wiki.example.com/a","title":"A"}`,
			of(func(i sandbox.Issue) bool { return len(i.RemoteLinks) == 1 }),
		},
		"attachment": {
			"jira_add_attachment", `{"issue_key":"PROJ-1","filename":"a.txt","content":"text"}`,
			of(func(i sandbox.Issue) bool { list, _ := i.Fields["attachment"].([]any); return len(list) == 1 }),
		},
		"into a sprint":   {"jira_add_to_sprint", `{"sprint_id":2,"issue_keys":["PROJ-1"]}`, func(s *site) bool { return s.inSprint("PROJ-1", "PROJ Sprint 2") }},
		"out of a sprint": {"jira_move_to_backlog", `{"issue_keys":["PROJ-2"]}`, func(s *site) bool { return !s.inSprint("PROJ-2", "PROJ Sprint 1") }},
		"version released": {
			"jira_update_version", `{"project_key":"PROJ","version":"1.1","name":"1.1.0","released":true}`,
			func(s *site) bool {
				list, err := s.client.Versions(s.t.Context(), "PROJ")
				return err == nil && list[1].Name == "1.1.0" && list[1].Released
			},
		},
	}
}

// inSprint reports whether the issue shows the sprint.
func (s *site) inSprint(key, sprint string) bool {
	return strings.Contains(s.do("jira_get_issue", `{"issue_key":"`+key+`","fields":["Sprint"]}`).Text, "Sprint: "+sprint)
}

// prepare makes what the cases work on, and gives the case's arguments.
func (s *site) prepare(c writeCase) string {
	s.t.Helper()
	s.do("jira_post_comment", `{"issue_key":"PROJ-1","body":"first"}`)
	s.do("jira_link_issues", `{"type":"Relates","inward_issue":"PROJ-1","outward_issue":"PROJ-2"}`)
	s.do("jira_add_to_sprint", `{"sprint_id":1,"issue_keys":["PROJ-2"]}`)
	return strings.ReplaceAll(c.args, "COMMENT", s.issue("PROJ-1").Comments[0].ID)
}

// onBoth runs a test of every write on both kinds of Jira.
func onBoth(t *testing.T, test func(t *testing.T, c writeCase, make func(*testing.T) *site)) {
	t.Helper()
	for kind, make := range map[string]func(*testing.T) *site{"Cloud": newSite, "Data Center": newServer} {
		for name, c := range writeCases() {
			t.Run(kind+"/"+name, func(t *testing.T) { test(t, c, make) })
		}
	}
}

func TestEveryWritingToolHasACase(t *testing.T) {
	tested := map[string]bool{}
	for _, c := range writeCases() {
		tested[c.tool] = true
	}
	for _, tl := range newSite(t).tools.All() {
		if spec := tl.Spec(); spec.Access == tool.Write && !tested[spec.Name] {
			t.Errorf("%s writes and is in no case", spec.Name)
		}
	}
}

func TestAWriteWhoseAnswerWasLostIsFoundAndNotRepeated(t *testing.T) {
	onBoth(t, func(t *testing.T, c writeCase, make func(*testing.T) *site) {
		once := make(t)
		if _, err := once.try(c.tool, once.newCall(once.prepare(c))); err != nil {
			t.Fatal(err)
		}
		s := make(t)
		call := s.newCall(s.prepare(c))
		s.fault(sandbox.Fault{Method: "POST|PUT|DELETE", Effect: sandbox.CutAfter})
		_, err := s.try(c.tool, call)
		var failure *atlassian.Error
		if !errors.As(err, &failure) || !failure.Temporary() {
			t.Fatalf("err %v: a lost answer is transient", err)
		}
		if len(s.ledger.Open()) != 1 {
			t.Fatalf("ledger %v: the write is open", s.ledger.All())
		}
		result, err := s.try(c.tool, call)
		if err != nil || result.Failed || !c.holds(s) {
			t.Fatalf("the repeat: %+v, %v", result, err)
		}
		want, got := once.Counts(), s.Counts()
		if once.server {
			// A worklog is marked after it was made, if the process lives so long.
			delete(want, "property")
			delete(got, "property")
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("what was written, (-once +interrupted):\n%s", diff)
		}
		if len(s.ledger.Open()) != 0 {
			t.Errorf("ledger %v", s.ledger.All())
		}
	})
}

func TestAWriteThatNeverArrivedIsSentAgain(t *testing.T) {
	onBoth(t, func(t *testing.T, c writeCase, make func(*testing.T) *site) {
		s := make(t)
		call := s.newCall(s.prepare(c))
		s.fault(sandbox.Fault{Method: "POST|PUT|DELETE", Effect: sandbox.CutBefore})
		if _, err := s.try(c.tool, call); err == nil {
			t.Fatal("no error")
		}
		result, err := s.try(c.tool, call)
		if err != nil || result.Failed || !c.holds(s) {
			t.Fatalf("the repeat: %+v, %v", result, err)
		}
	})
}

func TestACallAnsweredFromTheLedgerWritesNothing(t *testing.T) {
	onBoth(t, func(t *testing.T, c writeCase, make func(*testing.T) *site) {
		s := make(t)
		call := s.newCall(s.prepare(c))
		var texts []string
		var counts []map[string]int
		for range 2 {
			result, err := s.try(c.tool, call)
			if err != nil || result.Failed {
				t.Fatalf("%+v, %v", result, err)
			}
			texts, counts = append(texts, result.Text), append(counts, s.Counts())
		}
		if diff := cmp.Diff(counts[0], counts[1]); diff != "" || !c.holds(s) {
			t.Errorf("the second call wrote:\n%s", diff)
		}
		if texts[0] != texts[1] {
			t.Errorf("the model is told %q, and then %q", texts[0], texts[1])
		}
	})
}

func TestServerFailuresAreTransientAndLeaveTheWriteOpen(t *testing.T) {
	onBoth(t, func(t *testing.T, c writeCase, make func(*testing.T) *site) {
		s := make(t)
		call := s.newCall(s.prepare(c))
		s.fault(sandbox.Fault{Method: "POST|PUT|DELETE", Effect: sandbox.Answer, Status: 500, After: true})
		_, err := s.try(c.tool, call)
		var failure *atlassian.Error
		if !errors.As(err, &failure) || !failure.Temporary() || len(s.ledger.Open()) != 1 {
			t.Fatalf("err %v, open %v", err, s.ledger.Open())
		}
		if result, err := s.try(c.tool, call); err != nil || result.Failed || !c.holds(s) {
			t.Errorf("the repeat: %+v, %v", result, err)
		}
	})
}

func TestARateLimitedWriteIsForgottenAndTransient(t *testing.T) {
	s := newSite(t)
	s.fault(sandbox.Fault{Method: "POST", Effect: sandbox.Answer, Status: 429, RetryAfter: "120", Count: 9})
	_, err := s.try("jira_post_comment", s.newCall(`{"issue_key":"PROJ-1","body":"x"}`))
	var failure *atlassian.Error
	if !errors.As(err, &failure) || !failure.Temporary() || failure.RetryAfter.Seconds() != 120 {
		t.Fatalf("err %v", err)
	}
	if len(s.ledger.All()) != 0 || s.writes() != 1 {
		t.Errorf("ledger %v, %d tries: a pause of minutes is not spent inside a call", s.ledger.All(), s.writes())
	}
}

func TestAConflictIsTriedOnceMore(t *testing.T) {
	s := newSite(t)
	s.fault(sandbox.Fault{Method: "PUT", Effect: sandbox.Answer, Status: 409})
	s.do("jira_update_issue", `{"issue_key":"PROJ-1","fields":{"summary":"New"}}`)
	if s.issue("PROJ-1").Summary != "New" || s.writes() != 2 {
		t.Errorf("summary %q after %d writes", s.issue("PROJ-1").Summary, s.writes())
	}
	s.fault(sandbox.Fault{Method: "PUT", Effect: sandbox.Answer, Status: 409, Count: 5})
	s.fail("jira_update_issue", `{"issue_key":"PROJ-1","fields":{"summary":"Newer"}}`, "Jira refused")
}

func TestARejectedTokenIsAnErrorOfTheRunAndNotTheModels(t *testing.T) {
	s := newSite(t)
	s.connect(atlassian.Config{BaseURL: s.url, AuthType: atlassian.AuthAPIToken, Email: sandbox.BotEmail, Token: "wrong", FirstBackoff: 1})
	_, err := s.try("jira_post_comment", s.newCall(`{"issue_key":"PROJ-1","body":"x"}`))
	var failure *atlassian.Error
	if !errors.As(err, &failure) || !failure.Unauthorized() || failure.Temporary() {
		t.Errorf("err %v", err)
	}
	if _, err := s.client.Myself(t.Context()); err == nil {
		t.Error("Myself accepts a wrong token")
	}
}

func TestAnInterruptedTransitionOfSomebodyElseIsNotTakenForOurs(t *testing.T) {
	s := newSite(t)
	call := s.newCall(`{"issue_key":"PROJ-1","transition":"Start work"}`)
	s.fault(sandbox.Fault{Method: "POST", Effect: sandbox.CutBefore})
	if _, err := s.try("jira_transition_issue", call); err == nil {
		t.Fatal("no error")
	}
	if err := s.As("alice").Transition("PROJ-1", "In Progress"); err != nil {
		t.Fatal(err)
	}
	result, err := s.try("jira_transition_issue", call)
	if err != nil || !result.Failed {
		t.Errorf("%+v, %v: it was Alice who did it, and the transition is not possible now", result, err)
	}
}

func TestACommentInSeveralPartsGoesOnWhereItWasInterrupted(t *testing.T) {
	s := newSite(t)
	body := longText(80_000)
	call := s.newCall(`{"issue_key":"PROJ-1","body":` + quote(body) + `}`)
	s.fault(sandbox.Fault{Method: "POST", Path: "/comment$", Effect: sandbox.CutAfter, Skip: 1})
	if _, err := s.try("jira_post_comment", call); err == nil {
		t.Fatal("no error")
	}
	result, err := s.try("jira_post_comment", call)
	if err != nil || result.Failed {
		t.Fatalf("%+v, %v", result, err)
	}
	got := ""
	for _, c := range s.issue("PROJ-1").Comments {
		got += c.Body + "\n"
	}
	if words(got) != words(body) || len(s.issue("PROJ-1").Comments) != 3 {
		t.Errorf("%d comments hold %d characters, want %d", len(s.issue("PROJ-1").Comments), len(words(got)), len(words(body)))
	}
}

func TestPostCommentOnBehalfOfTheRunIsTheSameAsTheTool(t *testing.T) {
	s := newSite(t)
	call := s.newCall("")
	for range 2 {
		result, err := s.tools.PostComment(t.Context(), call, "PROJ-1", "**done**")
		if err != nil || result.Failed || result.Target != "PROJ-1" {
			t.Fatalf("%+v, %v", result, err)
		}
	}
	comments := s.issue("PROJ-1").Comments
	if len(comments) != 1 || comments[0].Body != "*done*" {
		t.Fatalf("comments %+v", comments)
	}
	if got := string(comments[0].Properties["aofctl"]); got != `{"id":"`+call.ID+`","run":"run","delivery":"d1","agent":"triager"}` {
		t.Errorf("marker %s", got)
	}
}
