package rovo

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/aofctl/aofctl/internal/a2a"
	"github.com/aofctl/aofctl/internal/a2a/client"
)

// ErrImpatient says that the agent took longer than Jira waits for it.
var ErrImpatient = errors.New("the agent took longer than Jira waits for it")

// Conversation is a chat of Rovo: what one person and an agent say to each other
// about one issue, in one context. While one goroutine watches it with Settle or
// Until, others may say something, cancel, and drop the connection.
type Conversation struct {
	user  *User
	agent Agent
	issue string
	limit time.Duration
	calls *client.Client

	// turn is held by who reads the stream or replaces it; waiting is how many want to
	// replace it.
	turn    sync.Mutex
	waiting atomic.Int32

	mu        sync.Mutex
	contextID string
	task      client.Task
	tasks     []string
	lines     []Line
	stream    *client.Stream
	over      *time.Timer
	until     time.Time
}

// Line is something that was said, or a status that was shown.
type Line struct {
	// Agent says that the agent said it, Chunk that it is part of an artifact.
	Agent bool      `json:"agent"`
	Chunk bool      `json:"chunk,omitempty"`
	Task  string    `json:"task,omitempty"`
	State a2a.State `json:"state,omitempty"`
	Text  string    `json:"text"`
}

func (u *User) converse(a Agent, issue string) *Conversation {
	return &Conversation{user: u, agent: a, issue: issue, calls: u.Client(a)}
}

// ContextID is the conversation's id, which the agent chose.
func (c *Conversation) ContextID() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.contextID
}

// Task is the newest task as Jira knows it.
func (c *Conversation) Task() client.Task {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.task
}

// Tasks are the ids of all tasks, oldest first.
func (c *Conversation) Tasks() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.tasks)
}

// Transcript is what the person saw. A status that repeats itself is there once.
func (c *Conversation) Transcript() []Line {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.lines)
}

// begin sends the first message.
func (c *Conversation) begin(ctx context.Context, w what) error {
	c.mu.Lock()
	c.until = time.Now().Add(c.limit)
	c.mu.Unlock()
	return c.send(ctx, w)
}

// Say sends what the person writes in the chat: the answer to a question, more about
// work that goes on, or a new wish after it.
func (c *Conversation) Say(ctx context.Context, text string) (client.Task, error) {
	c.mu.Lock()
	c.until = time.Now().Add(c.user.tenant.server.opts.Limits.Chat)
	c.mu.Unlock()
	err := c.send(ctx, what{kind: chatted, text: text})
	return c.Task(), err
}

// Retry asks for a task anew that was rejected or canceled, or failed.
func (c *Conversation) Retry(ctx context.Context) (client.Task, error) {
	if t := c.Task(); !t.State.Terminal() || t.State == a2a.Completed {
		return t, fmt.Errorf("retry task %s: it is %s", t.ID, t.State)
	}
	return c.Say(ctx, "Please try again.")
}

// send sends a message, and takes the task from the answer or from the beginning of
// the stream.
func (c *Conversation) send(ctx context.Context, w what) error {
	m, err := c.user.message(c.agent.dialect(), c.issue, w)
	if err != nil {
		return err
	}
	m.ContextID = c.ContextID()
	said := w.text
	if said == "" {
		said = m.Text
	}
	c.mu.Lock()
	c.lines = append(c.lines, Line{Task: c.task.ID, Text: said})
	c.mu.Unlock()
	if c.agent.Streaming {
		defer c.interrupt()()
		return c.sendStreaming(ctx, m)
	}
	ctx, stop := context.WithTimeoutCause(ctx, c.user.tenant.server.opts.Limits.Call, ErrImpatient)
	defer stop()
	reply, err := c.calls.Send(ctx, m)
	switch {
	case err != nil:
		return because(ctx, err)
	case reply.Task == nil:
		c.said(Line{Agent: true, Text: reply.Text})
		return nil
	}
	c.take(*reply.Task, m.ContextID)
	return nil
}

func (c *Conversation) said(l Line) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.lines = append(c.lines, l)
}

// take notes the task that answered a message.
func (c *Conversation) take(t client.Task, asked string) {
	c.mu.Lock()
	before := c.task
	c.mu.Unlock()
	c.user.tenant.server.checkAnswer(c, before, t, asked)
	c.saw(t)
}

// still notes how a task is now, unless the conversation has another one meanwhile.
func (c *Conversation) still(t client.Task) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if t.ID == c.task.ID {
		c.note(t)
	}
}

// saw notes a task as it is now.
func (c *Conversation) saw(t client.Task) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.note(t)
}

// note is saw; the lock is held.
func (c *Conversation) note(t client.Task) {
	if !slices.Contains(c.tasks, t.ID) {
		c.tasks = append(c.tasks, t.ID)
	}
	if t.ID != c.task.ID || t.State != c.task.State || t.Text != c.task.Text {
		c.lines = append(c.lines, Line{Agent: true, Task: t.ID, State: t.State, Text: t.Text})
	}
	c.task, c.contextID = t, t.ContextID
}

// Poll looks at the task once.
func (c *Conversation) Poll(ctx context.Context) (client.Task, error) {
	ctx, stop := context.WithTimeoutCause(ctx, c.user.tenant.server.opts.Limits.Call, ErrImpatient)
	defer stop()
	t, err := c.calls.Get(ctx, c.Task().ID)
	if err != nil {
		return c.Task(), because(ctx, err)
	}
	c.still(t)
	return t, nil
}

// Cancel presses the button that stops the agent.
func (c *Conversation) Cancel(ctx context.Context) (client.Task, error) {
	ctx, stop := context.WithTimeoutCause(ctx, c.user.tenant.server.opts.Limits.Call, ErrImpatient)
	defer stop()
	t, err := c.calls.Cancel(ctx, c.Task().ID)
	if err != nil {
		return c.Task(), because(ctx, err)
	}
	c.still(t)
	return t, nil
}

// Settle watches the task, by polling or by its stream, until Jira would stop: when
// the task has ended, or waits for an answer of the person. What fails on the way is
// tried again, as Jira does, until it loses its patience.
func (c *Conversation) Settle(ctx context.Context) (client.Task, error) {
	return c.Until(ctx, func(t client.Task) bool { return t.State == a2a.InputRequired })
}

// Until is Settle with another thing to wait for. It also ends with the task.
func (c *Conversation) Until(ctx context.Context, enough func(client.Task) bool) (client.Task, error) {
	c.mu.Lock()
	if c.until.IsZero() {
		c.until = time.Now().Add(c.limit)
	}
	until := c.until
	c.mu.Unlock()
	ctx, stop := context.WithDeadlineCause(ctx, until, ErrImpatient)
	defer stop()
	for {
		done, err := c.look(ctx, enough)
		switch {
		case done:
			return c.Task(), nil
		case ctx.Err() != nil:
			return c.Task(), context.Cause(ctx)
		case err != nil && final(err):
			return c.Task(), err
		}
	}
}

// look waits for the next that is told of the task, unless that is enough already.
func (c *Conversation) look(ctx context.Context, enough func(client.Task) bool) (bool, error) {
	if !c.agent.Streaming {
		if t := c.Task(); t.State.Terminal() || enough(t) {
			return true, nil
		}
		if !pause(ctx, c.user.tenant.server.opts.Poll) {
			return false, ctx.Err()
		}
		_, err := c.Poll(ctx)
		return false, err
	}
	for c.waiting.Load() > 0 {
		if !pause(ctx, time.Millisecond) {
			return false, ctx.Err()
		}
	}
	c.turn.Lock()
	defer c.turn.Unlock()
	switch t := c.Task(); {
	case t.State.Terminal():
		c.drain(ctx)
		return true, nil
	case enough(t):
		return true, nil
	case c.waiting.Load() > 0:
		return false, nil
	}
	return false, c.read(ctx)
}

// interrupt takes the stream from who reads it, until the function that it returns
// is called.
func (c *Conversation) interrupt() func() {
	c.waiting.Add(1)
	c.Drop()
	c.turn.Lock()
	c.waiting.Add(-1)
	return c.turn.Unlock
}

// final tells whether asking again would be of no use.
func final(err error) bool {
	var told *client.Error
	var refused *client.HTTPError
	switch {
	case errors.As(err, &told):
		return told.Code != a2a.CodeInternal
	case errors.As(err, &refused):
		return refused.Status < http.StatusInternalServerError && refused.Status != http.StatusTooManyRequests
	}
	return false
}

// because prefers the reason for which a context ended.
func because(ctx context.Context, err error) error {
	if cause := context.Cause(ctx); cause != nil {
		return cause
	}
	return err
}
