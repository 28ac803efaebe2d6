package postgres

import (
	"context"
	"fmt"
	"time"

	"github.com/aofctl/aofctl/internal/store/inbox"
)

// Prune deletes the payloads of finished deliveries received before the given
// time, batch rows per statement. Their identities and summaries stay until they
// are also older than Options.KeepIdentities. Deliveries in StateReceived are
// never touched. Replicas that prune at the same time share the work: each passes
// over what another is at, and counts what it deleted itself.
func (in *Inbox) Prune(ctx context.Context, before time.Time, batch int) (inbox.Pruned, error) {
	var p inbox.Pruned
	batch = max(batch, 1)
	cutoff := before.UnixMilli()
	var err error
	bodies := oldestBodies
	if in.opts.Erase {
		bodies = everyBody
	}
	if p.Bodies, err = in.sweep(ctx, bodies, cutoff, batch, pruneBodies); err != nil {
		return p, fmt.Errorf("prune bodies: %w", err)
	}
	forget := min(cutoff, in.opts.Now().Add(-in.opts.KeepIdentities).UnixMilli())
	if p.Records, err = in.sweep(ctx, oldestRecords, forget, batch, pruneRecords); err != nil {
		return p, fmt.Errorf("prune records: %w", err)
	}
	return p, nil
}

// The oldest rows. The newest delivery is left out: the highest number has to
// stay in sight.
const (
	oldestBodies = `SELECT seq, received_at, state FROM bodies JOIN deliveries USING (seq)
		WHERE seq > $1 AND seq < (SELECT max(seq) FROM deliveries) ORDER BY seq LIMIT $2`
	everyBody     = `SELECT seq, received_at, state FROM bodies JOIN deliveries USING (seq) WHERE seq > $1 ORDER BY seq LIMIT $2`
	oldestRecords = `SELECT seq, received_at, state FROM deliveries
		WHERE seq > $1 AND seq < (SELECT max(seq) FROM deliveries) ORDER BY seq LIMIT $2`
)

// What is locked can neither be put back into the backlog meanwhile nor be
// deleted by another replica, which passes over it.
const (
	finished = `WITH old AS MATERIALIZED (
			SELECT seq FROM deliveries WHERE seq = ANY($1::bigint[]) AND state <> 'received' ORDER BY seq FOR UPDATE SKIP LOCKED
		)`
	pruneBodies  = finished + ` DELETE FROM bodies USING old WHERE bodies.seq = old.seq`
	pruneRecords = finished + `, payloads AS (
			DELETE FROM bodies USING old WHERE bodies.seq = old.seq
		), told AS (
			DELETE FROM contents USING old WHERE contents.seq = old.seq
		)
		DELETE FROM deliveries USING old WHERE deliveries.seq = old.seq`
)

// sweep walks a table from its oldest row, and removes what is to go, until it
// meets a delivery that was received at or after the cutoff. Sequence numbers
// follow the time closely enough, and so no index on the time is needed.
func (in *Inbox) sweep(ctx context.Context, oldest string, cutoff int64, batch int, remove string) (int64, error) {
	var total, after int64
	for {
		page, err := in.oldest(ctx, oldest, after, cutoff, batch)
		if err != nil {
			return total, err
		}
		if len(page.old) > 0 {
			res, err := in.db.ExecContext(ctx, remove, page.old)
			if err != nil {
				return total, err
			}
			n, err := res.RowsAffected()
			if err != nil {
				return total, err
			}
			total += n
		}
		if page.last {
			return total, nil
		}
		after = page.end
	}
}

// page is a stretch of a table.
type page struct {
	// old are the finished deliveries in it that were received before the cutoff.
	old []int64
	// end is the last number; last tells that nothing behind it is to go.
	end  int64
	last bool
}

func (in *Inbox) oldest(ctx context.Context, query string, after, cutoff int64, limit int) (page, error) {
	rows, err := in.db.QueryContext(ctx, query, after, limit)
	if err != nil {
		return page{}, fmt.Errorf("read old rows: %w", err)
	}
	defer rows.Close()
	p := page{last: true}
	for rows.Next() {
		var received int64
		var state inbox.State
		if err := rows.Scan(&p.end, &received, &state); err != nil {
			return page{}, fmt.Errorf("read old rows: %w", err)
		}
		if p.last = received >= cutoff; p.last {
			break
		}
		if state != inbox.StateReceived {
			p.old = append(p.old, p.end)
		}
	}
	return p, rows.Err()
}
