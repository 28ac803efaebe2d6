package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"
)

const (
	heldBySQL = `SELECT ` + runColumns + ` FROM runs WHERE state = 'waiting' AND signal = ? AND signal <> '' ORDER BY seq LIMIT 1`
	mergedSQL = `SELECT run FROM run_merges WHERE delivery = ?`
	// writerSQL finds the newest run of a subject that wrote.
	writerSQL = `SELECT ` + runColumns + ` FROM runs WHERE source = ? AND site = ? AND subject = ?
		AND started_at IS NOT NULL AND (finished_at IS NULL OR finished_at >= ?)
		AND EXISTS (SELECT 1 FROM effects WHERE effects.run = runs.id) ORDER BY created_at DESC, seq DESC LIMIT 1`
)

// Join adds a delivery to the run that waits for the signal, if one does, instead
// of starting another: add returns the waiting run with what the delivery adds to
// its work, issue key, project, event type and actor. It may be called twice.
//
// It returns the run's id, or "" if none waits. A delivery that was added to a run
// before is not added again, and that run's id is returned, whatever became of it.
// The lease is as for Admit.
func (s *Store) Join(ctx context.Context, lease Lease, signal, delivery string, add func(held Run) (Run, error)) (run string, err error) {
	err = s.writer.do(ctx, func(tx tx) error {
		if err := lease.holds(tx); err != nil {
			return err
		}
		err := tx.row(mergedSQL, delivery).Scan(&run)
		if !errors.Is(err, sql.ErrNoRows) {
			return err
		}
		held, err := scanRun(tx.row(heldBySQL, signal))
		if errors.Is(err, sql.ErrNoRows) {
			run = ""
			return nil
		}
		if err != nil {
			return err
		}
		run = held.ID
		return s.join(tx, held, delivery, add)
	})
	if err != nil {
		return "", fmt.Errorf("join delivery %s to a waiting run: %w", delivery, err)
	}
	return run, nil
}

func (s *Store) join(tx tx, held Run, delivery string, add func(held Run) (Run, error)) error {
	r, err := add(held)
	if err != nil {
		return err
	}
	if _, err := tx.exec(`UPDATE runs SET issue_key = ?, project = ?, event_type = ?, actor = ? WHERE id = ?`,
		r.IssueKey, r.Project, r.EventType, r.Actor, held.ID); err != nil {
		return fmt.Errorf("update run %s: %w", held.ID, err)
	}
	if _, err := tx.exec(`UPDATE run_work SET work = ? WHERE run = ?`, append([]byte{}, r.Work...), held.ID); err != nil {
		return fmt.Errorf("update work of run %s: %w", held.ID, err)
	}
	if _, err := tx.exec(`INSERT INTO run_merges (delivery, run) VALUES (?, ?)`, delivery, held.ID); err != nil {
		return fmt.Errorf("note delivery of run %s: %w", held.ID, err)
	}
	return s.insertEvent(tx, held.ID, "merged:"+delivery, EventMerged, map[string]any{"delivery": delivery})
}

// MergedInto returns the run that a delivery was added to; "" if it was to none.
func (s *Store) MergedInto(ctx context.Context, delivery string) (string, error) {
	var run string
	err := s.row(ctx, mergedSQL, delivery).Scan(&run)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return "", fmt.Errorf("look up run of delivery %s: %w", delivery, err)
	}
	return run, nil
}

// LastWriter returns the newest run of a subject that was at work since the given
// time and has sent, or was about to send, a write to the outside. The error is
// ErrNotFound if there is none.
func (s *Store) LastWriter(ctx context.Context, source, site, subject string, since time.Time) (Run, error) {
	r, err := scanRun(s.row(ctx, writerSQL, source, site, subject, millis(since)))
	if errors.Is(err, sql.ErrNoRows) {
		return Run{}, fmt.Errorf("run of %s that wrote: %w", subject, ErrNotFound)
	}
	if err != nil {
		return Run{}, fmt.Errorf("look for a run of %s that wrote: %w", subject, err)
	}
	return r, nil
}
