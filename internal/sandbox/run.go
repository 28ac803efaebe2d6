package sandbox

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"strings"

	"github.com/aofctl/aofctl/internal/sandbox/confluence"
	"github.com/aofctl/aofctl/internal/sandbox/jira"
)

// guide is what Run prints, with names in braces for what is to be filled in. It
// has to be enough to start with. (It is no text/template: one of these in the
// program keeps the linker from dropping any exported method, which is megabytes.)
const guide = `Sandbox is up. Nothing in it is real, and nothing is kept when it stops.

  Jira      {jira}    ({kind})
  Pages     {pages}    (Confluence, with the same accounts)
  Model     {model}    (OpenAI-compatible, answers by rules; any API key)
  Account   {email} / {token}
  People    {people}

Point a daemon at it, in daemon.yaml under spec:

  platforms:
    jira:
      enabled: true
      base_url: {jira}
      auth: {auth}
      webhook_secret_env: JIRA_WEBHOOK_SECRET
    confluence: {wiki}
  models:
    providers:
      google: {base_url: "{model}", api_key_env: GOOGLE_API_KEY}

with this environment:

  export {variables}JIRA_API_TOKEN={token}
  export JIRA_WEBHOOK_SECRET={secret} {wikivariable} GOOGLE_API_KEY=sandbox

{webhooks}
{pagehooks}
{rovo}
Act as somebody, look at the result, make things go wrong:

  curl -s {control}/act -d '{"as": "alice", "action": "create_issue", "project": "PROJ", "type": "Bug", "summary": "Login fails"}'
  curl -s {control}/act -d '{"as": "alice", "action": "comment", "issue": "PROJ-1", "body": "/triage"}'
  curl -s {control}/issues/PROJ-1
  curl -s -u {email}:{token} '{jira}/rest/api/2/issue/PROJ-1?fields=summary,status'
  curl -s {control}/faults -d '{"method": "POST", "path": "/comment$", "effect": "cut_after", "count": 1}'
  curl -s {control}/confluence/act -d '{"as": "alice", "action": "create_page", "space": "DOC", "title": "Plan", "body": "<p>First.</p>"}'
  curl -s {control}/confluence/act -d '{"as": "alice", "action": "edit_page", "page": "ID of a page", "body": "<p>Second.</p>", "message": "agreed"}'
  curl -s {control}/confluence/pages
  curl -s {control}/confluence/faults -d '{"method": "PUT", "effect": "status", "status": 409, "count": 1}'
  curl -s {control}/confluence/deliveries
  curl -s {control}/confluence/requests
  curl -s {control}/requests

`

// defaultSecret signs webhooks in the examples of the guide.
const defaultSecret = "sandbox-secret"

// Run starts a sandbox, explains on out how to use it, and serves until the
// context ends.
func Run(ctx context.Context, opts Options, out io.Writer) error {
	s, err := Start(ctx, opts)
	if err != nil {
		return err
	}
	if err := s.explain(out); err != nil {
		return fmt.Errorf("print how to use the sandbox: %w", err)
	}
	<-ctx.Done()
	return s.Close()
}

// rovoGuide is the guide's part on remote agents.
const rovoGuide = `
Be Rovo, through which people in Jira work with the daemon's agents. Let the daemon know the app:

  platforms:
    forge:
      app_id: {app}
      jwks_url: {keys}
      gateway_url: {gateway}
      signing_secret_env: FORGE_SIGNING_SECRET
      encryption_key_env: FORGE_ENCRYPTION_KEY

  export FORGE_SIGNING_SECRET=$(openssl rand -hex 32) FORGE_ENCRYPTION_KEY=$(openssl rand -hex 32)
  aofctl a2a chat --sandbox {gateway} --url {remote} --install --issue PROJ-1
  curl -s {control}/rovo/conversations -d '{"as": "alice", "issue": "PROJ-1", "mention": "what do you think?"}'
  curl -s {control}/rovo/violations
`

// rovo returns the guide's words on remote agents.
func (s *Sandbox) rovo() string {
	if s.Rovo == nil {
		return ""
	}
	return strings.NewReplacer("{app}", s.Rovo.App().ID, "{keys}", s.Rovo.JWKSURL(), "{gateway}", s.root, "{control}", s.ControlURL(),
		"{remote}", cmp.Or(s.Rovo.Remote(), "http://127.0.0.1:3000")).Replace(rovoGuide)
}

// noWebhooks and someWebhooks are the guide's words on where webhooks go.
const (
	noWebhooks = `Send webhooks to it (signed with the secret; they fire on every change):

  curl -s {control}/webhooks -d '{"url": "http://127.0.0.1:3000/webhook/jira", "secret": "{secret}"}'`
	someWebhooks = "Webhooks go to:\n"
)

// explain prints the guide.
func (s *Sandbox) explain(out io.Writer) error {
	email, token := s.Credentials()
	secret, webhooks := s.webhooks()
	kind, people := "Cloud", "alice@example.com / alice-token, bob@example.com / bob-token"
	auth, variables := "{type: api_token, email_env: JIRA_EMAIL, token_env: JIRA_API_TOKEN}", "JIRA_EMAIL="+email+" "
	if s.Jira.Deployment() != jira.Cloud {
		kind, people = "Data Center", "alice / alice-token, bob / bob-token; the tokens are personal access tokens, too"
		auth, variables = "{type: pat, token_env: JIRA_API_TOKEN}", ""
	}
	wiki, wikiVariable := "{webhook_token_env: CONFLUENCE_WEBHOOK_TOKEN}", "CONFLUENCE_WEBHOOK_TOKEN={secret}"
	if s.Confluence.Kind() == confluence.DataCenter {
		wiki, wikiVariable = "{base_url: "+s.ConfluenceURL()+", auth: "+auth+", webhook_secret_env: CONFLUENCE_WEBHOOK_SECRET}", "CONFLUENCE_WEBHOOK_SECRET={secret}"
	}
	wikiVariable = strings.Replace(wikiVariable, "{secret}", s.pageSecret(), 1)
	page := strings.NewReplacer("{wiki}", wiki, "{wikivariable}", wikiVariable, "{pagehooks}", s.pageHooks(), "{pages}", s.ConfluenceURL(), "{webhooks}", webhooks, "{rovo}", s.rovo()).Replace(guide)
	_, err := strings.NewReplacer("{jira}", s.JiraURL(), "{kind}", kind, "{model}", s.ModelURL(), "{email}", email, "{token}", token,
		"{people}", people, "{auth}", auth, "{variables}", variables, "{control}", s.ControlURL(), "{secret}", secret).WriteString(out, page)
	return err
}

// pageSecret is what Confluence shows itself by.
func (s *Sandbox) pageSecret() string {
	for _, h := range s.Confluence.Webhooks() {
		if h.Secret != "" {
			return h.Secret
		}
	}
	for _, r := range s.Confluence.Rules() {
		if r.Token != "" {
			return r.Token
		}
	}
	return defaultSecret
}

// noRules, noPageHooks and somePageHooks are the guide's words on where Confluence tells
// of pages.
const (
	noRules = `
Send what happens to pages to it (as rules of Cloud's Automation do, with a fixed token):

  curl -s {control}/confluence/rules -d '{"url": "http://127.0.0.1:3000/webhook/confluence/{event}", "header": "X-Webhook-Token", "token": "{pagesecret}"}'`
	noPageHooks = `
Send what happens to pages to it (signed with the secret):

  curl -s {control}/confluence/webhooks -d '{"url": "http://127.0.0.1:3000/webhook/confluence", "secret": "{pagesecret}"}'`
	somePageHooks = "\nWhat happens to pages goes to:\n"
)

// pageHooks returns the guide's words on where Confluence tells of pages.
func (s *Sandbox) pageHooks() string {
	words := noRules
	if s.Confluence.Kind() == confluence.DataCenter {
		words = noPageHooks
	}
	var urls []string
	for _, h := range s.Confluence.Webhooks() {
		urls = append(urls, "\n  "+h.URL)
	}
	for _, r := range s.Confluence.Rules() {
		urls = append(urls, "\n  "+r.URL)
	}
	if len(urls) > 0 {
		words = somePageHooks + strings.Join(urls, "")
	}
	return strings.ReplaceAll(words, "{pagesecret}", s.pageSecret())
}

// webhooks returns the secret that the guide tells, and its words on webhooks.
func (s *Sandbox) webhooks() (secret, words string) {
	secret, words = defaultSecret, noWebhooks
	for i, w := range s.Jira.Webhooks() {
		if i == 0 {
			words = someWebhooks
		}
		words += "\n  " + w.URL
		if w.Secret != "" {
			secret = w.Secret
		}
	}
	return secret, words
}
