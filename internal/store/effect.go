package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/aofctl/aofctl/internal/tool"
)

var _ tool.Ledger = (*Store)(nil)

// awayError says that the ledger could not be written although nothing is wrong
// with the change. The step that needs it is tried again: a run must not fail
// since its database restarts or the disk is full.
type awayError struct{ error }

// Temporary reports that the same may succeed later.
func (awayError) Temporary() bool { return true }

// Unwrap returns the cause.
func (e awayError) Unwrap() error { return e.error }

// inLedger carries out a change of the ledger.
func (s *Store) inLedger(ctx context.Context, fn func(tx tx) error) error {
	err := s.writer.do(ctx, fn)
	var over *OverError
	if err == nil || ctx.Err() != nil || errors.Is(err, ErrRefused) || errors.Is(err, ErrClosed) || errors.As(err, &over) {
		return err
	}
	return awayError{err}
}

// Begin implements tool.Ledger.
func (s *Store) Begin(ctx context.Context, id, kind, target string) (tool.Effect, error) {
	effect := tool.Effect{ID: id}
	err := s.inLedger(ctx, func(tx tx) error {
		now := s.now()
		n, err := tx.change(`INSERT INTO effects (id, run, kind, target, begun_at, sent_at) VALUES (?, ?, ?, ?, ?, {clock}) ON CONFLICT DO NOTHING`,
			id, runOf(id), kind, target, millis(now))
		if err != nil {
			return fmt.Errorf("insert effect %s: %w", id, err)
		}
		if n == 1 {
			effect.Fresh, effect.Begun = true, now
			return nil
		}
		return readEffect(tx, &effect)
	})
	return effect, err
}

// runOf is the run that an effect belongs to, which its id begins with.
func runOf(id string) string {
	run, _, _ := strings.Cut(id, ":")
	return run
}

func readEffect(tx tx, e *tool.Effect) error {
	var begun, age int64
	var done sql.NullInt64
	err := tx.row(`SELECT begun_at, {clock} - sent_at, done_at, ref FROM effects WHERE id = ?`, e.ID).Scan(&begun, &age, &done, &e.Ref)
	if err != nil {
		return fmt.Errorf("read effect %s: %w", e.ID, err)
	}
	e.Begun, e.Age, e.Done = time.UnixMilli(begun), time.Duration(age)*time.Millisecond, done.Valid
	return nil
}

// Sent implements tool.Ledger.
func (s *Store) Sent(ctx context.Context, id string) error {
	return s.inLedger(ctx, func(tx tx) error {
		if _, err := tx.exec(`UPDATE effects SET sent_at = {clock} WHERE id = ?`, id); err != nil {
			return fmt.Errorf("update effect %s: %w", id, err)
		}
		return nil
	})
}

// Done implements tool.Ledger.
func (s *Store) Done(ctx context.Context, id, ref string) error {
	return s.inLedger(ctx, func(tx tx) error {
		if _, err := tx.exec(`UPDATE effects SET done_at = ?, ref = ? WHERE id = ?`, millis(s.now()), ref, id); err != nil {
			return fmt.Errorf("update effect %s: %w", id, err)
		}
		return nil
	})
}

// Abandon implements tool.Ledger.
func (s *Store) Abandon(ctx context.Context, id string) error {
	return s.inLedger(ctx, func(tx tx) error {
		if _, err := tx.exec(`DELETE FROM effects WHERE id = ? AND done_at IS NULL`, id); err != nil {
			return fmt.Errorf("delete effect %s: %w", id, err)
		}
		return nil
	})
}

// Comments counts the comments that were posted or changed on an issue of a site,
// or on a pull request, since a time ago. What the call with the id did is not
// counted, and if it began before, nothing is: it is not to be decided anew
// whether it may happen.
func (s *Store) Comments(ctx context.Context, site, issue, id string, within time.Duration) (int, error) {
	var count, own int
	err := s.row(ctx, `SELECT COUNT(*), COALESCE(SUM(CASE WHEN e.id = ? THEN 1 ELSE 0 END), 0) FROM effects e LEFT JOIN runs r ON r.id = e.run
		WHERE e.target = ? AND e.begun_at > ? AND e.kind IN ('comment', 'update comment', 'github comment', 'confluence comment') AND (r.id IS NULL OR r.site = ?)`,
		id, issue, millis(s.now().Add(-within)), site).Scan(&count, &own)
	if err != nil {
		return 0, awayError{fmt.Errorf("count comments on %s: %w", issue, err)}
	}
	if own > 0 {
		return 0, nil
	}
	return count, nil
}

// HasEffect reports whether we made the thing of that kind and reference, such
// as a comment of that id, somewhere where webhooks come from. Sites of users that
// are not configured send none, and number their comments in their own way.
func (s *Store) HasEffect(ctx context.Context, kind, ref string) (bool, error) {
	var one int
	err := s.row(ctx, `SELECT 1 FROM effects e WHERE e.kind = ? AND e.ref = ? AND e.done_at IS NOT NULL
		AND NOT EXISTS (SELECT 1 FROM runs r WHERE r.id = e.run AND r.site LIKE 'forge:%') LIMIT 1`, kind, ref).Scan(&one)
	if errors.Is(err, sql.ErrNoRows) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("look up effect %s %s: %w", kind, ref, err)
	}
	return true, nil
}
