package rovo

import (
	"context"
	"errors"
	"io"
	"time"

	"github.com/aofctl/aofctl/internal/a2a/client"
)

// sendStreaming opens the stream that answers a message, in place of the one before,
// and reads its beginning.
func (c *Conversation) sendStreaming(ctx context.Context, m client.Message) error {
	c.Drop()
	s, err := c.opened(ctx, func(ctx context.Context) (*client.Stream, error) { return c.calls.Stream(ctx, m) })
	if err != nil {
		return err
	}
	first, stop := context.WithTimeoutCause(ctx, c.user.tenant.server.opts.Limits.Call, ErrImpatient)
	defer stop()
	u, err := s.Next(first)
	switch {
	case err != nil:
		c.Drop()
		return because(first, err)
	case u.Change == client.Replied:
		c.said(Line{Agent: true, Text: u.Text})
		return nil
	}
	c.take(u.Task, m.ContextID)
	return nil
}

// opened opens a stream that lasts as long as Jira lets streams last, and makes it
// the conversation's. The wait for its beginning is that for an answer.
func (c *Conversation) opened(ctx context.Context, open func(context.Context) (*client.Stream, error)) (*client.Stream, error) {
	limits := c.user.tenant.server.opts.Limits
	life, end := context.WithCancel(context.WithoutCancel(ctx))
	first, stop := context.WithTimeoutCause(ctx, limits.Call, ErrImpatient)
	defer stop()
	unhook := context.AfterFunc(first, end)
	s, err := open(life)
	if !unhook() && err == nil {
		s.Close()
		err = context.Cause(first)
	}
	if err != nil {
		end()
		return nil, because(first, err)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.stream, c.over = s, time.AfterFunc(limits.Stream, s.Close)
	return s, nil
}

// Drop cuts the stream, as a bad connection does. The next look at the task opens
// another one.
func (c *Conversation) Drop() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.stream != nil {
		c.over.Stop()
		c.stream.Close()
		c.stream = nil
	}
}

// Resubscribe follows the task anew, and takes over how it stands.
func (c *Conversation) Resubscribe(ctx context.Context) (client.Task, error) {
	defer c.interrupt()()
	return c.resubscribe(ctx)
}

func (c *Conversation) resubscribe(ctx context.Context) (client.Task, error) {
	c.Drop()
	id := c.Task().ID
	s, err := c.opened(ctx, func(ctx context.Context) (*client.Stream, error) { return c.calls.Resubscribe(ctx, id) })
	if err != nil {
		return c.Task(), err
	}
	u, err := s.Next(ctx)
	if err != nil {
		c.Drop()
		return c.Task(), err
	}
	c.saw(u.Task)
	return u.Task, nil
}

// Next reads one event of the stream; io.EOF at its end. There has to be a stream.
func (c *Conversation) Next(ctx context.Context) (client.Update, error) {
	c.mu.Lock()
	s := c.stream
	c.mu.Unlock()
	if s == nil {
		return client.Update{}, errors.New("read stream: there is none")
	}
	u, err := s.Next(ctx)
	if err != nil {
		c.Drop()
		return u, err
	}
	if u.Change == client.Grew || u.Change == client.Replied {
		c.said(Line{Agent: true, Chunk: u.Change == client.Grew, Task: u.Task.ID, Text: u.Text})
	}
	if u.Change == client.Grew {
		c.mu.Lock()
		c.task.Artifacts = u.Task.Artifacts
		c.mu.Unlock()
	} else if u.Change != client.Replied {
		c.saw(u.Task)
	}
	return u, nil
}

// read reads an event, from a new stream if there is none. A stream that ended or
// broke is no error: the next one goes on.
func (c *Conversation) read(ctx context.Context) error {
	c.mu.Lock()
	none := c.stream == nil
	c.mu.Unlock()
	if none {
		_, err := c.resubscribe(ctx)
		if err != nil && !final(err) {
			pause(ctx, c.user.tenant.server.opts.Poll)
		}
		return err
	}
	_, err := c.Next(ctx)
	if errors.Is(err, io.EOF) || err != nil && !final(err) {
		return nil
	}
	return err
}

// endOfStream is how long a stream may stay open once its task has ended.
const endOfStream = 30 * time.Second

// drain reads the stream of a task that has ended to its end, which has to come.
func (c *Conversation) drain(ctx context.Context) {
	defer c.Drop()
	limited, stop := context.WithTimeout(ctx, endOfStream)
	defer stop()
	for {
		c.mu.Lock()
		s := c.stream
		c.mu.Unlock()
		if s == nil {
			return
		}
		if _, err := s.Next(limited); err == nil {
			continue
		}
		if limited.Err() != nil && ctx.Err() == nil {
			c.user.tenant.server.complain(c, "the stream does not end after the task", c.Task().ID)
		}
		return
	}
}
