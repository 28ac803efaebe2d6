package duty

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/aofctl/aofctl/internal/a2a"
	"github.com/aofctl/aofctl/internal/agent"
	"github.com/aofctl/aofctl/internal/durable"
	"github.com/aofctl/aofctl/internal/event"
	"github.com/aofctl/aofctl/internal/prompt"
	"github.com/aofctl/aofctl/internal/step"
	"github.com/aofctl/aofctl/internal/store"
)

// The names of the steps in which a run talks with its user.
const (
	beginStep    = "begin"
	hearStep     = "hear"
	concludeStep = "conclude"
	askStep      = "ask the user"
	failStep     = "tell the user"
)

// heard is what such a step has on record.
type heard struct {
	// Earlier was said in the tasks of the context before.
	Earlier []a2a.Message `json:"earlier,omitempty"`
	// Messages are what the user says to this one, Read the number of the last.
	Messages []a2a.Message `json:"messages,omitempty"`
	Read     int           `json:"read,omitempty"`
	// Done is true if the task has come to its end.
	Done bool `json:"done,omitempty"`
}

// Story is what a run, or a round of it, begins with.
type Story struct {
	// Request is what the user asks for.
	Request string
	// Material is the conversation before, and the data that came with the user's
	// messages; untrusted.
	Material []agent.Material
}

// add adds what the user said besides.
func (s *Story) add(more agent.Said) {
	s.Material = append(s.Material, more.Data...)
	if more.Words == "" {
		return
	}
	if s.Request != "" {
		s.Request += "\n\n"
	}
	s.Request += more.Words
}

// Next is the story of a further round, whose user said something behind the answer
// that the round before came to.
func (s Story) Next(answer string, said []agent.Said) Story {
	next := Story{Material: append(s.Material[:len(s.Material):len(s.Material)],
		agent.Material{Origin: "the conversation before", Text: "User: " + s.Request + "\n\nAgent: " + answer})}
	for _, more := range said {
		next.add(more)
	}
	if next.Request == "" {
		next.Request = "I sent you more data. Go on with it."
	}
	return next
}

// Begin tells the user that the work on the event of their task begins, and returns
// what there is to know before, as a step of the journal. It is called once, first
// of all.
func (d *Duty) Begin(ctx context.Context, journal step.Journal, ev *event.Event) (Story, error) {
	var h heard
	err := d.record(ctx, journal, beginStep, &h, func(ctx context.Context, id string) error {
		d.tell(ctx, id, status(a2a.Working, Opening(d.cfg.Agent, ev.Type, ev.String("issue_key"))))
		return durable.Persist(ctx, "read what was said", func() error {
			earlier, said, err := d.cfg.Tasks.TaskStory(ctx, d.cfg.Task)
			if errors.Is(err, store.ErrNotFound) {
				return nil // it was deleted, with all that was said: the run is being canceled
			}
			h = heard{Earlier: earlier, Messages: messagesOf(said), Read: last(said, 0)}
			return err
		})
	})
	if err != nil {
		return Story{}, err
	}
	d.reached(h.Read)
	story := Story{Request: Request(ev)}
	if text := d.transcript(h.Earlier); text != "" {
		story.Material = append(story.Material, agent.Material{Origin: "the conversation before", Text: text})
	}
	if len(h.Messages) > 0 {
		story.Material = append(story.Material, d.besides(h.Messages[0])...)
		for _, more := range d.said(h.Messages[1:]) {
			story.add(more)
		}
	}
	return story, nil
}

// besides are the data of a message, without those that the event shows already.
func (d *Duty) besides(m a2a.Message) []agent.Material {
	if _, found := m.Invocation(); d.cfg.Caller.Jira && found {
		m.Parts = withoutData(m.Parts)
	}
	return materialOf(m)
}

func withoutData(parts []a2a.Part) []a2a.Part {
	var list []a2a.Part
	for _, p := range parts {
		if p.Kind != a2a.DataPart {
			list = append(list, p)
		}
	}
	return list
}

// Heard implements agent.Conversation. Nothing is recorded where nothing was said:
// whether a step was is what the journal tells, since what comes next otherwise is
// a call of the model.
func (d *Duty) Heard(ctx context.Context, journal step.Journal) ([]agent.Said, error) {
	kind, recorded := journal.Next()
	if recorded && kind != step.KindTalk || !recorded && !d.waits(ctx) {
		return nil, nil
	}
	var h heard
	err := d.record(ctx, journal, hearStep, &h, func(ctx context.Context, _ string) error {
		aside, read := d.takeAside(), d.behind()
		return durable.Persist(ctx, "read what was said", func() error {
			said, err := d.cfg.Tasks.TaskMessages(ctx, d.cfg.Task, read)
			h = heard{Messages: append(aside[:len(aside):len(aside)], messagesOf(said)...), Read: last(said, read)}
			return err
		})
	})
	if err != nil {
		return nil, err
	}
	d.takeAside() // what a replay put there again is on record here
	d.reached(h.Read)
	return d.said(h.Messages), nil
}

// waits reports whether something was said that the run has not heard. What cannot
// be read now is heard the next time.
func (d *Duty) waits(ctx context.Context) bool {
	if d.hasAside() {
		return true
	}
	said, err := d.cfg.Tasks.TaskMessages(ctx, d.cfg.Task, d.behind())
	return err == nil && len(said) > 0
}

// Conclude implements agent.Conversation: it ends the task with the answer, unless
// there is something that the run has not heard.
func (d *Duty) Conclude(ctx context.Context, journal step.Journal, result agent.Result) ([]agent.Said, error) {
	text := d.noted(answerOf(result))
	var h heard
	err := d.record(ctx, journal, concludeStep, &h, func(ctx context.Context, id string) error {
		aside := d.takeAside()
		read := d.behind()
		return durable.Persist(ctx, "answer the user", func() error {
			rest, done, err := d.finish(ctx, id, read, len(aside) > 0, text, result)
			h = heard{Messages: append(aside[:len(aside):len(aside)], messagesOf(rest)...), Read: last(rest, read), Done: done}
			return err
		})
	})
	if err != nil {
		return nil, err
	}
	d.takeAside() // what a replay put there again is on record here
	d.reached(h.Read)
	if h.Done {
		return nil, nil
	}
	return d.said(h.Messages), nil
}

// finish completes the task. If there is more to hear, the answer so far is told as
// what the work has come to.
func (d *Duty) finish(ctx context.Context, id string, read int, more bool, text string, result agent.Result) (rest []store.NumberedMessage, done bool, err error) {
	if more {
		rest, err = d.cfg.Tasks.TaskMessages(ctx, d.cfg.Task, read)
	} else {
		if err := d.publish(ctx, id, result, text); err != nil {
			return nil, ended(err), unless(err)
		}
		rest, done, err = d.cfg.Tasks.ConcludeTask(ctx, d.cfg.Task, id, read, status(a2a.Completed, text))
	}
	if err != nil {
		return nil, ended(err), unless(err)
	}
	if !done && text != "" {
		d.tell(ctx, id+":so-far", status(a2a.Working, text))
	}
	return rest, done, nil
}

// ended reports whether somebody else has ended the task, or deleted it.
func ended(err error) bool {
	var over *a2a.TerminalError
	return errors.As(err, &over) || errors.Is(err, store.ErrNotFound)
}

// unless leaves out the error of a task that has ended: there is nothing left to
// do, and whoever ended it ends the run.
func unless(err error) error {
	if ended(err) {
		return nil
	}
	return err
}

// record does a step of talking. The work sets what is to be on record.
func (d *Duty) record(ctx context.Context, journal step.Journal, name string, out any, work func(ctx context.Context, id string) error) error {
	entry, err := journal.Do(ctx, step.KindTalk, name, func(ctx context.Context, id string) (step.Entry, error) {
		if err := work(ctx, id); err != nil {
			return step.Entry{}, err
		}
		body, err := json.Marshal(out)
		if err != nil {
			return step.Entry{}, fmt.Errorf("encode what was said: %w", err)
		}
		return step.Entry{Output: body}, nil
	})
	if err != nil {
		return err
	}
	if err := json.Unmarshal(entry.Output, out); err != nil {
		return fmt.Errorf("decode what was said: %w", err)
	}
	return nil
}

// said are messages as the model is told them.
func (d *Duty) said(messages []a2a.Message) []agent.Said {
	var list []agent.Said
	for _, m := range messages {
		list = append(list, agent.Said{Words: wordsOf(d.cfg.Caller, m), Data: d.besides(m)})
	}
	return list
}

// transcript is a conversation as it is shown to a model: as much of its end as it
// may have.
func (d *Duty) transcript(messages []a2a.Message) string {
	const most, whole = 2000, 12_000 // characters of one message, bytes of all
	var lines []string
	room := whole
	for _, m := range slices.Backward(messages) {
		who, text := "Agent", m.Text()
		if m.Role == a2a.User {
			who, text = "User", d.short(m)
		}
		if text = strings.TrimSpace(text); text == "" {
			continue
		}
		line := who + ": " + prompt.Cap(text, most)
		if room -= len(line); room < 0 {
			lines = append(lines, "(what was said before is left out)")
			break
		}
		lines = append(lines, line)
	}
	slices.Reverse(lines)
	return strings.Join(lines, "\n\n")
}

// short is a message of the user's in a few words.
func (d *Duty) short(m a2a.Message) string {
	if words := wordsOf(d.cfg.Caller, m); words != "" {
		return words
	}
	inv, _ := m.Invocation()
	switch inv.Cause {
	case a2a.Assigned:
		return "(assigned the agent to the work item)"
	case a2a.Mentioned:
		return "(mentioned the agent in a comment)"
	}
	return "(sent data)"
}

func messagesOf(said []store.NumberedMessage) []a2a.Message {
	var list []a2a.Message
	for _, m := range said {
		list = append(list, m.Message)
	}
	return list
}

// last is the number of the last of the messages, else the given one.
func last(said []store.NumberedMessage, before int) int {
	for _, m := range said {
		before = max(before, m.N)
	}
	return before
}
