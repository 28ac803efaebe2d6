package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"

	"github.com/aofctl/aofctl/internal/step"
)

// RecordStep adds a finished step to the run's readable history. Recording the
// same step again changes nothing. It returns once the step is queued: the
// journal has it already, and whatever is written later comes after it.
func (s *Store) RecordStep(ctx context.Context, run string, e step.Entry) error {
	body, err := json.Marshal(e)
	if err != nil {
		return fmt.Errorf("encode step %d of run %s: %w", e.Index, run, err)
	}
	_, err = s.writer.post(ctx, func(tx *sql.Tx) error {
		res, err := tx.Exec(`INSERT INTO run_steps (run, idx, entry) VALUES (?, ?, ?) ON CONFLICT DO NOTHING`, run, e.Index, body)
		if err != nil {
			return fmt.Errorf("insert step %d of run %s: %w", e.Index, run, err)
		}
		if n, err := res.RowsAffected(); err != nil || n == 0 {
			return err
		}
		return s.insertEvent(tx, run, fmt.Sprintf("step:%d", e.Index), EventStep, e)
	})
	return err
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

// sumSteps writes the totals of a run's steps into its row. The cost is unknown
// as soon as the cost of one model call is.
func (s *Store) sumSteps(tx *sql.Tx, run string) error {
	_, err := tx.Exec(`UPDATE runs SET (steps, tokens_in, tokens_cached, tokens_out, cost_micro_usd, in_doubt) = (
		SELECT count(*),
			coalesce(sum(entry ->> '$.tokens_in'), 0),
			coalesce(sum(entry ->> '$.tokens_cached'), 0),
			coalesce(sum(entry ->> '$.tokens_out'), 0),
			CASE WHEN coalesce(sum(entry ->> '$.kind' = 'model' AND entry ->> '$.cost_micro_usd' IS NULL), 0) > 0
				THEN NULL ELSE coalesce(sum(entry ->> '$.cost_micro_usd'), 0) END,
			coalesce(max(entry ->> '$.in_doubt'), 0)
		FROM run_steps WHERE run = runs.id) WHERE id = ?`, run)
	if err != nil {
		return fmt.Errorf("sum up steps of run %s: %w", run, err)
	}
	return nil
}
