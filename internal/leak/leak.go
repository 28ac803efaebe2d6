// Package leak fails the tests of a package that leave goroutines behind. It
// differs from goleak.VerifyTestMain in its patience: what is about to end may
// take long to do so on a machine with much to do.
package leak

import (
	"fmt"
	"io"
	"os"
	"time"

	"go.uber.org/goleak"
)

// Patience is how long goroutines have to end.
const Patience = time.Minute

// Tests is the part of testing.M that Main needs.
type Tests interface{ Run() int }

// Main runs the tests of a package, for its TestMain, and ends the process. It
// fails if all passed and goroutines are left, other than those that the options
// let pass.
func Main(m Tests, options ...goleak.Option) {
	os.Exit(run(m, os.Stderr, Patience, options...))
}

func run(m Tests, out io.Writer, patience time.Duration, options ...goleak.Option) int {
	code := m.Run()
	if code != 0 {
		return code
	}
	if err := Find(patience, options...); err != nil {
		_, _ = fmt.Fprintln(out, "the tests passed, but", err)
		return 1
	}
	return 0
}

// Find waits until no goroutines are left but that of the caller, and returns an
// error that describes those which are left when patience is at its end.
func Find(patience time.Duration, options ...goleak.Option) error {
	for deadline := time.Now().Add(patience); ; {
		// This waits for about half a second itself.
		err := goleak.Find(options...)
		if err == nil || time.Now().After(deadline) {
			return err
		}
	}
}
