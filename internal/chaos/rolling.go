package main

import (
	"context"
	"fmt"
	"time"

	"github.com/aofctl/aofctl/internal/chaos/rig"
)

// rollingReplicas restarts three replicas one after the other by SIGTERM while
// deliveries come.
func rollingReplicas(ctx context.Context, w *world) error {
	if err := w.openFor(ctx, w.pick(150, 1500, 10_000)); err != nil {
		return err
	}
	if err := w.replicas(ctx); err != nil {
		return err
	}
	return w.roll(ctx, w.pick(150, 1500, 10_000))
}

// rollingSingle does the same with one daemon on SQLite, which nobody stands in
// for while it restarts.
func rollingSingle(ctx context.Context, w *world) error {
	if err := w.openFor(ctx, w.pick(150, 1500, 10_000)); err != nil {
		return err
	}
	if _, err := w.single(ctx); err != nil {
		return err
	}
	return w.roll(ctx, w.pick(150, 1500, 10_000))
}

// openFor starts the other side for n planned events, with a model that takes a
// moment, so that there is always a step at work.
func (w *world) openFor(ctx context.Context, n int) error {
	if err := w.open(ctx, rig.SiteOptions{Issues: w.pick(20, 100, 400), Partners: n/6 + 1}); err != nil {
		return err
	}
	w.site.Model.Delay(100 * time.Millisecond)
	return nil
}

// roll sends n events and restarts the daemons in turn until all were sent.
func (w *world) roll(ctx context.Context, n int) error {
	sent := w.sendSlowly(ctx, w.site.Plan(w.rnd, n), 60*time.Millisecond)
	restarts := 0
	for !isOver(sent) && ctx.Err() == nil {
		rest(ctx, w.between(500*time.Millisecond, 1500*time.Millisecond))
		d := w.daemons[restarts%len(w.daemons)]
		code, err := w.terminate(ctx, d)
		if err != nil {
			return err
		}
		if code != 0 {
			w.report.Breach("daemon %s ended with code %d after SIGTERM", d.Name, code)
		}
		if err := w.start(ctx, d); err != nil {
			return err
		}
		restarts++
	}
	w.report.Set("restarts by SIGTERM", "%d", restarts)
	if _, err := w.judge(ctx, 2*time.Minute); err != nil {
		return err
	}
	w.judgeDelivered()
	w.judgeAskedOnce()
	return nil
}

func (w *world) terminate(ctx context.Context, d *rig.Daemon) (int, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	return d.Terminate(ctx)
}

// judgeDelivered demands that every event was accepted in the end.
func (w *world) judgeDelivered() {
	again := 0
	for _, r := range w.sender.Receipts() {
		if !r.Accepted {
			w.report.Breach("%s was not delivered in %d tries", r.Event.Token, r.Tries)
		}
		if r.Tries > 1 {
			again++
		}
	}
	w.report.Set("delivered at a later try", "%d", again)
}

// judgeAskedOnce demands that no step was even interrupted: each answer of the
// model was asked for once.
func (w *world) judgeAskedOnce() {
	seen := map[string]int{}
	for _, c := range w.site.Gate.Calls() {
		seen[fmt.Sprintf("answer %d to %s", c.Turn, c.Token)]++
	}
	var twice []string
	for what, n := range seen {
		if n > 1 {
			twice = append(twice, fmt.Sprintf("%s was asked for %d times", what, n))
		}
	}
	w.report.Set("steps interrupted", "%d of %d", len(twice), len(seen))
	w.report.List("interrupted", twice)
}
