package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/aofctl/aofctl/internal/step"
)

// Wait is how a run lets go of everything until it goes on.
type Wait struct {
	// For says in words what is waited for.
	For string
	// Step is the index of the step that the run is in, Tries how often it was
	// tried and Worked how long that took.
	Step, Tries int
	Worked      time.Duration
	// Until is when the run goes on at the latest; zero if only a signal ends it.
	Until time.Time
	// Signal is what ends the waiting before; "" for nothing.
	Signal string
	// Yield lets later runs of the subject go meanwhile. Without it they wait as
	// well, so that order is kept.
	Yield bool
	// Attempt is true if the run as a whole is tried again when it goes on.
	Attempt bool
}

const (
	waitSQL = `UPDATE runs SET state = 'waiting', ready = 0, owner = '', open = ?, wait_step = ?, tries = ?, worked = ?, wake_at = ?, signal = ?, waits_for = ?,
		attempt = attempt + ? WHERE id = ? AND epoch = ? AND state = 'running' AND cancel = '' RETURNING source, site, subject`
	// goOnSQL puts a waiting run back into the queue. One that kept its place has
	// the turn of its subject still; another goes as soon as nobody else does.
	goOnSQL = `UPDATE runs SET state = 'queued', open = 1, signal = '', waits_for = '', ready = CASE WHEN open = 1 THEN 1
		ELSE ` + turnSQL + ` END WHERE id = ? AND state = 'waiting'`
	// wakeSQL leaves one alone that meanwhile went on and waits again.
	wakeSQL   = goOnSQL + ` AND wake_at <= ?`
	signalSQL = `SELECT id, epoch, steps FROM runs WHERE state = 'waiting' AND signal = ? AND signal <> '' ORDER BY seq LIMIT 1`
	dueSQL    = `SELECT id FROM runs INDEXED BY runs_wake WHERE state = 'waiting' AND wake_at <= ? ORDER BY wake_at, seq LIMIT ?`
	wakeBatch = 500
)

// Suspend lets a claimed run wait. The error is ErrLost if the claim no longer
// holds. A run of which somebody asked for the end ends instead.
func (s *Store) Suspend(ctx context.Context, c Claim, w Wait) error {
	return s.writer.do(ctx, func(tx tx) error {
		var source, site, subject string
		err := tx.row(waitSQL, flag(!w.Yield), w.Step, w.Tries, w.Worked.Microseconds(), nullMillis(w.Until), w.Signal, w.For, flag(w.Attempt), c.Run, c.Epoch).
			Scan(&source, &site, &subject)
		if errors.Is(err, sql.ErrNoRows) {
			return s.notSuspended(tx, c)
		}
		if err != nil {
			return fmt.Errorf("suspend run %s: %w", c.Run, err)
		}
		if w.Yield {
			if err := pass(tx, source, site, subject); err != nil {
				return err
			}
		}
		return s.insertEventOfEpoch(tx, c.Run, EventWaiting, map[string]any{"for": w.For, "until": w.Until})
	})
}

func (s *Store) notSuspended(tx tx, c Claim) error {
	epoch, state, err := held(tx, c.Run)
	switch {
	case err != nil:
		return err
	case epoch == c.Epoch && state == StateRunning:
		return s.endCanceled(tx, c.Run)
	case epoch == c.Epoch:
		return nil // it waits already, or has even gone on
	}
	return fmt.Errorf("suspend run %s: %w", c.Run, ErrLost)
}

// Wake puts runs whose time has come back into the queue and returns how many.
func (s *Store) Wake(ctx context.Context) (int, error) {
	now := millis(s.now())
	ids, err := s.due(ctx, now)
	if err != nil || len(ids) == 0 {
		return 0, err
	}
	woken := 0
	err = s.writer.do(ctx, func(tx tx) error {
		woken = 0
		for _, id := range ids {
			n, err := tx.change(wakeSQL, id, now)
			if err != nil {
				return fmt.Errorf("wake run %s: %w", id, err)
			}
			woken += int(n)
		}
		if woken > 0 {
			tx.tell()
		}
		return nil
	})
	return woken, err
}

func (s *Store) due(ctx context.Context, now int64) ([]string, error) {
	rows, err := s.query(ctx, dueSQL, now, wakeBatch)
	if err != nil {
		return nil, fmt.Errorf("list runs to wake: %w", err)
	}
	return collectStrings(rows)
}

// NextWake returns when the next waiting run goes on; zero if none does by
// itself.
func (s *Store) NextWake(ctx context.Context) (time.Time, error) {
	var at sql.NullInt64
	if err := s.row(ctx, `SELECT min(wake_at) FROM runs INDEXED BY runs_wake WHERE state = 'waiting'`).Scan(&at); err != nil {
		return time.Time{}, fmt.Errorf("look for the next run to wake: %w", err)
	}
	return fromMillis(at), nil
}

// Signal ends the waiting of the run that waits for the signal: the payload
// becomes the result of the step that it waits in, under the given name. It
// reports whether a run waited; none waits for "".
func (s *Store) Signal(ctx context.Context, signal, name string, payload json.RawMessage) (bool, error) {
	found := false
	err := s.writer.do(ctx, func(tx tx) error {
		found = false
		var run string
		var epoch int64
		var steps int
		err := tx.row(signalSQL, signal).Scan(&run, &epoch, &steps)
		if errors.Is(err, sql.ErrNoRows) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("find who waits for %s: %w", signal, err)
		}
		found = true
		return s.answer(tx, run, epoch, steps, name, payload)
	})
	return found, err
}

// answer records the result of a wait and lets the run go on.
func (s *Store) answer(tx tx, run string, epoch int64, index int, name string, payload json.RawMessage) error {
	now := s.now()
	row, err := encodeRecord(Record{Asked: name, Entry: step.Entry{Index: index, Kind: step.KindWait, Name: name, Output: payload,
		Started: now, Finished: now, Attempts: 1}})
	if err != nil {
		return fmt.Errorf("answer run %s: %w: %w", run, ErrRefused, err)
	}
	if err := s.record(tx, Claim{Run: run, Epoch: epoch}, StateWaiting, row); err != nil {
		return err
	}
	if _, err := tx.exec(goOnSQL, run); err != nil {
		return fmt.Errorf("wake run %s: %w", run, err)
	}
	return nil
}

func flag(b bool) int {
	if b {
		return 1
	}
	return 0
}

func nullMillis(t time.Time) sql.NullInt64 {
	return sql.NullInt64{Int64: millis(t), Valid: !t.IsZero()}
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
