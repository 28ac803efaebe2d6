package mcp

import (
	"os"
	"os/exec"
	"syscall"
)

// terminate asks a program to end.
const terminate = syscall.SIGTERM

// group gives a program a process group of its own, and has it killed when the
// thread that started it ends.
func group(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
}

// signal sends a signal to everything in the program's group.
func signal(cmd *exec.Cmd, s os.Signal) error {
	number, _ := s.(syscall.Signal)
	return syscall.Kill(-cmd.Process.Pid, number)
}
