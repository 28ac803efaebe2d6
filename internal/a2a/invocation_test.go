package a2a

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func said(data string) Message {
	return Message{Parts: []Part{TextOf("A user did something."), DataOf([]byte(data))}}
}

func TestJirasDataSaysWhatTheUserDid(t *testing.T) {
	for name, c := range map[string]struct {
		data string
		want Invocation
	}{
		"assigned": {
			`{"userAccountId":"u1","agentAccountId":"a1","issue":{"id":"10001","fields":{"summary":"Login fails","description":"Since Monday"}}}`,
			Invocation{Cause: Assigned, UserAccountID: "u1", AgentAccount: "a1", IssueID: "10001", Summary: "Login fails", Description: "Since Monday"},
		},
		"mentioned": {
			`{"userAccountId":"u1","issue":{"id":"10001"},"comment":{"id":"7","body":"[@Bot](~a1) look"}}`,
			Invocation{Cause: Mentioned, UserAccountID: "u1", IssueID: "10001", CommentID: "7", CommentBody: "[@Bot](~a1) look"},
		},
		"chatted": {
			`{"issue":{"id":"10001"},"chat":{"message":"go on"}}`,
			Invocation{Cause: Chatted, IssueID: "10001", Chat: "go on"},
		},
		"ids as numbers": {
			`{"userAccountId":9007199254740993,"issue":{"id":10001,"key":"AOF-1"},"comment":{"id":9007199254740993}}`,
			Invocation{Cause: Mentioned, UserAccountID: "9007199254740993", IssueID: "10001", IssueKey: "AOF-1", CommentID: "9007199254740993"},
		},
		"the key among the fields": {
			`{"invocationType":"ISSUE_ASSIGNMENT","issue":{"fields":{"key":"AOF-2","description":{"type":"doc"}}}}`,
			Invocation{Cause: Assigned, IssueKey: "AOF-2"},
		},
		"a mention without the comment": {
			`{"invocationType":"ISSUE_COMMENT_MENTION","issue":{"id":"1"}}`, Invocation{Cause: Mentioned, IssueID: "1"},
		},
		"something new": {`{"invocationType":"ISSUE_REVIEW","issue":{"id":"1"}}`, Invocation{Cause: Other, IssueID: "1"}},
	} {
		got, ok := said(c.data).Invocation()
		if d := cmp.Diff(c.want, got); d != "" || !ok {
			t.Errorf("%s: %v %s", name, ok, d)
		}
	}
}

func TestOtherDataIsNotJiras(t *testing.T) {
	for _, data := range []string{`{}`, `{"answer":42}`, `[]`, `null`, `"issue"`, ``} {
		if got, ok := said(data).Invocation(); ok {
			t.Errorf("%s was taken as %+v", data, got)
		}
	}
	if _, ok := (Message{Parts: []Part{TextOf(`{"issue":{}}`)}}).Invocation(); ok {
		t.Error("text was taken for data")
	}
}

func TestTheTextOfAMessageIsThatOfItsParts(t *testing.T) {
	m := Message{Parts: []Part{TextOf("one"), DataOf([]byte(`{}`)), TextOf(""), TextOf("two")}}
	if got := m.Text(); got != "one\n\ntwo" {
		t.Errorf("got %q", got)
	}
}

func FuzzInvocation(f *testing.F) {
	f.Add(`{"issue":{"id":"1","fields":{"summary":"x"}},"comment":{"id":2}}`)
	f.Add(`{"issue":[],"chat":{"message":null}}`)
	f.Add(`{"issue`)
	f.Fuzz(func(t *testing.T, data string) {
		inv, ok := said(data).Invocation()
		if ok != (inv != Invocation{}) {
			t.Errorf("%q: %v %+v", data, ok, inv)
		}
	})
}
