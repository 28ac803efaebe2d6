package jira_test

import (
	"errors"
	"testing"

	"github.com/aofctl/aofctl/internal/atlassian"
	sandbox "github.com/aofctl/aofctl/internal/sandbox/jira"
	"github.com/aofctl/aofctl/internal/tool"
)

// writeCases are one call of each writing tool, with what must be true after it
// happened once.
func writeCases() map[string]struct {
	tool, args string
	holds      func(i sandbox.Issue) bool
} {
	return map[string]struct {
		tool, args string
		holds      func(i sandbox.Issue) bool
	}{
		"comment": {
			"jira_post_comment", `{"issue_key":"PROJ-1","body":"hello"}`,
			func(i sandbox.Issue) bool { return len(i.Comments) == 1 && i.Comments[0].Body == "hello" },
		},
		"worklog": {
			"jira_log_work", `{"issue_key":"PROJ-1","time_spent":"2h 30m","comment":"work"}`,
			func(i sandbox.Issue) bool { return len(i.Worklogs) == 1 && i.Worklogs[0].Seconds == 9000 },
		},
		"update": {
			"jira_update_issue", `{"issue_key":"PROJ-1","fields":{"summary":"New","priority":"High"}}`,
			func(i sandbox.Issue) bool { return i.Summary == "New" && i.Priority == "High" },
		},
		"transition by status": {
			"jira_transition_issue", `{"issue_key":"PROJ-1","transition":"In Progress"}`,
			func(i sandbox.Issue) bool { return i.Status == "In Progress" },
		},
		"transition by name": {
			"jira_transition_issue", `{"issue_key":"PROJ-1","transition":"Start work"}`,
			func(i sandbox.Issue) bool { return i.Status == "In Progress" },
		},
		"transition by id": {
			"jira_transition_issue", `{"issue_key":"PROJ-1","transition":"11"}`,
			func(i sandbox.Issue) bool { return i.Status == "In Progress" },
		},
		"add labels": {
			"jira_add_labels", `{"issue_key":"PROJ-1","labels":["a","b"]}`,
			func(i sandbox.Issue) bool { return len(i.Labels) == 3 },
		},
		"remove label": {
			"jira_remove_label", `{"issue_key":"PROJ-1","label":"old"}`,
			func(i sandbox.Issue) bool { return len(i.Labels) == 0 },
		},
		"assign": {
			"jira_assign_issue", `{"issue_key":"PROJ-1","assignee":null}`,
			func(i sandbox.Issue) bool { return i.Assignee == "" },
		},
		"link": {
			"jira_link_issues", `{"type":"Blocks","inward_issue":"PROJ-1","outward_issue":"PROJ-2"}`,
			func(i sandbox.Issue) bool { return len(i.Links) == 1 },
		},
	}
}

// changes counts what happened to the issue.
func changes(i sandbox.Issue) int { return len(i.Writes) }

func TestAWriteWhoseAnswerWasLostIsFoundAndNotRepeated(t *testing.T) {
	for name, tt := range writeCases() {
		t.Run(name, func(t *testing.T) {
			s := newSite(t)
			once := newSite(t)
			if _, err := once.try(tt.tool, once.newCall(tt.args)); err != nil {
				t.Fatal(err)
			}
			call := s.newCall(tt.args)
			s.fault(sandbox.Fault{Method: "POST|PUT", Effect: sandbox.CutAfter})
			_, err := s.try(tt.tool, call)
			var failure *atlassian.Error
			if !errors.As(err, &failure) || !failure.Temporary() {
				t.Fatalf("err %v: a lost answer is transient", err)
			}
			if len(s.ledger.open()) != 1 {
				t.Fatalf("ledger %v: the write is open", s.ledger.effects)
			}
			result, err := s.try(tt.tool, call)
			if err != nil || result.Failed {
				t.Fatalf("the repeat: %+v, %v", result, err)
			}
			after := s.issue("PROJ-1")
			if !tt.holds(after) || changes(after) != changes(once.issue("PROJ-1")) {
				t.Errorf("writes %+v", after.Writes)
			}
			if len(s.ledger.open()) != 0 {
				t.Errorf("ledger %v", s.ledger.effects)
			}
		})
	}
}

func TestAWriteThatNeverArrivedIsSentAgain(t *testing.T) {
	for name, tt := range writeCases() {
		t.Run(name, func(t *testing.T) {
			s := newSite(t)
			call := s.newCall(tt.args)
			s.fault(sandbox.Fault{Method: "POST|PUT", Effect: sandbox.CutBefore})
			if _, err := s.try(tt.tool, call); err == nil {
				t.Fatal("no error")
			}
			result, err := s.try(tt.tool, call)
			if err != nil || result.Failed || !tt.holds(s.issue("PROJ-1")) {
				t.Fatalf("the repeat: %+v, %v", result, err)
			}
		})
	}
}

func TestACallAnsweredFromTheLedgerWritesNothing(t *testing.T) {
	for name, tt := range writeCases() {
		t.Run(name, func(t *testing.T) {
			s := newSite(t)
			call := s.newCall(tt.args)
			var texts []string
			for range 2 {
				result, err := s.try(tt.tool, call)
				if err != nil || result.Failed {
					t.Fatalf("%+v, %v", result, err)
				}
				texts = append(texts, result.Text)
			}
			if s.writes() != 1 || !tt.holds(s.issue("PROJ-1")) {
				t.Errorf("%d requests wrote", s.writes())
			}
			if texts[0] != texts[1] {
				t.Errorf("the model is told %q, and then %q", texts[0], texts[1])
			}
		})
	}
}

func TestServerFailuresAreTransientAndLeaveTheWriteOpen(t *testing.T) {
	for name, tt := range writeCases() {
		t.Run(name, func(t *testing.T) {
			s := newSite(t)
			call := s.newCall(tt.args)
			s.fault(sandbox.Fault{Method: "POST|PUT", Effect: sandbox.Answer, Status: 500, After: true})
			_, err := s.try(tt.tool, call)
			var failure *atlassian.Error
			if !errors.As(err, &failure) || !failure.Temporary() || len(s.ledger.open()) != 1 {
				t.Fatalf("err %v, open %v", err, s.ledger.open())
			}
			if result, err := s.try(tt.tool, call); err != nil || result.Failed || !tt.holds(s.issue("PROJ-1")) {
				t.Errorf("the repeat: %+v, %v", result, err)
			}
		})
	}
}

func TestARateLimitedWriteIsForgottenAndTransient(t *testing.T) {
	s := newSite(t)
	s.fault(sandbox.Fault{Method: "POST", Effect: sandbox.Answer, Status: 429, RetryAfter: "120", Count: 9})
	_, err := s.try("jira_post_comment", s.newCall(`{"issue_key":"PROJ-1","body":"x"}`))
	var failure *atlassian.Error
	if !errors.As(err, &failure) || !failure.Temporary() || failure.RetryAfter.Seconds() != 120 {
		t.Fatalf("err %v", err)
	}
	if len(s.ledger.effects) != 0 || s.writes() != 1 {
		t.Errorf("ledger %v, %d tries: a pause of minutes is not spent inside a call", s.ledger.effects, s.writes())
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

var _ tool.Ledger = (*ledger)(nil)
