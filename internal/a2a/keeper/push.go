package keeper

import (
	"context"
	"strings"

	"github.com/aofctl/aofctl/internal/a2a"
)

// SetPush implements a2a.PushConfigs.
func (k *Keeper) SetPush(ctx context.Context, call a2a.Call, config a2a.PushConfig) (a2a.PushConfig, error) {
	config.ID = k.pushID(config)
	return config, k.store.SetPush(ctx, owner(call), config)
}

// unnamedPush is the configuration of a task that a program of 0.3 set without an
// id. It is the same however often it is set: that version has its programs ask for
// it by the task alone.
const unnamedPush = "default"

func (k *Keeper) pushID(config a2a.PushConfig) string {
	switch {
	case config.ID != "":
		return config.ID
	case strings.HasPrefix(config.Version, "0."):
		return unnamedPush
	}
	return k.cfg.NewID()
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
