package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"syscall"
	"time"

	"github.com/mattn/go-isatty"
	"github.com/spf13/cobra"

	"github.com/aofctl/aofctl/internal/a2a"
	"github.com/aofctl/aofctl/internal/a2a/client"
)

// maxSaid bounds a message of standard input.
const maxSaid = 1 << 20

// cancelTime is how long the end of a canceled task is waited for.
const cancelTime = 15 * time.Second

// talk is a chat under way.
type talk struct {
	c     *console
	f     chatFlags
	calls *client.Client
	box   *playground
	in    *lineReader
	page  page
	// person says that somebody sits there, prompt that they began without a message.
	person, prompt bool
	contextID      string
	task           client.Task
}

// chat talks with an agent until there is nothing more to say.
func (c *console) chat(cmd *cobra.Command, f chatFlags, text string) error {
	if err := f.check(cmd); err != nil {
		return err
	}
	t := &talk{c: c, f: f, calls: f.caller(c), contextID: f.context, person: terminal(c.in), page: c.page(f.format.value), in: newLineReader(c.in)}
	if t.calls.Dialect.Jira() {
		t.box = f.box()
	}
	if f.install {
		if err := t.box.install(cmd.Context(), f.url); err != nil {
			return err
		}
	}
	t.prompt = text == "" && t.person
	if text == "" && !t.person && !t.assigns() {
		raw, err := io.ReadAll(io.LimitReader(c.in, maxSaid+1))
		switch {
		case err != nil:
			return fmt.Errorf("read message: %w", err)
		case len(raw) > maxSaid:
			return errors.New("read message: it is larger than 1 MB")
		case strings.TrimSpace(string(raw)) == "":
			return &usageError{errors.New("there is nothing to say: give a message, or write one to standard input")}
		}
		text = strings.TrimSpace(string(raw))
	}
	return t.converse(cmd.Context(), text)
}

// assigns says that the conversation begins with an assignment and not with words.
func (t *talk) assigns() bool { return t.box != nil && t.contextID == "" }

func terminal(in io.Reader) bool {
	f, ok := in.(*os.File)
	return ok && isatty.IsTerminal(f.Fd())
}

// converse takes turns until there is nothing more to say.
func (t *talk) converse(ctx context.Context, text string) error {
	for {
		if text == "" && !t.assigns() {
			line, err := t.listen(ctx)
			if err != nil {
				return t.leave(ctx, err)
			}
			text = line
		}
		if err := t.turn(ctx, text); err != nil {
			return t.leave(ctx, err)
		}
		if t.task.State != a2a.InputRequired && !t.prompt {
			return t.leave(ctx, nil)
		}
		text = ""
	}
}

// listen takes the next line that has something in it; io.EOF if there is none.
func (t *talk) listen(ctx context.Context) (string, error) {
	for {
		if t.person {
			t.page.prompt()
		}
		line, err := t.in.next(ctx)
		if err != nil || strings.TrimSpace(line) != "" {
			return strings.TrimSpace(line), err
		}
	}
}

// turn says something and shows what becomes of it, until the task has ended or
// waits for somebody.
func (t *talk) turn(ctx context.Context, text string) error {
	m, err := t.message(ctx, text)
	if err != nil {
		return err
	}
	if !t.f.noStream {
		err := t.stream(ctx, m)
		var told *client.Error
		if !errors.As(err, &told) || told.Code != a2a.CodeUnsupported || t.task.ID != "" {
			return err
		}
		t.f.noStream = true // the agent does not stream; nothing has been said yet
	}
	patient, end := grace(ctx)
	defer end()
	reply, err := t.calls.Send(patient, m)
	if err != nil {
		return err
	}
	if reply.Task == nil {
		t.replied(reply.Text)
		return nil
	}
	t.saw(client.Began, *reply.Task, reply.Task.Text)
	return t.watch(ctx)
}

// message is what the agent is told. As Jira it is what Jira says of what the person
// does; the first words are a mention, and further ones the chat.
func (t *talk) message(ctx context.Context, text string) (client.Message, error) {
	m := client.Message{Text: text}
	if t.box != nil {
		kind := "chat"
		switch {
		case t.contextID == "" && text == "":
			kind = "assign"
		case t.contextID == "":
			kind = "mention"
		}
		var err error
		if m, err = t.box.message(ctx, kind, text); err != nil {
			return m, err
		}
	}
	m.ID, m.ContextID = client.NewID(), t.contextID
	// A2A 1.0 takes a context without a task for a new task; Jira names the context
	// alone, always.
	if t.box == nil && t.task.State.Interrupted() {
		m.TaskID = t.task.ID
	}
	return m, nil
}

// stream sends a message and reads the stream that answers it.
func (t *talk) stream(ctx context.Context, m client.Message) error {
	patient, end := grace(ctx)
	defer end()
	s, err := t.calls.Stream(patient, m)
	if err != nil {
		return err
	}
	if done, err := t.read(ctx, patient, s); done || err != nil {
		return err
	}
	return t.watch(ctx)
}

// grace lets a message reach its task although somebody interrupts it: what was
// begun can be canceled by its id alone.
func grace(ctx context.Context) (context.Context, func()) {
	patient, end := context.WithCancel(context.WithoutCancel(ctx))
	stop := context.AfterFunc(ctx, func() { time.AfterFunc(cancelTime, end) })
	return patient, func() {
		stop()
		end()
	}
}

// read shows a stream; false if it ended before the task had. Its beginning is
// waited for as long as first says.
func (t *talk) read(ctx, first context.Context, s *client.Stream) (bool, error) {
	defer s.Close()
	for within := first; ; within = ctx {
		u, err := s.Next(within)
		var told *client.Error
		switch {
		case err != nil && ctx.Err() != nil, errors.As(err, &told):
			return false, err
		case err != nil:
			return false, nil // it is looked at anew
		case u.Change == client.Replied:
			t.replied(u.Text)
			return true, nil
		}
		t.saw(u.Change, u.Task, u.Text)
		if t.settled() {
			return true, nil
		}
	}
}

// watch looks at the task until it is settled, by its stream where there may be one.
func (t *talk) watch(ctx context.Context) error {
	failing := time.Time{}
	for !t.settled() {
		if err := wait(ctx, t.f.pace()); err != nil {
			return err
		}
		err := t.look(ctx)
		var told *client.Error
		switch {
		case err == nil:
			failing = time.Time{}
		case ctx.Err() != nil, errors.As(err, &told):
			return err
		case failing.IsZero():
			failing = time.Now()
			t.page.note("the connection is lost; trying again")
		case time.Since(failing) > t.f.retry:
			return err
		}
	}
	return nil
}

// pace is the time between two looks.
func (f *chatFlags) pace() time.Duration {
	if f.noStream {
		return f.poll
	}
	return min(f.poll, time.Second)
}

// look reads the task, and its stream if it goes on.
func (t *talk) look(ctx context.Context) error {
	now, err := t.calls.Get(ctx, t.task.ID)
	if err != nil {
		return err
	}
	t.saw(client.Moved, now, now.Text)
	if t.settled() || t.f.noStream {
		return nil
	}
	s, err := t.calls.Resubscribe(ctx, t.task.ID)
	var told *client.Error
	switch {
	case errors.As(err, &told):
		return nil // it has ended since, or there is no stream for it: look again
	case err != nil:
		return err
	}
	_, err = t.read(ctx, ctx, s)
	return err
}

// settled says that the task has ended, or that it is somebody else's turn. Who sits
// there can sign in meanwhile, and the task goes on by itself.
func (t *talk) settled() bool {
	s := t.task.State
	return s.Terminal() || s == a2a.InputRequired || s == a2a.AuthRequired && !t.person
}

// saw shows what is new of the task.
func (t *talk) saw(change client.Change, now client.Task, text string) {
	before := t.task
	if before.ID != now.ID {
		before = client.Task{}
	}
	t.task, t.contextID = now, now.ContextID
	if change == client.Grew {
		t.page.chunk(now, text)
		return
	}
	if now.State != before.State || now.Text != before.Text {
		t.page.status(change, now)
	}
}

// replied shows an answer without a task.
func (t *talk) replied(text string) {
	t.task = client.Task{ContextID: t.contextID, State: a2a.Completed, Text: text}
	t.page.reply(t.task)
}

// leave ends the chat. Whoever is interrupted has the task canceled.
func (t *talk) leave(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		err = nil
		if t.task.ID != "" && !t.task.State.Terminal() {
			err = t.cancel(ctx)
		}
	}
	if err != nil && !errors.Is(err, io.EOF) {
		return t.explain(err)
	}
	code := exitOf(t.task.State)
	if t.task.State == "" {
		code = exitOK // nothing was said
		if ctx.Err() != nil {
			code = exitCanceled
		}
	}
	t.page.end(t.task, code)
	if code == exitOK {
		return nil
	}
	return &failure{code}
}

// cancel stops the task. The signal that ended ctx does not end this; the next one
// ends the process.
func (t *talk) cancel(ctx context.Context) error {
	ctx, stop := context.WithTimeout(context.WithoutCancel(ctx), cancelTime)
	defer stop()
	t.page.note("canceling; Ctrl-C again leaves at once")
	now, err := t.calls.Cancel(ctx, t.task.ID)
	var told *client.Error
	if errors.As(err, &told) {
		now, err = t.calls.Get(ctx, t.task.ID) // it has ended meanwhile
	}
	if err == nil {
		t.saw(client.Moved, now, now.Text)
	}
	return err
}

// explain says what to do about an error that alone does not tell.
func (t *talk) explain(err error) error {
	var refused *client.HTTPError
	switch {
	case errors.Is(err, syscall.ECONNREFUSED):
		return fmt.Errorf("no daemon answers at %s: is `aofctl serve` running, and is --url right?", t.f.url)
	case !errors.As(err, &refused):
		return err
	case refused.Status == http.StatusUnauthorized && t.box != nil:
		return fmt.Errorf("%w: platforms.forge has to have the sandbox's app_id, jwks_url %s/forge/.well-known/jwks.json and gateway_url %s", err, t.box.url, t.box.url)
	case refused.Status == http.StatusUnauthorized:
		return fmt.Errorf("%w: put a token that platforms.a2a.tokens_env has into %s, or name another variable with --token-env", err, t.f.tokenEnv)
	case refused.Status == http.StatusNotFound:
		return fmt.Errorf("%w: is platforms.a2a switched on, and does it offer the agent?", err)
	}
	return err
}

// wait waits; the context's error if that ends first.
func wait(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
