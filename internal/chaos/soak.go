package main

import (
	"context"
	"time"

	"github.com/aofctl/aofctl/internal/chaos/rig"
)

// soak sends a steady stream of events, as many as a busy Jira does in a day or
// in weeks, and looks whether anything grows.
func soak(ctx context.Context, w *world) error {
	n := w.pick(500, 15_000, 150_000)
	if err := w.open(ctx, rig.SiteOptions{Issues: w.pick(100, 300, 1000), Partners: n/6 + 1}); err != nil {
		return err
	}
	// There is room for the runs that wait for a second try, so that none queue up.
	d, err := w.add(rig.DaemonOptions{Runtime: runtime + ", max_concurrent_tasks: 64"})
	if err != nil {
		return err
	}
	w.sender = w.newSender(d)
	if err := w.start(ctx, d); err != nil {
		return err
	}
	if w.size != short {
		if err := w.fault(weather()...); err != nil {
			return err
		}
	}
	before, err := w.goroutines(ctx, d, time.Second)
	if err != nil {
		return err
	}
	watch := w.watch(ctx, d)
	began := time.Now()
	w.sender.Again = 0.05
	w.sender.SendAll(ctx, w.site.Plan(w.rnd, n), time.Duration(w.pick(30, 40, 40))*time.Millisecond)
	watch.phase("the stream")
	watch.stop()
	w.report.Set("stream", "%.0f events/s for %.0f s", float64(n)/time.Since(began).Seconds(), time.Since(began).Seconds())
	w.judgeMemory(watch, "the stream")
	w.site.Jira.ClearFaults()
	if _, err = w.judge(ctx, 20*time.Minute); err != nil {
		return err
	}
	// Connections that nobody uses any more are closed after a minute and a half.
	behind, err := w.goroutines(ctx, d, time.Duration(w.pick(1, 100, 100))*time.Second)
	if err != nil {
		return err
	}
	const few = 20
	w.report.Set("goroutines at rest", "%.0f before, %.0f behind it", before, behind)
	if behind > before+float64(w.pick(idleConnections, few, few)) {
		w.report.Breach("%.0f goroutines are left, %.0f there were before", behind, before)
	}
	return nil
}

// idleConnections is how many goroutines may belong to connections that are kept
// for later: two for each of 20 to Jira and 64 to the model.
const idleConnections = 2 * (20 + 64)

// goroutines counts those of a daemon that has had nothing to do for a while.
func (w *world) goroutines(ctx context.Context, d *rig.Daemon, idle time.Duration) (float64, error) {
	w.sender.HangUp()
	rest(ctx, idle)
	return d.Metric(ctx, "go_goroutines")
}
