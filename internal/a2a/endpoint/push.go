package endpoint

import (
	"context"

	"github.com/aofctl/aofctl/internal/a2a"
	"github.com/aofctl/aofctl/internal/a2a/wire"
)

func noPush() *a2a.Error {
	return &a2a.Error{Code: a2a.CodePushNotSupported, Message: "Push notifications are not supported by this agent"}
}

// push serves the operations on configurations.
func (x *exchange) push(ctx context.Context) {
	if x.pushes == nil {
		x.reject(x.req.Operation, noPush())
		return
	}
	if x.req.Operation == wire.SetPush {
		x.setPush(ctx)
		return
	}
	task, id, wrong := x.req.PushID(x.dialect)
	if wrong != nil {
		x.reject(x.req.Operation, wrong)
		return
	}
	value, err := x.pushValue(ctx, task, id)
	if err != nil {
		x.fail(ctx, err)
		return
	}
	x.answer(ctx, value)
}

func (x *exchange) pushValue(ctx context.Context, task, id string) (any, error) {
	switch x.req.Operation {
	case wire.GetPush:
		config, err := x.pushes.GetPush(ctx, x.call, task, id)
		return x.dialect.Push(config), err
	case wire.ListPush:
		configs, err := x.pushes.ListPush(ctx, x.call, task)
		return x.dialect.PushList(configs), err
	}
	return x.dialect.PushDeleted(), x.pushes.DeletePush(ctx, x.call, task, id)
}

func (x *exchange) setPush(ctx context.Context) {
	config, wrong := x.req.SetPush(x.dialect)
	if wrong != nil {
		x.reject(wire.SetPush, wrong)
		return
	}
	stored, err := x.pushes.SetPush(ctx, x.call, config)
	if err != nil {
		x.fail(ctx, err)
		return
	}
	x.answer(ctx, x.dialect.Push(stored))
}
