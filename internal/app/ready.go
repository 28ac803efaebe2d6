package app

import (
	"context"
	"fmt"

	"github.com/aofctl/aofctl/internal/admin"
)

// ready tells whether the daemon can do its work.
func (a *App) ready(ctx context.Context) []admin.Check {
	checks := []admin.Check{check("inbox", a.inbox.Healthy()), check("store", a.store.Ping(ctx)), a.catalogCheck()}
	for _, s := range a.sites.list {
		checks = append(checks, s.check())
	}
	return checks
}

func check(name string, err error) admin.Check {
	if err != nil {
		return admin.Check{Name: name, Detail: err.Error()}
	}
	return admin.Check{Name: name, OK: true}
}

// catalogCheck is well as long as a catalogue is in force; a reload that was
// refused is told, but does not take the daemon out of service.
func (a *App) catalogCheck() admin.Check {
	c := admin.Check{Name: "catalog", OK: true, Detail: "revision " + a.live.catalog().Revision}
	if err := a.live.source.Err(); err != nil {
		c.Detail += "; the last change was refused: " + err.Error()
	}
	return c
}

// check is well in any case: webhooks are taken while Jira does not answer.
func (o *site) check() admin.Check {
	c := admin.Check{Name: "jira " + o.host(), OK: true}
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.self == nil {
		c.Detail = "Jira has not told yet who we are; events wait until it does"
		return c
	}
	c.Detail = fmt.Sprintf("as %s", o.self.DisplayName)
	return c
}
