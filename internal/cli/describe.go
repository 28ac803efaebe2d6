package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/aofctl/aofctl/internal/admin"
	"github.com/aofctl/aofctl/internal/admin/client"
	"github.com/aofctl/aofctl/internal/route"
	"github.com/aofctl/aofctl/internal/store"
)

func newDescribe(c *console) *cobra.Command {
	var daemon daemonFlags
	var output outputFlag
	cmd := &cobra.Command{
		Use:   "describe <delivery|run|trigger|agent|fleet|flow|approval|task|installation> <id, name or code>",
		Short: "Show one thing whole: a delivery with its routing, a run with its steps",
		Example: `  aofctl describe run 01KAHZ3W8G0000000000000000-1
  aofctl describe delivery 01KAHZ3W8G0000000000000000
  aofctl describe trigger bug-triage`,
		Args: takes(2, 2, "a kind and an id or name"),
		RunE: func(cmd *cobra.Command, args []string) error {
			kind, err := kindOf("describe", args[0])
			if err != nil {
				return err
			}
			return c.describe(cmd.Context(), daemon.client(c, cmd), kind, args[1], output)
		},
	}
	daemon.register(cmd)
	output.register(cmd)
	return cmd
}

func (c *console) describe(ctx context.Context, daemon *client.Client, kind, id string, output outputFlag) error {
	switch kind {
	case "deliveries":
		d, err := daemon.Delivery(ctx, id)
		if err != nil {
			return err
		}
		return output.write(c, d, func() { c.showDelivery(d) })
	case "runs":
		r, err := daemon.Run(ctx, id)
		if err != nil {
			return err
		}
		return output.write(c, r, func() { c.showRun(r) })
	case "approvals":
		a, err := daemon.Approval(ctx, id)
		if err != nil {
			return err
		}
		return output.write(c, a, func() { c.describeApproval(a) })
	case "tasks":
		t, err := daemon.Task(ctx, id)
		if err != nil {
			return err
		}
		return output.write(c, t, func() { c.showTask(t) })
	case "installations":
		one, err := daemon.Installation(ctx, id)
		if err != nil {
			return err
		}
		return output.write(c, one, func() { c.showInstallation(one) })
	default:
		m, err := daemon.Manifest(ctx, kind, id)
		if err != nil {
			return err
		}
		return output.write(c, m, func() {
			c.printf("# %s %s, revision %s, from %s\n%s\n", m.Kind, m.Name, m.Revision, m.Source, strings.TrimSpace(m.Text))
		})
	}
}

func (c *console) showDelivery(d admin.DeliveryDetail) {
	c.printf("Delivery:   %s\n", d.ID)
	c.printf("Received:   %s\n", d.Received.Format(time.RFC3339Nano))
	c.printf("Source:     %s\n", strings.TrimSuffix(d.Source+" "+d.Site, " "))
	c.printf("Identity:   %s\n", d.Identity)
	c.printf("Signed by:  %s\n", dash(strings.Join(d.SignedBy, ", ")))
	c.printf("Event:      %s\n", dash(d.EventType))
	c.printf("Issue:      %s\n", dash(d.IssueKey))
	c.printf("State:      %s\n", d.State)
	if d.Reason != "" {
		c.printf("Reason:     %s\n", reasonText(d.Reason))
	}
	c.showDecision(d.Decision)
	for _, r := range d.Runs {
		c.printf("Run:        %s  %s/%s  %s\n", r.ID, r.TargetKind, r.Target, r.State)
	}
	c.printf("Payload:    %d bytes (-o json shows it)\n", len(d.Payload))
}

// showDecision explains what the router made of an event.
func (c *console) showDecision(raw json.RawMessage) {
	var d struct {
		Misses []route.Miss `json:"misses"`
	}
	if len(raw) == 0 || json.Unmarshal(raw, &d) != nil {
		return
	}
	c.explain(d.Misses)
}

// explain prints why triggers that came near did not take an event.
func (c *console) explain(misses []route.Miss) {
	if len(misses) == 0 {
		return
	}
	c.printf("Near misses:\n")
	for _, m := range misses {
		who := "the site's configuration"
		if m.Trigger != "" {
			who = fmt.Sprintf("trigger %s (%s)", m.Trigger, m.Source)
		}
		c.printf("  %s: %s wants %s, the event has %s\n", who, m.Clause, dash(m.Want), dash(m.Got))
	}
}

// reasonText says in words what a reason of the router means; other texts stay
// as they are.
func reasonText(reason string) string {
	switch reason {
	case route.ReasonOwnAccount:
		return "our own account did this"
	case route.ReasonOwnComment:
		return "we wrote this comment"
	case route.ReasonBot:
		return "an app did this, and triggers ignore apps unless ignore_bots is false"
	case route.ReasonNotAllowed:
		return "the site's allowed_projects, allowed_events or allowed_users refuse it"
	case route.ReasonNoTrigger:
		return "no trigger asks for this event"
	case route.ReasonFiltered:
		return "the filters of the triggers for this event refuse it"
	case route.ReasonNoCommand:
		return "the triggers for this event wait for a command, and it has none of theirs"
	case route.ReasonOldCommands:
		return "the commands were in the comment before it was edited"
	case route.ReasonTooDeep:
		return "automations answered each other too often before this"
	case route.ReasonPing:
		return "GitHub says hello to a new webhook"
	case route.ReasonNeedsData:
		return "filters need what the event does not tell"
	}
	return reason
}

func (c *console) showRun(r admin.RunDetail) {
	c.printf("Run:        %s\n", r.ID)
	c.printf("State:      %s\n", r.State)
	c.showTurns(r.Run)
	c.printf("Target:     %s/%s, revision %s\n", r.TargetKind, r.Target, dash(r.Revision))
	c.printf("Trigger:    %s\n", r.Trigger)
	c.printf("Event:      %s on %s by %s\n", r.EventType, dash(r.IssueKey), dash(r.Actor))
	c.printf("Delivery:   %s\n", r.Delivery)
	c.printf("Queued:     %s\n", r.Created.Format(time.RFC3339Nano))
	if !r.Finished.IsZero() && !r.Started.IsZero() {
		c.printf("Took:       %s, after waiting %s\n", r.Finished.Sub(r.Started).Round(time.Millisecond), r.Started.Sub(r.Created).Round(time.Millisecond))
	}
	c.printf("Tokens:     %d in (%d cached), %d out, %s\n", r.TokensIn, r.TokensCached, r.TokensOut, dollars(r.CostMicroUSD))
	if r.Error != "" {
		c.printf("Error:      %s\n", r.Error)
	}
	if r.Wiped {
		c.printf("Wiped:      what was said in the run is deleted, as storage.retention.transcripts says\n")
		return
	}
	c.printf("Steps:\n")
	c.showSteps(r.StepList)
	if r.Result != "" {
		c.printf("Result:\n  %s\n", strings.ReplaceAll(r.Result, "\n", "\n  "))
	}
}

// showTurns tells what is out of the ordinary in a run's life.
func (c *console) showTurns(r store.Run) {
	if r.InDoubt {
		c.printf("In doubt:   a write was sent of which nobody can tell whether it happened; look at the issue\n")
	}
	if r.WaitsFor != "" {
		c.printf("Waits for:  %s\n", r.WaitsFor)
	}
	if !r.WakeAt.IsZero() {
		c.printf("Goes on:    %s\n", r.WakeAt.Format(time.RFC3339))
	}
	if r.Owner != "" {
		c.printf("At work on: %s\n", r.Owner)
	}
	if r.Attempt > 1 {
		c.printf("Attempt:    %d (%d asked for)\n", r.Attempt, r.Retries)
	}
	if r.CanceledBy != "" {
		c.printf("Canceled:   by %s\n", r.CanceledBy)
	}
}
