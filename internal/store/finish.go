package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
)

const (
	endSQL = `UPDATE runs SET state = ?, open = 0, ready = 0, owner = '', signal = '', waits_for = '', finished_at = ?, result = ?, error = ?,
		in_doubt = CASE WHEN in_doubt = 1 OR EXISTS (SELECT 1 FROM effects WHERE run = runs.id AND done_at IS NULL) THEN 1 ELSE 0 END
		WHERE id = ? AND state IN ('queued', 'running', 'waiting') RETURNING source, site, subject, EXISTS (SELECT 1 FROM run_waits WHERE run = runs.id)`
	heldSQL = `SELECT epoch, state FROM runs WHERE id = ?`
)

// Outcome is how a run ended.
type Outcome struct {
	State  State
	Result string
	Error  string
}

// Finish records the end of a claimed run and lets the next run of its subject
// go. Recording it again changes nothing.
func (s *Store) Finish(ctx context.Context, c Claim, o Outcome) error {
	return s.writer.do(ctx, func(tx tx) error {
		epoch, state, err := held(tx, c.Run)
		switch {
		case err != nil:
			return err
		case epoch == c.Epoch && state.Terminal():
			return nil
		case epoch != c.Epoch || state != StateRunning:
			return fmt.Errorf("finish run %s: %w", c.Run, ErrLost)
		}
		return s.end(tx, c.Run, o)
	})
}

// held tells who has a run and what it does.
func held(tx tx, run string) (epoch int64, state State, err error) {
	err = tx.row(heldSQL, run).Scan(&epoch, &state)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, "", fmt.Errorf("run %s: %w", run, ErrNotFound)
	}
	if err != nil {
		return 0, "", fmt.Errorf("look up run %s: %w", run, err)
	}
	return epoch, state, nil
}

// end ends a run that is not over yet, and its task of A2A if it has one. A write
// whose intent is still open may have happened, whatever became of its step.
func (s *Store) end(tx tx, run string, o Outcome) error {
	var source, site, subject string
	var waits bool
	err := tx.row(endSQL, o.State, millis(s.now()), o.Result, o.Error, run).Scan(&source, &site, &subject, &waits)
	if errors.Is(err, sql.ErrNoRows) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("finish run %s: %w", run, err)
	}
	if waits {
		if _, err := tx.exec(`DELETE FROM run_waits WHERE run = ?`, run); err != nil {
			return fmt.Errorf("forget what run %s waits for: %w", run, err)
		}
	}
	if err := pass(tx, source, site, subject); err != nil {
		return err
	}
	if source == TaskSource {
		if err := s.endTask(tx, run, o); err != nil {
			return err
		}
	}
	return s.insertEventOfEpoch(tx, run, EventFinished, map[string]any{"state": o.State, "error": o.Error, "result": o.Result})
}

// insertEventOfEpoch appends an event that can happen once in each taking up of
// a run and each asking for another.
func (s *Store) insertEventOfEpoch(tx tx, run string, kind EventKind, payload any) error {
	var epoch, retries int64
	if err := tx.row(`SELECT epoch, retries FROM runs WHERE id = ?`, run).Scan(&epoch, &retries); err != nil {
		return fmt.Errorf("look up run %s: %w", run, err)
	}
	return s.insertEvent(tx, run, fmt.Sprintf("%s:%d.%d", kind, epoch, retries), kind, payload)
}
