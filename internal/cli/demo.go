package cli

import (
	"os"

	"github.com/spf13/cobra"

	"github.com/aofctl/aofctl/internal/demo"
)

func newDemo(c *console) *cobra.Command {
	opts := demo.Options{}
	cmd := &cobra.Command{
		Use:   "demo",
		Short: "See it work: the daemon against a simulated Jira, nothing else needed",
		Long: `demo starts the daemon on an embedded store against the sandbox (a simulated Jira and
a scripted model; no real model runs), lets five stories happen there, and prints
each step as it happens and the issues as they are afterwards.`,
		Example: `  aofctl demo          # stays up afterwards, to look around
  aofctl demo --once   # ends afterwards`,
		Args: noArgs(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			opts.Out, opts.LogOut, opts.Version = c.out, c.err, version()
			if opts.Dir != "" {
				return demo.Run(cmd.Context(), opts)
			}
			dir, err := os.MkdirTemp("", "aofctl-demo-")
			if err != nil {
				return err
			}
			defer func() { _ = os.RemoveAll(dir) }()
			opts.Dir = dir
			return demo.Run(cmd.Context(), opts)
		},
	}
	cmd.Flags().BoolVar(&opts.Once, "once", false, "end after the stories")
	cmd.Flags().StringVar(&opts.Dir, "dir", "", "keep configuration and data in this empty `directory`")
	cmd.Flags().StringVar(&opts.LogLevel, "log-level", "error", "the daemon's log level")
	return cmd
}
