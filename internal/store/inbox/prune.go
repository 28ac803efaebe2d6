package inbox

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/aofctl/aofctl/internal/store/inbox/codec"
	"github.com/aofctl/aofctl/internal/store/sqlite"
)

// Pruned counts what Prune deleted.
type Pruned struct {
	// Bodies lost their payload; Records are gone with their identity.
	Bodies, Records int64
}

// victim is a row that may be old enough to go.
type victim struct {
	seq          int64
	received     int64
	state        State
	source, site string
	key          string
}

// Prune deletes the payloads of finished deliveries received before the given
// time, batch rows per transaction. Their identities and summaries stay until
// they are also older than Options.KeepIdentities, so that a repeated delivery
// is still known for one. Deliveries in StateReceived are never touched.
func (in *Inbox) Prune(ctx context.Context, before time.Time, batch int) (Pruned, error) {
	var p Pruned
	batch = max(batch, 1)
	cutoff := before.UnixMilli()
	n, err := in.sweep(ctx, "bodies", cutoff, batch, pruneBodies)
	p.Bodies = n
	if err != nil {
		return p, fmt.Errorf("prune bodies: %w", err)
	}
	if err := in.erase(ctx, n); err != nil {
		return p, fmt.Errorf("prune bodies: %w", err)
	}
	forget := min(cutoff, in.opts.Now().Add(-in.opts.KeepIdentities).UnixMilli())
	p.Records, err = in.sweep(ctx, "deliveries", forget, batch, pruneRecords)
	if err != nil {
		return p, fmt.Errorf("prune records: %w", err)
	}
	return p, nil
}

// erase empties the log, in which deleted payloads still are, once nobody is in the way.
func (in *Inbox) erase(ctx context.Context, deleted int64) error {
	if !in.opts.Erase {
		return nil
	}
	if deleted > 0 {
		in.traces.Store(true)
	}
	if !in.traces.Load() {
		return nil
	}
	done, err := sqlite.Truncate(ctx, in.check.db)
	if err == nil && done {
		in.traces.Store(false)
	}
	return err
}

// sweep walks a table from its oldest row, and hands those that are to go to
// remove, until it meets one that was received at or after the cutoff. Sequence
// numbers follow the time closely enough, and so no index on the time is needed.
func (in *Inbox) sweep(ctx context.Context, table string, cutoff int64, batch int, remove func(context.Context, *session, []victim) error) (int64, error) {
	var total, after int64
	for done := false; !done; {
		list, err := in.oldest(ctx, table, after, batch)
		if err != nil || len(list) == 0 {
			return total, err
		}
		after = list[len(list)-1].seq
		var old []victim
		old, done = finishedBefore(list, cutoff)
		if len(old) == 0 {
			continue
		}
		removed := 0
		err = in.queue.change(ctx, func(ctx context.Context, s *session) error {
			list, err := s.stillFinished(ctx, old)
			if err != nil {
				return err
			}
			removed = len(list)
			return remove(ctx, s, list)
		})
		if err != nil {
			return total, err
		}
		total += int64(removed)
	}
	return total, nil
}

// finishedBefore picks the finished ones that were received before the cutoff,
// and tells whether it met one that was not.
func finishedBefore(list []victim, cutoff int64) (old []victim, done bool) {
	for _, v := range list {
		if v.received >= cutoff {
			return old, true
		}
		if v.state != StateReceived {
			old = append(old, v)
		}
	}
	return old, false
}

// oldest leaves the newest delivery out: sequence numbers continue from it. They do
// without its payload, which goes where nothing may stay.
func (in *Inbox) oldest(ctx context.Context, table string, after int64, limit int) ([]victim, error) {
	newest := ` AND t.seq < (SELECT max(seq) FROM deliveries)`
	if in.opts.Erase && table == "bodies" {
		newest = ""
	}
	query := `SELECT d.seq, d.received_at, d.state, d.source, d.site, d.key
		FROM ` + table + ` t JOIN deliveries d USING (seq)
		WHERE t.seq > ?` + newest + ` ORDER BY t.seq LIMIT ?`
	rows, err := in.read.QueryContext(ctx, query, after, limit)
	if err != nil {
		return nil, fmt.Errorf("read old rows: %w", err)
	}
	defer rows.Close()
	var list []victim
	for rows.Next() {
		var v victim
		if err := rows.Scan(&v.seq, &v.received, &v.state, &v.source, &v.site, &v.key); err != nil {
			return nil, fmt.Errorf("read old rows: %w", err)
		}
		list = append(list, v)
	}
	return list, rows.Err()
}

// stillFinished leaves out what was put back into the backlog since it was read.
func (s *session) stillFinished(ctx context.Context, list []victim) ([]victim, error) {
	var finished []victim
	for _, v := range list {
		var state State
		err := s.conn.QueryRowContext(ctx, `SELECT state FROM deliveries WHERE seq = ?`, v.seq).Scan(&state)
		if errors.Is(err, sql.ErrNoRows) {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("read state: %w", err)
		}
		if state != StateReceived {
			finished = append(finished, v)
		}
	}
	return finished, nil
}

func pruneBodies(ctx context.Context, s *session, list []victim) error {
	for _, v := range list {
		if _, err := s.conn.ExecContext(ctx, `DELETE FROM bodies WHERE seq = ?`, v.seq); err != nil {
			return err
		}
	}
	return nil
}

func pruneRecords(ctx context.Context, s *session, list []victim) error {
	for _, v := range list {
		identity := codec.Hash(v.source, v.site, v.key)
		deletes := []struct {
			query string
			args  []any
		}{
			{`DELETE FROM bodies WHERE seq = ?`, []any{v.seq}},
			{`DELETE FROM identities WHERE hash = ? AND seq = ?`, []any{identity[:], v.seq}},
			{`DELETE FROM contents WHERE seq = ?`, []any{v.seq}},
			{`DELETE FROM deliveries WHERE seq = ?`, []any{v.seq}},
		}
		for _, d := range deletes {
			if _, err := s.conn.ExecContext(ctx, d.query, d.args...); err != nil {
				return err
			}
		}
	}
	return nil
}
