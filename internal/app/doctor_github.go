package app

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"github.com/aofctl/aofctl/internal/doctor"
	"github.com/aofctl/aofctl/internal/github"
	"github.com/aofctl/aofctl/internal/telemetry"
)

// github looks at whether the token of GitHub is accepted.
func (p *patient) github() []doctor.Check {
	cfg := p.opts.Daemon.GitHub
	if cfg == nil {
		return nil
	}
	secrets := &secretStore{env: p.opts.Env}
	h, err := newHub(cfg, siteParts{secrets: secrets, version: p.opts.Version, metrics: telemetry.NewMetrics(p.opts.Version)})
	p.secrets.values = append(p.secrets.values, secrets.values...)
	subject := "github"
	if h != nil {
		subject += " " + h.client.Host()
	}
	if err := errors.Join(err, secrets.err()); err != nil {
		return []doctor.Check{told(subject, []doctor.Result{doctor.Found("connection", doctor.Failed, err.Error(), "mend platforms.github in "+p.opts.Path)})}
	}
	switch {
	case !h.acts():
		return []doctor.Check{told(subject, []doctor.Result{doctor.Found("token", doctor.Skipped, "none is configured: events are taken, nothing is read or written", "")})}
	case p.opts.Offline:
		return []doctor.Check{told(subject, []doctor.Result{doctor.Found("token", doctor.Skipped, "not asked (--offline)", "")})}
	}
	return []doctor.Check{{Subject: subject, Name: "token", Run: h.examine}}
}

// examine asks GitHub who we are.
func (h *hub) examine(ctx context.Context) []doctor.Result {
	me, err := h.client.Me(ctx)
	var refused *github.Error
	switch {
	case err == nil:
		return []doctor.Result{doctor.Found("token", doctor.OK, "the account is "+me.Login, "")}
	case !errors.As(err, &refused):
		return []doctor.Result{doctor.Found("token", doctor.Failed, err.Error(), "")}
	case refused.Unauthorized():
		return []doctor.Result{doctor.Found("token", doctor.Failed, "GitHub does not accept it", "make a new one and put it into "+h.config.Token.String())}
	case refused.Status == http.StatusForbidden && !refused.Temporary():
		return []doctor.Result{doctor.Found("token", doctor.OK, "it is accepted, and is that of an app", "")}
	case refused.Status == 0:
		return []doctor.Result{doctor.Found("token", doctor.Failed, fmt.Sprintf("GitHub was not reached: %s", err), "check base_url, proxy and network")}
	}
	return []doctor.Result{doctor.Found("token", doctor.Warning, err.Error(), "")}
}
