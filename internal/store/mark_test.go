package store_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/aofctl/aofctl/internal/sandbox/pgserver/pgtest"
	"github.com/aofctl/aofctl/internal/store"
)

func TestMarksOnlyGoForwardsAndSurviveARestart(t *testing.T) {
	t.Run("SQLite", func(t *testing.T) {
		dir := t.TempDir()
		marksGoForwards(t, func() (*store.Store, error) { return store.Open(t.Context(), dir, nil) })
	})
	t.Run("PostgreSQL", func(t *testing.T) {
		dsn := pgtest.Database(t)
		marksGoForwards(t, func() (*store.Store, error) { return store.OpenPostgres(t.Context(), dsn, nil) })
	})
}

func marksGoForwards(t *testing.T, open func() (*store.Store, error)) {
	t.Helper()
	at := func(minutes int) time.Time {
		return time.UnixMilli(1_800_000_000_000).UTC().Add(time.Duration(minutes) * time.Minute)
	}
	s := reopen(t, nil, open)
	for _, m := range []struct {
		name string
		at   time.Time
	}{{"reconcile:a", at(5)}, {"reconcile:a", at(3)}, {"reconcile:ä%", at(7)}, {"reconcile:ä%", at(8)}, {"heard:a", at(1)}} {
		if err := s.Mark(t.Context(), m.name, m.at); err != nil {
			t.Fatal(err)
		}
	}
	s = reopen(t, s, open)
	defer func() { _ = s.Close() }()
	for prefix, want := range map[string]map[string]time.Time{
		"reconcile:":  {"a": at(5), "ä%": at(8)},
		"reconcile:ä": {"%": at(8)},
		"heard:":      {"a": at(1)},
		"%":           {},
	} {
		got, err := s.Marks(t.Context(), prefix)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("marks of %s (-want +got):\n%s", prefix, diff)
		}
	}
}

func reopen(t *testing.T, s *store.Store, open func() (*store.Store, error)) *store.Store {
	t.Helper()
	if s != nil {
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
	s, err := open()
	if err != nil {
		t.Fatal(err)
	}
	return s
}
