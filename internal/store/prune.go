package store

import (
	"context"
	"fmt"
	"time"
)

// pruneBatch is how many runs are dealt with in one transaction.
const pruneBatch = 100

// Wipe deletes what was said in runs that ended before the given time: their
// steps, events, texts and the event that they were started with. What remains
// tells that there was a run, of what, when, at what cost and how it ended. With
// them go signals that nobody waited for until then, and the tasks of A2A that
// ended before. It returns how many runs that were.
func (s *Store) Wipe(ctx context.Context, before time.Time) (int, error) {
	err := s.writer.do(ctx, func(tx tx) error {
		if _, err := tx.exec(oldSignalsSQL, millis(before)); err != nil {
			return fmt.Errorf("delete old signals: %w", err)
		}
		return nil
	})
	if err != nil {
		return 0, err
	}
	if err := s.wipeTasks(ctx, before); err != nil {
		return 0, err
	}
	return s.sweep(ctx, before, 0, wipeRun()...)
}

// wipeRun are the statements that delete what was said in a run.
func wipeRun() []string {
	return []string{
		`DELETE FROM run_steps WHERE run = ?`,
		`DELETE FROM run_events WHERE run = ?`,
		`DELETE FROM run_work WHERE run = ?`,
		`DELETE FROM approvals WHERE run = ?`,
		`UPDATE runs SET wiped = 1, result = '' WHERE id = ?`,
	}
}

// pruneRun are the statements that delete a run.
func pruneRun() []string {
	return []string{
		`DELETE FROM run_events WHERE run = ?`,
		`DELETE FROM effects WHERE run = ?`,
		`DELETE FROM run_merges WHERE run = ?`,
		`DELETE FROM runs WHERE id = ?`,
	}
}

// Prune deletes runs altogether that were wiped and ended before the given time,
// and manifests that no run refers to any more. It returns how many runs that
// were.
func (s *Store) Prune(ctx context.Context, before time.Time) (int, error) {
	n, err := s.sweep(ctx, before, 1, pruneRun()...)
	if err != nil || n == 0 {
		return n, err
	}
	return n, s.writer.do(ctx, func(tx tx) error {
		if _, err := tx.exec(unusedSQL); err != nil {
			return fmt.Errorf("prune revisions: %w", err)
		}
		return nil
	})
}

// oldSQL finds runs that ended before a time. One that is tried again has not
// ended.
const oldSQL = `SELECT id FROM runs WHERE wiped = ? AND finished_at IS NOT NULL AND finished_at < ? ORDER BY finished_at LIMIT ?`

// unusedSQL deletes manifests without a run. Of many runs PostgreSQL would make no
// table to look things up in, and read all of them for each manifest; there are
// few revisions among them.
const unusedSQL = `DELETE FROM revisions WHERE revision NOT IN (SELECT DISTINCT revision FROM runs)`

// sweep carries out the statements for each run that is found, a batch at a time.
func (s *Store) sweep(ctx context.Context, before time.Time, wiped int, statements ...string) (int, error) {
	return s.sweepBy(ctx, before, wiped, func(tx tx, ids []string) error { return each(tx, ids, statements) })
}

// sweepBy is sweep with another way to deal with the runs of a batch.
func (s *Store) sweepBy(ctx context.Context, before time.Time, wiped int, deal func(tx tx, ids []string) error) (int, error) {
	total, found := 0, pruneBatch
	for found == pruneBatch && ctx.Err() == nil {
		err := s.writer.do(ctx, func(tx tx) error {
			rows, err := tx.rows(oldSQL, wiped, millis(before), pruneBatch)
			if err != nil {
				return fmt.Errorf("list old runs: %w", err)
			}
			ids, err := collectStrings(rows)
			if err != nil {
				return fmt.Errorf("list old runs: %w", err)
			}
			found = len(ids)
			return deal(tx, ids)
		})
		if err != nil {
			return total, fmt.Errorf("delete old runs: %w", err)
		}
		total += found
	}
	return total, ctx.Err()
}

func each(tx tx, ids, statements []string) error {
	for _, id := range ids {
		for _, statement := range statements {
			if _, err := tx.exec(statement, id); err != nil {
				return fmt.Errorf("delete run %s: %w", id, err)
			}
		}
	}
	return nil
}
