package store

import (
	"bytes"
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/aofctl/aofctl/internal/a2a"
)

// TaskSource is the source of the runs that work on tasks of A2A. Such a run is
// not tried again once it has ended: its task has ended with it.
const TaskSource = "a2a"

// TaskOwner is whose tasks are read and written: a user within an installation, or
// a caller who is known by the installation alone. Tasks of others are not there.
type TaskOwner struct{ Installation, Account string }

// NumberedMessage is a message with its place among those of its task, from 1.
type NumberedMessage struct {
	N       int         `json:"n"`
	Message a2a.Message `json:"message"`
}

// taskRow is a task without what was said and made in it.
type taskRow struct {
	seq                     int64
	id, context, run, ended string
	owner                   TaskOwner
	state                   a2a.State
	active, held            bool
	status                  a2a.Status
	events                  int64
	messages, artifacts     int
	readTo                  int
	pushes                  bool
	created                 time.Time
}

// taskColumns are those that scanTask reads.
const taskColumns = `seq, id, context, run, ended_by, installation, account, state, active, held, status, events, messages, artifacts, read_to, pushes, created_at`

const (
	ownTaskSQL    = `SELECT ` + taskColumns + ` FROM tasks WHERE id = ? AND installation = ? AND account = ?`
	taskSQL       = `SELECT ` + taskColumns + ` FROM tasks WHERE id = ?`
	taskOfRunSQL  = `SELECT ` + taskColumns + ` FROM tasks WHERE run = ? AND run <> '' AND active = 1`
	newestTaskSQL = `SELECT ` + taskColumns + ` FROM tasks WHERE context = ? AND installation = ? AND account = ? ORDER BY seq DESC LIMIT 1`
)

func scanTask(row scanner) (*taskRow, error) {
	var t taskRow
	var status []byte
	var created int64
	err := row.Scan(&t.seq, &t.id, &t.context, &t.run, &t.ended, &t.owner.Installation, &t.owner.Account, &t.state, &t.active, &t.held,
		&status, &t.events, &t.messages, &t.artifacts, &t.readTo, &t.pushes, &created)
	if err != nil {
		return nil, err
	}
	t.created = time.UnixMilli(created).UTC()
	if err := json.Unmarshal(status, &t.status); err != nil {
		return nil, fmt.Errorf("%w: decode status of task %s: %w", ErrDamaged, t.id, err)
	}
	return &t, nil
}

// findTask reads a task for its run; the error is ErrNotFound if there is none.
func findTask(tx tx, id string) (*taskRow, error) {
	t, err := scanTask(tx.row(taskSQL, id))
	if errors.Is(err, sql.ErrNoRows) {
		return nil, fmt.Errorf("task %s: %w", id, ErrNotFound)
	}
	if err != nil {
		return nil, fmt.Errorf("look up task %s: %w", id, err)
	}
	return t, nil
}

// ownTask reads a task for its owner; the error is a2a.TaskNotFound if there is
// none, or it is somebody else's.
func ownTask(row scanner, id string) (*taskRow, error) {
	t, err := scanTask(row)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, a2a.TaskNotFound(id)
	}
	if err != nil {
		return nil, fmt.Errorf("look up task %s: %w", id, err)
	}
	return t, nil
}

// terminal is the error for what cannot be asked of a task that has ended.
func (t *taskRow) terminal() error { return &a2a.TerminalError{TaskID: t.id, State: t.state} }

// decide carries out a change that may refuse what it is asked for. Other than
// failures, refusals do not disturb the changes that share the commit: what
// refuses has to have changed nothing.
func (s *Store) decide(ctx context.Context, fn func(tx tx) error) error {
	var verdict error
	err := s.writer.do(ctx, func(tx tx) error {
		err := fn(tx)
		if verdict = nil; refuses(err) {
			verdict, err = err, nil
		}
		return err
	})
	return errors.Join(err, verdict)
}

func refuses(err error) bool {
	var told *a2a.Error
	var refusal *a2a.Refusal
	var over *a2a.TerminalError
	return errors.As(err, &told) || errors.As(err, &refusal) || errors.As(err, &over) ||
		errors.Is(err, ErrUnprepared) || errors.Is(err, ErrNotFound) || errors.Is(err, ErrOver)
}

// encode is the JSON of a value. Unlike json.Marshal it leaves the bytes of texts
// within as they came.
func encode(v any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return nil, fmt.Errorf("encode: %w: %w", ErrRefused, err)
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), nil
}

// encodeMessage is a message as it is kept, without the task and the context that
// its row names, and the digest of what it says.
func encodeMessage(m a2a.Message) (body, digest []byte, err error) {
	m.TaskID, m.ContextID = "", ""
	if body, err = encode(m); err != nil {
		return nil, nil, err
	}
	sum := sha256.Sum256(body)
	return body, sum[:], nil
}

// messageKey is what a message is known by: its id, or the id's digest where an
// index could not take it.
func messageKey(id string) string {
	const longest = 255
	if len(id) <= longest {
		return id
	}
	sum := sha256.Sum256([]byte(id))
	return "sha256:" + hex.EncodeToString(sum[:])
}

// wholeKey is what a message is known by whose id may be that of others, too.
func wholeKey(m a2a.Message, digest []byte) string {
	h := sha256.New()
	for _, part := range []string{m.ID, m.TaskID, m.ContextID, string(digest)} {
		_, _ = fmt.Fprintf(h, "%d:%s", len(part), part)
	}
	return "whole:" + hex.EncodeToString(h.Sum(nil))
}
