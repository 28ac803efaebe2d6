package cli

import (
	"cmp"
	"encoding/json"
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/aofctl/aofctl/internal/admin/client"
	"github.com/aofctl/aofctl/internal/store"
)

func newAudit(c *console) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "audit <list|verify|export>",
		Short: "Read and check the audit log: who did what, and why",
		Args:  takes(0, 0, "one of list, verify and export"),
		RunE:  func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(newAuditList(c), newAuditVerify(c), newAuditExport(c))
	return cmd
}

// auditFlags narrow the rows.
type auditFlags struct {
	daemon daemonFlags
	run    string
	kind   string
	since  time.Duration
}

func (f *auditFlags) register(cmd *cobra.Command) {
	f.daemon.register(cmd)
	cmd.Flags().StringVar(&f.run, "run", "", "only rows of this run's `id`")
	cmd.Flags().StringVar(&f.kind, "kind", "", "only rows of this kind: tool, approval, admin or config")
	cmd.Flags().DurationVar(&f.since, "since", 0, "only rows of this long ago and younger, such as 24h")
}

func (f *auditFlags) query() url.Values {
	q := url.Values{}
	for name, value := range map[string]string{"run": f.run, "kind": f.kind} {
		if value != "" {
			q.Set(name, value)
		}
	}
	if f.since > 0 {
		q.Set("since", time.Now().Add(-f.since).UTC().Format(time.RFC3339))
	}
	return q
}

func newAuditList(c *console) *cobra.Command {
	var f auditFlags
	var output outputFlag
	limit := 50
	cmd := &cobra.Command{
		Use:     "list",
		Short:   "Show the newest rows of the audit log",
		Example: "  aofctl audit list --since 24h\n  aofctl audit list --run 01KAHZ3W8G0000000000000000-1 -o json",
		Args:    takes(0, 0, "no arguments"),
		RunE: func(cmd *cobra.Command, _ []string) error {
			q := f.query()
			q.Set("newest", "true")
			q.Set("limit", strconv.Itoa(limit))
			list, err := f.daemon.client(c, cmd).Audit(cmd.Context(), q)
			if err != nil {
				return err
			}
			return output.write(c, list, func() { c.auditTable(list) })
		},
	}
	f.register(cmd)
	output.register(cmd)
	cmd.Flags().IntVar(&limit, "limit", limit, "how many, newest first, at most 1000")
	return cmd
}

// deed is what rows of the audit log have in common, as far as they have it.
type deed struct {
	Agent     string `json:"agent"`
	Tool      string `json:"tool"`
	Target    string `json:"target"`
	Space     string `json:"space"`
	IssueKey  string `json:"issue_key"`
	Rule      string `json:"rule"`
	Failed    bool   `json:"failed"`
	InDoubt   bool   `json:"in_doubt"`
	Reason    string `json:"reason"`
	Code      string `json:"code"`
	State     string `json:"state"`
	DecidedBy string `json:"decided_by"`
	By        string `json:"by"`
	What      string `json:"what"`
}

func (c *console) auditTable(list []store.AuditRecord) {
	rows := make([][]string, len(list))
	for i, r := range list {
		var d deed
		_ = json.Unmarshal(r.Body, &d) // a row of another kind has none of it
		rows[i] = []string{strconv.FormatInt(r.Seq, 10), r.At.Local().Format(time.DateTime), r.Kind, dash(d.who()), dash(d.what()), dash(d.where()), dash(d.how()), oneLine(d.Reason, 50)}
	}
	c.table([]string{"ROW", "TIME", "KIND", "WHO", "WHAT", "TARGET", "RULE", "REASON"}, rows)
}

func (d deed) who() string {
	for _, name := range []string{d.DecidedBy, d.By, d.Agent} {
		if name != "" {
			return name
		}
	}
	return ""
}

func (d deed) what() string {
	for _, text := range []string{d.Tool, d.What} {
		if text != "" {
			return text
		}
	}
	if d.Code != "" {
		return d.State + " " + d.Code
	}
	return ""
}

// where is what was touched, or where people were asked.
func (d deed) where() string {
	at := cmp.Or(d.Target, d.IssueKey)
	if d.Space != "" && d.Space != at {
		at = strings.TrimSpace(at + " in " + d.Space)
	}
	return at
}

func (d deed) how() string {
	switch {
	case d.InDoubt:
		return d.Rule + ", in doubt"
	case d.Failed:
		return d.Rule + ", failed"
	}
	return d.Rule
}

func newAuditVerify(c *console) *cobra.Command {
	var daemon daemonFlags
	cmd := &cobra.Command{
		Use:   "verify",
		Short: "Check that no row of the audit log was changed, put in or taken out",
		Long: `Check that no row of the audit log was changed, put in or taken out: each row has
the hash of the one before. Rows taken from the end cannot be seen by that; keep
the hash that is printed elsewhere and look for it in a later export.`,
		Args: takes(0, 0, "no arguments"),
		RunE: func(cmd *cobra.Command, _ []string) error {
			check, err := daemon.client(c, cmd).VerifyAudit(cmd.Context())
			if err != nil {
				return err
			}
			if check.Fault != "" {
				return fmt.Errorf("the audit log is not whole: %s", check.Fault)
			}
			c.printf("%d rows are whole, from %d to %d\nhash of the last: %s\n", check.Rows, check.First, check.Last, dash(check.Head))
			return nil
		},
	}
	daemon.register(cmd)
	return cmd
}

func newAuditExport(c *console) *cobra.Command {
	var f auditFlags
	cmd := &cobra.Command{
		Use:     "export",
		Short:   "Print the audit log as JSON lines, the oldest row first",
		Example: "  aofctl audit export > audit.jsonl",
		Args:    takes(0, 0, "no arguments"),
		RunE: func(cmd *cobra.Command, _ []string) error {
			return c.exportAudit(cmd, f.daemon.client(c, cmd), f.query())
		},
	}
	f.register(cmd)
	return cmd
}

func (c *console) exportAudit(cmd *cobra.Command, daemon *client.Client, q url.Values) error {
	q.Set("limit", "200") // rows may hold long texts, and an answer is bounded
	enc := json.NewEncoder(c.out)
	for {
		page, err := daemon.Audit(cmd.Context(), q)
		if err != nil {
			return err
		}
		for _, r := range page {
			if err := enc.Encode(r); err != nil {
				return fmt.Errorf("write row %d: %w", r.Seq, err)
			}
			q.Set("after", strconv.FormatInt(r.Seq, 10))
		}
		if len(page) == 0 {
			return nil
		}
	}
}
