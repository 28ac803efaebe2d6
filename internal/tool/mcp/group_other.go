//go:build !unix

package mcp

import (
	"os"
	"os/exec"
)

var terminate = os.Kill //nolint:gochecknoglobals // a constant of this system

func group(*exec.Cmd) {}

func signal(cmd *exec.Cmd, s os.Signal) error { return cmd.Process.Signal(s) }
