package agent

import (
	"context"

	"github.com/aofctl/aofctl/internal/step"
)

// Acknowledge posts the job's response to a command, for a job whose parts are
// done by several agents. It is posted under the policy of the job's agent.
func (r *Runner) Acknowledge(ctx context.Context, job Job, journal step.Journal) error {
	return r.loop(job, journal).acknowledge(ctx)
}

// Publish posts a final text that several agents made, under the policy and by the
// rule of the job's agent: not if a comment is among what they did. Where the
// policy only proposes it, people are asked.
func (r *Runner) Publish(ctx context.Context, job Job, journal step.Journal, done []step.Entry, final string) error {
	l := r.loop(job, journal)
	l.entries = done
	if err := l.publish(ctx, final); err != nil {
		return err
	}
	l.entries = l.entries[len(done):] // what the agents proposed has been decided
	return l.settle(ctx)
}
