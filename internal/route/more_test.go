package route_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/aofctl/aofctl/internal/event"
	"github.com/aofctl/aofctl/internal/manifest"
	"github.com/aofctl/aofctl/internal/route"
	"github.com/google/go-cmp/cmp"
)

func jql(text string) option          { return func(t *manifest.Trigger) { t.Filters.JQL = text } }
func debounce(d time.Duration) option { return func(t *manifest.Trigger) { t.Debounce = d } }

func TestMentionsAreRecognisedInEveryForm(t *testing.T) {
	tb := table(trigger("t", command("triage"), noDefault))
	self := route.Identity{AccountIDs: []string{"5b10:98af"}, DisplayNames: []string{"AOF Bot (work)"}}
	for text, want := range map[string]string{
		"@AOF Bot (work) triage":          "",
		"@aof bot (Work): /triage":        "",
		"@AOF Bot (work)er triage":        "none",
		"[~accountid:5B10:98AF] /triage":  "",
		"{color:#172b4d}/triage x{color}": "x",
		"{color:red}{color:#fff}[~accountid:5b10:98af] triage a{color}{color}": "a",
		"/triage [https://x.y/a|https://x.y/a|smart-link] now":                 "https://x.y/a now",
		"/triage [https://x.y/a|https://x.y/a]":                                "https://x.y/a",
		"/triage [docs|https://x.y/a]":                                         "[docs|https://x.y/a]",
		"/triage [a|b|c] [":                                                    "[a|b|c] [",
		"{color:red\n/triage":                                                  "",
		"`@aofbot /triage`":                                                    "none",
		"{quote}@aofbot /triage{quote}":                                        "none",
	} {
		d := tb.Decide(commented(text), route.Input{BotName: "aofbot", Self: self})
		got := "none"
		if len(d.Matches) == 1 && d.Matches[0].Command != nil {
			got = d.Matches[0].Command.Args
		}
		if got != want {
			t.Errorf("%q: args %q, want %q", text, got, want)
		}
	}
}

func TestEventsOfADebouncedTriggerAreHeld(t *testing.T) {
	tb := table(trigger("t", debounce(30*time.Second), command("triage")))
	ev := created()
	ev.Subject = "issue:10001"
	d := tb.Decide(ev, route.Input{})
	wantMatches(t, d, "t agent/t")
	if d.Hold == nil || d.Hold.For != 30*time.Second || d.Hold.Key == "" {
		t.Fatalf("hold %+v", d.Hold)
	}
	ev.Type = "issue_updated"
	if later := tb.Decide(ev, route.Input{}); later.Hold == nil || later.Hold.Key != d.Hold.Key {
		t.Errorf("hold %+v, want the key %q", later.Hold, d.Hold.Key)
	}
	for _, change := range []func(*event.Event){
		func(ev *event.Event) { ev.Subject = "issue:10002" },
		func(ev *event.Event) { ev.Site = "other" },
	} {
		other := created()
		other.Subject = "issue:10001"
		change(other)
		if later := tb.Decide(other, route.Input{}); later.Hold == nil || later.Hold.Key == d.Hold.Key {
			t.Errorf("hold %+v for another subject", later.Hold)
		}
	}
}

func TestCommandsAndEventsWithoutASubjectAreNotHeld(t *testing.T) {
	tb := table(trigger("t", debounce(time.Minute), command("triage")))
	ev := commented("/triage")
	ev.Subject = "issue:10001"
	if d := tb.Decide(ev, route.Input{}); d.Hold != nil || len(d.Matches) != 1 {
		t.Errorf("decision %+v", d)
	}
	if d := tb.Decide(created(), route.Input{}); d.Hold != nil || len(d.Matches) != 1 {
		t.Errorf("decision %+v", d)
	}
}

func TestEventsOfAppsAndOfNobodyMayBeAutomated(t *testing.T) {
	for actor, want := range map[event.Actor]bool{
		{}: true, {AccountID: "1", Type: "app"}: true, {AccountID: "1", Type: "atlassian"}: false,
		{AccountID: "1", Type: "customer"}: false, {Name: "alice"}: false,
	} {
		if got := route.Automated(&event.Event{Actor: actor}); got != want {
			t.Errorf("%+v: %v", actor, got)
		}
	}
}

func TestChainsOfAutomationsEnd(t *testing.T) {
	tb := table(trigger("t", answersBots))
	tests := []struct {
		event, known, most int
		reason             string
	}{
		{0, 0, 3, ""}, {3, 0, 3, ""}, {4, 0, 3, route.ReasonTooDeep}, {0, 4, 3, route.ReasonTooDeep}, {1, 3, 3, ""}, {9, 9, 0, ""},
	}
	for _, tt := range tests {
		ev := created()
		ev.Depth = tt.event
		if d := tb.Decide(ev, route.Input{Depth: tt.known, MaxDepth: tt.most}); d.Reason != tt.reason {
			t.Errorf("%+v: reason %q", tt, d.Reason)
		}
	}
}

// asker answers from maps and keeps what it was asked.
type asker struct {
	vars   map[string]any
	jql    map[string]route.Answer
	marked bool
	fails  error
	asked  []string
}

func (a *asker) Variables(_ context.Context, _ *event.Event, names []string) (map[string]any, error) {
	a.asked = append(a.asked, names...)
	out := map[string]any{}
	for _, name := range names {
		if value, ok := a.vars[name]; ok {
			out[name] = value
		}
	}
	return out, a.fails
}

func (a *asker) Matches(_ context.Context, _ *event.Event, jql string) (route.Answer, error) {
	a.asked = append(a.asked, jql)
	return a.jql[jql], a.fails
}

func (a *asker) Mark(context.Context, *event.Event) (int, bool, error) {
	a.asked = append(a.asked, "mark")
	return 1, a.marked, a.fails
}

func TestResolveAsksForWhatItNeedsAndNoMore(t *testing.T) {
	tests := []struct {
		name     string
		triggers []*manifest.Trigger
		comment  bool
		asker    asker
		want     []string
		asked    []string
	}{
		{name: "nothing", triggers: []*manifest.Trigger{trigger("t")}, want: []string{"t agent/t"}},
		{
			name: "conditions in order, until one wins", want: []string{"b agent/b"}, asked: []string{"x = 1", "x = 2"},
			triggers: []*manifest.Trigger{trigger("a", jql("x = 1")), trigger("b", jql("x = 2")), trigger("c", jql("x = 3"))},
			asker:    asker{jql: map[string]route.Answer{"x = 1": route.AnswerNo, "x = 2": route.AnswerYes}},
		},
		{
			name: "a condition that Jira cannot answer refuses", want: []string{"b agent/b"}, asked: []string{"x = 1"},
			triggers: []*manifest.Trigger{trigger("a", jql("x = 1")), trigger("b")},
		},
		{
			name: "no condition where another filter refuses", triggers: []*manifest.Trigger{trigger("a", jql("x = 1"), issueTypes("Story"))},
		},
		{
			name: "variables first, and a condition only if they agree", comment: true, asked: []string{"issue_labels"},
			triggers: []*manifest.Trigger{trigger("a", labels("vip"), jql("x = 1"))}, asker: asker{vars: map[string]any{"issue_labels": []string{}}},
		},
		{
			name: "variables, condition and mark", comment: true, want: []string{"a agent/a"}, asked: []string{"issue_labels", "x = 1", "mark"},
			triggers: []*manifest.Trigger{trigger("a", labels("vip"), jql("x = 1"))},
			asker:    asker{vars: map[string]any{"issue_labels": []string{"vip"}}, jql: map[string]route.Answer{"x = 1": route.AnswerYes}},
		},
		{
			name: "a variable that nobody tells refuses, a later condition is asked", comment: true,
			want: []string{"b agent/b"}, asked: []string{"issue_labels", "x = 1", "mark"},
			triggers: []*manifest.Trigger{trigger("a", labels("vip")), trigger("b", jql("x = 1"))},
			asker:    asker{jql: map[string]route.Answer{"x = 1": route.AnswerYes}},
		},
		{
			name: "a marked comment starts nothing", comment: true, asked: []string{"mark"},
			triggers: []*manifest.Trigger{trigger("a")}, asker: asker{marked: true},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			ev := created()
			if tt.comment {
				ev = commented("hello")
			}
			d, err := table(tt.triggers...).Resolve(t.Context(), ev, route.Input{}, &tt.asker)
			if err != nil {
				t.Fatal(err)
			}
			wantMatches(t, d, tt.want...)
			if diff := cmp.Diff(tt.asked, tt.asker.asked); diff != "" {
				t.Errorf("asked (-want +got):\n%s", diff)
			}
		})
	}
}

func TestResolveWaitsForAnswersThatWillCome(t *testing.T) {
	away := errors.New("Jira is away")
	for _, tr := range []*manifest.Trigger{trigger("v", labels("vip")), trigger("j", jql("x = 1")), trigger("m")} {
		a := &asker{fails: away}
		if _, err := table(tr).Resolve(t.Context(), commented("x"), route.Input{}, a); !errors.Is(err, away) || len(a.asked) != 1 {
			t.Errorf("%s: err %v after %q", tr.Name, err, a.asked)
		}
	}
}

func TestWithoutAnybodyToAskAConditionRefuses(t *testing.T) {
	tb := table(trigger("t", jql("x = 1")))
	d := tb.Decide(created(), route.Input{Final: true})
	wantMatches(t, d)
	if got := clauses(d); !slices.Equal(got, []string{"t jql_filter"}) {
		t.Errorf("misses %q", got)
	}
	gone := created()
	gone.Type = "issue_deleted"
	wantMatches(t, tb.Decide(gone, route.Input{}))
}

func TestResolveAsksAgainForWhatANewlyKnownProjectNeeds(t *testing.T) {
	ev := commented("hello")
	ev.Project, ev.IssueKey = "", ""
	delete(ev.Vars, "project_key")
	delete(ev.Vars, "issue_key")
	a := &asker{vars: map[string]any{"project_key": "PROJ", "issue_key": "PROJ-1", "issue_labels": []string{"vip"}}}
	d, err := table(trigger("t", projects("PROJ"), labels("vip"))).Resolve(t.Context(), ev, route.Input{}, a)
	if err != nil {
		t.Fatal(err)
	}
	wantMatches(t, d, "t agent/t")
	if ev.Project != "PROJ" {
		t.Errorf("project %q", ev.Project)
	}
}

func TestATriggerMayGatherWhatHappensToAnything(t *testing.T) {
	tb := table(trigger("t", debounce(30*time.Second), func(t *manifest.Trigger) { t.DebounceAll = true }))
	hold := func(subject, site string) *route.Hold {
		ev := created()
		ev.Subject, ev.Site = subject, site
		return tb.Decide(ev, route.Input{}).Hold
	}
	first := hold("issue:10001", "")
	if other := hold("issue:10002", ""); first == nil || other == nil || other.Key != first.Key {
		t.Errorf("holds %+v and %+v of two issues", first, other)
	}
	if elsewhere := hold("issue:10001", "other"); elsewhere == nil || elsewhere.Key == first.Key {
		t.Errorf("hold %+v of another site", elsewhere)
	}
	if none := hold("", ""); none != nil {
		t.Errorf("hold %+v without a subject", none)
	}
}
