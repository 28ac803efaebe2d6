package app

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/rs/zerolog"

	"github.com/aofctl/aofctl/internal/admin"
	"github.com/aofctl/aofctl/internal/event"
	"github.com/aofctl/aofctl/internal/store/inbox"
	"github.com/aofctl/aofctl/internal/webhook"
)

const (
	// heardPrefix is that of the marks of when a webhook came last: source, site
	// and secret follow, with slashes between.
	heardPrefix = "heard:"
	// heardInterval is how often they are written and looked at.
	heardInterval = 10 * time.Second
	// settling is how long a daemon runs at least before silence is odd: it may
	// have been down while webhooks came.
	settling = 15 * time.Minute
)

// voice is one secret of one site.
type voice struct{ source, site, secret string }

func (v voice) mark() string { return heardPrefix + v.source + "/" + v.site + "/" + v.secret }

// hearing remembers when webhooks came, on all replicas.
type hearing struct {
	marks interface {
		Mark(ctx context.Context, name string, at time.Time) error
		Marks(ctx context.Context, prefix string) (map[string]time.Time, error)
	}
	sites  *sites
	seen   observer
	began  time.Time
	leads  func() bool
	mu     sync.Mutex
	last   map[voice]time.Time
	fresh  map[voice]bool
	silent map[string]bool
}

func newHearing(a *App) *hearing {
	return &hearing{marks: a.store, sites: a.sites, seen: observer{a.metrics}, began: time.Now(), leads: a.supervisor.Leads,
		last: map[voice]time.Time{}, fresh: map[voice]bool{}, silent: map[string]bool{}}
}

// listener is an inbox of webhooks that notes each.
type listener struct {
	webhook.Appender
	hearing *hearing
}

// Append implements webhook.Appender.
func (l listener) Append(ctx context.Context, d inbox.Delivery) (inbox.Receipt, error) {
	receipt, err := l.Appender.Append(ctx, d)
	if err == nil {
		l.hearing.note(d, time.Now())
	}
	return receipt, err
}

// note remembers a webhook under the name of its site, whichever path it took.
func (h *hearing) note(d inbox.Delivery, now time.Time) {
	site := d.Site
	if one, err := h.sites.find(d.Site); err == nil && d.Source == event.SourceJira {
		site = one.config.Name
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, secret := range d.SignedBy {
		v := voice{d.Source, site, secret}
		h.last[v], h.fresh[v] = now, true
	}
}

// run writes down what was heard, and looks for silence, until ctx ends.
func (h *hearing) run(ctx context.Context) {
	for {
		h.round(ctx, time.Now())
		select {
		case <-ctx.Done():
			last, cancel := context.WithTimeout(context.WithoutCancel(ctx), lingering)
			h.write(last)
			cancel()
			return
		case <-time.After(heardInterval):
		}
	}
}

func (h *hearing) round(ctx context.Context, now time.Time) {
	h.write(ctx)
	if err := h.learn(ctx); err != nil {
		return // the database's absence is told elsewhere
	}
	for _, one := range h.sites.list {
		h.listen(ctx, one, now)
	}
}

// write keeps what is new. What could not be kept is tried again.
func (h *hearing) write(ctx context.Context) {
	h.mu.Lock()
	fresh := h.fresh
	h.fresh = map[voice]bool{}
	h.mu.Unlock()
	for v := range fresh {
		h.mu.Lock()
		at := h.last[v]
		h.mu.Unlock()
		if h.marks.Mark(ctx, v.mark(), at) != nil {
			h.mu.Lock()
			h.fresh[v] = true
			h.mu.Unlock()
		}
	}
}

// learn takes over what other replicas heard, and this one before its start.
func (h *hearing) learn(ctx context.Context) error {
	marks, err := h.marks.Marks(ctx, heardPrefix)
	if err != nil {
		return err
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	for name, at := range marks {
		parts := strings.SplitN(name, "/", 3)
		if len(parts) != 3 {
			continue
		}
		if v := (voice{parts[0], parts[1], parts[2]}); h.last[v].Before(at) {
			h.last[v] = at
		}
	}
	return nil
}

// listen tells of a site that is silent for too long, and when it speaks again.
func (h *hearing) listen(ctx context.Context, one *site, now time.Time) {
	health := h.of(one, now)
	if !health.Last.IsZero() {
		h.seen.metrics.WebhookLast(one.label(), health.Last)
	}
	if one.config.ExpectEventEvery == 0 {
		return
	}
	h.seen.metrics.WebhookSilent(one.label(), health.Silent)
	h.mu.Lock()
	before := h.silent[one.config.Name]
	h.silent[one.config.Name] = health.Silent
	h.mu.Unlock()
	log := zerolog.Ctx(ctx).With().Str("jira", one.host()).Logger()
	switch {
	case health.Silent && !before && h.leads():
		log.Warn().Time("last", health.Last).Stringer("expect_event_every", one.config.ExpectEventEvery).
			Msg("no webhook came for longer than expected: `aofctl doctor` looks for the cause")
	case !health.Silent && before && h.leads():
		log.Info().Msg("webhooks come again")
	}
}

// label is the site's name in metrics.
func (o *site) label() string { return event.SourceJira + "/" + cmp.Or(o.config.Name, "default") }

// of tells when webhooks of a site came.
func (h *hearing) of(one *site, now time.Time) admin.WebhookHealth {
	out := h.voices(event.SourceJira, one.config.Name)
	expect := one.config.ExpectEventEvery
	if expect > 0 {
		out.ExpectEvery = expect.String()
		out.Silent = now.Sub(out.Last) > expect && now.Sub(h.began) >= min(expect, settling)
	}
	return out
}

// voices tells when webhooks of a platform's site came, and who signed them.
func (h *hearing) voices(source, site string) admin.WebhookHealth {
	out := admin.WebhookHealth{Source: source, Site: site, SignedBy: map[string]time.Time{}}
	h.mu.Lock()
	defer h.mu.Unlock()
	for v, at := range h.last {
		if v.source != out.Source || v.site != out.Site {
			continue
		}
		out.SignedBy[v.secret] = at.UTC()
		if at.After(out.Last) {
			out.Last = at.UTC()
		}
	}
	return out
}

// all tells of every site.
func (h *hearing) all() []admin.WebhookHealth {
	list := []admin.WebhookHealth{}
	for _, one := range h.sites.list {
		list = append(list, h.of(one, time.Now()))
	}
	if w := h.sites.wiki; w != nil && !w.config.Deaf() {
		list = append(list, h.voices(event.SourceConfluence, ""))
	}
	if h.sites.hub != nil {
		list = append(list, h.voices(event.SourceGitHub, ""))
	}
	return list
}

// checks tell of the sites that should not be silent.
func (h *hearing) checks(now time.Time) []admin.Check {
	var list []admin.Check
	for _, one := range h.sites.list {
		if one.config.ExpectEventEvery == 0 {
			continue
		}
		health := h.of(one, now)
		c := admin.Check{Name: "webhooks " + one.host(), Optional: true, OK: !health.Silent, Detail: "none came yet"}
		if !health.Last.IsZero() {
			c.Detail = fmt.Sprintf("last at %s, signed with %s", health.Last.Format(time.RFC3339), latestSecret(health))
		}
		if health.Silent {
			c.Detail += "; one was expected every " + health.ExpectEvery
		}
		list = append(list, c)
	}
	return list
}

// latestSecret is the one that signed last.
func latestSecret(w admin.WebhookHealth) string {
	return slices.MaxFunc(slices.Sorted(maps.Keys(w.SignedBy)), func(a, b string) int { return w.SignedBy[a].Compare(w.SignedBy[b]) })
}
