package agent

import (
	"context"
	"fmt"
	"slices"

	"github.com/aofctl/aofctl/internal/manifest"
	"github.com/aofctl/aofctl/internal/policy"
	"github.com/aofctl/aofctl/internal/prompt"
	"github.com/aofctl/aofctl/internal/step"
)

// deliver posts the final text as a comment if the agent is to do so and posted
// none itself.
func (l *loop) deliver(ctx context.Context, final string) error {
	if final == "" || l.job.Quiet || l.shape != nil || l.job.Agent.Output == manifest.OutputNone || l.commented() {
		return nil
	}
	return l.comment(ctx, final)
}

// acknowledge posts the trigger's response to a command before the work begins.
func (l *loop) acknowledge(ctx context.Context) error {
	if l.job.Response == "" || l.job.Quiet {
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
	if err := l.comment(ctx, text); err != nil {
		return err
	}
	l.opening = len(l.entries)
	return nil
}

// commented reports whether the agent itself posted a comment, or would have in
// a dry run.
func (l *loop) commented() bool {
	return slices.ContainsFunc(l.entries[l.opening:], func(e step.Entry) bool {
		done := e.Decision == policy.RuleAllowed || e.Decision == policy.RuleDryRun
		return e.Kind == step.KindTool && e.Name == commentTool && done && (e.Error == "" || e.InDoubt)
	})
}

// comment posts a text on the job's issue as if the agent had called the tool,
// under the same policy. Without an issue there is nowhere to post it.
func (l *loop) comment(ctx context.Context, markdown string) error {
	key := l.job.Origin.IssueKey
	if key == "" {
		return nil
	}
	args := mustJSON(map[string]string{"issue_key": key, "body": markdown})
	entry, err := l.call(ctx, commentTool, args, []string{commentTool})
	if err != nil {
		return err
	}
	if entry.Error != "" && !entry.InDoubt {
		return fmt.Errorf("post comment on %s: %s", key, entry.Error)
	}
	return nil
}
