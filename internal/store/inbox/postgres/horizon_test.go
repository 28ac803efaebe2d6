package postgres

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/aofctl/aofctl/internal/sandbox/pgserver/pgtest"
	"github.com/aofctl/aofctl/internal/store/inbox"
	"github.com/aofctl/aofctl/internal/store/inbox/inboxtest"
)

// begin does an insert on a connection of the test's own, up to its commit.
func begin(t *testing.T, conn *sql.Conn, in *Inbox, key string) int64 {
	t.Helper()
	a, err := in.newArrival(inboxtest.Incoming("", key, "{}"))
	if err != nil {
		t.Fatal(err)
	}
	execute(t, conn, "BEGIN")
	var seq int64
	var id string
	err = conn.QueryRowContext(t.Context(), insertion, a.hash[:], a.id, "jira", "", key, a.received, "", "received", "", a.headers, a.block).Scan(&seq, &id)
	if err != nil || id != a.id {
		t.Fatalf("insert: %s, %v", id, err)
	}
	return seq
}

func pendingKeys(t *testing.T, in *Inbox, after int64) []string {
	t.Helper()
	list, err := in.Pending(t.Context(), after, 100)
	if err != nil {
		t.Fatal(err)
	}
	var keys []string
	for _, d := range list {
		keys = append(keys, d.Key)
	}
	return keys
}

// await waits until exactly these deliveries are pending, as the reader does:
// from wake to wake.
func await(t *testing.T, in *Inbox, want ...string) {
	t.Helper()
	inboxtest.Eventually(t, func() error {
		if diff := cmp.Diff(want, pendingKeys(t, in, 0)); diff != "" {
			return errors.New("pending (-want +got):\n" + diff)
		}
		return nil
	})
}

func TestDeliveryBehindAnOpenInsertWaitsForIt(t *testing.T) {
	for _, end := range []string{"COMMIT", "ROLLBACK", "SELECT pg_terminate_backend(pg_backend_pid())"} {
		t.Run(end, func(t *testing.T) {
			dsn := pgtest.Database(t)
			in, conn := open(t, dsn, Options{}), session(t, dsn)
			mustAppend(t, in, inboxtest.Incoming("", "first", "{}"))
			low := begin(t, conn, in, "held up")
			late := open(t, dsn, Options{}) // knows of nothing from before
			high := mustAppend(t, in, inboxtest.Incoming("", "behind", "{}"))
			if high.Seq <= low {
				t.Fatalf("number %d was drawn after %d", high.Seq, low)
			}
			for range 5 {
				for _, replica := range []*Inbox{in, late} {
					if diff := cmp.Diff([]string{"first"}, pendingKeys(t, replica, 0)); diff != "" {
						t.Fatalf("while the insert is open: (-want +got)\n%s", diff)
					}
				}
				<-in.Wake()
			}
			_, err := conn.ExecContext(t.Context(), end)
			want := []string{"first", "held up", "behind"}
			if end != "COMMIT" {
				want = []string{"first", "behind"}
			} else if err != nil {
				t.Fatal(err)
			}
			await(t, in, want...)
			await(t, late, want...)
		})
	}
}

// TestLaterInsertsDoNotProlongTheWait: under load somebody always holds the
// lock, but not the ones that can fill the gap.
func TestLaterInsertsDoNotProlongTheWait(t *testing.T) {
	dsn := pgtest.Database(t)
	in := open(t, dsn, Options{})
	first, second := session(t, dsn), session(t, dsn)
	begin(t, first, in, "rolled back")
	mustAppend(t, in, inboxtest.Incoming("", "a", "{}"))
	if keys := pendingKeys(t, in, 0); keys != nil {
		t.Fatalf("pending %v", keys)
	}
	begin(t, second, in, "still open")
	mustAppend(t, in, inboxtest.Incoming("", "b", "{}"))
	execute(t, first, "ROLLBACK")
	await(t, in, "a")
	execute(t, second, "COMMIT")
	await(t, in, "a", "still open", "b")
}

func lastNumber(t *testing.T, conn *sql.Conn) int64 {
	t.Helper()
	var n int64
	if err := conn.QueryRowContext(t.Context(), `SELECT last_value FROM deliveries_seq_seq`).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

// awaitWaiting waits until n inserts wait for the lock that the test holds.
func awaitWaiting(t *testing.T, conn *sql.Conn, n int) {
	t.Helper()
	inboxtest.Eventually(t, func() error {
		var got int
		err := conn.QueryRowContext(t.Context(), `SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted
			AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`).Scan(&got)
		if err == nil && got != n {
			err = fmt.Errorf("%d inserts wait, want %d", got, n)
		}
		return err
	})
}

// hold keeps all inserts from going on until the returned function is called.
func hold(t *testing.T, conn *sql.Conn) func() {
	t.Helper()
	const key = `(` + lockSpace + `, 'deliveries'::regclass::oid::int)`
	execute(t, conn, `SELECT pg_advisory_lock`+key)
	return func() {
		t.Helper()
		execute(t, conn, `SELECT pg_advisory_unlock`+key)
	}
}

func TestNumberIsDrawnUnderTheLock(t *testing.T) {
	dsn := pgtest.Database(t)
	in, conn := open(t, dsn, Options{}), session(t, dsn)
	r := mustAppend(t, in, inboxtest.Incoming("", "before", "{}"))
	release := hold(t, conn)
	var wg sync.WaitGroup
	for i := range 3 {
		wg.Go(func() {
			if _, err := in.Append(t.Context(), inboxtest.Incoming("", strconv.Itoa(i), "{}")); err != nil {
				t.Error(err)
			}
		})
	}
	awaitWaiting(t, conn, 3)
	if n := lastNumber(t, conn); n != r.Seq {
		t.Errorf("number %d was drawn before the lock was there", n)
	}
	release()
	wg.Wait()
	if n := lastNumber(t, conn); n != r.Seq+3 {
		t.Errorf("last number %d, want %d", n, r.Seq+3)
	}
}

func TestDuplicateDrawsNoNumber(t *testing.T) {
	dsn := pgtest.Database(t)
	in, conn := open(t, dsn, Options{}), session(t, dsn)
	r := mustAppend(t, in, inboxtest.Incoming("", "k", "{}"))
	for range 5 {
		mustAppend(t, in, inboxtest.Incoming("", "k", "{}"))
	}
	if n := lastNumber(t, conn); n != r.Seq {
		t.Errorf("last number %d, want %d", n, r.Seq)
	}
}

// TestReplicaThatDidNotLookForLongCatchesUpAtOnce: a reader that is told of
// nothing to do rests, however far it came.
func TestReplicaThatDidNotLookForLongCatchesUpAtOnce(t *testing.T) {
	dsn := pgtest.Database(t)
	in, conn := open(t, dsn, Options{}), session(t, dsn)
	execute(t, conn, `INSERT INTO deliveries (hash, id, source, site, key, received_at, signed_by, state, reason)
		SELECT n::text::bytea, n::text, 'jira', '', n::text, 0, '', 'routed', '' FROM generate_series(1, $1::int) n`, 3*lookAhead)
	mustAppend(t, in, inboxtest.Incoming("", "new", "{}"))
	if diff := cmp.Diff([]string{"new"}, pendingKeys(t, in, 0)); diff != "" {
		t.Error(diff)
	}
}

// TestReplicasReadAllInOneOrder appends through several replicas at once, with
// duplicates, callers that give up, and inserts that fail, while each replica
// reads.
func TestReplicasReadAllInOneOrder(t *testing.T) {
	dsn := pgtest.Database(t)
	var replicas []*Inbox
	for range 3 {
		replicas = append(replicas, open(t, dsn, Options{Writers: 4}))
	}
	turns := inboxtest.NewTurns()
	const writers, each = 12, 60
	var wg sync.WaitGroup
	for w := range writers {
		wg.Go(func() { appendMixed(t, replicas, turns, w, each) })
	}
	stop := breakInserts(t, dsn, replicas[0])
	done := make(chan struct{})
	go func() { wg.Wait(); stop(); close(done) }()
	var lists [][]inbox.Delivery
	var mu sync.Mutex
	var readers sync.WaitGroup
	for _, in := range replicas {
		readers.Go(func() {
			r := inboxtest.NewReader(in)
			readUntil(t, in, r, done)
			mu.Lock()
			defer mu.Unlock()
			lists = append(lists, r.Seen)
			r.Check(t)
			turns.Check(t, r.Seen)
		})
	}
	readers.Wait()
	for _, list := range lists[1:] {
		if diff := cmp.Diff(seqs(lists[0]), seqs(list)); diff != "" {
			t.Errorf("replicas read differently:\n%s", diff)
		}
	}
	if turns.Len() < writers*each/2 {
		t.Errorf("only %d deliveries were stored", turns.Len())
	}
}

func seqs(list []inbox.Delivery) []int64 {
	var s []int64
	for _, d := range list {
		s = append(s, d.Seq)
	}
	return s
}

// readUntil reads until the writers are done and nothing more comes.
func readUntil(t *testing.T, in *Inbox, r *inboxtest.Reader, done <-chan struct{}) {
	t.Helper()
	for last := false; ; {
		before := len(r.Seen)
		if err := r.Read(t.Context(), 0); err != nil {
			t.Error(err)
			return
		}
		if len(r.Seen) > before {
			continue
		}
		if last && highest(t, in) == in.horizonNow() {
			return
		}
		select {
		case <-done:
			last = true
		case <-in.Wake():
		case <-time.After(time.Second):
		}
	}
}

func highest(t *testing.T, in *Inbox) int64 {
	t.Helper()
	var n int64
	if err := in.db.QueryRowContext(t.Context(), `SELECT coalesce(max(seq), 0) FROM deliveries`).Scan(&n); err != nil {
		t.Error(err)
	}
	return n
}

func (in *Inbox) horizonNow() int64 {
	in.horizon.mu.Lock()
	defer in.horizon.mu.Unlock()
	return in.horizon.final
}

func appendMixed(t *testing.T, replicas []*Inbox, turns *inboxtest.Turns, w, each int) {
	t.Helper()
	for i := range each {
		in := replicas[(w+i)%len(replicas)]
		key := fmt.Sprintf("%d-%d", w, i)
		ctx, cancel := t.Context(), context.CancelFunc(func() {})
		switch i % 6 {
		case 1: // others send the same
			key = fmt.Sprint("shared", i)
		case 2: // the sender hangs up
			ctx, cancel = context.WithTimeout(ctx, time.Duration(w)*time.Millisecond/4)
		}
		_, err := turns.Append(ctx, in, inboxtest.Incoming("", key, inboxtest.Random(100*w, i)))
		cancel()
		if err != nil && !errors.Is(err, context.DeadlineExceeded) {
			t.Error(err)
		}
	}
}

// breakInserts begins inserts on connections of its own and lets them fail,
// until the returned function is called.
func breakInserts(t *testing.T, dsn string, in *Inbox) func() {
	t.Helper()
	conn := session(t, dsn)
	stop := make(chan struct{})
	var wg sync.WaitGroup
	wg.Go(func() {
		for i := 0; ; i++ {
			select {
			case <-stop:
				return
			default:
			}
			begin(t, conn, in, fmt.Sprint("broken", i))
			execute(t, conn, "ROLLBACK")
		}
	})
	return func() { close(stop); wg.Wait() }
}
