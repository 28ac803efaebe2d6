package cli

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"github.com/aofctl/aofctl/internal/a2a"
	"github.com/aofctl/aofctl/internal/a2a/client"
)

// page shows a chat.
type page interface {
	// status shows how the task is now.
	status(change client.Change, now client.Task)
	// chunk shows a piece of an artifact.
	chunk(now client.Task, text string)
	// reply shows an answer without a task.
	reply(t client.Task)
	// note tells the person something, prompt asks for a line.
	note(text string)
	prompt()
	// end is the last that is shown.
	end(t client.Task, code int)
}

func (c *console) page(format string) page {
	if format == "json" {
		return &jsonPage{out: c.out, err: c.err}
	}
	return &textPage{out: c.out, err: c.err}
}

// textPage is for people: answers and questions go to out, all else to err.
type textPage struct {
	out, err io.Writer
	// grown is what was shown of artifacts, and open says that its line is.
	grown strings.Builder
	open  bool
}

func (p *textPage) status(_ client.Change, now client.Task) {
	p.close()
	switch {
	case now.State == a2a.Completed:
		p.answer(now)
	case now.State == a2a.InputRequired:
		p.say(now.Text)
	case now.State.Terminal():
		_, _ = fmt.Fprintf(p.err, "[%s]\n", now.State)
		p.say(now.Text)
	case now.Text != "":
		_, _ = fmt.Fprintf(p.err, "[%s] %s\n", now.State, now.Text)
	default:
		_, _ = fmt.Fprintf(p.err, "[%s]\n", now.State)
	}
}

// answer shows the text of the last status, and the artifacts that say more than it.
// What the stream has shown already is not shown again.
func (p *textPage) answer(t client.Task) {
	seen := p.grown.String()
	for _, a := range t.Artifacts {
		if a.Text != "" && strings.TrimSpace(a.Text) != strings.TrimSpace(t.Text) && !strings.Contains(seen, a.Text) {
			p.say(a.Text)
		}
	}
	if text := strings.TrimSpace(t.Text); !strings.Contains(seen, text) {
		p.say(text)
	}
	p.grown.Reset()
}

func (p *textPage) say(text string) {
	if text != "" {
		_, _ = fmt.Fprintln(p.out, strings.TrimRight(text, "\n"))
	}
}

func (p *textPage) chunk(_ client.Task, text string) {
	if text == "" {
		return
	}
	_, _ = io.WriteString(p.out, text)
	p.grown.WriteString(text)
	p.open = !strings.HasSuffix(text, "\n")
}

// close ends the line of a chunk.
func (p *textPage) close() {
	if p.open {
		_, _ = fmt.Fprintln(p.out)
		p.open = false
	}
}

func (p *textPage) reply(t client.Task)  { p.say(t.Text) }
func (p *textPage) note(text string)     { p.close(); _, _ = fmt.Fprintln(p.err, text) }
func (p *textPage) prompt()              { _, _ = io.WriteString(p.err, "> ") }
func (p *textPage) end(client.Task, int) { p.close() }

// jsonPage is for scripts: one document per line.
type jsonPage struct{ out, err io.Writer }

// shownEvent is one line.
type shownEvent struct {
	// Event is task, status, artifact or message, and end for the last one.
	Event string      `json:"event"`
	Text  string      `json:"text,omitempty"`
	Task  client.Task `json:"task"`
	// Exit is the exit code, in the last line.
	Exit *int `json:"exit,omitempty"`
}

func (p *jsonPage) write(e shownEvent) {
	enc := json.NewEncoder(p.out)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(e); err != nil {
		_, _ = fmt.Fprintf(p.err, "aofctl: write output: %v\n", err)
	}
}

func (p *jsonPage) status(change client.Change, now client.Task) {
	p.write(shownEvent{Event: string(change), Text: now.Text, Task: now})
}

func (p *jsonPage) chunk(now client.Task, text string) {
	p.write(shownEvent{Event: string(client.Grew), Text: text, Task: now})
}

func (p *jsonPage) reply(t client.Task) {
	p.write(shownEvent{Event: string(client.Replied), Text: t.Text, Task: t})
}
func (p *jsonPage) note(text string) { _, _ = fmt.Fprintln(p.err, text) }
func (p *jsonPage) prompt()          {}
func (p *jsonPage) end(t client.Task, code int) {
	p.write(shownEvent{Event: "end", Text: t.Text, Task: t, Exit: &code})
}

// lineReader reads lines in the background, so that waiting for one can be given up.
// It begins when the first line is asked for.
type lineReader struct {
	in    io.Reader
	lines chan string
	err   error
}

func newLineReader(in io.Reader) *lineReader { return &lineReader{in: in} }

// next waits for a line; io.EOF if there are no more.
func (l *lineReader) next(ctx context.Context) (string, error) {
	if l.lines == nil {
		l.lines = make(chan string)
		go l.run(ctx)
	}
	select {
	case line, ok := <-l.lines:
		switch {
		case ok:
			return line, nil
		case l.err != nil:
			return "", fmt.Errorf("read reply: %w", l.err)
		}
		return "", io.EOF
	case <-ctx.Done():
		return "", ctx.Err()
	}
}

func (l *lineReader) run(ctx context.Context) {
	defer close(l.lines)
	in := bufio.NewScanner(l.in)
	in.Buffer(nil, maxSaid)
	for in.Scan() {
		select {
		case l.lines <- in.Text():
		case <-ctx.Done():
			return
		}
	}
	l.err = in.Err()
}
