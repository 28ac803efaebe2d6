package cli

import "github.com/spf13/cobra"

func newA2A(c *console) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "a2a",
		Short: "Speak to a daemon's agents over the Agent2Agent protocol",
		Args:  cobra.ArbitraryArgs,
		RunE:  subcommandsOnly,

		SuggestionsMinimumDistance: 2,
	}
	cmd.AddCommand(newA2AChat(c))
	return cmd
}
