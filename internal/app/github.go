package app

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"time"

	"github.com/rs/zerolog"

	"github.com/aofctl/aofctl/internal/admin"
	"github.com/aofctl/aofctl/internal/event"
	eventgithub "github.com/aofctl/aofctl/internal/event/github"
	"github.com/aofctl/aofctl/internal/github"
	"github.com/aofctl/aofctl/internal/manifest"
	"github.com/aofctl/aofctl/internal/route"
	"github.com/aofctl/aofctl/internal/store/inbox"
	"github.com/aofctl/aofctl/internal/webhook"
)

// hub is the configured GitHub.
type hub struct {
	config  manifest.GitHub
	client  *github.Client
	secrets []webhook.NamedSecret

	// asking is held while GitHub is asked who we are.
	asking sync.Mutex

	mu sync.Mutex
	// self is our account; "" for the token of an app, which has none that could be
	// asked for. known says that it was told.
	self  string
	known bool
	// trouble is why GitHub has not told yet who we are; nil if it was not asked.
	trouble error
}

// newHub makes the connection to GitHub; nil if there is none.
func newHub(cfg *manifest.GitHub, parts siteParts) (*hub, error) {
	if cfg == nil {
		return nil, nil //nolint:nilnil // none is configured
	}
	h := &hub{config: *cfg}
	var err error
	h.client, err = github.New(github.Config{
		APIURL: cfg.APIURL, Token: parts.secrets.value(cfg.Token), HTTPProxy: parts.secrets.address(cfg.HTTPProxy),
		HTTPSProxy: parts.secrets.address(cfg.HTTPSProxy), NoProxy: cfg.NoProxy, InsecureSkipVerify: !cfg.TLSVerify, CACertPath: cfg.CACertPath,
		Permit: parts.permit, Version: parts.version, BotName: cfg.BotName,
		Observer: func(method string, status int, took time.Duration, limits github.Limits) {
			parts.metrics.GitHubAttempt(method, status, took, limits.Remaining)
		},
	})
	if err != nil {
		return nil, err
	}
	for _, secret := range cfg.WebhookSecrets {
		h.secrets = append(h.secrets, webhook.NamedSecret{Name: secretName(secret), Value: parts.secrets.value(secret)})
	}
	return h, nil
}

// acts reports whether there is an account with which to do anything.
func (h *hub) acts() bool { return h != nil && !h.config.Token.IsZero() }

// source takes GitHub's webhooks
// (https://docs.github.com/webhooks/using-webhooks/validating-webhook-deliveries).
func (h *hub) source(fromTriggers func() []webhook.NamedSecret) webhook.Source {
	return webhook.Source{Name: event.SourceGitHub, SignatureHeader: "X-Hub-Signature-256", IdentityHeader: "X-GitHub-Delivery", Forms: true,
		Secrets: func() []webhook.NamedSecret { return append(fromTriggers(), h.secrets...) }}
}

// normalize implements run.Normalizer. Without an account nothing can be answered
// on GitHub.
func (h *hub) normalize(d inbox.Delivery) (*event.Event, error) {
	ev, err := eventgithub.Normalize(eventgithub.Payload{Event: d.Headers["X-Github-Event"], ContentType: d.Headers["Content-Type"], Body: d.Body})
	if err == nil && !h.acts() {
		ev.Thread = 0
	}
	return ev, err
}

// input is what routing has to know. It fails until GitHub has told who we are: a
// daemon that does not know would answer itself.
func (h *hub) input(ctx context.Context, expr route.Expressions) (route.Input, error) {
	in := route.Input{Expressions: expr}
	if h == nil {
		return in, nil
	}
	in.Site.AllowedRepositories = h.config.AllowedRepositories
	in.BotName = h.config.BotName
	if !h.acts() {
		return in, nil
	}
	self, err := h.whoAmI(ctx)
	if err != nil {
		return in, err
	}
	if in.BotName == "" {
		in.BotName = self
	}
	in.Self.Names = some(self)
	if in.BotName != "" { // as apps are called
		in.Self.Names = append(in.Self.Names, in.BotName+"[bot]")
	}
	return in, nil
}

// whoAmI asks GitHub once and remembers the answer for good.
func (h *hub) whoAmI(ctx context.Context) (string, error) {
	h.asking.Lock()
	defer h.asking.Unlock()
	h.mu.Lock()
	self, known := h.self, h.known
	h.mu.Unlock()
	if known {
		return self, nil
	}
	me, err := h.client.Me(ctx)
	var refused *github.Error
	if errors.As(err, &refused) && refused.Status == http.StatusForbidden && !refused.Temporary() {
		err = nil // the token of an app; its events are recognised as those of a bot
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if err != nil {
		if ctx.Err() == nil {
			h.trouble = err
		}
		return "", fmt.Errorf("ask GitHub who we are: %w", err)
	}
	h.self, h.known, h.trouble = me.Login, true, nil
	return h.self, nil
}

// acquaint asks until GitHub has told who we are.
func (h *hub) acquaint(ctx context.Context) {
	if !h.acts() {
		return
	}
	told := ""
	for pause := firstPause; ; pause = min(2*pause, longestPause) {
		self, err := h.whoAmI(ctx)
		if err == nil {
			zerolog.Ctx(ctx).Info().Str("github", h.client.Host()).Str("account", self).Msg("GitHub knows us")
			return
		}
		if ctx.Err() != nil {
			return
		}
		if err.Error() != told {
			told = err.Error()
			zerolog.Ctx(ctx).Warn().Err(err).Msg("events of GitHub wait: " + h.advice(err))
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(pause):
		}
	}
}

// advice says what to do about a GitHub that does not tell who we are.
func (h *hub) advice(err error) string {
	var refused *github.Error
	switch {
	case errors.As(err, &refused) && refused.Unauthorized():
		return "GitHub does not accept our token; check " + h.config.Token.String()
	case errors.As(err, &refused) && refused.Status == 0:
		return "GitHub does not answer; check base_url, proxy and network"
	default:
		return "GitHub refuses to tell who we are"
	}
}

// check fails until GitHub has told who we are. Webhooks are taken all the same,
// and wait.
func (h *hub) check() admin.Check {
	c := admin.Check{Name: "github " + h.client.Host(), Optional: true}
	h.mu.Lock()
	defer h.mu.Unlock()
	switch {
	case !h.acts():
		c.OK, c.Detail = true, "without a token: events only"
	case h.known && h.self == "":
		c.OK, c.Detail = true, "as an app"
	case h.known:
		c.OK, c.Detail = true, "as "+h.self
	case h.trouble != nil:
		c.Detail = fmt.Sprintf("events wait: %s (%s)", h.advice(h.trouble), h.trouble)
	default:
		c.Detail = "events wait: GitHub has not told yet who we are"
	}
	return c
}

// client implements the tools' look-up.
func (s *sites) github() (*github.Client, error) {
	if s.hub == nil {
		return nil, errors.New("platforms.github is not enabled in the daemon's configuration")
	}
	return s.hub.client, nil
}
