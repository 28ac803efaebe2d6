package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/aofctl/aofctl/internal/app"
	"github.com/aofctl/aofctl/internal/manifest"
)

// validateFlags are those of validate.
type validateFlags struct {
	config string
	strict bool
	format choice
}

func newValidate(c *console) *cobra.Command {
	f := validateFlags{format: choice{value: "text", allowed: []string{"text", "json", "github"}}}
	cmd := &cobra.Command{
		Use:   "validate [paths]",
		Short: "Check manifests and the configuration, and tell every mistake with its place",
		Long: `validate checks files and directories of manifests, daemon.yaml files too, and tells
every mistake at once as path:line:column. Without paths it checks the
configuration and the directories that it names. Nothing is run or asked.`,
		Example: `  aofctl validate
  aofctl validate triggers/ agents/bug-triager.yaml
  aofctl validate --strict --format github   # warnings fail too; annotations in CI`,
		RunE: func(cmd *cobra.Command, args []string) error { return c.validate(cmd.Context(), f, args) },
	}
	cmd.Flags().StringVarP(&f.config, "config", "c", "daemon.yaml", "the daemon's configuration `file`, if no paths are given")
	cmd.Flags().BoolVar(&f.strict, "strict", false, "fail on warnings too")
	cmd.Flags().Var(&f.format, "format", "text, json or github")
	return cmd
}

func (c *console) validate(ctx context.Context, f validateFlags, paths []string) error {
	d, err := manifest.LoadDaemon(f.config, c.env)
	if err != nil && len(paths) == 0 {
		if _, missing := os.Stat(f.config); missing != nil {
			return &usageError{fmt.Errorf("there is no %s: name the paths to check, or a configuration with --config", f.config)}
		}
		d = nil
	}
	known, err := app.Known(d, c.env)
	if err != nil {
		return err
	}
	if len(paths) == 0 {
		paths = append(paths, f.config) // stands for the directories that it names
	}
	problems, err := manifest.Validate(ctx, paths, known)
	if err != nil {
		return err
	}
	if err := c.report(f.format.value, problems); err != nil {
		return err
	}
	if len(problems.Errors()) > 0 || (f.strict && len(problems) > 0) {
		return &failure{exitFailure}
	}
	return nil
}

func (c *console) report(format string, problems manifest.Problems) error {
	switch format {
	case "json":
		enc := json.NewEncoder(c.out)
		enc.SetIndent("", "  ")
		if problems == nil {
			problems = manifest.Problems{}
		}
		return enc.Encode(problems)
	case "github":
		for _, p := range problems {
			c.printf("%s\n", annotation(p))
		}
	default:
		for _, p := range problems {
			c.printf("%s\n", p)
		}
		if len(problems) == 0 {
			c.printf("all well\n")
		}
	}
	return nil
}

// annotation is a problem as GitHub shows it beside the line
// (https://docs.github.com/actions/reference/workflow-commands-for-github-actions).
func annotation(p manifest.Problem) string {
	text := strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A")
	property := strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A", ":", "%3A", ",", "%2C")
	at := "file=" + property.Replace(p.Path)
	if p.Line > 0 {
		at += fmt.Sprintf(",line=%d,col=%d", p.Line, p.Column)
	}
	return fmt.Sprintf("::%s %s::%s", p.Severity, at, text.Replace(p.Message))
}
