package store

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"time"

	"github.com/aofctl/aofctl/internal/a2a"
)

const (
	insertTaskEventSQL = `INSERT INTO task_events (task, seq, once, artifact, body) VALUES (?, ?, ?, ?, ?)`
	hasTaskEventSQL    = `SELECT EXISTS (SELECT 1 FROM task_events WHERE task = ? AND once = ? AND once <> '')`
	hasArtifactSQL     = `SELECT EXISTS (SELECT 1 FROM task_events WHERE task = ? AND artifact = ? AND artifact <> '')`
	setStatusSQL       = `UPDATE tasks SET state = ?, active = ?, status = ?, status_at = ?, events = ?, ended_at = ?, ended_by = ?,
		held = CASE WHEN ? = 1 THEN held ELSE 0 END WHERE id = ?`
	countArtifactSQL = `UPDATE tasks SET events = ?, artifacts = artifacts + 1 WHERE id = ?`
	taskEventsSQL    = `SELECT body FROM task_events WHERE task = ? AND seq > ? ORDER BY seq LIMIT ?`
	taskLogSQL       = `SELECT id, task, body FROM task_events WHERE id > ? ORDER BY id LIMIT ?`
	lastTaskLogSQL   = `SELECT coalesce(max(id), 0) FROM task_events`
)

// Narrate tells the followers of a task what its run does, once for each key. It
// changes nothing once the task has ended, and while the task waits for its user
// unless the status is itself one of waiting. The end of a task is not told so: see
// ConcludeTask.
func (s *Store) Narrate(ctx context.Context, task, key string, status a2a.Status) error {
	if status.State.Terminal() {
		return fmt.Errorf("narrate the end of task %s: %w", task, ErrRefused)
	}
	err := s.decide(ctx, func(tx tx) error {
		t, err := findTask(tx, task)
		if err != nil {
			return err
		}
		waits := t.state.Interrupted() && !status.State.Interrupted()
		if !t.active || waits || t.held {
			return nil
		}
		if told, err := happened(tx, hasTaskEventSQL, task, key); told || err != nil {
			return err
		}
		return s.setStatus(tx, t, key, status)
	})
	return wrapTask("narrate", task, err)
}

// AddArtifact adds an artifact, or a chunk of one, to a task, once for each key.
// It costs the same however much the task has already. The error is a
// *a2a.TerminalError once the task has ended, and ErrRefused for a chunk of an
// artifact that there is not.
func (s *Store) AddArtifact(ctx context.Context, task, key string, u a2a.ArtifactUpdate) error {
	if u.Artifact.ID == "" {
		return fmt.Errorf("add to task %s an artifact without an id: %w", task, ErrRefused)
	}
	err := s.decide(ctx, func(tx tx) error {
		t, err := findTask(tx, task)
		if err != nil {
			return err
		}
		if told, err := happened(tx, hasTaskEventSQL, task, key); told || err != nil {
			return err
		}
		if !t.active {
			return t.terminal()
		}
		return s.addArtifact(tx, t, key, u)
	})
	return wrapTask("add an artifact to", task, err)
}

func (s *Store) addArtifact(tx tx, t *taskRow, key string, u a2a.ArtifactUpdate) error {
	if u.Append {
		begun, err := happened(tx, hasArtifactSQL, t.id, u.Artifact.ID)
		if err != nil {
			return err
		}
		if !begun {
			return fmt.Errorf("append to artifact %q, which there is not: %w", u.Artifact.ID, ErrRefused)
		}
	}
	u.TaskID, u.ContextID = t.id, t.context
	if err := s.insertTaskEvent(tx, t, key, a2a.Event{Artifact: &u}); err != nil {
		return err
	}
	if _, err := tx.exec(countArtifactSQL, t.events, t.id); err != nil {
		return fmt.Errorf("count artifacts: %w", err)
	}
	t.artifacts++
	return nil
}

// happened asks whether something is on record.
func happened(tx tx, query, task, what string) (yes bool, err error) {
	if err := tx.row(query, task, what).Scan(&yes); err != nil {
		return false, fmt.Errorf("look up events: %w", err)
	}
	return yes, nil
}

// setStatus gives a task its next status, and ends it if that is an end.
func (s *Store) setStatus(tx tx, t *taskRow, key string, status a2a.Status) error {
	s.complete(t, &status)
	body, err := encode(status)
	if err != nil {
		return err
	}
	err = s.insertTaskEvent(tx, t, key, a2a.Event{Status: &a2a.StatusUpdate{TaskID: t.id, ContextID: t.context, Status: status}})
	if err != nil {
		return err
	}
	t.state, t.status, t.active = status.State, status, !status.State.Terminal()
	var ended time.Time
	if !t.active {
		ended, t.ended = status.Time, key
	}
	if _, err := tx.exec(setStatusSQL, t.state, flag(t.active), body, millis(status.Time), t.events, nullMillis(ended), t.ended, flag(t.active), t.id); err != nil {
		return fmt.Errorf("set status: %w", err)
	}
	return nil
}

// complete fills in what the store knows of a status: its time, and whose message
// it has.
func (s *Store) complete(t *taskRow, status *a2a.Status) {
	status.Time = s.now().UTC().Truncate(time.Millisecond)
	if status.Message == nil {
		return
	}
	m := *status.Message
	m.TaskID, m.ContextID, m.Role = t.id, t.context, a2a.Agent
	if m.ID == "" {
		m.ID = t.id + "-" + strconv.FormatInt(t.events+1, 10)
	}
	status.Message = &m
}

// insertTaskEvent appends the next event of a task, whose row is left to the
// caller.
func (s *Store) insertTaskEvent(tx tx, t *taskRow, key string, e a2a.Event) error {
	t.events++
	e.Seq = t.events
	artifact := ""
	if e.Artifact != nil {
		artifact = e.Artifact.Artifact.ID
	}
	body, err := encode(e)
	if err != nil {
		return err
	}
	if _, err := tx.exec(insertTaskEventSQL, t.id, e.Seq, key, artifact, body); err != nil {
		return fmt.Errorf("insert event: %w", err)
	}
	tx.tell()
	if !t.pushes {
		return nil
	}
	return s.owePushes(tx, t.id)
}

// wrapTask says what failed; nil stays nil.
func wrapTask(what, task string, err error) error {
	if err != nil {
		return fmt.Errorf("%s task %s: %w", what, task, err)
	}
	return nil
}

// TaskEvent is an event of some task. ID grows over all tasks in the order of
// commits, Body is the JSON of an a2a.Event.
type TaskEvent struct {
	ID   int64
	Task string
	Body json.RawMessage
}

// TaskLog returns up to limit events of all tasks behind an ID. What appears there
// later has a higher ID than what is there, on every replica.
func (s *Store) TaskLog(ctx context.Context, after int64, limit int) ([]TaskEvent, error) {
	rows, err := s.query(ctx, taskLogSQL, after, limit)
	if err != nil {
		return nil, fmt.Errorf("read events of tasks: %w", err)
	}
	defer func() { _ = rows.Close() }()
	var list []TaskEvent
	for rows.Next() {
		var e TaskEvent
		if err := rows.Scan(&e.ID, &e.Task, &e.Body); err != nil {
			return nil, fmt.Errorf("read events of tasks: %w", err)
		}
		list = append(list, e)
	}
	return list, rows.Err()
}

// LastTaskLog returns the highest ID of the events of all tasks, 0 if none.
func (s *Store) LastTaskLog(ctx context.Context) (id int64, err error) {
	if err := s.row(ctx, lastTaskLogSQL).Scan(&id); err != nil {
		return 0, fmt.Errorf("read last event of tasks: %w", err)
	}
	return id, nil
}

// TaskEvents returns up to limit events of one task behind a number, in order.
func (s *Store) TaskEvents(ctx context.Context, task string, after int64, limit int) ([]a2a.Event, error) {
	rows, err := s.query(ctx, taskEventsSQL, task, after, limit)
	if err != nil {
		return nil, fmt.Errorf("read events of task %s: %w", task, err)
	}
	defer func() { _ = rows.Close() }()
	var list []a2a.Event
	for rows.Next() {
		e, err := scanTaskEvent(rows)
		if err != nil {
			return nil, fmt.Errorf("read events of task %s: %w", task, err)
		}
		list = append(list, e)
	}
	return list, rows.Err()
}

func scanTaskEvent(row scanner) (e a2a.Event, err error) {
	var body []byte
	if err := row.Scan(&body); err != nil {
		return e, err
	}
	if err := json.Unmarshal(body, &e); err != nil {
		return e, fmt.Errorf("%w: decode event: %w", ErrDamaged, err)
	}
	return e, nil
}
