package jira_test

import (
	"fmt"
	"testing"

	"github.com/aofctl/aofctl/internal/event/jira"
)

func TestANewCommentThatSomebodyElseChangedIsNotItsAuthorsWord(t *testing.T) {
	cases := map[string]struct {
		event, author, updater string
		want                   bool
	}{
		"its author's":                  {"comment_created", `{"accountId":"bob"}`, `{"accountId":"bob"}`, false},
		"changed by somebody":           {"comment_created", `{"accountId":"bob"}`, `{"accountId":"alice"}`, true},
		"nobody is named":               {"comment_created", `{"accountId":"bob"}`, `null`, false},
		"on Data Center":                {"comment_created", `{"name":"bob","key":"JIRAUSER1"}`, `{"name":"alice","key":"JIRAUSER2"}`, true},
		"renamed since":                 {"comment_created", `{"name":"bob","key":"JIRAUSER1"}`, `{"name":"robert","key":"JIRAUSER1"}`, false},
		"by names alone":                {"comment_created", `{"name":"bob"}`, `{"name":"alice"}`, true},
		"a change tells of its own one": {"comment_updated", `{"accountId":"bob"}`, `{"accountId":"alice"}`, false},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			body := fmt.Sprintf(`{"webhookEvent":%q,"timestamp":1,"issue":{"id":"1","key":"PROJ-1"},"comment":{"id":"7","body":"/approve K7QX2M","author":%s,"updateAuthor":%s,
				"created":"2026-03-02T10:00:00.000+0000","updated":"2026-03-02T10:00:00.000+0000"}}`, c.event, c.author, c.updater)
			ev, err := jira.Normalize([]byte(body), jira.Options{})
			if err != nil {
				t.Fatal(err)
			}
			if ev.Reworded != c.want || ev.CommandText == "" {
				t.Errorf("reworded %v, want %v; text %q", ev.Reworded, c.want, ev.CommandText)
			}
		})
	}
}
