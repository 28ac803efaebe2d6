package main

import (
	"context"
	"time"

	"github.com/aofctl/aofctl/internal/chaos/rig"
	"github.com/aofctl/aofctl/internal/sandbox/jira"
)

// weather is what a Jira does to its callers on a bad day: it asks for pauses,
// fails, is slow, and cuts connections before and after it has done what it was
// asked for.
func weather() []jira.Fault {
	return []jira.Fault{
		{Effect: jira.Latency, LatencyMS: 300, Fraction: 0.03},
		{Effect: jira.Answer, Status: 429, RetryAfter: "1", Reason: "jira-burst-based", Fraction: 0.02},
		{Effect: jira.Answer, Status: 503, Fraction: 0.02},
		{Method: "POST|PUT", Effect: jira.Answer, Status: 502, After: true, Fraction: 0.02},
		{Effect: jira.CutBefore, Fraction: 0.02},
		{Method: "POST|PUT", Effect: jira.CutAfter, Fraction: 0.02},
		{Method: "POST|PUT", Effect: jira.ResetAfter, Fraction: 0.01},
	}
}

// sqliteKill kills the one daemon every 0.3 to 2 s while deliveries come and
// Jira fails.
func sqliteKill(ctx context.Context, w *world) error {
	n := w.pick(150, 2000, 10_000)
	if err := w.open(ctx, rig.SiteOptions{Issues: w.pick(15, 100, 400), Partners: n/6 + 1}); err != nil {
		return err
	}
	d, err := w.single(ctx)
	if err != nil {
		return err
	}
	if err := w.fault(weather()...); err != nil {
		return err
	}
	w.sender.Again = 0.05
	sent := w.sendSlowly(ctx, w.site.Plan(w.rnd, n), 60*time.Millisecond)
	kills := 0
	for over := false; !over && ctx.Err() == nil; kills++ {
		select {
		case <-sent:
			over = true
		case <-time.After(w.between(300*time.Millisecond, 2*time.Second)):
		}
		w.lose(d, "kill")
		d.Kill()
		if err := w.start(ctx, d); err != nil {
			return err
		}
	}
	w.report.Set("kills", "%d", kills)
	w.site.Jira.ClearFaults()
	_, err = w.judge(ctx, 20*time.Minute)
	return err
}
