package store

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/aofctl/aofctl/internal/a2a"
)

// ErrUnprepared is returned for a message that begins a task, if the one to begin
// was not given.
var ErrUnprepared = errors.New("the message begins a task")

// NewTask is a task that begins if the message belongs to none that is active.
type NewTask struct {
	// ID is the task's, ContextID that of its context, if the message names none.
	ID, ContextID string
	// Call is the call that began it.
	Call a2a.Call
	// Status is the first; its state is that of submission if it says none.
	Status a2a.Status
	// Deadline is when the task fails if it has not ended; zero for never.
	Deadline time.Time
	// Run does the work, with the manifests that it needs. It is nil for a task
	// whose work may not begin yet, which ReleaseTask lets it, or never will.
	Run       *Run
	Revisions []Revision
}

// Incoming is a message with who sent it.
type Incoming struct {
	Owner   TaskOwner
	Message a2a.Message
	// IDsRepeat says that the sender may use the id of a message for another one: what
	// is the same message is told by all of it.
	IDsRepeat bool
	// New is the task to begin; nil if the sender believes that there is one.
	New *NewTask
	// Push is where to tell of the task's changes from here on; nil for nowhere.
	Push   *a2a.PushConfig
	Limits TaskLimits
}

// TaskLimits bound how many tasks are active at the same time; 0 for no bound.
type TaskLimits struct {
	PerOwner, PerInstallation int
	// RetryAfter is when whoever is over a limit may come again.
	RetryAfter time.Duration
}

// Delivered is where a message went.
type Delivered struct {
	Task string
	// New is the task if the message began it; nil if it was added to one, or was
	// delivered before.
	New *a2a.Task
	// Held says that the task's work may not begin yet.
	Held bool
}

const (
	knownMessageSQL  = `SELECT m.task, t.context, m.digest, t.held FROM task_messages AS m JOIN tasks AS t ON t.id = m.task WHERE m.installation = ? AND m.account = ? AND m.message = ? AND m.message <> ''`
	insertMessageSQL = `INSERT INTO task_messages (task, n, installation, account, message, role, body, digest, answers) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`
	dropMessageSQL   = `DELETE FROM task_messages WHERE task = ? AND n = ?`
	insertTaskSQL    = `INSERT INTO tasks (id, context, installation, account, agent, run, state, active, status, status_at, events, messages, read_to, pushes, deadline, call, held, created_at, ended_at)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 1, 1, 1, ?, ?, ?, ?, ?, ?)`
	countMessagesSQL = `UPDATE tasks SET messages = ? WHERE id = ?`
)

// Deliver stores a message in the one transaction that decides where it belongs:
// it begins a task, whose run is admitted with it, or is added to the task that is
// active in its context, and answers what that asked. A message that was delivered
// before goes nowhere again.
//
// The error is an *a2a.Error for what the sender may not, an *a2a.Refusal for one
// task too many, or ErrUnprepared.
func (s *Store) Deliver(ctx context.Context, in Incoming) (Delivered, error) {
	m, err := newLetter(in)
	if err != nil {
		return Delivered{}, err
	}
	var to Delivered
	err = s.decide(ctx, func(tx tx) error {
		to, err = s.deliver(tx, m)
		return err
	})
	if err != nil {
		return Delivered{}, fmt.Errorf("deliver message: %w", err)
	}
	return to, nil
}

// letter is a message on its way.
type letter struct {
	Incoming
	key          string
	body, digest []byte
}

func newLetter(in Incoming) (letter, error) {
	l := letter{Incoming: in, key: messageKey(in.Message.ID)}
	var err error
	if l.body, l.digest, err = encodeMessage(in.Message); err != nil {
		return l, fmt.Errorf("deliver message: %w", err)
	}
	if in.IDsRepeat && l.key != "" {
		l.key = wholeKey(in.Message, l.digest)
	}
	return l, nil
}

func (s *Store) deliver(tx tx, l letter) (Delivered, error) {
	m := l.Message
	if m.TaskID == "" && m.ContextID == "" {
		return s.begin(tx, l, "")
	}
	if to, err := known(tx, l); to.Task != "" || err != nil {
		return to, err
	}
	if m.TaskID == "" {
		return s.deliverToContext(tx, l)
	}
	t, err := ownTask(tx.row(ownTaskSQL, m.TaskID, l.Owner.Installation, l.Owner.Account), m.TaskID)
	switch {
	case err != nil:
		return Delivered{}, err
	case m.ContextID != "" && m.ContextID != t.context:
		return Delivered{}, a2a.Invalid("message.contextId", "is not the context of the task")
	case !t.active:
		return Delivered{}, a2a.Ended(t.id, t.state)
	}
	return s.add(tx, l, t)
}

// deliverToContext goes by the newest task of the context: none begins while
// another is active.
func (s *Store) deliverToContext(tx tx, l letter) (Delivered, error) {
	of := l.Message.ContextID
	t, err := scanTask(tx.row(newestTaskSQL, of, l.Owner.Installation, l.Owner.Account))
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return Delivered{}, a2a.ContextNotFound(of)
	case err != nil:
		return Delivered{}, fmt.Errorf("look up context %s: %w", of, err)
	case t.active:
		return s.add(tx, l, t)
	}
	return s.begin(tx, l, of)
}

// known tells where a message went that was delivered before. The same id with
// something else in it is another message, which its sender may not send.
func known(tx tx, l letter) (Delivered, error) {
	var to Delivered
	var context string
	var digest []byte
	err := tx.row(knownMessageSQL, l.Owner.Installation, l.Owner.Account, l.key).Scan(&to.Task, &context, &digest, &to.Held)
	if errors.Is(err, sql.ErrNoRows) {
		return Delivered{}, nil
	}
	if err != nil {
		return Delivered{}, fmt.Errorf("look up message: %w", err)
	}
	m := l.Message
	if string(digest) != string(l.digest) || (m.TaskID != "" && m.TaskID != to.Task) || (m.ContextID != "" && m.ContextID != context) {
		return Delivered{}, a2a.Invalid("message.messageId", "is that of another message, which was sent before")
	}
	return to, nil
}

// put inserts the message, which is false if it is there already.
func (l letter) put(tx tx, task string, n int, answers string) (bool, error) {
	k, err := tx.change(insertMessageSQL, task, n, l.Owner.Installation, l.Owner.Account, l.key, a2a.User, l.body, l.digest, answers)
	if err != nil {
		return false, fmt.Errorf("insert message: %w", err)
	}
	return k > 0, nil
}

// begin makes a task, in a new context if none is given.
func (s *Store) begin(tx tx, l letter, context string) (Delivered, error) {
	if l.New == nil {
		return Delivered{}, ErrUnprepared
	}
	if err := admits(tx, l); err != nil {
		return Delivered{}, err
	}
	fresh, err := l.put(tx, l.New.ID, 1, "")
	if err != nil {
		return Delivered{}, err
	}
	if !fresh {
		return known(tx, l)
	}
	if err := s.withinLimits(tx, l); err != nil {
		_, dropped := tx.exec(dropMessageSQL, l.New.ID, 1)
		return Delivered{}, errors.Join(err, dropped)
	}
	if context == "" {
		context = l.New.ContextID
	}
	task, err := s.insertTask(tx, l, context)
	if err != nil {
		return Delivered{}, err
	}
	return Delivered{Task: task.ID, New: task, Held: l.New.Run == nil && !task.Status.State.Terminal()}, nil
}

func (s *Store) insertTask(tx tx, l letter, context string) (*a2a.Task, error) {
	n := l.New
	t := &taskRow{id: n.ID, context: context}
	status := n.Status
	if status.State == "" {
		status.State = a2a.Submitted
	}
	s.complete(t, &status)
	body, err := encode(status)
	if err != nil {
		return nil, err
	}
	call, err := encode(n.Call)
	if err != nil {
		return nil, err
	}
	active, ended, run := !status.State.Terminal(), time.Time{}, ""
	if !active {
		ended = status.Time
	}
	if n.Run != nil {
		run = n.Run.ID
	}
	now := millis(status.Time)
	if _, err := tx.exec(insertTaskSQL, n.ID, context, l.Owner.Installation, l.Owner.Account, n.Call.Agent, run, status.State, flag(active), body, now,
		flag(l.Push != nil), nullMillis(n.Deadline), call, flag(active && n.Run == nil), now, nullMillis(ended)); err != nil {
		return nil, fmt.Errorf("insert task %s: %w", n.ID, err)
	}
	task := &a2a.Task{ID: n.ID, ContextID: context, Status: status}
	first := *task
	if err := s.insertTaskEvent(tx, t, "", a2a.Event{Task: &first}); err != nil {
		return nil, err
	}
	if l.Push != nil {
		if err := s.setPush(tx, t, *l.Push); err != nil {
			return nil, err
		}
	}
	l.Message.TaskID, l.Message.ContextID = t.id, t.context
	task.History, task.Seq = []a2a.Message{l.Message}, t.events
	return task, s.admitWork(tx, n)
}

// admitWork admits the run of a task. The order of runs within a context is that
// of its tasks, which this transaction decides, so the lease that orders deliveries
// is not asked for.
func (s *Store) admitWork(tx tx, n *NewTask) error {
	if n.Run == nil {
		return nil
	}
	for _, rev := range n.Revisions {
		if err := insertRevision(tx, rev); err != nil {
			return err
		}
	}
	return s.insertRun(tx, n.Run)
}

// add appends the message to a task that is active. One that waits for its user
// goes on with it.
func (s *Store) add(tx tx, l letter, t *taskRow) (Delivered, error) {
	if err := cmp.Or(pushFits(tx, t, l.Push), t.fits(tx, l)); err != nil {
		return Delivered{}, err
	}
	q, err := openAsk(tx, t)
	if err != nil {
		return Delivered{}, err
	}
	interrupted := t.state.Interrupted() && !t.held
	if interrupted && t.status.Message != nil {
		if err := t.keepQuestion(tx); err != nil {
			return Delivered{}, err
		}
	}
	t.messages++
	if fresh, err := l.put(tx, t.id, t.messages, q.once); err != nil || !fresh {
		return Delivered{}, errors.Join(err, fmt.Errorf("add message %d to task %s: %w", t.messages, t.id, ErrRefused))
	}
	if _, err := tx.exec(countMessagesSQL, t.messages, t.id); err != nil {
		return Delivered{}, fmt.Errorf("count messages of task %s: %w", t.id, err)
	}
	if l.Push != nil {
		if err := s.setPush(tx, t, *l.Push); err != nil {
			return Delivered{}, err
		}
	}
	to := Delivered{Task: t.id, Held: t.held}
	if !interrupted {
		return to, nil
	}
	return to, s.answerAsk(tx, t, q, l)
}
