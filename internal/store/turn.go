package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
)

// Statements that run once or more for each run, however many wait.
const (
	// pickSQL finds the next run of the projects behind the given one. The index
	// is named because SQLite would rather look at all queued runs.
	pickSQL = `SELECT seq, source, site, project FROM runs INDEXED BY runs_share WHERE state = 'queued' AND ready = 1
		AND (source, site, project) > (?, ?, ?) ORDER BY source, site, project, seq LIMIT 1`
	// takeSQL marks it.
	takeSQL = `UPDATE runs SET state = 'running', attempt = attempt + 1, started_at = coalesce(started_at, ?)
		WHERE seq = ? RETURNING id, attempt`
	endSQL = `UPDATE runs SET state = ?, finished_at = ?, result = ?, error = ?, ready = 0
		WHERE id = ? AND state NOT IN ('succeeded', 'failed', 'rejected') RETURNING source, site, subject`
	// passSQL hands the turn to the next run of the subject.
	passSQL = `UPDATE runs SET ready = 1 WHERE seq = (SELECT min(seq) FROM runs
		WHERE source = ? AND site = ? AND subject = ? AND state IN ('queued', 'running', 'waiting'))`
)

// share is whose runs take turns: a project of a site.
type share struct{ source, site, project string }

// Claim takes up to n queued runs whose turn it is, marks them running and
// returns their ids. Projects take turns, so that one with many runs does not
// hold up another's first; the runs of one go in the order of their admission.
func (s *Store) Claim(ctx context.Context, n int) ([]string, error) {
	var claimed []string
	err := s.writer.do(ctx, func(tx *sql.Tx) error {
		claimed = nil
		for len(claimed) < n {
			id, err := s.claimNext(tx)
			if err != nil || id == "" {
				return err
			}
			claimed = append(claimed, id)
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("claim runs: %w", err)
	}
	return claimed, nil
}

// claimNext returns "" if no run can start.
func (s *Store) claimNext(tx *sql.Tx) (string, error) {
	seq, err := s.pick(tx, s.served)
	if errors.Is(err, sql.ErrNoRows) {
		seq, err = s.pick(tx, share{}) // from the first project again: every source has a name
	}
	if errors.Is(err, sql.ErrNoRows) {
		return "", nil
	}
	if err != nil {
		return "", fmt.Errorf("pick run: %w", err)
	}
	var id string
	var attempt int
	if err := tx.QueryRow(takeSQL, millis(s.now()), seq).Scan(&id, &attempt); err != nil {
		return "", fmt.Errorf("mark run %d: %w", seq, err)
	}
	return id, s.insertEvent(tx, id, string(EventStarted), EventStarted, map[string]any{"attempt": attempt})
}

// pick finds the next run behind a project and remembers whose it is. Only the
// writer calls it.
func (s *Store) pick(tx *sql.Tx, behind share) (seq int64, err error) {
	var next share
	err = tx.QueryRow(pickSQL, behind.source, behind.site, behind.project).Scan(&seq, &next.source, &next.site, &next.project)
	if err == nil {
		s.served = next
	}
	return seq, err
}

// Outcome is how a run ended.
type Outcome struct {
	State  State
	Result string
	Error  string
}

// Finish records the end of a run, sums up its steps, and lets the next run of
// its subject go. A run that is over already stays as it is.
func (s *Store) Finish(ctx context.Context, id string, o Outcome) error {
	return s.writer.do(ctx, func(tx *sql.Tx) error {
		var source, site, subject string
		err := tx.QueryRow(endSQL, o.State, millis(s.now()), o.Result, o.Error, id).Scan(&source, &site, &subject)
		if errors.Is(err, sql.ErrNoRows) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("finish run %s: %w", id, err)
		}
		if err := s.sumSteps(tx, id); err != nil {
			return err
		}
		if _, err := tx.Exec(passSQL, source, site, subject); err != nil {
			return fmt.Errorf("let next run of %s go: %w", subject, err)
		}
		return s.insertEvent(tx, id, string(EventFinished), EventFinished,
			map[string]any{"state": o.State, "error": o.Error, "result": o.Result})
	})
}

// Running returns the ids of runs that were at work when the process ended.
func (s *Store) Running(ctx context.Context) ([]string, error) {
	rows, err := s.db.QueryContext(ctx, `SELECT id FROM runs WHERE state = 'running' ORDER BY seq`)
	if err != nil {
		return nil, fmt.Errorf("list running runs: %w", err)
	}
	return collectStrings(rows)
}

func collectStrings(rows *sql.Rows) ([]string, error) {
	defer func() { _ = rows.Close() }()
	list := []string{}
	for rows.Next() {
		var s string
		if err := rows.Scan(&s); err != nil {
			return nil, err
		}
		list = append(list, s)
	}
	return list, rows.Err()
}
