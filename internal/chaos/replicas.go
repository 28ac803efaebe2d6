package main

import (
	"context"
	"fmt"
	"time"

	"github.com/aofctl/aofctl/internal/chaos/rig"
)

// mostTakeOver is how long the runs of a lost replica may stand still.
const mostTakeOver = 15 * time.Second

// pgReplicas kills and freezes replicas and crashes their database while
// deliveries come.
func pgReplicas(ctx context.Context, w *world) error {
	n := w.pick(200, 2000, 20_000)
	if err := w.open(ctx, rig.SiteOptions{Issues: w.pick(20, 100, 400), Partners: n/6 + 1}); err != nil {
		return err
	}
	if err := w.replicas(ctx); err != nil {
		return err
	}
	// There is always a step at work.
	w.site.Model.Delay(300 * time.Millisecond)
	w.sender.Again = 0.05
	w.sender.Pause = 500 * time.Millisecond
	sent := w.sendSlowly(ctx, w.site.Plan(w.rnd, n), 100*time.Millisecond)
	if w.size == short {
		if err := w.together(ctx); err != nil {
			return err
		}
		<-sent
		return w.judgeTakeOver(ctx, time.Minute)
	}
	for round := 0; !isOver(sent) && ctx.Err() == nil; round++ {
		turn := []func(context.Context, *rig.Daemon) error{w.killAWhile, w.freezeAWhile, w.crashDatabase}[round%3]
		if err := turn(ctx, w.daemons[w.rnd.IntN(len(w.daemons))]); err != nil {
			return err
		}
		w.report.Set("rounds", "%d: kill, freeze, crash of the database in turns", round+1)
		rest(ctx, w.between(2*time.Second, 5*time.Second))
	}
	return w.judgeTakeOver(ctx, 20*time.Minute)
}

// sendSlowly sends events in the background; the channel is closed when all
// were accepted or given up.
func (w *world) sendSlowly(ctx context.Context, events []rig.Event, interval time.Duration) <-chan struct{} {
	sent := make(chan struct{})
	go func() {
		defer close(sent)
		w.sender.SendAll(ctx, events, interval)
	}()
	return sent
}

func isOver(done <-chan struct{}) bool {
	select {
	case <-done:
		return true
	default:
		return false
	}
}

// together loses two of three replicas at once, and the database later on.
func (w *world) together(ctx context.Context) error {
	dead, frozen := w.daemons[0], w.daemons[1]
	rest(ctx, 2*time.Second)
	w.lose(dead, "kill")
	dead.Kill()
	rest(ctx, time.Second)
	w.lose(frozen, "freeze")
	if err := frozen.Freeze(); err != nil {
		return err
	}
	rest(ctx, mostTakeOver-time.Second)
	if err := frozen.Thaw(); err != nil {
		return err
	}
	if err := w.start(ctx, dead); err != nil {
		return err
	}
	w.report.Set("rounds", "a kill and a freeze at once, then a crash of the database")
	return w.crashDatabase(ctx, nil)
}

// killAWhile kills a replica and starts it again once others have its runs.
func (w *world) killAWhile(ctx context.Context, d *rig.Daemon) error {
	w.lose(d, "kill")
	d.Kill()
	rest(ctx, mostTakeOver)
	return w.start(ctx, d)
}

// freezeAWhile freezes a replica for longer or shorter than its lease lasts, in
// the middle of whatever it does, and lets it go on.
func (w *world) freezeAWhile(ctx context.Context, d *rig.Daemon) error {
	w.lose(d, "freeze")
	if err := d.Freeze(); err != nil {
		return err
	}
	rest(ctx, w.between(3*time.Second, 25*time.Second))
	return d.Thaw()
}

// crashDatabase ends the database server without telling anybody, and starts it
// again a while later.
func (w *world) crashDatabase(ctx context.Context, _ *rig.Daemon) error {
	if err := w.pg.Crash(ctx); err != nil {
		return fmt.Errorf("crash the database: %w", err)
	}
	rest(ctx, w.between(time.Second, 4*time.Second))
	if err := w.pg.StartAgain(ctx); err != nil {
		return fmt.Errorf("start the database again: %w", err)
	}
	return nil
}

// judgeTakeOver is judge, and holds the times of taking over against the bar.
func (w *world) judgeTakeOver(ctx context.Context, limit time.Duration) error {
	story, err := w.judge(ctx, limit)
	if err != nil {
		return err
	}
	if _, on, _ := story.TakeOver(w.losses); on.Took > mostTakeOver {
		w.report.Breach("a run stood still for %.1f s, more than %s: %s", on.Took.Seconds(), mostTakeOver, on.Where)
	}
	return nil
}
