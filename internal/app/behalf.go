package app

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"sync/atomic"
	"time"

	"github.com/rs/zerolog"

	"github.com/aofctl/aofctl/internal/atlassian"
	"github.com/aofctl/aofctl/internal/atlassian/jira"
	"github.com/aofctl/aofctl/internal/enrich"
	eventjira "github.com/aofctl/aofctl/internal/event/jira"
	"github.com/aofctl/aofctl/internal/manifest"
	"github.com/aofctl/aofctl/internal/markup"
	"github.com/aofctl/aofctl/internal/tool"
)

// foreignSite begins the name of a site that is not configured and that a user
// belongs to; its cloud id follows.
const foreignSite = "forge:"

// userTokens knows the tokens of users.
type userTokens interface {
	// UserToken returns the newest token of a user, and the address of the API that
	// it is for.
	UserToken(ctx context.Context, installation, account string) (token, apiBase string, err error)
	// RejectUser is told that Jira did not accept a token of a user's, so that the
	// next that comes counts as news for what waits for one.
	RejectUser(ctx context.Context, installation, account, token string) error
}

// persona is one user of a site, as whom tools of the user's runs act. What is
// remembered of Jira's answers is the user's own.
type persona struct {
	client   *jira.Client
	enricher *enrich.Enricher
	fields   fieldNames
}

// personas are the users for whom runs act.
type personas struct {
	gateway string
	known   *atlassian.Users[*persona]
	// trusted is there once the storage is open.
	trusted atomic.Pointer[tokenSource]
}

// tokenSource is where tokens of users come from, and its error for none.
type tokenSource struct {
	userTokens

	none error
}

// newPersonas makes the personas; nil if no Forge app is configured, through which
// alone users come.
func newPersonas(d *manifest.Daemon, parts siteParts, s *sites) *personas {
	if d.Forge == nil {
		return nil
	}
	p := &personas{gateway: d.Forge.Gateway}
	p.known = atlassian.NewUsers(atlassian.UsersConfig{
		Config: func(u atlassian.User) atlassian.Config { return s.personaConfig(d.Forge, u, parts) },
		Token:  p.token, Rejected: p.rejected, Guard: actsFor,
	}, newPersona)
	return p
}

// personaConfig is the way to a user's site: that of the site of the same cloud id,
// if it is configured, or else with the proxy and certificate authorities of the
// first one, which are those of our own network.
func (s *sites) personaConfig(f *manifest.Forge, u atlassian.User, parts siteParts) atlassian.Config {
	cfg := atlassian.Config{GatewayURL: f.Gateway, Version: parts.version, Permit: parts.permit, FirstBackoff: parts.backoff,
		Observer: siteObserver{parts.metrics, "forge"}}
	one := s.configured(u.CloudID, u.SiteURL)
	if one != nil {
		cfg.InsecureSkipVerify = !one.config.TLSVerify
		cfg.RequestsPerSecond, cfg.Burst, cfg.Concurrency = one.config.RequestsPerSecond, one.config.Burst, one.config.Concurrency
		cfg.BotName, cfg.Observer = one.config.BotName, siteObserver{parts.metrics, cmp.Or(one.config.Name, "default")}
	} else if len(s.list) > 0 {
		one = s.list[0]
	}
	if one != nil {
		cfg.HTTPProxy, cfg.HTTPSProxy, cfg.NoProxy = parts.secrets.address(one.config.HTTPProxy), parts.secrets.address(one.config.HTTPSProxy), one.config.NoProxy
		cfg.CACertPath = one.config.CACertPath
	}
	return cfg
}

func newPersona(u atlassian.User, transport *atlassian.Transport) (*persona, error) {
	client, err := jira.New(transport)
	if err != nil {
		return nil, err
	}
	p := &persona{client: client}
	p.enricher = enrich.New(client, eventjira.Options{BaseURL: client.SiteURL(), FieldName: p.fields.of,
		WikiToMarkdown: markup.WikiToMarkdown, ADFToMarkdown: markup.ADFToMarkdown}, time.Now)
	return p, nil
}

// token asks for the newest token of a user. One that is for another address than
// the user's site is not sent anywhere.
func (p *personas) token(ctx context.Context, u atlassian.User) (string, error) {
	source := p.trusted.Load()
	if source == nil {
		return "", errStorageClosed
	}
	token, base, err := source.UserToken(ctx, u.Installation, u.Account)
	switch {
	case err != nil && source.none != nil && errors.Is(err, source.none):
		return "", atlassian.NoToken(err)
	case err != nil:
		return "", fmt.Errorf("find the user's token: %w", err)
	}
	if !sameAddress(base, p.base(u.CloudID)) {
		return "", &misplacedError{is: base, want: p.base(u.CloudID)}
	}
	return token, nil
}

// rejected passes on that Jira did not accept a token. If that fails the token stays
// until a newer one takes its place, which takes a minute longer.
func (p *personas) rejected(ctx context.Context, u atlassian.User, token string) {
	source := p.trusted.Load()
	if source == nil {
		return
	}
	if err := source.RejectUser(ctx, u.Installation, u.Account, token); err != nil {
		zerolog.Ctx(ctx).Warn().Err(err).Msg("cannot note that Jira does not accept a user's token any more")
	}
}

// misplacedError is a token for another address than the one that it would be sent
// to.
type misplacedError struct{ is, want string }

// Error names the addresses.
func (e *misplacedError) Error() string {
	return fmt.Sprintf("the user's token is for %q and not for %s: check platforms.forge.gateway_url", e.is, e.want)
}

// Temporary reports that only the operator can help.
func (*misplacedError) Temporary() bool { return false }

// base is where a site's API is, by what is configured and not by what anybody says.
func (p *personas) base(cloudID string) string { return p.gateway + "/ex/jira/" + cloudID }

func sameAddress(a, b string) bool {
	return a == "" || strings.EqualFold(strings.TrimRight(a, "/"), strings.TrimRight(b, "/"))
}

// actsFor lets the token of a user be sent for work that is done for this user.
func actsFor(ctx context.Context, u atlassian.User) error {
	who := tool.ActsFor(ctx)
	if who.Installation != u.Installation || who.Account != u.Account || who.CloudID != u.CloudID {
		return fmt.Errorf("use the token of a user: %w", tool.ErrOtherHands)
	}
	return nil
}

// of returns the user for whom a run acts.
func (p *personas) of(who tool.OnBehalf) (*persona, error) {
	switch {
	case p == nil:
		return nil, errors.New("the run acts for a user of Jira, and platforms.forge is not enabled in the daemon's configuration")
	case !sameAddress(who.APIBase, p.base(who.CloudID)):
		return nil, &misplacedError{is: who.APIBase, want: p.base(who.CloudID)}
	}
	return p.known.Of(atlassian.User{Installation: who.Installation, Account: who.Account, CloudID: who.CloudID, SiteURL: who.SiteURL})
}

// trust tells where the tokens of users come from. The source's error is none, or
// wraps it, if no token of the user holds any more.
func (p *personas) trust(source userTokens, none error) {
	if p != nil {
		p.trusted.Store(&tokenSource{source, none})
	}
}

// forget drops what is remembered of the users of an installation that is gone.
func (p *personas) forget(installation string) {
	if p != nil {
		p.known.Forget(installation)
	}
}

func (p *personas) close() {
	if p != nil {
		p.known.Close()
	}
}

// configured returns the configured site that a user's site is; nil for none.
func (s *sites) configured(cloudID, siteURL string) *site {
	for _, one := range s.list {
		if one.cloudID != "" && strings.EqualFold(one.cloudID, cloudID) {
			return one
		}
	}
	at, err := url.Parse(siteURL)
	if err != nil || at.Host == "" {
		return nil
	}
	for _, one := range s.list {
		if base, err := url.Parse(one.config.BaseURL); err == nil && one.cloudID == "" && strings.EqualFold(base.Host, at.Host) {
			return one
		}
	}
	return nil
}

// placeOf names the site that a user's runs belong to, and the projects beyond
// which they do not reach; nil for no bound. A site that is configured has its own
// name, so that what is counted by site counts once, and its allowed_projects.
// settings are the projects that the installation's administrator allows.
func (s *sites) placeOf(who tool.OnBehalf, settings []string) (name string, within []string) {
	name = foreignSite + strings.ToLower(who.CloudID)
	if len(settings) > 0 {
		within = settings
	}
	one := s.configured(who.CloudID, who.SiteURL)
	if one == nil {
		return name, within
	}
	switch allowed := one.config.AllowedProjects; {
	case len(allowed) == 0:
	case within == nil:
		within = allowed
	default:
		within = tool.Narrow(allowed, within)
	}
	return one.config.Name, within
}
