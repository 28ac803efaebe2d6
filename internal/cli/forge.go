package cli

import "github.com/spf13/cobra"

func newForge(c *console) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "forge",
		Short: "Prepare the Forge app through which Jira calls the agents",
		Args:  cobra.ArbitraryArgs,
		RunE:  subcommandsOnly,

		SuggestionsMinimumDistance: 2,
	}
	cmd.AddCommand(newForgeManifest(c))
	return cmd
}
