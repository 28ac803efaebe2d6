package cli

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/aofctl/aofctl/internal/admin"
	"github.com/aofctl/aofctl/internal/admin/client"
	"github.com/aofctl/aofctl/internal/run"
	"github.com/aofctl/aofctl/internal/store"
	"github.com/aofctl/aofctl/internal/store/inbox"
)

// lookInterval is how often a verb looks whether a run has ended.
const lookInterval = 200 * time.Millisecond

// shortPause is what a verb waits for, too: models and platforms ask for pauses of
// that length.
const shortPause = 2 * time.Minute

func newRun(c *console) *cobra.Command {
	var daemon daemonFlags
	var output outputFlag
	var o run.Order
	var detach bool
	cmd := &cobra.Command{
		Use:   "run <agent|fleet|flow> <name>",
		Short: "Have a running daemon run an agent, a fleet or a flow now",
		Long: `Have a running daemon run an agent, a fleet or a flow now, on an issue or a page
if one is named, and wait until it has ended. The run is queued with the others of
the issue or page, is in the history, and is limited as any other. A dry run reads,
and records what it would have written.`,
		Example: `  aofctl run agent bug-triager --issue PROJ-1 --dry-run
  aofctl run flow escalation-flow --issue SUP-7 --args "customer is down"
  aofctl run agent spec-keeper --page 65824
  aofctl run fleet sprint-fleet --param board=12 --detach`,
		Args: takes(2, 2, "one of agent, fleet and flow, and a name"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if args[0] != "agent" && args[0] != "fleet" && args[0] != "flow" {
				return &usageError{fmt.Errorf("cannot run %q: only an agent, a fleet or a flow", args[0])}
			}
			o.Kind, o.Name, o.Issue = args[0], args[1], strings.ToUpper(o.Issue)
			if err := o.Check(); err != nil {
				return &usageError{err}
			}
			ordered, err := daemon.client(c, cmd).Order(cmd.Context(), o)
			if err != nil {
				return err
			}
			if detach {
				c.printf("ordered by delivery %s\n", ordered.Delivery)
				return nil
			}
			return c.awaitRuns(cmd.Context(), daemon.client(c, cmd), ordered.Delivery, output)
		},
	}
	daemon.register(cmd)
	output.register(cmd)
	f := cmd.Flags()
	f.StringVar(&o.Issue, "issue", "", "the `key` of the issue to work on")
	f.StringVar(&o.Page, "page", "", "the `id` or address of the page of Confluence to work on")
	f.StringVar(&o.Site, "site", "", "the `name` of the Jira site, if there are several")
	f.BoolVar(&o.DryRun, "dry-run", false, "change nothing, record what would have been done")
	f.StringVar(&o.Args, "args", "", "what would follow a command in its line")
	f.StringToStringVar(&o.Params, "param", nil, "`key=value` as behind a command; may be repeated")
	f.StringVar(&o.By, "by", c.getenv("USER"), "who asks, for the history")
	f.BoolVar(&detach, "detach", false, "do not wait for the end")
	return cmd
}

// awaitRuns waits until the runs of a delivery have ended, or wait for somebody,
// and shows them. It fails if one did.
func (c *console) awaitRuns(ctx context.Context, daemon *client.Client, delivery string, output outputFlag) error {
	ended, err := ended(ctx, daemon, delivery)
	if err != nil {
		return err
	}
	if err := output.write(c, ended, func() {
		for _, r := range ended {
			c.showRun(r)
		}
	}); err != nil {
		return err
	}
	for _, r := range ended {
		if r.State != store.StateSucceeded && r.State != store.StateWaiting {
			return &failure{exitFailure}
		}
	}
	return nil
}

// ended waits for the runs of a delivery. One that waits for a decision of people
// or for a time may do so for days: it is taken as it is.
func ended(ctx context.Context, daemon *client.Client, delivery string) ([]admin.RunDetail, error) {
	tick := time.NewTicker(lookInterval)
	defer tick.Stop()
	for {
		d, err := daemon.Delivery(ctx, delivery)
		if err != nil {
			return nil, err
		}
		if d.State == inbox.StateFailed || d.State == inbox.StateIgnored {
			return nil, fmt.Errorf("nothing was run: %s", d.Reason)
		}
		if done, err := settled(ctx, daemon, d.Runs); done != nil || err != nil {
			return done, err
		}
		select {
		case <-ctx.Done():
			return nil, errors.New("interrupted; the run goes on: aofctl get deliveries, aofctl cancel run")
		case <-tick.C:
		}
	}
}

// settled returns the runs with their steps; nil while one is still at work, or
// only pauses before another try.
func settled(ctx context.Context, daemon *client.Client, runs []store.Run) ([]admin.RunDetail, error) {
	var list []admin.RunDetail
	for _, r := range runs {
		pauses := r.State == store.StateWaiting && !r.WakeAt.IsZero() && time.Until(r.WakeAt) < shortPause
		if !r.State.Terminal() && (r.State != store.StateWaiting || pauses) {
			return nil, nil
		}
		detail, err := daemon.Run(ctx, r.ID)
		if err != nil {
			return nil, err
		}
		list = append(list, detail)
	}
	return list, nil
}
