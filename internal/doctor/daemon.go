package doctor

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/aofctl/aofctl/internal/admin"
)

// Daemon is the process that may be running.
type Daemon struct {
	// Status asks the running daemon; nil if its admin API is off.
	Status func(ctx context.Context) (admin.Status, error)
	// Ports are the addresses that it listens on, by what for.
	Ports map[string]string
	Now   func() time.Time
}

// Check asks the running daemon how it is, or looks whether its ports are free.
func (d Daemon) Check() Check { return Check{Subject: "daemon", Name: "running", Run: d.run} }

func (d Daemon) run(ctx context.Context) []Result {
	if d.Status != nil {
		status, err := d.Status(ctx)
		if err == nil {
			return d.report(status)
		}
		if !errors.Is(err, syscall.ECONNREFUSED) {
			return []Result{fail("running", "the admin port answers, but: "+err.Error(),
				"set AOF_ADMIN_TOKEN to the running daemon's, or see which program has the port")}
		}
	}
	return d.ports(ctx)
}

func (d Daemon) report(s admin.Status) []Result {
	list := []Result{good("running", fmt.Sprintf("version %s, %d triggers, %d agents", s.Version, s.Catalog["triggers"], s.Catalog["agents"]))}
	for _, c := range s.Checks {
		switch {
		case !c.OK && c.Optional:
			list = append(list, warn(c.Name, c.Detail, "see the daemon's log"))
		case !c.OK:
			list = append(list, fail(c.Name, c.Detail, "see the daemon's log"))
		case strings.HasPrefix(c.Name, "reconcile"):
			list = append(list, good(c.Name, c.Detail))
		}
	}
	for _, w := range s.Webhooks {
		list = append(list, d.heard(w))
	}
	return list
}

// heard tells when webhooks came, and with which secrets.
func (d Daemon) heard(w admin.WebhookHealth) Result {
	name := strings.TrimSpace("webhooks " + w.Site)
	var parts []string
	for _, secret := range slices.Sorted(maps.Keys(w.SignedBy)) {
		parts = append(parts, fmt.Sprintf("signed with %s %s ago", secret, d.Now().Sub(w.SignedBy[secret]).Round(time.Second)))
	}
	detail := "the last " + strings.Join(parts, ", ")
	if w.Last.IsZero() {
		detail = "none came yet"
	}
	if w.Silent {
		return warn(name, detail+"; one was expected every "+w.ExpectEvery, "see in Jira whether the webhook fails or is disabled")
	}
	return good(name, detail)
}

// ports looks whether a daemon could listen.
func (d Daemon) ports(ctx context.Context) []Result {
	list := []Result{good("running", "it is not running")}
	for _, what := range slices.Sorted(maps.Keys(d.Ports)) {
		l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", d.Ports[what])
		switch {
		case err == nil:
			_ = l.Close()
			list = append(list, good(what, d.Ports[what]+" is free"))
		case errors.Is(err, syscall.EADDRINUSE):
			list = append(list, fail(what, d.Ports[what]+" is taken by another program", "end it, or set another port"))
		default:
			list = append(list, fail(what, "cannot listen on "+d.Ports[what]+": "+err.Error(), "set another host or port"))
		}
	}
	return list
}
