// Command caller calls the daemon with the protocol's official SDK for Go, with the
// version of the protocol that is its argument. The settings come as JSON in the
// variable A2A_SETTINGS; each step that went well is printed as "ok NAME".
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/a2aproject/a2a-go/v2/a2a"
	"github.com/a2aproject/a2a-go/v2/a2aclient"
	"github.com/a2aproject/a2a-go/v2/a2aclient/agentcard"
	"github.com/a2aproject/a2a-go/v2/a2acompat/a2av0"
)

type settings struct{ Base, Token, Other, Hook string }

func main() {
	var s settings
	if err := json.Unmarshal([]byte(os.Getenv("A2A_SETTINGS")), &s); err != nil {
		fail("settings", err)
	}
	ctx, stop := context.WithTimeout(context.Background(), 2*time.Minute)
	defer stop()
	c := &caller{ctx: ctx, settings: s, old: os.Args[1] == "0.3"}
	c.client = c.as(s.Token, "")
	for _, step := range []struct {
		name string
		play func() error
	}{
		{"card discovery", c.discovers},
		{"card of a named agent", c.discoversByName},
		{"send and wait", c.waits},
		{"send and poll", c.polls},
		{"the same message again", c.repeats},
		{"history length", c.cuts},
		{"list", c.lists},
		{"stream", c.streams},
		{"a question and its answer", c.answers},
		{"resubscribe", c.resubscribes},
		{"cancel", c.cancels},
		{"push configurations", c.pushes},
		{"errors", c.errs},
		{"bearer tokens", c.signs},
	} {
		if err := step.play(); err != nil {
			fail(step.name, err)
		}
		fmt.Println("ok " + step.name)
	}
}

func fail(step string, err error) {
	fmt.Fprintf(os.Stderr, "failed %s: %v\n", step, err)
	os.Exit(1)
}

type caller struct {
	ctx context.Context
	settings
	old    bool
	client *a2aclient.Client
	card   *a2a.AgentCard
	done   *a2a.Task
}

// bearer adds a token to all requests.
type bearer string

func (b bearer) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	r.Header.Set("Authorization", "Bearer "+string(b))
	return http.DefaultTransport.RoundTrip(r)
}

// as makes a client with a token, for the agent whose card is below a path.
func (c *caller) as(token, below string) *a2aclient.Client {
	web := &http.Client{Transport: bearer(token)}
	resolver := agentcard.NewResolver(web)
	option := a2aclient.WithJSONRPCTransport(web)
	if c.old {
		resolver.CardParser = a2av0.NewAgentCardParser()
		option = a2aclient.WithCompatTransport(a2av0.Version, a2a.TransportProtocolJSONRPC, a2av0.NewJSONRPCTransportFactory(a2av0.JSONRPCTransportConfig{Client: web}))
	}
	card, err := resolver.Resolve(c.ctx, c.Base+below)
	if err != nil {
		fail("card", err)
	}
	if c.old { // the union card has both versions
		var interfaces []*a2a.AgentInterface
		for _, i := range card.SupportedInterfaces {
			if i.ProtocolVersion == a2av0.Version {
				interfaces = append(interfaces, i)
			}
		}
		card.SupportedInterfaces = interfaces
	}
	client, err := a2aclient.NewFromCard(c.ctx, card, a2aclient.WithDefaultsDisabled(), option)
	if err != nil {
		fail("client", err)
	}
	c.card = card
	return client
}

func text(words string) *a2a.Message {
	return a2a.NewMessage(a2a.MessageRoleUser, a2a.NewTextPart(words))
}

func (c *caller) send(m *a2a.Message, now bool) (*a2a.Task, error) {
	got, err := c.client.SendMessage(c.ctx, &a2a.SendMessageRequest{Message: m, Config: &a2a.SendMessageConfig{ReturnImmediately: now}})
	if err != nil {
		return nil, err
	}
	task, ok := got.(*a2a.Task)
	if !ok {
		return nil, fmt.Errorf("got %T", got)
	}
	return task, nil
}

// asks begins a task that asks something.
func (c *caller) asks() (*a2a.Task, error) {
	task, err := c.send(text("ask me first"), false)
	if err != nil {
		return nil, err
	}
	return task, is(task, a2a.TaskStateInputRequired, "Which one")
}

func is(task *a2a.Task, state a2a.TaskState, words string) error {
	said := ""
	if task.Status.Message != nil {
		for _, p := range task.Status.Message.Parts {
			said += p.Text()
		}
	}
	if task.Status.State != state || !strings.Contains(said, words) {
		return fmt.Errorf("the task is %s and says %q, want %s with %q", task.Status.State, said, state, words)
	}
	return nil
}

func (c *caller) discovers() error {
	if c.card.Name == "" || !c.card.Capabilities.Streaming || len(c.card.SupportedInterfaces) == 0 {
		return fmt.Errorf("the card is %+v", c.card)
	}
	return nil
}

func (c *caller) discoversByName() error {
	c.as(c.Token, "/a2a/helper")
	if url := c.card.SupportedInterfaces[0].URL; !strings.HasSuffix(url, "/a2a/helper/json-rpc") {
		return errors.New(url)
	}
	return nil
}

func (c *caller) waits() (err error) {
	if c.done, err = c.send(text("Hello"), false); err != nil {
		return err
	}
	return is(c.done, a2a.TaskStateCompleted, "Hello from the agent.")
}

func (c *caller) polls() error {
	task, err := c.send(text("Hello"), true)
	if err != nil || task.Status.State != a2a.TaskStateSubmitted {
		return fmt.Errorf("%+v, %w", task, err)
	}
	for !task.Status.State.Terminal() {
		if task, err = c.client.GetTask(c.ctx, &a2a.GetTaskRequest{ID: task.ID}); err != nil {
			return err
		}
	}
	return is(task, a2a.TaskStateCompleted, "Hello from the agent.")
}

func (c *caller) repeats() error {
	m := text("Hello")
	one, err := c.send(m, false)
	if err != nil {
		return err
	}
	other, err := c.send(m, false)
	if err != nil {
		return err
	}
	if one.ID != other.ID {
		return fmt.Errorf("%s and %s", one.ID, other.ID)
	}
	return nil
}

func (c *caller) cuts() error {
	none := 0
	task, err := c.client.GetTask(c.ctx, &a2a.GetTaskRequest{ID: c.done.ID, HistoryLength: &none})
	if err != nil || len(task.History) > 0 {
		return fmt.Errorf("%+v, %w", task, err)
	}
	return nil
}

func (c *caller) lists() error {
	if c.old {
		return nil // 0.3 has no lists
	}
	page, err := c.client.ListTasks(c.ctx, &a2a.ListTasksRequest{ContextID: c.done.ContextID})
	if err != nil || len(page.Tasks) != 1 || page.Tasks[0].ID != c.done.ID {
		return fmt.Errorf("%+v, %w", page, err)
	}
	return nil
}

func (c *caller) streams() error {
	events, err := collect(c.client.SendStreamingMessage(c.ctx, &a2a.SendMessageRequest{Message: text("Hello")}))
	if err != nil {
		return err
	}
	if _, ok := events[0].(*a2a.Task); !ok {
		return fmt.Errorf("the stream begins with %T", events[0])
	}
	return ends(events, a2a.TaskStateCompleted)
}

func collect(stream iter.Seq2[a2a.Event, error]) (events []a2a.Event, err error) {
	for event, err := range stream {
		if err != nil {
			return nil, err
		}
		events = append(events, event)
	}
	if len(events) == 0 {
		return nil, errors.New("the stream is empty")
	}
	return events, nil
}

func ends(events []a2a.Event, state a2a.TaskState) error {
	last, ok := events[len(events)-1].(*a2a.TaskStatusUpdateEvent)
	if !ok || last.Status.State != state {
		return fmt.Errorf("the stream ends with %+v", events[len(events)-1])
	}
	return nil
}

func (c *caller) answers() error {
	task, err := c.asks()
	if err != nil {
		return err
	}
	answered, err := c.send(a2a.NewMessageForTask(a2a.MessageRoleUser, task, a2a.NewTextPart("the blue one")), false)
	if err != nil || answered.ID != task.ID {
		return fmt.Errorf("%+v, %w", answered, err)
	}
	return is(answered, a2a.TaskStateCompleted, "You mean the blue one")
}

func (c *caller) resubscribes() error {
	task, err := c.asks()
	if err != nil {
		return err
	}
	var events []a2a.Event
	for event, err := range c.client.SubscribeToTask(c.ctx, &a2a.SubscribeToTaskRequest{ID: task.ID}) {
		if err != nil {
			return err
		}
		if events = append(events, event); len(events) > 1 {
			continue
		}
		if _, err := c.send(a2a.NewMessageForTask(a2a.MessageRoleUser, task, a2a.NewTextPart("the red one")), true); err != nil {
			return err
		}
	}
	if len(events) == 0 {
		return errors.New("the stream is empty")
	}
	return ends(events, a2a.TaskStateCompleted)
}

func (c *caller) cancels() error {
	task, err := c.asks()
	if err != nil {
		return err
	}
	canceled, err := c.client.CancelTask(c.ctx, &a2a.CancelTaskRequest{ID: task.ID})
	if err != nil || canceled.Status.State != a2a.TaskStateCanceled {
		return fmt.Errorf("%+v, %w", canceled, err)
	}
	_, again := c.client.CancelTask(c.ctx, &a2a.CancelTaskRequest{ID: task.ID})
	_, more := c.send(a2a.NewMessageForTask(a2a.MessageRoleUser, task, a2a.NewTextPart("more")), false)
	return errors.Join(want(again, a2a.ErrTaskNotCancelable), want(more, a2a.ErrUnsupportedOperation))
}

// want says what is wrong with an error that should be one of the SDK's.
func want(got, kind error) error {
	if !errors.Is(got, kind) {
		return fmt.Errorf("the error is %v, want %v", got, kind)
	}
	return nil
}

func (c *caller) pushes() error {
	task, err := c.asks()
	if err != nil {
		return err
	}
	config := &a2a.PushConfig{TaskID: task.ID, ID: "mine", URL: c.Hook, Token: "told-go", Auth: &a2a.PushAuthInfo{Scheme: "Bearer", Credentials: "told-go"}}
	if set, err := c.client.CreateTaskPushConfig(c.ctx, config); err != nil || set.URL != c.Hook {
		return fmt.Errorf("%+v, %w", set, err)
	}
	if got, err := c.client.GetTaskPushConfig(c.ctx, &a2a.GetTaskPushConfigRequest{TaskID: task.ID, ID: "mine"}); err != nil || got.ID != "mine" {
		return fmt.Errorf("%+v, %w", got, err)
	}
	if list, err := c.client.ListTaskPushConfigs(c.ctx, &a2a.ListTaskPushConfigRequest{TaskID: task.ID}); err != nil || len(list) != 1 {
		return fmt.Errorf("%+v, %w", list, err)
	}
	if _, err := c.send(a2a.NewMessageForTask(a2a.MessageRoleUser, task, a2a.NewTextPart("the green one")), false); err != nil {
		return err
	}
	if task, err = c.asks(); err != nil {
		return err
	}
	if _, err := c.client.CreateTaskPushConfig(c.ctx, &a2a.PushConfig{TaskID: task.ID, ID: "gone", URL: c.Hook}); err != nil {
		return err
	}
	if err := c.client.DeleteTaskPushConfig(c.ctx, &a2a.DeleteTaskPushConfigRequest{TaskID: task.ID, ID: "gone"}); err != nil {
		return err
	}
	if list, err := c.client.ListTaskPushConfigs(c.ctx, &a2a.ListTaskPushConfigRequest{TaskID: task.ID}); err != nil || len(list) != 0 {
		return fmt.Errorf("%+v, %w", list, err)
	}
	_, err = c.client.CreateTaskPushConfig(c.ctx, &a2a.PushConfig{TaskID: task.ID, URL: "http://169.254.169.254/"})
	return want(err, a2a.ErrInvalidParams)
}

func (c *caller) errs() error {
	_, missing := c.client.GetTask(c.ctx, &a2a.GetTaskRequest{ID: "nothing"})
	_, stream := collect(c.client.SubscribeToTask(c.ctx, &a2a.SubscribeToTaskRequest{ID: "nothing"}))
	m := text("x")
	m.TaskID = "nothing"
	_, unknown := c.send(m, false)
	image := a2a.NewRawPart([]byte("x"))
	image.MediaType = "image/png"
	_, file := c.send(a2a.NewMessage(a2a.MessageRoleUser, image), false)
	errs := []error{want(missing, a2a.ErrTaskNotFound), want(unknown, a2a.ErrTaskNotFound), want(file, a2a.ErrUnsupportedContentType)}
	if c.old {
		errs = append(errs, want(stream, a2a.ErrTaskNotFound))
	} else if stream == nil || !strings.Contains(stream.Error(), "404") { // the SDK reads no body behind such a status
		errs = append(errs, fmt.Errorf("a stream of nothing: %v", stream))
	}
	return errors.Join(errs...)
}

func (c *caller) signs() error {
	_, other := c.as(c.Other, "").GetTask(c.ctx, &a2a.GetTaskRequest{ID: c.done.ID})
	_, nobody := c.as("wrong", "").GetTask(c.ctx, &a2a.GetTaskRequest{ID: c.done.ID})
	if nobody == nil || !strings.Contains(nobody.Error(), "401") {
		return fmt.Errorf("a wrong token: %v", nobody)
	}
	return want(other, a2a.ErrTaskNotFound)
}
