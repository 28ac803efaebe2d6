package main

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/aofctl/aofctl/internal/chaos/rig"
)

// big and small are the projects that share a backlog.
const (
	big   = "BIG"
	small = "SML"
)

// backlog lets deliveries pile up while Jira is away, then while the model does
// not answer, and then lets them go.
func backlog(ctx context.Context, w *world) error {
	n := w.pick(3000, 100_000, 100_000)
	if err := w.open(ctx, rig.SiteOptions{Projects: []string{big, small}, Issues: 100}); err != nil {
		return err
	}
	w.site.Gate.Set(func(r *http.Request, _ func()) bool {
		if !rig.IsModel(r) {
			panic(http.ErrAbortHandler) // Jira is away
		}
		return false
	})
	d, err := w.single(ctx)
	if err != nil {
		return err
	}
	watch := w.watch(ctx, d)
	events := w.pile(n)
	began := time.Now()
	w.sender.SendAll(ctx, events, 0)
	w.report.Set("accepted in", "%.1f s, while Jira was away", time.Since(began).Seconds())
	watch.phase("accepting")

	open := make(chan struct{})
	w.site.Gate.Set(func(r *http.Request, _ func()) bool {
		if rig.IsModel(r) {
			<-open
		}
		return false
	})
	admitted, err := w.awaitAdmitted(ctx, d)
	if err != nil {
		return err
	}
	w.report.Set("admitted in", "%.1f s once Jira was back, while the model did not answer", admitted.Seconds())
	watch.phase("admitting")
	began = time.Now()
	close(open)
	if !w.settle(ctx, d, 2*time.Hour) {
		w.report.Breach("the backlog is not drained after 2 hours")
	}
	w.report.Set("drained in", "%.1f s, %.0f runs/s", time.Since(began).Seconds(), float64(n)/time.Since(began).Seconds())
	watch.phase("draining")
	watch.stop()
	w.judgeMemory(watch, "draining")
	w.judgeBacklog(events)
	_, err = w.judgeRuns(ctx, d)
	return err
}

// pile makes a backlog: the small project's few events come last.
func (w *world) pile(n int) []rig.Event {
	const few = 10
	var bigs, smalls []string
	for _, key := range w.site.Issues {
		if strings.HasPrefix(key, small) {
			smalls = append(smalls, key)
		} else {
			bigs = append(bigs, key)
		}
	}
	events := make([]rig.Event, n)
	for i := range events {
		issue := bigs[w.rnd.IntN(len(bigs))]
		if i >= n-few {
			issue = smalls[i%len(smalls)]
		}
		events[i] = rig.NewEvent(i+1, issue)
	}
	return events
}

// awaitAdmitted waits until a run was admitted for every delivery.
func (w *world) awaitAdmitted(ctx context.Context, d *rig.Daemon) (time.Duration, error) {
	ctx, cancel := context.WithTimeout(ctx, 30*time.Minute)
	defer cancel()
	for began := time.Now(); ; rest(ctx, 100*time.Millisecond) {
		status, err := d.Client().Status(ctx)
		if err == nil && status.Deliveries["received"] == 0 {
			return time.Since(began), nil
		}
		if ctx.Err() != nil {
			return 0, fmt.Errorf("wait for the deliveries to be admitted: %w", ctx.Err())
		}
	}
}

// judgeBacklog looks at the order in which the model was asked: that of
// acceptance for each issue, and soon for the small project.
func (w *world) judgeBacklog(events []rig.Event) {
	const atWork, few = 10, 3
	byToken := map[string]rig.Event{}
	for _, e := range events {
		byToken[e.Token] = e
	}
	for _, r := range w.sender.Receipts() {
		if !r.Accepted {
			w.report.Breach("%s was not accepted", r.Event.Token)
		}
	}
	last, seen := map[string]int{}, map[string]int{}
	var disorder []string
	first := 0
	for i, c := range w.site.Gate.Calls() {
		e := byToken[c.Token]
		seen[c.Token]++
		if e.N < last[e.Issue] {
			disorder = append(disorder, fmt.Sprintf("%s on %s ran behind E%06d", e.Token, e.Issue, last[e.Issue]))
		}
		last[e.Issue] = max(last[e.Issue], e.N)
		if first == 0 && e.Project == small {
			first = i + 1
		}
	}
	twice := 0
	for _, n := range seen {
		if n > 1 {
			twice++
		}
	}
	w.report.Set("runs", "%d of %d, %d asked the model twice, %d out of order", len(seen), len(events), twice, len(disorder))
	w.report.Set("first of the small project", "run %d of all, %d were at work when it could begin", first, atWork)
	w.report.List("out of order", disorder)
	if len(seen) != len(events) || twice > 0 {
		w.report.Breach("%d runs for %d events, %d of them twice", len(seen), len(events), twice)
	}
	if first == 0 || first > atWork+few {
		w.report.Breach("the small project's first run was number %d", first)
	}
}

// judgeRuns demands that every run has succeeded.
func (w *world) judgeRuns(ctx context.Context, d *rig.Daemon) (*rig.Story, error) {
	story, err := rig.Read(ctx, d.Client(), false)
	if err != nil {
		return nil, err
	}
	w.report.List("not done", story.Unfinished())
	w.report.List("two runs", story.Twice())
	return story, nil
}

// watch samples a daemon's memory and goroutines.
type watch struct {
	cancel  context.CancelFunc
	done    chan struct{}
	now     chan string
	samples []sample
	from    map[string]int
	to      map[string]int
}

type sample struct{ memory, goroutines float64 }

// watch begins to sample every half second.
func (w *world) watch(ctx context.Context, d *rig.Daemon) *watch {
	ctx, cancel := context.WithCancel(ctx)
	s := &watch{cancel: cancel, done: make(chan struct{}), now: make(chan string), from: map[string]int{}, to: map[string]int{}}
	go func() {
		defer close(s.done)
		begun := 0
		for ctx.Err() == nil {
			memory, err1 := d.Memory()
			goroutines, err2 := d.Metric(ctx, "go_goroutines")
			if err1 == nil && err2 == nil {
				s.samples = append(s.samples, sample{memory, goroutines})
			}
			select {
			case name := <-s.now:
				s.from[name], s.to[name] = begun, len(s.samples)
				begun = len(s.samples)
			case <-time.After(500 * time.Millisecond):
			case <-ctx.Done():
			}
		}
	}()
	return s
}

// phase names what was sampled since the last phase.
func (s *watch) phase(name string) { s.now <- name }

func (s *watch) stop() {
	s.cancel()
	<-s.done
}

// part are the samples of a part of a phase, in shares of it.
func (s *watch) part(phase string, from, to float64) []sample {
	all := s.samples[s.from[phase]:s.to[phase]]
	return all[int(from*float64(len(all))):int(to*float64(len(all)))]
}

func median(list []sample, of func(sample) float64) float64 {
	if len(list) == 0 {
		return 0
	}
	values := make([]float64, len(list))
	for i, s := range list {
		values[i] = of(s)
	}
	slices.Sort(values)
	return values[len(values)/2]
}

// judgeMemory demands that memory does not grow within a phase, once it is under
// way, and goroutines no more than connections come and go.
func (w *world) judgeMemory(s *watch, phase string) {
	early, late := s.part(phase, 0.2, 0.5), s.part(phase, 0.7, 1)
	memory := func(x sample) float64 { return x.memory }
	goroutines := func(x sample) float64 { return x.goroutines }
	peak := 0.0
	for _, x := range s.samples {
		peak = max(peak, x.memory)
	}
	m1, m2, g1, g2 := median(early, memory), median(late, memory), median(early, goroutines), median(late, goroutines)
	w.report.Set("memory", "%.0f MB early, %.0f MB late in %s, peak of all %.0f MB", m1, m2, phase, peak)
	w.report.Set("goroutines in "+phase, "%.0f early, %.0f late", g1, g2)
	if m2 > 1.2*m1+8 {
		w.report.Breach("memory grew from %.0f to %.0f MB", m1, m2)
	}
	if g2 > 2*g1+50 {
		w.report.Breach("goroutines grew from %.0f to %.0f", g1, g2)
	}
}
