package endpoint

import (
	"context"
	"errors"
	"io"
	"net/http"
	"time"

	"github.com/aofctl/aofctl/internal/a2a"
)

// wait answers once the task is settled, or the time is up: then with the task as
// it is.
func (x *exchange) wait(ctx context.Context, task a2a.Task, history int) {
	if err := x.settle(ctx, task); err != nil {
		x.fail(ctx, err)
		return
	}
	task, err := x.tasks.Get(ctx, x.call, a2a.GetRequest{ID: task.ID, History: history})
	if err != nil {
		x.fail(ctx, err)
		return
	}
	// The server's deadline for answers does not count on waiting.
	_ = http.NewResponseController(x.w).SetWriteDeadline(time.Now().Add(x.opts.WriteTimeout))
	x.reply(ctx, a2a.Reply{Task: &task}, history)
}

// settle follows the task until it waits for somebody, has ended, or the time is
// up, which is no error.
func (x *exchange) settle(ctx context.Context, task a2a.Task) error {
	limited, cancel := context.WithTimeout(ctx, x.opts.MaxWait)
	defer cancel()
	defer context.AfterFunc(x.closing, cancel)()

	events, err := x.tasks.Follow(limited, x.call, task.ID, task.Seq)
	if err != nil {
		return err
	}
	defer events.Close()
	for {
		event, err := events.Next(limited)
		switch {
		case err == nil:
			if event.Status != nil && event.Status.Status.State.Settled() {
				return nil
			}
		case errors.Is(err, io.EOF), limited.Err() != nil && ctx.Err() == nil:
			return nil
		default:
			return err
		}
	}
}
