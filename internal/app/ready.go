package app

import (
	"context"
	"fmt"
	"time"

	"github.com/aofctl/aofctl/internal/admin"
)

// ready tells whether the daemon can do its work.
func (a *App) ready(ctx context.Context) []admin.Check {
	checks := []admin.Check{a.intakeCheck(), check("inbox", a.inbox.Healthy()), check("store", a.store.Ping(ctx)), a.catalogCheck()}
	for _, s := range a.sites.list {
		checks = append(checks, s.check())
	}
	if h := a.sites.hub; h != nil {
		checks = append(checks, h.check())
	}
	if w := a.sites.wiki; w != nil {
		checks = append(checks, w.check())
	}
	if g := a.agents; g != nil && g.tenants != nil { // without keys, the rest works all the same
		keys := check("forge keys", g.tenants.verifier.Ready())
		keys.Optional = true
		checks = append(checks, keys)
	}
	for _, r := range a.reconcilers {
		checks = append(checks, r.check(time.Now()))
	}
	return append(checks, a.hearing.checks(time.Now())...)
}

func check(name string, err error) admin.Check {
	if err != nil {
		return admin.Check{Name: name, Detail: err.Error()}
	}
	return admin.Check{Name: name, OK: true}
}

// intakeCheck fails while the daemon stops, so that no more webhooks are sent
// to it.
func (a *App) intakeCheck() admin.Check {
	if a.stopping.Load() {
		return admin.Check{Name: "intake", Detail: "the daemon is stopping: webhooks are answered with 503"}
	}
	return admin.Check{Name: "intake", OK: true}
}

// catalogCheck fails if the last change was refused. That does not take the
// daemon out of service: the last good catalogue is in force.
func (a *App) catalogCheck() admin.Check {
	c := admin.Check{Name: "catalog", OK: true, Optional: true, Detail: "revision " + a.live.catalog().Revision}
	if err := a.live.source.Err(); err != nil {
		c.OK = false
		c.Detail += " stays in force; the last change was refused: " + err.Error()
	}
	return c
}

// check fails until Jira has told who we are, and while it is away. That does not
// take the daemon out of service: webhooks are taken and wait.
func (o *site) check() admin.Check {
	c := admin.Check{Name: "jira " + o.host(), Optional: true}
	health := o.transport.Health()
	o.mu.Lock()
	defer o.mu.Unlock()
	switch {
	case o.self != nil && health.Away:
		c.Detail = fmt.Sprintf("away since %s (%s); asked again at %s",
			health.Since.UTC().Format(time.RFC3339), health.Cause, health.Until.UTC().Format(time.RFC3339))
	case o.self != nil:
		c.OK, c.Detail = true, "as "+o.self.DisplayName
	case o.trouble != nil:
		c.Detail = fmt.Sprintf("events wait: %s (%s)", o.advice(o.trouble), o.trouble)
	default:
		c.Detail = "events wait: Jira has not told yet who we are"
	}
	return c
}
