package run

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"

	"github.com/aofctl/aofctl/internal/event"
	"github.com/aofctl/aofctl/internal/route"
	"github.com/aofctl/aofctl/internal/store"
)

// hold lets a new run wait for further events. One that was rejected waits for
// nothing.
func (d *Dispatcher) hold(r *store.Run, h *route.Hold) {
	if r.State != store.StateQueued {
		return
	}
	r.State, r.WakeAt, r.Signal = store.StateWaiting, d.cfg.Now().Add(h.For), holdSignal(h.Key)
	r.WaitsFor = "more events"
}

// holdSignal is by what a run that waits for further events is found. Keys are of
// any length, and an index is not.
func holdSignal(key string) string {
	sum := sha256.Sum256([]byte(key))
	return "hold:" + hex.EncodeToString(sum[:16])
}

// join adds an event to the run that waits for it, and returns that run's id; ""
// if none waits. The run goes on when it was to.
func (d *Dispatcher) join(ctx context.Context, it item, h *route.Hold) (string, error) {
	return d.cfg.Store.Join(ctx, d.cfg.Lease(), holdSignal(h.Key), it.delivery.ID, func(held store.Run) (store.Run, error) {
		return with(held, it.event)
	})
}

// with is a run with one more event.
func with(held store.Run, ev *event.Event) (store.Run, error) {
	work, err := decodeWork(held)
	if err != nil {
		return held, err
	}
	all := event.Merge(&work.Event, ev)
	work.Event, work.Depth = *all, max(work.Depth, ev.Depth)
	if held.Work, err = encodeWork(work); err != nil {
		return held, fmt.Errorf("merge event into run %s: %w", held.ID, err)
	}
	held.EventType, held.Actor = all.Type, actorName(all.Actor)
	held.IssueKey, held.Project = nameOf(all), all.Project
	return held, nil
}
