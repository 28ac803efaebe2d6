package app

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/aofctl/aofctl/internal/admin"
	"github.com/aofctl/aofctl/internal/atlassian/jira"
	"github.com/aofctl/aofctl/internal/event"
	"github.com/aofctl/aofctl/internal/reconcile"
	"github.com/aofctl/aofctl/internal/store/inbox"
)

// reconciler looks after a site.
type reconciler struct {
	*reconcile.Reconciler
	site *site
}

// buildReconcile makes what asks the sites for missed changes that want it.
func (a *App) buildReconcile(context.Context) error {
	for _, one := range a.sites.list {
		if one.config.Reconcile.Interval == 0 {
			continue
		}
		a.reconcilers = append(a.reconcilers, reconciler{site: one, Reconciler: reconcile.New(reconcile.Config{
			Site: one.config.Name, Title: one.host(), Jira: one.client, Inbox: a.inbox, Marks: a.store, Observer: observer{a.metrics},
			Self:      func(ctx context.Context) (jira.User, error) { return one.whoAmI(ctx) },
			Normalize: func(body []byte) (*event.Event, error) { return a.sites.normalize(body, one.config.Name) },
			Events:    func() []string { return a.live.catalog().SiteEvents(one.config) },
			Allowed:   one.config.AllowsProject,
			Interval:  one.config.Reconcile.Interval, Lookback: one.config.Reconcile.Lookback,
		})})
	}
	return nil
}

// Reconciled implements reconcile.Observer.
func (o observer) Reconciled(site string, found, told int) {
	o.metrics.Reconciled(cmp.Or(site, "default"), found, told)
}

// signed names the secrets that a delivery counts as signed with. What Jira itself
// told when it was asked is as good as what it signs: with the site's own secrets,
// but not with one that a trigger keeps for a webhook of its own.
func (s *sites) signed(d inbox.Summary) []string {
	if !slices.Contains(d.SignedBy, reconcile.SignedBy) {
		return d.SignedBy
	}
	names := slices.Clone(d.SignedBy)
	if one, err := s.find(d.Site); err == nil && d.Source == event.SourceJira {
		for _, secret := range one.secrets {
			names = append(names, secret.Name)
		}
	}
	return names
}

// check tells how the looking goes. It takes nothing out of service.
func (r reconciler) check(now time.Time) admin.Check {
	c := admin.Check{Name: "reconcile " + r.site.host(), Optional: true, OK: true}
	s := r.Status()
	var parts []string
	switch {
	case s.Success.IsZero() && !s.Leads:
		c.Detail = "another replica asks Jira for missed changes"
		return c
	case s.Success.IsZero():
		parts = append(parts, "Jira was not asked yet")
	default:
		parts = append(parts, "last success "+s.Success.UTC().Format(time.RFC3339), fmt.Sprintf("%d found, %d told by webhooks", s.Found, s.Told))
	}
	if s.Err != nil {
		c.OK = false
		parts = append(parts, s.Err.Error())
	}
	if s.Leads && !s.Success.IsZero() && now.Sub(s.Success) > 3*r.site.config.Reconcile.Interval+time.Minute {
		c.OK = false
	}
	c.Detail = strings.Join(parts, "; ")
	return c
}
