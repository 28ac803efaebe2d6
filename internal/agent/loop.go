package agent

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/aofctl/aofctl/internal/budget"
	"github.com/aofctl/aofctl/internal/gate"
	"github.com/aofctl/aofctl/internal/llm"
	"github.com/aofctl/aofctl/internal/manifest"
	"github.com/aofctl/aofctl/internal/prompt"
	"github.com/aofctl/aofctl/internal/step"
	"github.com/aofctl/aofctl/internal/tool"
)

// ErrIterations says that the agent asked its model as often as it may and had
// no final text yet.
var ErrIterations = errors.New("the agent used up its iterations without an answer")

// loop is one agent at work.
type loop struct {
	runner  *Runner
	job     Job
	journal step.Journal
	model   llm.Model
	system  string
	// boundary marks the event's data; no result of a tool may hold it.
	boundary string
	messages []llm.Message
	// shape is what the final text has to be; nil for any text.
	shape *tool.Schema
	// entries are the finished steps of this agent.
	entries []step.Entry
	// response is the operator's answer to a command.
	response string
	// opening counts those that were made before the agent started.
	opening int
	// finished is the result with which the agent ended its work itself.
	finished *string
	// reason is what the model said beside its last calls.
	reason string
	// asked counts the answers of the model that were not the last.
	asked int
	// settled counts those of the entries whose proposals were decided.
	settled int
}

// converse asks the model until it wants no more tools, and returns its last text.
func (l *loop) converse(ctx context.Context) (string, error) {
	limit := l.job.Agent.MaxIterations
	if limit <= 0 {
		limit = manifest.DefaultMaxIterations
	}
	begun, asked := "", false // the text that was cut off, and whether the model was asked to go on
	for ; l.asked < limit; l.asked++ {
		if err := l.listen(ctx, asked); err != nil {
			return begun, err
		}
		answer, err := l.ask(ctx)
		if err != nil {
			return begun, err
		}
		l.messages = append(l.messages, answer.Message)
		if len(answer.Message.ToolCalls) == 0 {
			text := begun + answer.Message.Text
			if !answer.Truncated {
				return strings.TrimSpace(text), nil
			}
			if err := l.goOn(answer, asked); err != nil {
				return strings.TrimSpace(text), err
			}
			begun, asked = text, true
			continue
		}
		begun, asked = "", false
		l.reason = answer.Message.Text
		if err := l.serveAll(ctx, answer); err != nil {
			return "", err
		}
		if done := l.finished; done != nil {
			l.finished = nil
			return strings.TrimSpace(*done), nil
		}
	}
	return "", fmt.Errorf("%d model calls: %w", limit, ErrIterations)
}

// serveAll serves the tool calls of an answer, in their order.
func (l *loop) serveAll(ctx context.Context, answer llm.Response) error {
	calls := answer.Message.ToolCalls
	for i := 0; i < len(calls); {
		if answer.Truncated && i == len(calls)-1 {
			l.withhold(calls[i], answer)
			return nil
		}
		local, n := l.locals(calls[i:], answer.Truncated)
		if n > 0 {
			if err := l.serveLocal(ctx, local, calls[i:i+n]); err != nil {
				return err
			}
			i += n
			continue
		}
		if err := l.serve(ctx, calls[i]); err != nil {
			return err
		}
		i++
	}
	return nil
}

// ask is a model step.
func (l *loop) ask(ctx context.Context) (llm.Response, error) {
	a := l.job.Agent
	req := llm.Request{System: l.system, Messages: l.window(), Temperature: a.Temperature, MaxTokens: a.MaxTokens}
	entry, err := l.journal.Do(ctx, step.KindModel, a.Model, func(ctx context.Context, id string) (step.Entry, error) {
		req.ID = id
		var err error
		if req.Tools, err = l.runner.specs(ctx, l.job); err != nil {
			return l.signed(step.Entry{}), err
		}
		step.Tell(ctx, step.Notice{Kind: step.KindModel, Name: a.Model, Agent: l.job.Label})
		entry, resp, err := l.complete(ctx, req)
		if err == nil {
			l.mention(ctx, resp)
		}
		return l.signed(entry), err
	})
	if err != nil {
		return llm.Response{}, fmt.Errorf("ask %s: %w", a.Model, err)
	}
	l.job.Session.Add(entry)
	var resp llm.Response
	if err := json.Unmarshal(entry.Output, &resp); err != nil {
		return llm.Response{}, fmt.Errorf("decode answer of %s: %w", a.Model, err)
	}
	return resp, nil
}

// complete makes a call of the model within the budgets. What is set aside for a
// call that gave no answer stays so, unless it is known what it cost, or that it
// cost nothing: it is tried again under the same name.
func (l *loop) complete(ctx context.Context, req llm.Request) (step.Entry, llm.Response, error) {
	call, err := l.runner.budget.Reserve(ctx, req.ID, l.spender(), append([]string{l.job.Agent.Model}, l.job.Agent.Fallbacks...), req)
	if err != nil {
		return free(), llm.Response{}, err
	}
	resp, err := l.model.Complete(ctx, req)
	if err != nil {
		var e *llm.Error
		if errors.As(err, &e) && e.Usage.In+e.Usage.Out > 0 {
			err = errors.Join(err, call.Settle(ctx, e.Usage, e.CostMicroUSD))
		} else if llm.Unbilled(err) {
			err = errors.Join(err, call.Refund(ctx))
		}
		return describeFailure(err), resp, err
	}
	if err := call.Settle(ctx, resp.Usage, resp.CostMicroUSD); err != nil {
		return step.Entry{}, resp, err
	}
	entry, err := describeAnswer(req, resp)
	return entry, resp, err
}

// spender says on whose account the agent's calls are.
func (l *loop) spender() budget.Spender {
	o := l.job.Origin
	return budget.Spender{Run: o.Run, Agent: l.job.Agent.Name, Site: o.Site, Issue: o.IssueKey, Budget: l.job.Agent.Budget,
		Whole: l.job.Budget, Target: l.job.Whole, Around: l.job.Around}
}

// signed names the agent on its step.
func (l *loop) signed(entry step.Entry) step.Entry {
	entry.Agent = l.job.Label
	return entry
}

func describeAnswer(req llm.Request, resp llm.Response) (step.Entry, error) {
	output, err := json.Marshal(resp)
	if err != nil {
		return step.Entry{}, fmt.Errorf("encode answer: %w", err)
	}
	entry := step.Entry{Output: output, Model: resp.Model, TokensIn: resp.Usage.In, TokensCached: resp.Usage.CachedIn,
		TokensOut: resp.Usage.Out, CostMicroUSD: resp.CostMicroUSD}
	if len(req.Messages) == 1 { // later requests only repeat what earlier steps show
		entry.Input = mustJSON(map[string]string{"system": req.System, "user": req.Messages[0].Text})
	}
	return entry, nil
}

// describeFailure records what a call cost that gave no answer: what a filter
// stops is billed all the same.
func describeFailure(err error) step.Entry {
	var e *llm.Error
	if llm.Unbilled(err) {
		return free()
	}
	if !errors.As(err, &e) {
		return step.Entry{}
	}
	return step.Entry{TokensIn: e.Usage.In, TokensCached: e.Usage.CachedIn, TokensOut: e.Usage.Out, CostMicroUSD: e.CostMicroUSD}
}

// free records a call that is known to have cost nothing: the cost of the run would
// else be unknown for it.
func free() step.Entry {
	none := int64(0)
	return step.Entry{CostMicroUSD: &none}
}

// window is what of the conversation is sent: its beginning, which says what to
// do, and as much of its end as the agent may see. A tool's answer is never
// sent without the call that it answers: providers refuse that.
func (l *loop) window() []llm.Message {
	limit := l.job.Agent.MaxContextMessages
	if limit <= 0 || len(l.messages) <= limit {
		return l.messages
	}
	start := len(l.messages) - max(limit-1, 1)
	for start > 1 && l.messages[start].Role == llm.ToolRole {
		start--
	}
	return append([]llm.Message{l.messages[0]}, l.messages[max(start, 1):]...)
}

// serve is a tool step, and gives its result to the model.
func (l *loop) serve(ctx context.Context, call llm.ToolCall) error {
	entry, err := l.call(ctx, call.Name, call.Args, l.job.Agent.Tools)
	if err != nil {
		return err
	}
	text, err := gate.Text(entry)
	if err != nil {
		return err
	}
	l.hear(call, text)
	return nil
}

// hear gives the model the result of a call. What tools read was written by
// strangers as the event's data were, and is cleaned as they are.
func (l *loop) hear(call llm.ToolCall, text string) {
	l.messages = append(l.messages, llm.Message{Role: llm.ToolRole, ToolCallID: call.ID, ToolName: call.Name, Text: prompt.Defuse(text, l.boundary)})
}

// call makes one call through the gate, as the agent's own wish.
func (l *loop) call(ctx context.Context, name string, args json.RawMessage, allowed []string) (step.Entry, error) {
	req := l.request()
	req.Tool, req.Args, req.Allowed, req.Approval = name, args, allowed, l.job.Agent.Approval
	entry, err := l.runner.gate.Call(ctx, l.journal, l.job.Session, req)
	if err != nil {
		return entry, err
	}
	l.entries = append(l.entries, entry)
	return entry, nil
}

// request says who calls, for whom and why.
func (l *loop) request() gate.Request {
	a, origin := l.job.Agent, l.job.Origin
	origin.Memory = a.Memory.String()
	own := func(ctx context.Context) (*tool.Registry, error) { return l.runner.own(ctx, a) }
	return gate.Request{Own: own, Scope: a.Scope(), OwnIssue: a.OwnIssue, Trusted: []string{l.response, a.Text}, Writes: a.Writes, Origin: origin, Agent: l.job.Label, Model: a.Model, Reason: l.reason}
}
