package scenario

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"

	"github.com/aofctl/aofctl/internal/a2a"
	"github.com/aofctl/aofctl/internal/a2a/client"
	"github.com/aofctl/aofctl/internal/manifest"
)

// byProgram lets a program call an agent.
func (w *world) byProgram(ctx context.Context, s *manifest.Step, text string) error {
	switch offer := w.settings.daemon.A2A; {
	case offer == nil:
		return errors.New("the configuration offers no agents to programs: platforms.a2a is missing")
	case offer.Tokens.IsZero() && !offer.Public && s.Talk.Refused == "":
		return errors.New("the configuration lets no program call: platforms.a2a has neither tokens nor public: true")
	}
	begun := &talk{who: s.As, agent: s.Talk.Agent}
	there := w.talkOf(begun)
	if s.Talk.Action == manifest.TalkSend {
		p := &program{call: w.caller(s)}
		return w.begin(begun, programLasts, func() (chat, error) { return p, p.send(ctx, text, s.Talk.Data) })
	}
	if there != nil {
		if p, ok := there.chat.(*program); ok {
			p.data = s.Talk.Data
		}
	}
	return w.goOn(ctx, there, s, text, programLasts)
}

// caller is a program as the daemon knows it, by its token.
func (w *world) caller(s *manifest.Step) *client.Client {
	at := w.front.url + "/a2a/json-rpc"
	if s.Talk.Agent != "" {
		at = w.front.url + "/a2a/" + url.PathEscape(s.Talk.Agent) + "/json-rpc"
	}
	c := &client.Client{URL: at, Dialect: client.Dialect(s.Talk.Dialect), HTTP: &http.Client{Transport: w.http}}
	if token, known := w.settings.tokens[s.As]; known {
		c.Sign = func(r *http.Request) error {
			r.Header.Set("Authorization", "Bearer "+token)
			return nil
		}
	}
	return c
}

// program is a chat of a program that polls.
type program struct {
	call *client.Client
	task client.Task
	// data is sent beside the next text.
	data map[string]any
}

func (p *program) send(ctx context.Context, text string, data map[string]any) error {
	m := client.Message{ContextID: p.task.ContextID, Text: text}
	if p.task.State == a2a.InputRequired {
		m.TaskID = p.task.ID
	}
	if data != nil {
		raw, err := json.Marshal(data)
		if err != nil {
			return fmt.Errorf("write data: %w", err)
		}
		m.Data = raw
	}
	reply, err := p.call.Send(ctx, m)
	switch {
	case err != nil:
		return err
	case reply.Task == nil:
		return fmt.Errorf("the agent answered with a text and no task: %s", clip(reply.Text, 200))
	}
	p.task = *reply.Task
	return nil
}

// Say implements chat.
func (p *program) Say(ctx context.Context, text string) (client.Task, error) {
	err := p.send(ctx, text, p.data)
	return p.task, err
}

// Cancel implements chat.
func (p *program) Cancel(ctx context.Context) (client.Task, error) {
	return p.now(p.call.Cancel(ctx, p.task.ID))
}

// Poll implements chat.
func (p *program) Poll(ctx context.Context) (client.Task, error) {
	return p.now(p.call.Get(ctx, p.task.ID))
}

// Retry implements chat. Programs say what they want anew.
func (p *program) Retry(context.Context) (client.Task, error) {
	return p.task, errors.New("a program sends another message to try again")
}

// Task implements chat.
func (p *program) Task() client.Task { return p.task }

func (p *program) now(t client.Task, err error) (client.Task, error) {
	if err == nil {
		p.task = t
	}
	return p.task, err
}
