package app

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/url"
	"sync"
	"time"

	"github.com/aofctl/aofctl/internal/atlassian"
	"github.com/aofctl/aofctl/internal/atlassian/jira"
	"github.com/aofctl/aofctl/internal/enrich"
	"github.com/aofctl/aofctl/internal/event"
	eventjira "github.com/aofctl/aofctl/internal/event/jira"
	"github.com/aofctl/aofctl/internal/manifest"
	"github.com/aofctl/aofctl/internal/markup"
	"github.com/aofctl/aofctl/internal/route"
	"github.com/aofctl/aofctl/internal/store/inbox"
	"github.com/aofctl/aofctl/internal/telemetry"
	"github.com/aofctl/aofctl/internal/tool"
	"github.com/aofctl/aofctl/internal/webhook"
)

// site is one configured Jira.
type site struct {
	config manifest.JiraSite
	// cloudID is the configured one; "" for none.
	cloudID   string
	transport *atlassian.Transport
	client    *jira.Client
	secrets   []webhook.NamedSecret
	// tokens stand in for signatures; nil if none may.
	tokens   []webhook.NamedSecret
	enricher *enrich.Enricher
	fields   fieldNames
	// warnings are what the operator should know about the connection.
	warnings []string

	// asking is held while Jira is asked, so that it is asked once however many
	// events wait for the answer.
	asking sync.Mutex

	mu   sync.Mutex
	self *jira.User
	// trouble is why Jira has not told yet who we are; nil if it was not asked.
	trouble error
}

// sites are the configured Jiras by name; the first also answers to "".
type sites struct {
	list        []*site
	byName      map[string]*site
	expressions route.Expressions
	// hub is GitHub and wiki Confluence; nil if they are not enabled.
	hub  *hub
	wiki *wiki
	// personas are the users for whom runs act; nil if there are none.
	personas *personas
}

// siteParts are what sites are built with.
type siteParts struct {
	secrets *secretStore
	version string
	// backoff is the first pause before another try; 0 for the daemon's.
	backoff time.Duration
	// metrics are told of each request.
	metrics *telemetry.Metrics
	// permit is asked before each write; nil for none.
	permit func(ctx context.Context) error
	// tokens keeps the refresh tokens of OAuth 2.0, sealed by sealer, which is nil
	// if no site has one.
	tokens atlassian.TokenStore
	sealer *atlassian.Sealer
}

func newSites(d *manifest.Daemon, parts siteParts, expr route.Expressions) (*sites, error) {
	s := &sites{byName: map[string]*site{}, expressions: expr}
	var errs []error
	if key := parts.secrets.value(d.MasterKey); key != "" {
		sealer, err := atlassian.NewSealer(key)
		if err != nil {
			return s, fmt.Errorf("%s: %w", d.MasterKey, err)
		}
		parts.sealer = sealer
	}
	var err error
	if s.hub, err = newHub(d.GitHub, parts); err != nil {
		errs = append(errs, err)
	}
	for _, cfg := range d.Jira {
		one, err := newSite(cfg, parts)
		if err != nil {
			errs = append(errs, fmt.Errorf("jira site %q: %w", cfg.Name, err))
			continue
		}
		s.list = append(s.list, one)
		s.byName[cfg.Name] = one
		if len(s.list) == 1 {
			s.byName[""] = one
		}
	}
	if s.wiki, err = newWiki(d.Confluence, parts, s); err != nil {
		errs = append(errs, fmt.Errorf("confluence: %w", err))
	}
	s.personas = newPersonas(d, parts, s)
	return s, errors.Join(errs...)
}

// newTransport makes the way to a site. Requests are counted under a name.
func newTransport(cfg manifest.JiraSite, parts siteParts, name string) (*atlassian.Transport, error) {
	secrets := parts.secrets
	return atlassian.NewTransport(atlassian.Config{
		BaseURL: cfg.BaseURL, CloudID: secrets.plain(cfg.CloudID), AuthType: atlassian.AuthType(cfg.AuthType),
		Email: secrets.plain(cfg.Email), Token: secrets.value(cfg.Token),
		OAuth: atlassian.OAuthConfig{
			ClientID: secrets.plain(cfg.ClientID), ClientSecret: secrets.value(cfg.ClientSecret),
			RefreshToken: secrets.value(cfg.RefreshToken), Tokens: parts.tokens, Sealer: parts.sealer,
		},
		HTTPProxy: secrets.address(cfg.HTTPProxy), HTTPSProxy: secrets.address(cfg.HTTPSProxy), NoProxy: cfg.NoProxy,
		InsecureSkipVerify: !cfg.TLSVerify, CACertPath: cfg.CACertPath, RequestsPerSecond: cfg.RequestsPerSecond,
		Burst: cfg.Burst, Concurrency: cfg.Concurrency, Version: parts.version, BotName: cfg.BotName, Permit: parts.permit, Guard: tool.ByDaemon,
		FirstBackoff: parts.backoff,
		Observer:     siteObserver{parts.metrics, name},
	})
}

func newSite(cfg manifest.JiraSite, parts siteParts) (*site, error) {
	secrets := parts.secrets
	transport, err := newTransport(cfg, parts, cmp.Or(cfg.Name, "default"))
	if err != nil {
		return nil, err
	}
	client, err := jira.New(transport)
	if err != nil {
		return nil, err
	}
	s := &site{config: cfg, cloudID: secrets.plain(cfg.CloudID), transport: transport, client: client, warnings: transport.Warnings()}
	for _, secret := range cfg.WebhookSecrets {
		s.secrets = append(s.secrets, webhook.NamedSecret{Name: secretName(secret), Value: secrets.value(secret)})
	}
	if token := cfg.WebhookToken; !token.IsZero() {
		s.tokens = []webhook.NamedSecret{{Name: secretName(token), Value: secrets.value(token)}}
	}
	s.enricher = enrich.New(client, s.normalizeOptions(), time.Now)
	return s, nil
}

// close waits for renewals of tokens to be stored.
func (s *sites) close() error {
	for _, one := range s.list {
		one.transport.Close()
	}
	s.wiki.close()
	s.personas.close()
	if s.hub != nil {
		s.hub.client.Close()
	}
	return nil
}

// client implements the tools' look-up: what is done for a user never gets the
// client of a configured site, whatever the site's name.
func (s *sites) client(o tool.Origin) (*jira.Client, error) {
	if !o.OnBehalf.IsZero() {
		who, err := s.personas.of(o.OnBehalf)
		if err != nil {
			return nil, err
		}
		return who.client, nil
	}
	one, err := s.find(o.Site)
	if err != nil {
		return nil, err
	}
	return one.client, nil
}

func (s *sites) find(name string) (*site, error) {
	if one, ok := s.byName[name]; ok {
		return one, nil
	}
	return nil, fmt.Errorf("there is no Jira site named %q in the daemon's configuration", name)
}

// Input implements run.Accounts. It fails until Jira has told who we are once:
// without that nobody can keep the daemon from answering itself.
func (s *sites) Input(ctx context.Context, source, name string) (route.Input, error) {
	switch source {
	case event.SourceJira:
	case event.SourceGitHub:
		return s.hub.input(ctx, s.expressions)
	case event.SourceConfluence:
		return s.wiki.input(ctx, s.expressions)
	default:
		return route.Input{Expressions: s.expressions}, nil
	}
	one, err := s.find(name)
	if err != nil {
		return route.Input{}, err
	}
	me, err := one.whoAmI(ctx)
	if err != nil {
		return route.Input{}, err
	}
	one.fields.refresh(ctx, one.client)
	return one.input(me, s.expressions), nil
}

func (o *site) input(me jira.User, expr route.Expressions) route.Input {
	return route.Input{
		Self: route.Identity{AccountIDs: some(me.AccountID), Names: some(me.Name), Keys: some(me.Key),
			DisplayNames: some(me.DisplayName)},
		BotName: o.config.BotName,
		Site: route.Limits{AllowedProjects: o.config.AllowedProjects, AllowedEvents: o.config.AllowedEvents,
			AllowedUsers: o.config.AllowedUsers},
		Expressions: expr,
	}
}

func some(s string) []string {
	if s == "" {
		return nil
	}
	return []string{s}
}

// whoAmI asks Jira once and remembers the answer for good: an account does not
// change while its token works. Why Jira did not tell is remembered as well.
func (o *site) whoAmI(ctx context.Context) (jira.User, error) {
	o.asking.Lock()
	defer o.asking.Unlock()
	o.mu.Lock()
	known := o.self
	o.mu.Unlock()
	if known != nil {
		return *known, nil
	}
	me, err := o.client.Myself(ctx)
	o.mu.Lock()
	defer o.mu.Unlock()
	if err != nil {
		if ctx.Err() == nil {
			o.trouble = err
		}
		return jira.User{}, fmt.Errorf("ask Jira who we are: %w", err)
	}
	o.self, o.trouble = &me, nil
	return me, nil
}

func (o *site) normalizeOptions() eventjira.Options {
	return eventjira.Options{Site: o.config.Name, BaseURL: o.client.SiteURL(), FieldName: o.fields.of,
		WikiToMarkdown: markup.WikiToMarkdown, ADFToMarkdown: markup.ADFToMarkdown}
}

// normalize reads a payload of Jira's. The event names its site as the
// configuration does, also if the delivery came by the plain path: what happens
// to an issue is one story, whichever way it is told.
func (s *sites) normalize(body []byte, name string) (*event.Event, error) {
	one, err := s.find(name)
	if err != nil {
		return nil, err
	}
	return eventjira.Normalize(body, one.normalizeOptions())
}

// delivered implements run.Normalizer for Jira.
func (s *sites) delivered(d inbox.Delivery) (*event.Event, error) { return s.normalize(d.Body, d.Site) }

// sources are the webhook paths: one for each site by its name, and the plain
// path for the first.
func (s *sites) sources(ofTriggers func(platform string) []webhook.NamedSecret) []webhook.Source {
	var list []webhook.Source
	if s.hub != nil {
		list = append(list, s.hub.source(func() []webhook.NamedSecret { return ofTriggers(manifest.TypeGitHub) }))
	}
	if s.wiki != nil {
		list = append(list, s.wiki.source(func() []webhook.NamedSecret { return ofTriggers(manifest.TypeConfluence) }))
	}
	fromTriggers := func() []webhook.NamedSecret { return ofTriggers(manifest.TypeJira) }
	for i, one := range s.list {
		source := webhook.Source{Name: event.SourceJira,
			Secrets: func() []webhook.NamedSecret { return append(fromTriggers(), one.secrets...) }}
		if len(one.tokens) > 0 {
			source.Tokens = func() []webhook.NamedSecret { return one.tokens }
		}
		if i == 0 {
			list = append(list, source)
		}
		if one.config.Name != "" {
			source.Site = one.config.Name
			list = append(list, source)
		}
	}
	return list
}

// named finds the source of a path that names an event.
func (s *sites) named(path string, ofTriggers func(platform string) []webhook.NamedSecret) (webhook.Source, bool) {
	return s.wiki.named(path, func() []webhook.NamedSecret { return ofTriggers(manifest.TypeConfluence) })
}

// host is what the start-up message shows of a site.
func (o *site) host() string {
	u, err := url.Parse(o.config.BaseURL)
	if err != nil {
		return o.config.BaseURL
	}
	return u.Host + u.Path
}

// nobody is the account of a decision that is made without asking Jira.
func nobody() jira.User { return jira.User{} }
