package cli

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/aofctl/aofctl/internal/app"
	"github.com/aofctl/aofctl/internal/atlassian"
	"github.com/aofctl/aofctl/internal/registration"
)

func newJira(c *console) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "jira",
		Short: "Manage what a Jira has to know of the daemon",
		Args:  cobra.ArbitraryArgs,
		RunE:  subcommandsOnly,

		SuggestionsMinimumDistance: 2,
	}
	cmd.AddCommand(newJiraWebhook(c))
	return cmd
}

// subcommandsOnly explains a command that does nothing by itself.
func subcommandsOnly(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return cmd.Help()
	}
	return unknownVerb(cmd, args[0])
}

func newJiraWebhook(c *console) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "webhook",
		Short: "List, register and delete the webhooks of a Jira",
		Long: `webhook manages the webhooks of a Jira with the daemon's own credentials. The account
has to be an administrator of Jira for that (the permission "Administer Jira"), which the
daemon itself does not need. Through api.atlassian.com (cloud_id, OAuth 2.0) there is no way:
use Jira's settings, System, WebHooks.`,
		Args: cobra.ArbitraryArgs,
		RunE: subcommandsOnly,

		SuggestionsMinimumDistance: 2,
	}
	cmd.AddCommand(newWebhookList(c), newWebhookCreate(c), newWebhookDelete(c))
	return cmd
}

// siteFlags say which site of which configuration is meant.
type siteFlags struct {
	config string
	site   string
	url    string
}

func (f *siteFlags) register(cmd *cobra.Command) {
	cmd.Flags().StringVarP(&f.config, "config", "c", "daemon.yaml", "the daemon's configuration `file`")
	cmd.Flags().StringVar(&f.site, "site", "", "`name` of the Jira site, if there are several")
	cmd.Flags().StringVar(&f.url, "url", "", "the `URL` at which Jira reaches the daemon, such as https://aof.example.com/webhook/jira")
}

// withSite calls do with the site that the flags mean.
func (c *console) withSite(ctx context.Context, f siteFlags, do func(context.Context, app.Site) error) (err error) {
	if f.url != "" {
		if f.url, err = daemonURL(f.url); err != nil {
			return err
		}
	}
	d, err := c.loadDaemon(f.config)
	if err != nil {
		return c.refuse(err, "nothing asked")
	}
	cat, err := app.OfflineCatalog(ctx, d, c.env)
	if err != nil {
		return c.refuse(err, "nothing asked")
	}
	sites := app.OpenSites(ctx, app.Options{Daemon: d, Env: c.env, Version: version()}, cat)
	defer func() { err = errors.Join(err, sites.Close()) }()
	one, err := sites.Find(f.site)
	if err != nil {
		return err
	}
	if one.Webhook.URL = f.url; f.url != "" {
		one.Webhook.URL = app.CompleteURL(f.url, one.Webhook.Paths)
	}
	return whyNot(one, do(ctx, one))
}

// daemonURL checks the URL of a daemon as others see it.
func daemonURL(raw string) (string, error) {
	u, err := url.Parse(raw)
	if err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Host == "" || u.User != nil {
		return "", &usageError{fmt.Errorf("--url %q is no address such as https://aof.example.com/webhook/jira", raw)}
	}
	return raw, nil
}

// whyNot says what to do about a Jira that does not let its webhooks be managed.
func whyNot(one app.Site, err error) error {
	var refused *atlassian.Error
	if errors.As(err, &refused) && !refused.Anonymous && (refused.Status == http.StatusForbidden || refused.Status == http.StatusUnauthorized) {
		return fmt.Errorf("Jira %s does not let this account manage webhooks, which only an administrator may "+ //nolint:staticcheck // a name
			"(global permission \"Administer Jira\"): set an administrator's credentials for this command, or use Jira's settings, System, WebHooks (%w)", one.Title(), err)
	}
	return err
}

func newWebhookList(c *console) *cobra.Command {
	var f siteFlags
	var output outputFlag
	cmd := &cobra.Command{
		Use:   "list",
		Short: "List the webhooks of a Jira, and say what is wrong with those to the daemon",
		Long: `list shows every webhook of the Jira. Those that send to the daemon are marked with *:
the ones to --url, or without it those to its path on any host. It ends with 1 if one of
them keeps deliveries away: disabled, without secret, without body, sent twice, or
without an event that a trigger asks for.`,
		Example: `  aofctl jira webhook list --config daemon.yaml
  aofctl jira webhook list --url https://aof.example.com/webhook/jira -o json`,
		Args: noArgs(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			return c.withSite(cmd.Context(), f, func(ctx context.Context, one app.Site) error { return c.listWebhooks(ctx, one, output) })
		},
	}
	f.register(cmd)
	output.register(cmd)
	return cmd
}

// webhookRow is a webhook as list prints it for machines.
type webhookRow struct {
	ID       string   `json:"id"`
	Name     string   `json:"name"`
	URL      string   `json:"url"`
	Ours     bool     `json:"ours"`
	Enabled  bool     `json:"enabled"`
	Signed   *bool    `json:"signed"`
	Events   []string `json:"events"`
	JQL      string   `json:"jql,omitempty"`
	Problems []string `json:"problems"`
	Notes    []string `json:"notes"`
}

func (c *console) listWebhooks(ctx context.Context, one app.Site, output outputFlag) error {
	hooks, err := one.Client.Webhooks(ctx)
	if err != nil {
		return err
	}
	findings := one.Webhook.Review(hooks)
	rows := []webhookRow{}
	for _, f := range findings {
		rows = append(rows, webhookRow{f.ID, f.Name, f.URL, f.Ours, f.Enabled, f.Signed, some(f.Events), f.JQL, some(f.Problems), some(f.Notes)})
	}
	if err := output.write(c, rows, func() { c.showWebhooks(findings) }); err != nil {
		return err
	}
	if !slices.ContainsFunc(findings, func(f registration.Finding) bool { return f.Ours }) {
		c.complain(errors.New("no webhook sends to the daemon: register one with `aofctl jira webhook create --url …`"))
		return &failure{exitFailure}
	}
	if slices.ContainsFunc(findings, func(f registration.Finding) bool { return len(f.Problems) > 0 }) {
		return &failure{exitFailure}
	}
	return nil
}

// some is an empty list in place of none.
func some(list []string) []string { return append([]string{}, list...) }

func (c *console) showWebhooks(findings []registration.Finding) {
	var rows [][]string
	for _, f := range findings {
		mark := ""
		if f.Ours {
			mark = "*"
		}
		rows = append(rows, []string{mark, f.ID, f.Name, onOff(f.Enabled), signed(f.Signed), f.URL, dash(strings.Join(f.Events, ","))})
	}
	c.table([]string{"", "ID", "NAME", "STATE", "SECRET", "URL", "EVENTS"}, rows)
	for _, f := range findings {
		for _, p := range f.Problems {
			c.printf("webhook %s: %s\n", f.ID, p)
		}
		for _, n := range f.Notes {
			c.printf("webhook %s (note): %s\n", f.ID, n)
		}
	}
}

func onOff(enabled bool) string {
	if enabled {
		return "enabled"
	}
	return "disabled"
}

func signed(s *bool) string {
	switch {
	case s == nil:
		return "?"
	case *s:
		return "yes"
	default:
		return "no"
	}
}
