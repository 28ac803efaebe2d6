package app

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/aofctl/aofctl/internal/a2a/duty"
	"github.com/aofctl/aofctl/internal/agent"
	"github.com/aofctl/aofctl/internal/fleet"
	"github.com/aofctl/aofctl/internal/flow"
	"github.com/aofctl/aofctl/internal/manifest"
	"github.com/aofctl/aofctl/internal/run"
	"github.com/aofctl/aofctl/internal/step"
)

// flowExecutor runs flows with the manifests that their run was admitted with.
type flowExecutor struct {
	runner  *flow.Runner
	agents  *agent.Runner
	bundles *parsed[*manifest.Catalog]
	steps   stepsOf
}

func newFlowExecutor(runner *flow.Runner, agents *agent.Runner, known manifest.Known, steps stepsOf) *flowExecutor {
	return &flowExecutor{runner: runner, agents: agents, bundles: parsedBundles(known), steps: steps}
}

// Needs implements run.Executor.
func (e *flowExecutor) Needs(task run.Task) ([]string, error) {
	job, err := e.job(task)
	if err != nil {
		return nil, err
	}
	return flow.Needs(job.Flow, job.Catalog, func(f *manifest.Fleet) ([]string, error) { return fleet.Needs(f, job.Catalog.Agents) })
}

// Execute implements run.Executor.
func (e *flowExecutor) Execute(ctx context.Context, task run.Task, journal step.Journal) (run.Result, error) {
	job, err := e.job(task)
	if err != nil {
		return run.Result{}, err
	}
	if err := e.steps.recall(ctx, task.Run.ID, job.Start.Session); err != nil {
		return run.Result{}, err
	}
	if d := dutyOf(ctx); d != nil {
		return answerFor(ctx, d, task, journal, func(story duty.Story) (agent.Result, error) {
			return inRounds(ctx, d, journal, story, func(ctx context.Context, journal step.Journal, story duty.Story) (agent.Result, error) {
				told := job
				told.Start = quietly(begun(job.Start, d, story))
				result, err := e.runner.Run(ctx, told, journal)
				return e.spoken(told, result), err
			})
		})
	}
	result, err := e.runner.Run(ctx, job, journal)
	return run.Result{Text: result.Text}, err
}

// spoken is what a flow came to as the user of a task may be told it: the text, and
// the value where that is more.
func (e *flowExecutor) spoken(job flow.Job, r flow.Result) agent.Result {
	speaker := job.Speaker()
	told := agent.Result{Text: e.agents.Speakable(speaker, r.Text)}
	switch r.Value.(type) {
	case map[string]any, []any:
	default:
		return told
	}
	body, err := json.Marshal(r.Value)
	if err == nil && e.agents.Speakable(speaker, string(body)) == string(body) {
		told.Value = body
	}
	return told
}

// Explain implements run.Executor.
func (e *flowExecutor) Explain(ctx context.Context, task run.Task, journal step.Journal, cause string) error {
	job, err := e.job(task)
	if err != nil {
		return err
	}
	return e.agents.Explain(ctx, job.Speaker(), journal, cause)
}

func (e *flowExecutor) job(task run.Task) (flow.Job, error) {
	cat, err := e.bundles.of(task)
	if err != nil {
		return flow.Job{}, err
	}
	f := cat.Flows[task.Run.Target]
	if f == nil {
		return flow.Job{}, fmt.Errorf("read manifest of flow %s: it is not in its bundle", task.Run.Target)
	}
	return flow.Job{Flow: f, Catalog: cat, Attempt: task.Run.Attempt, Start: jobOf(task, f.Name)}, nil
}

// fleetParts has fleets do parts of flows.
type fleetParts struct{ runner *fleet.Runner }

// RunPart implements flow.Fleets.
func (p fleetParts) RunPart(ctx context.Context, f *manifest.Fleet, cat *manifest.Catalog, job agent.Job, journal step.Journal) (agent.Result, error) {
	return p.runner.Run(ctx, fleet.Job{Fleet: f, Agents: cat.Agents, Job: job}, journal)
}
