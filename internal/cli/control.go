package cli

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/aofctl/aofctl/internal/admin"
	"github.com/aofctl/aofctl/internal/admin/client"
	"github.com/aofctl/aofctl/internal/store"
)

func newCancel(c *console) *cobra.Command {
	return newControl(c, "cancel run <id>", "End a run, also one that waits or is in the middle of a step",
		`  aofctl cancel run 01KAHZ3W8G0000000000000000-1`, (*client.Client).Cancel)
}

func newRetry(c *console) *cobra.Command {
	return newControl(c, "retry run <id>", "Try a run again that failed or was canceled, behind its last finished step",
		`  aofctl get runs --state failed
  aofctl retry run 01KAHZ3W8G0000000000000000-1`, (*client.Client).Retry)
}

// newControl makes a verb that asks something of a run.
func newControl(c *console, use, short, example string, ask func(*client.Client, context.Context, string) (admin.Changed, error)) *cobra.Command {
	var daemon daemonFlags
	cmd := &cobra.Command{
		Use:     use,
		Short:   short,
		Example: example,
		Args:    takes(2, 2, `the word "run" and a run's id`),
		RunE: func(cmd *cobra.Command, args []string) error {
			if args[0] != "run" && args[0] != "runs" {
				return &usageError{fmt.Errorf("cannot %s %q: only runs", cmd.Name(), args[0])}
			}
			changed, err := ask(daemon.client(c, cmd), cmd.Context(), args[1])
			if err != nil {
				return err
			}
			c.printf("run %s is %s\n", changed.Run, progress(cmd.Name(), changed.State))
			return nil
		},
	}
	daemon.register(cmd)
	return cmd
}

// progress says what a run is now; one that is at work ends in a moment.
func progress(verb string, state store.State) string {
	if verb == "cancel" && state == store.StateRunning {
		return "being canceled"
	}
	return string(state)
}
