package postgres

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"
)

const (
	// lockSpace is the first half of the key of the advisory lock, whose second
	// half is the table. It is of no meaning beyond being unlikely elsewhere.
	lockSpace = "1634690665"
	// lookAhead is how many numbers are looked at in one step.
	lookAhead = 1024
	// longestPause is the longest time after which it is looked again whether an
	// insert has ended.
	longestPause = 100 * time.Millisecond
)

// horizon is how far the sequence numbers are decided: each up to final either
// belongs to a delivery that everybody sees or to none for ever.
//
// As long as one number follows the other there is nothing to find out. A gap
// with deliveries behind it may be an insert that is still at work, or one that
// failed. Every insert holds a shared lock from before it draws its number until
// its commit is visible. So those who hold the lock now are the only ones that may
// still fill the gap, and once each of them has ended the gap stays what it is.
// Nobody takes the lock exclusively: no insert ever waits for a reader.
//
// (A snapshot's xmin would tell the same without a lock, but then any long
// transaction anywhere on the server would hold the reader up.)
type horizon struct {
	mu    sync.Mutex
	final int64
	// Once every transaction of waitFor has ended, the numbers up to upTo are
	// final too.
	upTo    int64
	waitFor []string
	// pause is how long it was waited last.
	pause time.Duration
}

// settle moves the horizon on as far as it can, and returns it. If something
// behind it may not be read yet, it has the reader woken soon.
func (in *Inbox) settle(ctx context.Context) (int64, error) {
	h := &in.horizon
	h.mu.Lock()
	defer h.mu.Unlock()
	before := h.final
	more, err := in.follow(ctx)
	if moved := h.final - before; err == nil && more && (moved == 0 || moved == lookAhead) {
		var reached bool
		reached, err = in.bridge(ctx)
		more = !reached
	}
	if err != nil {
		return 0, fmt.Errorf("find out what is committed: %w", err)
	}
	if h.final > before {
		h.pause = 0
	}
	if more {
		h.pause = min(max(2*h.pause, wakePause), longestPause)
		in.wake.pokeIn(h.pause)
	}
	return h.final, nil
}

// follow moves the horizon along numbers without a gap, and tells whether there
// may be deliveries behind it.
func (in *Inbox) follow(ctx context.Context) (more bool, err error) {
	h := &in.horizon
	const query = `SELECT seq FROM deliveries WHERE seq > $1 ORDER BY seq LIMIT $2`
	rows, err := in.db.QueryContext(ctx, query, h.final, lookAhead)
	if err != nil {
		return false, err
	}
	defer rows.Close()
	n := 0
	for ; rows.Next(); n++ {
		var seq int64
		if err := rows.Scan(&seq); err != nil {
			return false, err
		}
		if seq != h.final+1 {
			return true, nil
		}
		h.final = seq
	}
	return n == lookAhead, rows.Err()
}

// bridge moves the horizon to the highest number if nobody can fill a gap before
// it any more, and tells whether it did.
func (in *Inbox) bridge(ctx context.Context) (bool, error) {
	h := &in.horizon
	// The highest number is of the statement's snapshot, which is older than what
	// the statement reads of the locks. Who drew a lower number and is not in the
	// snapshot either still holds the lock, or has ended and is in the next one.
	const query = `SELECT (SELECT coalesce(max(seq), 0) FROM deliveries),
		(SELECT coalesce(string_agg(virtualtransaction, ' '), '') FROM pg_locks
			WHERE locktype = 'advisory' AND granted AND objsubid = 2
			AND classid = ` + lockSpace + ` AND objid = 'deliveries'::regclass
			AND database = (SELECT oid FROM pg_database WHERE datname = current_database()))`
	var highest int64
	var text string
	if err := in.db.QueryRowContext(ctx, query).Scan(&highest, &text); err != nil {
		return false, err
	}
	holders := strings.Fields(text)
	if h.upTo <= h.final {
		h.upTo, h.waitFor = highest, holders
	}
	h.waitFor = slices.DeleteFunc(h.waitFor, func(name string) bool { return !slices.Contains(holders, name) })
	if len(h.waitFor) > 0 {
		return false, nil
	}
	h.final = max(h.final, h.upTo)
	return true, nil
}
