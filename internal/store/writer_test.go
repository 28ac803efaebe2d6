package store

import (
	"context"
	"encoding/json"
	"errors"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/aofctl/aofctl/internal/store/sqlite"
)

// bounded is a store whose disk is full once limit is called with its size.
func bounded(t *testing.T) (s *Store, limit func(pages string)) {
	t.Helper()
	dir := t.TempDir()
	made, err := Open(t.Context(), dir, nil)
	must(t, err)
	must(t, made.Close())
	db, err := sqlite.Open(filepath.Join(dir, FileName), sqlite.Options{MaxConns: 1})
	must(t, err)
	s = newStore(db, sqliteDialect(), nil, settings{})
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s, func(pages string) {
		_, err := db.Exec(`PRAGMA max_page_count = ` + pages)
		must(t, err)
	}
}

func TestAFullDiskRefusesAWholeChangeAndRecovers(t *testing.T) {
	s, limit := bounded(t)
	limit("1") // which is taken for the size that the file has
	big := queuedRun("big", "issue:1")
	big.Work = json.RawMessage(`"` + strings.Repeat("x", 1<<20) + `"`)
	err := s.Admit(t.Context(), Lease{}, []Run{queuedRun("small", "issue:2"), big}, nil)
	if err == nil || errors.Is(err, ErrRefused) {
		t.Fatalf("Admit = %v, want trouble that passes", err)
	}
	_, err = s.Run(t.Context(), "small")
	is(t, "Run of a half change", err, ErrNotFound)
	limit("100000")
	admitRuns(t, s, queuedRun("small", "issue:2"), big)
	if diff := cmp.Diff([]string{"big", "small"}, claimIDs(t, s, 2)); diff != "" {
		t.Errorf("claimed (-want +got):\n%s", diff)
	}
}

// block holds the writer up, so that what comes next waits together, until the
// function that it returns is called.
func block(t *testing.T, s *Store) (release func()) {
	t.Helper()
	gate, begun := make(chan struct{}), make(chan struct{})
	done, err := s.writer.post(t.Context(), func(tx) error { close(begun); <-gate; return nil })
	must(t, err)
	<-begun
	return func() { close(gate); must(t, <-done) }
}

func post(t *testing.T, s *Store, fn func(tx tx) error) <-chan error {
	t.Helper()
	done, err := s.writer.post(t.Context(), fn)
	must(t, err)
	return done
}

func revision(id string) func(tx) error {
	return func(tx tx) error {
		_, err := tx.exec(`INSERT INTO revisions (revision, kind, name, source, text) VALUES (?, '', '', '', '')`, id)
		return err
	}
}

// TestAFailedChangeUndoesItselfAlone puts changes that fail between those that do
// not, into one commit.
func TestAFailedChangeUndoesItselfAlone(t *testing.T) {
	onEachStore(t, func(t *testing.T, s *Store) {
		broken := errors.New("broken")
		release := block(t, s)
		waits := []<-chan error{
			post(t, s, revision("a")),
			post(t, s, func(tx tx) error { return errors.Join(revision("b")(tx), broken) }),
			post(t, s, revision("a")), // breaks the primary key
			post(t, s, revision("c")),
		}
		release()
		var got []string
		for _, wait := range waits {
			switch err := <-wait; {
			case err == nil:
				got = append(got, "ok")
			case errors.Is(err, ErrRefused):
				got = append(got, "refused")
			case errors.Is(err, broken):
				got = append(got, "broken")
			default:
				t.Error(err)
			}
		}
		if diff := cmp.Diff([]string{"ok", "broken", "refused", "ok"}, got); diff != "" {
			t.Errorf("outcomes (-want +got):\n%s", diff)
		}
		for id, want := range map[string]error{"a": nil, "b": ErrNotFound, "c": nil} {
			_, err := s.RevisionText(t.Context(), id)
			is(t, "RevisionText of "+id, err, want)
		}
	})
}

// TestChangesThatWaitTogetherShareACommit counts the transactions.
func TestChangesThatWaitTogetherShareACommit(t *testing.T) {
	onEachStore(t, func(t *testing.T, s *Store) {
		release := block(t, s)
		seen := map[any]int{}
		var waits []<-chan error
		for range maxBatch + 10 {
			waits = append(waits, post(t, s, func(tx tx) error { seen[tx.Tx]++; return nil }))
		}
		release()
		for _, wait := range waits {
			must(t, <-wait)
		}
		if len(seen) != 2 {
			t.Errorf("%d changes took %d commits, want 2", len(waits), len(seen))
		}
	})
}

// TestChangesDoNotWaitForADatabaseThatIsAwayOneByOne has many changes wait when
// the database does not let the first one begin.
func TestChangesDoNotWaitForADatabaseThatIsAwayOneByOne(t *testing.T) {
	onEachStore(t, func(t *testing.T, s *Store) {
		release := block(t, s)
		tried := 0
		waits := []<-chan error{post(t, s, func(tx) error {
			must(t, s.db.Close()) // from here on nothing begins any more
			return errors.New("broken")
		})}
		for range 20 {
			waits = append(waits, post(t, s, func(tx) error { tried++; return nil }))
		}
		release()
		for i, wait := range waits {
			if err := <-wait; err == nil || errors.Is(err, ErrRefused) {
				t.Errorf("change %d = %v, want trouble that passes", i, err)
			}
		}
		if tried != 0 {
			t.Errorf("%d changes were tried", tried)
		}
	})
}

func TestACanceledCallerDoesNotQueue(t *testing.T) {
	onEachStore(t, func(t *testing.T, s *Store) {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		release := block(t, s)
		var last <-chan error
		for range queued {
			last = post(t, s, func(tx) error { return nil })
		}
		is(t, "Admit with a full queue", s.Admit(ctx, Lease{}, []Run{queuedRun("r", "issue:1")}, nil), context.Canceled)
		release()
		must(t, <-last)
	})
}

func TestCloseCarriesOutWhatIsQueued(t *testing.T) {
	onEach(t, func(t *testing.T, d database) {
		s := d.store(t, nil)
		c := claim(t, s, "r")
		const steps = 300
		release := block(t, s)
		var waits []<-chan error
		for i := range steps {
			row, err := encodeRecord(Record{Entry: toolStep(i), Pos: i})
			must(t, err)
			waits = append(waits, post(t, s, func(tx tx) error { _, err := s.record(tx, c, StateRunning, row); return err }))
		}
		release()
		must(t, s.Close())
		for i, wait := range waits {
			if err := <-wait; err != nil {
				t.Fatalf("step %d: %v", i, err)
			}
		}
		again := d.store(t, nil)
		if got, err := again.Steps(t.Context(), "r"); err != nil || len(got) != steps {
			t.Errorf("%d steps, %v; want all of them", len(got), err)
		}
		is(t, "Record after Close", put(s, c, Record{Entry: toolStep(steps)}), ErrClosed)
	})
}

// TestAHeartbeatDoesNotWaitForWriters has a writer that takes its time. Where
// others share the database, they would take the replica for dead.
func TestAHeartbeatDoesNotWaitForWriters(t *testing.T) {
	d := postgresDatabase(t)
	s, other := d.store(t, nil), d.store(t, nil)
	for _, busy := range []*Store{s, other} {
		release := block(t, busy)
		beat(t, s, me)
		release()
	}
}

// TestWritersWaitForEachOtherWhateverTheServersDefault sets the isolation in which
// a writer would not see what the one before it committed.
// TestAWriteThatHangsIsGivenUp lets a statement take longer than any may.
func TestAWriteThatHangsIsGivenUp(t *testing.T) {
	s := postgresDatabase(t).store(t, nil)
	s.dialect.patience = 100 * time.Millisecond
	err := s.writer.do(t.Context(), func(tx tx) error {
		_, err := tx.exec(`SELECT pg_sleep(60)`)
		return err
	})
	if !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("the write ended with %v", err)
	}
	s.dialect.patience = time.Minute
	heartbeat(t, s, Replica{ID: me})
	admit(t, s, "issue:1", "next")
}

func TestWritersWaitForEachOtherWhateverTheServersDefault(t *testing.T) {
	d := postgresDatabase(t)
	dsn := d.dsn + "&default_transaction_isolation=" + "repeatable%20read"
	d.open = func(ctx context.Context, now func() time.Time) (*Store, error) { return OpenPostgres(ctx, dsn, now) }
	a, b := d.store(t, nil), d.store(t, nil)
	admit(t, a, "issue:1", "r1", "r2")
	var first Claim
	gate, begun, done := make(chan struct{}), make(chan struct{}), make(chan error, 1)
	// One claims, and another wants to while that is not committed.
	go func() {
		done <- a.writer.do(t.Context(), func(tx tx) error {
			c, err := a.claimNext(tx, me, &room{running: map[share]int{}})
			if err == nil {
				first = *c
			}
			close(begun)
			<-gate
			return err
		})
	}()
	<-begun
	second := make(chan []Claim, 1)
	go func() {
		got, err := b.Claim(t.Context(), "other", 5, Limits{})
		if err != nil {
			t.Error(err)
		}
		second <- got
	}()
	eventually(t, func() error {
		var waiting int
		err := a.row(t.Context(), `SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted`).Scan(&waiting)
		if err == nil && waiting == 0 {
			err = errors.New("the second writer does not wait")
		}
		return err
	})
	close(gate)
	must(t, <-done)
	if got := <-second; first.Run != "r1" || len(got) != 0 {
		t.Errorf("the first claimed %v and the second %v, want nothing for the second", first, got)
	}
}
