package keeper

import (
	"context"
	"errors"
	"time"

	"github.com/aofctl/aofctl/internal/a2a"
	"github.com/aofctl/aofctl/internal/store"
)

// Send implements a2a.Tasks.
func (k *Keeper) Send(ctx context.Context, call a2a.Call, req a2a.SendRequest) (a2a.Reply, error) {
	// Jira's own examples have one id for two messages; refusing the second would help
	// nobody.
	in := store.Incoming{Owner: owner(call), Message: req.Message, IDsRepeat: call.Caller.Jira, Push: req.Push, Limits: k.limits(call)}
	if in.Push != nil {
		push := *in.Push
		push.ID = k.pushID(push)
		in.Push = &push
	}
	to, err := k.deliver(ctx, call, in)
	if err != nil {
		return a2a.Reply{}, err
	}
	k.cfg.Wake()
	if to.New != nil {
		to.New.LastMessages(req.History)
		return a2a.Reply{Task: to.New}, nil
	}
	if to.Held {
		k.reconsider(ctx, to.Task)
	}
	task, err := k.Get(ctx, call, a2a.GetRequest{ID: to.Task, History: req.History})
	if err != nil {
		return a2a.Reply{}, err
	}
	return a2a.Reply{Task: &task}, nil
}

// limits bound a caller that is known by its token alone as a whole installation.
func (k *Keeper) limits(call a2a.Call) store.TaskLimits {
	l := k.cfg.Limits
	if call.Caller.Account == "" {
		l.PerOwner = 0
	}
	return l
}

// deliver prepares a task if the message may begin one: without a context it does,
// with one it mostly belongs to the task that is active there.
func (k *Keeper) deliver(ctx context.Context, call a2a.Call, in store.Incoming) (store.Delivered, error) {
	if in.Message.ContextID != "" || in.Message.TaskID != "" {
		to, err := k.store.Deliver(ctx, in)
		if !errors.Is(err, store.ErrUnprepared) {
			return to, err
		}
	}
	var err error
	if in.New, err = k.prepare(ctx, call, in.Message); err != nil {
		return store.Delivered{}, err
	}
	return k.store.Deliver(ctx, in)
}

func (k *Keeper) prepare(ctx context.Context, call a2a.Call, m a2a.Message) (*store.NewTask, error) {
	m.TaskID = k.cfg.NewID()
	if m.ContextID == "" {
		m.ContextID = k.cfg.NewID()
	}
	n := &store.NewTask{ID: m.TaskID, ContextID: m.ContextID, Call: call, Deadline: k.deadline(call, m)}
	hold, err := k.cfg.Gate(ctx, call)
	if err != nil {
		return nil, err
	}
	if hold != nil {
		n.Status = *hold
		return n, nil
	}
	work, err := k.cfg.Prepare(ctx, call, m, n.ID, n.ContextID)
	if err != nil {
		return nil, err
	}
	n.Status, n.Run, n.Revisions = work.Status, &work.Run, work.Revisions
	if !work.Deadline.IsZero() {
		n.Deadline = work.Deadline
	}
	return n, nil
}

// deadline is when Jira gives up, so that the task ends before with a word about
// it: 30 minutes for chats and 60 for all else, says the reference of the module
// rovo:agentConnector. Other callers have their own patience.
func (k *Keeper) deadline(call a2a.Call, m a2a.Message) time.Time {
	lasts := k.cfg.Plain
	if call.Caller.Jira {
		lasts = k.cfg.WorkItem
		if inv, ok := m.Invocation(); ok && inv.Cause == a2a.Chatted {
			lasts = k.cfg.Chat
		}
	}
	return k.cfg.Now().Add(lasts)
}
