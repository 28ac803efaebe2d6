package store

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"database/sql"

	"github.com/aofctl/aofctl/internal/a2a"
)

const (
	taskReadSQL   = `UPDATE tasks SET read_to = ? WHERE id = ? AND read_to < ?`
	historySQL    = `SELECT n, body FROM task_messages WHERE task = ? AND n > ? AND n <= ? ORDER BY n`
	artifactsSQL  = `SELECT body FROM task_events WHERE task = ? AND artifact <> '' AND seq <= ? ORDER BY seq`
	toldSQL       = `SELECT n, body FROM task_messages WHERE task = ? AND n > ? AND n <= ? AND role = 'user' AND answers = '' ORDER BY n`
	earlierSQL    = `SELECT id, status FROM tasks WHERE context = ? AND seq < ? AND installation = ? AND account = ? ORDER BY seq DESC LIMIT ?`
	saidSQL       = `SELECT n, body FROM task_messages WHERE task = ? ORDER BY n DESC LIMIT ?`
	earlierTasks  = 20
	earlierSaid   = 100
	earlierLength = 256 << 10
)

// TaskView says what to read of a task beside its status.
type TaskView struct {
	// History is how many messages, a2a.AllHistory for all.
	History   int
	Artifacts bool
}

// Task reads a task of the owner. The error is a2a.TaskNotFound if there is none.
func (s *Store) Task(ctx context.Context, owner TaskOwner, id string, v TaskView) (a2a.Task, error) {
	t, err := ownTask(s.row(ctx, ownTaskSQL, id, owner.Installation, owner.Account), id)
	if err != nil {
		return a2a.Task{}, fmt.Errorf("read task: %w", err)
	}
	return s.viewTask(ctx, t, v)
}

// viewTask reads the rest of a task, as it was when its row was read.
func (s *Store) viewTask(ctx context.Context, t *taskRow, v TaskView) (a2a.Task, error) {
	task := a2a.Task{ID: t.id, ContextID: t.context, Status: t.status, Seq: t.events}
	if v.History != 0 {
		from := 0
		if v.History > 0 {
			from = max(t.messages-v.History, 0)
		}
		said, err := s.messages(ctx, t.id, t.context, historySQL, t.id, from, t.messages)
		if err != nil {
			return task, err
		}
		for _, m := range said {
			task.History = append(task.History, m.Message)
		}
	}
	if v.Artifacts && t.artifacts > 0 {
		if err := s.readArtifacts(ctx, &task); err != nil {
			return task, fmt.Errorf("read artifacts of task %s: %w", t.id, err)
		}
	}
	return task, nil
}

func (s *Store) messages(ctx context.Context, task, context, query string, args ...any) ([]NumberedMessage, error) {
	rows, err := s.query(ctx, query, args...)
	if err != nil {
		return nil, fmt.Errorf("read messages of task %s: %w", task, err)
	}
	return collectMessages(rows, task, context)
}

// readArtifacts puts the artifacts of a task together from its events.
func (s *Store) readArtifacts(ctx context.Context, task *a2a.Task) error {
	rows, err := s.query(ctx, artifactsSQL, task.ID, task.Seq)
	if err != nil {
		return err
	}
	defer func() { _ = rows.Close() }()
	made := a2a.Task{ID: task.ID}
	for rows.Next() {
		e, err := scanTaskEvent(rows)
		if err != nil {
			return err
		}
		if err := made.Apply(e); err != nil {
			return err
		}
	}
	task.Artifacts = made.Artifacts
	return rows.Err()
}

// TaskStory is what a run has to know that begins to work on a task: what was said
// in the ended tasks of its context, by both sides, as far as it is not too much,
// and the messages of the task.
func (s *Store) TaskStory(ctx context.Context, task string) (earlier []a2a.Message, said []NumberedMessage, err error) {
	t, err := s.taskForRun(ctx, task)
	if err != nil {
		return nil, nil, fmt.Errorf("read the story of task %s: %w", task, err)
	}
	if earlier, err = s.earlier(ctx, t); err != nil {
		return nil, nil, fmt.Errorf("read the story of task %s: %w", task, err)
	}
	said, err = s.readMessages(ctx, t, 0)
	return earlier, said, err
}

// TaskMessages are what the user said to a task behind the message with a number,
// but for answers to questions. What they return counts as read: it answers no
// question that is asked later.
func (s *Store) TaskMessages(ctx context.Context, task string, after int) ([]NumberedMessage, error) {
	t, err := s.taskForRun(ctx, task)
	if err != nil {
		return nil, fmt.Errorf("read messages of task %s: %w", task, err)
	}
	return s.readMessages(ctx, t, after)
}

func (s *Store) taskForRun(ctx context.Context, id string) (*taskRow, error) {
	t, err := scanTask(s.row(ctx, taskSQL, id))
	if errors.Is(err, sql.ErrNoRows) {
		return nil, ErrNotFound
	}
	return t, err
}

func (s *Store) readMessages(ctx context.Context, t *taskRow, after int) ([]NumberedMessage, error) {
	if t.messages <= after {
		return nil, nil
	}
	list, err := s.messages(ctx, t.id, t.context, toldSQL, t.id, after, t.messages)
	if err != nil || len(list) == 0 {
		return nil, err
	}
	last := list[len(list)-1].N
	if last <= t.readTo {
		return list, nil
	}
	return list, s.writer.do(ctx, func(tx tx) error { return touch(tx, t, last) })
}

// earlier is what was said in the context before a task, the end of each task
// included, oldest first.
func (s *Store) earlier(ctx context.Context, t *taskRow) ([]a2a.Message, error) {
	ended, err := s.earlierTasks(ctx, t)
	if err != nil {
		return nil, err
	}
	var list []a2a.Message // newest first
	room := earlierLength
	for _, e := range ended {
		if e.status.Message != nil {
			list = append(list, *e.status.Message)
		}
		said, err := s.messages(ctx, e.id, t.context, saidSQL, e.id, earlierSaid)
		if err != nil {
			return nil, err
		}
		for _, m := range said {
			list = append(list, m.Message)
		}
		if len(list) >= earlierSaid {
			break
		}
	}
	list = list[:min(len(list), earlierSaid)]
	for i, m := range list {
		if room -= length(m); room < 0 {
			list = list[:i]
			break
		}
	}
	slices.Reverse(list)
	return list, nil
}

func (s *Store) earlierTasks(ctx context.Context, t *taskRow) ([]taskRow, error) {
	rows, err := s.query(ctx, earlierSQL, t.context, t.seq, t.owner.Installation, t.owner.Account, earlierTasks)
	if err != nil {
		return nil, err
	}
	defer func() { _ = rows.Close() }()
	var list []taskRow
	for rows.Next() {
		var e taskRow
		var status []byte
		if err := rows.Scan(&e.id, &status); err != nil {
			return nil, err
		}
		if err := json.Unmarshal(status, &e.status); err != nil {
			return nil, fmt.Errorf("%w: decode status of task %s: %w", ErrDamaged, e.id, err)
		}
		list = append(list, e)
	}
	return list, rows.Err()
}

// length is about how many bytes a message has.
func length(m a2a.Message) int {
	n := 0
	for _, p := range m.Parts {
		n += len(p.Text) + len(p.Data) + len(p.Bytes) + len(p.URL)
	}
	return n
}
