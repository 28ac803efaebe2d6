package app

import (
	"context"
	"fmt"

	"github.com/aofctl/aofctl/internal/a2a/duty"
	"github.com/aofctl/aofctl/internal/agent"
	"github.com/aofctl/aofctl/internal/durable"
	"github.com/aofctl/aofctl/internal/fleet"
	"github.com/aofctl/aofctl/internal/gate"
	"github.com/aofctl/aofctl/internal/manifest"
	"github.com/aofctl/aofctl/internal/run"
	"github.com/aofctl/aofctl/internal/step"
)

// fleetExecutor runs fleets with the manifests that their run was admitted with.
type fleetExecutor struct {
	runner  *fleet.Runner
	bundles *parsed[*manifest.Catalog]
	steps   stepsOf
}

// stepsOf reads what is on record of a run.
type stepsOf func(ctx context.Context, run string) ([]step.Entry, error)

// recall has a run's session know all that the run did before it was interrupted.
func (s stepsOf) recall(ctx context.Context, run string, session *gate.Session) error {
	return durable.Persist(ctx, "read the run's steps", func() error {
		entries, err := s(ctx, run)
		if err == nil {
			session.Recall(entries)
		}
		return err
	})
}

func newFleetExecutor(runner *fleet.Runner, known manifest.Known, steps stepsOf) *fleetExecutor {
	return &fleetExecutor{runner: runner, bundles: parsedBundles(known), steps: steps}
}

// Needs implements run.Executor.
func (e *fleetExecutor) Needs(task run.Task) ([]string, error) {
	job, err := e.job(task)
	if err != nil {
		return nil, err
	}
	return fleet.Needs(job.Fleet, job.Agents)
}

// Execute implements run.Executor.
func (e *fleetExecutor) Execute(ctx context.Context, task run.Task, journal step.Journal) (run.Result, error) {
	job, err := e.job(task)
	if err != nil {
		return run.Result{}, err
	}
	if err := e.steps.recall(ctx, task.Run.ID, job.Session); err != nil {
		return run.Result{}, err
	}
	if d := dutyOf(ctx); d != nil {
		return answerFor(ctx, d, task, journal, func(story duty.Story) (agent.Result, error) {
			return inRounds(ctx, d, journal, story, func(ctx context.Context, journal step.Journal, story duty.Story) (agent.Result, error) {
				told := job
				told.Job = quietly(begun(job.Job, d, story))
				result, err := e.runner.Run(ctx, told, journal)
				result.Text = e.runner.Speakable(told, result.Text)
				return result, err
			})
		})
	}
	result, err := e.runner.Run(ctx, job, journal)
	return run.Result{Text: result.Text}, err
}

// Explain implements run.Executor.
func (e *fleetExecutor) Explain(ctx context.Context, task run.Task, journal step.Journal, cause string) error {
	job, err := e.job(task)
	if err != nil {
		return err
	}
	return e.runner.Explain(ctx, job, journal, cause)
}

func (e *fleetExecutor) job(task run.Task) (fleet.Job, error) {
	cat, err := e.bundles.of(task)
	if err != nil {
		return fleet.Job{}, err
	}
	f := cat.Fleets[task.Run.Target]
	if f == nil {
		return fleet.Job{}, fmt.Errorf("read manifest of fleet %s: it is not in its bundle", task.Run.Target)
	}
	return fleet.Job{Fleet: f, Agents: cat.Agents, Job: jobOf(task, f.Name)}, nil
}
