package endpoint

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aofctl/aofctl/internal/a2a"
	"github.com/aofctl/aofctl/internal/a2a/card"
	"github.com/aofctl/aofctl/internal/leak"
)

func TestMain(m *testing.M) { leak.Main(m) }

// double keeps tasks in memory, as a store would keep them: an event log for each,
// and everything by caller.
type double struct {
	mu      sync.Mutex
	logs    map[string]*log
	pushes  []a2a.PushConfig
	calls   []a2a.Call
	sent    []a2a.SendRequest
	follows int
	gets    int
	open    int
	// fails is what every operation returns, breaks what streams end with.
	fails, breaks error
	// answers makes Send answer with a message.
	answers *a2a.Message
	// token is what the authenticator handed on.
	token any
}

type log struct {
	owner  a2a.Caller
	task   a2a.Task
	events []a2a.Event
	news   chan struct{}
}

func newDouble() *double { return &double{logs: map[string]*log{}} }

func (d *double) enter(call a2a.Call) func() {
	d.mu.Lock()
	d.calls = append(d.calls, call)
	return d.mu.Unlock
}

func (d *double) Send(ctx context.Context, call a2a.Call, req a2a.SendRequest) (a2a.Reply, error) {
	defer d.enter(call)()
	d.token = ctx.Value(userToken{})
	d.sent = append(d.sent, req)
	if d.fails != nil || d.answers != nil {
		return a2a.Reply{Message: d.answers}, d.fails
	}
	if id := req.Message.TaskID; id != "" {
		l, err := d.find(call, id)
		if err != nil {
			return a2a.Reply{}, err
		}
		return a2a.Reply{Task: snapshot(l)}, nil
	}
	id := fmt.Sprintf("t-%d", len(d.logs)+1)
	message := req.Message
	message.TaskID, message.ContextID = id, "c-"+id
	l := &log{owner: call.Caller, news: make(chan struct{}), task: a2a.Task{
		ID: id, ContextID: "c-" + id, Status: a2a.Status{State: a2a.Submitted}, History: []a2a.Message{message}, Seq: 1,
	}}
	l.events = []a2a.Event{{Seq: 1, Task: snapshot(l)}}
	d.logs[id] = l
	return a2a.Reply{Task: snapshot(l)}, nil
}

func snapshot(l *log) *a2a.Task {
	t := l.task
	t.Artifacts, t.History = slices.Clone(t.Artifacts), slices.Clone(t.History)
	return &t
}

func (d *double) find(call a2a.Call, id string) (*log, error) {
	l, ok := d.logs[id]
	switch {
	case d.fails != nil:
		return nil, d.fails
	case !ok || l.owner != call.Caller:
		return nil, a2a.TaskNotFound(id)
	}
	return l, nil
}

func (d *double) Get(_ context.Context, call a2a.Call, req a2a.GetRequest) (a2a.Task, error) {
	defer d.enter(call)()
	d.gets++
	l, err := d.find(call, req.ID)
	if err != nil {
		return a2a.Task{}, err
	}
	return *snapshot(l), nil
}

func (d *double) List(_ context.Context, call a2a.Call, req a2a.ListRequest) (a2a.Page, error) {
	defer d.enter(call)()
	var page a2a.Page
	for _, l := range d.logs {
		if l.owner == call.Caller && (req.State == "" || req.State == l.task.Status.State) {
			page.Tasks = append(page.Tasks, *snapshot(l))
		}
	}
	slices.SortFunc(page.Tasks, func(a, b a2a.Task) int { return strings.Compare(b.ID, a.ID) })
	page.Total = len(page.Tasks)
	if len(page.Tasks) > req.PageSize {
		page.Tasks = page.Tasks[:req.PageSize]
		page.Next = a2a.Cursor{ID: page.Tasks[req.PageSize-1].ID}
	}
	return page, d.fails
}

func (d *double) Cancel(_ context.Context, call a2a.Call, req a2a.CancelRequest) (a2a.Task, error) {
	defer d.enter(call)()
	l, err := d.find(call, req.ID)
	if err != nil {
		return a2a.Task{}, err
	}
	if s := l.task.Status.State; s.Terminal() {
		return a2a.Task{}, a2a.NotCancelable(req.ID, s)
	}
	d.put(l, statusEvent(a2a.Canceled, "Canceled at the user's request."))
	return *snapshot(l), nil
}

func (d *double) Follow(_ context.Context, call a2a.Call, id string, after int64) (a2a.Stream, error) {
	defer d.enter(call)()
	d.follows++
	l, err := d.find(call, id)
	if err != nil {
		return nil, err
	}
	d.open++
	return &reader{double: d, log: l, at: after}, nil
}

// put adds an event; the lock is held.
func (d *double) put(l *log, e a2a.Event) {
	e.Seq = int64(len(l.events) + 1)
	if err := l.task.Apply(e); err != nil {
		panic(err) // a mistake of the test
	}
	l.events = append(l.events, e)
	close(l.news)
	l.news = make(chan struct{})
}

// emit adds an event to a task.
func (d *double) emit(id string, e a2a.Event) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.put(d.logs[id], e)
}

type reader struct {
	*double
	log *log
	at  int64
}

func (r *reader) Next(ctx context.Context) (a2a.Event, error) {
	for {
		r.mu.Lock()
		news, broken, ended := r.log.news, r.breaks, r.log.task.Status.State.Terminal()
		var next *a2a.Event
		if int(r.at) < len(r.log.events) {
			next = &r.log.events[r.at]
		}
		r.mu.Unlock()
		switch {
		case next != nil:
			r.at++
			return *next, nil
		case broken != nil:
			return a2a.Event{}, broken
		case ended:
			return a2a.Event{}, io.EOF
		}
		select {
		case <-news:
		case <-ctx.Done():
			return a2a.Event{}, ctx.Err()
		}
	}
}

func (r *reader) Close() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.open--
}

func (d *double) SetPush(_ context.Context, call a2a.Call, c a2a.PushConfig) (a2a.PushConfig, error) {
	defer d.enter(call)()
	if _, err := d.find(call, c.TaskID); err != nil {
		return c, err
	}
	if c.ID == "" {
		c.ID = fmt.Sprintf("p-%d", len(d.pushes)+1)
	}
	d.pushes = append(d.pushes, c)
	return c, nil
}

func (d *double) GetPush(_ context.Context, call a2a.Call, task, id string) (a2a.PushConfig, error) {
	defer d.enter(call)()
	for _, c := range d.pushes {
		if c.TaskID == task && (id == "" || c.ID == id) {
			return c, nil
		}
	}
	return a2a.PushConfig{}, a2a.TaskNotFound(task)
}

func (d *double) ListPush(_ context.Context, call a2a.Call, task string) ([]a2a.PushConfig, error) {
	defer d.enter(call)()
	var list []a2a.PushConfig
	for _, c := range d.pushes {
		if c.TaskID == task {
			list = append(list, c)
		}
	}
	return list, nil
}

func (d *double) DeletePush(_ context.Context, call a2a.Call, task, id string) error {
	defer d.enter(call)()
	d.pushes = slices.DeleteFunc(d.pushes, func(c a2a.PushConfig) bool { return c.TaskID == task && c.ID == id })
	return nil
}

func statusEvent(s a2a.State, text string) a2a.Event {
	u := &a2a.StatusUpdate{TaskID: "t-1", ContextID: "c-t-1", Status: a2a.Status{State: s}}
	if text != "" {
		u.Status.Message = &a2a.Message{ID: "m", Role: a2a.Agent, Parts: []a2a.Part{a2a.TextOf(text)}}
	}
	return a2a.Event{Status: u}
}

func chunkEvent(text string, more bool) a2a.Event {
	return a2a.Event{Artifact: &a2a.ArtifactUpdate{
		TaskID: "t-1", ContextID: "c-t-1", Artifact: a2a.Artifact{ID: "a", Parts: []a2a.Part{a2a.TextOf(text)}}, Append: more,
	}}
}

// byHeader takes the header Authorization for what it says: "jira ann" is a user
// of Jira, "plain x" a token, anything else nobody.
type byHeader struct{}

type userToken struct{}

func (byHeader) Authenticate(r *http.Request) (context.Context, a2a.Caller, error) {
	kind, name, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	ctx := context.WithValue(r.Context(), userToken{}, "token of "+name)
	switch kind {
	case "jira":
		return ctx, a2a.Caller{Jira: true, Installation: "i-1", Account: name}, nil
	case "plain":
		return ctx, a2a.Caller{Installation: name}, nil
	case "keyless":
		return nil, a2a.Caller{}, &a2a.Refusal{Status: 503, Message: "The keys are not there yet", RetryAfter: 1500 * time.Millisecond}
	case "broken":
		return nil, a2a.Caller{}, io.ErrUnexpectedEOF
	}
	return nil, a2a.Caller{}, &a2a.Refusal{Status: 401, Message: "Sign in", Challenge: "Bearer", Cause: io.EOF}
}

// deck has one agent without a name and one with, which offers nothing optional.
type deck struct{}

func (deck) Card(agent string) (card.Card, bool) {
	c := card.Card{Name: "Default", URL: "https://x/a2a/json-rpc", Streaming: true, Push: true, Extended: true, InputModes: []string{"text/*", "application/json"}}
	if agent == "plain" {
		c = card.Card{Name: "Plain"}
	}
	return c, agent == "" || agent == "plain"
}

func (deck) Extended(_ context.Context, call a2a.Call) (card.Card, bool) {
	return card.Card{Name: "More"}, call.Caller.Installation != "little"
}

// client speaks to an endpoint as one caller.
type client struct {
	t       testing.TB
	e       *Endpoint
	who     string
	header  http.Header
	path    string
	handler http.Handler
}

func newClient(t testing.TB, d *double, who string, opts Options) *client {
	e := New(byHeader{}, d, d, deck{}, opts)
	t.Cleanup(e.Close)
	return &client{t: t, e: e, who: who, header: http.Header{}, path: "/a2a/json-rpc", handler: mux(e)}
}

func mux(e *Endpoint) http.Handler {
	m := http.NewServeMux()
	for path, h := range e.Routes() {
		m.Handle(path, h)
	}
	return m
}

func (c *client) as(who string) *client {
	other := *c
	other.who, other.header = who, http.Header{}
	return &other
}

func (c *client) request(body string) *http.Request {
	r := httptest.NewRequest(http.MethodPost, c.path, strings.NewReader(body))
	r.Header = c.header.Clone()
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Authorization", c.who)
	return r
}

func (c *client) post(body string) *httptest.ResponseRecorder {
	c.t.Helper()
	w := httptest.NewRecorder()
	c.handler.ServeHTTP(w, c.request(body))
	return w
}

// call posts a request with the id 1 and returns what follows the envelope's
// beginning.
func (c *client) call(method, params string) string {
	c.t.Helper()
	w := c.post(`{"jsonrpc":"2.0","id":1,"method":"` + method + `","params":` + params + `}`)
	body, ok := strings.CutPrefix(w.Body.String(), `{"jsonrpc":"2.0","id":1,`)
	if !ok || w.Code != http.StatusOK || w.Header().Get("Content-Type") != "application/json" {
		c.t.Errorf("%s: %d %v %s", method, w.Code, w.Header(), w.Body)
	}
	return body
}

// stream posts a request and returns the data of the stream's events without
// their envelopes.
func (c *client) stream(method, params string) []string {
	c.t.Helper()
	w := c.post(`{"jsonrpc":"2.0","id":"s","method":"` + method + `","params":` + params + `}`)
	return c.events(w)
}

func (c *client) events(w *httptest.ResponseRecorder) []string {
	c.t.Helper()
	if w.Code != http.StatusOK || w.Header().Get("Content-Type") != "text/event-stream" {
		c.t.Fatalf("%d %v %s", w.Code, w.Header(), w.Body)
	}
	var list []string
	for line := range bytes.Lines(w.Body.Bytes()) {
		if data, ok := strings.CutPrefix(strings.TrimSpace(string(line)), `data: {"jsonrpc":"2.0","id":"s","result":`); ok {
			list = append(list, strings.TrimSuffix(data, "}"))
		}
	}
	return list
}

const hello = `{"message":{"messageId":"m-1","role":"user","parts":[{"text":"Hello"}]}}`
