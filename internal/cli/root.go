// Package cli is the command line: one file for each verb, flags, output and
// exit codes. What the verbs do is in other packages.
package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"
)

// Exit codes.
const (
	exitOK      = 0
	exitFailure = 1
	exitUsage   = 2
)

// console is what a verb talks to.
type console struct {
	in  io.Reader
	out io.Writer
	err io.Writer
	env func(string) (string, bool)
}

// failure is an error whose text was printed already.
type failure struct{ code int }

func (f *failure) Error() string { return fmt.Sprintf("exit %d", f.code) }

// usageError says that the command line itself is wrong.
type usageError struct{ err error }

func (u *usageError) Error() string { return u.err.Error() }
func (u *usageError) Unwrap() error { return u.err }

// Main runs the command line and returns the process's exit code: 0 for
// success, 1 for failure, 2 for a command line that makes no sense.
func Main(args []string, in io.Reader, out, errOut io.Writer) int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop) // so that a second signal ends the process at once
	c := &console{in: in, out: out, err: errOut, env: os.LookupEnv}
	root := newRoot(c)
	root.SetArgs(args)
	root.SetIn(in)
	root.SetOut(out)
	root.SetErr(errOut)
	err := root.ExecuteContext(ctx)
	var failed *failure
	var usage *usageError
	switch {
	case err == nil:
		return exitOK
	case errors.As(err, &failed):
		return failed.code
	case errors.As(err, &usage):
		c.complain(err)
		return exitUsage
	default:
		c.complain(err)
		return exitFailure
	}
}

func (c *console) complain(err error) { _, _ = fmt.Fprintf(c.err, "aofctl: %v\n", err) }

func (c *console) printf(format string, args ...any) { _, _ = fmt.Fprintf(c.out, format, args...) }

// getenv returns a variable, or "" if it is not set.
func (c *console) getenv(name string) string {
	value, _ := c.env(name)
	return value
}

func newRoot(c *console) *cobra.Command {
	showVersion := false
	root := &cobra.Command{
		Use:   "aofctl",
		Short: "Webhook daemon for Jira agents",
		Long: `aofctl takes webhooks from Jira, routes them by YAML triggers to agents that work
on the issue, and shows what they did.

See it work without a Jira and without a model's key:   aofctl demo
Run it:                                                 aofctl serve --config daemon.yaml`,
		SilenceErrors:              true,
		SuggestionsMinimumDistance: 2,
		SilenceUsage:               true,
		Args:                       cobra.ArbitraryArgs, // an unknown verb is told by RunE
		RunE: func(cmd *cobra.Command, args []string) error {
			switch {
			case showVersion:
				c.printf("aofctl %s\n", version())
				return nil
			case len(args) == 0:
				return cmd.Help()
			}
			return unknownVerb(cmd, args[0])
		},
	}
	// A version template of cobra's would link text/template, and that keeps every
	// exported method of the program.
	root.Flags().BoolVarP(&showVersion, "version", "v", false, "print the version")
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error {
		return &usageError{fmt.Errorf("%w; see '%s --help'", err, cmd.CommandPath())}
	})
	root.AddCommand(
		newServe(c), newDemo(c), newSandbox(c), newValidate(c), newSchema(c), newSend(c), newRoute(c), newTest(c),
		newJira(c), newDoctor(c), newGet(c), newDescribe(c), newLogs(c), newCancel(c), newRetry(c), newMCP(c), newForge(c), newRun(c), newReplay(c), newApprove(c), newReject(c), newAudit(c), newA2A(c), newVersion(c),
	)
	return root
}

func unknownVerb(root *cobra.Command, verb string) error {
	hint := ""
	if near := root.SuggestionsFor(verb); len(near) > 0 {
		hint = fmt.Sprintf(" (did you mean %q?)", near[0])
	}
	return &usageError{fmt.Errorf("unknown command %q%s; see '%s --help'", verb, hint, root.CommandPath())}
}
