package agent

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/aofctl/aofctl/internal/llm"
	"github.com/aofctl/aofctl/internal/manifest"
	"github.com/aofctl/aofctl/internal/policy"
	"github.com/aofctl/aofctl/internal/prompt"
	"github.com/aofctl/aofctl/internal/step"
)

// deliver posts the final text as a comment if the agent is to do so and posted
// none itself, and has people decide about what it proposed.
func (l *loop) deliver(ctx context.Context, final string) error {
	if err := l.vet(final); err != nil {
		return err
	}
	if err := l.publish(ctx, final); err != nil {
		return err
	}
	req := l.request()
	// The final text was proposed without being on the agent's list.
	req.Allowed, req.Reason, req.Approval = append(slices.Clone(l.job.Agent.Tools), commentTool), "", l.job.Agent.Approval
	proposed := l.entries[l.settled:]
	l.settled = len(l.entries) // an agent that goes on with what its user says comes here again
	return l.runner.gate.Settle(ctx, l.journal, l.job.Session, req, proposed)
}

func (l *loop) publish(ctx context.Context, final string) error {
	if final == "" || l.job.Quiet || l.job.Talk != nil || l.shape != nil || l.job.Agent.Output == manifest.OutputNone || l.commented() {
		return nil
	}
	return l.comment(ctx, final, l.job.Agent.Approval)
}

// acknowledge posts the trigger's response to a command before the work begins.
func (l *loop) acknowledge(ctx context.Context) error {
	if l.job.Response == "" || l.job.Quiet || l.job.Talk != nil {
		return nil
	}
	tmpl, err := prompt.Compile("response", l.job.Response)
	if err != nil {
		return fmt.Errorf("read response of /%s: %w", l.job.Command, err)
	}
	text, err := tmpl.Render(map[string]any{"metadata": l.job.Event.Metadata(), "event": l.job.Event.Metadata(),
		"command": l.job.Command, "args": l.job.Args, "params": l.job.Params, "agent": l.job.Agent.Name})
	if err != nil {
		return fmt.Errorf("render response of /%s: %w", l.job.Command, err)
	}
	l.response = text
	if err := l.comment(ctx, text, nil); err != nil {
		return err
	}
	l.opening = len(l.entries)
	return nil
}

// commented reports whether the agent itself posted a comment, or would have in
// a dry run.
func (l *loop) commented() bool {
	at := placeOf(l.job.Origin, l.job.Command)
	return slices.ContainsFunc(l.entries[l.opening:], func(e step.Entry) bool {
		done := e.Decision == policy.RuleAllowed || e.Decision == policy.RuleDryRun
		return e.Kind == step.KindTool && at.speaks(e.Name, l.job.Command) && done && (e.Error == "" || e.InDoubt)
	})
}

// comment posts a text on the job's issue or pull request as if the agent had
// called the tool, under the same policy; approval is nil for what the program
// itself says. Without either there is nowhere to post it.
func (l *loop) comment(ctx context.Context, markdown string, approval *manifest.Approval) error {
	at := placeOf(l.job.Origin, l.job.Command)
	if at.tool == "" {
		return nil
	}
	req := l.request()
	req.Tool, req.Args, req.Allowed, req.Approval = at.tool, at.with(markdown), []string{at.tool}, approval
	entry, err := l.runner.gate.Call(ctx, l.journal, l.job.Session, req)
	if err != nil {
		return err
	}
	if around, threaded := at.wide(); threaded && entry.Error != "" && !entry.InDoubt && entry.Decision == policy.RuleAllowed {
		// The comment is gone, or its thread is closed: then anywhere on the page.
		req.Args = around.with(markdown)
		if entry, err = l.runner.gate.Call(ctx, l.journal, l.job.Session, req); err != nil {
			return err
		}
	}
	l.entries = append(l.entries, entry)
	// What people turn down is no failure: the text stays with the run.
	if entry.Error != "" && !entry.InDoubt && entry.Decision != policy.RuleApproval {
		return &unpostedError{place: at.name, rule: entry.Decision, reason: entry.Error}
	}
	return nil
}

// unpostedError says why a comment was not posted.
type unpostedError struct{ place, rule, reason string }

func (e *unpostedError) Error() string { return "post comment on " + e.place + ": " + e.reason }

// retract asks the model for another final text if the content of this one must
// not leave. It reports false where that has no use.
func (l *loop) retract(err error, tries int) bool {
	var unposted *unpostedError
	if !errors.As(err, &unposted) || !strings.HasPrefix(unposted.rule, policy.RulesOfContent) || tries == corrections || l.model == nil {
		return false
	}
	l.asked++
	l.messages = append(l.messages, llm.Message{Role: llm.User, Text: "Your answer was not posted. " + unposted.reason +
		". Write the whole answer again without that, and say nothing about this correction."})
	return true
}

// Unpostable reports whether a job failed because its final text held something that
// must not leave, also after the model was told so.
func Unpostable(err error) bool {
	var unposted *unpostedError
	return errors.As(err, &unposted) && strings.HasPrefix(unposted.rule, policy.RulesOfContent)
}
