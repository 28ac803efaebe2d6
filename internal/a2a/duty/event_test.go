package duty_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/aofctl/aofctl/internal/a2a"
	"github.com/aofctl/aofctl/internal/a2a/duty"
	"github.com/aofctl/aofctl/internal/event"
)

func jira() a2a.Call {
	return a2a.Call{Caller: a2a.Caller{Jira: true, Installation: "i-1", Account: "22222"}}
}

func message(text, data string) a2a.Message {
	m := a2a.Message{ID: "m", Role: a2a.User}
	if text != "" {
		m.Parts = append(m.Parts, a2a.TextOf(text))
	}
	if data != "" {
		m.Parts = append(m.Parts, a2a.DataOf(json.RawMessage(data)))
	}
	return m
}

func TestMessagesBecomeEvents(t *testing.T) {
	at := duty.Place{Site: "main", Time: time.UnixMilli(1_800_000_000_000)}
	base := func(kind string, more map[string]any) map[string]any {
		vars := map[string]any{"event_type": kind, "timestamp": int64(1_800_000_000_000)}
		for name, value := range more {
			vars[name] = value
		}
		return vars
	}
	for name, tt := range map[string]struct {
		call a2a.Call
		msg  a2a.Message
		want *event.Event
	}{
		"assigned": {jira(), message("A user has assigned you to a work item.", `{"userAccountId":"22222","issue":{"id":"21930","fields":{"summary":"S","description":"D"}}}`),
			&event.Event{Type: "a2a_assigned", Actor: event.Actor{AccountID: "22222"}, IssueID: "21930", Vars: base("a2a_assigned", map[string]any{
				"user_account_id": "22222", "issue_id": "21930", "issue_summary": "S", "issue_description": "D",
				"message_data": []any{map[string]any{"userAccountId": "22222", "issue": map[string]any{"id": "21930", "fields": map[string]any{"summary": "S", "description": "D"}}}}})}},
		"assigned, with the key and other words": {jira(), message("Please hurry", `{"issue":{"id":21930,"key":"AW26-11"}}`),
			&event.Event{Type: "a2a_assigned", Actor: event.Actor{AccountID: "22222"}, IssueID: "21930", IssueKey: "AW26-11", Project: "AW26", Vars: base("a2a_assigned", map[string]any{
				"user_account_id": "22222", "issue_id": "21930", "issue_key": "AW26-11", "project_key": "AW26", "request": "Please hurry",
				"message_data": []any{map[string]any{"issue": map[string]any{"id": int64(21930), "key": "AW26-11"}}}})}},
		"chatted, the words of nobody else": {jira(), message("A user has sent a message in the chat.", `{"issue":{"id":"../1","key":"x' OR 1"},"chat":{"message":"Hi\u0000 there"}}`),
			&event.Event{Type: "a2a_chatted", Actor: event.Actor{AccountID: "22222"}, Vars: base("a2a_chatted", map[string]any{
				"user_account_id": "22222", "chat_message": "Hi there", "request": "Hi there",
				"message_data": []any{map[string]any{"issue": map[string]any{"id": "../1", "key": "x' OR 1"}, "chat": map[string]any{"message": "Hi there"}}}})}},
		"a program": {a2a.Call{Caller: a2a.Caller{Installation: "ci"}}, message("A user has done it", `{"issue":{"id":"1","key":"SECRET-1"}}`),
			&event.Event{Type: "a2a_message", Vars: base("a2a_message", map[string]any{"request": "A user has done it",
				"message_data": []any{map[string]any{"issue": map[string]any{"id": "1", "key": "SECRET-1"}}}})}},
		"nothing": {jira(), a2a.Message{}, &event.Event{Type: "a2a_message", Actor: event.Actor{AccountID: "22222"},
			Vars: base("a2a_message", map[string]any{"user_account_id": "22222"})}},
	} {
		t.Run(name, func(t *testing.T) {
			tt.want.Source, tt.want.Site, tt.want.Time = event.SourceA2A, "main", at.Time
			if diff := cmp.Diff(tt.want, duty.Event(tt.call, tt.msg, at)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// The requests of Atlassian's guide become events.
func TestTheRequestsOfTheGuideBecomeEvents(t *testing.T) {
	root := os.Getenv("AOF_SHARED")
	if root == "" {
		root = filepath.Join("..", "..", "..", "..", "shared")
	}
	guide, err := os.ReadFile(filepath.Join(root, "seeds", "jira-remote-agents.txt"))
	if err != nil {
		t.Skip("the guide is not at hand")
	}
	found := map[string]string{}
	for _, raw := range regexp.MustCompile(`\{ "jsonrpc": "2\.0", "id": "[^$"]+", "method": "message/send".*`).FindAllString(string(guide), -1) {
		var req struct {
			Params struct {
				Message struct {
					Parts []struct {
						Text string          `json:"text"`
						Data json.RawMessage `json:"data"`
					} `json:"parts"`
				} `json:"message"`
			} `json:"params"`
		}
		if err := json.Unmarshal([]byte(raw), &req); err != nil {
			t.Fatal(err)
		}
		parts := req.Params.Message.Parts
		ev := duty.Event(jira(), message(parts[0].Text, string(parts[1].Data)), duty.Place{})
		if ev.IssueID != "21930" {
			t.Errorf("the issue is %q", ev.IssueID)
		}
		found[ev.Type] = duty.Request(ev)
	}
	for kind, want := range map[string]string{
		"a2a_assigned": "I assigned you to the work item", "a2a_mentioned": "QA is showing that", "a2a_chatted": "The test credentials are",
	} {
		if !strings.HasPrefix(found[kind], want) {
			t.Errorf("%s: the request is %q, want %q", kind, found[kind], want)
		}
	}
}

func TestWhatIsTooLargeIsNotKeptWhole(t *testing.T) {
	long := strings.Repeat("ä", 100_000)
	deep := strings.Repeat("[", 500) + strings.Repeat("]", 500)
	m := message(long, `{"chat":{"message":"`+long+`"}}`)
	m.Parts = append(m.Parts, a2a.DataOf(json.RawMessage(deep)), a2a.DataOf(json.RawMessage(`"`+strings.Repeat("x", 300_000)+`"`)))
	ev := duty.Event(jira(), m, duty.Place{})
	if n := len(ev.String("request")); n > 64<<10 || n < 60<<10 {
		t.Errorf("%d bytes of the request are kept", n)
	}
	if list, _ := ev.Vars["message_data"].([]any); len(list) != 1 {
		t.Errorf("%d data parts are kept", len(list))
	}
}

func FuzzEvent(f *testing.F) {
	f.Add("A user has assigned you to a work item.", `{"userAccountId":"22222","issue":{"id":"21930","fields":{"summary":"x"}}}`, true)
	f.Add("", `{"comment":{"id":1e400,"body":"> q\n{quote}x"},"issue":{"key":"A-1"}}`, true)
	f.Add("\xff\x00", `{"chat":{"message":"\u0000\ud800"},"issue":[]}`, false)
	f.Add("x", `[[[[`, true)
	f.Fuzz(func(t *testing.T, text, data string, isJira bool) {
		call := a2a.Call{Caller: a2a.Caller{Jira: isJira, Account: "u"}}
		ev := duty.Event(call, message(text, data), duty.Place{Site: "s"})
		if !isJira && (ev.IssueKey != "" || ev.IssueID != "" || ev.Project != "" || ev.Has("issue_key")) {
			t.Fatalf("a program chose the issue: %+v", ev)
		}
		if ev.IssueKey != "" && !event.IsIssueKey(ev.IssueKey) || strings.Trim(ev.IssueID, "0123456789") != "" {
			t.Fatalf("the issue is %q %q", ev.IssueID, ev.IssueKey)
		}
		body, err := json.Marshal(ev)
		if err != nil || !utf8.Valid(body) || strings.Contains(string(body), `\u0000`) && !strings.Contains(string(body), `\\u0000`) {
			t.Fatalf("it cannot be kept: %v %s", err, body)
		}
		if duty.Request(ev) == "" {
			t.Fatal("nothing is asked for")
		}
	})
}
