package pgserver

import (
	"context"
	"errors"
	"io"
	"os/exec"
)

// guard is a shell that waits for the end of its input, which we close in Stop
// and the system closes when this process ends, even by SIGKILL; then it ends
// the server and removes its directory. It has a session of its own, so that a
// Ctrl-C or a kill of our process group does not take it along. A death signal
// to the server would not do instead: it comes when the thread that started the
// server ends, which Go's threads do at any time, it is not known outside Linux,
// and it removes no files.
type guard struct {
	line io.Closer
	done chan struct{}
}

// script waits, and ends the server of directory $2 with the pg_ctl $1. Nobody
// will read the data again, so there is no checkpoint.
const script = `read -r line
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
	g := &guard{line: in, done: make(chan struct{})}
	go func() {
		defer close(g.done)
		// What it could not remove shows in the directory.
		_ = cmd.Wait()
	}()
	return g, nil
}

// end lets the guard do its work and waits for it.
func (g *guard) end(ctx context.Context) error {
	if err := g.line.Close(); err != nil {
		return err
	}
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-g.done:
		return nil
	}
}
