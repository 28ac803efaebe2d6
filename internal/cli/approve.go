package cli

import (
	"encoding/json"
	"net/url"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/aofctl/aofctl/internal/approval"
	"github.com/aofctl/aofctl/internal/store"
)

func newApprove(c *console) *cobra.Command {
	return newDecision(c, true, "approve <code>", "Let a run do what it asked for", `  aofctl get approvals
  aofctl describe approval K7QX2M
  aofctl approve K7QX2M
  aofctl approve K7QX2M --items 1,3        # of several proposals`)
}

func newReject(c *console) *cobra.Command {
	return newDecision(c, false, "reject <code>", "Refuse what a run asked for", `  aofctl reject K7QX2M --reason "not before the release"`)
}

func newDecision(c *console, approve bool, use, short, example string) *cobra.Command {
	var daemon daemonFlags
	var by, reason, items string
	cmd := &cobra.Command{
		Use:     use,
		Short:   short,
		Example: example,
		Args:    takes(1, 1, "a question's code"),
		RunE: func(cmd *cobra.Command, args []string) error {
			q := url.Values{}
			for name, value := range map[string]string{"by": by, "reason": reason, "items": items} {
				if value != "" {
					q.Set(name, value)
				}
			}
			decided, err := daemon.client(c, cmd).Decide(cmd.Context(), args[0], approve, q)
			if err != nil {
				return err
			}
			c.printf("question %s of run %s is %s\n", decided.Code, decided.Run, decided.State)
			return nil
		},
	}
	daemon.register(cmd)
	cmd.Flags().StringVar(&by, "by", c.getenv("USER"), "who decides, for the audit log")
	cmd.Flags().StringVar(&reason, "reason", "", "why; the agent is told")
	if approve {
		cmd.Flags().StringVar(&items, "items", "", "the `numbers` of the proposals to approve; all if not given")
	}
	return cmd
}

func (c *console) approvalsTable(list []store.Approval) {
	now := time.Now()
	rows := make([][]string, len(list))
	for i, a := range list {
		rows[i] = []string{a.Code, age(now, a.Created), string(a.State), a.Kind, dash(a.IssueKey), a.Run, oneLine(asks(a), 60)}
	}
	c.table([]string{"CODE", "AGE", "STATE", "KIND", "ISSUE", "RUN", "ASKS FOR"}, rows)
}

// asks is a question in one line.
func asks(a store.Approval) string {
	var q approval.Question
	if err := json.Unmarshal(a.Asks, &q); err != nil {
		return "?"
	}
	var parts []string
	for _, item := range q.Items {
		parts = append(parts, item.Tool+" "+string(item.Args))
	}
	if q.Text != "" {
		parts = append(parts, q.Text)
	}
	return strings.Join(parts, "; ")
}

func (c *console) describeApproval(a store.Approval) {
	c.printf("Question   %s\nState      %s\nRun        %s\nIssue      %s\nAsked      %s\n", a.Code, a.State, a.Run, dash(a.IssueKey),
		a.Created.Local().Format(time.DateTime))
	if !a.Expires.IsZero() && a.State == store.ApprovalOpen {
		c.printf("Open until %s\n", a.Expires.Local().Format(time.DateTime))
	}
	if a.DecidedBy != "" {
		c.printf("Decided by %s at %s\n", a.DecidedBy, a.Decided.Local().Format(time.DateTime))
	}
	var q approval.Question
	if err := json.Unmarshal(a.Asks, &q); err != nil {
		c.printf("\n%s\n", a.Asks)
		return
	}
	c.printf("\n%s\n", q.Whole(a.Code, a.Expires))
}
