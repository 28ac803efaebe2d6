package app

import (
	"context"
	"errors"
	"fmt"

	"github.com/aofctl/aofctl/internal/atlassian"
	"github.com/aofctl/aofctl/internal/atlassian/confluence"
	"github.com/aofctl/aofctl/internal/doctor"
	"github.com/aofctl/aofctl/internal/manifest"
	"github.com/aofctl/aofctl/internal/tool"
)

// wiki is the configured Confluence.
type wiki struct {
	config manifest.Confluence
	client *confluence.Client
	// transport is nil where it is that of a Jira.
	transport *atlassian.Transport
	intake
}

// newWiki makes the connection to Confluence; nil if there is none. One that belongs
// to a site of Cloud is reached as the site's Jira is: limits and renewed tokens are
// the same.
func newWiki(cfg *manifest.Confluence, parts siteParts, s *sites) (*wiki, error) {
	if cfg == nil {
		return nil, nil //nolint:nilnil // none is configured
	}
	w, err := reachWiki(cfg, parts, s)
	if err != nil {
		return nil, err
	}
	w.take(parts.secrets)
	return w, nil
}

func reachWiki(cfg *manifest.Confluence, parts siteParts, s *sites) (*wiki, error) {
	if !cfg.Shared {
		transport, err := newTransport(cfg.Site, parts, "confluence")
		if err != nil {
			return nil, err
		}
		return &wiki{config: *cfg, client: confluence.New(transport), transport: transport}, nil
	}
	one, ok := s.byName[cfg.Site.Name]
	if !ok {
		return nil, fmt.Errorf("the Jira %q, as which it is reached, is not there", cfg.Site.Name)
	}
	return &wiki{config: *cfg, client: confluence.New(one.transport)}, nil
}

func (w *wiki) close() {
	if w != nil && w.transport != nil {
		w.transport.Close()
	}
}

// confluence implements the tools' look-up. What is done for a user of Jira has no
// Confluence: the user's token is good for Jira alone.
func (s *sites) confluence(o tool.Origin) (*confluence.Client, error) {
	switch {
	case !o.OnBehalf.IsZero():
		return nil, fmt.Errorf("use Confluence for a user: %w", tool.ErrOtherHands)
	case s.wiki == nil:
		return nil, errors.New("platforms.confluence is not enabled in the daemon's configuration")
	}
	return s.wiki.client, nil
}

// confluence looks at whether Confluence answers and takes us for somebody.
func (p *patient) confluence() []doctor.Check {
	cfg := p.opts.Daemon.Confluence
	if cfg == nil {
		return nil
	}
	subject := "confluence " + (&site{config: cfg.Site}).host()
	client := p.sites.wiki
	switch {
	case p.sites.wikiErr != nil:
		return []doctor.Check{told(subject, []doctor.Result{doctor.Found("connection", doctor.Failed, p.sites.wikiErr.Error(), "mend platforms.confluence in "+p.opts.Path)})}
	case p.opts.Offline:
		return []doctor.Check{told(subject, []doctor.Result{doctor.Found("account", doctor.Skipped, "not asked (--offline)", "")})}
	}
	names := (&site{config: cfg.Site}).credentials()
	return []doctor.Check{{Subject: subject, Name: "account", Run: func(ctx context.Context) []doctor.Result {
		return []doctor.Result{examineWiki(ctx, client, names)}
	}}}
}

// examineWiki asks Confluence who we are.
func examineWiki(ctx context.Context, client *confluence.Client, credentials string) doctor.Result {
	api, err := client.API(ctx)
	var me confluence.User
	if err == nil {
		me, err = api.Me(ctx)
	}
	var refused *atlassian.Error
	switch {
	case err == nil:
		kind := map[confluence.Kind]string{confluence.Cloud: "Cloud", confluence.DataCenter: "Data Center"}[api.Kind()]
		return doctor.Found("account", doctor.OK, fmt.Sprintf("Confluence %s knows us as %s", kind, me.DisplayName), "")
	case errors.As(err, &refused) && refused.Unauthorized():
		return doctor.Found("account", doctor.Failed, "Confluence does not accept our credentials: "+err.Error(), "make a new token and put it into "+credentials)
	case confluence.NotFound(err):
		return doctor.Found("account", doctor.Failed, "there is no Confluence at this address: "+err.Error(), "check base_url of platforms.confluence, with its context path")
	}
	return doctor.Found("account", doctor.Failed, err.Error(), "check base_url, proxy and network")
}
