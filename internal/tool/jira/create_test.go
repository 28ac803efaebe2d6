package jira_test

import (
	"strings"
	"testing"
	"time"

	sandbox "github.com/aofctl/aofctl/internal/sandbox/jira"
	"github.com/aofctl/aofctl/internal/tool"
	"github.com/aofctl/aofctl/internal/tool/jira"
)

// both runs a test on both kinds of Jira.
func both(t *testing.T, test func(t *testing.T, s *site)) {
	t.Helper()
	t.Run("Cloud", func(t *testing.T) { test(t, newSite(t)) })
	t.Run("Data Center", func(t *testing.T) { test(t, newServer(t)) })
}

// last is the issue that was made last.
func (s *site) last() sandbox.Issue {
	keys := s.Keys()
	return s.issue(keys[len(keys)-1])
}

func TestCreateIssueTakesNamesForEverything(t *testing.T) {
	both(t, func(t *testing.T, s *site) {
		got := s.do("jira_create_issue", `{"project_key":"proj","issue_type":"bug","summary":" It\nbreaks ","description":"**why**","assignee":"bob@example.com",
			"priority":"High","labels":["x","y"],"components":["backend"],"fix_versions":["1.1"],
			"fields":{"story points":5,"Team":"Backend","platforms":["Linux","macOS"],"Target date":"2026-05-01","reviewer":"me","sprint":"PROJ Sprint 2"}}`)
		i := s.last()
		if got.Target != i.Key || got.Text != "Created "+i.Key+": "+s.url+"/browse/"+i.Key {
			t.Errorf("%+v", got)
		}
		if i.Type != "Bug" || i.Summary != "It breaks" || i.Description != "*why*" || i.Priority != "High" || len(i.Labels) != 2 ||
			i.Fields["customfield_10016"] != 5.0 || i.Fields["customfield_10035"] != "2026-05-01" {
			t.Errorf("%+v", i)
		}
		text := s.do("jira_get_issue", `{"issue_key":"`+i.Key+`","fields":["Team","Platforms","Sprint","Reviewer"]}`).Text
		for _, part := range []string{"Bob Manager", "Team: Backend", "Platforms: Linux, macOS", "PROJ Sprint 2 (2, future)", "Reviewer: AOF Bot", "fixVersions: 1.1"} {
			if !strings.Contains(text, part) {
				t.Errorf("no %q in\n%s", part, text)
			}
		}
		if string(i.Properties["aofctl"]) == "" {
			t.Error("the issue does not carry our mark")
		}
	})
}

func TestCreateIssueRefusesWithTheChoices(t *testing.T) {
	both(t, func(t *testing.T, s *site) {
		s.fail("jira_create_issue", `{"project_key":"PROJ","issue_type":"Feature","summary":"x"}`, `no issue type "Feature"`, "Story, Task, Sub-task, Bug, Epic")
		s.fail("jira_create_issue", `{"project_key":"PROJ","issue_type":"Bug","summary":"x","priority":"Urgent"}`, "priority", "valid for Priority: Highest, High")
		s.fail("jira_create_issue", `{"project_key":"PROJ","issue_type":"Bug","summary":"x","fields":{"Team":"Nobody"}}`, "valid for Team: Backend, Frontend, Platform")
		s.fail("jira_create_issue", `{"project_key":"PROJ","issue_type":"Bug","summary":"  "}`, "summary is empty")
		s.fail("jira_create_issue", `{"project_key":"PROJ","issue_type":"Sub-task","summary":"x"}`, "give the parent")
		s.fail("jira_create_issue", `{"project_key":"PROJ","issue_type":"Bug","summary":"x","assignee":"Zed"}`, "nobody who can be assigned issues of PROJ")
		s.fail("jira_create_issue", `{"project_key":"PROJ","issue_type":"Bug","summary":"x","fields":{"sprint":"Sprint 9"}}`, "no open sprint", "PROJ Sprint 1 (1, active)")
		s.fail("jira_create_issue", `{"project_key":"PROJ","issue_type":"Bug","summary":"x","fields":{"project":"OTHER"}}`, "argument of its own")
		s.fail("jira_create_issue", `{"project_key":"OTHER","issue_type":"Bug","summary":"x"}`, "outside the scope")
		s.fail("jira_create_issue", `{"project_key":"PROJ","issue_type":"Bug","summary":"x","parent":"OTHER-1"}`, "outside the scope")
		if len(s.Keys()) != 4 {
			t.Errorf("issues %v", s.Keys())
		}
		if open := s.ledger.Open(); len(open) != 0 {
			t.Errorf("open writes %v", open)
		}
	})
}

func TestAnEpicIsTheParentOnCloudAndAFieldOnDataCenter(t *testing.T) {
	both(t, func(t *testing.T, s *site) {
		s.do("jira_create_issue", `{"project_key":"PROJ","issue_type":"Epic","summary":"Everything"}`)
		epic := s.last().Key
		s.do("jira_create_issue", `{"project_key":"PROJ","issue_type":"Story","summary":"Part","parent":"`+s.url+`/browse/`+epic+`"}`)
		s.do("jira_update_issue", `{"issue_key":"PROJ-1","fields":{"parent":"`+epic+`"}}`)
		for _, key := range []string{s.last().Key, "PROJ-1"} {
			text := s.do("jira_get_issue", `{"issue_key":"`+key+`"}`).Text
			if !strings.Contains(text, "parent: "+epic) && !strings.Contains(text, "epic: "+epic) {
				t.Errorf("%s shows no epic:\n%s", key, text)
			}
		}
		s.do("jira_update_issue", `{"issue_key":"PROJ-1","fields":{"parent":null}}`)
		if text := s.do("jira_get_issue", `{"issue_key":"PROJ-1"}`).Text; strings.Contains(text, epic) {
			t.Errorf("the epic is not cleared:\n%s", text)
		}
	})
}

func TestASubtaskHasItsParentsProjectAndTheRightType(t *testing.T) {
	both(t, func(t *testing.T, s *site) {
		s.do("jira_create_subtask", `{"parent":"PROJ-2","summary":"Part","fields":{"labels":["a"]}}`)
		if i := s.last(); i.Type != "Sub-task" || !strings.HasPrefix(i.Key, "PROJ-") {
			t.Errorf("%+v", i)
		}
		s.fail("jira_create_subtask", `{"parent":"PROJ-2","summary":"x","issue_type":"Bug"}`, "it has Sub-task")
		s.fail("jira_create_subtask", `{"parent":"OTHER-1","summary":"x"}`, "outside the scope")
	})
}

func TestANewIssueThatSearchesLearnOfLateIsWaitedFor(t *testing.T) {
	s := newSiteOf(t, sandbox.Options{IndexLag: 150 * time.Millisecond}, same)
	s.tools = jira.New(s.site, tool.Writer{Ledger: s.ledger, Settle: 900 * time.Millisecond}, jira.Converters{})
	s.register()
	call := s.newCall(`{"project_key":"PROJ","issue_type":"Bug","summary":"New"}`)
	s.fault(sandbox.Fault{Method: "POST", Path: "/issue$", Effect: sandbox.CutAfter})
	if _, err := s.try("jira_create_issue", call); err == nil {
		t.Fatal("no error")
	}
	result, err := s.try("jira_create_issue", call)
	if err != nil || result.Failed || len(s.Keys()) != 5 {
		t.Errorf("%+v, %v; issues %v", result, err, s.Keys())
	}
}

func TestAnIssueThatAnotherWriteMadeIsNotTakenForOurs(t *testing.T) {
	both(t, func(t *testing.T, s *site) {
		args := `{"project_key":"PROJ","issue_type":"Bug","summary":"Same"}`
		s.do("jira_create_issue", args)
		call := s.newCall(args)
		s.fault(sandbox.Fault{Method: "POST", Path: "/issue$", Effect: sandbox.CutBefore})
		if _, err := s.try("jira_create_issue", call); err == nil {
			t.Fatal("no error")
		}
		if result, err := s.try("jira_create_issue", call); err != nil || result.Failed || len(s.Keys()) != 6 {
			t.Errorf("%+v, %v; issues %v: two calls are two issues", result, err, s.Keys())
		}
	})
}

func TestEstimatesAreSetWithinTimeTracking(t *testing.T) {
	both(t, func(t *testing.T, s *site) {
		s.do("jira_update_issue", `{"issue_key":"PROJ-1","fields":{"Original estimate":"2d 4h"}}`)
		if got := s.issue("PROJ-1").Fields["timeoriginalestimate"]; got != 72000.0 {
			t.Errorf("estimate %v", got)
		}
		s.fail("jira_update_issue", `{"issue_key":"PROJ-1","fields":{"Original estimate":"soon"}}`, "2h 30m")
	})
}
