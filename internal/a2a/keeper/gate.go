package keeper

import (
	"context"
	"errors"

	"github.com/aofctl/aofctl/internal/a2a"
	"github.com/aofctl/aofctl/internal/store"
)

// authBatch is how many tasks are looked at together that wait for a setting.
const authBatch = 100

// Reconsider lets the tasks go on that waited for a setting or a sign-in, after
// something has changed for an installation or, with an account, for one of its
// users; with neither, for anybody: those that were held begin, and runs that asked
// go on. What is still missing is said anew.
func (k *Keeper) Reconsider(ctx context.Context, installation, account string) error {
	return k.auth(ctx, func(t store.AuthTask) error {
		if (installation != "" && t.Owner.Installation != installation) || (account != "" && t.Owner.Account != account) {
			return nil
		}
		if t.Held {
			return k.release(ctx, t)
		}
		return k.resume(ctx, t)
	})
}

// reconsider is for a task that is held and whose user has just said something. Others
// have their turn when something changes: what somebody says must not make us look
// at everybody's.
func (k *Keeper) reconsider(ctx context.Context, task string) {
	list, err := k.store.AuthTask(ctx, task)
	for _, t := range list {
		if t.Held {
			err = k.release(ctx, t)
		}
	}
	if err != nil {
		k.cfg.Log.Warn().Err(err).Msg("cannot look whether a task may begin; it is tried again")
	}
}

// auth goes through the tasks that wait. One that fails does not keep the others
// waiting.
func (k *Keeper) auth(ctx context.Context, each func(store.AuthTask) error) error {
	var failed error
	for after := ""; ; {
		list, err := k.store.AuthTasks(ctx, after, authBatch)
		if err != nil {
			return errors.Join(failed, err)
		}
		for _, t := range list {
			failed = errors.Join(failed, each(t))
			after = t.ID
		}
		if len(list) < authBatch {
			return failed
		}
	}
}

// release lets a task begin that was held, if it may now.
func (k *Keeper) release(ctx context.Context, t store.AuthTask) error {
	hold, err := k.cfg.Gate(ctx, t.Call)
	switch {
	case err != nil:
		return err
	case hold != nil:
		return k.store.HoldTask(ctx, t.ID, *hold)
	}
	work, err := k.cfg.Prepare(ctx, t.Call, t.First, t.ID, t.ContextID)
	var told *a2a.Error
	if errors.As(err, &told) {
		return k.store.StopTask(ctx, t.ID, "the agent", said(a2a.Rejected, textRejected))
	}
	if err != nil {
		return err
	}
	status := work.Status
	if status.State == "" {
		status.State = a2a.Submitted
	}
	released, err := k.store.ReleaseTask(ctx, t.ID, work.Run, work.Revisions, status)
	if released {
		k.cfg.Wake()
	}
	return err
}

// resume lets a run go on that has asked.
func (k *Keeper) resume(ctx context.Context, t store.AuthTask) error {
	hold, err := k.cfg.Gate(ctx, t.Call)
	if err != nil || hold != nil {
		return err
	}
	resumed, err := k.store.ResumeTask(ctx, t.ID)
	if resumed {
		k.cfg.Wake()
	}
	return err
}
