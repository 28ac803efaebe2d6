package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/aofctl/aofctl/internal/chaos/rig"
	"github.com/aofctl/aofctl/internal/sandbox/jira"
	"github.com/aofctl/aofctl/internal/sandbox/pgserver"
)

// errSkipped is returned by a scenario that cannot be played here; the report
// says why.
var errSkipped = errors.New("the scenario was skipped")

// world is what a scenario is played in.
type world struct {
	settings

	name    string
	dir     string
	rnd     *rand.Rand
	report  *rig.Report
	site    *rig.Site
	daemons []*rig.Daemon
	sender  *rig.Sender
	pg      *pgserver.Server
	losses  []rig.Loss
	undo    []func() error
}

func newWorld(s settings, name string) (*world, error) {
	w := &world{settings: s, name: name, rnd: chance(s.seed, name), report: newReport(name)}
	var err error
	w.dir, err = os.MkdirTemp("", "aofctl-chaos-"+name+"-")
	return w, err
}

// runtime are the settings of a daemon that looks for interrupted writes sooner
// than it would at a real Jira: the simulated one is late by a third of a second
// at most.
const runtime = "settle: 1500ms, max_runs_per_issue_per_hour: 0"

// open starts the other side.
func (w *world) open(ctx context.Context, o rig.SiteOptions) error {
	o.Jira.Luck = chance(w.seed, w.name+" luck").Float64
	o.Jira.LogSize = max(o.Jira.LogSize, 1000)
	var err error
	if w.site, err = rig.NewSite(ctx, o); err != nil {
		return fmt.Errorf("start the other side: %w", err)
	}
	w.onClose(w.site.Close)
	return nil
}

// add lays out a daemon.
func (w *world) add(o rig.DaemonOptions) (*rig.Daemon, error) {
	o.Name = fmt.Sprintf("d%d", len(w.daemons)+1)
	o.Binary = w.binary
	if o.Dir == "" {
		o.Dir = filepath.Join(w.dir, o.Name)
	}
	if o.DSN == "" {
		o.DSN = "sqlite:" + filepath.Join(o.Dir, "data")
	}
	if o.Runtime == "" {
		o.Runtime = runtime
	}
	d, err := rig.NewDaemon(w.site, o)
	if err != nil {
		return nil, fmt.Errorf("lay out daemon %s: %w", o.Name, err)
	}
	w.daemons = append(w.daemons, d)
	w.onClose(func() error { d.Kill(); return nil })
	return d, nil
}

// single lays out one daemon on SQLite with its sender, and starts it.
func (w *world) single(ctx context.Context) (*rig.Daemon, error) {
	d, err := w.add(rig.DaemonOptions{})
	if err != nil {
		return nil, err
	}
	w.sender = w.newSender(d)
	return d, w.start(ctx, d)
}

// replicas lays out three daemons on one PostgreSQL server with their sender, and
// starts them.
func (w *world) replicas(ctx context.Context) error {
	if err := w.openPostgres(ctx); err != nil {
		return err
	}
	for range 3 {
		if _, err := w.add(rig.DaemonOptions{DSN: w.pg.DSN("postgres")}); err != nil {
			return err
		}
	}
	w.sender = w.newSender(w.daemons...)
	return w.start(ctx, w.daemons...)
}

func (w *world) openPostgres(ctx context.Context) error {
	var err error
	w.pg, err = pgserver.Start(ctx, pgserver.Options{})
	if errors.Is(err, pgserver.ErrNoPostgres) {
		w.report.Skip(err.Error())
		return errSkipped
	}
	if err != nil {
		return err
	}
	w.onClose(func() error { return w.pg.Stop(context.WithoutCancel(ctx)) })
	return nil
}

// patience is how long a daemon may take to start.
const patience = time.Minute

// start starts daemons and waits until they are ready.
func (w *world) start(ctx context.Context, daemons ...*rig.Daemon) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	for _, d := range daemons {
		if err := d.Start(); err != nil {
			return err
		}
	}
	for _, d := range daemons {
		if err := d.Ready(ctx); err != nil {
			return err
		}
	}
	return nil
}

// lose notes the end, or the freezing, of a daemon's process.
func (w *world) lose(d *rig.Daemon, what string) {
	w.losses = append(w.losses, rig.Loss{At: time.Now(), Replica: d.Replica(), What: what + " of " + d.Name})
}

// fault puts a fault of Jira into force.
func (w *world) fault(faults ...jira.Fault) error {
	for _, f := range faults {
		if _, err := w.site.Jira.AddFault(f); err != nil {
			return err
		}
	}
	return nil
}

// settle waits until nothing is left to do, for at most the given time, and
// returns whether that came.
func (w *world) settle(ctx context.Context, d *rig.Daemon, limit time.Duration) bool {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	for ctx.Err() == nil {
		if idle, _ := rig.Idle(ctx, d.Client()); idle {
			return true
		}
		rest(ctx, 50*time.Millisecond)
	}
	return false
}

// judge waits for the end of all runs and compares what was promised with what
// happened.
func (w *world) judge(ctx context.Context, limit time.Duration) (*rig.Story, error) {
	d := w.daemons[len(w.daemons)-1]
	began := time.Now()
	if w.settle(ctx, d, limit) {
		w.report.Set("idle after", "%.1f s of calm", time.Since(began).Seconds())
	} else {
		w.report.Breach("not idle after %s of calm", limit)
	}
	story, err := rig.Read(ctx, d.Client(), true)
	if err != nil {
		return nil, err
	}
	w.report.Judged(rig.Judge(w.site.Truth(), w.sender.Receipts(), story.Doubts()), story, w.site.Gate.Calls(), w.losses, w.sender.Statuses())
	if bare := w.sender.Bare(); bare > 0 {
		w.report.Breach("%d answers of 503 or 429 were without Retry-After", bare)
	}
	return story, nil
}

// evidence prints the ends of the latest daemons' logs.
func (w *world) evidence(out io.Writer) {
	const daemons, lines, width = 3, 12, 400
	for _, d := range w.daemons[max(0, len(w.daemons)-daemons):] {
		_, _ = fmt.Fprintf(out, "  the end of the log of %s (%s):\n", d.Name, d.LogFile())
		for line := range strings.SplitSeq(d.Tail(lines), "\n") {
			_, _ = fmt.Fprintf(out, "    %s\n", line[:min(len(line), width)])
		}
	}
}

func (w *world) onClose(undo func() error) { w.undo = append(w.undo, undo) }

func (w *world) close() error {
	var errs []error
	for _, undo := range slices.Backward(w.undo) {
		errs = append(errs, undo())
	}
	return errors.Join(errs...)
}

// rest waits unless the context ends first.
func rest(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	}
}

// between is a random time from lo to hi.
func (w *world) between(lo, hi time.Duration) time.Duration {
	return lo + time.Duration(w.rnd.Int64N(int64(hi-lo)))
}

// newSender makes a sender to daemons, with chance of its own.
func (w *world) newSender(daemons ...*rig.Daemon) *rig.Sender {
	return rig.NewSender(w.site, chance(w.seed, w.name+" sender"), daemons...)
}
