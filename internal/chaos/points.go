package main

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/aofctl/aofctl/internal/chaos/rig"
)

// moments at which the daemon is killed, at one of its requests to Jira or to
// the model.
func moments() []string {
	return []string{
		"before", // the request never arrives
		"after",  // it is carried out, and nobody hears of it
		"late",   // it is carried out after the daemon is dead
		"behind", // it is answered, and the answer may or may not be on record
		"later",  // some milliseconds behind the answer
	}
}

// accepting is the point at which the webhook itself is sent.
const accepting = "POST /webhook"

// point is where a daemon is killed.
type point struct {
	// n is the request's number in the run, from 0; -1 is the webhook.
	n      int
	moment string
}

// killPoints kills the daemon at every request that a run makes, from the
// acceptance of its webhook to its end, at each moment of it, again and again.
func killPoints(ctx context.Context, w *world) error {
	if err := w.open(ctx, rig.SiteOptions{Issues: 20, Partners: w.pick(60, 500, 15_000)}); err != nil {
		return err
	}
	d, err := w.add(rig.DaemonOptions{Runtime: "settle: 300ms, max_runs_per_issue_per_hour: 0"})
	if err != nil {
		return err
	}
	w.sender = w.newSender(d)
	w.sender.Pause = 20 * time.Millisecond
	if err := w.start(ctx, d); err != nil {
		return err
	}
	requests, err := w.undisturbed(ctx, d)
	if err != nil {
		return err
	}
	struck, err := w.strikeAll(ctx, d, requests)
	if err != nil {
		return err
	}
	w.tellStruck(struck)
	_, err = w.judge(ctx, time.Minute)
	return err
}

// strikeAll kills the daemon at all points and counts what was struck. Requests
// with the same name are one kind of point.
func (w *world) strikeAll(ctx context.Context, d *rig.Daemon, requests int) (map[string]int, error) {
	notes, err := os.Create(filepath.Join(w.dir, "points.log"))
	if err != nil {
		return nil, err
	}
	defer func() { _ = notes.Close() }()
	struck := map[string]int{}
	for i, p := range w.points(requests) {
		e := w.everything()
		where, err := w.strike(ctx, d, e, p)
		if err != nil {
			return nil, fmt.Errorf("%s, kill %d at request %d, %s: %w", e.Token, i, p.n, p.moment, err)
		}
		if where != "" {
			struck[where+" "+p.moment]++
		}
		_, _ = fmt.Fprintf(notes, "%s %d %s %s\n", e.Token, p.n, p.moment, where)
		if ctx.Err() != nil {
			break
		}
	}
	return struck, ctx.Err()
}

// points are where to strike: all that there are, or in the short form some.
func (w *world) points(requests int) []point {
	var all []point
	for range w.pick(1, 1, 100) {
		for n := -1; n < requests; n++ {
			for _, moment := range moments() {
				all = append(all, point{n, moment})
			}
		}
	}
	w.rnd.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
	return all[:min(len(all), w.pick(40, len(all), len(all)))]
}

// everything is an event that asks for all there is.
func (w *world) everything() rig.Event {
	e := w.site.Plan(w.rnd, 1)[0]
	return w.site.WithAll(e)
}

// undisturbed counts the requests of a run that nobody interrupts, and waits for
// its end.
func (w *world) undisturbed(ctx context.Context, d *rig.Daemon) (int, error) {
	if err := w.awaitAcquainted(ctx, d); err != nil {
		return 0, err
	}
	before := w.site.Gate.Count()
	w.sender.Send(ctx, w.everything())
	if !w.settle(ctx, d, patience) {
		return 0, fmt.Errorf("the first run does not end: %w", context.DeadlineExceeded)
	}
	requests := w.site.Gate.Count() - before
	w.report.Set("requests of a run", "%d", requests)
	return requests, nil
}

// awaitAcquainted waits until Jira has told the daemon who it is.
func (w *world) awaitAcquainted(ctx context.Context, d *rig.Daemon) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	for ctx.Err() == nil {
		if _, text, err := d.Get(ctx, "/readyz?verbose"); err == nil && strings.Contains(text, `"status": "ready"`) {
			return nil
		}
		rest(ctx, 5*time.Millisecond)
	}
	return fmt.Errorf("wait for the daemon to know who it is: %w", ctx.Err())
}

// strike sends an event, kills the daemon at the point, starts it again, and
// waits for the end of the run. It returns the request that was struck, "" if
// the run made fewer.
func (w *world) strike(ctx context.Context, d *rig.Daemon, e rig.Event, p point) (string, error) {
	if err := w.awaitAcquainted(ctx, d); err != nil {
		return "", err
	}
	killed := make(chan string, 1)
	kill := func(where string) {
		w.lose(d, "kill")
		d.Kill()
		killed <- where
	}
	late := w.between(0, 30*time.Millisecond)
	if p.n >= 0 {
		var n atomic.Int64
		w.site.Gate.Set(func(r *http.Request, forward func()) bool {
			if int(n.Add(1))-1 != p.n {
				return false
			}
			hit(p.moment, nameOf(r), late, forward, kill)
			return true
		})
	}
	sent := w.sendSlowly(ctx, []rig.Event{e}, 0)
	if p.n < 0 {
		rest(ctx, w.between(0, 3*time.Millisecond))
		kill(accepting)
	}
	where := w.awaitStruck(ctx, d, killed, sent)
	w.site.Gate.Set(nil)
	if where != "" {
		if err := w.start(ctx, d); err != nil {
			return where, err
		}
	}
	<-sent
	if !w.settle(ctx, d, patience) {
		return where, context.DeadlineExceeded
	}
	return where, nil
}

// hit carries out a request and kills the daemon, in the order that the moment
// asks for.
func hit(moment, where string, late time.Duration, forward func(), kill func(string)) {
	switch moment {
	case "before":
		kill(where)
	case "after":
		forward() // into a connection whose reader is about to die
		kill(where)
	case "late":
		kill(where)
		forward()
	case "behind":
		forward()
		go kill(where)
	default:
		forward()
		go func() {
			time.Sleep(late)
			kill(where)
		}()
	}
}

// awaitStruck waits until the daemon is killed, or the run is over without that.
func (w *world) awaitStruck(ctx context.Context, d *rig.Daemon, killed <-chan string, sent <-chan struct{}) string {
	for ctx.Err() == nil {
		select {
		case where := <-killed:
			return where
		case <-time.After(20 * time.Millisecond):
		}
		if !isOver(sent) {
			continue
		}
		if idle, _ := rig.Idle(ctx, d.Client()); idle {
			// The kill may be on its way behind the last answer.
			select {
			case where := <-killed:
				return where
			case <-time.After(100 * time.Millisecond):
				return ""
			}
		}
	}
	return ""
}

var numberPattern = regexp.MustCompile(`[A-Z]+-[0-9]+|/[0-9]+|^/d[0-9]+`)

// nameOf is the kind of a request.
func nameOf(r *http.Request) string {
	return r.Method + " " + numberPattern.ReplaceAllString(r.URL.Path, "*")
}

// tellStruck says what was struck how often.
func (w *world) tellStruck(struck map[string]int) {
	total, least, rarest := 0, 0, ""
	for _, name := range slices.Sorted(maps.Keys(struck)) {
		n := struck[name]
		total += n
		if rarest == "" || n < least {
			least, rarest = n, name
		}
	}
	w.report.Set("struck", "%d times at %d kinds of points, least often %d times (%s)", total, len(struck), least, rarest)
	if w.size != long {
		return
	}
	for _, name := range slices.Sorted(maps.Keys(struck)) {
		w.report.Set("struck "+name, "%d times", struck[name])
	}
}
