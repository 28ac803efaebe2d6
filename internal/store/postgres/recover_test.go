package postgres

import (
	"context"
	"database/sql"
	"errors"
	"io"
	"net"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aofctl/aofctl/internal/sandbox/pgserver"
	"github.com/aofctl/aofctl/internal/sandbox/pgserver/pgtest"
)

// until asks again and again, and fails the test after two minutes.
func until(t *testing.T, what string, done func() bool) {
	t.Helper()
	limit := time.After(2 * time.Minute)
	for !done() {
		select {
		case <-limit:
			t.Fatalf("after two minutes: %s", what)
		case <-time.After(5 * time.Millisecond):
		}
	}
}

// writers take numbers and insert each until that is confirmed.
func writers(ctx context.Context, t *testing.T, db *sql.DB, taken *atomic.Int64) *sync.WaitGroup {
	t.Helper()
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for ctx.Err() == nil {
				n := taken.Add(1)
				for t.Context().Err() == nil {
					_, err := db.Exec("INSERT INTO t VALUES ($1) ON CONFLICT DO NOTHING", n)
					if err == nil {
						break
					}
					if !Away(err) || Refused(err) {
						t.Errorf("insert %d: %v", n, err)
						break
					}
				}
			}
		})
	}
	return &wg
}

func TestPoolSurvivesCrashesAndRestartsInMidUse(t *testing.T) {
	s := pgtest.Server(t, pgserver.Options{})
	db := open(t, s.DSN("postgres"), Options{})
	exec(t, db, "CREATE TABLE t (x bigint PRIMARY KEY)")
	ctx, stop := context.WithCancel(t.Context())
	var taken atomic.Int64
	wg := writers(ctx, t, db, &taken)
	for _, trouble := range []func(context.Context) error{s.Crash, s.StartAgain, s.Restart, s.Crash, s.StartAgain} {
		had := taken.Load()
		if err := trouble(t.Context()); err != nil {
			t.Fatal(err)
		}
		if s.Running() {
			until(t, "no writes go through again", func() bool { return taken.Load() > had+20 })
		}
	}
	stop()
	wg.Wait()
	if n := count(t, db, "SELECT count(*) FROM t"); int64(n) != taken.Load() {
		t.Errorf("%d rows of %d numbers", n, taken.Load())
	}
}

func TestServerThatIsAwaySaysSoEverywhere(t *testing.T) {
	s := pgtest.Server(t, pgserver.Options{})
	db := open(t, s.DSN("postgres"), Options{})
	tx, err := db.Begin()
	if err != nil {
		t.Fatal(err)
	}
	defer tx.Rollback()
	if err := s.Crash(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := tx.Exec("SELECT 1"); !Away(err) {
		t.Errorf("in a transaction: %v", err)
	}
	if _, err := db.Exec("SELECT 1"); !Away(err) {
		t.Errorf("on a new connection: %v", err)
	}
	if _, err := db.Begin(); !Away(err) {
		t.Errorf("begin: %v", err)
	}
	if _, err := Open(t.Context(), s.DSN("postgres"), Options{}); !Away(err) {
		t.Errorf("open: %v", err)
	}
}

func TestStatementsPreparedBeforeAMigrationWorkAfterIt(t *testing.T) {
	dsn := pgtest.Database(t)
	old := open(t, dsn, Options{MaxConns: 1})
	exec(t, old, "CREATE TABLE t (x int)", "INSERT INTO t VALUES (1)")
	read := func() error {
		rows, err := old.Query("SELECT * FROM t WHERE x = $1", 1) //nolint:unqueryvet // its columns have to change
		if err != nil {
			return err
		}
		defer rows.Close()
		rows.Next()
		return rows.Err()
	}
	if err := read(); err != nil {
		t.Fatal(err)
	}
	exec(t, open(t, dsn, Options{}), "ALTER TABLE t ADD COLUMN y int")
	if err := read(); !Away(err) {
		t.Errorf("first: %v", err)
	}
	if err := read(); err != nil {
		t.Errorf("again: %v", err)
	}
}

// The engine tries again after an error of the network, and takes the end of a
// file for the end of a step.
func TestConnectionThatTheServerClosedIsAnErrorOfTheNetwork(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	c, err := parse("postgres://u@h/d", Options{})
	if err != nil {
		t.Fatal(err)
	}
	conn, err := c.conn.DialFunc(t.Context(), "tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	peer, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	peer.Close()
	_, err = conn.Read(make([]byte, 1))
	var network net.Error
	if !errors.As(err, &network) || errors.Is(err, io.EOF) || !Away(err) {
		t.Errorf("error %v", err)
	}
}
