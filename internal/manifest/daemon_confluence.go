package manifest

import (
	"regexp"
	"strings"
)

// Confluence is the configured Confluence.
type Confluence struct {
	// Shared says that it is reached as a Jira of Cloud is, with the same sign-in and
	// by the same connection; Site then is that Jira's.
	Shared bool
	// Site has the address, the sign-in and the network settings. Its webhook secrets
	// are not Confluence's.
	Site JiraSite
	// WebhookSecrets sign Data Center's webhooks, WebhookToken is shown by rules of
	// Cloud's Automation. There may be neither.
	WebhookSecrets []Secret
	WebhookToken   Secret
	// BotName is by what people mention the daemon in comments.
	BotName string
}

// Deaf reports whether nothing is configured by which a webhook could be verified.
func (c *Confluence) Deaf() bool { return len(c.WebhookSecrets) == 0 && c.WebhookToken.IsZero() }

// webhooks are what verifies the deliveries of Confluence.
func (l *daemonLoader) confluenceWebhooks(c *Confluence, decl confluenceDecl) {
	s := &JiraSite{}
	s.addSecret(l.secret(secretForms{name: "webhook_secret", inline: decl.WebhookSecret, env: decl.WebhookSecretEnv, file: decl.WebhookSecretFile}))
	for _, env := range decl.WebhookSecretEnvs {
		s.addSecret(l.secret(secretForms{name: "webhook_secret", env: env}))
	}
	for _, file := range decl.WebhookSecretFiles {
		s.addSecret(l.secret(secretForms{name: "webhook_secret", file: file}))
	}
	c.WebhookSecrets = s.WebhookSecrets
	c.WebhookToken = l.secret(secretForms{name: "webhook_token", env: decl.WebhookTokenEnv, file: decl.WebhookTokenFile})
	c.BotName = decl.BotName.or(c.Site.BotName)
}

// confluence reads the platform; nil if it is switched off or not there. What it does
// not say is as for Jira, whose site it belongs to.
func (l *daemonLoader) confluence(decl confluenceDecl, jiras []JiraSite) *Confluence {
	if decl.pos == (pos{}) || !decl.Enabled.or(true) {
		return nil
	}
	c := l.confluenceSite(decl, jiras)
	if c != nil {
		l.confluenceWebhooks(c, decl)
	}
	return c
}

// confluenceSite reads where it is and how to sign in.
func (l *daemonLoader) confluenceSite(decl confluenceDecl, jiras []JiraSite) *Confluence {
	as := decl.asJira()
	s := JiraSite{
		BaseURL: l.wikiURL(decl.BaseURL), BotName: decl.BotName.or("aofbot"), TLSVerify: decl.TLS.Verify.or(true),
		CACertPath: l.relative(decl.TLS.CACertPath.value),
	}
	l.auth(&s, as)
	signed := decl.Auth.Type.set || !s.Email.IsZero() || !s.Token.IsZero() || !s.ClientID.IsZero()
	if !signed {
		return l.sharedConfluence(s, decl, jiras)
	}
	if decl.BaseURL.absent() && s.CloudID.IsZero() {
		if at := jiraOfCloud(jiras, ""); at != nil {
			s.BaseURL, s.CloudID = at.BaseURL, at.CloudID
		} else {
			l.errorf(decl.pos, `Confluence has no address: field "base_url" is missing`)
		}
	} else {
		l.siteAddress(&s, as)
	}
	l.signIn(&s, as)
	l.network(&s, as)
	return &Confluence{Site: s}
}

var (
	// wikiPages is where in a path the pages and the API of a Confluence begin.
	wikiPages = regexp.MustCompile(`/(?:rest/.*|spaces/.*|display/.*|pages/.*|login\.action)$`)
	// wikiGateway is where a Confluence is reached by its cloud id
	// (https://developer.atlassian.com/cloud/confluence/oauth-2-3lo-apps/).
	wikiGateway = regexp.MustCompile(`^https://api\.atlassian\.com/ex/confluence/([A-Za-z0-9-]{1,64})(?:/wiki)?$`)
)

// wikiURL is siteURL for a Confluence. Its address at the gateway is told as that of
// the site's Jira, which has the same cloud id.
func (l *daemonLoader) wikiURL(s str) string {
	out := l.siteURL(s)
	if site := wikiPages.ReplaceAllString(out, ""); site != out {
		l.warnf(s.pos, "base_url is read as %s", site)
		out = site
	}
	return wikiGateway.ReplaceAllString(out, gateway+"$1")
}

// sharedConfluence is the one of a site of Cloud, of which everything is known from
// Jira. Credentials for Jira are not sent to any other host.
func (l *daemonLoader) sharedConfluence(s JiraSite, decl confluenceDecl, jiras []JiraSite) *Confluence {
	at := jiraOfCloud(jiras, s.BaseURL)
	switch {
	case at == nil && decl.BaseURL.absent():
		l.errorf(decl.pos, `Confluence has no address: field "base_url" is missing`)
		return nil
	case at == nil:
		l.errorf(decl.pos, "Confluence has no sign-in: auth.token_env is missing. Only a site of Cloud has one that it shares with its Jira")
		return nil
	case decl.Proxy != (proxyDecl{}) || decl.TLS != (clientTLS{}) || decl.RateLimit != (rateLimitDecl{}):
		l.errorf(decl.pos, "Confluence is reached as its Jira is: set proxy, tls and rate_limit there, or give Confluence an auth of its own")
	}
	return &Confluence{Shared: true, Site: *at}
}

// jiraOfCloud is the Jira of Cloud at an address; of no address the first one. nil for
// none. API tokens are Cloud's, whatever the address.
func jiraOfCloud(jiras []JiraSite, address string) *JiraSite {
	for i, s := range jiras {
		if (s.cloud() || s.AuthType == authAPIToken) && (address == "" || strings.EqualFold(s.BaseURL, strings.TrimSuffix(address, "/wiki"))) {
			return &jiras[i]
		}
	}
	return nil
}

// asJira are the members that Jira has too.
func (c confluenceDecl) asJira() jiraDecl {
	return jiraDecl{
		at: c.at, BaseURL: c.BaseURL, Auth: c.Auth, CloudID: c.CloudID, CloudIDEnv: c.CloudIDEnv, UserEmail: c.UserEmail, UserEmailEnv: c.UserEmailEnv,
		UserEmailFile: c.UserEmailFile, APIToken: c.APIToken, APITokenEnv: c.APITokenEnv, APITokenFile: c.APITokenFile,
		Proxy: c.Proxy, TLS: c.TLS, RateLimit: c.RateLimit,
	}
}
