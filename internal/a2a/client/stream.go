package client

import (
	"context"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"slices"
	"time"

	"github.com/tidwall/gjson"
)

// Change is what an event of a stream brought.
type Change string

// The changes. Replied is a text in place of a task.
const (
	Began   Change = "task"
	Moved   Change = "status"
	Grew    Change = "artifact"
	Replied Change = "message"
)

// Update is one event of a stream.
type Update struct {
	Change Change
	// Task is the task with all that the stream has told so far.
	Task Task
	// Text is what the event itself says: the status's text, or the chunk's.
	Text string
}

// Stream are the events of a task as they come. Close it when done.
type Stream struct {
	x      *exchange
	resp   *http.Response
	events *events
	task   Task
	stop   context.CancelFunc
}

// Stream sends a message and follows its task. What is refused is refused here, or
// by the first Next: servers of 0.3 may tell of it in the stream.
func (c *Client) Stream(ctx context.Context, m Message) (*Stream, error) {
	op := stream
	if c.StreamBySend && !c.Dialect.v10() {
		op = send
	}
	return c.open(ctx, op, c.Dialect.ofMessage(identified(m)))
}

// Resubscribe follows a task that is under way.
func (c *Client) Resubscribe(ctx context.Context, taskID string) (*Stream, error) {
	return c.open(ctx, subscribe, map[string]string{c.Dialect.idMember(subscribe): taskID})
}

func (c *Client) open(ctx context.Context, op operation, params any) (*Stream, error) {
	ctx, stop := context.WithCancel(ctx)
	x := &exchange{client: c, began: time.Now(), Exchange: Exchange{Method: c.Dialect.method(op), Stream: true}}
	resp, err := x.post(ctx, params, "text/event-stream")
	if err != nil {
		stop()
		return nil, x.fail(err)
	}
	kind, _, _ := mime.ParseMediaType(resp.Header.Get("Content-Type"))
	if resp.StatusCode == http.StatusOK && kind == "text/event-stream" {
		return &Stream{x: x, resp: resp, events: newEvents(resp.Body), stop: stop}, nil
	}
	defer stop()
	defer func() { _ = resp.Body.Close() }()
	body, err := x.read(resp)
	if err != nil {
		return nil, err
	}
	if _, err := result(body); err != nil {
		return nil, err
	}
	return nil, fmt.Errorf("open stream: the answer is no stream but %q", resp.Header.Get("Content-Type"))
}

// Next waits for the next event. At the stream's end it returns io.EOF, and after
// Close, or when ctx ends, which closes the stream, an error.
func (s *Stream) Next(ctx context.Context) (Update, error) {
	defer context.AfterFunc(ctx, s.Close)()
	data, err := s.events.next()
	switch {
	case errors.Is(err, io.EOF):
		s.x.Ended, s.x.Body = true, nil
		s.x.tell()
		return Update{}, io.EOF
	case err != nil && ctx.Err() != nil:
		return Update{}, s.x.fail(context.Cause(ctx))
	case err != nil:
		return Update{}, s.x.fail(fmt.Errorf("read stream: %w", err))
	}
	s.x.Event++
	s.x.Body = data
	s.x.tell()
	r, err := result(data)
	if err != nil {
		return Update{}, err
	}
	return s.fold(r)
}

// Task is the task with all that was told so far.
func (s *Stream) Task() Task { return s.task }

// Close lets go of the connection. The task goes on.
func (s *Stream) Close() {
	s.stop()
	_ = s.resp.Body.Close()
}

// fold adds an event, wrapped or bare, to what is known.
func (s *Stream) fold(r gjson.Result) (Update, error) {
	kind, inner := unwrap(r)
	u := Update{Change: kind}
	switch kind {
	case Began:
		t, err := readTask(inner)
		if err != nil {
			return u, err
		}
		s.task, u.Text = t, t.Text
	case Moved:
		s.task.ID, s.task.ContextID = inner.Get("taskId").Str, inner.Get("contextId").Str
		s.task.readStatus(inner)
		u.Text = s.task.Text
	case Grew:
		chunk := artifactOf(inner.Get("artifact"))
		s.grow(chunk, inner.Get("append").Bool())
		u.Text = chunk.Text
	case Replied:
		u.Text = textOf(inner)
	default:
		return u, fmt.Errorf("read stream: an event is of no known kind: %s", shorten(r.Raw))
	}
	u.Task = s.task
	return u, nil
}

// unwrap tells what kind of event a result is.
func unwrap(r gjson.Result) (Change, gjson.Result) {
	for name, kind := range map[string]Change{"task": Began, "statusUpdate": Moved, "artifactUpdate": Grew} {
		if inner := r.Get(name); inner.IsObject() {
			return kind, inner
		}
	}
	switch r.Get("kind").Str {
	case "task":
		return Began, r
	case "status-update":
		return Moved, r
	case "artifact-update":
		return Grew, r
	case "message":
		return Replied, r
	}
	if inner := r.Get("message"); inner.IsObject() {
		return Replied, inner
	}
	return "", r
}

// grow adds an artifact, or a chunk to the one that it belongs to. The task that
// was handed out before stays as it was.
func (s *Stream) grow(chunk Artifact, more bool) {
	list := slices.Clone(s.task.Artifacts)
	for i := range list {
		if list[i].ID == chunk.ID {
			if more {
				chunk.Text = list[i].Text + chunk.Text
				chunk.Name = list[i].Name
			}
			list[i] = chunk
			s.task.Artifacts = list
			return
		}
	}
	list = append(list, chunk)
	s.task.Artifacts = list
}
