package agent

import (
	"context"
	"errors"

	"github.com/aofctl/aofctl/internal/event"
	"github.com/aofctl/aofctl/internal/manifest"
	"github.com/aofctl/aofctl/internal/step"
	"github.com/aofctl/aofctl/internal/tool"
)

// replying is the command of a reply: it belongs where somebody asked.
const replying = "help"

// Reply posts a text on the origin's issue, pull request or page, under the policy that holds for the
// comments of agents, without asking a model. The text is Markdown.
func (r *Runner) Reply(ctx context.Context, origin tool.Origin, journal step.Journal, markdown string) error {
	if placeOf(origin, replying).tool == "" {
		return errors.New("post reply: the event has no issue, and no page")
	}
	job := Job{Command: replying, Agent: &manifest.Agent{Meta: manifest.Meta{Name: origin.Agent}}, Event: &event.Event{}, Origin: origin}
	return r.loop(job, journal).comment(ctx, markdown, nil)
}
