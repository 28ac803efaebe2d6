package store

import (
	"context"
	"database/sql"
	"fmt"
	"time"
)

const (
	// wakeSQL leaves one alone that meanwhile went on and waits again.
	wakeSQL = goOnSQL + ` AND wake_at <= ?`
	// overSQL marks the waits of a run that goes on whose time has come: clocks of
	// replicas need not agree about it.
	overSQL   = `UPDATE run_waits SET due = 1 WHERE run = ? AND wake_at <= ?`
	dueSQL    = `SELECT id FROM runs INDEXED BY runs_wake WHERE state = 'waiting' AND wake_at <= ? ORDER BY wake_at, seq LIMIT ?`
	wakeBatch = 500
)

// Wake puts runs whose time has come back into the queue and returns how many.
func (s *Store) Wake(ctx context.Context) (int, error) {
	now := millis(s.now())
	ids, err := s.due(ctx, now)
	if err != nil || len(ids) == 0 {
		return 0, err
	}
	woken := 0
	err = s.writer.do(ctx, func(tx tx) error {
		woken = 0
		for _, id := range ids {
			n, err := tx.change(wakeSQL, id, now)
			if err != nil {
				return fmt.Errorf("wake run %s: %w", id, err)
			}
			if n == 0 {
				continue
			}
			if _, err := tx.exec(overSQL, id, now); err != nil {
				return fmt.Errorf("end waits of run %s: %w", id, err)
			}
			woken++
		}
		if woken > 0 {
			tx.tell()
		}
		return nil
	})
	return woken, err
}

func (s *Store) due(ctx context.Context, now int64) ([]string, error) {
	rows, err := s.query(ctx, dueSQL, now, wakeBatch)
	if err != nil {
		return nil, fmt.Errorf("list runs to wake: %w", err)
	}
	return collectStrings(rows)
}

// NextWake returns when the next waiting run goes on; zero if none does by
// itself.
func (s *Store) NextWake(ctx context.Context) (time.Time, error) {
	var at sql.NullInt64
	if err := s.row(ctx, `SELECT min(wake_at) FROM runs INDEXED BY runs_wake WHERE state = 'waiting'`).Scan(&at); err != nil {
		return time.Time{}, fmt.Errorf("look for the next run to wake: %w", err)
	}
	return fromMillis(at), nil
}
