package keeper

import (
	"context"
	"time"

	"github.com/aofctl/aofctl/internal/a2a"
	"github.com/aofctl/aofctl/internal/store"
)

const (
	// tendInterval is how often deadlines are looked at.
	tendInterval = time.Second
	// gateRounds is after how many of them it is looked whether held tasks may
	// begin, in case nobody said so.
	gateRounds = 30
)

// Run ends tasks whose time is up and lets tasks begin that were held, on the one
// replica that leads, until ctx ends.
func (k *Keeper) Run(ctx context.Context, leads func() bool) {
	tick := time.NewTicker(tendInterval)
	defer tick.Stop()
	for round := 0; ; round++ {
		if leads() {
			k.tend(ctx, round%gateRounds == 0)
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

func (k *Keeper) tend(ctx context.Context, gate bool) {
	if _, err := k.store.ExpireTasks(ctx, said(a2a.Failed, textExpired)); err != nil && ctx.Err() == nil {
		k.cfg.Log.Warn().Err(err).Msg("cannot look for tasks whose time is up; it is tried again")
	}
	if !gate {
		return
	}
	err := k.auth(ctx, func(t store.AuthTask) error {
		if !t.Held {
			return nil
		}
		return k.release(ctx, t)
	})
	if err != nil && ctx.Err() == nil {
		k.cfg.Log.Warn().Err(err).Msg("cannot look whether tasks may begin; it is tried again")
	}
}
