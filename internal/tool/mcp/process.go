package mcp

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"time"

	"github.com/rs/zerolog"
)

// patience is how long a program may take to end after its input was closed, and
// once more after it was told to.
const patience = 2 * time.Second

// process is a server's program. It has a process group of its own, so that
// nothing that it started outlives it.
type process struct {
	cmd *exec.Cmd
	// in and out are our ends of its input and output.
	in, out *os.File
	// done is closed when it has ended and is reaped, with how in state.
	done  chan struct{}
	state error
}

// start starts a server's program. What it writes to its standard error is
// logged.
func start(command, directory string, a Access, log zerolog.Logger) (*process, error) {
	p := &process{done: make(chan struct{})}
	p.cmd = exec.Command(command, a.Args...) //nolint:noctx // the operator's own, and it outlives the call that starts it
	p.cmd.Env, p.cmd.Dir = environment(a.Env), directory
	group(p.cmd)
	theirs, err := p.pipes(log, a.Secrets)
	if err != nil {
		return nil, err
	}
	started := make(chan error, 1)
	go p.run(started)
	err = <-started
	for _, f := range theirs {
		_ = f.Close()
	}
	if err != nil {
		_, _ = p.in.Close(), p.out.Close()
		return nil, err
	}
	log.Debug().Int("pid", p.cmd.Process.Pid).Msg("MCP server started")
	return p, nil
}

// environment is all that a program sees of the environment.
func environment(given []string) []string {
	var env []string
	for _, name := range []string{"PATH", "HOME"} {
		if value, ok := os.LookupEnv(name); ok {
			env = append(env, name+"="+value)
		}
	}
	return append(env, given...) // of two with one name, the last holds
}

// pipes connects the program, and returns the ends that are its own.
func (p *process) pipes(log zerolog.Logger, secrets []string) ([]*os.File, error) {
	var ends []*os.File
	for range 3 {
		r, w, err := os.Pipe()
		if err != nil {
			for _, f := range ends {
				_ = f.Close()
			}
			return nil, fmt.Errorf("make pipe: %w", err)
		}
		ends = append(ends, r, w)
	}
	p.cmd.Stdin, p.in = ends[0], ends[1]
	p.out, p.cmd.Stdout = ends[2], ends[3]
	p.cmd.Stderr = ends[5]
	go relay(ends[4], log, secrets)
	return []*os.File{ends[0], ends[3], ends[5]}, nil
}

// relay logs what a program says on its standard error, line by line and without
// the secrets that it was given.
func relay(from *os.File, log zerolog.Logger, secrets []string) {
	defer from.Close()
	var hide []string
	for _, s := range secrets {
		if s != "" {
			hide = append(hide, s, "[redacted]")
		}
	}
	without := strings.NewReplacer(hide...)
	lines := bufio.NewReaderSize(from, 4<<10)
	for {
		line, more, err := lines.ReadLine()
		if len(line) > 0 {
			log.Debug().Str("said", without.Replace(oneLine(string(line), 500))).Msg("MCP server wrote to its standard error")
		}
		for more && err == nil { // the rest of a long line
			_, more, err = lines.ReadLine()
		}
		if err != nil {
			return
		}
	}
}

// run starts the program and waits for its end. The thread stays until then: on
// Linux a program ends with the thread that started it, so that none is left when
// this process is killed.
func (p *process) run(started chan<- error) {
	runtime.LockOSThread()
	if err := p.cmd.Start(); err != nil {
		started <- err
		runtime.UnlockOSThread()
		return
	}
	started <- nil
	p.state = p.cmd.Wait()
	_ = signal(p.cmd, os.Kill) // what it left behind
	close(p.done)
	// Something may have left the group and hold our end open.
	time.AfterFunc(patience, func() { _ = p.out.Close() })
	runtime.UnlockOSThread()
}

// stop ends the program: its input is closed, then it is told to end, then it is
// killed, with everything that it started.
func (p *process) stop() {
	_ = p.in.Close()
	for _, s := range []os.Signal{nil, terminate, os.Kill} {
		if s != nil {
			_ = signal(p.cmd, s)
		}
		select {
		case <-p.done:
			_ = p.out.Close()
			return
		case <-time.After(patience):
		}
	}
	_ = p.out.Close()
}

// ended describes how a program ended by itself; "" while it runs.
func (p *process) ended() string {
	select {
	case <-p.done:
	default:
		return ""
	}
	var exit *exec.ExitError
	if errors.As(p.state, &exit) {
		return exit.String()
	}
	if p.state != nil {
		return p.state.Error()
	}
	return "exit status 0"
}

// soon is ended for a program that has closed its output and may be about to end.
func (p *process) soon() string {
	select {
	case <-p.done:
	case <-time.After(patience / 4):
	}
	return p.ended()
}

// ioPair are the pipes as a transport takes them.
func (p *process) ioPair() (io.ReadCloser, io.WriteCloser) { return p.out, p.in }
