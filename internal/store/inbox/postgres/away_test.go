package postgres

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aofctl/aofctl/internal/sandbox/pgserver"
	"github.com/aofctl/aofctl/internal/sandbox/pgserver/pgtest"
	"github.com/aofctl/aofctl/internal/store/inbox"
	"github.com/aofctl/aofctl/internal/store/inbox/inboxtest"
	"github.com/aofctl/aofctl/internal/store/postgres"
)

func TestOneIdentityOverReplicasIsStoredOnce(t *testing.T) {
	dsn := pgtest.Database(t)
	var replicas []*Inbox
	for range 3 {
		replicas = append(replicas, open(t, dsn, Options{}))
	}
	for round := range 5 {
		receipts := make([]inbox.Receipt, 64)
		var wg sync.WaitGroup
		for i := range receipts {
			wg.Go(func() {
				var err error
				receipts[i], err = replicas[i%3].Append(t.Context(), inboxtest.Incoming("", fmt.Sprint("same", round), "{}"))
				if err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		inboxtest.CheckOneAccepted(t, receipts)
	}
	await(t, replicas[0], "same0", "same1", "same2", "same3", "same4")
}

func TestCrashedServerLosesNothingAcknowledged(t *testing.T) {
	server := pgtest.Server(t, pgserver.Options{})
	dsn := server.DSN("postgres")
	replicas := []*Inbox{open(t, dsn, Options{Probe: 10 * time.Millisecond}), open(t, dsn, Options{Probe: 10 * time.Millisecond})}
	turns := inboxtest.NewTurns()
	var stop atomic.Bool
	var refused atomic.Int64
	var wg sync.WaitGroup
	for w := range 8 {
		wg.Go(func() {
			for i := 0; !stop.Load(); i++ {
				_, err := turns.Append(t.Context(), replicas[w%2], inboxtest.Incoming("", fmt.Sprintf("%d-%d", w, i), inboxtest.Random(500, i)))
				if err != nil {
					refused.Add(1)
				}
				if err != nil && !errors.Is(err, inbox.ErrUnavailable) {
					t.Error(err)
				}
			}
		})
	}
	r := inboxtest.NewReader(replicas[0])
	read := func(more int) {
		want := turns.Len() + more
		inboxtest.Eventually(t, func() error {
			if err := r.Read(t.Context(), 0); err != nil && !postgres.Away(err) {
				t.Error(err)
			}
			if n := turns.Len(); n < want {
				return fmt.Errorf("%d stored, want %d", n, want)
			}
			return nil
		})
	}
	for range 3 {
		read(100)
		if err := server.Crash(t.Context()); err != nil {
			t.Fatal(err)
		}
		if err := server.StartAgain(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	read(100)
	stop.Store(true)
	wg.Wait()
	inboxtest.Eventually(t, func() error {
		before := len(r.Seen)
		if err := r.Read(t.Context(), turns.Len()); err != nil {
			return err
		}
		if len(r.Seen) > before || r.Last() < highest(t, replicas[0]) {
			return errors.New("there is more to read")
		}
		return nil
	})
	r.Check(t)
	turns.Check(t, r.Seen)
	if refused.Load() == 0 {
		t.Error("the crashes were not felt")
	}
}

func TestNothingIsTakenWhileTheServerIsAway(t *testing.T) {
	server := pgtest.Server(t, pgserver.Options{})
	in := open(t, server.DSN("postgres"), Options{Probe: 5 * time.Millisecond})
	r := mustAppend(t, in, inboxtest.Incoming("", "before", "{}"))
	if err := server.Crash(t.Context()); err != nil {
		t.Fatal(err)
	}
	// Without anybody sending something.
	inboxtest.Eventually(t, func() error {
		if err := in.Healthy(); !errors.Is(err, inbox.ErrUnavailable) {
			return fmt.Errorf("healthy: %w", err)
		}
		return nil
	})
	for range 50 {
		if _, err := in.Append(t.Context(), inboxtest.Incoming("", "k", "{}")); !errors.Is(err, inbox.ErrUnavailable) {
			t.Fatalf("append: %v", err)
		}
		if err := in.Finish(t.Context(), []inbox.Outcome{{Seq: r.Seq, State: inbox.StateRouted}}); !errors.Is(err, inbox.ErrUnavailable) {
			t.Fatalf("finish: %v", err)
		}
		if _, _, err := in.ClaimContent(t.Context(), r.Seq, "jira", "", "c"); !errors.Is(err, inbox.ErrUnavailable) {
			t.Fatalf("claim: %v", err)
		}
	}
	if _, err := in.Pending(t.Context(), 0, 10); !postgres.Away(err) {
		t.Errorf("pending: %v", err)
	}
	if err := server.StartAgain(t.Context()); err != nil {
		t.Fatal(err)
	}
	inboxtest.Eventually(t, in.Healthy)
	if r := mustAppend(t, in, inboxtest.Incoming("", "k", "{}")); r.Duplicate {
		t.Error("what was refused counts as stored")
	}
	await(t, in, "before", "k")
}

func TestCloseWhileTheServerIsAwayEnds(t *testing.T) {
	server := pgtest.Server(t, pgserver.Options{})
	in := open(t, server.DSN("postgres"), Options{Probe: time.Hour})
	if err := server.Crash(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := in.Append(t.Context(), inboxtest.Incoming("", "k", "{}")); !errors.Is(err, inbox.ErrUnavailable) {
		t.Fatalf("append: %v", err)
	}
	if err := in.Close(); err != nil {
		t.Errorf("close: %v", err)
	}
}

// TestServerThatTakesNoWritesRefusesAndRecovers is what a fail-over looks like
// from a connection to the old primary.
func TestServerThatTakesNoWritesRefusesAndRecovers(t *testing.T) {
	for _, busy := range []bool{true, false} {
		dsn := pgtest.Database(t)
		in, conn := open(t, dsn, Options{Probe: 5 * time.Millisecond}), session(t, dsn)
		mustAppend(t, in, inboxtest.Incoming("", "before", "{}"))
		var name string
		if err := conn.QueryRowContext(t.Context(), `SELECT current_database()`).Scan(&name); err != nil {
			t.Fatal(err)
		}
		set := func(value string) {
			execute(t, conn, `SET default_transaction_read_only = off`)
			execute(t, conn, `ALTER DATABASE "`+name+`" SET default_transaction_read_only = `+value)
			execute(t, conn, `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()`)
		}
		set("on")
		inboxtest.Eventually(t, func() error {
			err := in.Healthy()
			if busy {
				_, err = in.Append(t.Context(), inboxtest.Incoming("", "k", "{}"))
			}
			if !errors.Is(err, inbox.ErrUnavailable) {
				return fmt.Errorf("busy %v: %w", busy, err)
			}
			return nil
		})
		set("off")
		inboxtest.Eventually(t, in.Healthy)
		mustAppend(t, in, inboxtest.Incoming("", "after", "{}"))
	}
}

func TestLostConnectionsAreNotFelt(t *testing.T) {
	dsn := pgtest.Database(t)
	in, conn := open(t, dsn, Options{}), session(t, dsn)
	for i := range 20 {
		r := mustAppend(t, in, inboxtest.Incoming("", strconv.Itoa(i), "{}"))
		if r.Duplicate {
			t.Errorf("receipt %+v", r)
		}
		execute(t, conn, `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()`)
	}
}

func TestFullQueueRefuses(t *testing.T) {
	tests := []struct {
		name string
		opts Options
		fits int
	}{
		{"by count", Options{Writers: 1, MaxWaiting: 3, Patience: time.Minute}, 4}, // one is at work
		{"by bytes", Options{Writers: 1, MaxBytes: 250, Patience: time.Minute}, 2},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			dsn := pgtest.Database(t)
			in, conn := open(t, dsn, tt.opts), session(t, dsn)
			release := hold(t, conn)
			var wg sync.WaitGroup
			try := func(i int) {
				_, err := in.Append(t.Context(), inboxtest.Incoming("", strconv.Itoa(i), inboxtest.Random(100, i)))
				if err != nil {
					t.Error(err)
				}
			}
			wg.Go(func() { try(0) })
			awaitWaiting(t, conn, 1)
			for i := 1; i < tt.fits; i++ {
				wg.Go(func() { try(i) })
			}
			inboxtest.Eventually(t, func() error {
				if n := len(in.queue.work); n != tt.fits-1 {
					return fmt.Errorf("%d wait, want %d", n, tt.fits-1)
				}
				return nil
			})
			if _, err := in.Append(t.Context(), inboxtest.Incoming("", "too much", inboxtest.Random(100, 50))); !errors.Is(err, inbox.ErrFull) {
				t.Errorf("append: %v", err)
			}
			if err := in.Healthy(); err != nil {
				t.Errorf("a full queue is not a fault: %v", err)
			}
			release()
			wg.Wait()
			mustAppend(t, in, inboxtest.Incoming("", "later", inboxtest.Random(100, 99)))
			in.queue.mu.Lock()
			defer in.queue.mu.Unlock()
			if in.queue.bytes != 0 {
				t.Errorf("%d bytes still counted", in.queue.bytes)
			}
		})
	}
}

// TestCallerThatHangsUpStoresAllTheSame: and no connection is lost over it.
func TestCallerThatHangsUpStoresAllTheSame(t *testing.T) {
	dsn := pgtest.Database(t)
	in, conn := open(t, dsn, Options{Writers: 1}), session(t, dsn)
	release := hold(t, conn)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() {
		_, err := in.Append(ctx, inboxtest.Incoming("", "k", "{}"))
		done <- err
	}()
	awaitWaiting(t, conn, 1)
	cancel()
	if err := <-done; !errors.Is(err, context.Canceled) {
		t.Errorf("append: %v", err)
	}
	release()
	if r := mustAppend(t, in, inboxtest.Incoming("", "k", "{}")); !r.Duplicate {
		t.Error("it was not stored")
	}
}

// TestStatementThatTakesTooLongIsGivenUp: a server that hangs must not hold the
// senders up for as long as it likes.
func TestStatementThatTakesTooLongIsGivenUp(t *testing.T) {
	dsn := pgtest.Database(t)
	in, conn := open(t, dsn, Options{Patience: time.Second, Probe: 5 * time.Millisecond}), session(t, dsn)
	release := hold(t, conn)
	if _, err := in.Append(t.Context(), inboxtest.Incoming("", "k", "{}")); !errors.Is(err, inbox.ErrUnavailable) {
		t.Errorf("append: %v", err)
	}
	release()
	inboxtest.Eventually(t, func() error {
		_, err := in.Append(t.Context(), inboxtest.Incoming("", "k", "{}"))
		return err
	})
	await(t, in, "k")
}

func TestNewerSchemaIsRefused(t *testing.T) {
	dsn := pgtest.Database(t)
	in, conn := open(t, dsn, Options{}), session(t, dsn)
	if err := in.Close(); err != nil {
		t.Fatal(err)
	}
	execute(t, conn, "INSERT INTO schema_version (version, name) VALUES (999, 'later')")
	if _, err := Open(t.Context(), dsn, Options{}); !errors.Is(err, postgres.ErrNewerSchema) {
		t.Errorf("newer schema: %v", err)
	}
	if _, err := Open(t.Context(), "postgres://127.0.0.1:1/none?sslmode=disable", Options{}); !postgres.Away(err) {
		t.Errorf("no server: %v", err)
	}
}
