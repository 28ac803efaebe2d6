// Package github turns the payloads of GitHub's webhooks into events. It is a
// pure function of a delivery: its event's name, which GitHub tells in a header
// only, and its body.
package github

import (
	"fmt"
	"mime"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/tidwall/gjson"

	"github.com/aofctl/aofctl/internal/event"
)

// Limits of what is read out of one payload, in bytes.
const (
	maxText  = 256 << 10 // a description or a comment
	maxShort = 4 << 10   // any other text
	maxItems = 100       // entries of a list
	maxName  = 100       // an event's name
)

// Payload is a delivery as GitHub sends it
// (https://docs.github.com/webhooks/webhook-events-and-payloads).
type Payload struct {
	// Event is the header X-GitHub-Event.
	Event string
	// ContentType is that of the body: JSON, or a form whose field "payload" is it.
	ContentType string
	Body        []byte
}

// normalizer carries one payload through the steps that each read a part of it.
type normalizer struct {
	in gjson.Result
	ev *event.Event
	// name is the event's, action what happened, as the payload has it.
	name, action string
	// thread is the number of the pull request or issue; 0 for neither.
	thread int64
	// told are the texts in which issue keys are looked for.
	told []string
}

// Normalize turns a delivery into an event. An event that this program does not
// know passes through with what every event has. An error is final: the same
// delivery fails again.
func Normalize(p Payload) (*event.Event, error) {
	name := strings.ToLower(strings.TrimSpace(p.Event))
	if !isName(name) {
		return nil, fmt.Errorf("not an event of GitHub's: the header X-GitHub-Event is missing or no name: %q", event.Clip(p.Event, maxName))
	}
	body, err := bodyOf(p)
	if err != nil {
		return nil, err
	}
	in, err := event.Object(body)
	if err != nil {
		return nil, fmt.Errorf("not an event of GitHub's: %w", err)
	}
	n := &normalizer{in: in, name: name, action: in.Get("action").String(),
		ev: &event.Event{Source: event.SourceGitHub, Vars: make(map[string]any, 40), Raw: body}}
	if !isName(n.action) {
		n.action = ""
	}
	n.read()
	return n.ev, nil
}

// bodyOf returns the JSON of a body. GitHub's default for webhooks that people
// make by hand is a form.
func bodyOf(p Payload) ([]byte, error) {
	kind, _, err := mime.ParseMediaType(p.ContentType)
	if err != nil || kind != "application/x-www-form-urlencoded" {
		return p.Body, nil //nolint:nilerr // whatever it says that it is, it has to be JSON
	}
	form, err := url.ParseQuery(string(p.Body))
	if err != nil {
		return nil, fmt.Errorf("not an event of GitHub's: read form: %w", err)
	}
	if len(form["payload"]) != 1 {
		return nil, fmt.Errorf("not an event of GitHub's: the form has %d fields named payload", len(form["payload"]))
	}
	return []byte(form.Get("payload")), nil
}

func isName(s string) bool {
	for _, c := range s {
		if c != '_' && (c < 'a' || c > 'z') && (c < '0' || c > '9') {
			return false
		}
	}
	return s != "" && len(s) <= maxName
}

func (n *normalizer) read() {
	n.names()
	n.common()
	n.pullRequest(n.in.Get("pull_request"))
	n.issue(n.in.Get("issue"))
	n.labels()
	n.comment()
	n.review(n.in.Get("review"))
	n.push()
	n.release(n.in.Get("release"))
	n.check()
	if n.in.Get("issue").Exists() || n.in.Get("pull_request").Exists() || len(n.told) > 0 {
		n.ev.Vars["issue_keys"] = event.IssueKeys(n.told...)
	}
	n.ev.Subject, n.ev.ContentKey = n.subject(), n.contentKey()
	if n.thread > 0 && n.thread < 1<<31 {
		n.ev.Thread = int(n.thread)
	}
}

// names gives the event its names. A pull request that is closed by merging it is
// first of all merged.
func (n *normalizer) names() {
	ev := n.ev
	ev.Type = n.name
	if n.action != "" {
		ev.Type, ev.Also = n.name+"."+n.action, []string{n.name}
	}
	if n.name == "pull_request" && n.action == "closed" && n.in.Get("pull_request.merged").Bool() {
		ev.Type, ev.Also = "pull_request.merged", []string{"pull_request.closed", "pull_request"}
	}
	ev.Vars["event_type"], ev.Vars["github_event"] = ev.Type, n.name
	if n.action != "" {
		ev.Vars["action"] = n.action
	}
}

// common reads what every event has.
func (n *normalizer) common() {
	vars, repo, sender := n.ev.Vars, n.in.Get("repository"), n.in.Get("sender")
	n.set("repository", repo.Get("full_name"))
	n.set("repository_url", repo.Get("html_url"))
	n.set("default_branch", repo.Get("default_branch"))
	if org := n.in.Get("organization.login"); org.Exists() {
		n.set("organization", org)
	}
	if login := short(sender.Get("login")); login != "" {
		n.ev.Actor = event.Actor{Name: login, DisplayName: login, AccountID: id(sender.Get("id")), Type: accountType(sender)}
		vars["user_name"], vars["user_display_name"] = login, login
		vars["user_account_id"] = n.ev.Actor.AccountID
	}
}

// accountType is "app" for what GitHub marks as a program. Programs may also use
// an account for people; those cannot be told.
func accountType(user gjson.Result) string {
	if user.Get("type").String() == "Bot" || strings.HasSuffix(user.Get("login").String(), "[bot]") {
		return "app"
	}
	return strings.ToLower(short(user.Get("type")))
}

// set keeps a text that the payload tells, null as "".
func (n *normalizer) set(name string, r gjson.Result) {
	if r.Exists() && !r.IsObject() && !r.IsArray() {
		n.ev.Vars[name] = short(r)
	}
}

func (n *normalizer) setText(name string, r gjson.Result) {
	if r.Exists() && !r.IsObject() && !r.IsArray() {
		n.ev.Vars[name] = text(r)
	}
}

func (n *normalizer) setInt(name string, r gjson.Result) {
	if r.Type == gjson.Number {
		n.ev.Vars[name] = r.Int()
	}
}

func (n *normalizer) setBool(name string, r gjson.Result) {
	if r.IsBool() {
		n.ev.Vars[name] = r.Bool()
	}
}

func short(r gjson.Result) string { return event.Clip(str(r), maxShort) }
func text(r gjson.Result) string {
	return event.Clip(strings.ReplaceAll(str(r), "\r\n", "\n"), maxText)
}

// str is a text; "" for what is none.
func str(r gjson.Result) string {
	if r.Type == gjson.Null || r.IsObject() || r.IsArray() {
		return ""
	}
	return r.String()
}

// id is a number that identifies something, as text.
func id(r gjson.Result) string {
	if n := r.Int(); r.Type == gjson.Number && n > 0 {
		return strconv.FormatInt(n, 10)
	}
	return ""
}

// at takes the moment at which GitHub says that it happened.
func (n *normalizer) at(r gjson.Result) {
	if t, err := time.Parse(time.RFC3339, str(r)); err == nil && n.ev.Time.IsZero() {
		n.ev.Time = t.UTC()
		n.ev.Vars["timestamp"] = t.UnixMilli()
	}
}
