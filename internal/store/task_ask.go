package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/aofctl/aofctl/internal/a2a"
)

const (
	openAskSQL   = `SELECT once, signal, status FROM task_asks WHERE task = ? AND answer IS NULL ORDER BY pos, once LIMIT 1`
	findAskSQL   = `SELECT answer FROM task_asks WHERE task = ? AND once = ?`
	insertAskSQL = `INSERT INTO task_asks (task, once, pos, signal, status, answer) VALUES (?, ?, (SELECT coalesce(max(pos), 0) + 1 FROM task_asks WHERE task = ?), ?, ?, ?)`
	answerAskSQL = `UPDATE task_asks SET answer = ? WHERE task = ? AND once = ?`
	// unreadSQL finds what the user said that the run was not given.
	unreadSQL      = `SELECT n, body FROM task_messages WHERE task = ? AND n > ? AND role = 'user' AND answers = '' ORDER BY n`
	messageSQL     = `SELECT n, body FROM task_messages WHERE task = ? AND n = ?`
	takeMessageSQL = `UPDATE task_messages SET answers = ? WHERE task = ? AND n = ?`
)

// ask is a question to a task's user; the zero ask is none.
type ask struct {
	once, signal string
	status       a2a.Status
	// anew says that only what is said from now on answers it.
	anew bool
}

// AskTask lets a task wait for its user, in one of the interrupted states, once
// for each key. What the user says next is the answer: it is returned, or told
// through the signal as the JSON of its a2a.Message. What came before and was not
// read by the run answers at once. The answer of the key that was asked before is
// returned again. Of several questions the one that was asked first is answered
// first.
//
// The error is a *a2a.TerminalError once the task has ended.
func (s *Store) AskTask(ctx context.Context, task, key, signal string, status a2a.Status) (answered *a2a.Message, err error) {
	return s.askTask(ctx, task, ask{once: key, signal: signal, status: status})
}

// AskTaskAnew is AskTask for a question that nothing answers which was said before it
// stood there, such as whether something may be done: a yes to what nobody had seen
// is none. What was said before stays unread.
func (s *Store) AskTaskAnew(ctx context.Context, task, key, signal string, status a2a.Status) (answered *a2a.Message, err error) {
	return s.askTask(ctx, task, ask{once: key, signal: signal, status: status, anew: true})
}

func (s *Store) askTask(ctx context.Context, task string, q ask) (answered *a2a.Message, err error) {
	if !q.status.State.Interrupted() {
		return nil, fmt.Errorf("ask in task %s, in the state %s: %w", task, q.status.State, ErrRefused)
	}
	err = s.decide(ctx, func(tx tx) error {
		answered = nil
		t, err := findTask(tx, task)
		if err != nil {
			return err
		}
		known, answer, err := asked(tx, t, q.once)
		if known || err != nil {
			answered = answer
			return err
		}
		if !t.active {
			return t.terminal()
		}
		answered, err = s.ask(tx, t, q)
		return err
	})
	return answered, wrapTask("ask in", task, err)
}

// asked tells whether a question is on record, and its answer if that is a
// message.
func asked(tx tx, t *taskRow, key string) (known bool, answer *a2a.Message, err error) {
	var n sql.NullInt64
	err = tx.row(findAskSQL, t.id, key).Scan(&n)
	if errors.Is(err, sql.ErrNoRows) {
		return false, nil, nil
	}
	if err != nil || n.Int64 == 0 {
		return true, nil, err
	}
	m, err := scanMessage(tx.row(messageSQL, t.id, n.Int64), t.id, t.context)
	return true, &m.Message, err
}

func (s *Store) ask(tx tx, t *taskRow, q ask) (*a2a.Message, error) {
	var before []NumberedMessage
	if !q.anew {
		var err error
		if before, err = unread(tx, t, t.readTo); err != nil {
			return nil, err
		}
	}
	s.complete(t, &q.status)
	status, err := encode(q.status)
	if err != nil {
		return nil, err
	}
	if len(before) > 0 {
		return s.answerWith(tx, t, q, status, before[0])
	}
	waits := t.state.Interrupted()
	if _, err := tx.exec(insertAskSQL, t.id, q.once, t.id, q.signal, status, nil); err != nil {
		return nil, fmt.Errorf("insert question: %w", err)
	}
	if waits {
		return nil, nil // it comes up when what was asked before is answered
	}
	return nil, s.setStatus(tx, t, "", q.status)
}

// answerWith takes a message that came before the question for its answer.
func (s *Store) answerWith(tx tx, t *taskRow, q ask, status []byte, m NumberedMessage) (*a2a.Message, error) {
	if _, err := tx.exec(insertAskSQL, t.id, q.once, t.id, q.signal, status, m.N); err != nil {
		return nil, fmt.Errorf("insert question: %w", err)
	}
	if _, err := tx.exec(takeMessageSQL, q.once, t.id, m.N); err != nil {
		return nil, fmt.Errorf("take message for an answer: %w", err)
	}
	return &m.Message, nil
}

// openAsk is the question that the user answers next.
func openAsk(tx tx, t *taskRow) (ask, error) {
	var q ask
	if !t.state.Interrupted() {
		return q, nil
	}
	var status []byte
	err := tx.row(openAskSQL, t.id).Scan(&q.once, &q.signal, &status)
	if errors.Is(err, sql.ErrNoRows) {
		return ask{}, nil
	}
	if err != nil {
		return q, fmt.Errorf("look up what task %s asked: %w", t.id, err)
	}
	if err := json.Unmarshal(status, &q.status); err != nil {
		return q, fmt.Errorf("%w: decode a question of task %s: %w", ErrDamaged, t.id, err)
	}
	return q, nil
}

// answerAsk lets a task go on that waited for its user: with the next question, or
// at work.
func (s *Store) answerAsk(tx tx, t *taskRow, q ask, l letter) error {
	l.Message.TaskID, l.Message.ContextID = t.id, t.context
	payload, err := encode(l.Message)
	if err != nil {
		return err
	}
	return s.settleAsk(tx, t, q, t.messages, payload)
}

func (s *Store) settleAsk(tx tx, t *taskRow, q ask, answer int, payload json.RawMessage) error {
	if q.once != "" {
		if _, err := tx.exec(answerAskSQL, answer, t.id, q.once); err != nil {
			return fmt.Errorf("answer a question: %w", err)
		}
		if _, err := s.tell(tx, q.signal, "", payload); err != nil {
			return err
		}
	}
	text := textThanks
	if answer == 0 {
		text = textProceeds
	}
	return s.proceed(tx, t, text)
}

// What users are told when a task goes on that waited for them: Jira shows the last
// status alone, and without a text shows nothing.
const (
	textThanks   = "Thanks! Going on with your answer."
	textProceeds = "Going on with the work."
)

// proceed lets a task that waited come to its next question, or back to work with a
// word about it.
func (s *Store) proceed(tx tx, t *taskRow, text string) error {
	next, err := openAsk(tx, t)
	if err != nil {
		return err
	}
	if next.once != "" {
		return s.setStatus(tx, t, "", next.status)
	}
	return s.setStatus(tx, t, "", a2a.Status{State: a2a.Working, Message: &a2a.Message{Role: a2a.Agent, Parts: []a2a.Part{a2a.TextOf(text)}}})
}

// keepQuestion puts what the task asked among its messages, before what the user
// says to it.
func (t *taskRow) keepQuestion(tx tx) error {
	body, digest, err := encodeMessage(*t.status.Message)
	if err != nil {
		return err
	}
	t.messages++
	if _, err := tx.exec(insertMessageSQL, t.id, t.messages, t.owner.Installation, t.owner.Account, "", a2a.Agent, body, digest, ""); err != nil {
		return fmt.Errorf("keep a question: %w", err)
	}
	return nil
}

// unread are the messages of the user behind a number that the run has neither
// read nor got as an answer.
func unread(tx tx, t *taskRow, after int) ([]NumberedMessage, error) {
	if after >= t.messages {
		return nil, nil
	}
	rows, err := tx.rows(unreadSQL, t.id, after)
	if err != nil {
		return nil, fmt.Errorf("look for unread messages: %w", err)
	}
	return collectMessages(rows, t.id, t.context)
}

func scanMessage(row scanner, task, context string) (NumberedMessage, error) {
	var m NumberedMessage
	var body []byte
	if err := row.Scan(&m.N, &body); err != nil {
		return m, err
	}
	if err := json.Unmarshal(body, &m.Message); err != nil {
		return m, fmt.Errorf("%w: decode message %d of task %s: %w", ErrDamaged, m.N, task, err)
	}
	m.Message.TaskID, m.Message.ContextID = task, context
	return m, nil
}

func collectMessages(rows *sql.Rows, task, context string) ([]NumberedMessage, error) {
	defer func() { _ = rows.Close() }()
	var list []NumberedMessage
	for rows.Next() {
		m, err := scanMessage(rows, task, context)
		if err != nil {
			return nil, fmt.Errorf("read messages of task %s: %w", task, err)
		}
		list = append(list, m)
	}
	return list, rows.Err()
}
