package cli

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/aofctl/aofctl/internal/app"
	"github.com/aofctl/aofctl/internal/atlassian/jira"
	"github.com/aofctl/aofctl/internal/registration"
)

// createFlags are those of jira webhook create.
type createFlags struct {
	siteFlags
	name   string
	events []string
	jql    string
	dryRun bool
}

func newWebhookCreate(c *console) *cobra.Command {
	var f createFlags
	cmd := &cobra.Command{
		Use:   "create",
		Short: "Register the daemon's webhook with its secret, or bring it up to date",
		Long: `create registers a webhook that sends to --url what the triggers ask for, signed with
the site's webhook secret, which is not shown. If there is one with this URL already, or one
of this name that sends to the daemon's path, it is brought up to date instead, and what
changes is told. Jira does not show secrets, so the secret is set again each time.`,
		Example: `  aofctl jira webhook create --url https://aof.example.com/webhook/jira
  aofctl jira webhook create --url https://aof.example.com --dry-run
  aofctl jira webhook create --url https://aof.example.com --jql 'project in (PROJ, FEAT)' --events issue_created,comment_created`,
		Args: noArgs(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if f.url == "" {
				return &usageError{errors.New("create needs the address at which Jira reaches the daemon: --url https://aof.example.com/webhook/jira")}
			}
			return c.withSite(cmd.Context(), f.siteFlags, func(ctx context.Context, one app.Site) error {
				return c.createWebhook(ctx, one, f, cmd.Flags().Changed("jql"))
			})
		},
	}
	f.register(cmd)
	cmd.Flags().StringVar(&f.name, "name", registration.DefaultName, "the webhook's `name` in Jira")
	cmd.Flags().StringSliceVar(&f.events, "events", nil, "`names` of the events to send (default: what the triggers ask for)")
	cmd.Flags().StringVar(&f.jql, "jql", "", "send events of issues that match this `JQL` only")
	cmd.Flags().BoolVar(&f.dryRun, "dry-run", false, "say what would be done and do nothing")
	return cmd
}

// draft is what the webhook is to be.
func (f createFlags) draft(one app.Site) (jira.WebhookDraft, error) {
	d := jira.WebhookDraft{Name: f.name, URL: one.Webhook.URL, Secret: one.Secret, JQL: f.jql, Events: one.Webhook.Events}
	if len(f.events) > 0 {
		d.Events = nil
		for _, name := range f.events {
			d.Events = append(d.Events, jira.WireEvent(strings.ToLower(strings.TrimSpace(name))))
		}
		slices.Sort(d.Events)
		d.Events = slices.Compact(d.Events)
	}
	switch {
	case len(d.Events) == 0:
		return d, errors.New("no trigger asks for an event of this site: name some with --events")
	case d.Secret == "":
		return d, errors.New("the site has no webhook secret, and an unsigned webhook would be refused: set webhook_secret_env")
	}
	return d, nil
}

func (c *console) createWebhook(ctx context.Context, one app.Site, f createFlags, jqlGiven bool) error {
	d, err := f.draft(one)
	if err != nil {
		return err
	}
	hooks, err := one.Client.Webhooks(ctx)
	if err != nil {
		return err
	}
	old, there := one.Webhook.Find(hooks, d)
	if !there {
		return c.registerWebhook(ctx, one, f, d)
	}
	if !jqlGiven {
		d.JQL = old.JQL
	}
	return c.updateWebhook(ctx, one, f, old, d)
}

func (c *console) registerWebhook(ctx context.Context, one app.Site, f createFlags, d jira.WebhookDraft) error {
	if f.dryRun {
		c.printf("would register webhook %q to %s, signed with %s\n", d.Name, d.URL, one.SecretName)
		c.showDraft(d)
		return nil
	}
	made, err := one.Client.CreateWebhook(ctx, d)
	if err != nil {
		return err
	}
	c.printf("registered webhook %s %q to %s, signed with %s\n", made.ID, made.Name, made.URL, one.SecretName)
	c.showDraft(d)
	return c.checkSigned(one, made)
}

func (c *console) showDraft(d jira.WebhookDraft) {
	c.printf("  events: %s\n", strings.Join(d.Events, ", "))
	if d.JQL != "" {
		c.printf("  jql: %s\n", d.JQL)
	}
}

func (c *console) updateWebhook(ctx context.Context, one app.Site, f createFlags, old jira.Webhook, d jira.WebhookDraft) error {
	changes := registration.Differences(old, d)
	verb := "updated"
	if f.dryRun {
		verb = "would update"
	}
	if len(changes) == 0 {
		verb = "nothing differs in"
	}
	var now jira.Webhook
	if !f.dryRun {
		var err error
		if now, err = one.Client.UpdateWebhook(ctx, old.ID, d); err != nil {
			return err
		}
	}
	c.printf("%s webhook %s %q to %s\n", verb, old.ID, d.Name, d.URL)
	for _, change := range changes {
		c.printf("  %s\n", change)
	}
	if f.dryRun {
		c.printf("  secret: would be set again to that in %s\n", one.SecretName)
		return nil
	}
	c.printf("  secret: set again to that in %s\n", one.SecretName)
	return c.checkSigned(one, now)
}

// checkSigned warns of a Jira that took no secret.
func (c *console) checkSigned(one app.Site, w jira.Webhook) error {
	if w.Signed == nil || *w.Signed {
		return nil
	}
	return fmt.Errorf("Jira %s took no secret for webhook %s, so the daemon will refuse its deliveries: update Jira, or set the secret in its settings", one.Title(), w.ID) //nolint:staticcheck // a name
}

func newWebhookDelete(c *console) *cobra.Command {
	var f siteFlags
	var yes bool
	cmd := &cobra.Command{
		Use:   "delete [id]",
		Short: "Delete a webhook by its id, or those to --url",
		Example: `  aofctl jira webhook delete 7
  aofctl jira webhook delete --url https://aof.example.com/webhook/jira --yes`,
		Args: takes(0, 1, "an id, or --url"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if (len(args) == 0) == (f.url == "") {
				return &usageError{errors.New("delete takes either the id of a webhook or --url; `aofctl jira webhook list` shows them")}
			}
			return c.withSite(cmd.Context(), f, func(ctx context.Context, one app.Site) error { return c.deleteWebhooks(ctx, one, args, yes) })
		},
	}
	f.register(cmd)
	cmd.Flags().BoolVarP(&yes, "yes", "y", false, "do not ask")
	return cmd
}

func (c *console) deleteWebhooks(ctx context.Context, one app.Site, ids []string, yes bool) error {
	hooks, err := one.Client.Webhooks(ctx)
	if err != nil {
		return err
	}
	hooks = slices.DeleteFunc(hooks, func(w jira.Webhook) bool {
		return len(ids) > 0 && w.ID != ids[0] || len(ids) == 0 && !one.Webhook.Ours(w)
	})
	if len(hooks) == 0 {
		return errors.New("there is no such webhook; `aofctl jira webhook list` shows those that there are")
	}
	answers := bufio.NewReader(c.in)
	for _, w := range hooks {
		if !yes && !c.confirm(answers, fmt.Sprintf("delete webhook %s %q to %s?", w.ID, w.Name, w.URL)) {
			return errors.New("not deleted")
		}
		if err := one.Client.DeleteWebhook(ctx, w.ID); err != nil {
			return err
		}
		c.printf("deleted webhook %s %q to %s\n", w.ID, w.Name, w.URL)
	}
	return nil
}

// confirm asks a question whose answer is no unless it is yes.
func (c *console) confirm(answers *bufio.Reader, question string) bool {
	_, _ = fmt.Fprintf(c.err, "%s [y/N] ", question)
	answer, _ := answers.ReadString('\n') // no answer is no
	switch strings.ToLower(strings.TrimSpace(answer)) {
	case "y", "yes":
		return true
	}
	return false
}
