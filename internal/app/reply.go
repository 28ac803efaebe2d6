package app

import (
	"context"

	"github.com/aofctl/aofctl/internal/agent"
	"github.com/aofctl/aofctl/internal/route"
	"github.com/aofctl/aofctl/internal/run"
	"github.com/aofctl/aofctl/internal/step"
	"github.com/aofctl/aofctl/internal/store"
)

// replyExecutor posts the texts of replies: no model is asked.
type replyExecutor struct{ runner *agent.Runner }

// Needs implements run.Executor: the key is asked for anyway.
func (e *replyExecutor) Needs(run.Task) ([]string, error) { return nil, nil }

// Execute implements run.Executor.
func (e *replyExecutor) Execute(ctx context.Context, task run.Task, journal step.Journal) (run.Result, error) {
	text := task.Work.Response
	return run.Result{Text: text}, e.runner.Reply(ctx, originOf(task, "aofctl"), journal, text)
}

// Explain implements run.Executor. A reply that could not be posted is not
// explained by another one.
func (e *replyExecutor) Explain(context.Context, run.Task, step.Journal, string) error { return nil }

// replyRevision stands for the manifest that replies do not have.
func replyRevision(name string) store.Revision {
	return store.Revision{Revision: "builtin", Kind: string(route.TargetReply), Name: name}
}
