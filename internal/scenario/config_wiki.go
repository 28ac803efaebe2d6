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
	site.Name, site.WebhookSecrets, site.BotName = old.Name, old.WebhookSecrets, or(old.BotName, site.BotName)
	login, token := box.Credentials()
	site.BaseURL, site.AuthType, site.Token, site.Email = box.ConfluenceURL(), "api_token", manifest.Secret{Value: token}, manifest.Secret{Value: login}
	if box.Confluence.Kind() == confluence.DataCenter {
		site.AuthType, site.Email = "pat", manifest.Secret{}
	}
	d.Confluence.Site = site
	if d.Confluence.Shared = d.Confluence.Shared && site.BaseURL == d.Jira[0].BaseURL; d.Confluence.Shared {
		d.Confluence.Site.Name = d.Jira[0].Name
	}
}
