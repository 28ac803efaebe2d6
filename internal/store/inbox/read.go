package inbox

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/aofctl/aofctl/internal/store/inbox/codec"
)

// pendingBytes bounds the compressed bodies that one call of Pending loads.
const pendingBytes = 8 << 20

const columns = `d.seq, d.id, d.source, d.site, d.key, d.received_at, d.signed_by, d.state, d.reason,
	d.event_type, d.subject, d.project, d.issue_key, d.detail, d.content_key, d.processed_at`

// Pending returns deliveries in StateReceived with a sequence number above
// afterSeq, in order, at most limit of them. It returns fewer, though at least
// one, where their bodies are large. One whose payload cannot be read comes
// with its Damage.
func (in *Inbox) Pending(ctx context.Context, afterSeq int64, limit int) ([]Delivery, error) {
	const query = `SELECT ` + columns + `, b.headers, b.body FROM deliveries d LEFT JOIN bodies b USING (seq)
		WHERE d.state = 'received' AND d.seq > ? ORDER BY d.seq LIMIT ?`
	rows, err := in.read.QueryContext(ctx, query, afterSeq, limit)
	if err != nil {
		return nil, fmt.Errorf("read pending deliveries: %w", err)
	}
	defer rows.Close()
	var list []Delivery
	size := 0
	for size < pendingBytes && rows.Next() {
		d, n, err := scanDelivery(rows)
		if err != nil {
			return nil, fmt.Errorf("read pending deliveries: %w", err)
		}
		list = append(list, d)
		size += n
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("read pending deliveries: %w", err)
	}
	return list, nil
}

// Get returns one delivery with its payload or its Damage; ErrNotFound if there is none with
// that id.
func (in *Inbox) Get(ctx context.Context, id string) (Delivery, error) {
	const query = `SELECT ` + columns + `, b.headers, b.body FROM deliveries d LEFT JOIN bodies b USING (seq)
		WHERE d.id = ?`
	d, _, err := scanDelivery(in.read.QueryRowContext(ctx, query, id))
	if errors.Is(err, sql.ErrNoRows) {
		err = ErrNotFound
	}
	if err != nil {
		return Delivery{}, fmt.Errorf("get delivery %s: %w", id, err)
	}
	return d, nil
}

// List returns deliveries without their payloads, newest first.
func (in *Inbox) List(ctx context.Context, f Filter) ([]Summary, error) {
	query, args := f.query()
	rows, err := in.read.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, fmt.Errorf("list deliveries: %w", err)
	}
	defer rows.Close()
	var list []Summary
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

func (f Filter) query() (string, []any) {
	where := []string{"1"}
	var args []any
	add := func(column, value string) {
		if value == "" {
			return
		}
		where = append(where, "d."+column+" = ?")
		args = append(args, value)
	}
	add("state", string(f.State))
	add("source", f.Source)
	add("site", f.Site)
	add("issue_key", f.IssueKey)
	if f.IssueKey != "" {
		// Said again, so that the partial index is seen to apply.
		where = append(where, "d.issue_key <> ''")
	}
	if f.Before > 0 {
		where = append(where, "d.seq < ?")
		args = append(args, f.Before)
	}
	limit := f.Limit
	if limit <= 0 {
		limit = 100
	}
	query := `SELECT ` + columns + ` FROM deliveries d WHERE ` + strings.Join(where, " AND ") + ` ORDER BY d.seq DESC LIMIT ?`
	return query, append(args, limit)
}

// Counts returns how many deliveries are in each state; of many, how many there
// were not long ago: see CountCache.
func (in *Inbox) Counts(ctx context.Context) (map[State]int64, error) {
	return in.counts.Get(ctx, in.count)
}

// count reads the index on the state alone.
func (in *Inbox) count(ctx context.Context) (map[State]int64, error) {
	rows, err := in.read.QueryContext(ctx, `SELECT state, count(*) FROM deliveries GROUP BY state`)
	if err != nil {
		return nil, fmt.Errorf("count deliveries: %w", err)
	}
	defer rows.Close()
	counts := map[State]int64{}
	for rows.Next() {
		var state State
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
	s         Summary
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

func (r *record) summary() Summary {
	s := r.s
	s.ReceivedAt = fromMillis(r.received)
	s.SignedBy = codec.UnpackNames(r.signed)
	if r.detail.Valid {
		s.Detail = []byte(r.detail.String)
	}
	if r.processed.Valid {
		s.ProcessedAt = fromMillis(r.processed.Int64)
	}
	return s
}

// scanDelivery reads a row with payload, and tells the size of that as stored. A
// damaged payload is no error: what comes behind it must not have to wait.
func scanDelivery(row interface{ Scan(...any) error }) (Delivery, int, error) {
	var r record
	var headers sql.NullString
	var block []byte
	if err := row.Scan(append(r.targets(), &headers, &block)...); err != nil {
		return Delivery{}, 0, err
	}
	d := Delivery{Summary: r.summary()}
	if !headers.Valid {
		return d, 0, nil
	}
	d.Headers, d.Body, d.Damage = codec.Unpack(headers.String, block)
	return d, len(block), nil
}

func fromMillis(ms int64) time.Time { return time.UnixMilli(ms).UTC() }

// jsonOrNil is the value of a JSON column: the text, or NULL for none.
func jsonOrNil(raw json.RawMessage) any {
	if len(bytes.TrimSpace(raw)) == 0 {
		return nil
	}
	return string(raw)
}
