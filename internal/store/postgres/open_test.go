package postgres

import (
	"context"
	"database/sql"
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aofctl/aofctl/internal/sandbox/pgserver"
	"github.com/aofctl/aofctl/internal/sandbox/pgserver/pgtest"
	"github.com/aofctl/aofctl/internal/sandbox/port"
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

func exec(t *testing.T, db *sql.DB, statements ...string) {
	t.Helper()
	for _, s := range statements {
		if _, err := db.Exec(s); err != nil {
			t.Fatalf("%s: %v", s, err)
		}
	}
}

// with returns the DSN changed.
func with(t *testing.T, dsn string, change func(*url.URL, url.Values)) string {
	t.Helper()
	u, err := url.Parse(dsn)
	if err != nil {
		t.Fatal(err)
	}
	q := u.Query()
	change(u, q)
	u.RawQuery = q.Encode()
	return u.String()
}

func TestEveryConnectionHasTheSettings(t *testing.T) {
	dsn := pgtest.Database(t)
	tests := []struct {
		name string
		opts Options
		want map[string]string
	}{
		{"defaults", Options{}, map[string]string{
			"search_path": `"$user", public`, "statement_timeout": "30s", "lock_timeout": "10s",
			"idle_in_transaction_session_timeout": "5s", "application_name": "aofctl",
		}},
		{"chosen", Options{
			Schema: "aof", ApplicationName: "me", StatementTimeout: time.Second, LockTimeout: 2 * time.Second, IdleInTransaction: 3 * time.Second,
		}, map[string]string{
			"search_path": "aof", "statement_timeout": "1s", "lock_timeout": "2s",
			"idle_in_transaction_session_timeout": "3s", "application_name": "me",
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			db := open(t, dsn, tt.opts)
			for range 2 {
				c, err := db.Conn(context.Background())
				if err != nil {
					t.Fatal(err)
				}
				defer c.Close()
				for name, want := range tt.want {
					var got string
					if err := c.QueryRowContext(context.Background(), "SELECT current_setting($1)", name).Scan(&got); err != nil {
						t.Fatal(err)
					}
					if got != want {
						t.Errorf("%s is %s, want %s", name, got, want)
					}
				}
			}
		})
	}
}

func TestPoolHasTheSettingsAndItsSize(t *testing.T) {
	pool, err := Pool(t.Context(), pgtest.Database(t), Options{Schema: "aof", MaxConns: 3})
	if err != nil {
		t.Fatal(err)
	}
	defer pool.Close()
	var path string
	if err := pool.QueryRow(t.Context(), "SHOW search_path").Scan(&path); err != nil || path != "aof" {
		t.Errorf("search_path %q, %v", path, err)
	}
	if n := pool.Config().MaxConns; n != 3 {
		t.Errorf("%d connections", n)
	}
	if _, err := Pool(t.Context(), "nonsense", Options{}); err == nil {
		t.Error("a pool of nonsense")
	}
}

func TestSchemaIsMadeOnceByManyAndFound(t *testing.T) {
	dsn := pgtest.Database(t)
	db := open(t, dsn, Options{})
	for i := range 20 {
		var wg sync.WaitGroup
		for range 4 {
			wg.Go(func() {
				if err := makeSchema(t.Context(), db, fmt.Sprint("aof", i)); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
	}
	exec(t, open(t, dsn, Options{Schema: "aof1"}), "CREATE TABLE t (x int)")
	if n := count(t, db, "SELECT count(*) FROM aof1.t"); n != 0 {
		t.Errorf("%d rows", n)
	}
}

func TestSchemaNeedsNoRightsOnceItIsThere(t *testing.T) {
	dsn := pgtest.Database(t)
	owner := open(t, dsn, Options{})
	exec(t, owner, "DROP ROLE IF EXISTS guest", "CREATE ROLE guest LOGIN")
	guest := with(t, dsn, func(u *url.URL, _ url.Values) { u.User = url.User("guest") })
	_, err := Open(t.Context(), guest, Options{Schema: "aof"})
	if err == nil || !strings.Contains(err.Error(), "GRANT CREATE") || Away(err) {
		t.Errorf("error %v", err)
	}
	exec(t, owner, "CREATE SCHEMA aof AUTHORIZATION guest")
	exec(t, open(t, guest, Options{Schema: "aof"}), "CREATE TABLE t (x int)")
}

func TestBothSchemesAndTheSocketWork(t *testing.T) {
	s := pgtest.Server(t, pgserver.Options{NoFsync: true})
	for _, dsn := range []string{s.DSN("postgres"), strings.Replace(s.DSN("postgres"), "postgres://", "postgresql://", 1), s.SocketDSN("postgres")} {
		if err := open(t, dsn, Options{AllowNoFsync: true}).Ping(); err != nil {
			t.Errorf("%s: %v", dsn, err)
		}
	}
}

func TestOpeningSaysWhatToCheckAndNeverThePassword(t *testing.T) {
	s := pgtest.Server(t, pgserver.Options{Password: "Geheim-7"})
	free := closedPort(t)
	host := func(h string) func(*url.URL, url.Values) { return func(u *url.URL, _ url.Values) { u.Host = h } }
	param := func(name, value string) func(*url.URL, url.Values) {
		return func(_ *url.URL, q url.Values) { q.Set(name, value) }
	}
	tests := []struct {
		name   string
		change func(*url.URL, url.Values)
		away   bool
		want   string
	}{
		{"wrong password", func(u *url.URL, _ url.Values) { u.User = url.UserPassword("aof", "Geheim-8") }, false, "the password in the DSN"},
		{"no password", func(u *url.URL, _ url.Values) { u.User = url.User("aof") }, false, "the password in the DSN"},
		{"unknown user", func(u *url.URL, _ url.Values) { u.User = url.UserPassword("nobody", "Geheim-8") }, false, "check the user"},
		{"unknown database", func(u *url.URL, _ url.Values) { u.Path = "/missing" }, false, `CREATE DATABASE "missing"`},
		{"no such host", host("host.invalid:5432"), true, "check the host name"},
		{"nobody listens", host("127.0.0.1:" + free), true, "port " + free},
		{"TLS refused", param("sslmode", "require"), false, "turn ssl on"},
		{"unknown parameter", param("no_such_thing", "1"), false, "parameters of the DSN"},
		{"read-only", param("default_transaction_read_only", "on"), true, "give the primary"},
		{"read-only, any taken", func(_ *url.URL, q url.Values) {
			q.Set("default_transaction_read_only", "on")
			q.Set("target_session_attrs", "any")
		}, true, "give the primary"},
		{"commits not waited for", param("synchronous_commit", "off"), false, "synchronous_commit"},
		{"pooler without settings", param("default_query_exec_mode", "exec"), false, `ALTER ROLE "aof" IN DATABASE "postgres" SET search_path = 'aof'; ALTER ROLE "aof" IN DATABASE "postgres" SET statement_timeout = '30000';`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := Open(t.Context(), with(t, s.DSN("postgres"), tt.change), Options{Schema: "aof"})
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Fatalf("error %v, want %s in it", err, tt.want)
			}
			if strings.Contains(err.Error(), "Geheim") {
				t.Errorf("the password is in: %v", err)
			}
			if Away(err) != tt.away {
				t.Errorf("away is %v for: %v", !tt.away, err)
			}
		})
	}
}

// closedPort is a port of loopback where nobody listens during the test.
func closedPort(t *testing.T) string {
	t.Helper()
	return strconv.Itoa(port.For(t))
}

func TestServerThatDoesNotSyncIsRefusedUnlessAllowed(t *testing.T) {
	s := pgtest.Server(t, pgserver.Options{NoFsync: true})
	if _, err := Open(t.Context(), s.DSN("postgres"), Options{}); err == nil || !strings.Contains(err.Error(), "fsync is off") {
		t.Errorf("error %v", err)
	}
	open(t, s.DSN("postgres"), Options{AllowNoFsync: true})
}

func TestTooManyConnectionsPass(t *testing.T) {
	s := pgtest.Server(t, pgserver.Options{Settings: map[string]string{"max_connections": "4", "superuser_reserved_connections": "0"}})
	db := open(t, s.DSN("postgres"), Options{})
	for range 4 {
		c, err := db.Conn(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
	}
	_, err := Open(t.Context(), s.DSN("postgres"), Options{})
	if err == nil || !Away(err) || !strings.Contains(err.Error(), "max_connections") {
		t.Errorf("error %v", err)
	}
}

func TestFirstHostThatTakesWritesIsUsed(t *testing.T) {
	standby := pgtest.Server(t, pgserver.Options{Settings: map[string]string{"default_transaction_read_only": "on"}})
	dsn := with(t, pgtest.Database(t), func(u *url.URL, _ url.Values) {
		u.Host = fmt.Sprintf("127.0.0.1:%s,127.0.0.1:%d,%s", closedPort(t), standby.Port(), u.Host)
		u.Path = "/postgres"
	})
	db := open(t, dsn, Options{})
	if n := count(t, db, "SELECT current_setting('port')::int"); n == standby.Port() {
		t.Error("connected to the standby")
	}
}

func TestBehindAPoolerSettingsOfTheRoleAreEnough(t *testing.T) {
	dsn := pgtest.Database(t)
	owner := open(t, dsn, Options{Schema: "aof"})
	exec(t, owner, "DROP ROLE IF EXISTS pooled", "CREATE ROLE pooled LOGIN", "GRANT ALL ON SCHEMA aof TO pooled")
	for _, set := range []string{"search_path = 'aof'", "statement_timeout = '1min'", "lock_timeout = '10s'", "idle_in_transaction_session_timeout = 5000"} {
		exec(t, owner, "ALTER ROLE pooled SET "+set)
	}
	db := open(t, with(t, dsn, func(u *url.URL, q url.Values) {
		u.User = url.User("pooled")
		q.Set("default_query_exec_mode", "exec")
	}), Options{Schema: "aof"})
	if err := Migrate(t.Context(), db, files("1_a.sql", "CREATE TABLE a (x int, b bytea, at timestamptz)")); err != nil {
		t.Fatal(err)
	}
	at := time.Now().Truncate(time.Millisecond)
	if _, err := db.Exec("INSERT INTO a VALUES ($1, $2, $3)", 7, []byte{0, 255}, at); err != nil {
		t.Fatal(err)
	}
	var x int
	var b []byte
	var got time.Time
	if err := db.QueryRow("SELECT x, b, at FROM a").Scan(&x, &b, &got); err != nil || x != 7 || string(b) != "\x00\xff" || !got.Equal(at) {
		t.Errorf("%d %v %v, %v", x, b, got, err)
	}
	if n := count(t, db, "SELECT count(*) FROM pg_prepared_statements"); n != 0 {
		t.Errorf("%d prepared statements", n)
	}
}
