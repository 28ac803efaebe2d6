package scenario

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/aofctl/aofctl/internal/a2a"
	"github.com/aofctl/aofctl/internal/a2a/client"
	"github.com/aofctl/aofctl/internal/manifest"
	"github.com/aofctl/aofctl/internal/sandbox/rovo"
)

// How long the daemon lets tasks last: docs/a2a.md.
const (
	workItemLasts = time.Hour
	chatLasts     = 30 * time.Minute
	programLasts  = 24 * time.Hour
)

// releasePatience is how long a task may take to begin whose user has connected the
// account, after which something else is missing.
const releasePatience = time.Minute

// chat is the side of who talks with an agent.
type chat interface {
	Say(ctx context.Context, text string) (client.Task, error)
	Cancel(ctx context.Context) (client.Task, error)
	Retry(ctx context.Context) (client.Task, error)
	Poll(ctx context.Context) (client.Task, error)
	Task() client.Task
}

// talk is a conversation of somebody with an agent.
type talk struct {
	chat
	who, agent, issue string
	jira              bool
	// lasts is how long a task may that begins now.
	lasts time.Duration
	due   time.Time
}

// with names who talks with whom.
func (t *talk) with() string {
	text := t.who + " with " + or(t.agent, "the default agent")
	if t.issue != "" {
		text += " about " + t.issue
	}
	return text
}

// task is a task of A2A, as who gave it has seen it.
type task struct {
	client.Task
	talk *talk
	// turns are its statuses, each as it was when everything stood still.
	turns []client.Task
}

// converse lets somebody do something with an agent, and looks whether it was
// refused as expected.
func (w *world) converse(ctx context.Context, s *manifest.Step) error {
	text, err := w.filled(s.Talk.Text)
	if err != nil {
		return err
	}
	if s.Verb == manifest.VerbRovo {
		err = w.inRovo(ctx, s, text)
	} else {
		err = w.byProgram(ctx, s, text)
	}
	var refused *client.Error
	var status *client.HTTPError
	want := s.Talk.Refused
	switch {
	case want == "":
		return err
	case err == nil:
		return errors.New("the request was not refused")
	case !errors.As(err, &refused) && !errors.As(err, &status):
		return err
	case want != manifest.AnyRule && !strings.Contains(strings.ToLower(err.Error()), strings.ToLower(want)):
		return fmt.Errorf("it was refused for another reason: %w", err)
	}
	return nil
}

// inRovo lets a person do something in Jira.
func (w *world) inRovo(ctx context.Context, s *manifest.Step, text string) error {
	if err := w.settings.offersRovo(w.box); err != nil {
		return err
	}
	if s.On != "" {
		w.issue = s.On
	}
	site, agent := w.box.Rovo.Tenant(""), rovo.Agent{Name: s.Talk.Agent}
	person := site.User(s.As)
	if s.Talk.Action == manifest.TalkConnect {
		if err := person.Connect(ctx, s.As); err != nil {
			return err
		}
		return w.released(ctx, s.As)
	}
	if w.issue == "" {
		return errors.New("there is no issue yet: name one with on, or make one first")
	}
	begun := &talk{who: s.As, agent: s.Talk.Agent, issue: w.issue, jira: true}
	switch s.Talk.Action {
	case manifest.TalkAssign:
		return w.begin(begun, workItemLasts, func() (chat, error) { return person.Assign(ctx, agent, w.issue) })
	case manifest.TalkMention:
		return w.begin(begun, workItemLasts, func() (chat, error) { return person.Mention(ctx, agent, w.issue, text) })
	}
	there := w.talkOf(begun)
	if there == nil && s.Talk.Action == manifest.TalkSay {
		return w.begin(begun, chatLasts, func() (chat, error) {
			c := person.Resume(agent, w.issue, "", "")
			_, err := c.Say(ctx, text)
			return c, err
		})
	}
	return w.goOn(ctx, there, s, text, chatLasts)
}

// begin begins a conversation.
func (w *world) begin(t *talk, lasts time.Duration, first func() (chat, error)) error {
	t.lasts = lasts
	var err error
	if t.chat, err = first(); err != nil {
		return fmt.Errorf("%s: %w", t.with(), err)
	}
	w.talks = append(w.talks, t)
	w.note(t)
	return nil
}

// goOn does something in a conversation that there is.
func (w *world) goOn(ctx context.Context, t *talk, s *manifest.Step, text string, lasts time.Duration) error {
	if t == nil {
		return fmt.Errorf("%s has no conversation with %s to go on with", s.As, or(s.Talk.Agent, "an agent"))
	}
	t.lasts = lasts
	var err error
	switch s.Talk.Action {
	case manifest.TalkCancel:
		_, err = t.Cancel(ctx)
	case manifest.TalkRetry:
		_, err = t.Retry(ctx)
	default:
		_, err = t.Say(ctx, text)
	}
	w.note(t)
	return err
}

// talkOf is the last conversation of the same people about the same issue. Without
// an agent it is one with any.
func (w *world) talkOf(like *talk) *talk {
	var found *talk
	for _, t := range w.talks {
		if t.who == like.who && t.jira == like.jira && t.issue == like.issue && (like.agent == "" || t.agent == like.agent) {
			found = t
		}
	}
	return found
}

// note takes over how the newest task of a conversation is.
func (w *world) note(t *talk) {
	now := t.Task()
	if now.ID == "" {
		return
	}
	var it *task
	for _, known := range w.history.tasks {
		if known.ID == now.ID {
			it = known
		}
	}
	if it == nil {
		it = &task{talk: t}
		w.history.tasks, t.due = append(w.history.tasks, it), w.clock.now().Add(t.lasts)
	}
	last := it.Task
	it.Task = now
	if last.State != now.State || last.Text != now.Text || !last.Time.Equal(now.Time) {
		it.turns = append(it.turns, now)
	}
}

// seen looks how all tasks are.
func (w *world) seen(ctx context.Context) error {
	for _, t := range w.talks {
		if now := t.Task(); now.ID != "" && !now.State.Terminal() {
			if _, err := t.Poll(ctx); err != nil {
				return fmt.Errorf("look at the task of %s: %w", t.with(), err)
			}
		}
		w.note(t)
	}
	return nil
}

// overdue is a task whose time is up and that the daemon has to end for that, ""
// for none.
func (w *world) overdue(ctx context.Context) (string, error) {
	for _, t := range w.talks {
		if t.due.After(w.clock.now()) || t.Task().State.Terminal() {
			continue
		}
		now, err := t.Poll(ctx)
		if err != nil {
			return "", err
		}
		if !now.State.Terminal() {
			return "the task of " + t.with() + ", whose time is up,", nil
		}
	}
	return "", nil
}

// released waits until the tasks of somebody begin that waited for their account.
// The daemon looks for them in the background.
func (w *world) released(ctx context.Context, who string) error {
	until := time.Now().Add(releasePatience)
	for _, t := range w.talks {
		for t.who == who && t.jira && t.Task().State == a2a.AuthRequired && time.Now().Before(until) {
			if err := rest(ctx); err != nil {
				return err
			}
			if _, err := t.Poll(ctx); err != nil {
				return err
			}
		}
	}
	return nil
}
