package store

import (
	"context"
	"fmt"
	"time"
)

const (
	endedTasksSQL  = `SELECT id FROM tasks INDEXED BY tasks_ended WHERE active = 0 AND ended_at < ? ORDER BY ended_at LIMIT ?`
	activeOfSQL    = `SELECT id FROM tasks INDEXED BY tasks_active WHERE installation = ? AND active = 1 LIMIT ?`
	tasksOfSQL     = `SELECT id FROM tasks WHERE installation = ? LIMIT ?`
	tasksAtWorkSQL = `SELECT count(*) FROM tasks AS t JOIN runs AS r ON r.id = t.run WHERE t.installation = ? AND r.state = 'running'`
)

const (
	// purgePatience is how long the runs of a tenant that are at work have to end
	// by themselves before their records are taken from them: a step that is told
	// to stop does so within a second.
	purgePatience = 5 * time.Second
	purgeLook     = 100 * time.Millisecond
)

// taskDeletes are the statements that delete a task with all that was said in it.
func taskDeletes() []string {
	return []string{
		`DELETE FROM signals WHERE signal IN (SELECT signal FROM task_asks WHERE task = ?)`,
		`DELETE FROM task_asks WHERE task = ?`,
		`DELETE FROM task_pushes WHERE task = ?`,
		`DELETE FROM task_messages WHERE task = ?`,
		`DELETE FROM task_events WHERE task = ?`,
		`DELETE FROM tasks WHERE id = ?`,
	}
}

// wipeTasks deletes tasks that ended before a time. Their contexts are unknown once
// the last task in them is gone.
func (s *Store) wipeTasks(ctx context.Context, before time.Time) error {
	err := s.eachTask(ctx, endedTasksSQL, millis(before), func(tx tx, ids []string) error { return each(tx, ids, taskDeletes()) })
	if err != nil {
		return fmt.Errorf("delete old tasks: %w", err)
	}
	return nil
}

// eachTask carries out a change for the tasks that are found, a batch at a time,
// until there are none.
func (s *Store) eachTask(ctx context.Context, query string, arg any, change func(tx tx, ids []string) error) error {
	found := pruneBatch
	for found == pruneBatch && ctx.Err() == nil {
		err := s.writer.do(ctx, func(tx tx) error {
			rows, err := tx.rows(query, arg, pruneBatch)
			if err != nil {
				return err
			}
			ids, err := collectStrings(rows)
			if err != nil {
				return err
			}
			found = len(ids)
			return change(tx, ids)
		})
		if err != nil {
			return err
		}
	}
	return ctx.Err()
}

// PurgeTenant deletes all tasks of an installation with what was said in them, and
// their runs with all that those recorded. Runs at work are told to stop and given
// a few seconds to do so. What remains is in the audit log, where the rows are
// bound to each other. After an error or a crash it is called again, and goes on
// with what is left; it does not keep new tasks from being made.
func (s *Store) PurgeTenant(ctx context.Context, installation string) error {
	status := taskStatus("", Outcome{State: StateCanceled})
	err := s.eachTask(ctx, activeOfSQL, installation, func(tx tx, ids []string) error { return s.stopTasks(tx, ids, "the tenant's removal", status) })
	s.cancels.wake()
	if err != nil {
		return fmt.Errorf("stop the tasks of installation %s: %w", installation, err)
	}
	if err := s.awaitIdle(ctx, installation); err != nil {
		return fmt.Errorf("wait for the runs of installation %s: %w", installation, err)
	}
	if err := s.eachTask(ctx, tasksOfSQL, installation, s.purgeTasks); err != nil {
		return fmt.Errorf("delete the tasks of installation %s: %w", installation, err)
	}
	return nil
}

// awaitIdle waits until no run of the installation is at work, for as long as that
// may take.
func (s *Store) awaitIdle(ctx context.Context, installation string) error {
	wait, cancel := context.WithTimeout(ctx, purgePatience)
	defer cancel()
	for {
		changed := s.Changed()
		var n int
		if err := s.row(ctx, tasksAtWorkSQL, installation).Scan(&n); err != nil || n == 0 {
			return err
		}
		select {
		case <-wait.Done():
			return ctx.Err()
		case <-changed:
		case <-time.After(purgeLook):
		}
	}
}

// purgeTasks deletes tasks and their runs. A run that is still at work ends first:
// whatever it records from then on is refused.
func (s *Store) purgeTasks(tx tx, ids []string) error {
	for _, id := range ids {
		t, err := findTask(tx, id)
		if err != nil {
			return err
		}
		if t.run != "" {
			if err := s.end(tx, t.run, Outcome{State: StateCanceled, Error: "canceled with its tenant"}); err != nil {
				return err
			}
			if err := each(tx, []string{t.run}, append(wipeRun(), pruneRun()...)); err != nil {
				return err
			}
		}
	}
	return each(tx, ids, taskDeletes())
}
