package sandbox

import (
	"context"
	"fmt"
	"io"
	"text/template"

	"github.com/aofctl/aofctl/internal/sandbox/jira"
)

// guide is what Run prints. It has to be enough to start with.
const guide = `Sandbox is up. Nothing in it is real, and nothing is kept when it stops.

  Jira      {{.Jira}}    ({{.Kind}})
  Model     {{.Model}}    (OpenAI-compatible, answers by rules; any API key)
  Account   {{.Email}} / {{.Token}}
  People    {{if .Cloud}}alice@example.com / alice-token, bob@example.com / bob-token{{else}}alice / alice-token, bob / bob-token; the tokens are personal access tokens, too{{end}}

Point a daemon at it, in daemon.yaml under spec:

  platforms:
    jira:
      enabled: true
      base_url: {{.Jira}}
      auth: {{if .Cloud}}{type: api_token, email_env: JIRA_EMAIL, token_env: JIRA_API_TOKEN}{{else}}{type: pat, token_env: JIRA_API_TOKEN}{{end}}
      webhook_secret_env: JIRA_WEBHOOK_SECRET
  models:
    providers:
      google: {base_url: "{{.Model}}", api_key_env: GOOGLE_API_KEY}

with this environment:

  export {{if .Cloud}}JIRA_EMAIL={{.Email}} {{end}}JIRA_API_TOKEN={{.Token}}
  export JIRA_WEBHOOK_SECRET={{.Secret}} GOOGLE_API_KEY=sandbox
{{if not .Hooks}}
Send webhooks to it (signed with the secret; they fire on every change):

  curl -s {{.Control}}/webhooks -d '{"url": "http://127.0.0.1:3000/webhook/jira", "secret": "{{.Secret}}"}'
{{else}}
Webhooks go to:
{{range .Hooks}}
  {{.}}{{end}}
{{end}}
Act as somebody, look at the result, make things go wrong:

  curl -s {{.Control}}/act -d '{"as": "alice", "action": "create_issue", "project": "PROJ", "type": "Bug", "summary": "Login fails"}'
  curl -s {{.Control}}/act -d '{"as": "alice", "action": "comment", "issue": "PROJ-1", "body": "/triage"}'
  curl -s {{.Control}}/issues/PROJ-1
  curl -s -u {{.Email}}:{{.Token}} '{{.Jira}}/rest/api/2/issue/PROJ-1?fields=summary,status'
  curl -s {{.Control}}/faults -d '{"method": "POST", "path": "/comment$", "effect": "cut_after", "count": 1}'
  curl -s {{.Control}}/requests

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

// explain prints the guide.
func (s *Sandbox) explain(out io.Writer) error {
	page, err := template.New("guide").Parse(guide)
	if err != nil {
		return err
	}
	email, token := s.Credentials()
	secret := defaultSecret
	var hooks []string
	for _, w := range s.Jira.Webhooks() {
		hooks = append(hooks, w.URL)
		if w.Secret != "" {
			secret = w.Secret
		}
	}
	cloud := s.Jira.Deployment() == jira.Cloud
	kind := "Cloud"
	if !cloud {
		kind = "Data Center"
	}
	return page.Execute(out, map[string]any{
		"Cloud": cloud, "Kind": kind,
		"Jira": s.JiraURL(), "Model": s.ModelURL(), "Control": s.ControlURL(), "Email": email, "Token": token,
		"Secret": secret, "Hooks": hooks,
	})
}
