package keeper_test

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/aofctl/aofctl/internal/a2a"
)

// player plays one scenario on one task. After an error it does nothing more.
type player struct {
	s             *suiteSystem
	ctx           context.Context //nolint:containedctx // it lasts for one scenario
	task, message string
	told          int
	err           error
}

// play goes by the prefix of the message's id: the longest that fits counts.
func (p *player) play() {
	text := a2a.TextOf
	file := a2a.Part{Kind: a2a.BytesPart, Bytes: []byte("Generated file content"), Filename: "output.txt", MediaType: "text/plain"}
	switch {
	case p.is("tck-artifact-text"):
		p.give(text("Generated text content"))
	case p.is("tck-artifact-file-url"):
		p.give(a2a.Part{Kind: a2a.URLPart, URL: "https://example.com/output.txt", Filename: "output.txt", MediaType: "text/plain"})
	case p.is("tck-artifact-file"):
		p.give(file)
	case p.is("tck-artifact-data"):
		p.give(a2a.DataOf([]byte(`{"key": "value", "count": 42}`)))
	case p.is("tck-input-required"):
		p.ask()
	case p.is("tck-reject-task"):
		p.end(a2a.Rejected, "rejected")
	case p.is("tck-stream-001"):
		p.stream(text("Stream hello from TCK"))
	case p.is("tck-stream-002"):
		p.end(a2a.Completed, "")
	case p.is("tck-stream-003"):
		p.stream(text("Stream task lifecycle"))
	case p.is("tck-stream-ordering-001"):
		p.stream(text("Ordered output"))
	case p.is("tck-stream-artifact-text"):
		p.stream(text("Streamed text content"))
	case p.is("tck-stream-artifact-file"):
		p.stream(file)
	case p.is("tck-stream-artifact-chunked"):
		p.stream(text("chunk-1 "), text("chunk-2"))
	case p.is("tck-"): // "Default behavior: complete the task with a message"
		p.end(a2a.Completed, "Hello from TCK")
	default:
		p.last()
	}
}

// last is for all that comes from the suite of 0.3, whose tests go on with tasks
// that they began, and for test-resubscribe-message-id: the task is at work for a
// while.
func (p *player) last() {
	p.tell()
	select {
	case <-time.After(suiteLasts):
	case <-p.s.stopping:
		return
	}
	p.end(a2a.Completed, "")
}

func (p *player) is(prefix string) bool { return strings.HasPrefix(p.message, prefix) }

// key makes what is told once for each message and place.
func (p *player) key() string {
	p.told++
	return fmt.Sprintf("%s:%d", p.message, p.told)
}

func (p *player) tell() {
	if p.err == nil {
		p.err = p.s.store.Narrate(p.ctx, p.task, p.key(), a2a.Status{State: a2a.Working})
	}
}

func (p *player) ask() {
	if p.err == nil {
		_, p.err = p.s.store.AskTask(p.ctx, p.task, p.key(), "", a2a.Status{State: a2a.InputRequired, Message: said("What else?")})
	}
}

// add adds a chunk of the task's one artifact.
func (p *player) add(n, of int, part a2a.Part) {
	if p.err == nil {
		p.err = p.s.store.AddArtifact(p.ctx, p.task, p.key(), a2a.ArtifactUpdate{
			Artifact: a2a.Artifact{ID: "output", Name: "Output", Parts: []a2a.Part{part}}, Append: n > 0, Last: n == of-1,
		})
	}
}

// give completes the task with an artifact.
func (p *player) give(part a2a.Part) {
	p.add(0, 1, part)
	p.end(a2a.Completed, "")
}

// stream works, adds the chunks of an artifact, and completes the task.
func (p *player) stream(parts ...a2a.Part) {
	p.tell()
	for i, part := range parts {
		p.add(i, len(parts), part)
	}
	p.end(a2a.Completed, "")
}

// end ends the task, whatever was said meanwhile.
func (p *player) end(state a2a.State, text string) {
	status := a2a.Status{State: state}
	if text != "" {
		status.Message = said(text)
	}
	for read, done := 0, false; p.err == nil && !done; read++ {
		_, done, p.err = p.s.store.ConcludeTask(p.ctx, p.task, p.message+":end", read, status)
	}
}

func said(text string) *a2a.Message {
	return &a2a.Message{Role: a2a.Agent, Parts: []a2a.Part{a2a.TextOf(text)}}
}
