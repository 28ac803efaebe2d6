package store

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/aofctl/aofctl/internal/a2a"
)

const (
	setPushSQL = `INSERT INTO task_pushes (task, id, url, token, schemes, credentials, version, created_at, told) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
		ON CONFLICT (task, id) DO UPDATE SET url = excluded.url, token = excluded.token, schemes = excluded.schemes,
			credentials = excluded.credentials, version = excluded.version, attempts = 0`
	havePushSQL = `UPDATE tasks SET pushes = 1 WHERE id = ? AND pushes = 0`
	owePushSQL  = `UPDATE task_pushes SET next_at = ? WHERE task = ? AND next_at IS NULL`
	pushesSQL   = `SELECT id, url, token, schemes, credentials, version FROM task_pushes WHERE task = ? ORDER BY created_at, id`
	dropPushSQL = `DELETE FROM task_pushes WHERE task = ? AND id = ?`
	countPushes = `SELECT count(*) FROM task_pushes WHERE task = ? AND id <> ?`
	// mostPushes is how many configurations a task may have.
	mostPushes = 10
)

// SetPush keeps where the owner of a task wants to be told of its changes from here
// on, in the place of the configuration with the same id. Token and credentials are
// kept as they are given. The error is a2a.TaskNotFound if the task is not the
// owner's.
func (s *Store) SetPush(ctx context.Context, owner TaskOwner, c a2a.PushConfig) error {
	return wrapTask("set push configuration of", c.TaskID, s.decide(ctx, func(tx tx) error {
		t, err := ownTask(tx.row(ownTaskSQL, c.TaskID, owner.Installation, owner.Account), c.TaskID)
		if err == nil {
			err = pushFits(tx, t, &c)
		}
		if err != nil {
			return err
		}
		return s.setPush(tx, t, c)
	}))
}

// pushFits refuses one configuration too many.
func pushFits(tx tx, t *taskRow, c *a2a.PushConfig) error {
	if c == nil {
		return nil
	}
	var others int
	if err := tx.row(countPushes, t.id, c.ID).Scan(&others); err != nil {
		return fmt.Errorf("count push configurations: %w", err)
	}
	if others >= mostPushes {
		return a2a.Invalid("pushNotificationConfig", "is one too many: a task may have %d", mostPushes)
	}
	return nil
}

// setPush keeps where to tell of a task's changes from here on.
func (s *Store) setPush(tx tx, t *taskRow, c a2a.PushConfig) error {
	schemes, err := json.Marshal(c.Schemes)
	if err != nil {
		return fmt.Errorf("encode push configuration: %w", err)
	}
	if _, err := tx.exec(setPushSQL, t.id, c.ID, c.URL, bytesOf(c.Token), schemes, bytesOf(c.Credentials), c.Version, millis(s.now()), t.events); err != nil {
		return fmt.Errorf("set push configuration: %w", err)
	}
	if _, err := tx.exec(havePushSQL, t.id); err != nil {
		return fmt.Errorf("set push configuration: %w", err)
	}
	t.pushes = true
	return nil
}

// bytesOf is a text as bytes, which are not nil.
func bytesOf(text string) []byte { return append([]byte{}, text...) }

// owePushes says that there is something to tell.
func (s *Store) owePushes(tx tx, task string) error {
	if _, err := tx.exec(owePushSQL, millis(s.now()), task); err != nil {
		return fmt.Errorf("note what is to be told: %w", err)
	}
	return nil
}

// Pushes are the configurations of a task, the oldest first. The error is
// a2a.TaskNotFound if the task is not the owner's.
func (s *Store) Pushes(ctx context.Context, owner TaskOwner, task string) ([]a2a.PushConfig, error) {
	if _, err := ownTask(s.row(ctx, ownTaskSQL, task, owner.Installation, owner.Account), task); err != nil {
		return nil, fmt.Errorf("list push configurations: %w", err)
	}
	rows, err := s.query(ctx, pushesSQL, task)
	if err != nil {
		return nil, fmt.Errorf("list push configurations of task %s: %w", task, err)
	}
	defer func() { _ = rows.Close() }()
	var list []a2a.PushConfig
	for rows.Next() {
		c := a2a.PushConfig{TaskID: task}
		var token, schemes, credentials []byte
		if err := rows.Scan(&c.ID, &c.URL, &token, &schemes, &credentials, &c.Version); err != nil {
			return nil, fmt.Errorf("list push configurations of task %s: %w", task, err)
		}
		if err := json.Unmarshal(schemes, &c.Schemes); err != nil {
			return nil, fmt.Errorf("%w: decode push configuration: %w", ErrDamaged, err)
		}
		c.Token, c.Credentials = string(token), string(credentials)
		list = append(list, c)
	}
	return list, rows.Err()
}

// DropPush deletes a configuration. That it is gone already is no error; the error
// is a2a.TaskNotFound if the task is not the owner's.
func (s *Store) DropPush(ctx context.Context, owner TaskOwner, task, id string) error {
	return wrapTask("delete push configuration of", task, s.decide(ctx, func(tx tx) error {
		if _, err := ownTask(tx.row(ownTaskSQL, task, owner.Installation, owner.Account), task); err != nil {
			return err
		}
		_, err := tx.exec(dropPushSQL, task, id)
		return err
	}))
}

// DuePush is a configuration whose receiver is to be told of something.
type DuePush struct {
	Owner  TaskOwner
	Config a2a.PushConfig
	// Told is the number of the last event that the receiver knows, Attempts how
	// often it could not be told since.
	Told     int64
	Attempts int
}

const (
	duePushesSQL = `SELECT p.id, p.task, p.url, p.token, p.schemes, p.credentials, p.version, p.told, p.attempts, t.installation, t.account
		FROM task_pushes AS p INDEXED BY task_pushes_due JOIN tasks AS t ON t.id = p.task WHERE p.next_at <= ? ORDER BY p.next_at LIMIT ?`
	toldPushSQL = `UPDATE task_pushes SET told = ?, attempts = 0, next_at = CASE WHEN (SELECT events FROM tasks WHERE id = ?) > ? THEN next_at END
		WHERE task = ? AND id = ? AND told < ?`
	failedPushSQL = `UPDATE task_pushes SET attempts = attempts + 1, next_at = ? WHERE task = ? AND id = ?`
)

// DuePushes lists up to limit configurations whose receivers are to be told of
// something by now, those that wait longest first.
func (s *Store) DuePushes(ctx context.Context, limit int) ([]DuePush, error) {
	rows, err := s.query(ctx, duePushesSQL, millis(s.now()), limit)
	if err != nil {
		return nil, fmt.Errorf("list what is to be told: %w", err)
	}
	defer func() { _ = rows.Close() }()
	var list []DuePush
	for rows.Next() {
		var d DuePush
		var token, schemes, credentials []byte
		c := &d.Config
		if err := rows.Scan(&c.ID, &c.TaskID, &c.URL, &token, &schemes, &credentials, &c.Version, &d.Told, &d.Attempts, &d.Owner.Installation, &d.Owner.Account); err != nil {
			return nil, fmt.Errorf("list what is to be told: %w", err)
		}
		if err := json.Unmarshal(schemes, &c.Schemes); err != nil {
			return nil, fmt.Errorf("%w: decode push configuration: %w", ErrDamaged, err)
		}
		c.Token, c.Credentials = string(token), string(credentials)
		list = append(list, d)
	}
	return list, rows.Err()
}

// PushTold records that a receiver knows the events up to a number.
func (s *Store) PushTold(ctx context.Context, task, id string, upTo int64) error {
	return wrapTask("record what was told of", task, s.writer.do(ctx, func(tx tx) error {
		_, err := tx.exec(toldPushSQL, upTo, task, upTo, task, id, upTo)
		return err
	}))
}

// PushFailed records that a receiver could not be told, and when to try again; the
// zero time waits for the next event of the task.
func (s *Store) PushFailed(ctx context.Context, task, id string, next time.Time) error {
	return wrapTask("record what was not told of", task, s.writer.do(ctx, func(tx tx) error {
		_, err := tx.exec(failedPushSQL, nullMillis(next), task, id)
		return err
	}))
}
