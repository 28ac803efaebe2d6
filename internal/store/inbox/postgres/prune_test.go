package postgres

import (
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/aofctl/aofctl/internal/sandbox/pgserver/pgtest"
	"github.com/aofctl/aofctl/internal/store/inbox"
	"github.com/aofctl/aofctl/internal/store/inbox/inboxtest"
)

// old stores n finished deliveries of long ago, and one more, which stays.
func old(t *testing.T, in *Inbox, n int) []inbox.Receipt {
	t.Helper()
	var receipts []inbox.Receipt
	var outcomes []inbox.Outcome
	for i := range n + 1 {
		d := inboxtest.Incoming("", strconv.Itoa(i), "{}")
		d.ReceivedAt = time.Date(2020, 1, 1, 0, 0, i, 0, time.UTC)
		receipts = append(receipts, mustAppend(t, in, d))
		outcomes = append(outcomes, inbox.Outcome{Seq: receipts[i].Seq, State: inbox.StateRouted})
	}
	if err := in.Finish(t.Context(), outcomes); err != nil {
		t.Fatal(err)
	}
	return receipts
}

func TestReplicasShareThePruning(t *testing.T) {
	dsn := pgtest.Database(t)
	in := open(t, dsn, Options{})
	const n = 500
	old(t, in, n)
	var mu sync.Mutex
	var total inbox.Pruned
	var wg sync.WaitGroup
	for range 3 {
		replica := open(t, dsn, Options{})
		wg.Go(func() {
			p, err := replica.Prune(t.Context(), time.Now(), 7)
			if err != nil {
				t.Error(err)
			}
			mu.Lock()
			defer mu.Unlock()
			total.Bodies += p.Bodies
			total.Records += p.Records
		})
	}
	wg.Wait()
	// What one passes over because another is at it, the other does.
	rest, err := in.Prune(t.Context(), time.Now(), 100)
	if err != nil {
		t.Fatal(err)
	}
	if rest.Records+total.Records != n {
		t.Errorf("%+v and then %+v were deleted, want %d records", total, rest, n)
	}
	mustAppend(t, in, inboxtest.Incoming("", "after", "{}"))
	await(t, in, "after")
}

func TestPruningPassesOverWhatIsHeld(t *testing.T) {
	dsn := pgtest.Database(t)
	in, conn := open(t, dsn, Options{}), session(t, dsn)
	r := old(t, in, 3)
	execute(t, conn, "BEGIN")
	execute(t, conn, "SELECT FROM deliveries WHERE seq = $1 FOR UPDATE", r[1].Seq)
	p, err := in.Prune(t.Context(), time.Now(), 10)
	if diff := cmp.Diff(inbox.Pruned{Bodies: 2, Records: 2}, p); err != nil || diff != "" {
		t.Errorf("(-want +got)\n%s%v", diff, err)
	}
	execute(t, conn, "UPDATE deliveries SET state = 'received' WHERE seq = $1", r[1].Seq)
	execute(t, conn, "COMMIT")
	if p, err := in.Prune(t.Context(), time.Now(), 10); err != nil || p != (inbox.Pruned{}) {
		t.Errorf("%+v, %v", p, err)
	}
	if d, err := in.Get(t.Context(), r[1].ID); err != nil || d.Body == nil {
		t.Errorf("body %q of what was put back, %v", d.Body, err)
	}
}

func TestPruneContinuesWhereItWasInterrupted(t *testing.T) {
	in := open(t, pgtest.Database(t), Options{})
	old(t, in, 20)
	dead, cancel := canceled(t)
	defer cancel()
	if _, err := in.Prune(dead, time.Now(), 5); err == nil {
		t.Error("no error of an ended context")
	}
	if p, err := in.Prune(t.Context(), time.Now(), 5); err != nil || p != (inbox.Pruned{Bodies: 20, Records: 20}) {
		t.Errorf("%+v, %v", p, err)
	}
}
