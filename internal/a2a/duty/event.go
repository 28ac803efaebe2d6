package duty

import (
	"bytes"
	"encoding/json"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/aofctl/aofctl/internal/a2a"
	"github.com/aofctl/aofctl/internal/event"
)

// The types of events that begin tasks.
const (
	// TypeAssigned and TypeMentioned are what a user of Jira does on a work item,
	// TypeChatted what they write in Rovo's chat.
	TypeAssigned  = "a2a_assigned"
	TypeMentioned = "a2a_mentioned"
	TypeChatted   = "a2a_chatted"
	// TypeMessage is any other message, such as those of other programs.
	TypeMessage = "a2a_message"
)

const (
	// maxText bounds each text that is kept with a run, in bytes; models are shown
	// less.
	maxText = 64 << 10
	// maxData bounds the data of a message that are kept, maxNesting how deep they
	// nest.
	maxData    = 256 << 10
	maxNesting = 100
)

// Place is where a message came in.
type Place struct {
	// Site is the Jira site of the user's tenant; "" for none.
	Site string
	// Time is when it came.
	Time time.Time
}

// Event is a message as the event of the run that works on its task. Whatever the
// bodies say is data like that of webhooks; only the user's own words are also the
// variable request, which the agent is asked for: see Request.
//
// Who the user is comes from the call. An issue is taken from a body of Jira's
// alone: other callers choose their bodies, and the issue of an event decides which
// projects its tools reach.
func Event(call a2a.Call, msg a2a.Message, at Place) *event.Event {
	ev := &event.Event{Source: event.SourceA2A, Site: at.Site, Type: TypeMessage, Time: at.Time, Vars: map[string]any{}}
	if call.Caller.Jira {
		ev.Actor.AccountID = call.Caller.Account
		set(ev, "user_account_id", call.Caller.Account)
		inv, _ := msg.Invocation()
		ev.Type = typeOf(inv.Cause)
		locate(ev, inv)
	}
	ev.Vars["event_type"] = ev.Type
	if !at.Time.IsZero() {
		ev.Vars["timestamp"] = at.Time.UnixMilli()
	}
	set(ev, "request", wordsOf(call.Caller, msg))
	if data := dataOf(msg); len(data) > 0 {
		ev.Vars["message_data"] = data
	}
	return ev
}

func typeOf(cause a2a.Cause) string {
	switch cause {
	case a2a.Assigned:
		return TypeAssigned
	case a2a.Mentioned:
		return TypeMentioned
	case a2a.Chatted:
		return TypeChatted
	}
	return TypeMessage
}

// locate takes over what Jira tells of the work item. An id or a key that is none
// is left out: both become parts of addresses.
func locate(ev *event.Event, inv a2a.Invocation) {
	if isID(inv.IssueID) {
		ev.IssueID = inv.IssueID
		set(ev, "issue_id", inv.IssueID)
	}
	if event.IsIssueKey(inv.IssueKey) {
		ev.IssueKey, ev.Project = inv.IssueKey, event.ProjectOf(inv.IssueKey)
		set(ev, "issue_key", ev.IssueKey)
		set(ev, "project_key", ev.Project)
	}
	set(ev, "issue_summary", inv.Summary)
	set(ev, "issue_description", inv.Description)
	if isID(inv.CommentID) {
		ev.CommentID = inv.CommentID
		set(ev, "comment_id", inv.CommentID)
	}
	set(ev, "comment_body", inv.CommentBody)
	set(ev, "chat_message", inv.Chat)
}

// set keeps a text, if there is one, as it can be kept in any database.
func set(ev *event.Event, name, text string) {
	if text = clean(text); text != "" {
		ev.Vars[name] = text
	}
}

func clean(text string) string {
	if !utf8.ValidString(text) {
		text = strings.ToValidUTF8(text, "\uFFFD")
	}
	return event.Clip(strings.ReplaceAll(text, "\x00", ""), maxText)
}

func isID(s string) bool {
	return s != "" && len(s) <= 20 && strings.Trim(s, "0123456789") == ""
}

// dataOf are the data parts of a message, one by one, as templates read them. What
// is too large to keep with a run is left out.
func dataOf(msg a2a.Message) []any {
	var list []any
	size := 0
	for _, p := range msg.Parts {
		if p.Kind != a2a.DataPart || size+len(p.Data) > maxData || event.NestedDeeper(p.Data, maxNesting) {
			continue
		}
		var value any
		dec := json.NewDecoder(bytes.NewReader(p.Data))
		dec.UseNumber()
		if dec.Decode(&value) != nil || value == nil {
			continue
		}
		size += len(p.Data)
		list = append(list, native(value))
	}
	return list
}

// native gives values the types that variables of events have.
func native(value any) any {
	switch v := value.(type) {
	case json.Number:
		if n, err := v.Int64(); err == nil {
			return n
		}
		if f, err := strconv.ParseFloat(v.String(), 64); err == nil {
			return f
		}
		return v.String() // no number that could be kept
	case string:
		return clean(v)
	case []any:
		for i := range v {
			v[i] = native(v[i])
		}
	case map[string]any:
		out := make(map[string]any, len(v))
		for name, one := range v {
			out[clean(name)] = native(one)
		}
		return out
	}
	return value
}
