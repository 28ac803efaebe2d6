package postgres

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/aofctl/aofctl/internal/store/inbox"
	"github.com/aofctl/aofctl/internal/store/inbox/codec"
)

// pendingBytes bounds the compressed bodies that one call of Pending loads.
const pendingBytes = 8 << 20

const columns = `seq, id, source, site, key, received_at, signed_by, state, reason,
	event_type, subject, project, issue_key, detail, content_key, processed_at`

// Pending returns deliveries in StateReceived with a sequence number above
// afterSeq, in order, at most limit of them. It returns fewer, though at least
// one, where their bodies are large. Whichever replica stored a delivery, it is
// never returned after one with a higher number: one that is committed before
// another with a lower number waits for that. One whose payload cannot be read
// comes with its Damage.
func (in *Inbox) Pending(ctx context.Context, afterSeq int64, limit int) ([]inbox.Delivery, error) {
	list, err := in.pending(ctx, afterSeq, limit)
	if err != nil {
		return nil, fmt.Errorf("read pending deliveries: %w", err)
	}
	return list, nil
}

// pendingQuery adds up the bodies in front of each, so that what is too much
// does not leave the server.
const pendingQuery = `SELECT ` + columns + `, headers, body FROM (
		SELECT ` + columns + `, headers, body, sum(octet_length(body)) OVER (ORDER BY seq ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS before
		FROM (
			SELECT ` + columns + ` FROM deliveries WHERE state = 'received' AND seq > $1 AND seq <= $2 ORDER BY seq LIMIT $3
		) d LEFT JOIN bodies USING (seq)
	) page WHERE coalesce(before, 0) < $4 ORDER BY seq`

func (in *Inbox) pending(ctx context.Context, afterSeq int64, limit int) ([]inbox.Delivery, error) {
	final, err := in.settle(ctx)
	if err != nil || final <= afterSeq {
		return nil, err
	}
	rows, err := in.db.QueryContext(ctx, pendingQuery, afterSeq, final, max(limit, 0), pendingBytes)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var list []inbox.Delivery
	for rows.Next() {
		d, err := scanDelivery(rows)
		if err != nil {
			return nil, err
		}
		list = append(list, d)
	}
	return list, rows.Err()
}

// Get returns one delivery with its payload or its Damage; ErrNotFound if there
// is none with that id.
func (in *Inbox) Get(ctx context.Context, id string) (inbox.Delivery, error) {
	const query = `SELECT ` + columns + `, headers, body FROM deliveries LEFT JOIN bodies USING (seq) WHERE id = $1`
	d, err := scanDelivery(in.db.QueryRowContext(ctx, query, clean(id)))
	if errors.Is(err, sql.ErrNoRows) {
		err = inbox.ErrNotFound
	}
	if err != nil {
		return inbox.Delivery{}, fmt.Errorf("get delivery %s: %w", id, err)
	}
	return d, nil
}

// List returns deliveries without their payloads, newest first.
func (in *Inbox) List(ctx context.Context, f inbox.Filter) ([]inbox.Summary, error) {
	query, args := listQuery(f)
	rows, err := in.db.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, fmt.Errorf("list deliveries: %w", err)
	}
	defer rows.Close()
	var list []inbox.Summary
	for rows.Next() {
		var r record
		if err := rows.Scan(r.targets()...); err != nil {
			return nil, fmt.Errorf("list deliveries: %w", err)
		}
		list = append(list, r.summary())
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("list deliveries: %w", err)
	}
	return list, nil
}

func listQuery(f inbox.Filter) (string, []any) {
	where := []string{"true"}
	var args []any
	parameter := func(value any) string {
		args = append(args, value)
		return "$" + strconv.Itoa(len(args))
	}
	equal := func(column, value string) {
		if value != "" {
			where = append(where, column+" = "+parameter(clean(value))+"::text")
		}
	}
	equal("state", string(f.State))
	equal("source", f.Source)
	equal("site", f.Site)
	equal("issue_key", f.IssueKey)
	if f.IssueKey != "" {
		// Said as the index has it.
		where = append(where, "issue_key <> ''", "left(issue_key, 100) = left("+parameter(clean(f.IssueKey))+"::text, 100)")
	}
	if f.Before > 0 {
		where = append(where, "seq < "+parameter(f.Before)+"::bigint")
	}
	limit := f.Limit
	if limit <= 0 {
		limit = 100
	}
	return `SELECT ` + columns + ` FROM deliveries WHERE ` + strings.Join(where, " AND ") +
		` ORDER BY seq DESC LIMIT ` + parameter(limit) + `::bigint`, args
}

// Counts returns how many deliveries are in each state; of many, how many there
// were not long ago: see inbox.CountCache.
func (in *Inbox) Counts(ctx context.Context) (map[inbox.State]int64, error) {
	return in.counts.Get(ctx, in.count)
}

// count reads the index on the state alone, as far as vacuum got.
func (in *Inbox) count(ctx context.Context) (map[inbox.State]int64, error) {
	rows, err := in.db.QueryContext(ctx, `SELECT state, count(*) FROM deliveries GROUP BY state`)
	if err != nil {
		return nil, fmt.Errorf("count deliveries: %w", err)
	}
	defer rows.Close()
	counts := map[inbox.State]int64{}
	for rows.Next() {
		var state inbox.State
		var n int64
		if err := rows.Scan(&state, &n); err != nil {
			return nil, fmt.Errorf("count deliveries: %w", err)
		}
		counts[state] = n
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("count deliveries: %w", err)
	}
	return counts, nil
}

// record is a row as the driver gives it.
type record struct {
	s         inbox.Summary
	received  int64
	signed    string
	detail    sql.NullString
	processed sql.NullInt64
}

func (r *record) targets() []any {
	s := &r.s
	return []any{&s.Seq, &s.ID, &s.Source, &s.Site, &s.Key, &r.received, &r.signed, &s.State, &s.Reason,
		&s.EventType, &s.Subject, &s.Project, &s.IssueKey, &r.detail, &s.ContentKey, &r.processed}
}

func (r *record) summary() inbox.Summary {
	s := r.s
	s.ReceivedAt = time.UnixMilli(r.received).UTC()
	s.SignedBy = codec.UnpackNames(r.signed)
	if r.detail.Valid {
		s.Detail = []byte(r.detail.String)
	}
	if r.processed.Valid {
		s.ProcessedAt = time.UnixMilli(r.processed.Int64).UTC()
	}
	return s
}

// scanDelivery reads a row with payload. A damaged payload is no error: what
// comes behind it must not have to wait.
func scanDelivery(row interface{ Scan(...any) error }) (inbox.Delivery, error) {
	var r record
	var headers sql.NullString
	var block []byte
	if err := row.Scan(append(r.targets(), &headers, &block)...); err != nil {
		return inbox.Delivery{}, err
	}
	d := inbox.Delivery{Summary: r.summary()}
	if headers.Valid {
		d.Headers, d.Body, d.Damage = codec.Unpack(headers.String, block)
	}
	return d, nil
}
