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

// Publish posts a final text that several agents made, as the job's agent would
// post its own.
func (r *Runner) Publish(ctx context.Context, job Job, journal step.Journal, final string) error {
	return r.loop(job, journal).deliver(ctx, final)
}
