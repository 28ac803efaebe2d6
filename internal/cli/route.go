package cli

import (
	"strings"

	"github.com/spf13/cobra"

	"github.com/aofctl/aofctl/internal/app"
	"github.com/aofctl/aofctl/internal/event"
)

func newRoute(c *console) *cobra.Command {
	var config string
	var payload app.Payload
	var output outputFlag
	cmd := &cobra.Command{
		Use:   "route <payload.json | ->",
		Short: "Say which trigger would take a payload, and why the others would not",
		Long: `route decides offline what a webhook payload would start. It sends nothing and asks
nobody; what the daemon would ask Jira or Confluence for is listed.`,
		Example: `  aofctl route comment_created.json --config daemon.yaml
  aofctl route - -o json < payload.json
  aofctl route pull_request.json --event pull_request   # of GitHub
  aofctl route page.json --event page_updated           # of a rule of Confluence Cloud
  aofctl route body.json --trigger deployed             # of an HTTP trigger`,
		Args: takes(1, 1, "a payload file, or - for standard input"),
		RunE: func(cmd *cobra.Command, args []string) error {
			body, err := c.readPayload(args[0])
			if err != nil {
				return err
			}
			d, err := c.loadDaemon(config)
			if err != nil {
				return c.refuse(err, "nothing decided")
			}
			payload.Body = body
			explained, err := app.ExplainPayload(cmd.Context(), d, c.env, payload)
			if err != nil {
				return c.refuse(err, "nothing decided")
			}
			return output.write(c, explained, func() { c.showExplanation(explained) })
		},
	}
	cmd.Flags().StringVarP(&config, "config", "c", "daemon.yaml", "the daemon's configuration `file`")
	cmd.Flags().StringVar(&payload.Site, "site", "", "`name` of the Jira site that sends it, if there are several")
	cmd.Flags().StringVar(&payload.Event, "event", "", "`name` of an event of GitHub's or of Confluence Cloud's, such as pull_request; by default it is guessed")
	cmd.Flags().StringVar(&payload.Trigger, "trigger", "", "the HTTP `trigger` that it is posted to")
	output.register(cmd)
	return cmd
}

func (c *console) showExplanation(x app.Explanation) {
	about := dash(x.Event.IssueKey)
	if x.Event.Source == event.SourceConfluence {
		about = dash(x.Event.Subject)
	}
	if keys := x.Event.Strings("issue_keys"); len(keys) > 0 {
		about = "that names " + strings.Join(keys, ", ")
	}
	c.printf("Event:      %s %s\n", x.Event.Type, about)
	if len(x.Event.Also) > 0 {
		c.printf("Also:       %s\n", strings.Join(x.Event.Also, ", "))
	}
	if len(x.Asked) > 0 {
		c.printf("Would ask:  %s\n", strings.Join(x.Asked, ", "))
	}
	for _, m := range x.Decision.Matches {
		c.printf("Trigger:    %s (%s)\n", m.Trigger.Name, m.Trigger.Source)
		c.printf("Runs:       %s\n", m.Target)
		if m.Command != nil {
			c.printf("Command:    /%s %s\n", m.Command.Name, m.Command.Args)
		}
	}
	if h := x.Decision.Hold; h != nil {
		c.printf("Waits:      %s for further events\n", h.For)
	}
	if len(x.Decision.Matches) == 0 {
		c.printf("Runs:       nothing: %s\n", reasonText(x.Decision.Reason))
	}
	for _, u := range x.Decision.Unknown {
		c.printf("Unknown:    /%s (nearest: %s)\n", u.Name, dash(strings.Join(u.Nearest, ", ")))
	}
	c.explain(x.Decision.Misses)
}
