package manifest

import (
	"net/url"
	"regexp"
	"slices"
	"time"
)

var siteName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$`)

func (l *daemonLoader) sites(decl jiraSites) []JiraSite {
	var out []JiraSite
	seen := map[string]bool{}
	for _, s := range decl.sites {
		switch {
		case !s.Name.set && decl.list:
			l.errorf(s.pos, "a site in a list needs a name")
		case s.Name.set && !siteName.MatchString(s.Name.value):
			l.errorf(s.Name.pos, "site name %q may have letters, digits, dots, dashes and underscores only", shorten(s.Name.value))
		case s.Name.set && seen[s.Name.value]:
			l.errorf(s.Name.pos, "site %q is given twice", s.Name.value)
		}
		seen[s.Name.value] = true
		if s.Enabled.or(true) {
			out = append(out, l.site(s))
		}
	}
	return out
}

func (l *daemonLoader) site(decl jiraDecl) JiraSite {
	s := JiraSite{
		Name:            decl.Name.value,
		BaseURL:         l.siteURL(decl.BaseURL),
		BotName:         decl.BotName.or("aofbot"),
		TLSVerify:       decl.TLS.Verify.or(true),
		CACertPath:      l.relative(decl.TLS.CACertPath.value),
		AllowedProjects: l.globs(decl.AllowedProjects),
		AllowedEvents:   l.events(decl.AllowedEvents),
		AllowedUsers:    values(decl.AllowedUsers),
	}
	l.auth(&s, decl)
	l.siteAddress(&s, decl)
	l.signIn(&s, decl)
	l.webhookSecrets(&s, decl)
	l.network(&s, decl)
	s.Reconcile = l.reconcile(decl.Reconcile)
	s.ExpectEventEvery = l.between(decl.ExpectEventEvery, time.Minute, 365*24*time.Hour, 0)
	if s.cloud() {
		l.cloudUsers(decl.AllowedUsers)
	}
	return s
}

// webhookSecrets gathers one secret, or several while one is being replaced.
func (l *daemonLoader) webhookSecrets(s *JiraSite, decl jiraDecl) {
	one := l.secret(secretForms{name: "webhook_secret", inline: decl.WebhookSecret, env: decl.WebhookSecretEnv, file: decl.WebhookSecretFile})
	if !one.IsZero() {
		s.WebhookSecrets = append(s.WebhookSecrets, one)
	}
	for _, env := range decl.WebhookSecretEnvs {
		s.addSecret(l.secret(secretForms{name: "webhook_secret", env: env}))
	}
	for _, file := range decl.WebhookSecretFiles {
		s.addSecret(l.secret(secretForms{name: "webhook_secret", file: file}))
	}
	s.WebhookToken = l.secret(secretForms{name: "webhook_token", env: decl.WebhookTokenEnv, file: decl.WebhookTokenFile})
	if len(s.WebhookSecrets) == 0 && s.WebhookToken.IsZero() {
		l.errorf(decl.pos, "the site has no webhook secret, so no delivery could be verified: webhook_secret_env is missing")
	}
}

func (s *JiraSite) addSecret(secret Secret) {
	if !secret.IsZero() && !slices.Contains(s.WebhookSecrets, secret) {
		s.WebhookSecrets = append(s.WebhookSecrets, secret)
	}
}

func (l *daemonLoader) network(s *JiraSite, decl jiraDecl) {
	s.HTTPProxy = l.proxy(decl.Proxy.HTTPProxy, "http_proxy")
	s.HTTPSProxy = l.proxy(decl.Proxy.HTTPSProxy, "https_proxy")
	s.NoProxy = decl.Proxy.NoProxy.value
	if !s.TLSVerify {
		l.warnf(decl.TLS.Verify.pos, "the site's certificate is not verified: anybody in between can read the token; use ca_cert_path")
	}
	if rate := decl.RateLimit.RequestsPerSecond; rate.set {
		if rate.value <= 0 || rate.value > 10_000 {
			l.errorf(rate.pos, "requests_per_second must be above 0 and at most 10000")
		}
		s.RequestsPerSecond = rate.value
	}
	atLeast(l.decoder, decl.RateLimit.Burst, 1)
	atLeast(l.decoder, decl.RateLimit.Concurrency, 1)
	if decl.RateLimit.Burst.set && !decl.RateLimit.RequestsPerSecond.set {
		l.errorf(decl.RateLimit.Burst.pos, "burst has no meaning without requests_per_second")
	}
	s.Burst, s.Concurrency = decl.RateLimit.Burst.value, decl.RateLimit.Concurrency.value
}

// proxy checks the address of a proxy; it may carry a user and a password.
func (l *daemonLoader) proxy(s str, field string) string {
	if !s.set || s.value == "" {
		return ""
	}
	u, err := url.Parse(s.value)
	if err != nil || u.Hostname() == "" || u.Scheme != "http" && u.Scheme != "https" && u.Scheme != "socks5" {
		l.errorf(s.pos, "%s must be an address such as http://proxy.company.com:8080", field)
	}
	return s.value
}
