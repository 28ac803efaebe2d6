package main

import (
	"context"
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"time"

	"github.com/aofctl/aofctl/internal/chaos/rig"
	"github.com/aofctl/aofctl/internal/sandbox/jira"
)

const (
	// askedPause is the pause that the storm's refusals ask for.
	askedPause = 2 * time.Second
	// mostTries is how often the transport may send one request.
	mostTries = 4
)

// storms come one after the other.
func storms() map[string][]jira.Fault {
	return map[string][]jira.Fault{
		"1 asks for pauses": {{Effect: jira.Answer, Status: 429, RetryAfter: "2", Reason: "jira-quota-tenant-based", Fraction: 0.1}},
		"2 fails":           {{Effect: jira.Answer, Status: 503, Fraction: 0.15}, {Effect: jira.Answer, Status: 500, After: true, Fraction: 0.18}},
		"3 cuts off":        {{Method: "POST|PUT", Effect: jira.CutAfter, Fraction: 0.2}, {Method: "POST|PUT", Effect: jira.ResetAfter, Fraction: 0.1}, {Effect: jira.CutBefore, Fraction: 0.05}},
	}
}

// jiraStorm lets Jira be as bad as it gets, one way after the other, and counts
// the requests.
func jiraStorm(ctx context.Context, w *world) error {
	n := w.pick(120, 1500, 10_000)
	o := rig.SiteOptions{Issues: w.pick(30, 100, 400), Partners: n/6 + 1}
	o.Jira.LogSize, o.Jira.LimitWrites = n*200, true
	if err := w.open(ctx, o); err != nil {
		return err
	}
	if _, err := w.single(ctx); err != nil {
		return err
	}
	lasts := time.Duration(w.pick(6, 40, 300)) * time.Second
	sent := w.sendSlowly(ctx, w.site.Plan(w.rnd, n), 3*lasts/time.Duration(n))
	for _, name := range []string{"1 asks for pauses", "2 fails", "3 cuts off"} {
		if err := w.fault(storms()[name]...); err != nil {
			return err
		}
		rest(ctx, lasts)
		struck := 0
		for _, f := range w.site.Jira.Faults() {
			struck += f.Hits
		}
		w.report.Set("storm "+name, "struck %d requests in %s", struck, lasts)
		w.site.Jira.ClearFaults()
	}
	<-sent
	story, err := w.judge(ctx, 20*time.Minute)
	if err != nil {
		return err
	}
	w.judgePauses()
	w.judgeTries(story)
	return nil
}

// judgePauses counts requests that came although Jira had asked for a pause of
// everything. What was under way meanwhile does not count.
func (w *world) judgePauses() {
	const underWay = 150 * time.Millisecond
	log := w.site.Jira.Requests()
	var until, from time.Time
	early, refused, limited := 0, 0, 0
	for _, r := range log {
		if r.At.After(from) && r.At.Before(until) {
			early++
		}
		if r.Status != 429 {
			continue
		}
		if r.Fault == "" {
			limited++
			continue
		}
		refused++
		if end := r.At.Add(askedPause - 20*time.Millisecond); end.After(until) {
			from, until = r.At.Add(underWay), end
		}
	}
	w.report.Set("requests to Jira", "%d, refused with 429: %d by the storm, %d by the limit of an issue", len(log), refused, limited)
	w.report.Set("requests in asked pauses", "%d", early)
	if early > 0 {
		w.report.Breach("%d requests came in pauses that Jira had asked for", early)
	}
}

var markerPattern = regexp.MustCompile(`"id":"([0-9A-Z]{26}-[0-9]+:[0-9]+)`)

// judgeTries holds how often each write was sent against how often its step was
// tried: the transport may send it mostTries times for each try.
func (w *world) judgeTries(story *rig.Story) {
	allowed := map[string]int{}
	for run, steps := range story.Steps {
		for _, e := range steps {
			allowed[fmt.Sprintf("%s:%d", run, e.Index)] = mostTries * max(e.Attempts, 1)
		}
	}
	sent, carried := map[string]int{}, map[string]int{}
	for _, r := range w.site.Jira.Requests() {
		m := markerPattern.FindStringSubmatch(r.Body)
		if r.Method != http.MethodPost || m == nil || strings.Contains(r.Path, "/search") {
			continue
		}
		sent[m[1]]++
		if r.Applied/100 == 2 {
			carried[m[1]]++
		}
	}
	worst := 0
	for id, n := range sent {
		worst = max(worst, n)
		if limit, known := allowed[id]; !known || n > limit {
			w.report.Breach("write %s was sent %d times, %d are allowed", id, n, limit)
		}
		if carried[id] > 1 {
			w.report.Breach("write %s was carried out %d times", id, carried[id])
		}
	}
	w.report.Set("marked writes", "%d, sent %d times at most", len(sent), worst)
}
