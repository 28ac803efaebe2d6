package cli

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"github.com/aofctl/aofctl/internal/admin"
	"github.com/aofctl/aofctl/internal/admin/client"
	"github.com/aofctl/aofctl/internal/app"
	"github.com/aofctl/aofctl/internal/manifest"
	"github.com/aofctl/aofctl/internal/run"
	"github.com/aofctl/aofctl/internal/store"
)

// replayFlags are those of replay.
type replayFlags struct {
	daemon  daemonFlags
	output  outputFlag
	against string
	config  string
	trigger string
	since   time.Duration
	dryRun  bool
	by      string
	limit   int
}

func newReplay(c *console) *cobra.Command {
	f := replayFlags{}
	cmd := &cobra.Command{
		Use:   "replay [delivery or run]",
		Short: "Run past events once more and compare the actions",
		Long: `Run past events once more and compare what is done now with what was done then.
A run is repeated for the same target, a delivery goes to what the routing says
today. With --against, the target's manifest comes from a directory of yours that
the daemon has not loaded; that, and several at once, only in a dry run, which
changes nothing.`,
		Example: `  aofctl replay 01KAHZ3W8G0000000000000000-1 --dry-run
  aofctl replay 01KAHZ3W8G0000000000000000-1 --dry-run --against ./changed/
  aofctl replay --since 168h --trigger bug-triage --dry-run --against ./changed/`,
		Args: takes(0, 1, "at most one delivery or run"),
		RunE: func(cmd *cobra.Command, args []string) error {
			switch {
			case len(args) == 0 && f.since == 0:
				return &usageError{errors.New("name a delivery or a run, or say --since")}
			case (len(args) == 0 || f.against != "") && !f.dryRun:
				return &usageError{errors.New("--since and --against replay in a dry run only: add --dry-run")}
			}
			return c.replay(cmd.Context(), f.daemon.client(c, cmd), args, &f)
		},
	}
	f.daemon.register(cmd)
	f.output.register(cmd)
	fl := cmd.Flags()
	fl.StringVar(&f.against, "against", "", "a `directory` with the manifests to try")
	fl.StringVar(&f.config, "config", "", "the daemon's configuration `file`, for the names in --against; none if not given")
	fl.StringVar(&f.trigger, "trigger", "", "with --since: only runs of this trigger")
	fl.DurationVar(&f.since, "since", 0, "replay the runs of this long ago and younger, such as 168h")
	fl.BoolVar(&f.dryRun, "dry-run", false, "change nothing, record what would have been done")
	fl.StringVar(&f.by, "by", c.getenv("USER"), "who asks, for the history")
	fl.IntVar(&f.limit, "limit", 100, "with --since: how many runs at most")
	return cmd
}

// replayed is one run then and now.
type replayed struct {
	Then    admin.RunDetail `json:"then"`
	Now     admin.RunDetail `json:"now"`
	Changes []change        `json:"changes"`
}

func (c *console) replay(ctx context.Context, daemon *client.Client, args []string, f *replayFlags) error {
	then, orders, err := c.orders(ctx, daemon, args, f)
	if err != nil {
		return err
	}
	var list []replayed
	failed := 0
	for i, o := range orders {
		ordered, err := daemon.Order(ctx, o)
		if err != nil {
			return err
		}
		now, err := ended(ctx, daemon, ordered.Delivery)
		if err != nil {
			return fmt.Errorf("replay %s: %w", o.Delivery, err)
		}
		for k, r := range now {
			one := replayed{Now: r}
			if k < len(then[i]) {
				one.Then = then[i][k]
			}
			one.Changes = compare(one.Then.StepList, r.StepList)
			if r.State != store.StateSucceeded && r.State != store.StateWaiting {
				failed++
			}
			list = append(list, one)
		}
	}
	if err := f.output.write(c, list, func() { c.showReplays(list) }); err != nil {
		return err
	}
	if failed > 0 {
		return &failure{exitFailure}
	}
	return nil
}

// orders are what is to be replayed, with the runs that there were then.
func (c *console) orders(ctx context.Context, daemon *client.Client, args []string, f *replayFlags) (then [][]admin.RunDetail, orders []run.Order, err error) {
	runs, delivery, err := past(ctx, daemon, args, f)
	if err != nil {
		return nil, nil, err
	}
	if delivery != "" && f.against == "" { // it goes where the routing says
		details, err := detailsOf(ctx, daemon, runs)
		return [][]admin.RunDetail{details}, []run.Order{{Delivery: delivery, DryRun: f.dryRun, By: f.by}}, err
	}
	if len(runs) == 0 {
		return nil, nil, errors.New("there is no run to repeat")
	}
	cat, err := c.alternative(ctx, f)
	if err != nil {
		return nil, nil, err
	}
	for _, r := range runs {
		o := run.Order{Kind: r.TargetKind, Name: r.Target, Delivery: r.Delivery, DryRun: f.dryRun, By: f.by, Source: f.against}
		if o.Manifest, err = manifestOf(cat, r); err != nil {
			return nil, nil, err
		}
		details, err := detailsOf(ctx, daemon, []store.Run{r})
		if err != nil {
			return nil, nil, err
		}
		then, orders = append(then, details), append(orders, o)
	}
	return then, orders, nil
}

// past are the runs to repeat; the delivery is named if that is what is to be
// replayed.
func past(ctx context.Context, daemon *client.Client, args []string, f *replayFlags) (runs []store.Run, delivery string, err error) {
	if len(args) == 0 {
		runs, err = recent(ctx, daemon, f)
		return runs, "", err
	}
	if one, err := daemon.Run(ctx, args[0]); err == nil {
		return []store.Run{one.Run}, "", nil
	}
	d, err := daemon.Delivery(ctx, args[0])
	if err != nil {
		return nil, "", err
	}
	return repeatable(d.Runs), d.ID, nil
}

// recent are the runs of the last time that --since names, the oldest first.
func recent(ctx context.Context, daemon *client.Client, f *replayFlags) ([]store.Run, error) {
	all, err := daemon.Runs(ctx, url.Values{"limit": {strconv.Itoa(1000)}})
	if err != nil {
		return nil, err
	}
	after := time.Now().Add(-f.since)
	list := slices.DeleteFunc(repeatable(all), func(r store.Run) bool {
		return r.Created.Before(after) || f.trigger != "" && r.Trigger != f.trigger || !r.State.Terminal()
	})
	slices.Reverse(list)
	return list[max(len(list)-f.limit, 0):], nil
}

// repeatable leaves out what is no target of a manifest, and what an operator
// asked for.
func repeatable(runs []store.Run) []store.Run {
	return slices.DeleteFunc(slices.Clone(runs), func(r store.Run) bool {
		return !slices.Contains([]string{"agent", "fleet", "flow"}, r.TargetKind) || r.EventType == "operator_run" || r.Trigger == "operator (dry run)"
	})
}

func detailsOf(ctx context.Context, daemon *client.Client, runs []store.Run) ([]admin.RunDetail, error) {
	list := make([]admin.RunDetail, 0, len(runs))
	for _, r := range runs {
		detail, err := daemon.Run(ctx, r.ID)
		if err != nil {
			return nil, err
		}
		list = append(list, detail)
	}
	return list, nil
}

// alternative loads the manifests to try; nil for those that are in force.
func (c *console) alternative(ctx context.Context, f *replayFlags) (*manifest.Catalog, error) {
	if f.against == "" {
		return nil, nil //nolint:nilnil // there is none
	}
	var d *manifest.Daemon
	if f.config != "" {
		var err error
		if d, err = c.loadDaemon(f.config); err != nil {
			return nil, err
		}
	}
	known, err := app.Known(d, c.env)
	if err != nil {
		return nil, err
	}
	return manifest.LoadCatalog(ctx, []manifest.Directory{{Path: f.against}}, known)
}

// manifestOf is the text of a run's target in the alternative.
func manifestOf(cat *manifest.Catalog, r store.Run) (string, error) {
	if cat == nil {
		return "", nil
	}
	target := manifest.Target{Kind: manifest.TargetKind(r.TargetKind), Name: r.Target}
	if a := cat.Agents[r.Target]; a != nil && target.Kind == manifest.TargetAgent {
		return a.Text, nil
	}
	text, _, found := cat.Bundle(target)
	if !found || target.Kind == manifest.TargetAgent {
		return "", fmt.Errorf("there is no %s among the manifests to try", target)
	}
	return text, nil
}
