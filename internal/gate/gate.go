// Package gate is the way from a wish to a call: agents and flows hand it the
// tool calls that they want, and it asks the policy, makes the call as a step of
// the run, and keeps count of what the run did. Nothing else calls tools.
package gate

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/aofctl/aofctl/internal/approval"
	"github.com/aofctl/aofctl/internal/manifest"
	"github.com/aofctl/aofctl/internal/policy"
	"github.com/aofctl/aofctl/internal/step"
	"github.com/aofctl/aofctl/internal/tool"
)

// Asker asks people; see approval.Desk.
type Asker interface {
	Ask(ctx context.Context, journal step.Journal, q approval.Question, post approval.Post) (approval.Decision, error)
}

// Gate makes tool calls happen. It is safe for concurrent use.
type Gate struct {
	policy *policy.Policy
	asker  Asker
	recent Recent
	// wordless keeps texts out of the audit log.
	wordless bool
}

// WithoutTexts returns a Gate of which the audit log holds no texts but the model's
// reason: where runs leave nothing behind, its rows, which cannot be deleted, must not
// hold what the runs said.
func (g *Gate) WithoutTexts() *Gate {
	quiet := *g
	quiet.wordless = true
	return &quiet
}

// Recent counts the comments that were posted on an issue of a site since a time
// ago, by all runs; see store.Store. It does not count what the call with the id
// is about to do, and returns 0 if that call was begun before.
type Recent func(ctx context.Context, site, issue, id string) (int, error)

// WithRates returns a Gate that knows what other runs did.
func (g *Gate) WithRates(recent Recent) *Gate {
	counting := *g
	counting.recent = recent
	return &counting
}

// New makes a Gate. Without an Asker, calls that need approval are not made.
func New(rules *policy.Policy, asker Asker) *Gate { return &Gate{policy: rules, asker: asker} }

// Request is the wish to call a tool.
type Request struct {
	// Tool is the name that was asked for, Args are the arguments as given.
	Tool string
	Args json.RawMessage
	// Allowed are the canonical names of the tools that may be called.
	Allowed []string
	// Own returns the tools that the agent has besides those of the program; nil for
	// none. An error of it says why they cannot be had now.
	Own func(ctx context.Context) (*tool.Registry, error)
	// Scope are the projects that may be touched; empty for the event's own.
	Scope []string
	// OwnIssue keeps writes to the event's own issue.
	OwnIssue bool
	// Trusted are texts of the operator's: what they link to and whom they mention
	// may stand in what is written.
	Trusted []string
	// Writes says how writes are carried out; "" for at once.
	Writes manifest.Writes
	// Approval says which calls people have to approve; nil for none.
	Approval *manifest.Approval
	// Origin is the run on whose behalf the tool is called.
	Origin tool.Origin
	// Agent labels the step; "" where the run has one agent only.
	Agent string
	// Model is the model that wants the call, Reason what it said with it.
	Model  string
	Reason string

	// notice is a comment of ours by which people are asked. It does not use up
	// what the agents of the run may write.
	notice bool
}

// Call is one tool call as a step of the journal, after somebody approved it if it
// needs that. A call that the policy denies, that people reject or that the tool
// refuses gives a step that tells why; an error says that the run cannot go on.
func (g *Gate) Call(ctx context.Context, journal step.Journal, session *Session, req Request) (step.Entry, error) {
	entry, err := g.try(ctx, journal, session, req, consent{})
	if err != nil || entry.Decision != policy.RuleApproval || entry.Error != "" {
		return entry, err
	}
	return g.approved(ctx, journal, session, req, entry)
}

// try is one step: the policy's decision and, if it allows that, the call.
func (g *Gate) try(ctx context.Context, journal step.Journal, session *Session, req Request, given consent) (step.Entry, error) {
	begun := ""
	entry, err := journal.Do(ctx, step.KindTool, req.Tool, func(ctx context.Context, id string) (step.Entry, error) {
		if begun != "" && begun != id {
			session.end(begun) // it lacked something, and is done in another place
		}
		begun = id
		check := policy.Request{
			Tool: req.Tool, Call: tool.Call{ID: id, Args: req.Args, Origin: req.Origin, Basis: given.basis}, Allowed: req.Allowed,
			Scope: req.Scope, Mode: mode(req.Writes), Approved: given.digest,
			OwnIssue: req.OwnIssue, Trusted: session.texts(req.Trusted), Recent: g.rates(req.Origin.Site, id),
		}
		if session.DryRun {
			check.Mode = policy.ModeDryRun
		}
		if req.Approval != nil {
			check.Approval = req.Approval.Tools
		}
		if req.Own != nil && !g.policy.Knows(req.Tool) {
			var err error
			if check.Own, err = req.Own(ctx); err != nil {
				return step.Entry{Input: req.Args, Agent: req.Agent}, err
			}
		}
		var verdict policy.Verdict
		session.begin(id, req.notice, func(prior []step.Entry) step.Entry {
			check.Prior = prior
			verdict = g.policy.Check(ctx, check)
			return step.Entry{Kind: step.KindTool, Name: called(verdict, req), Input: req.Args, Decision: verdict.Rule, Write: writes(verdict)}
		})
		if verdict.Err != nil {
			return step.Entry{Input: req.Args, Agent: req.Agent}, verdict.Err
		}
		if verdict.Allowed {
			step.Tell(ctx, step.Notice{Kind: step.KindTool, Name: called(verdict, req), Agent: req.Agent, Input: req.Args})
		}
		entry, err := invoke(ctx, verdict, req.Args)
		entry.Agent, entry.Write = req.Agent, writes(verdict)
		entry.Audit = g.account(req, verdict, entry, err)
		return entry, err
	})
	if err == nil {
		session.add(entry, req.notice)
	}
	session.end(begun)
	if err != nil {
		return entry, fmt.Errorf("call %s: %w", req.Tool, err)
	}
	return entry, nil
}

// rates counts for the policy what other runs did; nil if that is not known.
func (g *Gate) rates(site, id string) func(context.Context, string) (int, error) {
	if g.recent == nil {
		return nil
	}
	return func(ctx context.Context, issue string) (int, error) { return g.recent(ctx, site, issue, id) }
}

// called is the tool's own name, where there is one.
func called(v policy.Verdict, req Request) string {
	if v.Tool == nil {
		return req.Tool
	}
	return v.Tool.Spec().Name
}

// writes reports whether a call that was allowed in some way would change
// something outside.
func writes(v policy.Verdict) bool {
	return v.Tool != nil && !v.Tool.Spec().Internal && tool.AccessOf(v.Tool, v.Call.Args) == tool.Write
}

func invoke(ctx context.Context, verdict policy.Verdict, args json.RawMessage) (step.Entry, error) {
	entry := step.Entry{Input: args, Decision: verdict.Rule}
	if verdict.Tool != nil {
		entry.Name = verdict.Tool.Spec().Name
	}
	if !verdict.Allowed {
		return foresee(ctx, verdict, entry)
	}
	result, err := verdict.Tool.Call(ctx, verdict.Call)
	if errors.Is(err, tool.ErrInDoubt) {
		return describe(entry, tool.Result{Failed: true, InDoubt: true, Text: "It cannot be known whether this happened: " +
			"the connection broke while it was sent and there is no way to look it up. Do not repeat it; say so in your answer."}), nil
	}
	if err != nil {
		return entry, err // what was tried belongs to the record
	}
	if result.Outside {
		// What the tool found out decides as what the policy knew beforehand does.
		entry.Decision = policy.RuleScope
		result.Text = policy.Verdict{Rule: policy.RuleScope, Reason: result.Text}.Result().Text
	}
	return describe(entry, result), nil
}

// foresee is a call that is not made now, with what it would change. One that would
// be refused is told as such, while the model can still act on it.
func foresee(ctx context.Context, verdict policy.Verdict, entry step.Entry) (step.Entry, error) {
	entry = describe(entry, verdict.Result())
	previewer, ok := verdict.Tool.(tool.Previewer)
	if !ok {
		return entry, nil
	}
	shown, err := previewer.Preview(ctx, verdict.Call)
	if err != nil {
		return entry, fmt.Errorf("look what it would change: %w", err)
	}
	switch {
	case shown.Refused != "":
		return describe(entry, tool.Result{Failed: true, Text: "Not asked for, since it would be refused: " + shown.Refused}), nil
	case shown == tool.Preview{}:
		return entry, nil
	}
	if entry.Preview, err = json.Marshal(shown); err != nil {
		return entry, fmt.Errorf("encode what it would change: %w", err)
	}
	if shown.Page != "" {
		entry.Target = "page:" + shown.Page
	}
	return entry, nil
}

func describe(entry step.Entry, r tool.Result) step.Entry {
	body, err := json.Marshal(r.Text)
	if err != nil {
		body = json.RawMessage("null") // a string can always be encoded
	}
	entry.Output, entry.Target, entry.Space, entry.InDoubt = body, r.Target, r.Space, r.InDoubt
	if r.Failed {
		entry.Error = r.Text
	}
	return entry
}

// Text is the result of a call as the model is told it.
func Text(entry step.Entry) (string, error) {
	var text string
	if err := json.Unmarshal(entry.Output, &text); err != nil {
		return "", fmt.Errorf("decode result of %s: %w", entry.Name, err)
	}
	return text, nil
}

// mode is how the policy calls a manifest's way of writing.
func mode(w manifest.Writes) policy.Mode {
	if w == manifest.WritesDirect {
		return ""
	}
	return policy.Mode(w)
}
