package endpoint

import (
	"context"
	"mime"
	"slices"
	"strconv"
	"strings"

	"github.com/aofctl/aofctl/internal/a2a"
	"github.com/aofctl/aofctl/internal/a2a/card"
	"github.com/aofctl/aofctl/internal/a2a/wire"
)

// serve does what the method asks for.
func (x *exchange) serve(ctx context.Context) {
	switch op := x.req.Operation; {
	case op.Push():
		x.push(ctx)
	case op.Streams() && !x.card.Streaming:
		x.reject(op, a2a.Unsupported("this agent does not stream"))
	case op == wire.Send || op == wire.SendStream:
		x.send(ctx)
	case op == wire.Subscribe:
		x.subscribe(ctx)
	case op == wire.Get:
		x.get(ctx)
	case op == wire.List:
		x.list(ctx)
	case op == wire.Cancel:
		x.cancel(ctx)
	case op == wire.ExtendedCard:
		x.extendedCard(ctx)
	}
}

// send hands a message on. Whoever streams gets the task and what happens to it;
// whoever waits gets the task once it is settled; all others get it at once.
func (x *exchange) send(ctx context.Context) {
	req, wrong := x.req.Send(x.dialect)
	if wrong == nil {
		wrong = x.checkSend(req)
	}
	if wrong != nil {
		x.reject(x.req.Operation, wrong)
		return
	}
	follows := x.streams()
	if follows || req.Wait {
		leave, ok := x.crowd.enter(x.call.Caller)
		if !ok {
			x.fail(ctx, crowded())
			return
		}
		defer leave()
	}
	reply, err := x.tasks.Send(ctx, x.call, req)
	switch {
	case err != nil:
		x.fail(ctx, err)
	case follows:
		x.streamReply(ctx, reply, req.History)
	case req.Wait && reply.Task != nil && !reply.Task.Status.State.Settled():
		x.wait(ctx, *reply.Task, req.History)
	default:
		x.reply(ctx, reply, req.History)
	}
}

func (x *exchange) reply(ctx context.Context, reply a2a.Reply, history int) {
	if reply.Task != nil {
		reply.Task.LastMessages(history)
	}
	x.answer(ctx, x.dialect.Reply(reply))
}

func (x *exchange) checkSend(req a2a.SendRequest) *a2a.Error {
	if req.Push != nil && x.pushes == nil {
		return noPush()
	}
	for i, p := range req.Message.Parts {
		if p.File() && !accepts(x.card.Inputs(), p.MediaType) {
			return &a2a.Error{
				Code: a2a.CodeContentType,
				Message: "Content type not supported: message.parts[" + strconv.Itoa(i) + "] is a file; this agent takes " +
					strings.Join(x.card.Inputs(), ", "),
			}
		}
	}
	return nil
}

// accepts says whether a media type is among those that an agent takes. A file
// that does not say what it is counts as bytes: RFC 2046, section 4.5.1.
func accepts(modes []string, mediaType string) bool {
	kind, _, err := mime.ParseMediaType(mediaType)
	if err != nil {
		kind = "application/octet-stream"
	}
	main, _, _ := strings.Cut(kind, "/")
	return slices.Contains(modes, kind) || slices.Contains(modes, main+"/*") || slices.Contains(modes, "*/*")
}

// streams says whether the caller gets a stream. Jira has asked for one with the
// method of a plain answer, and the header Accept.
func (x *exchange) streams() bool {
	return x.req.Operation.Streams() || x.dialect.Jira() && x.card.Streaming && acceptsStream(x.r.Header.Values("Accept"))
}

func acceptsStream(accept []string) bool {
	for kind := range strings.SplitSeq(strings.Join(accept, ","), ",") {
		name, params, err := mime.ParseMediaType(kind)
		if err != nil || name != "text/event-stream" {
			continue
		}
		quality, err := strconv.ParseFloat(params["q"], 64)
		return err != nil || quality > 0
	}
	return false
}

func (x *exchange) get(ctx context.Context) {
	req, wrong := x.req.Get(x.dialect)
	if wrong != nil {
		x.reject(wire.Get, wrong)
		return
	}
	task, err := x.tasks.Get(ctx, x.call, req)
	if err != nil {
		x.fail(ctx, err)
		return
	}
	task.LastMessages(req.History)
	x.answer(ctx, x.dialect.Task(task))
}

func (x *exchange) list(ctx context.Context) {
	req, wrong := x.req.List()
	if wrong != nil {
		x.reject(wire.List, wrong)
		return
	}
	page, err := x.tasks.List(ctx, x.call, req)
	if err != nil {
		x.fail(ctx, err)
		return
	}
	for i := range page.Tasks {
		page.Tasks[i].LastMessages(req.History)
	}
	x.answer(ctx, x.dialect.Page(page, req))
}

func (x *exchange) cancel(ctx context.Context) {
	req, wrong := x.req.Cancel(x.dialect)
	if wrong != nil {
		x.reject(wire.Cancel, wrong)
		return
	}
	task, err := x.tasks.Cancel(ctx, x.call, req)
	if err != nil {
		x.fail(ctx, err)
		return
	}
	if x.dialect.Jira() {
		task.LastMessages(0)
	}
	x.answer(ctx, x.dialect.Task(task))
}

// extendedCard answers what the caller may know. An agent that has nothing more to
// tell refuses as its caller's version wants it: A2A 1.0, section 3.3.4, has a
// code for what is not offered, and 0.3 has one for what is not configured.
func (x *exchange) extendedCard(ctx context.Context) {
	c, ok := x.cards.Extended(ctx, x.call)
	form := card.V03
	if x.dialect.Version() == "1.0" {
		form = card.V10
	}
	switch {
	case x.card.Extended && ok:
		x.answer(ctx, c.Value(form))
	case form == card.V10 && !x.card.Extended:
		x.reject(wire.ExtendedCard, a2a.Unsupported("this agent has no extended card"))
	default:
		x.reject(wire.ExtendedCard, &a2a.Error{Code: a2a.CodeNoExtendedCard, Message: "No extended card is configured"})
	}
}
