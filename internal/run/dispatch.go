package run

import (
	"context"
	"sync"
	"time"
)

// Leader tells whether this replica decides about deliveries.
type Leader interface{ Leads() bool }

// Dispatch runs a Dispatcher whenever this replica is the one that decides about
// deliveries, until ctx ends.
func Dispatch(ctx context.Context, leader Leader, cfg DispatcherConfig) {
	for ctx.Err() == nil {
		if leader.Leads() {
			lead(ctx, leader, cfg)
		}
		rest(ctx, leadInterval)
	}
}

// leadInterval is how often a replica looks whether it decides.
const leadInterval = 100 * time.Millisecond

// lead dispatches for as long as this replica is the one. The next time begins
// anew with what is pending then.
func lead(ctx context.Context, leader Leader, cfg DispatcherConfig) {
	ctx, stop := context.WithCancel(ctx)
	var watch sync.WaitGroup
	defer watch.Wait()
	defer stop()
	watch.Go(func() {
		for ctx.Err() == nil && leader.Leads() {
			rest(ctx, leadInterval)
		}
		stop()
	})
	NewDispatcher(cfg).Run(ctx)
}
