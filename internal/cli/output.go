package cli

import (
	"encoding/json"
	"fmt"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"
	"gopkg.in/yaml.v3"
)

// outputFlag is -o.
type outputFlag struct{ format choice }

func (o *outputFlag) register(cmd *cobra.Command) {
	o.format = choice{value: "table", allowed: []string{"table", "json", "yaml"}}
	cmd.Flags().VarP(&o.format, "output", "o", "output `format`: table, json or yaml")
}

// write prints v as JSON or YAML, or calls table.
func (o *outputFlag) write(c *console, v any, table func()) error {
	switch o.format.value {
	case "json":
		enc := json.NewEncoder(c.out)
		enc.SetIndent("", "  ")
		return enc.Encode(v)
	case "yaml":
		return writeYAML(c, v)
	default:
		table()
		return nil
	}
}

// writeYAML goes through JSON, so that both formats have the same names.
func writeYAML(c *console, v any) error {
	body, err := json.Marshal(v)
	if err != nil {
		return fmt.Errorf("encode output: %w", err)
	}
	var generic any
	if err := yaml.Unmarshal(body, &generic); err != nil {
		return fmt.Errorf("encode output: %w", err)
	}
	enc := yaml.NewEncoder(c.out)
	enc.SetIndent(2)
	if err := enc.Encode(generic); err != nil {
		return fmt.Errorf("write output: %w", err)
	}
	return enc.Close()
}

// table prints rows in columns.
func (c *console) table(header []string, rows [][]string) {
	w := tabwriter.NewWriter(c.out, 0, 4, 2, ' ', 0)
	_, _ = fmt.Fprintln(w, strings.Join(header, "\t"))
	for _, row := range rows {
		_, _ = fmt.Fprintln(w, strings.Join(row, "\t"))
	}
	_ = w.Flush()
}

// age says how long ago something was, in one unit.
func age(now, then time.Time) string {
	if then.IsZero() {
		return "-"
	}
	d := now.Sub(then)
	switch {
	case d < time.Minute:
		return fmt.Sprintf("%ds", int(d.Seconds()))
	case d < time.Hour:
		return fmt.Sprintf("%dm", int(d.Minutes()))
	case d < 48*time.Hour:
		return fmt.Sprintf("%dh", int(d.Hours()))
	default:
		return fmt.Sprintf("%dd", int(d.Hours()/24))
	}
}

// dollars shows micro-dollars; nil is an unknown price.
func dollars(micro *int64) string {
	if micro == nil {
		return "?"
	}
	return fmt.Sprintf("$%.4f", float64(*micro)/1e6)
}

func dash(s string) string {
	if s == "" {
		return "-"
	}
	return s
}

// oneLine shortens a text to n characters of one line.
func oneLine(s string, n int) string {
	s = strings.Join(strings.Fields(s), " ")
	if runes := []rune(s); len(runes) > n {
		return string(runes[:n-1]) + "…"
	}
	return s
}
