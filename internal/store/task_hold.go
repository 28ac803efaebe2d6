package store

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/aofctl/aofctl/internal/a2a"
)

const (
	authSQL = `SELECT t.id, t.context, t.installation, t.account, t.call, t.held, m.n, m.body FROM tasks AS t INDEXED BY tasks_auth
		JOIN task_messages AS m ON m.task = t.id AND m.n = 1
		WHERE t.active = 1 AND t.state = 'auth-required' AND t.id `
	authTasksSQL   = authSQL + `> ? ORDER BY t.id LIMIT ?`
	authTaskSQL    = authSQL + `= ?`
	releaseTaskSQL = `UPDATE tasks SET run = ?, held = 0 WHERE id = ?`
)

// AuthTask is a task that waits for a setting or a sign-in.
type AuthTask struct {
	ID, ContextID string
	Owner         TaskOwner
	// Call is the call that began it.
	Call a2a.Call
	// Held says that it has no run yet; otherwise its run has asked.
	Held bool
	// First is the message that began it.
	First a2a.Message
}

// AuthTasks lists up to limit tasks that wait for a setting or a sign-in, whoever
// they belong to, in the order of their ids from behind the given one on.
func (s *Store) AuthTasks(ctx context.Context, after string, limit int) ([]AuthTask, error) {
	return s.authTasks(ctx, authTasksSQL, after, limit)
}

// AuthTask is the one with that id, if it waits for a setting or a sign-in; none
// otherwise.
func (s *Store) AuthTask(ctx context.Context, id string) ([]AuthTask, error) {
	return s.authTasks(ctx, authTaskSQL, id)
}

func (s *Store) authTasks(ctx context.Context, query string, args ...any) ([]AuthTask, error) {
	rows, err := s.query(ctx, query, args...)
	if err != nil {
		return nil, fmt.Errorf("list tasks that wait for a sign-in: %w", err)
	}
	defer func() { _ = rows.Close() }()
	var list []AuthTask
	for rows.Next() {
		var t AuthTask
		var n int
		var call, body []byte
		if err := rows.Scan(&t.ID, &t.ContextID, &t.Owner.Installation, &t.Owner.Account, &call, &t.Held, &n, &body); err != nil {
			return nil, fmt.Errorf("list tasks that wait for a sign-in: %w", err)
		}
		if err := errors.Join(json.Unmarshal(call, &t.Call), json.Unmarshal(body, &t.First)); err != nil {
			return nil, fmt.Errorf("%w: decode message of task %s: %w", ErrDamaged, t.ID, err)
		}
		t.First.TaskID, t.First.ContextID = t.ID, t.ContextID
		list = append(list, t)
	}
	return list, rows.Err()
}

// ReleaseTask lets the work on a task begin that was held: its run is admitted, and
// it gets the status. It reports whether the task was still held.
func (s *Store) ReleaseTask(ctx context.Context, id string, run Run, revisions []Revision, status a2a.Status) (released bool, err error) {
	if status.State.Terminal() {
		return false, fmt.Errorf("release task %s as %s: %w", id, status.State, ErrRefused)
	}
	err = s.decide(ctx, func(tx tx) error {
		released = false
		t, err := findTask(tx, id)
		if err != nil || !t.held || !t.active {
			return err
		}
		if _, err := tx.exec(releaseTaskSQL, run.ID, id); err != nil {
			return fmt.Errorf("give the task a run: %w", err)
		}
		if err := s.setStatus(tx, t, "", status); err != nil {
			return err
		}
		released = true
		return s.admitWork(tx, &NewTask{Run: &run, Revisions: revisions})
	})
	return released, wrapTask("release", id, err)
}

// HoldTask changes what a task says that is held; one that says so already, or that
// is not held any more, is left alone.
func (s *Store) HoldTask(ctx context.Context, id string, status a2a.Status) error {
	err := s.decide(ctx, func(tx tx) error {
		t, err := findTask(tx, id)
		if err != nil || !t.active || !t.held {
			return err
		}
		if t.state == status.State && textOf(t.status) == textOf(status) {
			return nil
		}
		return s.setStatus(tx, t, "", status)
	})
	return wrapTask("hold", id, err)
}

func textOf(s a2a.Status) string {
	if s.Message == nil {
		return ""
	}
	return s.Message.Text()
}

// ResumeTask lets a task go on that asked for a setting or a sign-in, because that
// was made: the signal that its run waits for is told without an answer. It reports
// whether the task had asked.
func (s *Store) ResumeTask(ctx context.Context, id string) (resumed bool, err error) {
	err = s.decide(ctx, func(tx tx) error {
		resumed = false
		t, err := findTask(tx, id)
		if err != nil || !t.active || t.held || t.state != a2a.AuthRequired {
			return err
		}
		q, err := openAsk(tx, t)
		if err != nil {
			return err
		}
		resumed = true
		return s.settleAsk(tx, t, q, 0, nil)
	})
	return resumed, wrapTask("resume", id, err)
}
