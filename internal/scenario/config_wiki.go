package scenario

import (
	"github.com/aofctl/aofctl/internal/manifest"
	"github.com/aofctl/aofctl/internal/sandbox"
	"github.com/aofctl/aofctl/internal/sandbox/confluence"
)

// connectWiki puts the simulated Confluence in place of the real one. Manifests
// without a configuration have one if the case needs it.
func (c *settings) connectWiki(s *manifest.Scenario, box *sandbox.Sandbox) {
	d := c.daemon
	if d.Confluence == nil && c.made && usesWiki(s) {
		d.Confluence = &manifest.Confluence{}
	}
	if d.Confluence == nil {
		return
	}
	old := d.Confluence.Site
	site := d.Jira[0] // which is connected already
	site.Name, site.WebhookSecrets, site.BotName = old.Name, nil, or(old.BotName, site.BotName)
	login, token := box.Credentials()
	site.BaseURL, site.AuthType, site.Token, site.Email = box.ConfluenceURL(), "api_token", manifest.Secret{Value: token}, manifest.Secret{Value: login}
	if box.Confluence.Kind() == confluence.DataCenter {
		site.AuthType, site.Email = "pat", manifest.Secret{}
	}
	d.Confluence.Site = site
	c.hearWiki(box.Confluence.Kind())
	if d.Confluence.Shared = d.Confluence.Shared && site.BaseURL == d.Jira[0].BaseURL; d.Confluence.Shared {
		d.Confluence.Site.Name = d.Jira[0].Name
	}
}

// The variables with what Confluence shows itself by, where the configuration names
// none.
const (
	wikiSecretEnv = "CONFLUENCE_WEBHOOK_SECRET"
	wikiTokenEnv  = "CONFLUENCE_WEBHOOK_TOKEN"
)

// hearWiki lets the daemon know the simulated Confluence by what its kind can show: a
// signature, or the token of a rule. A configuration that takes neither stays deaf.
func (c *settings) hearWiki(kind confluence.Kind) {
	wiki := c.daemon.Confluence
	if wiki.Deaf() && !c.made {
		return
	}
	if kind == confluence.DataCenter && len(wiki.WebhookSecrets) == 0 {
		wiki.WebhookSecrets = []manifest.Secret{{}}
	}
	if kind == confluence.Cloud && wiki.WebhookToken.IsZero() {
		wiki.WebhookToken = manifest.Secret{Env: wikiTokenEnv}
	}
	for i, secret := range wiki.WebhookSecrets {
		wiki.WebhookSecrets[i] = manifest.Secret{Env: or(secret.Env, wikiSecretEnv)}
		c.secrets[wiki.WebhookSecrets[i].Env] = c.secret(wiki.WebhookSecrets[i].Env)
	}
	if !wiki.WebhookToken.IsZero() {
		wiki.WebhookToken = manifest.Secret{Env: or(wiki.WebhookToken.Env, wikiTokenEnv)}
		c.secrets[wiki.WebhookToken.Env] = c.secret(wiki.WebhookToken.Env)
	}
}

// wikiPath is where Confluence's deliveries come in.
const wikiPath = "/webhook/confluence"

// tellOfWiki lets Confluence tell the daemon of everything that happens: by a webhook
// of a Data Center, or by a rule of Cloud's Automation for each event.
func (w *world) tellOfWiki() error {
	wiki := w.settings.daemon.Confluence
	if wiki == nil || wiki.Deaf() {
		return nil
	}
	hook := sandbox.PageHook{URL: w.front.url + wikiPath}
	if w.box.Confluence.Kind() == confluence.Cloud {
		hook.Token = w.secret(wiki.WebhookToken.Env)
	} else {
		hook.Secret = w.secret(wiki.WebhookSecrets[0].Env)
	}
	return w.box.HookPages(hook)
}

// sealOfWiki is what deliveries of Confluence show.
func (w *world) sealOfWiki(d *manifest.Delivery, path string) (header, secretEnv, tokenEnv string) {
	wiki := w.settings.daemon.Confluence
	if wiki == nil {
		return "", d.SecretEnv, d.TokenEnv
	}
	secretEnv, tokenEnv = d.SecretEnv, d.TokenEnv
	if byRule := len(path) > len(wikiPath)+1; byRule && secretEnv == "" && tokenEnv == "" {
		return sandbox.TokenHeader, "", wiki.WebhookToken.Env
	}
	if secretEnv == "" && len(wiki.WebhookSecrets) > 0 {
		secretEnv = wiki.WebhookSecrets[0].Env
	}
	return sandbox.TokenHeader, secretEnv, tokenEnv
}
