package cli

import (
	"context"
	"time"

	"github.com/spf13/cobra"

	"github.com/aofctl/aofctl/internal/app"
	"github.com/aofctl/aofctl/internal/doctor"
)

// doctorFlags are those of doctor.
type doctorFlags struct {
	config  string
	url     string
	offline bool
	models  bool
	timeout time.Duration
}

func newDoctor(c *console) *cobra.Command {
	var f doctorFlags
	var output outputFlag
	cmd := &cobra.Command{
		Use:   "doctor",
		Short: "Look at everything that the daemon depends on, and say what to do",
		Long: `doctor looks at the configuration and the manifests, the secrets, each Jira (whether it
is reached, the credentials, the account's permissions, the webhook, the clock), the models'
keys, the storage, and the daemon if it runs, or its ports. It changes nothing and shows no
secret. Each line has a tick, or what is wrong and the cure:

  ✓ well   ! works, but look at it   ✗ does not work   - could not be told

It ends with 1 if something does not work.`,
		Example: `  aofctl doctor --config daemon.yaml
  aofctl doctor --url https://aof.example.com/webhook/jira   # where Jira has to send webhooks
  aofctl doctor --models                                     # asks each model for a word
  aofctl doctor --offline -o json`,
		Args: noArgs(),
		RunE: func(cmd *cobra.Command, _ []string) error { return c.doctor(cmd.Context(), f, output) },
	}
	cmd.Flags().StringVarP(&f.config, "config", "c", "daemon.yaml", "the daemon's configuration `file`")
	cmd.Flags().StringVar(&f.url, "url", "", "the `URL` at which Jira reaches the daemon")
	cmd.Flags().BoolVar(&f.offline, "offline", false, "ask nobody outside this machine")
	cmd.Flags().BoolVar(&f.models, "models", false, "ask each model that agents use for a word, which costs a few tokens")
	cmd.Flags().DurationVar(&f.timeout, "timeout", doctor.Timeout, "how long each check may take")
	output.register(cmd)
	return cmd
}

func (c *console) doctor(ctx context.Context, f doctorFlags, output outputFlag) error {
	if f.url != "" {
		if _, err := daemonURL(f.url); err != nil {
			return err
		}
	}
	results := app.Doctor(ctx, app.DoctorOptions{Options: app.Options{Env: c.env, Version: version()}, Path: f.config,
		URL: f.url, Offline: f.offline, Models: f.models, Timeout: f.timeout})
	if err := output.write(c, results, func() { c.showResults(results) }); err != nil {
		return err
	}
	if doctor.Bad(results) {
		return &failure{exitFailure}
	}
	return nil
}

func (c *console) showResults(results []doctor.Result) {
	marks := map[doctor.State]string{doctor.OK: "✓", doctor.Warning: "!", doctor.Failed: "✗", doctor.Skipped: "-"}
	for _, r := range results {
		cure := ""
		if r.Cure != "" {
			cure = " → " + r.Cure
		}
		c.printf("%s %s, %s: %s%s\n", marks[r.State], r.Subject, r.Check, r.Detail, cure)
	}
}
