// Package pgtest gives tests real PostgreSQL databases. One server per test
// binary is started when the first test asks for it; TestMain has to call Main,
// which stops it. Where this machine has no PostgreSQL binaries the tests that
// ask are skipped, unless AOF_REQUIRE_POSTGRES=1 says that they have to run.
package pgtest

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/aofctl/aofctl/internal/sandbox/pgserver"
	"go.uber.org/goleak"
)

// RequireEnv names the environment variable that, set to 1, makes tests fail
// instead of being skipped where there is no PostgreSQL.
const RequireEnv = "AOF_REQUIRE_POSTGRES"

// patience is how long starting or stopping a server may take on a busy machine.
const patience = 2 * time.Minute

// server is the server that the tests of one binary share.
type server struct {
	mu        sync.Mutex
	running   *pgserver.Server
	err       error
	databases int
}

var shared server //nolint:gochecknoglobals // testing knows no other life than the process's

// Main runs the tests, stops the shared server, looks for leaked goroutines and
// exits. It is for TestMain.
func Main(m *testing.M) { goleak.VerifyTestMain(runner{m}) }

// Run is Main for a TestMain that has more to do: it returns the exit code and
// looks for no goroutines.
func Run(m *testing.M) int { return runner{m}.Run() }

// runner runs tests and cleans up after them.
type runner struct{ m *testing.M }

// Run implements goleak.TestingM.
func (r runner) Run() int {
	code := r.m.Run()
	if err := shared.stop(); err != nil {
		fmt.Fprintln(os.Stderr, "stop shared PostgreSQL server:", err)
		return max(code, 1)
	}
	return code
}

// Database returns the DSN of a fresh, empty database on the shared server. It
// goes, with the connections to it, when the test ends.
func Database(tb testing.TB) string {
	tb.Helper()
	s, name, err := shared.next()
	check(tb, err)
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	dsn, err := s.CreateDatabase(ctx, name)
	check(tb, err)
	tb.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		if err := s.DropDatabase(ctx, name); err != nil {
			tb.Error(err)
		}
	})
	return dsn
}

// Server returns a server of the test's own, to restart, crash or set up in
// another way. It goes when the test ends.
func Server(tb testing.TB, o pgserver.Options) *pgserver.Server {
	tb.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	s, err := pgserver.Start(ctx, o)
	check(tb, err)
	tb.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		if err := s.Stop(ctx); err != nil {
			tb.Error(err)
		}
	})
	return s
}

// check fails the test for an error, or skips it where PostgreSQL is missing and
// may be.
func check(tb testing.TB, err error) {
	tb.Helper()
	if errors.Is(err, pgserver.ErrNoPostgres) && os.Getenv(RequireEnv) != "1" {
		tb.Skip("skipped, since there is no PostgreSQL here: " + err.Error())
	}
	if err != nil {
		tb.Fatal(err)
	}
}

// next returns the shared server, started if need be, and an unused name.
func (s *server) next() (*pgserver.Server, string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.running == nil && s.err == nil {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		// Pages torn by a power cut are no matter here, and making a database
		// writes a thousand whole ones to the log otherwise.
		s.running, s.err = pgserver.Start(ctx, pgserver.Options{Settings: map[string]string{"full_page_writes": "off"}})
	}
	s.databases++
	return s.running, fmt.Sprintf("test%d", s.databases), s.err
}

func (s *server) stop() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.running == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	err := s.running.Stop(ctx)
	s.running, s.err = nil, errors.New("the shared PostgreSQL server was stopped")
	return err
}
