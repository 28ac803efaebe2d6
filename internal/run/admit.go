package run

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"

	"github.com/aofctl/aofctl/internal/durable"
	"github.com/aofctl/aofctl/internal/event"
	"github.com/aofctl/aofctl/internal/route"
	"github.com/aofctl/aofctl/internal/store"
	"github.com/aofctl/aofctl/internal/store/inbox"
)

// admit makes the runs that the router decided on, all or none of them.
func (d *Dispatcher) admit(ctx context.Context, it item, routes Routes, decision route.Decision) (inbox.Outcome, error) {
	detail, err := json.Marshal(decision)
	if err != nil {
		return inbox.Outcome{}, &durable.HopelessError{Cause: fmt.Errorf("encode decision: %w", err)}
	}
	if len(decision.Matches) == 0 {
		return inbox.Outcome{State: inbox.StateIgnored, Reason: decision.Reason, Detail: detail}, nil
	}
	if decision.Hold != nil {
		// What joins a run that waits starts none, and no breaker stops it.
		into, err := d.join(ctx, it, decision.Hold)
		if err != nil {
			return inbox.Outcome{}, err
		}
		if into != "" {
			return merged(into, detail), nil
		}
	}
	matches, whole, err := d.afford(ctx, it, decision.Matches)
	if err != nil {
		return inbox.Outcome{}, err
	}
	if len(matches) == 0 {
		return d.broken(it, detail), nil
	}
	runs, revisions, err := d.runs(it, routes, matches)
	if err != nil {
		return inbox.Outcome{}, err
	}
	if decision.Hold != nil && !isBreaker(&runs[0]) {
		d.hold(&runs[0], decision.Hold)
	}
	if err := d.cfg.Store.Admit(ctx, d.cfg.Lease(), runs, revisions); err != nil {
		return inbox.Outcome{}, fmt.Errorf("admit runs: %w", err)
	}
	d.cfg.Admitted()
	outcome := d.started(it, &runs[0], detail)
	if !whole && outcome.State == inbox.StateRouted {
		outcome.Reason += "; the breaker stopped the rest"
	}
	return outcome, nil
}

// started is what becomes of a delivery by its first run.
func (d *Dispatcher) started(it item, first *store.Run, detail json.RawMessage) inbox.Outcome {
	if isBreaker(first) {
		return d.broken(it, detail)
	}
	o := routed("trigger "+first.Trigger, detail)
	o.Project, o.IssueKey = first.Project, first.IssueKey
	return o
}

// isBreaker reports whether a run is nothing but the breaker's warning.
func isBreaker(r *store.Run) bool {
	return r.TargetKind == string(route.TargetReply) && r.Target == route.ReplyBreaker
}

// runID names the nth run of a delivery.
func runID(delivery string, n int) string { return fmt.Sprintf("%s-%d", delivery, n+1) }

func (d *Dispatcher) runs(it item, routes Routes, matches []route.Match) ([]store.Run, []store.Revision, error) {
	var runs []store.Run
	var revisions []store.Revision
	for i, match := range matches {
		r, err := d.newRun(it, routes, match)
		if err != nil {
			return nil, nil, err
		}
		r.ID = runID(it.delivery.ID, i)
		if rev, found := d.equip(&r, routes); found {
			revisions = append(revisions, rev)
		}
		runs = append(runs, r)
	}
	return runs, revisions, nil
}

// equip gives a run its target's manifest, or rejects it where there is none.
func (d *Dispatcher) equip(r *store.Run, routes Routes) (store.Revision, bool) {
	rev, found := routes.Manifest(r.TargetKind, r.Target)
	switch {
	case !d.cfg.Kinds[r.TargetKind]:
		r.State, r.Error = store.StateRejected, fmt.Sprintf("targets of kind %s cannot be run by this version", r.TargetKind)
	case !found:
		r.State, r.Error = store.StateRejected, fmt.Sprintf("there is no %s named %s", r.TargetKind, r.Target)
	default:
		r.Revision = rev.Revision
		return rev, true
	}
	return rev, false
}

func (d *Dispatcher) newRun(it item, routes Routes, match route.Match) (store.Run, error) {
	ev, reach := it.bound(routes, match)
	w := d.workOf(ev, match)
	w.Site, w.Projects = reach.site, reach.projects
	work, err := encodeWork(w)
	if err != nil {
		return store.Run{}, err
	}
	line, catalog := it.line(), routes.Revision
	return store.Run{
		Delivery: it.delivery.ID, Source: line.source, Site: line.site, Subject: line.subject, Project: ev.Project,
		IssueKey: nameOf(ev), EventType: ev.Type, Actor: actorName(ev.Actor), Trigger: match.Trigger.Name,
		TargetKind: string(match.Target.Kind), Target: match.Target.Name, Catalog: catalog, Work: work, State: store.StateQueued,
	}, nil
}

// nameOf is how people call what an event is about, by what runs are looked for: the
// key of its issue, or else its page, as page:123.
func nameOf(ev *event.Event) string {
	if ev.IssueKey == "" && ev.Source == event.SourceConfluence && ev.String("page_id") != "" {
		return ev.Subject
	}
	return ev.IssueKey
}

func (d *Dispatcher) workOf(ev *event.Event, match route.Match) Work {
	w := Work{Event: *ev, Params: maps.Clone(match.Params), Response: match.Response, Seed: d.cfg.Seed(), Depth: ev.Depth}
	if c := match.Command; c != nil {
		w.Command = &Command{Name: c.Name, Args: c.Args, ArgsList: c.ArgsList, Body: c.Body, Params: c.Params}
	}
	return w
}

func actorName(a event.Actor) string {
	for _, name := range []string{a.DisplayName, a.Name, a.AccountID, a.Key} {
		if name != "" {
			return name
		}
	}
	return ""
}
