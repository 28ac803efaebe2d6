package pgserver

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"

	"github.com/jackc/pgx/v5"

	"github.com/aofctl/aofctl/internal/sandbox/port"
)

// superuser owns everything in the server.
const superuser = "aof"

// Options tune a server. The zero value is one that keeps what it committed,
// with loopback and its socket open to everybody on this machine.
type Options struct {
	// Dir is where the server's directory is made; empty means the system's
	// directory for temporary files. The user that the server runs as has to
	// be able to reach it, and its path has to be short: the socket lies below.
	Dir string
	// NoFsync lets commits return before they are on the disk. It is quicker,
	// and what a crash of the server (not of the machine) keeps is the same.
	NoFsync bool
	// Password is asked for on loopback, by SCRAM, if it is not empty.
	Password string
	// Settings are lines of postgresql.conf by name, such as
	// "max_connections": "20".
	Settings map[string]string
}

// Server is a PostgreSQL server of this process. Its methods may be called from
// several goroutines.
type Server struct {
	bin      string
	dir      string
	port     int
	password string
	user     account
	guard    *guard
	mu       sync.Mutex // starting and stopping, one at a time
	stopped  bool
	// releasePort gives back what was reserved.
	releasePort []func() error
}

// Start makes a new, empty server and returns once it takes connections. The
// error is ErrNoPostgres if this machine has none. The context bounds the start
// only; the caller has to call Stop.
func Start(ctx context.Context, o Options) (*Server, error) {
	s, err := create(o)
	if err != nil {
		return nil, fmt.Errorf("start PostgreSQL server: %w", err)
	}
	if err = s.initialise(ctx, o); err == nil {
		err = s.startFirst(ctx)
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("start PostgreSQL server: %w", err), s.Stop(context.WithoutCancel(ctx)))
	}
	return s, nil
}

// startFirst finds a port and starts the server there.
func (s *Server) startFirst(ctx context.Context) error {
	const attempts = 3
	for attempt := 1; ; attempt++ {
		if err := s.choosePort(); err != nil {
			return err
		}
		err := s.StartAgain(ctx)
		// Somebody may have taken the port meanwhile.
		if err == nil || attempt == attempts || !strings.Contains(err.Error(), "Address already in use") {
			return err
		}
	}
}

// create makes the server's directory, with its guard.
func create(o Options) (*Server, error) {
	bin, err := Find()
	if err != nil {
		return nil, err
	}
	user, err := unprivileged()
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp(o.Dir, "aofpg")
	if err != nil {
		return nil, err
	}
	s := &Server{bin: bin, dir: dir, user: user, password: o.Password}
	if s.guard, err = s.watch(); err != nil {
		return nil, errors.Join(err, os.RemoveAll(dir))
	}
	return s, nil
}

// choosePort takes a port of loopback that is free now, and writes it down for
// the server: it stays the same when the server starts again.
func (s *Server) choosePort() error {
	number, release, err := port.Reserve()
	if err != nil {
		return err
	}
	s.port, s.releasePort = number, append(s.releasePort, release)
	line := "port = " + strconv.Itoa(s.port) + "\n"
	return os.WriteFile(s.path("data", "port.conf"), []byte(line), 0o644) //nolint:gosec // the server's user reads it
}

// path is a path below the server's directory.
func (s *Server) path(parts ...string) string {
	return filepath.Join(append([]string{s.dir}, parts...)...)
}

// Dir is the directory that holds all of the server: its data, its socket and
// its log, the file named log.
func (s *Server) Dir() string { return s.dir }

// Port is the port on 127.0.0.1; it stays the same as long as the server lives.
func (s *Server) Port() int { return s.port }

// DSN is the URL of a database over TCP, as its superuser.
func (s *Server) DSN(database string) string {
	u := url.URL{
		Scheme: "postgres", User: url.User(superuser), Path: "/" + database, RawQuery: "sslmode=disable",
		Host: net.JoinHostPort("127.0.0.1", strconv.Itoa(s.port)),
	}
	if s.password != "" {
		u.User = url.UserPassword(superuser, s.password)
	}
	return u.String()
}

// SocketDSN is the URL of a database over the Unix socket, as its superuser and
// without a password.
func (s *Server) SocketDSN(database string) string {
	q := url.Values{"host": {s.dir}, "port": {strconv.Itoa(s.port)}}
	u := url.URL{Scheme: "postgres", User: url.User(superuser), Path: "/" + database, RawQuery: q.Encode()}
	return u.String()
}

// CreateDatabase makes a database of that name and returns its DSN.
func (s *Server) CreateDatabase(ctx context.Context, name string) (string, error) {
	if err := s.command(ctx, "CREATE DATABASE "+pgx.Identifier{name}.Sanitize()); err != nil {
		return "", fmt.Errorf("create database %s: %w", name, err)
	}
	return s.DSN(name), nil
}

// DropDatabase removes a database, with the connections to it.
func (s *Server) DropDatabase(ctx context.Context, name string) error {
	if err := s.command(ctx, "DROP DATABASE IF EXISTS "+pgx.Identifier{name}.Sanitize()+" WITH (FORCE)"); err != nil {
		return fmt.Errorf("drop database %s: %w", name, err)
	}
	return nil
}

func (s *Server) command(ctx context.Context, statement string) error {
	conn, err := pgx.Connect(ctx, s.SocketDSN("postgres"))
	if err != nil {
		return err
	}
	_, err = conn.Exec(ctx, statement)
	return errors.Join(err, conn.Close(ctx))
}
