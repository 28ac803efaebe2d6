package gate

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/aofctl/aofctl/internal/approval"
	"github.com/aofctl/aofctl/internal/manifest"
	"github.com/aofctl/aofctl/internal/policy"
	"github.com/aofctl/aofctl/internal/step"
	"github.com/aofctl/aofctl/internal/tool"
)

// approved asks for the approval of a call and makes exactly that call if
// somebody gives it.
func (g *Gate) approved(ctx context.Context, journal step.Journal, session *Session, req Request, entry step.Entry) (step.Entry, error) {
	if g.asker == nil {
		return rejected(entry, "there is nobody to ask for approval here"), nil
	}
	item := itemOf(entry)
	q := req.question(approval.KindCall, item)
	decision, err := g.ask(ctx, journal, session, req, q, g.posting(session, req, q))
	if err != nil {
		return entry, err
	}
	if !decision.Approved {
		return rejected(entry, rejection(decision)), nil
	}
	return g.try(ctx, journal, session, req, consentTo(item))
}

func itemOf(entry step.Entry) approval.Item {
	item := approval.Item{Tool: entry.Name, Args: entry.Input, Digest: policy.Digest(entry.Name, entry.Input)}
	var shown tool.Preview
	if len(entry.Preview) > 0 && json.Unmarshal(entry.Preview, &shown) == nil {
		item.Preview = &shown
	}
	return item
}

// consent is what somebody approved: exactly one call, and what it was shown for.
type consent struct{ digest, basis string }

func consentTo(item approval.Item) consent {
	c := consent{digest: item.Digest}
	if item.Preview != nil {
		c.basis = item.Preview.Basis
	}
	return c
}

// question is what people are asked about the request.
func (req Request) question(kind approval.Kind, items ...approval.Item) approval.Question {
	q := approval.Question{
		Kind: kind, Items: items, Reason: req.Reason, Agent: req.Origin.Agent, Trigger: req.Origin.Trigger,
		Requester: req.Origin.Actor, Site: req.Origin.Site, Run: req.Origin.Run, Place: placeOf(req.Origin).name,
	}
	if req.Agent != "" {
		q.Agent = req.Agent
	}
	if a := req.Approval; a != nil {
		q.Approvers, q.AllowSelf, q.Timeout = a.Approvers, a.AllowSelf, a.Timeout
	}
	return q
}

// post tells people of a question by a comment where the run is. It is nil where
// there is no such place: they see it on the command line.
func (g *Gate) post(session *Session, req Request) approval.Post {
	at := placeOf(req.Origin)
	if at.tool == "" {
		return nil
	}
	return func(ctx context.Context, journal step.Journal, text string) error {
		err := g.notify(ctx, journal, session, req, at, text)
		var unposted *unpostedError
		if errors.As(err, &unposted) && strings.HasPrefix(unposted.rule, policy.RulesOfContent) {
			// A model's reason, say, may link to where nothing may: people have to be
			// asked all the same.
			err = g.notify(ctx, journal, session, req, at, policy.Defuse(text))
		}
		if errors.As(err, &unposted) {
			return fmt.Errorf("%w: %s", approval.ErrUntold, unposted.reason)
		}
		return err
	}
}

// maxNotices bounds the pages on which it is told that a change of them is asked for.
const maxNotices = 5

// posting is post for a question about calls. Those who care for a page that would
// change learn of it there, with the change and where it is decided: they need not
// follow the issue on which that is asked. What cannot be told there is no reason not
// to ask.
func (g *Gate) posting(session *Session, req Request, q approval.Question) approval.Post {
	req = req.showing(q.Items...)
	ask, at := g.post(session, req), placeOf(req.Origin)
	if ask == nil {
		return nil
	}
	return func(ctx context.Context, journal step.Journal, text string) error {
		if err := ask(ctx, journal, text); err != nil {
			return err
		}
		for _, page := range q.Pages(maxNotices) {
			there := pagePlace(page)
			if there == at {
				continue
			}
			var unposted *unpostedError
			if err := g.notify(ctx, journal, session, req, there, q.Notice(page)); err != nil && !errors.As(err, &unposted) {
				return err
			}
		}
		return nil
	}
}

// unpostedError says why a comment was not posted.
type unpostedError struct{ rule, reason string }

func (e *unpostedError) Error() string { return e.reason }

// showing trusts calls, which passed the policy, and what they would change, as they
// are shown to people.
func (req Request) showing(items ...approval.Item) Request {
	req.Trusted = slices.Clone(req.Trusted)
	for _, item := range items {
		req.Trusted = append(req.Trusted, item.Shown(len(items)))
		var b bytes.Buffer
		if json.Indent(&b, item.Args, "", "  ") == nil {
			req.Trusted = append(req.Trusted, b.String())
		}
	}
	return req
}

// notify posts a comment as the program.
func (g *Gate) notify(ctx context.Context, journal step.Journal, session *Session, req Request, at place, text string) error {
	args, err := json.Marshal(map[string]string{at.argument: at.value, "body": text})
	if err != nil {
		return fmt.Errorf("encode comment: %w", err)
	}
	said := Request{Tool: at.tool, Args: args, Allowed: []string{at.tool}, Scope: req.Scope, Origin: req.Origin, Agent: req.Agent, Trusted: req.Trusted, notice: true}
	entry, err := g.try(ctx, journal, session, said, consent{})
	if err != nil {
		return err
	}
	if entry.Error != "" && !entry.InDoubt {
		return &unpostedError{entry.Decision, entry.Error}
	}
	return nil
}

func rejection(d approval.Decision) string {
	if d.By == "" {
		return d.Reason
	}
	text := "it was rejected"
	if d.Reason != "" {
		text += ": " + d.Reason
	}
	return text
}

// rejected is a step that waited for approval as the model is told of it.
func rejected(entry step.Entry, why string) step.Entry {
	text := "Not carried out: " + why
	body, err := json.Marshal(text)
	if err != nil {
		body = json.RawMessage(`"Not carried out."`)
	}
	entry.Output, entry.Error = body, text
	return entry
}

// Settle asks, once an agent has finished, for the approval of what it only
// proposed, and makes those of the calls that are approved. The entries are the
// agent's steps; the request says who asks for whom.
func (g *Gate) Settle(ctx context.Context, journal step.Journal, session *Session, req Request, entries []step.Entry) error {
	var items []approval.Item
	for _, entry := range entries {
		if entry.Decision == policy.RulePropose && entry.Error == "" {
			items = append(items, itemOf(entry))
		}
	}
	if len(items) == 0 || g.asker == nil {
		return nil
	}
	q := req.question(approval.KindProposals, items...)
	decision, err := g.ask(ctx, journal, session, req, q, g.posting(session, req, q))
	if err != nil || !decision.Approved {
		return err
	}
	return g.carryOut(ctx, journal, session, req, items, decision)
}

// carryOut makes the approved calls in their order, and tells of those that failed.
func (g *Gate) carryOut(ctx context.Context, journal step.Journal, session *Session, req Request, items []approval.Item, d approval.Decision) error {
	var failed []string
	for i, item := range items {
		if len(d.Items) > 0 && !slices.Contains(d.Items, i+1) {
			continue
		}
		call := req
		call.Tool, call.Args, call.Writes, call.Approval = item.Tool, item.Args, manifest.WritesDirect, nil
		entry, err := g.try(ctx, journal, session, call, consentTo(item))
		if err != nil {
			return err
		}
		if entry.Error != "" {
			failed = append(failed, fmt.Sprintf("%d. `%s`: %s", i+1, item.Tool, policy.Defuse(strings.Join(strings.Fields(entry.Error), " "))))
		}
	}
	if len(failed) == 0 {
		return nil
	}
	text := "Approved, but not carried out:\n\n" + strings.Join(failed, "\n")
	if session.User != nil {
		session.User.Note(text)
		return nil
	}
	if post := g.post(session, req); post != nil {
		err := post(ctx, journal, text)
		if err != nil && !errors.Is(err, approval.ErrUntold) { // the steps tell it, too
			return err
		}
	}
	return nil
}
