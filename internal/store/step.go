package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"

	"github.com/aofctl/aofctl/internal/step"
)

// RecordStep adds a finished step to the run's readable history. Recording the
// same step again changes nothing.
func (s *Store) RecordStep(ctx context.Context, run string, e step.Entry) error {
	change, err := s.recording(run, e)
	if err != nil {
		return err
	}
	return s.writer.do(ctx, change)
}

// PostStep is RecordStep for a caller that has better to do than to wait for the
// disk: the journal has the step already. What it posts is written before
// whatever is asked for later. The function that it returns waits for the
// outcome.
func (s *Store) PostStep(ctx context.Context, run string, e step.Entry) (wait func() error, err error) {
	change, err := s.recording(run, e)
	if err != nil {
		return nil, err
	}
	done, err := s.writer.post(ctx, change)
	if err != nil {
		return nil, err
	}
	return func() error { return s.writer.outcome(done) }, nil
}

func (s *Store) recording(run string, e step.Entry) (func(tx *sql.Tx) error, error) {
	body, err := json.Marshal(e)
	if err != nil {
		return nil, fmt.Errorf("encode step %d of run %s: %w: %w", e.Index, run, ErrRefused, err)
	}
	return func(tx *sql.Tx) error {
		res, err := tx.Exec(`INSERT INTO run_steps (run, idx, entry) VALUES (?, ?, ?) ON CONFLICT DO NOTHING`, run, e.Index, body)
		if err != nil {
			return fmt.Errorf("insert step %d of run %s: %w", e.Index, run, err)
		}
		if n, err := res.RowsAffected(); err != nil || n == 0 {
			return err
		}
		return s.insertEvent(tx, run, fmt.Sprintf("step:%d", e.Index), EventStep, json.RawMessage(body))
	}, nil
}

// Steps returns the finished steps of a run in order.
func (s *Store) Steps(ctx context.Context, run string) ([]step.Entry, error) {
	rows, err := s.db.QueryContext(ctx, `SELECT entry FROM run_steps WHERE run = ? ORDER BY idx`, run)
	if err != nil {
		return nil, fmt.Errorf("list steps of run %s: %w", run, err)
	}
	defer func() { _ = rows.Close() }()
	entries := []step.Entry{}
	for rows.Next() {
		var body []byte
		if err := rows.Scan(&body); err != nil {
			return nil, fmt.Errorf("list steps of run %s: %w", run, err)
		}
		var e step.Entry
		if err := json.Unmarshal(body, &e); err != nil {
			return nil, fmt.Errorf("decode step of run %s: %w", run, err)
		}
		entries = append(entries, e)
	}
	return entries, rows.Err()
}

// sumSQL adds up a run's steps. The sums are made in floating point, which is
// exact for every count that is true and does not fail for one that a provider
// made up. A write whose intent is still open may have happened, whatever became
// of its step.
const sumSQL = `UPDATE runs SET (steps, tokens_in, tokens_cached, tokens_out, cost_micro_usd, in_doubt) = (
	SELECT count(*),
		CAST(total(entry ->> '$.tokens_in') AS INTEGER),
		CAST(total(entry ->> '$.tokens_cached') AS INTEGER),
		CAST(total(entry ->> '$.tokens_out') AS INTEGER),
		CASE WHEN total(entry ->> '$.kind' = 'model' AND entry ->> '$.cost_micro_usd' IS NULL) > 0
			THEN NULL ELSE CAST(total(entry ->> '$.cost_micro_usd') AS INTEGER) END,
		coalesce(max(entry ->> '$.in_doubt'), 0) OR EXISTS (SELECT 1 FROM effects
			WHERE id > runs.id || ':' AND id < runs.id || ';' AND done_at IS NULL)
	FROM run_steps WHERE run = runs.id) WHERE id = ?`

// sumSteps writes the totals of a run's steps into its row. The cost is unknown
// as soon as the cost of one model call is.
func (s *Store) sumSteps(tx *sql.Tx, run string) error {
	if _, err := tx.Exec(sumSQL, run); err != nil {
		return fmt.Errorf("sum up steps of run %s: %w", run, err)
	}
	return nil
}
