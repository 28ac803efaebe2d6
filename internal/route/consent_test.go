package route_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/aofctl/aofctl/internal/event"
	"github.com/aofctl/aofctl/internal/route"
)

// remark is a new comment of a person.
func remark(text string) *event.Event {
	return &event.Event{Source: event.SourceJira, Type: "comment_created", IssueID: "1", IssueKey: "PROJ-1", Subject: "issue:1", CommentID: "7",
		Actor: event.Actor{AccountID: "bob", DisplayName: "Bob"}, CommandText: text, Vars: map[string]any{"comment_body": text}}
}

var ours = route.Input{Self: route.Identity{AccountIDs: []string{"bot"}}, BotName: "aof"}

func TestDecisionsAreLinesOfANewCommentOfAPerson(t *testing.T) {
	cases := map[string]struct {
		text string
		want []route.Consent
	}{
		"approved":           {"/approve K7QX2M", []route.Consent{{Approve: true, Code: "K7QX2M", Words: []string{}}}},
		"rejected, with why": {"/reject k7qx2m not before\nthe release", []route.Consent{{Code: "k7qx2m", Words: []string{"not", "before"}, Text: "not before\nthe release"}}},
		"numbers":            {"/approve K7QX2M 1, 3", []route.Consent{{Approve: true, Code: "K7QX2M", Words: []string{"1,", "3"}, Text: "1, 3"}}},
		"in any case":        {"/APPROVE K7QX2M", []route.Consent{{Approve: true, Code: "K7QX2M", Words: []string{}}}},
		"behind a mention":   {"[~accountid:bot] /approve K7QX2M", []route.Consent{{Approve: true, Code: "K7QX2M", Words: []string{}}}},
		"several": {"/approve K7QX2M\n/reject AAAAAA", []route.Consent{
			{Approve: true, Code: "K7QX2M", Words: []string{}}, {Code: "AAAAAA", Words: []string{}}}},
		"no code":              {"/approve", []route.Consent{{Approve: true}}},
		"within a line":        {"I would not /approve K7QX2M", nil},
		"a mention, no slash":  {"@aof approve K7QX2M", nil},
		"another word":         {"/approved K7QX2M", nil},
		"a quote of wiki":      {"{quote}\n/approve K7QX2M\n{quote}", nil},
		"a quote of Markdown":  {"> /approve K7QX2M", nil},
		"a quoted line":        {"bq. /approve K7QX2M", nil},
		"code":                 {"{code}\n/approve K7QX2M\n{code}", nil},
		"code with a language": {"{code:bash}\n/approve K7QX2M\n{code}", nil},
		"preformatted":         {"{noformat}\n/approve K7QX2M\n{noformat}", nil},
		"fenced":               {"```\n/approve K7QX2M\n```", nil},
		"indented code":        {"text\n\n        /approve K7QX2M", nil},
		"nothing":              {"", nil},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(c.want, route.Consents(remark(c.text), ours)); diff != "" {
				t.Errorf("decisions (-want +got):\n%s", diff)
			}
		})
	}
}

func TestNobodyElsesWordsAreADecisionOrAnAnswer(t *testing.T) {
	cases := map[string]func(ev *event.Event){
		"an edited comment":             func(ev *event.Event) { ev.Type = "comment_updated" },
		"words that somebody changed":   func(ev *event.Event) { ev.Reworded = true },
		"a description":                 func(ev *event.Event) { ev.Type = "issue_created" },
		"our own account":               func(ev *event.Event) { ev.Actor.AccountID = "bot" },
		"our own comment":               func(ev *event.Event) { ev.CommentMarked = true },
		"an app":                        func(ev *event.Event) { ev.Actor.Type = "app" },
		"nobody":                        func(ev *event.Event) { ev.Actor = event.Actor{} },
		"a request by HTTP":             func(ev *event.Event) { ev.Source = event.SourceHTTP },
		"another platform":              func(ev *event.Event) { ev.Source = event.SourceGitHub },
		"an edit, as Data Center tells": func(ev *event.Event) { ev.Type, ev.Also = "issue_updated", []string{"comment_updated"} },
	}
	for name, change := range cases {
		t.Run(name, func(t *testing.T) {
			ev := remark("/approve K7QX2M")
			change(ev)
			if got := route.Consents(ev, ours); got != nil {
				t.Errorf("decisions %+v", got)
			}
			ev.CommandText = "It is version 2."
			if route.Spoken(ev, ours) {
				t.Error("it is taken for an answer")
			}
		})
	}
	ev := remark("/approve K7QX2M")
	ev.Type, ev.Also = "issue_updated", []string{"comment_created"}
	if len(route.Consents(ev, ours)) != 1 || !route.Spoken(remark("It is version 2."), ours) || route.Spoken(remark("/estimate 3"), ours) {
		t.Error("a person's own words do not count, or a command is an answer")
	}
}

func FuzzConsents(f *testing.F) {
	for _, seed := range []string{"/approve K7QX2M 1 2", "{code}/reject", "> /approve A\n/approve \"a b", "* /reject K7QX2M x\r\ny", "[~bot] /approve \u202eK7"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		list := route.Consents(remark(text), ours)
		if len(list) > route.MaxCommands {
			t.Errorf("%d decisions", len(list))
		}
		for _, c := range list {
			if !strings.Contains(strings.ToLower(text), "approve") && !strings.Contains(strings.ToLower(text), "reject") {
				t.Errorf("%q holds %+v", text, c)
			}
		}
	})
}
