package app

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"time"

	"github.com/aofctl/aofctl/internal/atlassian"
	"github.com/aofctl/aofctl/internal/atlassian/confluence"
	"github.com/aofctl/aofctl/internal/atlassian/jira"
	"github.com/aofctl/aofctl/internal/event"
	"github.com/aofctl/aofctl/internal/manifest"
	"github.com/aofctl/aofctl/internal/registration"
	"github.com/aofctl/aofctl/internal/telemetry"
)

// Site is a configured Jira as verbs use it that need no daemon.
type Site struct {
	Config    manifest.JiraSite
	Client    *jira.Client
	Transport *atlassian.Transport
	// Webhook is what the site's webhook has to be.
	Webhook registration.Target
	// SecretName and Secret are the webhook secret to register.
	SecretName, Secret string
	// Err is why there is no Client: the credentials or the connection's settings
	// are wrong.
	Err error
}

// Title is how the site is spoken of.
func (s Site) Title() string {
	if s.Config.Name != "" {
		return s.Config.Name
	}
	return (&site{config: s.Config}).host()
}

// Sites are the configured Jiras, and what has to be closed with them.
type Sites struct {
	List []Site
	// wiki is Confluence; nil if none is configured, or for the reason in wikiErr.
	wiki    *confluence.Client
	wikiErr error
	tokens  tokens
	close   []func() error
	// Secrets are the values that must not be shown.
	Secrets []string
}

// OpenSites makes connections to the sites, and the place where their refresh
// tokens are if one has any. It asks nobody. Events are those that triggers need
// of a catalogue; nil for none.
func OpenSites(ctx context.Context, opts Options, cat *manifest.Catalog) *Sites {
	out := &Sites{}
	// Nobody reads these metrics.
	parts := siteParts{version: opts.Version, tokens: &out.tokens, metrics: telemetry.NewMetrics(opts.Version), backoff: 200 * time.Millisecond}
	var trouble error
	if !opts.Daemon.MasterKey.IsZero() {
		parts.sealer, trouble = out.openTokens(ctx, opts)
	}
	for i, cfg := range opts.Daemon.Jira {
		one := out.open(cfg, parts, opts)
		if one.Err == nil && !cfg.RefreshToken.IsZero() {
			one.Err = trouble
		}
		one.Webhook.Paths = webhookPaths(cfg, i == 0)
		if cat != nil {
			for _, name := range cat.SiteEvents(cfg) {
				one.Webhook.Events = append(one.Webhook.Events, jira.WireEvent(name))
			}
			slices.Sort(one.Webhook.Events)
		}
		out.List = append(out.List, one)
	}
	if cfg := opts.Daemon.Confluence; cfg != nil {
		out.wiki, out.wikiErr = out.openWiki(*cfg, parts, opts)
		if !cfg.Site.RefreshToken.IsZero() {
			out.wikiErr = errors.Join(out.wikiErr, trouble)
		}
	}
	return out
}

// openWiki makes the connection to Confluence, after those to the Jiras were made.
func (s *Sites) openWiki(cfg manifest.Confluence, parts siteParts, opts Options) (*confluence.Client, error) {
	if cfg.Shared {
		for _, one := range s.List {
			if one.Config.Name == cfg.Site.Name && one.Err == nil {
				return confluence.New(one.Transport), nil
			}
		}
		return nil, errors.New("its Jira cannot be reached")
	}
	secrets := &secretStore{env: opts.Env}
	parts.secrets = secrets
	transport, err := newTransport(cfg.Site, parts, "confluence")
	s.Secrets = append(s.Secrets, secrets.values...)
	if err := errors.Join(secrets.err(), err); err != nil {
		return nil, err
	}
	s.close = append(s.close, func() error { transport.Close(); return nil })
	return confluence.New(transport), nil
}

// open makes one site with secrets of its own, so that what is wrong with one
// says nothing about the others.
func (s *Sites) open(cfg manifest.JiraSite, parts siteParts, opts Options) Site {
	secrets := &secretStore{env: opts.Env}
	parts.secrets = secrets
	built, err := newSite(cfg, parts)
	s.Secrets = append(s.Secrets, secrets.values...)
	out := Site{Config: cfg, Err: errors.Join(secrets.err(), err)}
	if out.Err != nil {
		return out
	}
	out.Client, out.Transport = built.client, built.transport
	if len(built.secrets) > 0 {
		out.SecretName, out.Secret = built.secrets[0].Name, built.secrets[0].Value
	}
	s.close = append(s.close, func() error { built.transport.Close(); return nil })
	return out
}

// openTokens opens the refresh tokens where the daemon keeps them: to renew one
// without storing its successor would lock the daemon out.
func (s *Sites) openTokens(ctx context.Context, opts Options) (*atlassian.Sealer, error) {
	key, err := opts.Daemon.MasterKey.Resolve(opts.Env, os.ReadFile)
	if err != nil {
		return nil, err
	}
	sealer, err := atlassian.NewSealer(key)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", opts.Daemon.MasterKey, err)
	}
	a := &App{opts: opts, secrets: &secretStore{env: opts.Env}}
	if err := errors.Join(a.resolveDSN(), a.secrets.err()); err != nil {
		return sealer, err
	}
	if dir := opts.Daemon.Storage.Directory; dir != "" {
		if err := os.MkdirAll(dir, 0o700); err != nil {
			return sealer, fmt.Errorf("open refresh tokens: %w", err)
		}
	}
	kept, err := a.openSecrets(ctx)
	if err != nil {
		return sealer, err
	}
	s.tokens.opened.Store(kept)
	s.close = append(s.close, kept.Close)
	return sealer, nil
}

// Close waits for renewals of tokens and closes what OpenSites opened.
func (s *Sites) Close() error {
	var errs []error
	for _, undo := range slices.Backward(s.close) {
		errs = append(errs, undo())
	}
	return errors.Join(errs...)
}

// webhookPaths are where a daemon takes the webhooks of a site.
func webhookPaths(cfg manifest.JiraSite, first bool) []string {
	var list []string
	if cfg.Name != "" {
		list = append(list, "/webhook/"+event.SourceJira+"/"+cfg.Name)
	}
	if first {
		list = append(list, "/webhook/"+event.SourceJira)
	}
	return list
}

// Find returns the site of that name; "" is the only one.
func (s *Sites) Find(name string) (Site, error) {
	for _, one := range s.List {
		if one.Config.Name == name || (name == "" && len(s.List) == 1) {
			return one, one.Err
		}
	}
	var names []string
	for _, one := range s.List {
		names = append(names, one.Config.Name)
	}
	switch {
	case len(names) == 0:
		return Site{}, errors.New("the configuration has no enabled Jira site")
	case name == "":
		return Site{}, fmt.Errorf("there are several sites: name one of %v with --site", names)
	default:
		return Site{}, fmt.Errorf("the configuration has no enabled Jira site named %q", name)
	}
}

// OfflineCatalog loads the manifests without asking anybody.
func OfflineCatalog(ctx context.Context, d *manifest.Daemon, env func(string) (string, bool)) (*manifest.Catalog, error) {
	k, err := Known(d, env)
	if err != nil {
		return nil, err
	}
	return manifest.LoadCatalog(ctx, d.Directories(), k)
}
