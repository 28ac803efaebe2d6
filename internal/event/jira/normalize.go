// Package jira turns webhook payloads of Jira Cloud, Server and Data Center, and
// the bodies that Jira Automation sends, into events. It is a pure function of
// the payload: what a payload does not tell is left out, for others to ask Jira.
package jira

import (
	"strings"
	"time"

	"github.com/aofctl/aofctl/internal/event"
)

// CommentMarker is the key of the comment property with which this program marks
// the comments that it writes.
const CommentMarker = "aofctl"

// Options are what the payload itself does not say.
type Options struct {
	// Site is the configured site's name, "" for the only one.
	Site string
	// BaseURL is where people reach that Jira, with or without a trailing slash
	// and a context path; issue_url is built from it. "" leaves issue_url out.
	BaseURL string
	// FieldName returns the name that people know a custom field by, "" if it is
	// not known. nil knows none.
	FieldName func(id string) string
	// WikiToMarkdown converts the wiki markup of descriptions and comments. nil
	// leaves it as it is.
	WikiToMarkdown func(string) string
	// ADFToMarkdown converts a document in Atlassian Document Format. nil takes
	// the document's plain text.
	ADFToMarkdown func([]byte) string
}

// payload holds those top level members that are read when all are known.
type payload struct {
	event, kind, timestamp            raw
	user, comment                     raw
	worklog, attachment, link         raw
	sprint, board, version, project   raw
	issuesCompleted, issuesIncomplete raw
	mergedTo                          raw
}

// normalizer carries one payload through the steps that each read a part of it.
type normalizer struct {
	opt Options
	in  payload
	ev  *event.Event
	// user is the payload's own user, uploader an attachment's author.
	user, uploader event.Actor
	description    raw
	comment        comment
	worklog        worklog
	// changed is true if the payload has a changelog.
	changed bool
	// The ids of other things that the payload is about.
	changelogID, linkID, linkSource, versionID, attachmentID, projectID string

	customBytes int
	// truncated names the variables that the limits made shorter.
	truncated []string
}

// Normalize turns a body into an event. The event's Raw aliases body. The error
// is always a *NotEventError. An event that this program does not know passes
// through with what it has.
func Normalize(body []byte, opt Options) (*event.Event, error) {
	text, err := check(body)
	if err != nil {
		return nil, err
	}
	n := &normalizer{opt: opt, ev: &event.Event{
		Source: event.SourceJira,
		Site:   opt.Site,
		Vars:   make(map[string]any, 48),
		Raw:    body,
	}}
	c := &cursor{text: text}
	c.object(func(name string) { n.member(name, c) })
	if n.ev.Type = eventName(n.in.event); n.ev.Type == "" {
		return nil, noEventName(n.in, text)
	}
	n.read()
	return n.ev, nil
}

// read fills the event, part by part. The identity comes last because it needs
// them all.
func (n *normalizer) read() {
	n.readCommon()
	n.readComment(n.in.comment)
	n.readWorklog(n.in.worklog)
	n.readAttachment(n.in.attachment)
	n.readLink(n.in.link)
	n.readVersion(n.in.version)
	n.readSprint(n.in.sprint)
	n.readBoard(n.in.board)
	n.readProject(n.in.project)
	n.readCounts()
	n.settleMerge()
	n.settleIssue()
	n.settleActor()
	n.settleCommand()
	n.ev.Subject = n.subject()
	n.ev.ContentKey = n.contentKey()
	if len(n.truncated) > 0 {
		n.ev.Vars["truncated_variables"] = n.truncated
	}
}

// member takes one member of the top level. The two that are large are read at
// once, the others when all are known.
func (n *normalizer) member(name string, c *cursor) {
	p := &n.in
	switch name {
	case "issue":
		n.readIssue(c)
	case "changelog":
		n.readChangelog(c)
	case "webhookEvent":
		p.event = c.value()
	case "issue_event_type_name":
		p.kind = c.value()
	case "timestamp":
		p.timestamp = c.value()
	case "user":
		p.user = c.value()
	case "comment":
		p.comment = c.value()
	case "worklog":
		p.worklog = c.value()
	case "attachment":
		p.attachment = c.value()
	case "issueLink":
		p.link = c.value()
	case "sprint":
		p.sprint = c.value()
	case "board", "configuration":
		p.board = c.value()
	case "version":
		p.version = c.value()
	case "mergedTo":
		p.mergedTo = c.value()
	case "project":
		p.project = c.value()
	case "issues_completed":
		p.issuesCompleted = c.value()
	case "issues_incomplete":
		p.issuesIncomplete = c.value()
	}
}

// eventName returns the canonical name, or "" if the value cannot be one.
func eventName(r raw) string {
	if !r.isString() {
		return ""
	}
	name := strings.ToLower(strings.TrimSpace(r.text()))
	name = strings.TrimPrefix(name, "jira:")
	if name == "" || len(name) > maxEventName {
		return ""
	}
	for _, c := range name {
		if c <= ' ' || c > '~' {
			return ""
		}
	}
	return name
}

// noEventName explains an object without a usable webhookEvent.
func noEventName(p payload, text string) error {
	detail := `"webhookEvent" is missing`
	switch {
	case p.event != "":
		detail = `"webhookEvent" is not an event's name: ` + clip(string(p.event), 120)
	case strings.TrimSpace(strings.Trim(strings.TrimSpace(text), "{}")) == "":
		detail += ` in an empty object; switch off "Exclude body" in the webhook's settings in Jira`
	case member(raw(strings.TrimSpace(text)), "fields").isObject():
		detail += "; the body is a bare issue: let the Automation rule send custom data" +
			` {"webhookEvent": "issue_updated", "issue": …}`
	default:
		detail += "; the body has " + strings.Join(names(text), ", ")
	}
	return &NotEventError{ReasonNoEventName, detail}
}

// names lists the first members of an object.
func names(text string) []string {
	var list []string
	fields(raw(strings.TrimSpace(text)), func(name string, _ raw) {
		if len(list) < 8 {
			list = append(list, clip(clean(name), 40))
		}
	})
	return list
}

// readCommon reads what every event may have.
func (n *normalizer) readCommon() {
	vars := n.ev.Vars
	vars["event_type"] = n.ev.Type
	if n.opt.Site != "" {
		vars["site"] = n.opt.Site
	}
	if kind := str(n.in.kind); kind != "" {
		vars["issue_event_type_name"] = kind
	}
	if at, ok := moment(n.in.timestamp); ok {
		n.ev.Time = at
		vars["timestamp"] = at.UnixMilli()
	}
	n.user = actor(n.in.user)
}

// moment reads the payload's time: milliseconds since 1970 as Jira sends them, or
// one of the written forms that an Automation rule may put there.
func moment(r raw) (time.Time, bool) {
	if ms, ok := integer(r); ok {
		return time.UnixMilli(ms).UTC(), ms > 0 && ms < 1<<48
	}
	if !r.isString() {
		return time.Time{}, false
	}
	for _, layout := range []string{"2006-01-02T15:04:05.999-0700", time.RFC3339} {
		if at, err := time.Parse(layout, r.text()); err == nil && at.UnixMilli() > 0 {
			return at.UTC(), true
		}
	}
	return time.Time{}, false
}

// set keeps a string that the payload tells, null as "". An object or a list in
// its place tells nothing.
func (n *normalizer) set(name string, r raw) {
	if r != "" && !r.isObject() && !r.isArray() {
		n.ev.Vars[name] = str(r)
	}
}

// setKnown keeps a string that is never empty in Jira. An empty one comes from a
// template that had nothing to insert and counts as not told.
func (n *normalizer) setKnown(name string, r raw) {
	if s := str(r); s != "" {
		n.ev.Vars[name] = s
	}
}

// setInt keeps a whole number.
func (n *normalizer) setInt(name string, r raw) {
	if i, ok := integer(r); ok {
		n.ev.Vars[name] = i
	}
}

// setBool keeps a truth value.
func (n *normalizer) setBool(name string, r raw) {
	if r.isBool() {
		n.ev.Vars[name] = r == "true"
	}
}
