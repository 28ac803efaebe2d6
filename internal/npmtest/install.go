// Package npmtest installs packages of Node.js for tests that play somebody else's
// program against ours. Where there is no Node.js, or the packages cannot be had,
// the test is skipped.
package npmtest

import (
	"context"
	"os"
	"os/exec"
	"testing"
	"time"
)

// patience is how long packages may take to install. Without a network npm would
// go on trying for a quarter of an hour.
const patience = 4 * time.Minute

// Require skips the test where Node.js is missing, and in short mode.
func Require(t *testing.T) {
	t.Helper()
	if testing.Short() {
		t.Skip("installs packages of Node.js")
	}
	for _, program := range []string{"node", "npm"} {
		if _, err := exec.LookPath(program); err != nil {
			t.Skipf("no %s here", program)
		}
	}
}

// Install installs packages, such as "name@1.2.3", into a directory that has a
// package.json; with none, those that this lists. Scripts of theirs are not run.
func Install(t *testing.T, dir string, packages ...string) {
	t.Helper()
	Require(t)
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	args := []string{"install", "--ignore-scripts", "--no-audit", "--no-fund", "--no-package-lock", "--prefer-offline", "--fetch-retries=1", "--fetch-timeout=30000"}
	cmd := exec.CommandContext(ctx, "npm", append(args, packages...)...)
	cmd.Dir, cmd.WaitDelay = dir, 10*time.Second
	cmd.Env = append(os.Environ(), "CI=1")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Skipf("the packages cannot be installed here: %v\n%s", err, out)
	}
}
