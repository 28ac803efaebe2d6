package keeper

import (
	"context"

	"github.com/aofctl/aofctl/internal/a2a"
	"github.com/aofctl/aofctl/internal/store"
)

// Get implements a2a.Tasks.
func (k *Keeper) Get(ctx context.Context, call a2a.Call, req a2a.GetRequest) (a2a.Task, error) {
	return k.store.Task(ctx, owner(call), req.ID, store.TaskView{History: req.History, Artifacts: true})
}

// List implements a2a.Tasks.
func (k *Keeper) List(ctx context.Context, call a2a.Call, req a2a.ListRequest) (a2a.Page, error) {
	filter := store.TaskFilter{Context: req.ContextID, State: req.State, Since: req.ChangedAfter, After: req.After, Limit: max(req.PageSize, 1)}
	tasks, next, total, err := k.store.Tasks(ctx, owner(call), filter, store.TaskView{History: req.History, Artifacts: req.Artifacts})
	return a2a.Page{Tasks: tasks, Next: next, Total: total}, err
}

// Cancel implements a2a.Tasks. The task has ended when it returns; its run is
// stopped within a second, wherever it is at work.
func (k *Keeper) Cancel(ctx context.Context, call a2a.Call, req a2a.CancelRequest) (a2a.Task, error) {
	err := k.store.CancelTask(ctx, owner(call), req.ID, said(a2a.Canceled, textCanceled))
	if err != nil {
		return a2a.Task{}, err
	}
	return k.Get(ctx, call, a2a.GetRequest{ID: req.ID, History: a2a.AllHistory})
}

// said is a status with a text.
func said(state a2a.State, text string) a2a.Status {
	return a2a.Status{State: state, Message: &a2a.Message{Role: a2a.Agent, Parts: []a2a.Part{a2a.TextOf(text)}}}
}

// What users are told in the name of the agent.
const (
	textCanceled = "Canceled at the user's request."
	textExpired  = "This task took longer than it may, so it was stopped. What was done until then is kept. Send a new message to try again, perhaps with a smaller piece of work."
	textRejected = "This task cannot be worked on. Ask whoever runs the agent for the reason."
)
