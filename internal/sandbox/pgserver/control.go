package pgserver

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

// settings of every server: small, since many run beside each other.
const settings = `listen_addresses = '127.0.0.1'
include_if_exists = 'port.conf'
max_connections = 200
shared_buffers = 32MB
min_wal_size = 32MB
max_wal_size = 256MB
log_line_prefix = '%m [%p] %q%a '
autovacuum_naptime = 10s
max_worker_processes = 2
max_parallel_workers = 0
`

// initialise makes the data directory.
func (s *Server) initialise(ctx context.Context, o Options) error {
	if err := s.user.own(s.dir); err != nil {
		return err
	}
	args := []string{"-D", s.path("data"), "-U", superuser, "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync"}
	if o.Password != "" {
		file := s.path("password")
		if err := os.WriteFile(file, []byte(o.Password+"\n"), 0o600); err != nil {
			return err
		}
		if err := s.user.own(file); err != nil {
			return err
		}
		args = append(args, "--pwfile="+file, "--auth-host=scram-sha-256")
	}
	if err := s.run(ctx, "initdb", args...); err != nil {
		return err
	}
	return s.configure(o)
}

func (s *Server) configure(o Options) error {
	var b strings.Builder
	b.WriteString(settings)
	quote := func(value string) string { return "'" + strings.ReplaceAll(value, "'", "''") + "'" }
	fmt.Fprintf(&b, "unix_socket_directories = %s\n", quote(s.dir))
	if o.NoFsync {
		b.WriteString("fsync = off\nfull_page_writes = off\n")
	}
	for _, name := range slices.Sorted(maps.Keys(o.Settings)) {
		fmt.Fprintf(&b, "%s = %s\n", name, quote(o.Settings[name]))
	}
	f, err := os.OpenFile(s.path("data", "postgresql.conf"), os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	_, err = f.WriteString(b.String())
	return errors.Join(err, f.Close())
}

// StartAgain starts the server after Crash and returns once it has recovered
// and takes connections. On a server that runs it is an error.
func (s *Server) StartAgain(ctx context.Context) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.start(ctx)
}

func (s *Server) start(ctx context.Context) error {
	err := s.control(ctx, "start", "-w", "-t", "60", "-s", "-l", s.path("log"))
	if err != nil {
		return fmt.Errorf("%w\nthe end of its log:\n%s", err, tail(s.path("log")))
	}
	return nil
}

// Crash ends the server at once, without a checkpoint and without telling its
// clients more than that: the next start recovers from the log, as after a crash
// of the machine that lost nothing of what was synced.
func (s *Server) Crash(ctx context.Context) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.control(ctx, "stop", "-w", "-s", "-m", "immediate")
}

// Restart stops the server in order, which breaks its connections off, and
// starts it again.
func (s *Server) Restart(ctx context.Context) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.control(ctx, "stop", "-w", "-s", "-m", "fast"); err != nil {
		return err
	}
	return s.start(ctx)
}

// Running tells whether the server was started and neither crashed nor stopped
// since.
func (s *Server) Running() bool {
	_, err := os.Stat(s.path("data", "postmaster.pid"))
	return err == nil
}

// Stop ends the server and removes its directory. A second call does nothing.
func (s *Server) Stop(ctx context.Context) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.stopped {
		return nil
	}
	s.stopped = true
	errs := []error{s.guard.end(ctx), os.RemoveAll(s.dir)}
	for _, release := range s.releasePort {
		errs = append(errs, release())
	}
	return errors.Join(errs...)
}

// control calls pg_ctl for this server.
func (s *Server) control(ctx context.Context, verb string, args ...string) error {
	return s.run(ctx, "pg_ctl", append([]string{verb, "-D", s.path("data")}, args...)...)
}

// run calls one of the binaries as the server's user.
func (s *Server) run(ctx context.Context, name string, args ...string) error {
	cmd := exec.CommandContext(ctx, filepath.Join(s.bin, name), args...)
	cmd.Dir = s.dir
	cmd.Env = environment()
	s.user.apply(cmd)
	out, err := cmd.CombinedOutput()
	if err != nil {
		return fmt.Errorf("run %s: %w: %s", name, err, strings.TrimSpace(string(out)))
	}
	return nil
}

// environment is ours without the variables that steer PostgreSQL's programs,
// and in the language that their messages are looked at in.
func environment() []string {
	env := slices.DeleteFunc(os.Environ(), func(v string) bool {
		return strings.HasPrefix(v, "PG") || strings.HasPrefix(v, "LC_") || strings.HasPrefix(v, "LANG")
	})
	return append(env, "LC_ALL=C")
}

// tail is the end of a text file, for messages.
func tail(path string) string {
	const most = 2000
	text, err := os.ReadFile(path)
	if err != nil {
		return err.Error()
	}
	return strings.TrimSpace(string(text[max(0, len(text)-most):]))
}
