package secret_test

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/aofctl/aofctl/internal/atlassian"
	"github.com/aofctl/aofctl/internal/sandbox/pgserver/pgtest"
	"github.com/aofctl/aofctl/internal/store/postgres"
	"github.com/aofctl/aofctl/internal/store/secret"
)

var _ atlassian.TokenStore = (*secret.Store)(nil)

func TestMain(m *testing.M) { pgtest.Main(m) }

// everywhere runs a test on both databases. Each call of open gives a replica.
func everywhere(t *testing.T, test func(t *testing.T, open func() *secret.Store)) {
	t.Helper()
	replica := func(t *testing.T, open func(context.Context) (*secret.Store, error)) func() *secret.Store {
		return func() *secret.Store {
			s, err := open(context.Background())
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() {
				if err := s.Close(); err != nil {
					t.Error(err)
				}
			})
			return s
		}
	}
	t.Run("SQLite", func(t *testing.T) {
		dir := t.TempDir()
		test(t, replica(t, func(ctx context.Context) (*secret.Store, error) { return secret.OpenSQLite(ctx, dir) }))
	})
	t.Run("PostgreSQL", func(t *testing.T) {
		dsn := pgtest.Database(t)
		test(t, replica(t, func(ctx context.Context) (*secret.Store, error) {
			return secret.OpenPostgres(ctx, dsn, postgres.Options{})
		}))
	})
}

func TestASecretIsReplacedOnlyByWhoKnowsIt(t *testing.T) {
	everywhere(t, func(t *testing.T, open func() *secret.Store) {
		s := open()
		ctx := t.Context()
		for _, step := range []struct {
			name       string
			old, value []byte
			done       bool
		}{
			{"a", []byte{1}, []byte{2}, false}, // there is nothing yet
			{"a", nil, []byte{0, 1, 255}, true},
			{"a", nil, []byte{9}, false},
			{"a", []byte{}, []byte{9}, false},
			{"b", nil, []byte{7}, true},
			{"a", []byte{7}, []byte{9}, false},
			{"a", []byte{0, 1, 255}, []byte{3}, true},
			{"a", []byte{0, 1, 255}, []byte{4}, false},
		} {
			if done, err := s.SwapToken(ctx, step.name, step.old, step.value); err != nil || done != step.done {
				t.Errorf("%+v: %v, %v", step, done, err)
			}
		}
		again := open() // a replica, or the next start
		for name, want := range map[string][]byte{"a": {3}, "b": {7}, "c": nil} {
			if got, err := again.LoadToken(ctx, name); err != nil || !bytes.Equal(got, want) || (got == nil) != (want == nil) {
				t.Errorf("%s: %v, %v", name, got, err)
			}
		}
	})
}

func TestOfManyWhoReplaceASecretOneDoes(t *testing.T) {
	everywhere(t, func(t *testing.T, open func() *secret.Store) {
		replicas := []*secret.Store{open(), open(), open()}
		var old []byte
		for round := range 10 {
			var all sync.WaitGroup
			won := make(chan []byte, len(replicas))
			for i, s := range replicas {
				all.Go(func() {
					value := []byte(fmt.Sprint(round, i))
					done, err := s.SwapToken(t.Context(), "a", old, value)
					if err != nil {
						t.Error(err)
					}
					if done {
						won <- value
					}
				})
			}
			all.Wait()
			if len(won) != 1 {
				t.Fatalf("round %d: %d replaced it", round, len(won))
			}
			old = <-won
			if got, err := replicas[0].LoadToken(t.Context(), "a"); err != nil || !bytes.Equal(got, old) {
				t.Fatalf("round %d: %q, %v, want %q", round, got, err, old)
			}
		}
	})
}

func TestTheFileIsItsOwnersAlone(t *testing.T) {
	dir := t.TempDir()
	s, err := secret.OpenSQLite(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	info, err := os.Stat(filepath.Join(dir, secret.FileName))
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info.Mode(), err)
	}
}

func TestAnUnusableDatabaseIsTold(t *testing.T) {
	if _, err := secret.OpenSQLite(t.Context(), filepath.Join(t.TempDir(), "missing")); err == nil {
		t.Error("a directory that does not exist was opened")
	}
	if _, err := secret.OpenPostgres(t.Context(), "postgres://127.0.0.1:1/x", postgres.Options{}); err == nil {
		t.Error("a server that is not there was opened")
	}
	s, err := secret.OpenSQLite(t.Context(), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := s.LoadToken(t.Context(), "a"); err == nil {
		t.Error("a closed database was read")
	}
	if _, err := s.SwapToken(t.Context(), "a", nil, []byte{1}); err == nil {
		t.Error("a closed database was written")
	}
}
