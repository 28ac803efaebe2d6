package postgres

import (
	"context"
	"database/sql"
	"net/url"
	"strings"
	"testing"

	"github.com/aofctl/aofctl/internal/sandbox/pgserver/pgtest"
	"github.com/aofctl/aofctl/internal/store/inbox"
	"github.com/aofctl/aofctl/internal/store/inbox/inboxtest"
	"github.com/aofctl/aofctl/internal/store/postgres"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

// database is a place of the conformance tests.
type database string

func (dsn database) Open(ctx context.Context, s inboxtest.Settings) (inboxtest.Inbox, error) {
	in, err := Open(ctx, string(dsn), Options{Now: s.Now, Entropy: s.Entropy, MaxBytes: s.MaxBytes, KeepIdentities: s.KeepIdentities})
	if err != nil {
		return nil, err
	}
	return in, nil
}

func (dsn database) Damage(ctx context.Context, seq int64, headers string, block []byte) error {
	db, err := postgres.Open(ctx, string(dsn), postgres.Options{Schema: Schema, MaxConns: 1})
	if err != nil {
		return err
	}
	defer db.Close()
	if block == nil {
		block = []byte{}
	}
	_, err = db.ExecContext(ctx, `UPDATE bodies SET headers = $2, body = $3 WHERE seq = $1`, seq, headers, block)
	return err
}

func TestInboxConforms(t *testing.T) {
	inboxtest.Run(t, func(t *testing.T) inboxtest.Place { return database(pgtest.Database(t)) })
}

// TestInboxConformsBehindAPooler runs without prepared statements and settings of
// a session, as a pooler in transaction mode demands.
func TestInboxConformsBehindAPooler(t *testing.T) {
	inboxtest.Run(t, func(t *testing.T) inboxtest.Place {
		dsn := pgtest.Database(t)
		u, err := url.Parse(dsn)
		if err != nil {
			t.Fatal(err)
		}
		conn := session(t, dsn)
		for name, value := range map[string]string{"search_path": Schema, "statement_timeout": "30s", "lock_timeout": "10s",
			"idle_in_transaction_session_timeout": "5s"} {
			execute(t, conn, `ALTER DATABASE `+strings.TrimPrefix(u.Path, "/")+` SET `+name+` = '`+value+`'`)
		}
		q := u.Query()
		q.Set("default_query_exec_mode", "exec")
		u.RawQuery = q.Encode()
		return database(u.String())
	})
}

func open(t testing.TB, dsn string, o Options) *Inbox {
	t.Helper()
	in, err := Open(t.Context(), dsn, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := in.Close(); err != nil {
			t.Error(err)
		}
	})
	return in
}

// session is a connection of the test's own.
func session(t testing.TB, dsn string) *sql.Conn {
	t.Helper()
	db, err := postgres.Open(t.Context(), dsn, postgres.Options{Schema: Schema, MaxConns: 1, IdleInTransaction: 60e9})
	if err != nil {
		t.Fatal(err)
	}
	conn, err := db.Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = conn.Close()
		_ = db.Close()
	})
	return conn
}

func execute(t testing.TB, conn *sql.Conn, query string, args ...any) {
	t.Helper()
	if _, err := conn.ExecContext(t.Context(), query, args...); err != nil {
		t.Fatal(err)
	}
}

func mustAppend(t testing.TB, in *Inbox, d inbox.Delivery) inbox.Receipt {
	t.Helper()
	r, err := in.Append(t.Context(), d)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func BenchmarkAppend(b *testing.B) { inboxtest.BenchmarkAppend(b, database(pgtest.Database(b))) }
