package main

import (
	"context"
	"fmt"
	"path/filepath"
	"time"

	"github.com/aofctl/aofctl/internal/chaos/disk"
	"github.com/aofctl/aofctl/internal/chaos/rig"
)

// powerLoss cuts the power again and again while deliveries come: what was not
// synced is dropped, kept, or torn, and the next life begins with what is left.
func powerLoss(ctx context.Context, w *world) error {
	lives, image, syncs := w.pick(8, 60, 600), "", 0
	for life := range lives {
		d, dev, err := w.onDisk(ctx, image)
		if err != nil {
			return err
		}
		if err := w.startAlone(ctx, d); err != nil {
			return err
		}
		image = filepath.Join(w.dir, fmt.Sprintf("image%d", life+1))
		if err := w.liveUntilCut(ctx, d, dev, image); err != nil {
			return err
		}
		syncs += dev.Syncs()
	}
	w.report.Set("power cuts", "%d; %d syncs", lives, syncs)
	d, _, err := w.onDisk(ctx, image)
	if err != nil {
		return err
	}
	if err := w.startAlone(ctx, d); err != nil {
		return err
	}
	_, err = w.judge(ctx, 5*time.Minute)
	return err
}

// startAlone starts a daemon that takes all webhooks from now on.
func (w *world) startAlone(ctx context.Context, d *rig.Daemon) error {
	if w.sender == nil {
		w.sender = w.newSender(d)
		w.sender.Pause = 100 * time.Millisecond
	}
	w.sender.Retarget(d)
	return w.start(ctx, d)
}

// liveUntilCut sends events to a daemon and cuts its power in the middle of it.
// What is left on the disk is in image then.
func (w *world) liveUntilCut(ctx context.Context, d *rig.Daemon, dev *disk.Disk, image string) error {
	life, over := context.WithCancel(ctx)
	defer over()
	sent := w.sendSlowly(life, w.site.Plan(w.rnd, 40), 20*time.Millisecond)
	rest(ctx, w.between(50*time.Millisecond, 900*time.Millisecond))
	if w.rnd.IntN(4) == 0 {
		// The last syncs before the end fail: nothing may be acknowledged of
		// what they were for, not even when later ones succeed.
		dev.Set(disk.SyncFails)
		rest(ctx, w.between(time.Millisecond, 200*time.Millisecond))
		if w.rnd.IntN(2) == 0 {
			dev.Set(disk.None)
			rest(ctx, w.between(time.Millisecond, 1200*time.Millisecond))
		}
	}
	w.lose(d, "power cut")
	if err := dev.Cut(w.rnd, image); err != nil {
		return err
	}
	d.Kill()
	over()
	<-sent
	return dev.Close()
}
