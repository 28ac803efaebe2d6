package cli

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"
)

// takes says which arguments a verb has: between least and most of them, in
// words that complete "aofctl verb takes …".
func takes(least, most int, words string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if len(args) >= least && len(args) <= most {
			return nil
		}
		found := "nothing"
		if len(args) > 0 {
			found = strings.Join(args, " ")
		}
		return &usageError{fmt.Errorf("%s takes %s, found %s; see '%s --help'", cmd.Name(), words, found, cmd.CommandPath())}
	}
}

// noArgs is for verbs without arguments.
func noArgs() cobra.PositionalArgs { return takes(0, 0, "no arguments") }

// choice is a flag with few values.
type choice struct {
	value   string
	allowed []string
}

// Set implements pflag.Value.
func (c *choice) Set(value string) error {
	if !slices.Contains(c.allowed, value) {
		return errors.New("it is one of " + strings.Join(c.allowed, ", "))
	}
	c.value = value
	return nil
}

// String implements pflag.Value.
func (c *choice) String() string { return c.value }

// Type implements pflag.Value.
func (c *choice) Type() string { return "string" }
