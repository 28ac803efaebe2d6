package agent

import (
	"context"
	"fmt"

	"github.com/aofctl/aofctl/internal/manifest"
	"github.com/aofctl/aofctl/internal/policy"
	"github.com/aofctl/aofctl/internal/step"
)

// deliver posts the final text as a comment if the agent is to do so and posted
// none itself.
func (l *loop) deliver(ctx context.Context, final string) error {
	if final == "" || l.job.Agent.Output == manifest.OutputNone || l.commented() {
		return nil
	}
	return l.comment(ctx, final)
}

// commented reports whether the agent itself posted a comment, or would have in
// a dry run.
func (l *loop) commented() bool {
	own := 0
	for _, e := range l.entries {
		done := e.Decision == policy.RuleAllowed || e.Decision == policy.RuleDryRun
		if e.Kind == step.KindTool && e.Name == commentTool && done && (e.Error == "" || e.InDoubt) {
			own++
		}
	}
	if l.acknowledged {
		own--
	}
	return own > 0
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
