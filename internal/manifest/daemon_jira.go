package manifest

import (
	"net/url"
	"regexp"
	"slices"
	"strings"
)

// gateway is where a site is reached by its cloud id
// (https://developer.atlassian.com/cloud/jira/platform/rest/v3/intro/).
const gateway = "https://api.atlassian.com/ex/jira/"

var (
	siteName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$`)
	cloudID  = regexp.MustCompile(`^[A-Za-z0-9-]{1,64}$`)
)

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
		BaseURL:         l.address(decl.BaseURL, "base_url"),
		BotName:         decl.BotName.or("aofbot"),
		TLSVerify:       decl.TLS.Verify.or(true),
		CACertPath:      l.relative(decl.TLS.CACertPath.value),
		AllowedProjects: l.globs(decl.AllowedProjects),
		AllowedEvents:   l.events(decl.AllowedEvents),
		AllowedUsers:    values(decl.AllowedUsers),
	}
	l.auth(&s, decl)
	l.siteAddress(&s, decl)
	l.webhookSecrets(&s, decl)
	l.network(&s, decl)
	return s
}

// auth merges the two places in which credentials may stand.
func (l *daemonLoader) auth(s *JiraSite, decl jiraDecl) {
	a := decl.Auth
	s.Email = l.either(
		secretForms{name: "email", inline: a.Email, env: a.EmailEnv, file: a.EmailFile, plain: true},
		secretForms{name: "user_email", inline: decl.UserEmail, env: decl.UserEmailEnv, file: decl.UserEmailFile, plain: true})
	s.Token = l.either(
		secretForms{name: "token", inline: a.Token, env: a.TokenEnv, file: a.TokenFile},
		secretForms{name: "api_token", inline: decl.APIToken, env: decl.APITokenEnv, file: decl.APITokenFile})
	s.CloudID = l.either(
		secretForms{name: "cloud_id", inline: a.CloudID, env: a.CloudIDEnv, plain: true},
		secretForms{name: "cloud_id", inline: decl.CloudID, env: decl.CloudIDEnv, plain: true})
	if strings.EqualFold(a.Type.value, "oauth2") {
		l.errorf(a.Type.pos, "auth type oauth2 is not offered by this version: use api_token (Cloud) or pat (Server, Data Center)")
		return
	}
	for _, oauth := range []str{a.ClientIDEnv, a.ClientSecretEnv, a.RefreshTokenEnv} {
		if oauth.set {
			l.errorf(oauth.pos, "this field belongs to auth type oauth2, which is not offered by this version")
		}
	}
	s.AuthType = l.oneOf(a.Type, "auth type", "api_token", "pat")
	if s.AuthType == "" {
		s.AuthType = guessAuthType(*s)
	}
	at := latest(decl.pos, a.pos)
	if s.Token.IsZero() {
		l.errorf(at, "the site has no token: auth.token_env is missing")
	}
	if s.AuthType == "api_token" && s.Email.IsZero() {
		l.errorf(at, "auth type api_token needs the account's e-mail address: auth.email_env is missing")
	}
}

// guessAuthType: an e-mail address is only needed for API tokens, and Cloud has
// nothing else.
func guessAuthType(s JiraSite) string {
	u, err := url.Parse(s.BaseURL)
	cloud := err == nil && strings.HasSuffix(u.Hostname(), ".atlassian.net")
	if cloud || !s.Email.IsZero() || !s.CloudID.IsZero() {
		return "api_token"
	}
	return "pat"
}

// either returns the secret that one of two places gives.
func (l *daemonLoader) either(nested, flat secretForms) Secret {
	first, second := l.secret(nested), l.secret(flat)
	if first.IsZero() {
		return second
	}
	if !second.IsZero() {
		l.errorf(latest(flat.inline.pos, flat.env.pos, flat.file.pos), "%s is given under auth too: give it once", flat.name)
	}
	return first
}

// siteAddress finds the address of a site that is given by its cloud id only.
func (l *daemonLoader) siteAddress(s *JiraSite, decl jiraDecl) {
	if !decl.BaseURL.absent() {
		return
	}
	if s.CloudID.IsZero() {
		l.errorf(decl.pos, `the site has no address: field "base_url" is missing`)
		return
	}
	id := s.CloudID.Value
	if s.CloudID.Env != "" {
		id, _ = l.env(s.CloudID.Env)
	}
	switch {
	case id == "":
	case !cloudID.MatchString(id):
		l.errorf(latest(decl.CloudID.pos, decl.CloudIDEnv.pos, decl.Auth.CloudID.pos, decl.Auth.CloudIDEnv.pos),
			"the cloud id is not an id such as 11223344-a1b2-3b33-c444-def123456789: see https://yourcompany.atlassian.net/_edge/tenant_info")
	default:
		s.BaseURL = gateway + id
	}
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
