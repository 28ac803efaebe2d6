package route_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/aofctl/aofctl/internal/event"
	"github.com/aofctl/aofctl/internal/manifest"
	"github.com/aofctl/aofctl/internal/route"
	"github.com/google/go-cmp/cmp"
)

func labels(names ...string) option {
	return func(t *manifest.Trigger) { t.Filters.Labels = names }
}

// bare is Data Center's comment_created: it has the issue's id and nothing else.
func bare() *event.Event {
	return &event.Event{
		Source: "jira", Type: "comment_created", IssueID: "10013", CommentID: "10082", CommandText: "unik",
		Actor: event.Actor{Name: "grace", Key: "grace"},
		Vars:  map[string]any{"issue_id": "10013"},
	}
}

// sprint is sprint_started: no project, no user, no board but its id.
func sprint() *event.Event {
	return &event.Event{
		Source: "jira", Type: "sprint_started",
		Vars: map[string]any{"sprint_id": int64(192), "board_id": int64(81), "sprint_goal": ""},
	}
}

func TestAbsentVariablesAreAskedForAndThenFailClosed(t *testing.T) {
	tests := []struct {
		name     string
		ev       *event.Event
		triggers []*manifest.Trigger
		needs    []string
		clause   string // of the final miss
	}{
		{"labels of a comment", commented("x"), []*manifest.Trigger{trigger("t", labels("sso"))}, []string{"issue_labels"}, route.ClauseLabels},
		{"project of a bare comment", bare(), []*manifest.Trigger{trigger("t", projects("PROJ"), issueTypes("Bug"))},
			[]string{"project_key", "issue_type"}, route.ClauseProjects},
		{"project glob of a bare comment", bare(), []*manifest.Trigger{trigger("t", projects("PR?J"))}, []string{"project_key"}, route.ClauseProjects},
		{"project of a sprint", sprint(), []*manifest.Trigger{trigger("t", projects("PROJ"))}, []string{"project_key"}, route.ClauseProjects},
		{"board of a sprint", sprint(), []*manifest.Trigger{trigger("t", func(t *manifest.Trigger) { t.Filters.Boards = []string{"Eng"} })},
			[]string{"board_name"}, route.ClauseBoards},
		{"mail of a user", created(), []*manifest.Trigger{trigger("t", users("alice@company.com"))}, []string{"user_email"}, route.ClauseUsers},
		{"project for its target", bare(), []*manifest.Trigger{trigger("t", noDefault, func(t *manifest.Trigger) {
			t.ProjectTargets = map[string]manifest.Target{"PROJ": agent("x")}
		})}, []string{"project_key"}, route.ClauseTarget},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			d := table(tt.triggers...).Decide(tt.ev, route.Input{})
			wantMatches(t, d)
			if diff := cmp.Diff(tt.needs, d.Needs); diff != "" || d.Reason != route.ReasonNeedsData {
				t.Errorf("reason %q, needs (-want +got):\n%s", d.Reason, diff)
			}
			d = table(tt.triggers...).Decide(tt.ev, route.Input{Final: true})
			wantMatches(t, d)
			if diff := cmp.Diff([]string{"t " + tt.clause}, clauses(d)); diff != "" || len(d.Needs) > 0 {
				t.Errorf("needs %q, misses (-want +got):\n%s", d.Needs, diff)
			}
		})
	}
}

func TestAnsweredQuestionsDecide(t *testing.T) {
	tb := table(trigger("t", projects("PROJ"), issueTypes("Bug"), users("grace@company.com")))
	ev := bare()
	d := tb.Decide(ev, route.Input{})
	if diff := cmp.Diff([]string{"project_key", "issue_type", "user_email"}, d.Needs); diff != "" {
		t.Fatalf("needs (-want +got):\n%s", diff)
	}
	ev.Vars["project_key"], ev.Vars["issue_type"] = "PROJ", "bug"
	ev.Vars["user_account_id"], ev.Vars["user_email"] = "grace", "Grace@Company.com"
	wantMatches(t, tb.Decide(ev, route.Input{Final: true}), "t agent/t")
}

func TestSomebodyElsesMailOpensNothing(t *testing.T) {
	ev := created()
	ev.Vars["user_account_id"], ev.Vars["user_email"] = "somebody-else", "boss@company.com"
	wantMatches(t, table(trigger("t", users("boss@company.com"))).Decide(ev, route.Input{Final: true}))
}

func TestRefusalByAnotherFilterSparesTheQuestion(t *testing.T) {
	for _, o := range []option{users("bob"), issueTypes("Story"), events("comment_deleted"), command("x")} {
		tr := trigger("t", labels("sso"), o)
		if len(tr.Commands) > 0 {
			tr.Default = manifest.Target{}
		}
		if d := table(tr).Decide(commented("hello"), route.Input{}); len(d.Needs) > 0 {
			t.Errorf("needs %q", d.Needs)
		}
	}
}

func TestQuestionsOfEarlierTriggersComeBeforeALaterMatch(t *testing.T) {
	tb := table(trigger("picky", labels("sso")), trigger("picky-too", labels("x"), expression("event.issue_reporter_name == 'Bob'")), trigger("any"), trigger("late", issueTypes("Bug")))
	ev := commented("x")
	d := tb.Decide(ev, route.Input{Expressions: evaluator{}})
	wantMatches(t, d)
	if diff := cmp.Diff([]string{"issue_labels", "issue_reporter_name"}, d.Needs); diff != "" {
		t.Errorf("needs (-want +got):\n%s", diff)
	}
	ev.Vars["issue_labels"] = []string{"sso"}
	wantMatches(t, tb.Decide(ev, route.Input{}), "picky agent/picky")
	ev.Vars["issue_labels"] = []string{}
	wantMatches(t, tb.Decide(ev, route.Input{Final: true}), "any agent/any")
}

func TestMatchBeforeAQuestionNeedsNoAnswer(t *testing.T) {
	d := table(trigger("any"), trigger("picky", labels("sso"))).Decide(commented("x"), route.Input{})
	wantMatches(t, d, "any agent/any")
}

func TestWhatNobodyCanTellIsNotAskedFor(t *testing.T) {
	deleted := created()
	deleted.Type = "issue_deleted"
	delete(deleted.Vars, "issue_labels")
	for name, ev := range map[string]*event.Event{"sprint has no issue": sprint(), "issue is gone": deleted} {
		t.Run(name, func(t *testing.T) {
			d := table(trigger("t", labels("sso"))).Decide(ev, route.Input{})
			if len(d.Needs) > 0 || len(d.Misses) != 1 || !strings.Contains(d.Misses[0].Got, "unknown") {
				t.Errorf("got %+v", d)
			}
		})
	}
}

func TestExpressionsAskForTheVariablesThatTheyRead(t *testing.T) {
	const expr = `event.issue_reporter_name == "event.issue_created" and metadata.labels|length > 0 and event.comment_body and x.event_type and eventful.issue_y`
	d := table(trigger("t", expression(expr))).Decide(commented("x"), route.Input{Expressions: never{t}})
	if diff := cmp.Diff([]string{"issue_reporter_name", "issue_labels"}, d.Needs); diff != "" {
		t.Errorf("needs (-want +got):\n%s", diff)
	}
}

func TestSiteLimitsAskForTheProjectAlongWithTheFilters(t *testing.T) {
	in := route.Input{Site: route.Limits{AllowedProjects: []string{"PROJ"}, AllowedUsers: []string{"grace@company.com"}}}
	tb := table(trigger("t", issueTypes("Bug")))
	ev := bare()
	d := tb.Decide(ev, in)
	if diff := cmp.Diff([]string{"user_email", "project_key", "issue_type"}, d.Needs); diff != "" {
		t.Errorf("needs (-want +got):\n%s", diff)
	}
	in.Final = true
	if d := tb.Decide(ev, in); d.Reason != route.ReasonNotAllowed {
		t.Errorf("got %+v", d)
	}
}

func TestManyProjectTriggersAskOnceForAnUnknownProject(t *testing.T) {
	var triggers []*manifest.Trigger
	for i := range 1000 {
		triggers = append(triggers, trigger(fmt.Sprint("t", i), projects(fmt.Sprint("P", i)), issueTypes("Bug")))
	}
	tb := table(triggers...)
	ev := bare()
	d := tb.Decide(ev, route.Input{})
	if diff := cmp.Diff([]string{"project_key", "issue_type"}, d.Needs); diff != "" {
		t.Errorf("needs (-want +got):\n%s", diff)
	}
	d = tb.Decide(ev, route.Input{Final: true})
	if len(d.Matches) > 0 || len(d.Misses) != route.MaxMisses {
		t.Errorf("got %+v", d)
	}
	ev.Vars["project_key"], ev.Vars["issue_type"] = "P700", "Bug"
	wantMatches(t, tb.Decide(ev, route.Input{Final: true}), "t700 agent/t700")
}
