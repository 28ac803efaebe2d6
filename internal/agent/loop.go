package agent

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/aofctl/aofctl/internal/llm"
	"github.com/aofctl/aofctl/internal/manifest"
	"github.com/aofctl/aofctl/internal/policy"
	"github.com/aofctl/aofctl/internal/step"
	"github.com/aofctl/aofctl/internal/tool"
)

// ErrIterations says that the agent asked its model as often as it may and had
// no final text yet.
var ErrIterations = errors.New("the agent used up its iterations without an answer")

// loop is one agent at work.
type loop struct {
	runner   *Runner
	job      Job
	journal  step.Journal
	model    llm.Model
	system   string
	messages []llm.Message
	// entries are the finished steps; the policy's limits count them.
	entries []step.Entry
	// opening counts those that were made before the agent started.
	opening int
}

// converse asks the model until it wants no more tools, and returns its last text.
func (l *loop) converse(ctx context.Context) (string, error) {
	limit := l.job.Agent.MaxIterations
	if limit <= 0 {
		limit = manifest.DefaultMaxIterations
	}
	begun, asked := "", false // the text that was cut off, and whether the model was asked to go on
	for range limit {
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
		if err := l.serveAll(ctx, answer); err != nil {
			return "", err
		}
	}
	return "", fmt.Errorf("%d model calls: %w", limit, ErrIterations)
}

// serveAll serves the tool calls of an answer, in their order.
func (l *loop) serveAll(ctx context.Context, answer llm.Response) error {
	calls := answer.Message.ToolCalls
	for i, call := range calls {
		if answer.Truncated && i == len(calls)-1 {
			l.withhold(call, answer)
			continue
		}
		if err := l.serve(ctx, call); err != nil {
			return err
		}
	}
	return nil
}

// ask is a model step.
func (l *loop) ask(ctx context.Context) (llm.Response, error) {
	a := l.job.Agent
	req := llm.Request{System: l.system, Messages: l.window(), Tools: l.runner.specs(a), Temperature: a.Temperature, MaxTokens: a.MaxTokens}
	entry, err := l.journal.Do(ctx, step.KindModel, a.Model, func(ctx context.Context, id string) (step.Entry, error) {
		req.ID = id
		resp, err := l.model.Complete(ctx, req)
		if err != nil {
			return describeFailure(err), err
		}
		return describeAnswer(req, resp)
	})
	if err != nil {
		return llm.Response{}, fmt.Errorf("ask %s: %w", a.Model, err)
	}
	l.entries = append(l.entries, entry)
	var resp llm.Response
	if err := json.Unmarshal(entry.Output, &resp); err != nil {
		return llm.Response{}, fmt.Errorf("decode answer of %s: %w", a.Model, err)
	}
	return resp, nil
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
	if !errors.As(err, &e) {
		return step.Entry{}
	}
	return step.Entry{TokensIn: e.Usage.In, TokensCached: e.Usage.CachedIn, TokensOut: e.Usage.Out, CostMicroUSD: e.CostMicroUSD}
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
	var text string
	if err := json.Unmarshal(entry.Output, &text); err != nil {
		return fmt.Errorf("decode result of %s: %w", call.Name, err)
	}
	l.messages = append(l.messages, llm.Message{Role: llm.ToolRole, ToolCallID: call.ID, ToolName: call.Name, Text: text})
	return nil
}

// call passes one call through the policy and makes it.
func (l *loop) call(ctx context.Context, name string, args json.RawMessage, allowed []string) (step.Entry, error) {
	entry, err := l.journal.Do(ctx, step.KindTool, name, func(ctx context.Context, id string) (step.Entry, error) {
		verdict := l.runner.policy.Check(ctx, policy.Request{
			Tool: name, Call: tool.Call{ID: id, Args: args, Origin: l.job.Origin}, Allowed: allowed,
			Scope: l.job.Agent.ScopeProjects, DryRun: l.job.Agent.Writes == manifest.WritesDryRun, Prior: l.entries,
		})
		return invoke(ctx, verdict, args)
	})
	if err != nil {
		return entry, fmt.Errorf("call %s: %w", name, err)
	}
	l.entries = append(l.entries, entry)
	return entry, nil
}

func invoke(ctx context.Context, verdict policy.Verdict, args json.RawMessage) (step.Entry, error) {
	entry := step.Entry{Input: args, Decision: verdict.Rule}
	if verdict.Tool != nil {
		entry.Name = verdict.Tool.Spec().Name
	}
	if !verdict.Allowed {
		return describeResult(entry, verdict.Result()), nil
	}
	result, err := verdict.Tool.Call(ctx, verdict.Call)
	if errors.Is(err, tool.ErrInDoubt) {
		return describeResult(entry, tool.Result{Failed: true, InDoubt: true, Text: "It cannot be known whether this happened: " +
			"the connection broke while it was sent and Jira gives no way to look it up. Do not repeat it; say so in your answer."}), nil
	}
	if err != nil {
		return entry, err // what was tried belongs to the record
	}
	return describeResult(entry, result), nil
}

func describeResult(entry step.Entry, r tool.Result) step.Entry {
	entry.Output, entry.Target, entry.InDoubt = mustJSON(r.Text), r.Target, r.InDoubt
	if r.Failed {
		entry.Error = r.Text
	}
	return entry
}
