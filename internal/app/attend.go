package app

import (
	"context"
	"errors"
	"fmt"

	"github.com/rs/zerolog"

	"github.com/aofctl/aofctl/internal/a2a"
	"github.com/aofctl/aofctl/internal/a2a/duty"
	"github.com/aofctl/aofctl/internal/agent"
	"github.com/aofctl/aofctl/internal/approval"
	"github.com/aofctl/aofctl/internal/run"
	"github.com/aofctl/aofctl/internal/step"
	"github.com/aofctl/aofctl/internal/tool"
)

type dutyKey struct{}

// attend gives the work on a task of A2A what it owes to the task's user.
func attend(tasks duty.Tasks, desk duty.Desk) run.Attend {
	return func(ctx context.Context, task run.Task, journal step.Journal) (context.Context, step.Journal) {
		ref := task.Work.Task
		if ref == nil {
			return ctx, journal
		}
		who := ref.OnBehalf
		d := duty.New(duty.Config{
			Tasks: tasks, Desk: desk, Task: ref.ID, Agent: task.Run.Target,
			Caller: a2a.Caller{Jira: !who.IsZero(), Installation: who.Installation, Account: who.Account},
			Person: tool.Person{AccountID: who.Account}, Site: originOf(task, "").Site,
		})
		return context.WithValue(ctx, dutyKey{}, d), d.Journal(journal)
	}
}

// dutyOf is what the work owes to the user of its task; nil if there is none.
func dutyOf(ctx context.Context) *duty.Duty {
	d, _ := ctx.Value(dutyKey{}).(*duty.Duty)
	return d
}

// answerFor is the work on a task for its user. The work is told what it begins
// with, and the user why it failed.
func answerFor(ctx context.Context, d *duty.Duty, task run.Task, journal step.Journal, work func(story duty.Story) (agent.Result, error)) (run.Result, error) {
	story, err := d.Begin(ctx, journal, &task.Work.Event)
	if err != nil {
		return run.Result{}, err
	}
	var result agent.Result
	if err = admitted(task); err == nil {
		result, err = work(story)
	}
	if err != nil && ctx.Err() == nil && !errors.Is(err, step.ErrWaiting) {
		if untold := d.Fail(ctx, journal, err, task.Run.ID); untold != nil && ctx.Err() == nil {
			zerolog.Ctx(ctx).Warn().Err(untold).Msg("cannot tell the user of the task why it failed")
		}
	}
	return run.Result{Text: result.Text}, err
}

// inRounds is the work of those who cannot hear what the user says while they are at
// it: that is worked on in a further round, each in a branch of the run, which knows
// what the round before came to.
func inRounds(ctx context.Context, d *duty.Duty, journal step.Journal, story duty.Story,
	round func(ctx context.Context, journal step.Journal, story duty.Story) (agent.Result, error)) (agent.Result, error) {
	for n := 1; ; n++ {
		result, err := round(ctx, journal.Branch(fmt.Sprintf("round %d", n)), story)
		if errors.Is(err, step.ErrWaiting) && ctx.Err() == nil {
			return result, journal.Rest(ctx)
		}
		if err != nil {
			return result, err
		}
		said, err := d.Conclude(ctx, journal, result)
		if err != nil || len(said) == 0 {
			return result, err
		}
		story = story.Next(result.Text, said)
	}
}

// begun has a job know its user and what the work begins with.
func begun(job agent.Job, d *duty.Duty, story duty.Story) agent.Job {
	job.Session.User = d
	job.Request, job.Material = story.Request, story.Material
	return job
}

// quietly keeps a job's text from being posted: it is the answer to the task.
func quietly(job agent.Job) agent.Job {
	job.Quiet = true
	return job
}

var _ duty.Desk = (*approval.Desk)(nil)
