package jira_test

import (
	"strings"
	"testing"

	"github.com/aofctl/aofctl/internal/event"
	"github.com/aofctl/aofctl/internal/event/jira"
	"github.com/google/go-cmp/cmp"
)

func TestSubjectPrefersIdsOverKeys(t *testing.T) {
	tests := []struct{ body, want string }{
		{`{"webhookEvent":"jira:issue_created","issue":{"id":"1","key":"A-1"}}`, "issue:1"},
		{`{"webhookEvent":"jira:issue_created","issue":{"id":10001,"key":"A-1"}}`, "issue:10001"},
		{`{"webhookEvent":"jira:issue_created","issue":{"key":"A-1"}}`, "issue:A-1"},
		{`{"webhookEvent":"comment_created","comment":{"self":"https://x/rest/api/2/issue/77/comment/5","id":"5"}}`, "issue:77"},
		{`{"webhookEvent":"worklog_created","worklog":{"id":"5","issueId":"78"}}`, "issue:78"},
		{`{"webhookEvent":"worklog_created","worklog":{"id":"5","self":"https://x/rest/api/2/issue/79/worklog/5?x=1"}}`, "issue:79"},
		{`{"webhookEvent":"issuelink_created","issueLink":{"id":1,"sourceIssueId":80,"destinationIssueId":81}}`, "issue:80"},
		{`{"webhookEvent":"sprint_started","sprint":{"id":42,"originBoardId":7}}`, "sprint:42"},
		{`{"webhookEvent":"board_created","board":{"id":7}}`, "board:7"},
		{`{"webhookEvent":"jira:version_released","version":{"id":"3","projectId":10}}`, "version:3"},
		{`{"webhookEvent":"project_created","project":{"id":10,"key":"A"}}`, "project:10"},
		{`{"webhookEvent":"project_created","project":{"key":"A"}}`, "project:A"},
		{`{"webhookEvent":"user_created","user":{"accountId":"5b"}}`, "user:5b"},
		{`{"webhookEvent":"filter_created"}`, ""},
		{`{"webhookEvent":"comment_created","comment":{"self":"https://x/issue/../comment/x"}}`, ""},
	}
	for _, tt := range tests {
		if got := normalize(t, []byte(tt.body), jira.Options{}).Subject; got != tt.want {
			t.Errorf("%s\nhas subject %q, want %q", tt.body, got, tt.want)
		}
	}
}

func TestContentKeyNamesWhatHappened(t *testing.T) {
	tests := []struct{ name, body, want string }{
		{"created", `{"webhookEvent":"jira:issue_created","timestamp":9,"issue":{"id":"1"}}`, "issue_created:issue:1"},
		{"created by key", `{"webhookEvent":"issue_created","timestamp":9,"issue":{"key":"A-1"}}`, "issue_created:issue:A-1:9"},
		{"created by a rule", `{"webhookEvent":"issue_created","issue":{"key":"A-1"}}`, ""},
		{"deleted", `{"webhookEvent":"jira:issue_deleted","timestamp":9,"issue":{"id":"1"}}`, "issue_deleted:issue:1"},
		{"updated", `{"webhookEvent":"jira:issue_updated","timestamp":9,"issue":{"id":"1"},"changelog":{"id":"5"}}`, "issue_updated:issue:1:changelog:5"},
		{"updated, number", `{"webhookEvent":"jira:issue_updated","timestamp":9,"issue":{"id":"1"},"changelog":{"id":5}}`, "issue_updated:issue:1:changelog:5"},
		{"updated without changes", `{"webhookEvent":"jira:issue_updated","timestamp":9,"issue":{"id":"1"}}`, "issue_updated:issue:1:9"},
		{"updated without anything", `{"webhookEvent":"jira:issue_updated","issue":{"id":"1"}}`, ""},
		{"comment", `{"webhookEvent":"comment_updated","timestamp":9,"comment":{"id":"3","updated":"u"}}`, "comment_updated:comment:3:u"},
		{"comment without date", `{"webhookEvent":"comment_created","timestamp":9,"comment":{"id":"3"}}`, "comment_created:comment:3:9"},
		{"pair", `{"webhookEvent":"jira:issue_updated","issue_event_type_name":"issue_commented","timestamp":8,"issue":{"id":"1"},"comment":{"id":"3","updated":"u"}}`, "comment_created:comment:3:u"},
		{"worklog", `{"webhookEvent":"worklog_updated","timestamp":9,"worklog":{"id":"3","updated":"u"}}`, "worklog_updated:worklog:3:u"},
		{"sprint", `{"webhookEvent":"sprint_updated","timestamp":9,"sprint":{"id":3}}`, "sprint_updated:sprint:3:9"},
		{"sprint of a rule", `{"webhookEvent":"sprint_updated","sprint":{"id":3}}`, ""},
		{"link", `{"webhookEvent":"issuelink_deleted","timestamp":9,"issueLink":{"id":3,"sourceIssueId":1}}`, "issuelink_deleted:link:3"},
		{"attachment", `{"webhookEvent":"attachment_created","timestamp":9,"attachment":{"id":"3"}}`, "attachment_created:attachment:3:9"},
		{"no object", `{"webhookEvent":"option_voting_changed","timestamp":9}`, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := normalize(t, []byte(tt.body), jira.Options{}).ContentKey; got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

func TestServersCommentsAreToldApart(t *testing.T) {
	const comment = `"comment":{"id":"3","created":"a","updated":"a"}`
	tests := []struct {
		name, rest string
		want       []string
	}{
		{"commented", `"issue_event_type_name":"issue_commented",` + comment, []string{"comment_created"}},
		{"edited", `"issue_event_type_name":"issue_comment_edited",` + comment, []string{"comment_updated"}},
		{"deleted", `"issue_event_type_name":"issue_comment_deleted",` + comment, []string{"comment_deleted"}},
		{"deleted without the comment", `"issue_event_type_name":"issue_comment_deleted"`, []string{"comment_deleted"}},
		{"transition with a comment", `"issue_event_type_name":"issue_resolved",` + comment, nil},
		{"unnamed, new", comment, []string{"comment_created"}},
		{"unnamed, edited", `"comment":{"id":"3","created":"a","updated":"b"}`, []string{"comment_updated"}},
		{"unnamed, gone", comment + `,"issue":{"fields":{"comment":{"comments":[{"id":"2"}],"total":1}}}`, []string{"comment_deleted"}},
		{"unnamed, listed", comment + `,"issue":{"fields":{"comment":{"comments":[{"id":"2"},{"id":"3"}],"total":2}}}`, []string{"comment_created"}},
		{"unnamed, list cut", comment + `,"issue":{"fields":{"comment":{"comments":[{"id":"2"}],"total":5}}}`, []string{"comment_created"}},
		{"unnamed, with changes", comment + `,"changelog":{"id":"1","items":[]}`, nil},
		{"unnamed, no comment", `"issue":{"id":"1"}`, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			ev := normalize(t, []byte(`{"webhookEvent":"jira:issue_updated",`+tt.rest+`}`), jira.Options{})
			if diff := cmp.Diff(tt.want, ev.Also); diff != "" || ev.Type != "issue_updated" {
				t.Errorf("type %q, also (-want +got):\n%s", ev.Type, diff)
			}
		})
	}
}

func TestCommandsAreReadFromNewTextsAndEditedComments(t *testing.T) {
	const issue = `"issue":{"id":"1","fields":{"description":"/triage"}}`
	const comment = `"comment":{"id":"3","body":"/estimate","created":"a","updated":"a"}`
	tests := []struct{ name, body, want string }{
		{"new issue", `{"webhookEvent":"jira:issue_created",` + issue + `}`, "/triage"},
		{"new comment", `{"webhookEvent":"comment_created",` + issue + `,` + comment + `}`, "/estimate"},
		{"new comment on Server", `{"webhookEvent":"jira:issue_updated","issue_event_type_name":"issue_commented",` + issue + `,` + comment + `}`, "/estimate"},
		{"updated issue", `{"webhookEvent":"jira:issue_updated",` + issue + `}`, ""},
		{"updated comment", `{"webhookEvent":"comment_updated",` + issue + `,` + comment + `}`, "/estimate"},
		{"updated comment on Server", `{"webhookEvent":"jira:issue_updated","issue_event_type_name":"issue_comment_edited",` + issue + `,` + comment + `}`, "/estimate"},
		{"deleted comment", `{"webhookEvent":"comment_deleted",` + comment + `}`, ""},
		{"deleted issue", `{"webhookEvent":"jira:issue_deleted",` + issue + `}`, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := normalize(t, []byte(tt.body), jira.Options{}).CommandText; got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

func TestActorIsWhoWroteTheWords(t *testing.T) {
	const users = `"user":{"accountId":"u"},"comment":{"id":"1","author":{"accountId":"a"},"updateAuthor":{"accountId":"e"}}`
	tests := []struct{ name, body, actor, user string }{
		{"created", `{"webhookEvent":"comment_created",` + users + `}`, "a", "u"},
		{"updated", `{"webhookEvent":"comment_updated",` + users + `}`, "e", "u"},
		{"deleted", `{"webhookEvent":"comment_deleted",` + users + `}`, "u", "u"},
		{"deleted without user", `{"webhookEvent":"comment_deleted","comment":{"author":{"accountId":"a"},"updateAuthor":{"accountId":"e"}}}`, "e", "e"},
		{"created without user", `{"webhookEvent":"comment_created","comment":{"author":{"accountId":"a"}}}`, "a", "a"},
		{"issue", `{"webhookEvent":"jira:issue_updated","user":{"accountId":"u","accountType":"app"}}`, "u", "u"},
		{"worklog", `{"webhookEvent":"worklog_updated","worklog":{"author":{"accountId":"a"},"updateAuthor":{"accountId":"e"}}}`, "e", "e"},
		{"attachment", `{"webhookEvent":"attachment_created","attachment":{"author":{"accountId":"a"}}}`, "a", "a"},
		{"user event", `{"webhookEvent":"user_created","user":{"accountId":"u"}}`, "", "u"},
		{"sprint", `{"webhookEvent":"sprint_started","sprint":{"id":1}}`, "", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			ev := normalize(t, []byte(tt.body), jira.Options{})
			if ev.Actor.AccountID != tt.actor || ev.String("user_account_id") != tt.user {
				t.Errorf("actor %q, user %q", ev.Actor.AccountID, ev.String("user_account_id"))
			}
		})
	}
	ev := normalize(t, []byte(tests[5].body), jira.Options{})
	if diff := cmp.Diff(event.Actor{AccountID: "u", Type: "app"}, ev.Actor); diff != "" {
		t.Errorf("actor (-want +got):\n%s", diff)
	}
}

func TestMarkedCommentsAreRecognized(t *testing.T) {
	for properties, want := range map[string]bool{
		`[{"key":"aofctl","value":{}}]`:              true,
		`[{"key":"x"},{"key":"aofctl"}]`:             true,
		`{"aofctl":{"run":1}}`:                       true,
		`[{"key":"other","value":{"key":"aofctl"}}]`: false,
		`[{"key":"aofctl2"}]`:                        false,
		`[]`:                                         false,
		`null`:                                       false,
		`"aofctl"`:                                   false,
		`["aofctl"]`:                                 false,
	} {
		ev := normalize(t, []byte(`{"webhookEvent":"comment_created","comment":{"id":"1","properties":`+properties+`}}`), jira.Options{})
		if ev.CommentMarked != want {
			t.Errorf("%s: marked = %v", properties, ev.CommentMarked)
		}
	}
}

func TestProjectComesFromTheIssueKeyIfNothingElseTells(t *testing.T) {
	for key, want := range map[string]string{"PROJ-1": "PROJ", "A-B-12": "A-B", "PROJ": "", "PROJ-": "", "PROJ-x": "", "-1": ""} {
		ev := normalize(t, []byte(`{"webhookEvent":"comment_created","issue":{"key":"`+key+`"}}`), jira.Options{})
		if ev.Project != want {
			t.Errorf("%s: project %q, want %q", key, ev.Project, want)
		}
	}
}

func TestIssueURLKeepsTheContextPath(t *testing.T) {
	body := []byte(`{"webhookEvent":"comment_created","issue":{"key":"A-1"}}`)
	for base, want := range map[string]string{
		"https://x.net": "https://x.net/browse/A-1", "https://x.net/jira//": "https://x.net/jira/browse/A-1", "": "",
	} {
		if got := normalize(t, body, jira.Options{BaseURL: base}).String("issue_url"); got != want {
			t.Errorf("base %q: %q", base, got)
		}
	}
	if name := normalize(t, body, jira.Options{Site: "acme"}).Site; !strings.EqualFold(name, "acme") {
		t.Errorf("site = %q", name)
	}
}
