package pgserver

import (
	"errors"
	"io"
	"os/exec"
)

// guard is a shell that outlives this process for a moment: it waits for the end
// of its input, which the system closes when this process ends, even by SIGKILL,
// and then ends the server and removes its directory. It has a session of its
// own, so that a Ctrl-C or a kill of our process group does not take it along.
// A death signal to the server would not do instead: it comes when the thread
// that started the server ends, which Go's threads do at any time, it is not
// known outside Linux, and it removes no files.
type guard struct {
	cmd  *exec.Cmd
	line io.WriteCloser
}

// script ends the server of directory $2 with the pg_ctl $1.
const script = `read -r line
[ "$line" = released ] && exit 0
"$1" stop -D "$2/data" -s -w -m immediate </dev/null >/dev/null 2>&1
rm -rf "$2"`

// watch starts the guard of the server's directory.
func (s *Server) watch() (*guard, error) {
	cmd := exec.Command("/bin/sh", "-c", script, "sh", s.bin+"/pg_ctl", s.dir)
	cmd.Dir = "/"
	cmd.Env = environment()
	s.user.apply(cmd)
	detach(cmd)
	in, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, errors.Join(err, in.Close())
	}
	return &guard{cmd: cmd, line: in}, nil
}

// release ends the guard and leaves the server alone. A guard that never was is
// released already.
func (g *guard) release() error {
	if g == nil {
		return nil
	}
	_, err := io.WriteString(g.line, "released\n")
	return errors.Join(err, g.line.Close(), g.cmd.Wait())
}
