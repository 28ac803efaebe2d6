package forge

import (
	"context"

	"github.com/aofctl/aofctl/internal/a2a"
	"github.com/aofctl/aofctl/internal/a2a/signin"
	"github.com/aofctl/aofctl/internal/forge/fit"
)

// Keep implements signin.Keeper: it keeps what a token says of its installation,
// and refuses requests of one that was deleted. The tokens that came along are
// kept by Tasks, once it is clear that work needs them.
func (i *Installations) Keep(ctx context.Context, c fit.Claims, _ fit.Tokens) error {
	if _, err := i.Observe(ctx, c); err != nil {
		return refuse(err)
	}
	return nil
}

// Tasks keeps the tokens of users while tasks need them, and no longer: those of
// messages, and of requests for tasks that have not ended. Jira polls, so that the
// newest is there however long the work takes. The context of a call is the one
// that package signin made.
func (i *Installations) Tasks(next a2a.Tasks) a2a.Tasks {
	return keeping{Tasks: next, installations: i}
}

// keeping adds to a2a.Tasks that tokens are kept.
type keeping struct {
	a2a.Tasks

	installations *Installations
}

// Send keeps the token before the work begins, which it may at once, and looks
// after it again behind that: an earlier task may have ended in between, and with
// it the need for a token.
func (k keeping) Send(ctx context.Context, call a2a.Call, req a2a.SendRequest) (a2a.Reply, error) {
	if err := k.keep(ctx, call); err != nil {
		return a2a.Reply{}, err
	}
	reply, err := k.Tasks.Send(ctx, call, req)
	if err != nil {
		return reply, k.drop(ctx, call, err)
	}
	if reply.Task == nil {
		return reply, k.drop(ctx, call, nil)
	}
	return reply, k.follow(ctx, call, *reply.Task)
}

// Get implements a2a.Tasks.
func (k keeping) Get(ctx context.Context, call a2a.Call, req a2a.GetRequest) (a2a.Task, error) {
	task, err := k.Tasks.Get(ctx, call, req)
	if err != nil {
		return task, err
	}
	return task, k.follow(ctx, call, task)
}

// Cancel implements a2a.Tasks.
func (k keeping) Cancel(ctx context.Context, call a2a.Call, req a2a.CancelRequest) (a2a.Task, error) {
	task, err := k.Tasks.Cancel(ctx, call, req)
	if err != nil {
		return task, err
	}
	return task, k.follow(ctx, call, task)
}

// follow keeps or drops the token by how the task is.
func (k keeping) follow(ctx context.Context, call a2a.Call, task a2a.Task) error {
	if task.Status.State.Terminal() {
		return k.drop(ctx, call, nil)
	}
	return k.keep(ctx, call)
}

func (k keeping) keep(ctx context.Context, call a2a.Call) error {
	token := signin.TokensFrom(ctx).User()
	if !call.Caller.Jira || token == "" {
		return nil
	}
	if err := k.installations.KeepUser(ctx, call.Caller.Installation, call.Caller.Account, token); err != nil {
		return refuse(err)
	}
	return nil
}

// drop forgets the token unless another task of the user needs it, and returns
// the error.
func (k keeping) drop(ctx context.Context, call a2a.Call, cause error) error {
	if !call.Caller.Jira {
		return cause
	}
	if err := k.installations.Forget(ctx, call.Caller.Installation, call.Caller.Account); err != nil && cause == nil {
		return refuse(err)
	}
	return cause
}
