package store

import (
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

// TestWhatChangesNothingTellsNobody does what replicas do all the time. If it
// woke those who wait for changes, they would wake each other for ever.
func TestWhatChangesNothingTellsNobody(t *testing.T) {
	onEach(t, func(t *testing.T, d database) {
		s := d.store(t, nil)
		admitRuns(t, s, crowd(2)...)
		claimIDs(t, s, 1)
		before, err := s.LastEvent(t.Context())
		must(t, err)
		told := d.told(t, s, func() {
			claims, err := s.Claim(t.Context(), me, 5, Limits{Total: 1})
			must(t, err)
			if len(claims) != 0 {
				t.Errorf("claimed %v", claims)
			}
			heartbeat(t, s, Replica{ID: me})
			_, err = s.Revive(t.Context(), time.Hour)
			must(t, err)
			_, _, err = s.Lead(t.Context(), "intake", me, time.Hour)
			must(t, err)
			_, err = s.Wake(t.Context())
			must(t, err)
			_, err = s.Signal(t.Context(), "nobody", "waits", nil)
			must(t, err)
			_, err = s.Wipe(t.Context(), time.Time{})
			must(t, err)
		})
		if told != 0 {
			t.Errorf("others were told %d times", told)
		}
		if after, err := s.LastEvent(t.Context()); err != nil || after != before {
			t.Errorf("events up to %d, then %d, %v", before, after, err)
		}
		if told := d.told(t, s, func() { admit(t, s, "issue:9", "more") }); told != 1 {
			t.Errorf("others were told %d times of a change, want once", told)
		}
	})
}

// told counts how often others, or on a database of our own we ourselves, are
// told of changes while f runs.
func (d database) told(t *testing.T, s *Store, f func()) int {
	t.Helper()
	if !d.shared() {
		changed := s.Changed()
		f()
		select {
		case <-changed:
			return 1
		default:
			return 0
		}
	}
	conn, err := pgx.Connect(t.Context(), d.dsn)
	must(t, err)
	defer func() { _ = conn.Close(t.Context()) }()
	_, err = conn.Exec(t.Context(), "LISTEN "+commitChannel)
	must(t, err)
	f()
	// Notifications come in the order of the commits.
	_, err = conn.Exec(t.Context(), "NOTIFY "+commitChannel+", 'end'")
	must(t, err)
	for n := 0; ; n++ {
		got, err := conn.WaitForNotification(t.Context())
		must(t, err)
		if got.Payload == "end" {
			return n
		}
	}
}
