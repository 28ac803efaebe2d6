package postgres

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"net"
	"testing"
	"time"

	"github.com/aofctl/aofctl/internal/sandbox/pgserver/pgtest"
	"github.com/jackc/pgx/v5/pgconn"
)

func TestErrorsOfTheMomentAndOfTheChange(t *testing.T) {
	code := func(c string) error { return fmt.Errorf("insert run: %w", &pgconn.PgError{Code: c}) }
	tests := []struct {
		name          string
		err           error
		away, refused bool
	}{
		{"none", nil, false, false},
		{"words", errors.New("x"), false, false},
		{"no rows", sql.ErrNoRows, false, false},
		{"canceled", fmt.Errorf("x: %w", context.Canceled), false, false},
		{"deadline", fmt.Errorf("x: %w", context.DeadlineExceeded), true, false},
		{"end", fmt.Errorf("x: %w", io.EOF), true, false},
		{"unexpected end", io.ErrUnexpectedEOF, true, false},
		{"network", &net.OpError{Op: "read", Err: errClosed}, true, false},
		{"bad connection", driver.ErrBadConn, true, false},
		{"closed connection", pgconn.ErrConnClosed, true, false},
		{"standby", errReadOnly, true, false},
		{"one of two hosts", errors.Join(errors.New("x"), io.EOF), true, false},
		{"canceled by an unreachable server's context", errors.Join(io.EOF, context.Canceled), false, false},
		{"shutting down", code("57P01"), true, false},
		{"crashed", code("57P02"), true, false},
		{"starting", code("57P03"), true, false},
		{"database dropped", code("57P04"), false, false},
		{"connection failure", code("08006"), true, false},
		{"too many connections", code("53300"), true, false},
		{"disk full", code("53100"), true, false},
		{"out of memory", code("53200"), true, false},
		{"io", code("58030"), true, false},
		{"serialisation", code("40001"), true, false},
		{"deadlock", code("40P01"), true, false},
		{"lock timeout", code("55P03"), true, false},
		{"statement timeout", code("57014"), true, false},
		{"idle in transaction", code("25P03"), true, false},
		{"standby now", code("25006"), true, false},
		{"failed transaction", code("25P02"), false, false},
		{"changed plan", &pgconn.PgError{Code: "0A000", Message: "cached plan must not change result type"}, true, false},
		{"not supported", code("0A000"), false, false},
		{"password", code("28P01"), false, false},
		{"unique", code("23505"), false, true},
		{"zero byte in text", code("22021"), false, true},
		{"too large", code("54000"), false, true},
		{"unknown table", code("42P01"), false, false},
		{"no code", code(""), false, false},
	}
	for _, tt := range tests {
		if got := Away(tt.err); got != tt.away {
			t.Errorf("%s: away is %v", tt.name, got)
		}
		if got := Refused(tt.err); got != tt.refused {
			t.Errorf("%s: refused is %v", tt.name, got)
		}
	}
}

func TestChangesThatNeverFitAreRefused(t *testing.T) {
	db := open(t, pgtest.Database(t), Options{})
	exec(t, db, "CREATE TABLE t (x int PRIMARY KEY, s text CHECK (s <> 'no'), j jsonb)", "INSERT INTO t VALUES (1)")
	for _, change := range []struct {
		text string
		args []any
	}{
		{"INSERT INTO t VALUES (1)", nil},
		{"INSERT INTO t VALUES (2, 'no')", nil},
		{"INSERT INTO t VALUES (2, $1)", []any{"a\x00b"}},
		{"INSERT INTO t VALUES (2, $1)", []any{"\xff"}},
		{"INSERT INTO t (x, j) VALUES (2, $1)", []any{`"\u0000"`}},
		{"INSERT INTO t VALUES (99999999999)", nil},
	} {
		_, err := db.Exec(change.text, change.args...)
		if !Refused(err) || Away(err) {
			t.Errorf("%s %q: %v", change.text, change.args, err)
		}
	}
	if n := count(t, db, "SELECT count(*) FROM t"); n != 1 {
		t.Errorf("%d rows", n)
	}
}

func TestWaitingAndRunningTooLongPasses(t *testing.T) {
	dsn := pgtest.Database(t)
	db := open(t, dsn, Options{})
	exec(t, db, "CREATE TABLE t (x int)", "INSERT INTO t VALUES (1)")
	tx, err := db.Begin()
	if err != nil {
		t.Fatal(err)
	}
	defer tx.Rollback()
	if _, err := tx.Exec("UPDATE t SET x = 2"); err != nil {
		t.Fatal(err)
	}
	short := open(t, dsn, Options{LockTimeout: 10 * time.Millisecond, StatementTimeout: 50 * time.Millisecond})
	for _, statement := range []string{"UPDATE t SET x = 3", "SELECT pg_sleep(30)"} {
		if _, err := short.Exec(statement); !Away(err) || Refused(err) {
			t.Errorf("%s: %v", statement, err)
		}
	}
}

// A process that stops in a transaction, as a frozen one does, must not keep
// others from what it locked.
func TestFrozenTransactionGivesItsLocksBack(t *testing.T) {
	dsn := pgtest.Database(t)
	frozen := open(t, dsn, Options{IdleInTransaction: 100 * time.Millisecond})
	exec(t, frozen, "CREATE TABLE t (x int)", "INSERT INTO t VALUES (1)")
	tx, err := frozen.Begin()
	if err != nil {
		t.Fatal(err)
	}
	defer tx.Rollback()
	if _, err := tx.Exec("UPDATE t SET x = 2"); err != nil {
		t.Fatal(err)
	}
	other := open(t, dsn, Options{})
	exec(t, other, "UPDATE t SET x = 3")
	if err := tx.Commit(); !Away(err) {
		t.Errorf("commit of the frozen: %v", err)
	}
	if x := count(t, frozen, "SELECT x FROM t"); x != 3 {
		t.Errorf("x is %d", x)
	}
}
