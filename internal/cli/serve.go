package cli

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/aofctl/aofctl/internal/app"
	"github.com/aofctl/aofctl/internal/manifest"
)

// serveFlags are those of serve.
type serveFlags struct {
	config    string
	logLevel  choice
	logFormat choice
}

func newServe(c *console) *cobra.Command {
	f := serveFlags{
		logLevel:  choice{allowed: []string{"trace", "debug", "info", "warn", "error"}},
		logFormat: choice{allowed: []string{"console", "json"}},
	}
	cmd := &cobra.Command{
		Use:   "serve",
		Short: "Run the daemon",
		Long: `serve takes webhooks, stores each before it answers, and runs the agents that the
triggers choose. It prints what it serves, or everything that is wrong with the
configuration at once. SIGTERM stops intake, lets the steps at work finish and
ends; what is not finished continues at the next start.`,
		Example: `  aofctl serve --config daemon.yaml
  aofctl serve --config daemon.yaml --log-level debug --log-format json`,
		Args: noArgs(),
		RunE: func(cmd *cobra.Command, _ []string) error { return c.serve(cmd.Context(), f) },
	}
	cmd.Flags().StringVarP(&f.config, "config", "c", "daemon.yaml", "the daemon's configuration `file`")
	cmd.Flags().Var(&f.logLevel, "log-level", "trace, debug, info, warn or error (default: the configuration's, else info)")
	cmd.Flags().Var(&f.logFormat, "log-format", "console or json (default: the configuration's, else console on a terminal)")
	return cmd
}

func (c *console) serve(ctx context.Context, f serveFlags) error {
	d, err := c.loadDaemon(f.config)
	if err != nil {
		return c.refuse(err, "not started")
	}
	a, err := app.New(ctx, app.Options{Daemon: d, Env: c.env, Version: version(), LogOut: c.err, LogLevel: f.logLevel.value, LogFormat: f.logFormat.value})
	if err != nil {
		return c.refuse(err, "not started")
	}
	if err := a.Listen(ctx); err != nil {
		return errors.Join(err, a.Close())
	}
	a.Announce(c.err)
	return a.Run(ctx)
}

// refuse prints every problem on a line of its own, and what follows from them.
func (c *console) refuse(err error, consequence string) error {
	var problems manifest.Problems
	if !errors.As(err, &problems) {
		return err
	}
	_, _ = fmt.Fprintln(c.err, err)
	_, _ = fmt.Fprintf(c.err, "aofctl: %s: mend what is above and try again\n", consequence)
	return &failure{exitFailure}
}
