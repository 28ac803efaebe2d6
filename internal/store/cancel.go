package store

import (
	"cmp"
	"context"
	"errors"
	"fmt"
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
	err := s.writer.do(ctx, func(tx tx) (err error) {
		now, err = s.cancelRun(tx, id, by)
		return err
	})
	s.cancels.wake()
	return now, err
}

// cancelRun is Cancel within a transaction, after which s.cancels is to be woken.
func (s *Store) cancelRun(tx tx, id, by string) (State, error) {
	_, state, err := held(tx, id)
	if err != nil {
		return "", err
	}
	if state.Terminal() {
		return state, fmt.Errorf("cancel run %s, which has %s: %w", id, state, ErrOver)
	}
	if _, err := tx.exec(`UPDATE runs SET cancel = ? WHERE id = ? AND cancel = ''`, by, id); err != nil {
		return state, fmt.Errorf("cancel run %s: %w", id, err)
	}
	if state != StateRunning {
		return StateCanceled, s.endCanceled(tx, id)
	}
	if err := s.tellOfCancel(tx); err != nil {
		return state, err
	}
	return state, s.insertEventOfEpoch(tx, id, EventCanceling, map[string]any{"by": by})
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
