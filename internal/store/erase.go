package store

import (
	"context"
	"fmt"
	"time"

	"github.com/aofctl/aofctl/internal/store/sqlite"
)

const (
	// tasksKept is how long the tasks of A2A stay that have ended: whoever sent one
	// asks for its answer.
	tasksKept = time.Hour
	// signalsKept is how long signals stay that nobody waited for: longer than any
	// question is open.
	signalsKept = 40 * 24 * time.Hour
)

// erasedError is in the place of what a run failed of: that may quote what was said.
const erasedError = "it failed; why is deleted with what was said in it (storage.retention.transcripts is 0), and in the log of the daemon"

// eraseRun are the statements that delete what was said in a run as soon as it has
// ended. Its end stays among its events for those who follow it.
func eraseRun() []string {
	return []string{
		`DELETE FROM signals WHERE signal IN (SELECT 'approval:' || code FROM approvals WHERE run = ?)`,
		`DELETE FROM run_steps WHERE run = ?`,
		`DELETE FROM run_events WHERE run = ? AND kind <> 'finished'`,
		`DELETE FROM run_work WHERE run = ?`,
		`DELETE FROM approvals WHERE run = ?`,
		`UPDATE runs SET wiped = 1, result = '', error = CASE WHEN error = '' THEN '' ELSE '` + erasedError + `' END WHERE id = ?`,
	}
}

// keepEndSQL takes what a run said out of the event that tells of its end.
const keepEndSQL = `UPDATE run_events SET payload = ?, step = NULL WHERE run = ? AND kind = 'finished'`

// Erase deletes what was said in runs that have ended: their steps, events, texts,
// questions and the event that they were started with. What remains tells that there
// was a run, of what, when, at what cost and in which state it ended. On SQLite
// nothing of it is left in the files then. A run that waits or is to be tried again
// has not ended. It is called again and again, and returns how many runs that were.
func (s *Store) Erase(ctx context.Context) (int, error) {
	now := s.now()
	err := s.writer.do(ctx, func(tx tx) error {
		if _, err := tx.exec(oldSignalsSQL, millis(now.Add(-signalsKept))); err != nil {
			return fmt.Errorf("delete old signals: %w", err)
		}
		return nil
	})
	if err != nil {
		return 0, err
	}
	if err := s.wipeTasks(ctx, now.Add(-tasksKept)); err != nil {
		return 0, err
	}
	// A clock that was set back must not keep anything.
	n, err := s.sweepBy(ctx, now.Add(signalsKept), 0, func(tx tx, ids []string) error {
		if err := eraseEnds(tx, ids); err != nil {
			return err
		}
		return each(tx, ids, eraseRun())
	})
	if err != nil {
		return n, err
	}
	return n, s.leaveNoTraces(ctx, n > 0)
}

func eraseEnds(tx tx, ids []string) error {
	for _, id := range ids {
		var state State
		if err := tx.row(`SELECT state FROM runs WHERE id = ?`, id).Scan(&state); err != nil {
			return fmt.Errorf("look up run %s: %w", id, err)
		}
		if _, err := tx.exec(keepEndSQL, fmt.Appendf(nil, `{"state":%q,"wiped":true}`, state), id); err != nil {
			return fmt.Errorf("erase the end of run %s: %w", id, err)
		}
	}
	return nil
}

// leaveNoTraces empties the log of SQLite after a deletion, once nobody is in the way.
func (s *Store) leaveNoTraces(ctx context.Context, deleted bool) error {
	if deleted {
		s.traces.Store(true)
	}
	if s.Shared() || !s.erase || !s.traces.Load() {
		return nil
	}
	done, err := sqlite.Truncate(ctx, s.db)
	if err == nil && done {
		s.traces.Store(false)
	}
	return err
}
