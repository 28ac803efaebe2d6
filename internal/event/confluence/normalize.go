// Package confluence turns what Confluence tells into events: the webhooks of a
// Data Center, which name things by their ids alone, and the bodies that rules of
// Cloud's Automation post. It is a pure function of the payload: what a payload
// does not tell is left out, for others to ask Confluence.
package confluence

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/tidwall/gjson"

	"github.com/aofctl/aofctl/internal/event"
)

// Ping is the type of the event that a test of a webhook's connection is.
const Ping = "ping"

// Payload is a delivery.
type Payload struct {
	// Event is the name in the path to which the body was posted; "" for none. It
	// counts where the body names no event, as those of Cloud's Automation do not.
	Event string
	Body  []byte
}

// Limits of what is read out of one payload.
const (
	maxEvent  = 100       // bytes of an event's name
	maxShort  = 32 << 10  // bytes of a text
	maxLabels = 1000      // labels of a page
	maxMoment = 1<<48 - 1 // milliseconds since 1970
)

// normalizer carries one payload through the steps that each read a part of it.
type normalizer struct {
	in gjson.Result
	ev *event.Event
	// space, label and attachment identify what else the event is about.
	space, label, attachment string
}

// Normalize turns a delivery into an event whose Raw aliases the body. An event that
// this program does not know passes through with what it has. The error says what is
// wrong with the body, and is final.
func Normalize(p Payload) (*event.Event, error) {
	in, err := event.Object(p.Body)
	if err != nil {
		return nil, fmt.Errorf("not an event of Confluence's: %w", err)
	}
	n := &normalizer{in: in, ev: &event.Event{Source: event.SourceConfluence, Vars: make(map[string]any, 24), Raw: p.Body}}
	switch n.ev.Type = n.name(p.Event); n.ev.Type {
	case "":
		return nil, errors.New(`not an event of Confluence's: the body has no "event"; let a rule of Automation post to ` +
			"/webhook/confluence/ with the name of its event behind it, such as /webhook/confluence/page_updated")
	case Ping:
	default:
		n.read()
	}
	n.ev.Vars["event_type"] = n.ev.Type
	return n.ev, nil
}

// name is the event's name: that in the body, or else in the path.
func (n *normalizer) name(path string) string {
	if name := EventName(str(n.in.Get("event"))); name != "" {
		return name
	}
	if n.in.Get("test").Bool() {
		return Ping // Confluence tests a connection with {"test":true}
	}
	return EventName(path)
}

// EventName returns an event's name as events carry it, or "" for what cannot be one.
func EventName(s string) string {
	name := strings.ToLower(strings.TrimSpace(s))
	if len(name) > maxEvent {
		return ""
	}
	for _, c := range name {
		if c != '_' && c != '.' && c != ':' && c != '-' && (c < 'a' || c > 'z') && (c < '0' || c > '9') {
			return ""
		}
	}
	return name
}

func (n *normalizer) read() {
	n.moment()
	n.actor()
	n.page()
	n.comment()
	n.file()
	n.tag()
	n.readSpace()
	n.set("update_trigger", n.first("updateTrigger", "update_trigger"))
	n.ev.Subject = n.subject()
	n.ev.ContentKey = n.contentKey() // which is of the subject
}

// actor is who did it: Data Center tells a user key, Cloud an account id.
func (n *normalizer) actor() {
	a := &n.ev.Actor
	a.AccountID = short(n.first("userAccountId", "user_account_id", "user.accountId", "initiator.accountId"))
	a.Key = short(n.first("userKey", "user_key"))
	a.DisplayName = short(n.first("user_display_name", "user.displayName", "initiator.displayName"))
	a.Type = strings.ToLower(short(n.first("accountType", "account_type", "user.accountType")))
	Identify(n.ev)
}

// Identify writes what is known of an event's actor into the variables.
func Identify(ev *event.Event) {
	a := ev.Actor
	id := a.AccountID
	for _, other := range []string{a.Key, a.Name} {
		if id == "" {
			id = other
		}
	}
	for name, value := range map[string]string{
		"user_account_id": id, "user_key": a.Key, "user_name": a.Name, "user_display_name": a.DisplayName, "user_email": a.Email,
	} {
		if value != "" {
			ev.Vars[name] = value
		}
	}
}

// subject names the thing whose events are worked on one at a time: the page, also
// for what happens to its comments, files and labels, as far as the page is told.
func (n *normalizer) subject() string {
	ev := n.ev
	switch {
	case ev.String("page_id") != "":
		return Subject(ev.String("page_id"))
	case ev.CommentID != "":
		return "comment:" + ev.CommentID
	case n.attachment != "":
		return "attachment:" + n.attachment
	case n.space != "":
		return "space:" + n.space
	}
	return ""
}

// Subject is the subject of what happens to a page.
func Subject(page string) string { return "page:" + page }

// contentKey identifies what happened. Where the payload does not tell enough to set
// two happenings apart it is "", since running twice is the smaller evil.
func (n *normalizer) contentKey() string {
	ev := n.ev
	object, at := n.object(), ""
	if !ev.Time.IsZero() {
		at = strconv.FormatInt(ev.Time.UnixMilli(), 10)
	}
	version, told := ev.Vars["page_version"].(int64)
	switch {
	case object == "":
		return ""
	case ev.Type == "page_created", ev.Type == "blog_created", ev.Type == "comment_created", ev.Type == "attachment_created":
		return key(ev.Type, object) // it happens once
	case told && (ev.Type == "page_updated" || ev.Type == "blog_updated"):
		return key(ev.Type, object, "v"+strconv.FormatInt(version, 10))
	case at == "":
		return ""
	}
	return key(ev.Type, object, at)
}

// object is what the event happened to.
func (n *normalizer) object() string {
	parts := []string{}
	switch {
	case n.ev.CommentID != "":
		parts = append(parts, "comment:"+n.ev.CommentID)
	case n.attachment != "":
		parts = append(parts, "attachment:"+n.attachment)
	case n.ev.Subject != "":
		parts = append(parts, n.ev.Subject)
	default:
		return ""
	}
	if n.label != "" {
		parts = append(parts, "label:"+n.label)
	}
	return strings.Join(parts, ":")
}

// key joins the parts of a content key; every part is kept short.
func key(parts ...string) string {
	for i, part := range parts {
		parts[i] = event.Clip(part, 200)
	}
	return strings.Join(parts, ":")
}
