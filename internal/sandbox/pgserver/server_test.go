package pgserver_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/aofctl/aofctl/internal/sandbox/pgserver"
	"github.com/aofctl/aofctl/internal/sandbox/pgserver/pgtest"
	"github.com/jackc/pgx/v5"
)

// childEnv makes the test binary start a server, tell of it, and wait for its end.
const childEnv = "AOFCTL_PGSERVER_CHILD"

func TestMain(m *testing.M) {
	if os.Getenv(childEnv) != "" {
		os.Exit(startAndWait())
	}
	pgtest.Main(m)
}

func startAndWait() int {
	s, err := pgserver.Start(context.Background(), pgserver.Options{NoFsync: true})
	if err != nil {
		fmt.Println(err)
		return 1
	}
	fmt.Println(s.Dir(), s.Port())
	select {}
}

// ask runs statements one after the other on a connection of their own, and
// returns the last one's single value as text.
func ask(t *testing.T, dsn string, statements ...string) (string, error) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), dsn)
	if err != nil {
		return "", err
	}
	defer conn.Close(context.Background())
	var value string
	for _, s := range statements {
		results, err := conn.PgConn().Exec(t.Context(), s).ReadAll()
		if err != nil {
			return "", err
		}
		for _, r := range results {
			for _, row := range r.Rows {
				value = string(row[0])
			}
		}
	}
	return value, nil
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func TestServerKeepsCommitsAndItsAddressThroughCrashAndRestart(t *testing.T) {
	s := pgtest.Server(t, pgserver.Options{})
	dsn, err := s.CreateDatabase(t.Context(), `my "db"`)
	must(t, err)
	if _, err := ask(t, dsn, "CREATE TABLE t AS SELECT 7 AS x"); err != nil {
		t.Fatal(err)
	}
	must(t, s.Crash(t.Context()))
	if s.Running() {
		t.Error("it runs after a crash")
	}
	if _, err := ask(t, dsn, "SELECT 1"); err == nil {
		t.Error("it answers after a crash")
	}
	must(t, s.StartAgain(t.Context()))
	if x, err := ask(t, dsn, "SELECT x FROM t"); err != nil || x != "7" {
		t.Errorf("after a crash: %q, %v", x, err)
	}
	must(t, s.Restart(t.Context()))
	if x, err := ask(t, dsn, "SELECT x FROM t"); err != nil || x != "7" {
		t.Errorf("after a restart: %q, %v", x, err)
	}
	if err := s.StartAgain(t.Context()); err == nil {
		t.Error("it started twice")
	}
}

func TestServerIsSetUpAsAsked(t *testing.T) {
	s := pgtest.Server(t, pgserver.Options{Settings: map[string]string{"max_connections": "33", "cluster_name": "it's"}})
	for name, want := range map[string]string{"max_connections": "33", "cluster_name": "it's", "fsync": "on", "server_encoding": "UTF8"} {
		if got, err := ask(t, s.SocketDSN("postgres"), "SHOW "+name); err != nil || got != want {
			t.Errorf("%s is %q, %v", name, got, err)
		}
	}
	quick := pgtest.Server(t, pgserver.Options{NoFsync: true, Password: `p@ss'w"`})
	if got, err := ask(t, quick.DSN("postgres"), "SHOW fsync"); err != nil || got != "off" {
		t.Errorf("fsync is %q, %v", got, err)
	}
	if _, err := ask(t, fmt.Sprintf("postgres://aof:wrong@127.0.0.1:%d/postgres", quick.Port()), "SELECT 1"); err == nil {
		t.Error("a wrong password was taken")
	}
}

func TestWrongSettingIsToldWithTheServersLog(t *testing.T) {
	if _, err := pgserver.Find(); err != nil {
		pgtest.Database(t) // skips, or fails
	}
	dir := short(t)
	_, err := pgserver.Start(t.Context(), pgserver.Options{Dir: dir, Settings: map[string]string{"no_such_setting": "1"}})
	if err == nil || !strings.Contains(err.Error(), "no_such_setting") {
		t.Errorf("error %v", err)
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) != 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

// short makes a directory that the server's user can reach and whose path is
// short enough for a socket.
func short(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "pg")
	must(t, err)
	must(t, os.Chmod(dir, 0o755))
	t.Cleanup(func() { os.RemoveAll(dir) })
	return dir
}

func TestStopRemovesEverythingAndMayBeRepeated(t *testing.T) {
	s := pgtest.Server(t, pgserver.Options{NoFsync: true})
	for range 2 {
		must(t, s.Stop(t.Context()))
	}
	gone(t, s.Dir(), s.Port())
	crashed := pgtest.Server(t, pgserver.Options{NoFsync: true})
	must(t, crashed.Crash(t.Context()))
	must(t, crashed.Stop(t.Context()))
	gone(t, crashed.Dir(), crashed.Port())
}

// gone waits until nothing of a server is left.
func gone(t *testing.T, dir string, port int) {
	t.Helper()
	limit := time.After(2 * time.Minute)
	for {
		_, err := os.Stat(dir)
		conn, open := net.Dial("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(port)))
		if open == nil {
			conn.Close()
		}
		if errors.Is(err, os.ErrNotExist) && open != nil {
			return
		}
		select {
		case <-limit:
			t.Fatalf("after two minutes: directory %v, port %v", err, open)
		case <-time.After(10 * time.Millisecond):
		}
	}
}

func TestServerGoesWithAKilledProcess(t *testing.T) {
	if _, err := pgserver.Find(); err != nil {
		pgtest.Database(t) // skips, or fails
	}
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), childEnv+"=1")
	out, err := cmd.StdoutPipe()
	must(t, err)
	must(t, cmd.Start())
	line, err := bufio.NewReader(out).ReadString('\n')
	must(t, err)
	dir, number, _ := strings.Cut(strings.TrimSpace(line), " ")
	port, err := strconv.Atoi(number)
	must(t, err)
	if _, err := os.Stat(filepath.Join(dir, "data", "postmaster.pid")); err != nil {
		t.Error(err)
	}
	must(t, cmd.Process.Kill())
	cmd.Wait()
	gone(t, dir, port)
}

func TestDatabasesOfTestsAreFreshAndGoWithThem(t *testing.T) {
	var dsn string
	for range 2 {
		t.Run("", func(t *testing.T) {
			dsn = pgtest.Database(t)
			if _, err := ask(t, dsn, "CREATE TABLE t (x int)"); err != nil {
				t.Error(err)
			}
			// A connection that is left open does not keep it.
			conn, err := pgx.Connect(context.Background(), dsn)
			must(t, err)
			t.Cleanup(func() { conn.Close(context.Background()) })
		})
	}
	if _, err := ask(t, dsn, "SELECT 1"); err == nil {
		t.Error("the database is still there")
	}
}

func TestFindTakesOnlyACompleteDirectory(t *testing.T) {
	dir := t.TempDir()
	t.Setenv(pgserver.BinEnv, dir)
	for _, name := range []string{"initdb", "pg_ctl", "postgres"} {
		if found, err := pgserver.Find(); !errors.Is(err, pgserver.ErrNoPostgres) {
			t.Errorf("found %q, %v", found, err)
		}
		must(t, os.WriteFile(filepath.Join(dir, name), nil, 0o600))
	}
	if found, err := pgserver.Find(); err != nil || found != dir {
		t.Errorf("found %q, %v", found, err)
	}
	t.Setenv(pgserver.BinEnv, filepath.Join(dir, "missing"))
	if _, err := pgserver.Start(t.Context(), pgserver.Options{}); !errors.Is(err, pgserver.ErrNoPostgres) {
		t.Errorf("error %v", err)
	}
}

func TestFindLooksOnPath(t *testing.T) {
	dir := t.TempDir()
	t.Setenv(pgserver.BinEnv, "")
	for _, name := range []string{"initdb", "pg_ctl", "postgres"} {
		must(t, os.WriteFile(filepath.Join(dir, name), nil, 0o700))
	}
	links := t.TempDir()
	must(t, os.Symlink(filepath.Join(dir, "initdb"), filepath.Join(links, "initdb")))
	for _, path := range []string{dir, links} {
		t.Setenv("PATH", path)
		if found, err := pgserver.Find(); err != nil || found != dir {
			t.Errorf("found %q, %v", found, err)
		}
	}
}

func TestTestsAreSkippedOrFailWithoutPostgres(t *testing.T) {
	for _, tt := range []struct{ require, want string }{
		{"", "SKIP: TestServerIsSetUpAsAsked"},
		{"1", "FAIL: TestServerIsSetUpAsAsked"},
	} {
		cmd := exec.Command(os.Args[0], "-test.v", "-test.run", "TestServerIsSetUpAsAsked|TestDatabasesOfTests")
		cmd.Env = append(os.Environ(), pgserver.BinEnv+"=/missing", pgtest.RequireEnv+"="+tt.require)
		out, err := cmd.CombinedOutput()
		if (err != nil) != (tt.require == "1") || !strings.Contains(string(out), tt.want) || !strings.Contains(string(out), "install the package postgresql") {
			t.Errorf("required %q: %v\n%s", tt.require, err, out)
		}
	}
}
