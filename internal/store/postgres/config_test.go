package postgres

import (
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestSettingsComeFromOptionsThenDSNThenDefaults(t *testing.T) {
	tests := []struct {
		name, query string
		opts        Options
		want        map[string]string
	}{
		{"defaults", "", Options{}, map[string]string{
			"statement_timeout": "30000", "lock_timeout": "10000", "idle_in_transaction_session_timeout": "5000", "application_name": "aofctl",
		}},
		{"DSN", "?statement_timeout=1min&lock_timeout=0&application_name=x&work_mem=8MB", Options{}, map[string]string{
			"statement_timeout": "1min", "lock_timeout": "0", "idle_in_transaction_session_timeout": "5000", "application_name": "x", "work_mem": "8MB",
		}},
		{"options before DSN", "?statement_timeout=1min&application_name=x", Options{
			Schema: "aof", StatementTimeout: time.Second, LockTimeout: 2 * time.Second, IdleInTransaction: 3 * time.Second, ApplicationName: "y",
		}, map[string]string{
			"search_path": "aof", "statement_timeout": "1000", "lock_timeout": "2000", "idle_in_transaction_session_timeout": "3000", "application_name": "y",
		}},
		{"nothing in the session behind a pooler", "?default_query_exec_mode=exec", Options{Schema: "aof"}, map[string]string{"application_name": "aofctl"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c, err := parse("postgres://u:secret@h:1/d"+tt.query, tt.opts)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, c.conn.RuntimeParams); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestSizeOfThePoolAndTimeToConnect(t *testing.T) {
	tests := []struct {
		query   string
		opts    Options
		conns   int
		connect time.Duration
	}{
		{"", Options{}, 16, 5 * time.Second},
		{"?pool_max_conns=3&connect_timeout=2", Options{}, 3, 2 * time.Second},
		{"?pool_max_conns=3&connect_timeout=2", Options{MaxConns: 4, ConnectTimeout: time.Second}, 4, time.Second},
	}
	for _, tt := range tests {
		c, err := parse("postgresql://u@h/d"+tt.query, tt.opts)
		if err != nil {
			t.Fatal(err)
		}
		if c.maxConns != tt.conns || c.conn.ConnectTimeout != tt.connect {
			t.Errorf("%s %+v: %d connections, %s", tt.query, tt.opts, c.maxConns, c.conn.ConnectTimeout)
		}
		if _, sent := c.conn.RuntimeParams["pool_max_conns"]; sent {
			t.Error("pool_max_conns goes to the server")
		}
	}
}

func TestUnusableDSNsAndOptionsAreRefusedWithoutThePassword(t *testing.T) {
	tests := []struct {
		name, dsn string
		opts      Options
		want      string
	}{
		{"empty", "", Options{}, "form postgres://"},
		{"no URL", "host=h password=Geheim-7", Options{}, "form postgres://"},
		{"another database", "mysql://u:Geheim-7@h/d", Options{}, "form postgres://"},
		{"hash in password", "postgres://u:Geheim-7#x@h/d", Options{}, "%23"},
		{"percent in password", "postgres://u:Geheim-7%zz@h/d", Options{}, "%XX"},
		{"slash in password", "postgres://u:Geheim-7/x@h/d", Options{}, "%XX"},
		{"slash behind digits", "postgres://u:4711/Geheim@h/d", Options{}, "%XX"},
		{"hash behind digits", "postgres://u:4711#Geheim@h/d", Options{}, "%XX"},
		{"question mark behind digits", "postgres://u:4711?Geheim@h/d", Options{}, "%XX"},
		{"space in host", "postgres://u:Geheim-7@h h/d", Options{}, "%XX"},
		{"control character", "postgres://u:Geheim-7@h/d\n", Options{}, "%XX"},
		{"port", "postgres://u:Geheim-7@h:99999/d", Options{}, "port"},
		{"semicolon", "postgres://u:Geheim-7@h/d?a;b", Options{}, "name=value"},
		{"sslmode", "postgres://u:Geheim-7@h/d?sslmode=maybe", Options{}, "sslmode"},
		{"certificate", "postgres://u:Geheim-7@h/d?sslmode=verify-full&sslrootcert=/no/such/file", Options{}, "/no/such/file"},
		{"exec mode", "postgres://u:Geheim-7@h/d?default_query_exec_mode=x", Options{}, "default_query_exec_mode"},
		{"service", "postgres://u:Geheim-7@h/d?service=nowhere", Options{}, "service"},
		{"pool size", "postgres://u:Geheim-7@h/d?pool_max_conns=0", Options{}, "pool_max_conns"},
		{"pool parameter", "postgres://u:Geheim-7@h/d?pool_min_conns=1", Options{}, "pool_min_conns"},
		{"search_path", "postgres://u:Geheim-7@h/d?search_path=x", Options{Schema: "aof"}, "search_path"},
		{"schema with quotes", "postgres://u:Geheim-7@h/d", Options{Schema: `a"; DROP`}, "schema"},
		{"schema of the system", "postgres://u:Geheim-7@h/d", Options{Schema: "pg_temp"}, "schema"},
		{"long schema", "postgres://u:Geheim-7@h/d", Options{Schema: strings.Repeat("a", 64)}, "schema"},
		{"negative time", "postgres://u:Geheim-7@h/d", Options{LockTimeout: -1}, "negative"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := Open(t.Context(), tt.dsn, tt.opts)
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error %v, want %s in it", err, tt.want)
			}
			if err != nil && (strings.Contains(err.Error(), "Geheim") || strings.Contains(err.Error(), "4711")) {
				t.Errorf("the password is in: %v", err)
			}
		})
	}
}

func TestPasswordsWithSpecialCharactersArrive(t *testing.T) {
	for _, password := range []string{"a@b", "a#b", "a/b:c", "a%41", "a b", "ä+&?="} {
		u := url.URL{Scheme: "postgres", User: url.UserPassword("u", password), Host: "h", Path: "/d"}
		c, err := parse(u.String(), Options{})
		if err != nil {
			t.Fatal(err)
		}
		if c.conn.Password != password {
			t.Errorf("%q became %q", password, c.conn.Password)
		}
	}
}

func FuzzDSN(f *testing.F) {
	for _, seed := range []string{
		"postgres://u:Geheim-7@h:1/d", "postgresql://h1,h2:3/d?sslmode=require", "postgres:///d?host=/tmp", "postgres://u:Geheim-7#@h",
		"postgres://u:p@h/d?password=Geheim-7&port=x", "postgres://Geheim-7@@", "postgres://?pool_max_conns=9", "postgres://u:%47eheim@h:x/d",
		"postgres://u:`: Geheim-7@h/d?sslmode=`: ", "postgres://h/?target_session_attrs=read-write&min_protocol_version=9",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, dsn string) {
		c, err := parse(dsn, Options{Schema: "aof"})
		if err == nil && (c.maxConns < 1 || c.conn.ConnectTimeout <= 0 || c.conn.DialFunc == nil) {
			t.Errorf("%q gave %+v", dsn, c)
		}
		u, wrong := url.Parse(dsn)
		if err == nil || wrong != nil || u.User == nil {
			return
		}
		if password, _ := u.User.Password(); len(password) > 6 && strings.Contains(err.Error(), password) && !strings.Contains(u.RawQuery, password) {
			t.Errorf("the password %q is in: %v", password, err)
		}
	})
}
