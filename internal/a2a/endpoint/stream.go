package endpoint

import (
	"context"
	"errors"
	"io"
	"net/http"
	"time"

	"github.com/rs/zerolog"

	"github.com/aofctl/aofctl/internal/a2a"
	"github.com/aofctl/aofctl/internal/a2a/wire"
)

// subscribe shows a task from now on. A caller that says which event it saw last
// gets the task without its artifacts and then all events since, so that it misses
// none and adds none twice.
func (x *exchange) subscribe(ctx context.Context) {
	id, wrong := x.req.Subscribe(x.dialect)
	if wrong != nil {
		x.reject(wire.Subscribe, wrong)
		return
	}
	leave, ok := x.crowd.enter(x.call.Caller)
	if !ok {
		x.fail(ctx, crowded())
		return
	}
	defer leave()
	task, err := x.tasks.Get(ctx, x.call, a2a.GetRequest{ID: id, History: a2a.AllHistory})
	if err != nil {
		x.fail(ctx, err)
		return
	}
	if state := task.Status.State; state.Terminal() && !x.dialect.SubscribesToEnded() {
		x.reject(wire.Subscribe, a2a.Ended(id, state))
		return
	}
	if seen := wire.LastEventID(x.r.Header.Get("Last-Event-ID")); x.dialect.FramesIDs() && seen > 0 && seen < task.Seq {
		task.Artifacts, task.Seq = nil, seen
		x.streamTask(ctx, task, false)
		return
	}
	x.streamTask(ctx, task, task.Status.State.Terminal())
}

// streamReply shows the task that a message belongs to, or the message that
// answers it.
func (x *exchange) streamReply(ctx context.Context, reply a2a.Reply, history int) {
	if reply.Task == nil {
		s := x.open()
		s.send(a2a.Event{Message: reply.Message})
		return
	}
	reply.Task.LastMessages(history)
	x.streamTask(ctx, *reply.Task, reply.Task.Status.State.Terminal())
}

// streamTask sends the task, and what happens to it after that unless that is all.
// What can be refused is refused before the stream begins.
func (x *exchange) streamTask(ctx context.Context, task a2a.Task, all bool) {
	ctx, cancel := context.WithTimeout(ctx, x.opts.MaxStream)
	defer cancel()
	defer context.AfterFunc(x.closing, cancel)()

	var events a2a.Stream
	if !all {
		var err error
		if events, err = x.tasks.Follow(ctx, x.call, task.ID, task.Seq); err != nil {
			x.fail(ctx, err)
			return
		}
		defer events.Close()
	}
	if x.dialect.Jira() {
		task.LastMessages(0)
	}
	s := x.open()
	if s.send(a2a.Event{Seq: task.Seq, Task: &task}) && events != nil {
		s.pump(ctx, events)
	}
}

// stream is the answer to one caller, event by event.
type stream struct {
	*exchange
	control *http.ResponseController
}

// open begins the stream. X-Accel-Buffering keeps nginx from holding events back.
func (x *exchange) open() *stream {
	head := x.w.Header()
	head.Set("Content-Type", "text/event-stream")
	head.Set("Cache-Control", "no-cache, no-store")
	head.Set("X-Accel-Buffering", "no")
	x.w.WriteHeader(http.StatusOK)
	return &stream{exchange: x, control: http.NewResponseController(x.w)}
}

// pump sends events until the task has ended, the caller is gone, or its time is
// up. A store that fails for a moment ends the stream too: the task goes on, and
// the caller subscribes anew.
func (s *stream) pump(ctx context.Context, events a2a.Stream) {
	for {
		event, err := s.next(ctx, events)
		switch {
		case err == nil:
			if !s.send(event) || s.ends(event) {
				return
			}
		case errors.Is(err, io.EOF), s.r.Context().Err() != nil:
			return
		case ctx.Err() != nil:
			s.write(wire.Comment("the task goes on: subscribe again"))
			return
		case errors.Is(err, context.DeadlineExceeded):
			if !s.write(wire.Comment("keep-alive")) {
				return
			}
		default:
			zerolog.Ctx(ctx).Error().Err(err).Msg("cannot go on with a stream of A2A")
			s.write(wire.Comment("the stream broke off: subscribe again"))
			return
		}
	}
}

// next waits for an event for as long as the stream may be silent.
func (s *stream) next(ctx context.Context, events a2a.Stream) (a2a.Event, error) {
	ctx, cancel := context.WithTimeout(ctx, s.opts.KeepAlive)
	defer cancel()
	return events.Next(ctx)
}

// ends says whether the caller expects nothing after the event.
func (s *stream) ends(e a2a.Event) bool {
	return e.Message != nil || e.Status != nil && s.dialect.Ends(e.Status.Status.State)
}

// send writes one event; false if the caller is gone.
func (s *stream) send(e a2a.Event) bool {
	data, err := wire.Result(s.req.ID, s.dialect.Event(e))
	if err != nil {
		zerolog.Ctx(s.r.Context()).Error().Err(err).Int64("event", e.Seq).Msg("cannot write an event of A2A")
		return false
	}
	if !s.dialect.FramesIDs() {
		e.Seq = 0
	}
	return s.write(wire.Frame(data, e.Seq))
}

// write sends bytes at once. A caller that does not take them in time is gone: the
// server's own deadline for whole answers does not fit streams.
func (s *stream) write(frame []byte) bool {
	_ = s.control.SetWriteDeadline(time.Now().Add(s.opts.WriteTimeout)) // a test's recorder has none
	if _, err := s.w.Write(frame); err != nil {
		return false
	}
	return s.control.Flush() == nil
}
