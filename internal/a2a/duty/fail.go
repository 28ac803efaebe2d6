package duty

import (
	"context"
	"errors"
	"strings"

	"github.com/aofctl/aofctl/internal/a2a"
	"github.com/aofctl/aofctl/internal/agent"
	"github.com/aofctl/aofctl/internal/budget"
	"github.com/aofctl/aofctl/internal/durable"
	"github.com/aofctl/aofctl/internal/step"
)

// trouble is a step that failed.
type trouble struct {
	kind    step.Kind
	name    string
	failure *step.Failure
}

// failed notes a step that has no result.
func (d *Duty) failed(kind step.Kind, name string, err error) {
	var failure *step.Failure
	if !errors.As(err, &failure) {
		return
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.trouble = trouble{kind, name, failure}
}

// Fail ends the task because the run ends with the error, and tells the user why in
// words of theirs, or in those that the error has for them in its method Tell: what it
// says else is for the operator, who finds it on the run.
func (d *Duty) Fail(ctx context.Context, journal step.Journal, cause error, run string) error {
	text := d.explain(cause) + " The operator finds the details on the run `" + run + "`."
	var h heard
	return d.record(ctx, journal, failStep, &h, func(ctx context.Context, id string) error {
		return durable.Persist(ctx, "tell the user", func() error {
			const everything = 1 << 30 // whatever they said meanwhile: nobody works on it
			_, _, err := d.cfg.Tasks.ConcludeTask(ctx, d.cfg.Task, id, everything, status(a2a.Failed, text))
			return unless(err)
		})
	})
}

// explain says in a sentence or two why there is no answer.
func (d *Duty) explain(cause error) string {
	d.mu.Lock()
	failing := d.trouble
	d.mu.Unlock()
	var failure *step.Failure
	var words interface{ Tell() string }
	switch {
	case errors.As(cause, &words):
		return words.Tell()
	case errors.Is(cause, agent.ErrIterations):
		return "I took as many steps as I may and have no answer yet. A smaller request may help."
	case errors.Is(cause, agent.ErrShape):
		return "My answer did not get the form that it has to have."
	case errors.Is(cause, agent.ErrCut):
		return "My answer became too long. A smaller request may help."
	case agent.Unpostable(cause):
		return "My answer held something that must not be passed on, so I cannot show it."
	case !errors.As(cause, &failure):
		return sorry
	case failure.Reason == step.ReasonTimeout:
		return "The time for this task is used up."
	case strings.Contains(failure.Message, budget.ErrOver.Error()):
		return "The budget for this work is used up."
	case failing.failure != nil && failing.failure.Step == failure.Step && failing.kind == step.KindModel:
		return "The language model did not answer. Trying again later may help."
	case failing.failure != nil && failing.failure.Step == failure.Step && failing.kind == step.KindTool:
		return service(failing.name) + " did not answer while I was at this: " + lower(doing(failing.name, nil)) + ". Trying again later may help."
	}
	return sorry
}

const sorry = "Something went wrong, and I could not finish this."

func lower(s string) string { return strings.ToLower(s[:1]) + s[1:] }
