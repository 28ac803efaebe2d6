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
	d, err := w.single(ctx)
	if err != nil {
		return err
	}
	if w.size != short {
		if err := w.fault(weather()...); err != nil {
			return err
		}
	}
	watch := w.watch(ctx, d)
	began := time.Now()
	w.sender.Again = 0.05
	w.sender.SendAll(ctx, w.site.Plan(w.rnd, n), 30*time.Millisecond)
	watch.phase("the stream")
	watch.stop()
	w.report.Set("stream", "%.0f events/s for %.0f s", float64(n)/time.Since(began).Seconds(), time.Since(began).Seconds())
	w.judgeMemory(watch, "the stream")
	w.site.Jira.ClearFaults()
	_, err = w.judge(ctx, 20*time.Minute)
	return err
}
