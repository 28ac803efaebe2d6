package store

import (
	"cmp"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/aofctl/aofctl/internal/step"
)

const (
	// signalSQL finds the first who waits for a signal, whatever the run does
	// meanwhile.
	signalSQL = `SELECT w.run, w.path, w.pos, w.name, r.epoch, r.state FROM run_waits AS w JOIN runs AS r ON r.id = w.run
		WHERE w.signal = ? AND w.signal <> '' ORDER BY r.seq, w.path LIMIT 1`
	keepSignalSQL = `INSERT INTO signals (signal, name, payload, at) VALUES (?, ?, ?, ?) ON CONFLICT (signal) DO NOTHING`
	takeSignalSQL = `DELETE FROM signals WHERE signal = ? RETURNING name, payload`
	oldSignalsSQL = `DELETE FROM signals WHERE at < ?`
)

// Signal ends the waiting for the signal: the payload becomes the result of the
// step that somebody waits in, which is shown under the given name. One that comes
// before anybody waits for it, or while the run is at work in another branch, is
// kept and answers the wait as soon as the run rests; of several kept ones the
// first counts. A signal is for one wait, so its name should be used once.
//
// It reports whether somebody waited; nobody waits for "".
func (s *Store) Signal(ctx context.Context, signal, name string, payload json.RawMessage) (bool, error) {
	waited := false
	err := s.writer.do(ctx, func(tx tx) (err error) {
		waited, err = s.tell(tx, signal, name, payload)
		return err
	})
	return waited, err
}

// tell is Signal within a transaction.
func (s *Store) tell(tx tx, signal, name string, payload json.RawMessage) (waited bool, err error) {
	if signal == "" {
		return false, nil
	}
	if len(payload) > 0 && !json.Valid(payload) {
		return false, fmt.Errorf("signal %s: its payload is not JSON: %w", signal, ErrRefused)
	}
	var w Wait
	var c Claim
	var state State
	err = tx.row(signalSQL, signal).Scan(&c.Run, &w.Branch, &w.Step, &w.Name, &c.Epoch, &state)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return false, fmt.Errorf("find who waits for %s: %w", signal, err)
	}
	if waited = err == nil; !waited || state == StateRunning {
		return waited, s.keepSignal(tx, signal, name, payload)
	}
	if _, err := s.answer(tx, c, state, w, name, payload); err != nil || state != StateWaiting {
		return true, err
	}
	return true, goOn(tx, c.Run)
}

func (s *Store) keepSignal(tx tx, signal, name string, payload json.RawMessage) error {
	if _, err := tx.exec(keepSignalSQL, signal, name, []byte(payload), millis(s.now())); err != nil {
		return fmt.Errorf("keep signal %s: %w", signal, err)
	}
	return nil
}

// answerEarly answers a wait whose signal has come before it; nil if it has not.
func (s *Store) answerEarly(tx tx, c Claim, in State, w Wait) (*Record, error) {
	if w.Signal == "" {
		return nil, nil
	}
	var name string
	var payload []byte
	err := tx.row(takeSignalSQL, w.Signal).Scan(&name, &payload)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("look for signal %s: %w", w.Signal, err)
	}
	return s.answer(tx, c, in, w, name, payload)
}

// answer records the result of a wait.
func (s *Store) answer(tx tx, c Claim, in State, w Wait, name string, payload json.RawMessage) (*Record, error) {
	now := time.UnixMilli(millis(s.now())).UTC()
	rec := Record{Pos: w.Step, Asked: cmp.Or(w.Name, name), Waited: true, Entry: step.Entry{Branch: w.Branch, Kind: step.KindWait,
		Name: cmp.Or(name, w.Name), Output: payload, Started: now, Finished: now, Attempts: 1}}
	row, err := encodeRecord(rec)
	if err != nil {
		return nil, fmt.Errorf("answer run %s: %w: %w", c.Run, ErrRefused, err)
	}
	rec.Entry.Index, err = s.record(tx, c, in, row)
	return &rec, err
}
