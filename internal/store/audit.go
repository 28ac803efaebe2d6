package store

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"time"
)

// AuditRecord is one row of the audit log.
type AuditRecord struct {
	// Seq counts the rows from 1, without gaps.
	Seq int64     `json:"seq"`
	At  time.Time `json:"at"`
	// Kind is what happened, such as "tool" or "approval"; Run the run in which it
	// did, "" for none.
	Kind string `json:"kind"`
	Run  string `json:"run,omitempty"`
	// Body tells who, what and why.
	Body json.RawMessage `json:"body"`
	// Hash binds the row to all before it: it is made of the row and of Prev, the
	// hash of the row before.
	Prev string `json:"prev"`
	Hash string `json:"hash"`
}

// Digest is the hash that belongs to the record: SHA-256, in hexadecimal, over its
// fields, each with its length before it, so that no two records share a text.
func (r AuditRecord) Digest() string {
	h := sha256.New()
	for _, field := range []string{
		r.Prev, strconv.FormatInt(r.Seq, 10), strconv.FormatInt(r.At.UnixMilli(), 10), r.Kind, r.Run, string(r.Body),
	} {
		fmt.Fprintf(h, "%d:%s", len(field), field)
	}
	return hex.EncodeToString(h.Sum(nil))
}

// Audit adds a row to the audit log.
func (s *Store) Audit(ctx context.Context, kind, run string, body any) error {
	raw, err := json.Marshal(body)
	if err != nil {
		return fmt.Errorf("encode audit record: %w", err)
	}
	return s.writer.do(ctx, func(tx tx) error { return s.audit(tx, kind, run, raw) })
}

// audit adds a row in the transaction of what it tells of: there is one writer at
// a time, so the row before is the last one.
func (s *Store) audit(tx tx, kind, run string, body []byte) error {
	r := AuditRecord{At: time.UnixMilli(millis(s.now())).UTC(), Kind: kind, Run: run, Body: body}
	err := tx.row(`SELECT seq, hash FROM audit ORDER BY seq DESC LIMIT 1`).Scan(&r.Seq, &r.Prev)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return fmt.Errorf("read the end of the audit log: %w", err)
	}
	r.Seq++
	if _, err := tx.exec(`INSERT INTO audit (seq, at, kind, run, body, prev, hash) VALUES (?, ?, ?, ?, ?, ?, ?)`,
		r.Seq, r.At.UnixMilli(), r.Kind, r.Run, body, r.Prev, r.Digest()); err != nil {
		return fmt.Errorf("insert audit record %d: %w", r.Seq, err)
	}
	return nil
}

// AuditFilter chooses rows of the audit log.
type AuditFilter struct {
	// After is the row behind which to begin; 0 for the first.
	After int64
	// Run and Kind are exact; "" for any. Since is a moment; zero for any.
	Run, Kind string
	Since     time.Time
	// Limit is how many rows to return at most; 0 for 1,000.
	Limit int
	// Newest turns the order around: the newest rows first.
	Newest bool
}

// AuditTrail returns rows of the audit log.
func (s *Store) AuditTrail(ctx context.Context, f AuditFilter) ([]AuditRecord, error) {
	query := `SELECT seq, at, kind, run, body, prev, hash FROM audit WHERE seq > ?`
	args := []any{f.After}
	for column, value := range map[string]string{"run": f.Run, "kind": f.Kind} {
		if value != "" {
			query += ` AND ` + column + ` = ?`
			args = append(args, value)
		}
	}
	if !f.Since.IsZero() {
		query += ` AND at >= ?`
		args = append(args, millis(f.Since))
	}
	order := ` ORDER BY seq`
	if f.Newest {
		order += ` DESC`
	}
	limit := f.Limit
	if limit <= 0 {
		limit = 1000
	}
	rows, err := s.query(ctx, query+order+` LIMIT ?`, append(args, limit)...)
	if err != nil {
		return nil, fmt.Errorf("read the audit log: %w", err)
	}
	return collectAudit(rows)
}

func collectAudit(rows *sql.Rows) ([]AuditRecord, error) {
	defer func() { _ = rows.Close() }()
	list := []AuditRecord{}
	for rows.Next() {
		var r AuditRecord
		var at int64
		var body []byte
		if err := rows.Scan(&r.Seq, &at, &r.Kind, &r.Run, &body, &r.Prev, &r.Hash); err != nil {
			return nil, fmt.Errorf("read the audit log: %w", err)
		}
		r.At, r.Body = time.UnixMilli(at).UTC(), body
		list = append(list, r)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("read the audit log: %w", err)
	}
	return list, nil
}

// AuditCheck is what came of checking the audit log.
type AuditCheck struct {
	// Rows is how many were looked at, First and Last the numbers of the first and
	// the last of them; the log begins behind 1 once old rows were deleted.
	Rows  int64 `json:"rows"`
	First int64 `json:"first"`
	Last  int64 `json:"last"`
	// Head is the hash of the last row. Kept elsewhere, it shows later that none of
	// the rows up to there was changed or taken from the end.
	Head string `json:"head"`
	// Fault says what is wrong and where; "" for nothing.
	Fault string `json:"fault,omitempty"`
}

// VerifyAudit checks that each row of the audit log has the hash that belongs to
// it and follows the one before, and stops at the first that does not.
func (s *Store) VerifyAudit(ctx context.Context) (AuditCheck, error) {
	var check AuditCheck
	for {
		page, err := s.AuditTrail(ctx, AuditFilter{After: check.Last})
		if err != nil || len(page) == 0 {
			return check, err
		}
		for _, r := range page {
			if check.add(r); check.Fault != "" {
				return check, nil
			}
		}
	}
}

func (c *AuditCheck) add(r AuditRecord) {
	switch {
	case c.Rows > 0 && r.Seq != c.Last+1:
		c.Fault = fmt.Sprintf("row %d is missing: after %d comes %d", c.Last+1, c.Last, r.Seq)
	case c.Rows > 0 && r.Prev != c.Head, r.Seq == 1 && r.Prev != "":
		c.Fault = fmt.Sprintf("row %d does not follow the one before: a row was changed, put in or taken out", r.Seq)
	case r.Digest() != r.Hash:
		c.Fault = fmt.Sprintf("row %d was changed: its hash is not that of its content", r.Seq)
	default:
		if c.Rows == 0 {
			c.First = r.Seq
		}
		c.Rows, c.Last, c.Head = c.Rows+1, r.Seq, r.Hash
	}
}

// PruneAudit deletes the rows of the audit log up to the first that is not older
// than the given time, but for the last row, from which the next goes on. A clock
// that was set back leaves no gap. It returns how many.
func (s *Store) PruneAudit(ctx context.Context, before time.Time) (int64, error) {
	var n int64
	err := s.writer.do(ctx, func(tx tx) (err error) {
		n, err = tx.change(`DELETE FROM audit WHERE seq < COALESCE((SELECT min(seq) FROM audit WHERE at >= ?), (SELECT max(seq) FROM audit))`, millis(before))
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("prune the audit log: %w", err)
	}
	return n, nil
}
