//go:build unix && !linux

package mcp

import (
	"os"
	"os/exec"
	"syscall"
)

const terminate = syscall.SIGTERM

func group(cmd *exec.Cmd) { cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} }

func signal(cmd *exec.Cmd, s os.Signal) error {
	number, _ := s.(syscall.Signal)
	return syscall.Kill(-cmd.Process.Pid, number)
}
