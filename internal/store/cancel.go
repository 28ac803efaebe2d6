package store

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"

	"github.com/aofctl/aofctl/internal/step"
)

// ErrOver is returned for what cannot be asked of a run that has ended.
var ErrOver = errors.New("the run is over")

// ErrNotOver is returned for what cannot be asked of a run that has not ended.
var ErrNotOver = errors.New("the run is not over")

// Cancel ends a run on somebody's behalf. One that is at work is told so and
// ends as soon as its holder notices; until then it stays running, which is the
// state that is returned. The error is ErrOver if it has ended.
func (s *Store) Cancel(ctx context.Context, id, by string) (State, error) {
	by = cmp.Or(by, "somebody") // "" is that nobody asked
	var now State
	err := s.writer.do(ctx, func(tx tx) error {
		_, state, err := held(tx, id)
		if err != nil {
			return err
		}
		if state.Terminal() {
			return fmt.Errorf("cancel run %s, which has %s: %w", id, state, ErrOver)
		}
		if _, err := tx.exec(`UPDATE runs SET cancel = ? WHERE id = ? AND cancel = ''`, by, id); err != nil {
			return fmt.Errorf("cancel run %s: %w", id, err)
		}
		if now = state; state == StateRunning {
			if err := s.tellOfCancel(tx); err != nil {
				return err
			}
			return s.insertEventOfEpoch(tx, id, EventCanceling, map[string]any{"by": by})
		}
		now = StateCanceled
		return s.endCanceled(tx, id)
	})
	s.cancels.wake()
	return now, err
}

// tellOfCancel wakes whoever watches Canceled in other processes.
func (s *Store) tellOfCancel(tx tx) error {
	if s.dialect.notifyCancel == "" {
		return nil
	}
	if _, err := tx.exec(s.dialect.notifyCancel); err != nil {
		return fmt.Errorf("tell other processes: %w", err)
	}
	return nil
}

// Canceled returns a channel that is closed when somebody asked for the end of a
// run at work. Take it before looking at Canceling.
func (s *Store) Canceled() <-chan struct{} { return s.cancels.changed() }

// endCanceled ends a run of which somebody asked for the end.
func (s *Store) endCanceled(tx tx, id string) error {
	var by string
	if err := tx.row(`SELECT cancel FROM runs WHERE id = ?`, id).Scan(&by); err != nil {
		return fmt.Errorf("look up run %s: %w", id, err)
	}
	return s.end(tx, id, Outcome{State: StateCanceled, Error: "canceled by " + by})
}

// Canceling returns the runs of the owner of which somebody asked for the end.
func (s *Store) Canceling(ctx context.Context, owner string) ([]string, error) {
	rows, err := s.query(ctx, `SELECT id FROM runs WHERE cancel <> '' AND state = 'running' AND owner = ?`, owner)
	if err != nil {
		return nil, fmt.Errorf("list runs to cancel: %w", err)
	}
	return collectStrings(rows)
}

// Retry puts a run that failed or was canceled back into the queue. It goes on
// behind its last step that has a result, with its working time anew; the steps
// from there on are forgotten, but for what the events tell. The error is
// ErrNotOver while the run has not ended, and ErrOver if it succeeded, was
// rejected, or ended so long ago that what it was to do is deleted.
func (s *Store) Retry(ctx context.Context, id, by string) error {
	return s.writer.do(ctx, func(tx tx) error {
		if err := retriable(tx, id); err != nil {
			return err
		}
		from, inDoubt, err := rewind(tx, id)
		if err != nil {
			return err
		}
		if _, err := tx.exec(againSQL, from, from, strconv.Itoa(from), flag(inDoubt), id); err != nil {
			return fmt.Errorf("retry run %s: %w", id, err)
		}
		return s.insertEventOfEpoch(tx, id, EventRetried, map[string]any{"by": by, "from_step": from})
	})
}

func retriable(tx tx, id string) error {
	_, state, err := held(tx, id)
	switch {
	case err != nil:
		return err
	case !state.Terminal():
		return fmt.Errorf("retry run %s, which is %s: %w", id, state, ErrNotOver)
	case state != StateFailed && state != StateCanceled:
		return fmt.Errorf("retry run %s, which has %s: %w", id, state, ErrOver)
	}
	var wiped bool
	if err := tx.row(`SELECT wiped = 1 FROM runs WHERE id = ?`, id).Scan(&wiped); err != nil {
		return fmt.Errorf("look up run %s: %w", id, err)
	}
	if wiped {
		return fmt.Errorf("retry run %s, of which the records are deleted: %w", id, ErrOver)
	}
	return nil
}

// againSQL counts the run among the open ones again. Those of its subject that
// came later may have gone meanwhile; the one at work now is not disturbed.
// Whether a write that is left open happened is found out when its step is done
// again, or counts at the end.
const againSQL = `UPDATE runs SET state = 'queued', open = 1, steps = ?, timed_from = ?, retries = retries + 1, rewinds = rewinds || ? || ',', attempt = attempt + 1,
	deaths = 0, wait_step = -1, wake_at = NULL, tries = 0, worked = 0, cancel = '', finished_at = NULL, result = '', error = '',
	in_doubt = ?, ready = ` + turnSQL + ` WHERE id = ?`

// keepSQL moves what steps tell to their events.
const keepSQL = `UPDATE run_events SET step = NULL, payload = coalesce((SELECT entry FROM run_steps
	WHERE run_steps.run = run_events.run AND idx = run_events.step), payload) WHERE run = ? AND step >= ?`

// rewind forgets the steps of a run from the first one without a result, and
// returns its index and whether one of those before it is in doubt.
func rewind(tx tx, id string) (from int, inDoubt bool, err error) {
	err = tx.row(`SELECT coalesce(min(CASE WHEN failure IS NOT NULL THEN idx END), coalesce(max(idx), -1) + 1)
		FROM run_steps WHERE run = ?`, id).Scan(&from)
	if err != nil {
		return 0, false, fmt.Errorf("find the failed step of run %s: %w", id, err)
	}
	if _, err := tx.exec(keepSQL, id, from); err != nil {
		return 0, false, fmt.Errorf("keep what events tell of run %s: %w", id, err)
	}
	if _, err := tx.exec(`DELETE FROM run_steps WHERE run = ? AND idx >= ?`, id, from); err != nil {
		return 0, false, fmt.Errorf("rewind run %s: %w", id, err)
	}
	rows, err := tx.rows(stepsSQL, id)
	if err != nil {
		return 0, false, fmt.Errorf("read steps of run %s: %w", id, err)
	}
	kept, err := collectSteps(rows)
	if err != nil {
		return 0, false, fmt.Errorf("read steps of run %s: %w", id, err)
	}
	return from, slices.ContainsFunc(kept, func(e step.Entry) bool { return e.InDoubt }), nil
}
