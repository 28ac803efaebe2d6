package sqlite

import (
	"context"
	"database/sql"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aofctl/aofctl/internal/leak"
)

func TestMain(m *testing.M) {
	if dir := os.Getenv(childDir); dir != "" {
		os.Exit(lockAndWait(dir))
	}
	leak.Main(m)
}

func open(t *testing.T, path string, o Options) *sql.DB {
	t.Helper()
	db, err := Open(path, o)
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

func pragma(t *testing.T, c *sql.Conn, name string) string {
	t.Helper()
	var value string
	if err := c.QueryRowContext(context.Background(), "PRAGMA "+name).Scan(&value); err != nil {
		t.Fatal(err)
	}
	return value
}

func TestEveryConnectionHasTheSettings(t *testing.T) {
	tests := []struct {
		name string
		opts Options
		want map[string]string
	}{
		{"defaults", Options{}, map[string]string{
			"page_size": "4096", "journal_mode": "wal", "synchronous": "2", "foreign_keys": "1", "cache_size": "-4096",
			"wal_autocheckpoint": "1000", "busy_timeout": "5000", "journal_size_limit": "67108864", "temp_store": "2", "query_only": "0",
		}},
		{"chosen", Options{PageSize: 16384, CacheBytes: 1 << 20, CheckpointPages: -1, JournalBytes: 1 << 20, BusyTimeout: time.Second, MaxConns: 2}, map[string]string{
			"page_size": "16384", "journal_mode": "wal", "synchronous": "2", "foreign_keys": "1", "cache_size": "-1024",
			"wal_autocheckpoint": "0", "busy_timeout": "1000", "journal_size_limit": "1048576",
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			db := open(t, filepath.Join(t.TempDir(), "x.db"), tt.opts)
			for range 2 {
				c, err := db.Conn(context.Background())
				if err != nil {
					t.Fatal(err)
				}
				defer c.Close()
				for name, want := range tt.want {
					if got := pragma(t, c, name); got != want {
						t.Errorf("%s is %s, want %s", name, got, want)
					}
				}
			}
		})
	}
}

func TestPathsWithSpecialCharacters(t *testing.T) {
	for _, name := range []string{"plain.db", "a b.db", "100%.db", "what?.db", "c#.db", "x&mode=ro.db", "%41.db", "ä.db"} {
		dir := t.TempDir()
		db := open(t, filepath.Join(dir, name), Options{})
		if _, err := db.Exec("CREATE TABLE t (x)"); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if _, err := os.Stat(filepath.Join(dir, name)); err != nil {
			t.Error(err)
		}
	}
}

func TestFilesAreTheOwnersAlone(t *testing.T) {
	dir := t.TempDir()
	db := open(t, filepath.Join(dir, "x.db"), Options{})
	if _, err := db.Exec("CREATE TABLE t (x)"); err != nil {
		t.Fatal(err)
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		info, err := e.Info()
		if err != nil {
			t.Fatal(err)
		}
		if info.Mode().Perm() != 0o600 {
			t.Errorf("%s has mode %s", e.Name(), info.Mode())
		}
	}
	if len(entries) < 2 {
		t.Errorf("no log beside the file: %v", entries)
	}
}

func TestReadOnlyRefusesWritesAndMissingFiles(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.db")
	if _, err := Open(path, Options{ReadOnly: true}); err == nil {
		t.Error("a missing file was opened for reading")
	}
	if _, err := os.Stat(path); err == nil {
		t.Error("and made")
	}
	rw := open(t, path, Options{})
	if _, err := rw.Exec("CREATE TABLE t (x); INSERT INTO t VALUES (7)"); err != nil {
		t.Fatal(err)
	}
	ro := open(t, path, Options{ReadOnly: true})
	var x int
	if err := ro.QueryRow("SELECT x FROM t").Scan(&x); err != nil || x != 7 {
		t.Errorf("read %d, %v", x, err)
	}
	if _, err := ro.Exec("INSERT INTO t VALUES (8)"); err == nil {
		t.Error("a write went through")
	}
}

func TestOpenRefuses(t *testing.T) {
	dir := t.TempDir()
	text := filepath.Join(dir, "text.db")
	if err := os.WriteFile(text, []byte(strings.Repeat("not a database ", 100)), 0o600); err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name, path string
		opts       Options
	}{
		{"page size no power of two", filepath.Join(dir, "a.db"), Options{PageSize: 5000}},
		{"page size too large", filepath.Join(dir, "a.db"), Options{PageSize: 1 << 17}},
		{"negative cache", filepath.Join(dir, "a.db"), Options{CacheBytes: -1}},
		{"directory", dir, Options{}},
		{"missing directory", filepath.Join(dir, "missing", "a.db"), Options{}},
		{"text file", text, Options{}},
	}
	for _, tt := range tests {
		_, err := Open(tt.path, tt.opts)
		if err == nil {
			t.Errorf("%s: no error", tt.name)
			continue
		}
		if !strings.Contains(err.Error(), tt.path) {
			t.Errorf("%s: error does not name the path: %v", tt.name, err)
		}
	}
}

func TestConcurrentTransactionsWaitForEachOther(t *testing.T) {
	db := open(t, filepath.Join(t.TempDir(), "x.db"), Options{MaxConns: 8})
	if _, err := db.Exec("CREATE TABLE t (n INTEGER); INSERT INTO t VALUES (0)"); err != nil {
		t.Fatal(err)
	}
	// Read, then write: a transaction that did not begin with the write lock
	// would fail when another one wrote in between.
	increment := func() error {
		tx, err := db.Begin()
		if err != nil {
			return err
		}
		defer tx.Rollback()
		var n int
		if err := tx.QueryRow("SELECT n FROM t").Scan(&n); err != nil {
			return err
		}
		if _, err := tx.Exec("UPDATE t SET n = ?", n+1); err != nil {
			return err
		}
		return tx.Commit()
	}
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 20 {
				if err := increment(); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	var n int
	if err := db.QueryRow("SELECT n FROM t").Scan(&n); err != nil || n != 160 {
		t.Errorf("counted %d, %v", n, err)
	}
}

func TestForeignKeysAndQuotesAreStrict(t *testing.T) {
	db := open(t, filepath.Join(t.TempDir(), "x.db"), Options{})
	if _, err := db.Exec("CREATE TABLE a (id INTEGER PRIMARY KEY); CREATE TABLE b (a INTEGER REFERENCES a (id))"); err != nil {
		t.Fatal(err)
	}
	for _, query := range []string{`INSERT INTO b VALUES (1)`, `SELECT "no such column" FROM a`} {
		if _, err := db.Exec(query); err == nil {
			t.Errorf("no error: %s", query)
		}
	}
}

func BenchmarkCommit(b *testing.B) {
	db, err := Open(filepath.Join(b.TempDir(), "x.db"), Options{})
	if err != nil {
		b.Fatal(err)
	}
	defer db.Close()
	if _, err := db.Exec("CREATE TABLE t (x)"); err != nil {
		b.Fatal(err)
	}
	for i := 0; b.Loop(); i++ {
		if _, err := db.Exec("INSERT INTO t VALUES (?)", fmt.Sprint(i)); err != nil {
			b.Fatal(err)
		}
	}
}
