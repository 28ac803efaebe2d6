package manifest

import (
	"net/url"
	"slices"
	"strings"
)

// GitHub is the configured GitHub.
type GitHub struct {
	// APIURL is where the REST API is, without a slash at its end.
	APIURL string
	// Token signs in; zero if only events are taken.
	Token          Secret
	WebhookSecrets []Secret
	// BotName is "" for the account's own name.
	BotName string
	// AllowedRepositories are globs of owner/name; empty means all.
	AllowedRepositories []string
	HTTPProxy           string
	HTTPSProxy          string
	NoProxy             string
	TLSVerify           bool
	CACertPath          string
}

// githubAPI is where github.com's REST API is
// (https://docs.github.com/rest/using-the-rest-api/getting-started-with-the-rest-api).
const githubAPI = "https://api.github.com"

// github reads the platform; nil if it is switched off or not there.
func (l *daemonLoader) github(decl githubDecl) *GitHub {
	if decl.pos == (pos{}) || !decl.Enabled.or(true) {
		return nil
	}
	g := &GitHub{
		APIURL: l.githubURL(decl.BaseURL), BotName: strings.TrimPrefix(decl.BotName.value, "@"), AllowedRepositories: l.repositories(decl.AllowedRepos),
		Token:     l.secret(secretForms{name: "token", inline: decl.Token, env: decl.TokenEnv, file: decl.TokenFile}),
		HTTPProxy: l.proxy(decl.Proxy.HTTPProxy, "http_proxy"), HTTPSProxy: l.proxy(decl.Proxy.HTTPSProxy, "https_proxy"),
		NoProxy: decl.Proxy.NoProxy.value, TLSVerify: decl.TLS.Verify.or(true), CACertPath: l.relative(decl.TLS.CACertPath.value),
	}
	if !g.TLSVerify {
		l.warnf(decl.TLS.Verify.pos, "the server's certificate is not verified: anybody in between can read the token; use ca_cert_path")
	}
	l.githubSecrets(g, decl)
	if len(g.WebhookSecrets) == 0 && g.Token.IsZero() {
		l.errorf(decl.pos, "github has neither a webhook_secret_env, with which deliveries are verified, nor a token_env, with which tools sign in")
	}
	return g
}

func (l *daemonLoader) githubSecrets(g *GitHub, decl githubDecl) {
	list := []Secret{l.secret(secretForms{name: "webhook_secret", inline: decl.WebhookSecret, env: decl.WebhookSecretEnv, file: decl.WebhookSecretFile})}
	for _, env := range decl.WebhookSecretEnvs {
		list = append(list, l.secret(secretForms{name: "webhook_secret", env: env}))
	}
	for _, file := range decl.WebhookSecretFiles {
		list = append(list, l.secret(secretForms{name: "webhook_secret", file: file}))
	}
	for _, secret := range list {
		if !secret.IsZero() && !slices.Contains(g.WebhookSecrets, secret) {
			g.WebhookSecrets = append(g.WebhookSecrets, secret)
		}
	}
}

// githubURL returns where the API is of a server that people reach at an address:
// github.com and GitHub Enterprise Cloud have a host of its own for it, an
// Enterprise Server a path.
func (l *daemonLoader) githubURL(s str) string {
	if !s.set || s.value == "" {
		return githubAPI
	}
	address := l.address(s)
	u, err := url.Parse(address)
	if address == "" || err != nil {
		return githubAPI
	}
	switch host := strings.ToLower(u.Hostname()); {
	case host == "github.com", host == "www.github.com":
		return githubAPI
	case strings.HasPrefix(host, "api."), strings.HasSuffix(u.Path, "/api/v3"):
		return address
	case strings.HasSuffix(host, ".ghe.com"):
		u.Host = "api." + u.Host
		return u.String()
	}
	return address + "/api/v3"
}
