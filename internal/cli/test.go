package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"regexp"
	"runtime"
	"time"

	"github.com/spf13/cobra"

	"github.com/aofctl/aofctl/internal/app"
	"github.com/aofctl/aofctl/internal/manifest"
	"github.com/aofctl/aofctl/internal/scenario"
)

// testFlags are those of test.
type testFlags struct {
	run      string
	output   choice
	verbose  bool
	list     bool
	record   bool
	keep     string
	parallel int
	timeout  time.Duration
}

func newTest(c *console) *cobra.Command {
	f := testFlags{output: choice{value: "text", allowed: []string{"text", "json", "junit"}}}
	cmd := &cobra.Command{
		Use:   "test [paths]",
		Short: "Run scenario tests: what happens in Jira, and what is expected of the agents",
		Long: `test runs cases in YAML: what is in Jira, what happens there, what the models answer, and
what is expected. Each case has a simulated Jira and a daemon of its own, in process; no
Jira and no model's key is needed. Paths are files, or directories below which files named
*.scenario.yaml or scenario*.yaml, and all in directories named scenarios, are looked for.
Without paths that is ./scenarios.

With --record the cases that name a recording ask the agents' own models, with the keys of
the environment, and keep the answers; later runs answer from there.

The exit code is 0 if all is as expected, 1 if something is not, and 2 if a case cannot be
read or there is none.`,
		Example: `  aofctl test
  aofctl test scenarios/triage.yaml -v
  aofctl test examples/ --run 'security' --keep /tmp/cases
  aofctl test -o junit > report.xml
  GOOGLE_API_KEY=… aofctl test --record scenarios/`,
		RunE: func(cmd *cobra.Command, args []string) error { return c.test(cmd.Context(), f, args) },
	}
	cmd.Flags().StringVarP(&f.run, "run", "r", "", "only cases whose name matches this regular `expression`")
	cmd.Flags().VarP(&f.output, "output", "o", "output `format`: text, json or junit")
	cmd.Flags().BoolVarP(&f.verbose, "verbose", "v", false, "show what happened in every case")
	cmd.Flags().BoolVar(&f.list, "list", false, "list the cases and run none")
	cmd.Flags().BoolVar(&f.record, "record", false, "ask the models, and keep their answers in the recordings")
	cmd.Flags().StringVar(&f.keep, "keep", "", "keep the storage and the log of each case in this `directory`")
	cmd.Flags().IntVarP(&f.parallel, "parallel", "p", 0, "how many cases run at a time; 0 for as many as there are processors")
	cmd.Flags().DurationVar(&f.timeout, "timeout", scenario.DefaultTimeout, "how long a case may take")
	return cmd
}

func (c *console) test(ctx context.Context, f testFlags, paths []string) error {
	cases, known, err := c.loadCases(f, paths)
	if err != nil {
		return err
	}
	if f.list {
		for _, s := range cases {
			c.printf("%s:%d: %s\n", s.Path, s.Line, scenario.Title(s.Suite, s.Name))
		}
		return nil
	}
	report := scenario.Reporter{Out: c.out, Verbose: f.verbose}
	each := report.Case
	if f.output.value != "text" {
		each = nil
	}
	if f.parallel < 1 {
		f.parallel = max(2, runtime.GOMAXPROCS(0))
	}
	began := time.Now()
	results, err := scenario.Run(ctx, cases, scenario.Options{Version: version(), Parallel: f.parallel, Timeout: f.timeout, Record: f.record,
		Env: c.env, Keep: f.keep, Known: known}, each)
	switch f.output.value {
	case "json":
		err = errors.Join(err, scenario.WriteJSON(c.out, results))
	case "junit":
		err = errors.Join(err, scenario.WriteJUnit(c.out, results))
	default:
		report.Sum(results, time.Since(began))
	}
	if err != nil {
		return err
	}
	if n := scenario.Count(results); n[scenario.Failed]+n[scenario.Broken] > 0 {
		return &failure{exitFailure}
	}
	return nil
}

// loadCases finds and reads the cases that are to be run. All that is wrong with
// them is told at once.
func (c *console) loadCases(f testFlags, paths []string) ([]*manifest.Scenario, manifest.Known, error) {
	wanted, err := regexp.Compile(f.run)
	if err != nil {
		return nil, manifest.Known{}, &usageError{fmt.Errorf("--run: %w", err)}
	}
	if len(paths) == 0 {
		if _, err := os.Stat(scenario.DefaultDirectory); err != nil {
			return nil, manifest.Known{}, &usageError{errors.New("there is no directory scenarios here: name the files or directories with cases")}
		}
		paths = []string{scenario.DefaultDirectory}
	}
	known, err := app.Known(nil, func(string) (string, bool) { return "", false })
	if err != nil {
		return nil, known, err
	}
	files, err := scenario.Find(paths)
	if err != nil {
		return nil, known, &usageError{err}
	}
	all, problems := scenario.Load(files, known)
	if problems.Err() != nil {
		for _, p := range problems {
			_, _ = fmt.Fprintln(c.err, p)
		}
		return nil, known, &usageError{errors.New("nothing was run: mend what is above and try again")}
	}
	var cases []*manifest.Scenario
	for _, s := range all {
		if wanted.MatchString(scenario.Title(s.Suite, s.Name)) {
			cases = append(cases, s)
		}
	}
	if len(cases) == 0 {
		return nil, known, &usageError{noCases(f, files)}
	}
	return cases, known, nil
}

// noCases says why there is nothing to run.
func noCases(f testFlags, files []string) error {
	if len(files) == 0 {
		return errors.New("there is no case below these paths: files are named *.scenario.yaml or scenario*.yaml, or lie in a directory scenarios")
	}
	return fmt.Errorf("no case matches --run %q", f.run)
}
