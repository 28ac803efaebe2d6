package store

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/aofctl/aofctl/internal/a2a"
)

const (
	dueTasksSQL = `SELECT id FROM tasks INDEXED BY tasks_due WHERE active = 1 AND deadline <= ? ORDER BY deadline LIMIT ?`
	// expireBatch is how many tasks are failed in one transaction.
	expireBatch = 100
)

// Texts for the ends of tasks of which the run said nothing itself.
const (
	textFailed   = "The agent could not finish this task. Its operator finds the reason in the record of the run"
	textCanceled = "The task was canceled."
	textRejected = "The agent did not take on this task."
)

// ConcludeTask ends a task, unless its user has said something behind the message
// with the number read that no question got as its answer: then the task goes on
// and what was said is returned. Repeated with the same key it says again that the
// task is done. The error is a *a2a.TerminalError if something else ended it.
func (s *Store) ConcludeTask(ctx context.Context, task, key string, read int, status a2a.Status) (rest []NumberedMessage, done bool, err error) {
	if !status.State.Terminal() {
		return nil, false, fmt.Errorf("conclude task %s as %s: %w", task, status.State, ErrRefused)
	}
	err = s.decide(ctx, func(tx tx) error {
		rest, done = nil, false
		t, err := findTask(tx, task)
		switch {
		case err != nil:
			return err
		case !t.active && t.ended == key:
			done = true
			return nil
		case !t.active:
			return t.terminal()
		}
		if rest, err = unread(tx, t, read); err != nil {
			return err
		}
		if len(rest) > 0 {
			return touch(tx, t, rest[len(rest)-1].N)
		}
		done = true
		return s.setStatus(tx, t, key, status)
	})
	return rest, done, wrapTask("conclude", task, err)
}

// touch notes that the run was given the messages up to a number.
func touch(tx tx, t *taskRow, n int) error {
	if n <= t.readTo {
		return nil
	}
	if _, err := tx.exec(taskReadSQL, n, t.id, n); err != nil {
		return fmt.Errorf("note what is read of task %s: %w", t.id, err)
	}
	return nil
}

// CancelTask ends a task of the owner with the status, and its run. The error is
// a2a.TaskNotFound or a2a.NotCancelable.
func (s *Store) CancelTask(ctx context.Context, owner TaskOwner, id string, status a2a.Status) error {
	err := s.decide(ctx, func(tx tx) error {
		t, err := ownTask(tx.row(ownTaskSQL, id, owner.Installation, owner.Account), id)
		if err != nil {
			return err
		}
		if !t.active {
			return a2a.NotCancelable(id, t.state)
		}
		return s.stopTask(tx, t, cmp.Or(owner.Account, "the caller"), status)
	})
	s.cancels.wake()
	return wrapTask("cancel", id, err)
}

// StopTask ends a task whoever it belongs to, and its run on somebody's behalf. One
// that has ended is left alone.
func (s *Store) StopTask(ctx context.Context, id, by string, status a2a.Status) error {
	err := s.decide(ctx, func(tx tx) error {
		t, err := findTask(tx, id)
		if err != nil || !t.active {
			return err
		}
		return s.stopTask(tx, t, by, status)
	})
	s.cancels.wake()
	return wrapTask("stop", id, err)
}

// stopTask ends an active task and lets its run be canceled: one that is at work
// ends as soon as its holder notices.
func (s *Store) stopTask(tx tx, t *taskRow, by string, status a2a.Status) error {
	if !status.State.Terminal() {
		return fmt.Errorf("stop as %s: %w", status.State, ErrRefused)
	}
	if err := s.setStatus(tx, t, "", status); err != nil || t.run == "" {
		return err
	}
	_, err := s.cancelRun(tx, t.run, by)
	if errors.Is(err, ErrOver) || errors.Is(err, ErrNotFound) {
		return nil
	}
	return err
}

// ExpireTasks ends the tasks whose deadline has passed with the status, and their
// runs, and returns how many those were.
func (s *Store) ExpireTasks(ctx context.Context, status a2a.Status) (int, error) {
	total, found := 0, expireBatch
	for found == expireBatch && ctx.Err() == nil {
		err := s.writer.do(ctx, func(tx tx) error {
			rows, err := tx.rows(dueTasksSQL, millis(s.now()), expireBatch)
			if err != nil {
				return err
			}
			ids, err := collectStrings(rows)
			if err != nil {
				return err
			}
			found = len(ids)
			return s.stopTasks(tx, ids, "the deadline", status)
		})
		if err != nil {
			return total, fmt.Errorf("end tasks whose time is up: %w", err)
		}
		total += found
		if found > 0 {
			s.cancels.wake()
		}
	}
	return total, ctx.Err()
}

func (s *Store) stopTasks(tx tx, ids []string, by string, status a2a.Status) error {
	for _, id := range ids {
		t, err := findTask(tx, id)
		if err != nil {
			return err
		}
		if err := s.stopTask(tx, t, by, status); err != nil {
			return err
		}
	}
	return nil
}

// endTask ends the task of a run that has ended, unless it came to its end before.
func (s *Store) endTask(tx tx, run string, o Outcome) error {
	t, err := scanTask(tx.row(taskOfRunSQL, run))
	if errors.Is(err, sql.ErrNoRows) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("look up task of run %s: %w", run, err)
	}
	return s.setStatus(tx, t, "", taskStatus(run, o))
}

// taskStatus is how a task ended whose run ended so. Why a run failed is for its
// operator: it may tell of things that are not the user's.
func taskStatus(run string, o Outcome) a2a.Status {
	state, text := a2a.Failed, textFailed+" "+run+"."
	switch o.State {
	case StateSucceeded:
		state, text = a2a.Completed, o.Result
	case StateCanceled:
		state, text = a2a.Canceled, textCanceled
	case StateRejected:
		state, text = a2a.Rejected, textRejected
	}
	status := a2a.Status{State: state}
	if text != "" {
		status.Message = &a2a.Message{Role: a2a.Agent, Parts: []a2a.Part{a2a.TextOf(text)}}
	}
	return status
}
