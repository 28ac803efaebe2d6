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
	"github.com/aofctl/aofctl/internal/event"
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
A run is repeated for the same target with all that it was given, a delivery goes
to what the routing says today. With --against, the target's manifest comes from a
directory of yours that the daemon has not loaded; that, and several at once, only
in a dry run, which changes nothing.`,
		Example: `  aofctl replay 01KAHZ3W8G0000000000000000-1 --dry-run
  aofctl replay 01KAHZ3W8G0000000000000000-1 --dry-run --against ./changed/
  aofctl replay --since 168h --trigger bug-triage --dry-run --against ./changed/`,
		Args: takes(0, 1, "at most one delivery or run"),
		RunE: func(cmd *cobra.Command, args []string) error {
			switch {
			case len(args) == 0 && f.since <= 0:
				return &usageError{errors.New("name a delivery or a run, or say --since")}
			case len(args) > 0 && (f.since != 0 || f.trigger != ""):
				return &usageError{errors.New("--since and --trigger choose runs in the place of a name: give one or the other")}
			case f.limit < 1:
				return &usageError{errors.New("--limit is a number from 1 on")}
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

// replayed is one run then and now. One of them is empty if there is only the
// other.
type replayed struct {
	Then    admin.RunDetail `json:"then"`
	Now     admin.RunDetail `json:"now"`
	Changes []change        `json:"changes"`
	// Error says why it could not be repeated; "" if it was.
	Error string `json:"error,omitempty"`
}

func (r replayed) failed() bool {
	now := r.Now.State
	return r.Error != "" || now != "" && now != store.StateSucceeded && now != store.StateWaiting
}

func (c *console) replay(ctx context.Context, daemon *client.Client, args []string, f *replayFlags) error {
	then, orders, err := c.orders(ctx, daemon, args, f)
	if err != nil {
		return err
	}
	var list []replayed
	failed := false
	for i, o := range orders {
		some, err := repeat(ctx, daemon, o, then[i])
		if err != nil && (len(orders) == 1 || ctx.Err() != nil) {
			return err
		}
		if err != nil { // the others are worth it
			some = []replayed{{Then: then[i][0], Error: err.Error()}}
		}
		list = append(list, some...)
		failed = failed || slices.ContainsFunc(some, replayed.failed)
	}
	if err := f.output.write(c, list, func() { c.showReplays(list) }); err != nil {
		return err
	}
	if failed {
		return &failure{exitFailure}
	}
	return nil
}

// repeat carries out an order and puts the runs side by side with those of then.
func repeat(ctx context.Context, daemon *client.Client, o run.Order, then []admin.RunDetail) ([]replayed, error) {
	ordered, err := daemon.Order(ctx, o)
	if err != nil {
		return nil, err
	}
	now, err := ended(ctx, daemon, ordered.Delivery)
	if err != nil {
		return nil, fmt.Errorf("replay %s: %w", o.Run+o.Delivery, err)
	}
	return pair(then, now), nil
}

// pair puts runs of the same target side by side, in the order of now; what is not
// run any more comes last.
func pair(then, now []admin.RunDetail) []replayed {
	var list []replayed
	left := slices.Clone(then)
	for _, r := range now {
		one := replayed{Now: r}
		if i := slices.IndexFunc(left, func(t admin.RunDetail) bool { return t.TargetKind == r.TargetKind && t.Target == r.Target }); i >= 0 {
			one.Then = left[i]
			left = slices.Delete(left, i, i+1)
		}
		list = append(list, one)
	}
	for _, t := range left {
		list = append(list, replayed{Then: t})
	}
	for i := range list {
		list[i].Changes = compare(list[i].Then.StepList, list[i].Now.StepList)
	}
	return list
}

// orders are what is to be replayed, with the runs that there were then.
func (c *console) orders(ctx context.Context, daemon *client.Client, args []string, f *replayFlags) (then [][]admin.RunDetail, orders []run.Order, err error) {
	runs, delivery, err := c.past(ctx, daemon, args, f)
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
		o := run.Order{Run: r.ID, DryRun: f.dryRun, By: f.by, Source: f.against}
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
func (c *console) past(ctx context.Context, daemon *client.Client, args []string, f *replayFlags) (runs []store.Run, delivery string, err error) {
	if len(args) == 0 {
		runs, err = c.recent(ctx, daemon, f)
		return runs, "", err
	}
	if one, err := daemon.Run(ctx, args[0]); err == nil {
		return []store.Run{one.Run}, "", nil
	}
	d, err := daemon.Delivery(ctx, args[0])
	if err != nil {
		return nil, "", err
	}
	runs = slices.DeleteFunc(d.Runs, func(r store.Run) bool { return !repeatable(r) })
	if d.Source == event.SourceOperator { // no routing is asked about an order
		return runs, "", nil
	}
	return runs, d.ID, nil
}

// recent are the runs of the last time that --since names, the oldest first.
func (c *console) recent(ctx context.Context, daemon *client.Client, f *replayFlags) ([]store.Run, error) {
	after := time.Now().Add(-f.since)
	var list []store.Run
	query := url.Values{"limit": {"1000"}}
	for {
		page, err := daemon.Runs(ctx, query)
		if err != nil {
			return nil, err
		}
		for _, r := range page {
			ofOperator := r.Source == event.SourceOperator || r.EventType == "operator_run"
			if repeatable(r) && !ofOperator && !r.Created.Before(after) && r.State.Terminal() && (f.trigger == "" || r.Trigger == f.trigger) {
				list = append(list, r)
			}
		}
		if len(page) == 0 || len(list) > f.limit || page[len(page)-1].Created.Before(after) {
			break
		}
		query.Set("before", strconv.FormatInt(page[len(page)-1].Seq, 10))
	}
	if len(list) > f.limit {
		_, _ = fmt.Fprintf(c.err, "aofctl: there are more than %d such runs; only the newest are replayed: see --limit\n", f.limit)
		list = list[:f.limit]
	}
	slices.Reverse(list)
	return list, nil
}

// repeatable reports whether a run is of a target that has a manifest.
func repeatable(r store.Run) bool {
	return slices.Contains([]string{"agent", "fleet", "flow"}, r.TargetKind)
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
