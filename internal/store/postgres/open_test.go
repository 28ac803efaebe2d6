package postgres

import (
	"context"
	"database/sql"
	"testing"

	"github.com/aofctl/aofctl/internal/sandbox/pgserver/pgtest"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

func open(t *testing.T, dsn string, o Options) *sql.DB {
	t.Helper()
	db, err := Open(context.Background(), dsn, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	return db
}

func shown(t *testing.T, c *sql.Conn, name string) string {
	t.Helper()
	var value string
	if err := c.QueryRowContext(context.Background(), "SELECT current_setting($1)", name).Scan(&value); err != nil {
		t.Fatal(err)
	}
	return value
}

func TestEveryConnectionHasTheSettings(t *testing.T) {
	db := open(t, pgtest.Database(t), Options{Schema: "aof"})
	for range 2 {
		c, err := db.Conn(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		for name, want := range map[string]string{
			"search_path": "aof", "statement_timeout": "30s", "lock_timeout": "10s",
			"idle_in_transaction_session_timeout": "5s", "application_name": "aofctl",
		} {
			if got := shown(t, c, name); got != want {
				t.Errorf("%s is %s, want %s", name, got, want)
			}
		}
	}
}
