package cli

import (
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"github.com/aofctl/aofctl/internal/sandbox"
	"github.com/aofctl/aofctl/internal/sandbox/github"
	"github.com/aofctl/aofctl/internal/sandbox/jira"
	"github.com/aofctl/aofctl/internal/sandbox/model"
)

func newSandbox(c *console) *cobra.Command {
	var opts sandbox.Options
	var webhook, secretEnv, deployment, hubWebhook, hubSecretEnv, pageHook, pageSecretEnv, rules string
	cmd := &cobra.Command{
		Use:   "sandbox",
		Short: "Run a simulated Jira, Confluence and a scripted model to play against",
		Long: `sandbox serves a stateful Jira and Confluence, Cloud or Data Center, and an OpenAI-compatible
model that answers by rules, on this machine only. It fires signed webhooks on changes like
the real one, refuses what only the other kind of Jira knows, can be told to fail, and
remembers every request. With Jira Cloud comes Jira's side of remote agents, which calls a
daemon's agents as Rovo does. It prints how to point a daemon at it.`,
		Example: `  aofctl sandbox --addr 127.0.0.1:8090 --webhook http://127.0.0.1:3000/webhook/jira
  aofctl sandbox --confluence-webhook http://127.0.0.1:3000/webhook/confluence
  aofctl sandbox --tenant globex             # and then: aofctl a2a chat --install --issue PROJ-1
  aofctl sandbox --deployment dc --jira-version 9.12.5`,
		Args: noArgs(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			var err error
			if opts.Jira.Deployment, err = jira.ParseDeployment(deployment); err != nil {
				return err
			}
			if rules != "" {
				raw, err := os.ReadFile(rules)
				if err != nil {
					return fmt.Errorf("read rules: %w", err)
				}
				if opts.Model.Rules, err = model.Parse(raw); err != nil {
					return fmt.Errorf("read rules %s: %w", rules, err)
				}
			}
			if webhook != "" {
				opts.Webhooks = append(opts.Webhooks, jira.Webhook{Name: "aofctl", URL: webhook, Secret: c.sandboxSecret(secretEnv)})
			}
			if hubWebhook != "" {
				opts.GitHubWebhooks = append(opts.GitHubWebhooks, github.Webhook{URL: hubWebhook, Secret: c.sandboxSecret(hubSecretEnv)})
			}
			if pageHook != "" {
				if pageSecretEnv == "" {
					pageSecretEnv = map[jira.Deployment]string{jira.Cloud: "CONFLUENCE_WEBHOOK_TOKEN", jira.DataCenter: "CONFLUENCE_WEBHOOK_SECRET"}[opts.Jira.Deployment]
				}
				secret := c.sandboxSecret(pageSecretEnv)
				opts.PageHooks = append(opts.PageHooks, sandbox.PageHook{URL: pageHook, Secret: secret, Token: secret})
			}
			return sandbox.Run(cmd.Context(), opts, c.out)
		},
	}
	cmd.Flags().StringVar(&opts.Addr, "addr", "127.0.0.1:8090", "loopback `address` to listen on")
	cmd.Flags().StringVar(&opts.ContextPath, "context-path", "", "`path` under which Jira is, such as /jira")
	cmd.Flags().StringVar(&deployment, "deployment", "cloud", "the `kind` of Jira: cloud, or dc for Data Center")
	cmd.Flags().StringVar(&opts.Jira.Version, "jira-version", jira.DataCenterVersion, "`version` that a Data Center says it is")
	cmd.Flags().BoolVar(&opts.Demo, "demo", true, "begin with a few issues")
	cmd.Flags().StringVar(&rules, "rules", "", "`file` with rules by which the model answers (docs/testing.md); default those of the demo")
	cmd.Flags().StringVar(&webhook, "webhook", "", "send webhooks to this `URL`")
	cmd.Flags().StringVar(&secretEnv, "secret-env", "JIRA_WEBHOOK_SECRET", "environment `variable` with the secret that signs them; unset, it is the one that the sandbox prints")
	cmd.Flags().StringVar(&pageHook, "confluence-webhook", "", "send what happens in Confluence to this `URL`: by webhooks of a Data Center, or as rules of Cloud's Automation, with the event's name behind it")
	cmd.Flags().StringVar(&pageSecretEnv, "confluence-secret-env", "", "environment `variable` with the secret that signs them, or the token of the rules; default CONFLUENCE_WEBHOOK_SECRET or, on Cloud, CONFLUENCE_WEBHOOK_TOKEN; unset, it is what the sandbox prints")
	cmd.Flags().StringVar(&opts.Rovo.Remote, "remote", "http://127.0.0.1:3000", "`URL` of the daemon that the simulated Forge app and Jira's Rovo call")
	cmd.Flags().StringSliceVar(&opts.Tenants, "tenant", nil, "`name` of a further Jira site that has the Forge app, at /tenants/<name>")
	cmd.Flags().StringSliceVar(&opts.Repositories, "repository", []string{"acme/shop"}, "`owner/name` of a repository on the simulated GitHub, which is at /github")
	cmd.Flags().StringVar(&hubWebhook, "github-webhook", "", "send the simulated GitHub's webhooks to this `URL`")
	cmd.Flags().StringVar(&hubSecretEnv, "github-secret-env", "GITHUB_WEBHOOK_SECRET", "environment `variable` with the secret that signs them; unset, it is the one that the sandbox prints")
	return cmd
}

// sandboxSecret is what webhooks are signed with. Unsigned they would all be
// refused, and the sandbox says what it is.
func (c *console) sandboxSecret(name string) string {
	if secret := c.getenv(name); secret != "" {
		return secret
	}
	return "sandbox-secret"
}
