package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"time"

	"github.com/aofctl/aofctl/internal/chaos/disk"
	"github.com/aofctl/aofctl/internal/chaos/rig"
)

// mostRecovery is how long a daemon may take to be well again by itself.
const mostRecovery = 15 * time.Second

// diskTrouble lets the disk below SQLite be full, take no writes, and fail to
// sync, one after the other, while deliveries come.
func diskTrouble(ctx context.Context, w *world) error {
	d, dev, err := w.onDisk(ctx, "")
	if err != nil {
		return err
	}
	lasts := time.Duration(w.pick(4, 20, 60)) * time.Second
	w.sender = w.newSender(d)
	w.sender.Pause = lasts / 8
	if err := w.start(ctx, d); err != nil {
		return err
	}
	events := w.site.Plan(w.rnd, w.pick(240, 1200, 4000))
	sent := w.sendSlowly(ctx, events, 5*lasts/time.Duration(len(events)))
	for _, trouble := range []disk.Trouble{disk.Full, disk.ReadOnly, disk.SyncFails} {
		rest(ctx, lasts/4)
		if err := w.endure(ctx, d, trouble.String(), lasts, func() error { dev.Set(trouble); return nil }, func() error { dev.Set(disk.None); return nil }); err != nil {
			return err
		}
	}
	<-sent
	w.judgeDelivered()
	_, err = w.judge(ctx, 20*time.Minute)
	return err
}

// databaseAway takes the database away from three replicas.
func databaseAway(ctx context.Context, w *world) error {
	n := w.pick(150, 900, 2000)
	if err := w.open(ctx, rig.SiteOptions{Issues: w.pick(20, 60, 100), Partners: n/6 + 1}); err != nil {
		return err
	}
	if err := w.replicas(ctx); err != nil {
		return err
	}
	lasts := time.Duration(w.pick(8, 60, 60)) * time.Second
	w.sender.Pause = lasts / 8
	sent := w.sendSlowly(ctx, w.site.Plan(w.rnd, n), 2*lasts/time.Duration(n))
	rest(ctx, lasts/4)
	err := w.endure(ctx, w.daemons[0], "database away", lasts, func() error { return w.pg.Crash(ctx) }, func() error { return w.pg.StartAgain(ctx) })
	if err != nil {
		return err
	}
	<-sent
	w.judgeDelivered()
	_, err = w.judge(ctx, 20*time.Minute)
	return err
}

// onDisk lays out a daemon whose directory is on a disk that fails when asked
// to.
func (w *world) onDisk(ctx context.Context, image string) (*rig.Daemon, *disk.Disk, error) {
	if w.site == nil {
		if err := w.open(ctx, rig.SiteOptions{Issues: 30, Partners: w.pick(50, 300, 1000)}); err != nil {
			return nil, nil, err
		}
	}
	name := fmt.Sprintf("disk%d", len(w.daemons)+1)
	dev, err := disk.Mount(filepath.Join(w.dir, name), image)
	if errors.Is(err, disk.ErrCannotMount) {
		w.report.Skip(err.Error())
		return nil, nil, errSkipped
	}
	if err != nil {
		return nil, nil, err
	}
	w.onClose(dev.Close)
	d, err := w.add(rig.DaemonOptions{DSN: "sqlite:" + filepath.Join(dev.Path(), "data")})
	return d, dev, err
}

// endure lets a trouble of the store begin, watches what the daemon says of it,
// lets it end, and waits until the daemon is well by itself.
func (w *world) endure(ctx context.Context, d *rig.Daemon, name string, lasts time.Duration, begin, end func() error) error {
	before := w.sender.Statuses()[503]
	if err := begin(); err != nil {
		return fmt.Errorf("begin trouble %s: %w", name, err)
	}
	began := time.Now()
	told, refused := time.Duration(0), time.Duration(0)
	detail := ""
	for time.Since(began) < lasts && ctx.Err() == nil {
		status, text, err := d.Get(ctx, "/readyz?verbose")
		if told == 0 && err == nil && status == 503 {
			told, detail = time.Since(began), text
		}
		if refused == 0 && w.sender.Statuses()[503] > before {
			refused = time.Since(began)
		}
		rest(ctx, 50*time.Millisecond)
	}
	if err := end(); err != nil {
		return fmt.Errorf("end trouble %s: %w", name, err)
	}
	if refused == 0 {
		w.report.Breach("no webhook was answered with 503 meanwhile: %s", name)
	}
	if told == 0 {
		w.report.Breach("readyz never told of the trouble: %s", name)
	}
	ended := time.Now()
	waiting, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	if err := d.Ready(waiting); err != nil {
		return err
	}
	well := time.Since(ended)
	if well > mostRecovery {
		w.report.Breach("well again only %.1f s behind the trouble: %s", well.Seconds(), name)
	}
	w.report.Set(name, "%s; told after %.1f s (%s), first 503 after %.1f s, well %.1f s behind it",
		lasts, told.Seconds(), reason(detail), refused.Seconds(), well.Seconds())
	return nil
}

// reason finds the detail of the first check that failed.
func reason(verbose string) string {
	_, behind, found := strings.Cut(verbose, `"ok": false`)
	if !found {
		return "?"
	}
	_, behind, _ = strings.Cut(behind, `"detail": "`)
	text, _, _ := strings.Cut(behind, `"`)
	return text[:min(len(text), 100)]
}
