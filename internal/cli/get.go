package cli

import (
	"context"
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/aofctl/aofctl/internal/admin"
	"github.com/aofctl/aofctl/internal/admin/client"
	"github.com/aofctl/aofctl/internal/store"
)

// kinds are what get lists and, one of them, describe shows.
func kinds() []string {
	return []string{"deliveries", "runs", "triggers", "agents", "fleets", "flows", "approvals", "tasks", "installations"}
}

// kindOf takes a kind in the plural or the singular.
func kindOf(verb, name string) (string, error) {
	for _, kind := range kinds() {
		if name == kind || name == singular(kind) {
			return kind, nil
		}
	}
	return "", &usageError{fmt.Errorf("cannot %s %q: it is one of %s", verb, name, strings.Join(kinds(), ", "))}
}

func singular(kind string) string {
	if kind == "deliveries" {
		return "delivery"
	}
	return strings.TrimSuffix(kind, "s")
}

// getFlags narrow a list.
type getFlags struct {
	daemon daemonFlags
	output outputFlag
	state  string
	issue  string
	target string
	limit  int
}

func newGet(c *console) *cobra.Command {
	var f getFlags
	cmd := &cobra.Command{
		Use:   "get <" + strings.Join(kinds(), "|") + ">",
		Short: "List what a running daemon has and did",
		Example: `  aofctl get runs
  aofctl get runs --state failed --issue PROJ-1
  aofctl get deliveries --state ignored -o json`,
		Args:      takes(1, 1, "one of "+strings.Join(kinds(), ", ")),
		ValidArgs: kinds(),
		RunE: func(cmd *cobra.Command, args []string) error {
			kind, err := kindOf("list", args[0])
			if err != nil {
				return err
			}
			return c.get(cmd.Context(), f.daemon.client(c, cmd), kind, f)
		},
	}
	f.daemon.register(cmd)
	f.output.register(cmd)
	cmd.Flags().StringVar(&f.state, "state", "", "only those in this `state`")
	cmd.Flags().StringVar(&f.issue, "issue", "", "only those of this issue `key`, or of a page, as page:123")
	cmd.Flags().StringVar(&f.target, "target", "", "only runs of this agent, fleet or flow")
	cmd.Flags().IntVar(&f.limit, "limit", 50, "how many, newest first, at most 1000")
	return cmd
}

func (f *getFlags) query() url.Values {
	q := url.Values{"limit": {strconv.Itoa(f.limit)}}
	for name, value := range map[string]string{"state": f.state, "issue": f.issue, "target": f.target} {
		if value != "" {
			q.Set(name, value)
		}
	}
	return q
}

func (c *console) get(ctx context.Context, daemon *client.Client, kind string, f getFlags) error {
	switch kind {
	case "deliveries":
		list, err := daemon.Deliveries(ctx, f.query())
		if err != nil {
			return err
		}
		return f.output.write(c, list, func() { c.deliveriesTable(list) })
	case "runs":
		list, err := daemon.Runs(ctx, f.query())
		if err != nil {
			return err
		}
		return f.output.write(c, list, func() { c.runsTable(list) })
	case "approvals":
		list, err := daemon.Approvals(ctx, f.query())
		if err != nil {
			return err
		}
		return f.output.write(c, list, func() { c.approvalsTable(list) })
	case "tasks":
		list, err := daemon.Tasks(ctx, f.query())
		if err != nil {
			return err
		}
		return f.output.write(c, list, func() { c.tasksTable(list) })
	case "installations":
		list, err := daemon.Installations(ctx)
		if err != nil {
			return err
		}
		return f.output.write(c, list, func() { c.installationsTable(list) })
	default:
		list, err := daemon.Manifests(ctx, kind)
		if err != nil {
			return err
		}
		return f.output.write(c, list, func() { c.manifestsTable(list) })
	}
}

func (c *console) deliveriesTable(list []admin.Delivery) {
	now := time.Now()
	rows := make([][]string, len(list))
	for i, d := range list {
		rows[i] = []string{d.ID, age(now, d.Received), d.Source, dash(d.EventType), dash(d.IssueKey), string(d.State), oneLine(reasonText(d.Reason), 60)}
	}
	c.table([]string{"ID", "AGE", "SOURCE", "EVENT", "ISSUE", "STATE", "REASON"}, rows)
}

func (c *console) runsTable(list []store.Run) {
	now := time.Now()
	rows := make([][]string, len(list))
	for i, r := range list {
		rows[i] = []string{r.ID, age(now, r.Created), string(r.State), r.TargetKind + "/" + r.Target, dash(r.IssueKey), r.EventType,
			strconv.Itoa(r.Steps), strconv.FormatInt(r.TokensIn+r.TokensOut, 10), dollars(r.CostMicroUSD), oneLine(runNote(r), 60)}
	}
	c.table([]string{"ID", "AGE", "STATE", "TARGET", "ISSUE", "EVENT", "STEPS", "TOKENS", "COST", "NOTE"}, rows)
}

// runNote says what went wrong with a run, or what it waits for.
func runNote(r store.Run) string {
	note := r.Error
	if r.WaitsFor != "" {
		note = "waits for " + r.WaitsFor
	}
	if !r.WakeAt.IsZero() {
		note += " until " + r.WakeAt.Local().Format(time.DateTime)
	}
	if r.InDoubt {
		note = "in doubt: " + note
	}
	return note
}

func (c *console) manifestsTable(list []admin.Manifest) {
	rows := make([][]string, len(list))
	for i, m := range list {
		rows[i] = []string{m.Name, m.Summary, m.Revision, m.Source}
	}
	c.table([]string{"NAME", "SUMMARY", "REVISION", "SOURCE"}, rows)
}
