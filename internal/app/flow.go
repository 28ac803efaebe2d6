package app

import (
	"context"
	"fmt"
	"sync"

	"github.com/aofctl/aofctl/internal/agent"
	"github.com/aofctl/aofctl/internal/fleet"
	"github.com/aofctl/aofctl/internal/flow"
	"github.com/aofctl/aofctl/internal/manifest"
	"github.com/aofctl/aofctl/internal/run"
	"github.com/aofctl/aofctl/internal/step"
)

// flowExecutor runs flows with the manifests that their run was admitted with.
type flowExecutor struct {
	runner *flow.Runner
	agents *agent.Runner
	known  manifest.Known

	mu     sync.Mutex
	parsed map[string]*manifest.Catalog // by revision
}

func newFlowExecutor(runner *flow.Runner, agents *agent.Runner, known manifest.Known) *flowExecutor {
	return &flowExecutor{runner: runner, agents: agents, known: known, parsed: map[string]*manifest.Catalog{}}
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
	result, err := e.runner.Run(ctx, job, journal)
	return run.Result{Text: result.Text}, err
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
	cat, err := e.catalog(task)
	if err != nil {
		return flow.Job{}, err
	}
	f := cat.Flows[task.Run.Target]
	if f == nil {
		return flow.Job{}, fmt.Errorf("read manifest of flow %s: it is not in its bundle", task.Run.Target)
	}
	return flow.Job{Flow: f, Catalog: cat, Attempt: task.Run.Attempt, Start: jobOf(task, f.Name)}, nil
}

func (e *flowExecutor) catalog(task run.Task) (*manifest.Catalog, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if cat, ok := e.parsed[task.Run.Revision]; ok {
		return cat, nil
	}
	cat, problems := manifest.ParseBundle(task.Manifest, e.known)
	if err := problems.Errors().Err(); err != nil {
		return nil, fmt.Errorf("read manifest of flow %s: %w", task.Run.Target, err)
	}
	if len(e.parsed) >= maxParsed {
		clear(e.parsed)
	}
	e.parsed[task.Run.Revision] = cat
	return cat, nil
}

// fleetParts has fleets do parts of flows.
type fleetParts struct{ runner *fleet.Runner }

// RunPart implements flow.Fleets.
func (p fleetParts) RunPart(ctx context.Context, f *manifest.Fleet, cat *manifest.Catalog, job agent.Job, journal step.Journal) (agent.Result, error) {
	return p.runner.Run(ctx, fleet.Job{Fleet: f, Agents: cat.Agents, Job: job}, journal)
}
