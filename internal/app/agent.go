package app

import (
	"context"

	"github.com/aofctl/aofctl/internal/a2a/duty"
	"github.com/aofctl/aofctl/internal/agent"
	"github.com/aofctl/aofctl/internal/gate"
	"github.com/aofctl/aofctl/internal/manifest"
	"github.com/aofctl/aofctl/internal/run"
	"github.com/aofctl/aofctl/internal/step"
	"github.com/aofctl/aofctl/internal/tool"
)

// agentExecutor runs agents with the manifest that their run was admitted with.
type agentExecutor struct {
	runner *agent.Runner
	agents *parsed[*manifest.Agent]
}

func newAgentExecutor(runner *agent.Runner, known manifest.Known) *agentExecutor {
	return &agentExecutor{runner: runner, agents: parsedAgents(known)}
}

// Needs implements run.Executor. The project is among what an agent with tools
// needs: events of sprints tell their board alone, and outside of a project no tool
// may touch anything.
func (e *agentExecutor) Needs(task run.Task) ([]string, error) {
	a, err := e.agents.of(task)
	if err != nil {
		return nil, err
	}
	names, err := agent.Needs(a)
	if err == nil && len(a.Tools) > 0 {
		names = append(names, "project_key")
	}
	return names, err
}

// Execute implements run.Executor.
func (e *agentExecutor) Execute(ctx context.Context, task run.Task, journal step.Journal) (run.Result, error) {
	job, err := e.job(task)
	if err != nil {
		return run.Result{}, err
	}
	if d := dutyOf(ctx); d != nil {
		return answerFor(ctx, d, task, journal, func(story duty.Story) (agent.Result, error) {
			told := begun(job, d, story)
			told.Talk = d
			return e.runner.Run(ctx, told, journal)
		})
	}
	result, err := e.runner.Run(ctx, job, journal)
	return run.Result{Text: result.Text}, err
}

// Explain implements run.Executor.
func (e *agentExecutor) Explain(ctx context.Context, task run.Task, journal step.Journal, cause string) error {
	job, err := e.job(task)
	if err != nil {
		return err
	}
	return e.runner.Explain(ctx, job, journal, cause)
}

func (e *agentExecutor) job(task run.Task) (agent.Job, error) {
	a, err := e.agents.of(task)
	if err != nil {
		return agent.Job{}, err
	}
	job := jobOf(task, a.Name)
	job.Agent = a
	return job, nil
}

// jobOf is what a task asks for, whoever does it. The name is that under which
// tools are called.
func jobOf(task run.Task, name string) agent.Job {
	job := agent.Job{Event: &task.Work.Event, Params: task.Work.Params, Response: task.Work.Response, Seed: task.Work.Seed,
		Now: task.Run.Created, Origin: originOf(task, name)}
	job.Session = &gate.Session{DryRun: task.Work.DryRun}
	if c := task.Work.Command; c != nil {
		job.Command, job.Args, job.ArgsList, job.Body, job.Typed = c.Name, c.Args, c.ArgsList, c.Body, c.Params
	}
	return job
}

// originOf says for whom the tools of a task are called.
func originOf(task run.Task, name string) tool.Origin {
	ev := &task.Work.Event
	o := tool.Origin{Site: task.Run.Site, Run: task.Run.ID, Delivery: task.Run.Delivery, Trigger: task.Run.Trigger, Agent: name,
		Project: ev.Project, IssueKey: ev.IssueKey, Depth: task.Work.Depth, Actor: run.PersonOf(ev.Actor), People: peopleOf(ev), Texts: textsOf(ev), Subject: task.Run.Subject}
	if o.IssueKey == "" { // an enriched event knows its key only there
		o.IssueKey = ev.String("issue_key")
	}
	if o.Project == "" {
		o.Project = ev.String("project_key")
	}
	if task.Work.Task != nil {
		o.OnBehalf, o.Within = task.Work.Task.OnBehalf, task.Work.Task.Within
	}
	reach(task, &o)
	return o
}
