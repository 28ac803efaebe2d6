package flow

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/aofctl/aofctl/internal/manifest"
	"github.com/aofctl/aofctl/internal/policy"
	"github.com/aofctl/aofctl/internal/prompt"
	"github.com/aofctl/aofctl/internal/step"
)

// endStep is the name of the step that says how a flow ended, failedStep that of
// the one that says that it failed.
const (
	endStep    = "end"
	failedStep = "failed"
)

// ending is what an End node said.
type ending struct {
	Node   string `json:"node"`
	Failed bool   `json:"failed,omitempty"`
	Text   string `json:"text"`
	Value  any    `json:"value"`
}

// conclude says what came of the flow, or why it cannot go on now.
func (c *course) conclude(ctx context.Context) (Result, error) {
	if c.stopped != nil {
		return Result{}, c.stopped
	}
	if c.failure != nil {
		return c.result(), c.fails(ctx)
	}
	if c.end == nil {
		for _, n := range c.nodes {
			if n.status == waiting {
				return c.result(), c.journal.Rest(ctx)
			}
		}
	}
	result := c.result()
	if err := c.settle(ctx); err != nil {
		return result, err
	}
	if c.end != nil && c.end.Failed {
		return result, fmt.Errorf("flow %s ended as failed at node %s: %s", c.plan.flow.Name, c.end.Node, result.Text)
	}
	if c.top && c.plan.flow.Output == manifest.OutputComment && result.Text != "" && !c.spoken.Load() {
		return result, c.runner.agents.Publish(ctx, c.job.Speaker(), c.journal.Branch("(result)"), result.Text)
	}
	return result, nil
}

// notes remembers whether a call of the flow's own posted a comment, or would have.
func (c *course) notes(e step.Entry) {
	t, ok := c.runner.tools.Lookup(e.Name)
	done := e.Decision == policy.RuleAllowed || e.Decision == policy.RuleDryRun
	if e.Kind == step.KindTool && ok && t.Spec().Comments && done && (e.Error == "" || e.InDoubt) {
		c.spoken.Store(true)
	}
}

// fails tells of the failure. That of a flow within another is recorded, since the
// other may go on and which of two nodes failed first must not change; the run's
// own is not, so that the run can be tried again.
func (c *course) fails(ctx context.Context) error {
	err := fmt.Errorf("flow %s: %w", c.plan.flow.Name, c.failure)
	if c.top || c.told {
		return err
	}
	_, err = c.failing.Do(ctx, step.KindNode, failedStep, func(context.Context, string) (step.Entry, error) {
		return step.Entry{}, err
	})
	return err
}

// restoreFailure takes over that a flow within another failed in an earlier turn.
func (c *course) restoreFailure(ctx context.Context) error {
	if _, known := c.failing.Next(); !known {
		return nil
	}
	_, err := c.failing.Do(ctx, step.KindNode, failedStep, unrecorded)
	var failure *step.Failure
	if !errors.As(err, &failure) {
		return err
	}
	c.failure, c.told = errors.New(failure.Message), true
	c.all.close(errAbandoned)
	return nil
}

// settle has people decide about what the flow's own nodes proposed.
func (c *course) settle(ctx context.Context) error {
	var entries []step.Entry
	for _, n := range c.plan.flow.Nodes {
		entries = append(entries, c.nodes[n.ID].outcome.entries...)
	}
	proposed := slices.ContainsFunc(entries, func(e step.Entry) bool { return e.Decision == policy.RulePropose })
	if !proposed {
		return nil
	}
	return c.runner.gate.Settle(ctx, c.journal.Branch("(proposals)"), c.job.Start.Session, c.request("", nil), entries)
}

// result is the End node's message, else that of the last of the nodes behind which
// nothing ran.
func (c *course) result() Result {
	if c.end != nil {
		return Result{Text: c.end.Text, Value: c.end.Value}
	}
	var last Result
	for _, n := range c.plan.flow.Nodes {
		at := c.nodes[n.ID]
		if at.status != succeeded || !tells(n.Type) || c.leads(n.ID) {
			continue
		}
		text, _ := at.outcome.vars(at.status)["text"].(string)
		if text != "" {
			last = Result{Text: text, Value: at.outcome.output}
		}
	}
	return last
}

// tells reports whether nodes of a type make something that can be a result.
func tells(t manifest.NodeType) bool {
	switch t {
	case manifest.NodeConditional, manifest.NodeParallel, manifest.NodeJoin, manifest.NodeApproval, manifest.NodeWait:
		return false
	}
	return true
}

// leads reports whether the flow went on from a node.
func (c *course) leads(id string) bool {
	for _, i := range c.plan.out[id] {
		if c.ways[i] == taken {
			return true
		}
	}
	return false
}

// end ends the flow.
func (c *course) ends(ctx context.Context, n *manifest.FlowNode, cfg *manifest.EndNode, journal step.Journal, s *scope) (outcome, error) {
	e := &ending{Node: n.ID, Failed: cfg.Failed}
	if cfg.Message == "" {
		e.Value, e.Text = c.passed(s)
	} else {
		var err error
		if e.Value, err = s.value(cfg.Message, manifest.FormTemplate, c.plan.ids); err != nil {
			return outcome{}, err
		}
		e.Text = prompt.Display(e.Value)
	}
	_, err := journal.Do(ctx, step.KindNode, endStep, func(context.Context, string) (step.Entry, error) {
		return step.Entry{Output: encode(e)}, nil
	})
	return outcome{output: e.Value, text: e.Text, more: map[string]any{"end": e}}, err
}

// passed is the result of the node before, for an End without a message.
func (c *course) passed(s *scope) (any, string) {
	for _, id := range s.before {
		if vars, ok := s.results[id].(map[string]any); ok {
			text, _ := vars["text"].(string)
			return vars["output"], text
		}
	}
	return nil, ""
}
