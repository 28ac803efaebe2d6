package app

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/aofctl/aofctl/internal/atlassian"
	"github.com/aofctl/aofctl/internal/atlassian/confluence"
	"github.com/aofctl/aofctl/internal/doctor"
	"github.com/aofctl/aofctl/internal/event"
	"github.com/aofctl/aofctl/internal/manifest"
	"github.com/aofctl/aofctl/internal/tool"
	toolconfluence "github.com/aofctl/aofctl/internal/tool/confluence"
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
	subject := "confluence " + wikiHost(cfg.Site)
	client := p.sites.wiki
	switch {
	case p.sites.wikiErr != nil:
		return []doctor.Check{told(subject, []doctor.Result{doctor.Found("connection", doctor.Failed, p.sites.wikiErr.Error(), "mend platforms.confluence in "+p.opts.Path)})}
	case p.opts.Offline:
		return []doctor.Check{told(subject, []doctor.Result{doctor.Found("account", doctor.Skipped, "not asked (--offline)", "")})}
	}
	shown := atProduct(cfg.Site.BaseURL)
	return []doctor.Check{doctor.Wiki{
		Subject: subject, Open: client.API, URL: shown, Proxy: proxyOf(cfg.Site, shown), Credentials: (&site{config: cfg.Site}).credentials(),
		Users: p.users(), Scopes: toolconfluence.Scopes, Spaces: p.spaces(),
		Listening: p.listening(),
	}.Check()}
}

// wikiHost is what messages show of a Confluence.
func wikiHost(cfg manifest.JiraSite) string { return atProduct((&site{config: cfg}).host()) }

// atProduct is the address of a Confluence that is configured as the Jira at the
// gateway.
func atProduct(address string) string {
	return strings.Replace(address, "/ex/jira/", "/ex/confluence/", 1)
}

// listening is how the daemon hears of Confluence.
func (p *patient) listening() doctor.Listening {
	cfg := p.opts.Daemon.Confluence
	if p.catalog == nil || cfg.Deaf() && len(p.catalog.SecretEnvs(manifest.TypeConfluence)) == 0 {
		return doctor.Listening{}
	}
	return doctor.Listening{Path: "/webhook/" + event.SourceConfluence, Events: p.catalog.PageEvents(),
		Signed: len(cfg.WebhookSecrets)+len(p.catalog.SecretEnvs(manifest.TypeConfluence)) > 0}
}

// spaces are those that agents and flows with tools for Confluence name. Globs name none.
func (p *patient) spaces() []doctor.SpaceNeed {
	needs := map[string]*doctor.SpaceNeed{}
	for _, user := range p.toolUsers() {
		reads, writes := false, false
		for _, tool := range user.tools {
			scopes := toolconfluence.Scopes(tool)
			reads = reads || len(scopes) > 0
			writes = writes || slices.ContainsFunc(scopes, func(s string) bool { return strings.HasPrefix(s, "write:") })
		}
		for _, key := range user.spaces {
			if !reads || strings.ContainsAny(key, "*?[") {
				continue
			}
			if needs[key] == nil {
				needs[key] = &doctor.SpaceNeed{Key: key}
			}
			needs[key].Readers = append(needs[key].Readers, user.name)
			if writes {
				needs[key].Writers = append(needs[key].Writers, user.name)
			}
		}
	}
	var list []doctor.SpaceNeed
	for _, key := range slices.Sorted(maps.Keys(needs)) {
		list = append(list, *needs[key])
	}
	return list
}
