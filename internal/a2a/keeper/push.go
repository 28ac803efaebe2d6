package keeper

import (
	"context"

	"github.com/aofctl/aofctl/internal/a2a"
)

// SetPush implements a2a.PushConfigs.
func (k *Keeper) SetPush(ctx context.Context, call a2a.Call, config a2a.PushConfig) (a2a.PushConfig, error) {
	if config.ID == "" {
		config.ID = k.cfg.NewID()
	}
	return config, k.store.SetPush(ctx, owner(call), config)
}

// GetPush implements a2a.PushConfigs.
func (k *Keeper) GetPush(ctx context.Context, call a2a.Call, taskID, id string) (a2a.PushConfig, error) {
	list, err := k.store.Pushes(ctx, owner(call), taskID)
	if err != nil {
		return a2a.PushConfig{}, err
	}
	for _, c := range list {
		if id == "" || c.ID == id {
			return c, nil
		}
	}
	return a2a.PushConfig{}, noPush(taskID, id)
}

// noPush is the answer to a configuration that there is not. A2A has no code of its
// own for it.
func noPush(taskID, id string) *a2a.Error {
	return &a2a.Error{
		Code: a2a.CodeTaskNotFound, Message: "Push notification configuration not found",
		Details: map[string]string{"taskId": taskID, "pushNotificationConfigId": id},
	}
}

// ListPush implements a2a.PushConfigs.
func (k *Keeper) ListPush(ctx context.Context, call a2a.Call, taskID string) ([]a2a.PushConfig, error) {
	return k.store.Pushes(ctx, owner(call), taskID)
}

// DeletePush implements a2a.PushConfigs.
func (k *Keeper) DeletePush(ctx context.Context, call a2a.Call, taskID, id string) error {
	return k.store.DropPush(ctx, owner(call), taskID, id)
}
