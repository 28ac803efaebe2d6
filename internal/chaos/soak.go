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
	before, err := w.goroutines(ctx, d)
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
	behind, err := w.goroutines(ctx, d)
	if err != nil {
		return err
	}
	w.report.Set("goroutines at rest", "%.0f before, %.0f behind it", before, behind)
	if behind > before+idleConnections {
		w.report.Breach("%.0f goroutines are left, %.0f there were before", behind, before)
	}
	return nil
}

// idleConnections is how many goroutines may belong to connections that are kept
// for a while, to Jira, to the model and from Jira's side. A goroutine that each
// run left behind would be more by far.
const idleConnections = 250

// goroutines counts those of a daemon that has nothing to do.
func (w *world) goroutines(ctx context.Context, d *rig.Daemon) (float64, error) {
	w.sender.HangUp()
	rest(ctx, time.Duration(w.pick(1, 5, 10))*time.Second)
	return d.Metric(ctx, "go_goroutines")
}
