package route_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/aofctl/aofctl/internal/event"
	"github.com/aofctl/aofctl/internal/manifest"
	"github.com/aofctl/aofctl/internal/route"
	"github.com/google/go-cmp/cmp"
)

func TestFirstTriggerInTheCataloguesOrderWins(t *testing.T) {
	d := table(
		trigger("other", projects("OTHER")),
		trigger("any"),
		trigger("exact", projects("PROJ")),
		trigger("last"),
	).Decide(created(), route.Input{})
	wantMatches(t, d, "any agent/any")
}

func TestProjectTriggerBeforeAnOpenOneWins(t *testing.T) {
	d := table(trigger("exact", projects("PROJ")), trigger("any")).Decide(created(), route.Input{})
	wantMatches(t, d, "exact agent/exact")
}

func TestTriggersMatchByEveryClause(t *testing.T) {
	set := func(name string, value any) func(*event.Event) {
		return func(ev *event.Event) { ev.Vars[name] = value }
	}
	filter := func(change func(*manifest.Filters)) option {
		return func(t *manifest.Trigger) { change(&t.Filters) }
	}
	tests := []struct {
		name    string
		options []option
		change  func(*event.Event)
		miss    string // "" if the trigger is to match
	}{
		{name: "nothing asked", options: nil},
		{name: "event", options: []option{events("issue_created")}},
		{name: "event with prefix", options: []option{events("jira:issue_created")}},
		{name: "event in capitals", options: []option{events("Issue_Created")}},
		{name: "event glob", options: []option{events("issue_*")}},
		{name: "event star", options: []option{events("*")}},
		{name: "project", options: []option{projects("OTHER", "PROJ")}},
		{name: "project glob", options: []option{projects("PR*")}},
		{name: "project as prefix of issue keys", options: []option{projects("PROJ-*")}},
		{name: "project by issue key", options: []option{projects("PROJ-123")}},
		{name: "project by part of issue key", options: []option{projects("PROJ-12?")}},
		{name: "secret", options: []option{func(t *manifest.Trigger) { t.SecretEnv = "B" }},
			change: func(ev *event.Event) { ev.Secrets = []string{"A", "B"} }},
		{name: "other secret", options: []option{func(t *manifest.Trigger) { t.SecretEnv = "C" }},
			change: func(ev *event.Event) { ev.Secrets = []string{"A", "B"} }, miss: route.ClauseSecret},
		{name: "no secret", options: []option{func(t *manifest.Trigger) { t.SecretEnv = "C" }}, miss: route.ClauseSecret},
		{name: "issue type in other case", options: []option{issueTypes("Task", "bug")}},
		{name: "other issue type", options: []option{issueTypes("Story")}, miss: route.ClauseIssueTypes},
		{name: "status", options: []option{filter(func(f *manifest.Filters) { f.Statuses = []string{"to do"} })}},
		{name: "other status", options: []option{filter(func(f *manifest.Filters) { f.Statuses = []string{"Done"} })}, miss: route.ClauseStatuses},
		{name: "priority", options: []option{filter(func(f *manifest.Filters) { f.Priorities = []string{"HIGH"} })}},
		{name: "no priority", options: []option{filter(func(f *manifest.Filters) { f.Priorities = []string{"High"} })},
			change: set("issue_priority", ""), miss: route.ClausePriorities},
		{name: "one of the labels", options: []option{filter(func(f *manifest.Filters) { f.Labels = []string{"x", "SSO"} })}},
		{name: "labels after JSON", options: []option{filter(func(f *manifest.Filters) { f.Labels = []string{"sso"} })},
			change: set("issue_labels", []any{"sso"})},
		{name: "no labels", options: []option{filter(func(f *manifest.Filters) { f.Labels = []string{"sso"} })},
			change: set("issue_labels", []string{}), miss: route.ClauseLabels},
		{name: "board by name", options: []option{filter(func(f *manifest.Filters) { f.Boards = []string{"engineering*"} })},
			change: set("board_name", "Engineering Board")},
		{name: "board by id", options: []option{filter(func(f *manifest.Filters) { f.Boards = []string{"7"} })},
			change: set("board_id", int64(7))},
		{name: "other board", options: []option{filter(func(f *manifest.Filters) { f.Boards = []string{"8"} })},
			change: func(ev *event.Event) { ev.Vars["board_id"], ev.Vars["board_name"] = int64(7), "B" }, miss: route.ClauseBoards},
		{name: "no board at all", options: []option{filter(func(f *manifest.Filters) { f.Boards = []string{"8"} })}, miss: route.ClauseBoards},
		{name: "user by account id", options: []option{users("bob", "5B10")}},
		{name: "user by display name", options: []option{users("alice developer")}},
		{name: "user by name", options: []option{users("@alice.d")}, change: func(ev *event.Event) { ev.Actor.Name = "Alice.D" }},
		{name: "user by key", options: []option{users("JIRAUSER1")}, change: func(ev *event.Event) { ev.Actor.Key = "JIRAUSER1" }},
		{name: "user by mail", options: []option{users("Alice@company.com")}, change: func(ev *event.Event) { ev.Actor.Email = "alice@COMPANY.com" }},
		{name: "other user", options: []option{users("bob")}, miss: route.ClauseUsers},
		{name: "unknown user", options: []option{users("bob", "")}, change: func(ev *event.Event) { ev.Actor = event.Actor{} }, miss: route.ClauseUsers},
		{name: "app", change: func(ev *event.Event) { ev.Actor.Type = "app" }, miss: route.ClauseBots},
		{name: "app where apps may", options: []option{answersBots}, change: func(ev *event.Event) { ev.Actor.Type = "app" }},
		{name: "no target", options: []option{noDefault}, miss: route.ClauseTarget},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			ev := created()
			if tt.change != nil {
				tt.change(ev)
			}
			d := table(trigger("t", tt.options...)).Decide(ev, route.Input{})
			if tt.miss == "" {
				wantMatches(t, d, "t agent/t")
				return
			}
			wantMatches(t, d)
			if diff := cmp.Diff([]string{"t " + tt.miss}, clauses(d)); diff != "" {
				t.Errorf("misses (-want +got):\n%s", diff)
			}
		})
	}
}

func TestProjectKeysAreComparedExactly(t *testing.T) {
	d := table(trigger("t", projects("proj"))).Decide(created(), route.Input{})
	wantMatches(t, d)
	want := []route.Miss{{Trigger: "t", Source: "triggers/t.yaml:1", Clause: "projects", Want: "proj", Got: "PROJ"}}
	if diff := cmp.Diff(want, d.Misses); diff != "" || d.Reason != route.ReasonNoTrigger {
		t.Errorf("reason %q, misses (-want +got):\n%s", d.Reason, diff)
	}
}

func TestDataCentersCommentMatchesUnderBothNames(t *testing.T) {
	ev := commented("hello")
	ev.Type, ev.Also = "issue_updated", []string{"comment_created"}
	for _, name := range []string{"issue_updated", "comment_created", "comment_*", "issue_*", "*"} {
		d := table(trigger("t", events(name))).Decide(ev, route.Input{})
		wantMatches(t, d, "t agent/t")
	}
	d := table(trigger("t", events("comment_updated"))).Decide(ev, route.Input{})
	wantMatches(t, d)
}

func TestTriggerNamingSeveralMatchingEventsRunsOnce(t *testing.T) {
	ev := commented("hello")
	ev.Type, ev.Also = "issue_updated", []string{"comment_created"}
	d := table(trigger("t", events("issue_updated", "comment_created", "*", "comment_*"))).Decide(ev, route.Input{})
	wantMatches(t, d, "t agent/t")
}

func TestChangedFieldsNarrowUpdatesOnly(t *testing.T) {
	change := func(t *manifest.Trigger) { t.Filters.ChangedFields = []string{"Status", "fixVersions"} }
	update := func(items ...any) *event.Event {
		ev := created()
		ev.Type = "issue_updated"
		ev.Vars["changelog_items"] = items
		return ev
	}
	item := func(field, id string) any { return map[string]any{"field": field, "field_id": id} }
	tests := []struct {
		name string
		ev   *event.Event
		want bool
	}{
		{"by field", update(item("summary", ""), item("status", "")), true},
		{"by field id", update(item("Fix Version", "fixVersions")), true},
		{"other field", update(item("summary", "summary")), false},
		{"no changes", update(), false},
		{"created", created(), true},
		{"comment", commented("x"), true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			d := table(trigger("t", change)).Decide(tt.ev, route.Input{})
			if got := len(d.Matches) == 1; got != tt.want {
				t.Errorf("matched = %v, want %v (%+v)", got, tt.want, d.Misses)
			}
		})
	}
}

func TestOwnEventsAreNeverAnswered(t *testing.T) {
	self := route.Identity{AccountIDs: []string{"bot-id"}, Names: []string{"aofbot"}, Keys: []string{"JIRAUSER9"}}
	tests := []struct {
		name   string
		change func(*event.Event)
		want   string
	}{
		{"account id", func(ev *event.Event) { ev.Actor = event.Actor{AccountID: "bot-id"} }, route.ReasonOwnAccount},
		{"name", func(ev *event.Event) { ev.Actor = event.Actor{Name: "AOFbot"} }, route.ReasonOwnAccount},
		{"key", func(ev *event.Event) { ev.Actor = event.Actor{Key: "JIRAUSER9"} }, route.ReasonOwnAccount},
		{"the payload's user", func(ev *event.Event) { ev.Vars["user_account_id"] = "bot-id" }, route.ReasonOwnAccount},
		{"marked comment", func(ev *event.Event) { ev.CommentMarked = true }, route.ReasonOwnComment},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			ev := commented("/triage")
			tt.change(ev)
			d := table(trigger("t", answersBots)).Decide(ev, route.Input{Self: self})
			if d.Reason != tt.want || len(d.Matches) > 0 {
				t.Errorf("got %+v, want reason %q", d, tt.want)
			}
		})
	}
}

func TestUnknownIdentityTakesNobodyForUs(t *testing.T) {
	ev := created()
	ev.Actor = event.Actor{}
	d := table(trigger("t")).Decide(ev, route.Input{Self: route.Identity{AccountIDs: []string{""}, Names: []string{""}}})
	wantMatches(t, d, "t agent/t")
}

func TestAppsAreRefusedWithAReason(t *testing.T) {
	ev := created()
	ev.Actor.Type = "app"
	d := table(trigger("t")).Decide(ev, route.Input{})
	if d.Reason != route.ReasonBot {
		t.Errorf("reason = %q", d.Reason)
	}
}

func TestSiteLimitsComeBeforeTriggers(t *testing.T) {
	tests := []struct {
		name  string
		site  route.Limits
		allow bool
	}{
		{"all listed", route.Limits{AllowedProjects: []string{"PROJ"}, AllowedEvents: []string{"jira:issue_*"}, AllowedUsers: []string{"alice developer"}}, true},
		{"other project", route.Limits{AllowedProjects: []string{"X"}}, false},
		{"other event", route.Limits{AllowedEvents: []string{"comment_created"}}, false},
		{"other user", route.Limits{AllowedUsers: []string{"bob"}}, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			d := table(trigger("t")).Decide(created(), route.Input{Site: tt.site})
			if got := len(d.Matches) > 0; got != tt.allow {
				t.Fatalf("got %+v", d)
			}
			if !tt.allow && (d.Reason != route.ReasonNotAllowed || len(d.Misses) != 1 || d.Misses[0].Trigger != "") {
				t.Errorf("got %+v", d)
			}
		})
	}
}

func TestTargetsAreTriedFromCommandToDefault(t *testing.T) {
	full := trigger("t", command("triage"))
	full.EventTargets = map[string]manifest.Command{
		"jira:comment_created": {Target: agent("on-comment"), Params: map[string]any{"depth": 1}, Response: "hm"},
		"issue_updated":        {Target: agent("on-update")},
	}
	full.ProjectTargets = map[string]manifest.Target{"PROJ": agent("of-project")}

	d := table(full).Decide(commented("/triage"), route.Input{})
	wantMatches(t, d, "t agent/triage /triage")

	d = table(full).Decide(commented("hello"), route.Input{})
	wantMatches(t, d, "t agent/on-comment")
	if m := d.Matches[0]; m.Response != "hm" || m.Params["depth"] != 1 {
		t.Errorf("match = %+v", m)
	}
	pair := commented("hello")
	pair.Type, pair.Also = "issue_updated", []string{"comment_created"}
	wantMatches(t, table(full).Decide(pair, route.Input{}), "t agent/on-comment")

	wantMatches(t, table(full).Decide(created(), route.Input{}), "t agent/of-project")

	other := created()
	other.Project, other.IssueKey = "ELSE", "ELSE-1"
	wantMatches(t, table(full).Decide(other, route.Input{}), "t agent/t")
}

func TestEventTargetOfAnEventThatTheTriggerDoesNotAskForIsNotTaken(t *testing.T) {
	tr := trigger("t", events("issue_created"), noDefault)
	tr.EventTargets = map[string]manifest.Command{"comment_created": {Target: agent("x")}}
	wantMatches(t, table(tr).Decide(commented("hi"), route.Input{}))
}

func TestTriggerWithoutATargetLeavesTheEventToTheNext(t *testing.T) {
	d := table(trigger("commands", command("triage"), noDefault), trigger("next")).Decide(commented("just talk"), route.Input{})
	wantMatches(t, d, "next agent/next")
	if diff := cmp.Diff([]string{"commands commands"}, clauses(d)); diff != "" || d.Misses[0].Got != "no command in the comment" {
		t.Errorf("misses %+v", d.Misses)
	}
}

func TestExpressionsAreTheLastFilterAndFailClosed(t *testing.T) {
	const expr = "event.issue_priority == 'High'"
	sees := func(vars map[string]any) bool {
		ev, _ := vars["event"].(map[string]any)
		meta, _ := vars["metadata"].(map[string]any)
		return ev["issue_priority"] == "High" && meta["priority"] == "High"
	}
	tests := []struct {
		name string
		eval route.Expressions
		got  string // of the miss
	}{
		{"true", evaluator{expr: sees}, ""},
		{"false", evaluator{expr: false}, "false"},
		{"error", evaluator{}, "undefined"},
		{"no evaluator", nil, "cannot be evaluated"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			d := table(trigger("t", expression(expr))).Decide(created(), route.Input{Expressions: tt.eval})
			if tt.got == "" {
				wantMatches(t, d, "t agent/t")
				return
			}
			wantMatches(t, d)
			if len(d.Misses) != 1 || d.Misses[0].Clause != route.ClauseExpression || !strings.Contains(d.Misses[0].Got, tt.got) {
				t.Errorf("misses = %+v", d.Misses)
			}
		})
	}
}

// never is an evaluator that must not be called.
type never struct{ t *testing.T }

func (n never) Eval(string, map[string]any) (bool, error) {
	n.t.Error("the expression was evaluated")
	return false, errors.New("evaluated")
}

func TestExpressionIsNotEvaluatedIfAnEarlierFilterRefuses(t *testing.T) {
	d := table(trigger("t", expression("x"), users("bob"))).Decide(created(), route.Input{Expressions: never{t}})
	wantMatches(t, d)
}

func TestEventsOfOtherPlatformsReachNoJiraTrigger(t *testing.T) {
	ev := created()
	ev.Source = "github"
	d := table(trigger("t")).Decide(ev, route.Input{})
	if d.Reason != route.ReasonNoTrigger || len(d.Misses) != 0 {
		t.Errorf("got %+v", d)
	}
}

func TestEmptyTableDecidesNothing(t *testing.T) {
	for _, tb := range []*route.Table{route.New(nil), route.New(&manifest.Catalog{}), table(nil)} {
		if d := tb.Decide(created(), route.Input{}); d.Reason != route.ReasonNoTrigger {
			t.Errorf("got %+v", d)
		}
	}
}

func TestMatchesDoNotShareTheManifestsParams(t *testing.T) {
	tr := trigger("t", noDefault)
	tr.EventTargets = map[string]manifest.Command{"issue_created": {Target: agent("x"), Params: map[string]any{"a": 1}}}
	d := table(tr).Decide(created(), route.Input{})
	d.Matches[0].Params["a"] = 2
	if tr.EventTargets["issue_created"].Params["a"] != 1 {
		t.Error("a match's params are the manifest's own")
	}
}
