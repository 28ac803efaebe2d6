package sqlite

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"testing/fstest"
)

func TestOpenAppliesSettings(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a ?#%b.db")
	db, err := Open(path, Options{PageSize: 16384, CacheBytes: 1 << 20, CheckpointPages: -1})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	err = Migrate(context.Background(), db, fstest.MapFS{"0001_a.sql": {Data: []byte("CREATE TABLE a (x); CREATE TABLE b (y);")}})
	if err != nil {
		t.Fatal(err)
	}
	err = Migrate(context.Background(), db, fstest.MapFS{})
	if !errors.Is(err, ErrNewerSchema) {
		t.Fatal(err)
	}
	for pragma, want := range map[string]string{"page_size": "16384", "journal_mode": "wal", "synchronous": "2", "foreign_keys": "1", "cache_size": "-1024", "wal_autocheckpoint": "0", "busy_timeout": "5000", "journal_size_limit": "67108864"} {
		var got string
		if err := db.QueryRow("PRAGMA " + pragma).Scan(&got); err != nil || got != want {
			t.Errorf("%s: got %q, %v, want %q", pragma, got, err, want)
		}
	}
	fi, err := os.Stat(path)
	if err != nil || fi.Mode().Perm() != 0o600 {
		t.Error(fi, err)
	}
}
