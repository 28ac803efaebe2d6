package run

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/aofctl/aofctl/internal/approval"
	"github.com/aofctl/aofctl/internal/event"
	"github.com/aofctl/aofctl/internal/manifest"
	"github.com/aofctl/aofctl/internal/route"
	"github.com/aofctl/aofctl/internal/store"
	"github.com/aofctl/aofctl/internal/store/inbox"
	"github.com/aofctl/aofctl/internal/tool"
)

// Desk takes decisions; see approval.Desk.
type Desk interface {
	Decide(ctx context.Context, a approval.Answer) (store.Approval, error)
	// Questioned returns the code of the oldest open question in words to that
	// person about that subject; "" for none.
	Questioned(ctx context.Context, site, subject string, who tool.Person) (code string, err error)
}

// replyTrigger stands for the trigger of a reply that no trigger has asked for.
const replyTrigger = "approvals"

// consent takes the decisions that a new comment holds. A comment with a decision
// starts nothing else. It reports whether the comment was one.
func (d *Dispatcher) consent(ctx context.Context, it item, routes Routes, in route.Input) (inbox.Outcome, bool, error) {
	if d.cfg.Desk == nil {
		return inbox.Outcome{}, false, nil
	}
	consents := route.Consents(it.event, in)
	if len(consents) == 0 {
		return d.reply(ctx, it, in)
	}
	person, err := d.person(ctx, it.event)
	if err != nil {
		return inbox.Outcome{}, false, err
	}
	var done, refused []string
	for _, c := range consents {
		text, err := d.take(ctx, it.event, person, c)
		switch {
		case err == nil:
			done = append(done, text)
		case errors.Is(err, approval.ErrUnknown) && !approval.IsCode(c.Code):
			continue // a trigger may have a command of that name
		case errors.Is(err, approval.ErrUnknown), errors.Is(err, approval.ErrClosed), errors.Is(err, approval.ErrNotAllowed), errors.Is(err, approval.ErrUnclear):
			refused = append(refused, err.Error())
		default:
			return inbox.Outcome{}, false, err
		}
	}
	if len(done) > 0 {
		d.cfg.Admitted()
	}
	switch {
	case len(refused) > 0:
		return d.refuse(ctx, it, routes, refused)
	case len(done) > 0:
		return routed(strings.Join(done, "; "), nil), true, nil
	}
	return d.reply(ctx, it, in)
}

// take takes one decision and says what it was.
func (d *Dispatcher) take(ctx context.Context, ev *event.Event, person tool.Person, c route.Consent) (string, error) {
	asked, err := d.cfg.Desk.Decide(ctx, approval.Answer{
		Code: c.Code, Approve: c.Approve, Person: &person, Site: ev.Site, Page: pageOf(ev), Reason: strings.TrimSpace(c.Text), Words: c.Words})
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("question %s is %s by %s", asked.Code, asked.State, asked.DecidedBy), nil
}

// person is the account of the one who decides. Approvers may be listed by their
// e-mail address, which webhooks seldom tell.
func (d *Dispatcher) person(ctx context.Context, ev *event.Event) (tool.Person, error) {
	p := PersonOf(ev.Actor)
	if p.Email != "" || d.cfg.Asker == nil {
		return p, nil
	}
	const name = "user_email"
	vars, err := d.cfg.Asker.Variables(ctx, ev, []string{name})
	if err != nil {
		return p, fmt.Errorf("ask for the address of who decides: %w", err)
	}
	p.Email, _ = vars[name].(string)
	return p, nil
}

// refuse tells the person why a decision does not count.
func (d *Dispatcher) refuse(ctx context.Context, it item, routes Routes, reasons []string) (inbox.Outcome, bool, error) {
	reply := route.Match{
		Trigger:  &manifest.Trigger{Meta: manifest.Meta{Name: replyTrigger}},
		Target:   manifest.Target{Kind: route.TargetReply, Name: route.ReplyConsent},
		Response: "This does not count: " + strings.Join(reasons, "; ") + ".",
	}
	outcome, err := d.admit(ctx, it, routes, route.Decision{Matches: []route.Match{reply}})
	if err == nil {
		outcome.Reason = "decision refused: " + strings.Join(reasons, "; ")
	}
	return outcome, true, err
}

// reply hands what a person says to the run that asked them something.
func (d *Dispatcher) reply(ctx context.Context, it item, in route.Input) (inbox.Outcome, bool, error) {
	ev := it.event
	if ev.Subject == "" || !route.Spoken(ev, in) {
		return inbox.Outcome{}, false, nil
	}
	person := PersonOf(ev.Actor)
	code, err := d.cfg.Desk.Questioned(ctx, ev.Site, ev.Subject, person)
	if err != nil || code == "" {
		return inbox.Outcome{}, false, err
	}
	_, err = d.cfg.Desk.Decide(ctx, approval.Answer{Code: code, Approve: true, Person: &person, Site: ev.Site, Page: pageOf(ev), Reason: ev.String("comment_body")})
	if errors.Is(err, approval.ErrClosed) {
		return inbox.Outcome{}, false, nil
	}
	d.cfg.Admitted()
	return routed("the answer to question "+code, nil), err == nil, err
}

// pageOf is the page on which an event's person speaks; "" for other platforms. A
// comment of which the page is not known is on none that was asked on.
func pageOf(ev *event.Event) string {
	if ev.Source != event.SourceConfluence {
		return ""
	}
	return cmp.Or(ev.Subject, "?")
}

// PersonOf is the account of whoever caused an event.
func PersonOf(a event.Actor) tool.Person {
	return tool.Person{AccountID: a.AccountID, Name: a.Name, Key: a.Key, Email: a.Email, DisplayName: a.DisplayName}
}
