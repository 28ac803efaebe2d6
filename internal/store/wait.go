package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Wait is how a run, or a branch of it, lets go of everything until it goes on.
type Wait struct {
	// Branch is the path of the branch that waits; "" for the run's own sequence.
	Branch string
	// Step is the position of the step that it is in, Name what that was asked
	// for by, Tries how often it was tried and Worked how long that took.
	Step   int
	Name   string
	Tries  int
	Worked time.Duration
	// For says in words what is waited for.
	For string
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
	waitSQL = `UPDATE runs SET state = 'waiting', ready = 0, owner = '', open = ?, wake_at = ?, signal = '', waits_for = ?,
		attempt = attempt + ? WHERE id = ? AND epoch = ? AND state = 'running' AND cancel = '' RETURNING source, site, subject`
	// goOnSQL puts a waiting run back into the queue. One that kept its place has
	// the turn of its subject still; another goes as soon as nobody else does.
	goOnSQL = `UPDATE runs SET state = 'queued', open = 1, signal = '', waits_for = '', ready = CASE WHEN open = 1 THEN 1
		ELSE ` + turnSQL + ` END WHERE id = ? AND state = 'waiting'`
	noteWaitSQL = `INSERT INTO run_waits (run, path, pos, name, tries, worked, wake_at, due, signal, waits_for) VALUES (?, ?, ?, ?, ?, ?, ?, 0, ?, ?)
		ON CONFLICT (run, path) DO UPDATE SET pos = excluded.pos, name = excluded.name, tries = excluded.tries, worked = excluded.worked,
			wake_at = excluded.wake_at, due = 0, signal = excluded.signal, waits_for = excluded.waits_for`
	readWaitsSQL  = `SELECT path, pos, name, tries, worked, wake_at, due, signal, waits_for FROM run_waits WHERE run = ? ORDER BY path`
	branchedAtSQL = `SELECT ` + recordColumns + ` FROM run_steps INDEXED BY run_steps_branch WHERE run = ? AND path = ? AND path <> '' AND pos = ?`
	// mostNamed is how many things a run is said to wait for.
	mostNamed = 3
)

// Suspend lets a claimed run wait for all that is given, which is something: the
// first that comes lets it go on. A wait whose signal has come already is over at
// once. The error is ErrLost if the claim no longer holds. A run of which
// somebody asked for the end ends instead.
func (s *Store) Suspend(ctx context.Context, c Claim, waits ...Wait) error {
	if len(waits) == 0 {
		return fmt.Errorf("suspend run %s, which waits for nothing: %w", c.Run, ErrRefused)
	}
	all := summary(waits)
	return s.writer.do(ctx, func(tx tx) error {
		var source, site, subject string
		err := tx.row(waitSQL, flag(!all.Yield), nullMillis(all.Until), all.For, flag(all.Attempt), c.Run, c.Epoch).Scan(&source, &site, &subject)
		if errors.Is(err, sql.ErrNoRows) {
			return s.notSuspended(tx, c)
		}
		if err != nil {
			return fmt.Errorf("suspend run %s: %w", c.Run, err)
		}
		if all.Yield {
			if err := pass(tx, source, site, subject); err != nil {
				return err
			}
		}
		if err := s.insertEventOfEpoch(tx, c.Run, EventWaiting, map[string]any{"for": all.For, "until": all.Until}); err != nil {
			return err
		}
		return s.noteWaits(tx, c, waits)
	})
}

// noteWaits keeps what a run that is suspended waits for, and lets it go on if
// one of the signals is there.
func (s *Store) noteWaits(tx tx, c Claim, waits []Wait) error {
	over := false
	for _, w := range waits {
		if err := noteWait(tx, c.Run, w); err != nil {
			return err
		}
		rec, err := s.answerEarly(tx, c, StateWaiting, w)
		if err != nil {
			return err
		}
		over = over || rec != nil
	}
	if !over {
		return nil
	}
	return goOn(tx, c.Run)
}

func noteWait(tx tx, run string, w Wait) error {
	if _, err := tx.exec(noteWaitSQL, run, w.Branch, w.Step, w.Name, w.Tries, w.Worked.Microseconds(), nullMillis(w.Until), w.Signal, w.For); err != nil {
		return fmt.Errorf("note what run %s waits for: %w", run, err)
	}
	return nil
}

// goOn puts a waiting run back into the queue.
func goOn(tx tx, run string) error {
	if _, err := tx.exec(goOnSQL, run); err != nil {
		return fmt.Errorf("wake run %s: %w", run, err)
	}
	tx.tell()
	return nil
}

// summary is all of the waits as one.
func summary(waits []Wait) Wait {
	all := Wait{Yield: true}
	var reasons []string
	for _, w := range waits {
		if !w.Until.IsZero() && (all.Until.IsZero() || w.Until.Before(all.Until)) {
			all.Until = w.Until
		}
		all.Yield, all.Attempt = all.Yield && w.Yield, all.Attempt || w.Attempt
		if w.For != "" && !slices.Contains(reasons, w.For) {
			reasons = append(reasons, w.For)
		}
	}
	if more := len(reasons) - mostNamed; more > 0 {
		reasons = append(reasons[:mostNamed], fmt.Sprintf("%d more", more))
	}
	all.For = strings.Join(reasons, "; ")
	return all
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

// Await keeps what a branch of a claimed run waits for while others are at work.
// If its signal has come already, its step is recorded and returned: it need not
// wait. The error is ErrLost if the claim no longer holds.
func (s *Store) Await(ctx context.Context, c Claim, w Wait) (*Record, error) {
	var known *Record
	err := s.writer.do(ctx, func(tx tx) error {
		known = nil
		epoch, state, err := held(tx, c.Run)
		if errors.Is(err, ErrNotFound) || (err == nil && (epoch != c.Epoch || state != StateRunning)) {
			return fmt.Errorf("let branch %s of run %s wait: %w", w.Branch, c.Run, ErrLost)
		}
		if err != nil {
			return err
		}
		rec, err := scanRecord(tx.row(branchedAtSQL, c.Run, w.Branch, w.Step))
		if err == nil {
			known = &rec // the answer got lost
			return nil
		}
		if !errors.Is(err, sql.ErrNoRows) {
			return fmt.Errorf("look up branch %s of run %s: %w", w.Branch, c.Run, err)
		}
		if err := noteWait(tx, c.Run, w); err != nil {
			return err
		}
		known, err = s.answerEarly(tx, c, StateRunning, w)
		return err
	})
	return known, err
}

func (s *Store) readWaits(ctx context.Context, run string) ([]Waited, error) {
	rows, err := s.query(ctx, readWaitsSQL, run)
	if err != nil {
		return nil, err
	}
	defer func() { _ = rows.Close() }()
	var list []Waited
	for rows.Next() {
		var w Waited
		var worked int64
		var wake sql.NullInt64
		if err := rows.Scan(&w.Branch, &w.Step, &w.Name, &w.Tries, &worked, &wake, &w.Due, &w.Signal, &w.For); err != nil {
			return nil, err
		}
		w.Worked, w.Until = time.Duration(worked)*time.Microsecond, fromMillis(wake)
		list = append(list, w)
	}
	return list, rows.Err()
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
