package rovo

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aofctl/aofctl/internal/a2a"
	"github.com/aofctl/aofctl/internal/a2a/card"
	"github.com/aofctl/aofctl/internal/a2a/client"
	"github.com/aofctl/aofctl/internal/a2a/endpoint"
	"github.com/aofctl/aofctl/internal/forge/fit"
	"github.com/aofctl/aofctl/internal/leak"
	"github.com/aofctl/aofctl/internal/sandbox/jira"
)

func TestMain(m *testing.M) { leak.Main(m) }

// patience bounds every wait of a test.
const patience = 2 * time.Minute

// stage is a platform with a remote that keeps its tasks in memory.
type stage struct {
	t      *testing.T
	rovo   *Server
	tasks  *tasks
	remote *remote
	acme   *Tenant
	globex *Tenant
	ctx    context.Context
}

func newStage(t *testing.T, opts Options) *stage {
	t.Helper()
	web := httptest.NewUnstartedServer(nil)
	web.Start()
	t.Cleanup(web.Close)
	opts.BaseURL = web.URL
	if opts.Poll == 0 {
		opts.Poll = time.Millisecond
	}
	s := New(opts)
	web.Config.Handler = s
	st := &stage{t: t, rovo: s, tasks: newTasks()}
	st.acme, st.globex = s.AddTenant("acme", newSite(t, web.URL, "11111111-1111-4111-8111-111111111111")),
		s.AddTenant("globex", newSite(t, web.URL, "22222222-2222-4222-8222-222222222222"))
	v, err := fit.New(fit.Config{AppID: s.App().ID, KeysURL: s.JWKSURL(), Gateways: []string{web.URL}, Carrier: s.opts.Client.Transport})
	if err != nil {
		t.Fatal(err)
	}
	st.remote = newRemote(t, v, st.tasks)
	s.SetRemote(st.remote.url)
	t.Cleanup(s.opts.Client.CloseIdleConnections)
	ctx, stop := context.WithTimeout(t.Context(), patience)
	t.Cleanup(stop)
	st.ctx = ctx
	return st
}

func newSite(t *testing.T, root, cloudID string) *jira.Server {
	t.Helper()
	site, err := jira.New(jira.Options{BaseURL: root, CloudID: cloudID, Seed: jira.Seed{Issues: []jira.NewIssue{
		{Project: "PROJ", Summary: "QA checkout flow", Description: "Review it."}, {Project: "FEAT", Summary: "Single sign-on"},
	}}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(site.Close)
	return site
}

// clean checks that nothing was wrong in the answers.
func (st *stage) clean() {
	st.t.Helper()
	for _, v := range st.rovo.Violations() {
		st.t.Errorf("violation: %s", v)
	}
}

// remote is a daemon without anything behind its endpoint.
type remote struct {
	url string
	mu  sync.Mutex
	// events are the bodies that came to paths of the life cycle, answer what they are
	// answered with, in order; 204 after that.
	events  []string
	paths   []string
	answers []int
	// edit changes answers of the endpoint.
	edit func(body string) string
	// hold delays the answers of events.
	hold chan struct{}
}

func newRemote(t *testing.T, v *fit.Verifier, work *tasks) *remote {
	r := &remote{}
	e := endpoint.New(signedIn{v}, work, nil, deck{}, endpoint.Options{})
	mux := http.NewServeMux()
	for path, h := range e.Routes() {
		mux.Handle(path, h)
	}
	mux.HandleFunc("/atlassian/", func(w http.ResponseWriter, req *http.Request) { r.event(w, req, v) })
	web := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		r.mu.Lock()
		edit := r.edit
		r.mu.Unlock()
		if edit != nil {
			w = &editor{ResponseWriter: w, edit: edit}
		}
		mux.ServeHTTP(w, req)
	}))
	t.Cleanup(func() {
		e.Close()
		web.CloseClientConnections()
		web.Close()
	})
	r.url = web.URL
	return r
}

func (r *remote) event(w http.ResponseWriter, req *http.Request, v *fit.Verifier) {
	token, _ := strings.CutPrefix(req.Header.Get("Authorization"), "Bearer ")
	claims, err := v.Verify(req.Context(), token)
	if err != nil {
		http.Error(w, err.Error(), http.StatusUnauthorized)
		return
	}
	body, _ := io.ReadAll(req.Body)
	r.mu.Lock()
	r.events, r.paths = append(r.events, string(body)), append(r.paths, req.URL.Path+" "+claims.Module.Key+" "+claims.Account)
	status, hold := http.StatusNoContent, r.hold
	if len(r.answers) > 0 {
		status, r.answers = r.answers[0], r.answers[1:]
	}
	r.mu.Unlock()
	if hold != nil {
		select {
		case <-hold:
		case <-req.Context().Done():
			return
		}
	}
	w.WriteHeader(status)
}

// corrupt changes what the endpoint answers from now on.
func (r *remote) corrupt(edit func(string) string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.edit = edit
}

// editor changes what goes through it.
type editor struct {
	http.ResponseWriter
	edit func(string) string
}

func (e *editor) Write(b []byte) (int, error) {
	e.Header().Del("Content-Length")
	_, err := e.ResponseWriter.Write([]byte(e.edit(string(b))))
	return len(b), err
}

func (e *editor) WriteHeader(status int) {
	e.Header().Del("Content-Length")
	e.ResponseWriter.WriteHeader(status)
}

func (e *editor) Unwrap() http.ResponseWriter { return e.ResponseWriter }

type signedIn struct{ *fit.Verifier }

func (s signedIn) Authenticate(r *http.Request) (context.Context, a2a.Caller, error) {
	token, _ := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	claims, err := s.Verify(r.Context(), token)
	if err != nil {
		return nil, a2a.Caller{}, fit.Refuse(err)
	}
	return r.Context(), a2a.Caller{Jira: true, Installation: claims.Installation, Account: claims.Account}, nil
}

type deck struct{}

func (deck) Card(string) (card.Card, bool) { return card.Card{Name: "Agent", Streaming: true}, true }
func (deck) Extended(context.Context, a2a.Call) (card.Card, bool) {
	return card.Card{}, false
}

// tasks keeps tasks in memory, each with its events.
type tasks struct {
	mu   sync.Mutex
	all  map[string]*kept
	byID []string
	sent []a2a.Message
	// reply answers with a message in place of a task.
	reply string
}

type kept struct {
	owner a2a.Caller
	task  a2a.Task
	log   []a2a.Event
	news  chan struct{}
}

func newTasks() *tasks { return &tasks{all: map[string]*kept{}} }

func (ts *tasks) Send(_ context.Context, call a2a.Call, req a2a.SendRequest) (a2a.Reply, error) {
	ts.mu.Lock()
	defer ts.mu.Unlock()
	ts.sent = append(ts.sent, req.Message)
	if ts.reply != "" {
		return a2a.Reply{Message: &a2a.Message{ID: "r", Role: a2a.Agent, Parts: []a2a.Part{a2a.TextOf(ts.reply)}}}, nil
	}
	context := req.Message.ContextID
	for _, id := range ts.byID {
		k := ts.all[id]
		if context != "" && k.task.ContextID == context && k.owner == call.Caller && !k.task.Status.State.Terminal() {
			ts.put(k, a2a.Working, "Thanks.")
			return a2a.Reply{Task: copied(k)}, nil
		}
	}
	if context == "" {
		context = client.NewID()
	} else if !ts.knows(call.Caller, context) {
		return a2a.Reply{}, a2a.ContextNotFound(context)
	}
	k := &kept{owner: call.Caller, news: make(chan struct{})}
	k.task = a2a.Task{ID: client.NewID(), ContextID: context}
	k.task.Status = status(k, a2a.Submitted, "I have it.")
	k.task.Seq = 1
	k.log = []a2a.Event{{Seq: 1, Task: copied(k)}}
	ts.all[k.task.ID] = k
	ts.byID = append(ts.byID, k.task.ID)
	return a2a.Reply{Task: copied(k)}, nil
}

func (ts *tasks) knows(c a2a.Caller, context string) bool {
	for _, k := range ts.all {
		if k.task.ContextID == context && k.owner == c {
			return true
		}
	}
	return false
}

func copied(k *kept) *a2a.Task {
	t := k.task
	return &t
}

func status(k *kept, s a2a.State, text string) a2a.Status {
	out := a2a.Status{State: s, Time: time.Unix(1763716800, 0)}
	if text != "" {
		out.Message = &a2a.Message{
			ID: client.NewID(), Role: a2a.Agent, Parts: []a2a.Part{a2a.TextOf(text)}, TaskID: k.task.ID, ContextID: k.task.ContextID,
		}
	}
	return out
}

// put changes the status; the lock is held.
func (ts *tasks) put(k *kept, s a2a.State, text string) {
	ts.add(k, a2a.Event{Status: &a2a.StatusUpdate{TaskID: k.task.ID, ContextID: k.task.ContextID, Status: status(k, s, text)}})
}

func (ts *tasks) add(k *kept, e a2a.Event) {
	e.Seq = int64(len(k.log) + 1)
	if err := k.task.Apply(e); err != nil {
		panic(err) // a mistake of the test
	}
	k.log = append(k.log, e)
	close(k.news)
	k.news = make(chan struct{})
}

// move changes the status of the task with the number, from 0.
func (ts *tasks) move(n int, s a2a.State, text string) {
	ts.mu.Lock()
	defer ts.mu.Unlock()
	ts.put(ts.all[ts.byID[n]], s, text)
}

func (ts *tasks) chunk(n int, text string, more bool) {
	ts.mu.Lock()
	defer ts.mu.Unlock()
	k := ts.all[ts.byID[n]]
	ts.add(k, a2a.Event{Artifact: &a2a.ArtifactUpdate{
		TaskID: k.task.ID, ContextID: k.task.ContextID, Append: more, Artifact: a2a.Artifact{ID: "a", Parts: []a2a.Part{a2a.TextOf(text)}},
	}})
}

func (ts *tasks) find(c a2a.Caller, id string) (*kept, error) {
	if k := ts.all[id]; k != nil && k.owner == c {
		return k, nil
	}
	return nil, a2a.TaskNotFound(id)
}

func (ts *tasks) Get(_ context.Context, call a2a.Call, req a2a.GetRequest) (a2a.Task, error) {
	ts.mu.Lock()
	defer ts.mu.Unlock()
	k, err := ts.find(call.Caller, req.ID)
	if err != nil {
		return a2a.Task{}, err
	}
	return *copied(k), nil
}

func (ts *tasks) List(context.Context, a2a.Call, a2a.ListRequest) (a2a.Page, error) {
	return a2a.Page{}, fmt.Errorf("nobody lists")
}

func (ts *tasks) Cancel(_ context.Context, call a2a.Call, req a2a.CancelRequest) (a2a.Task, error) {
	ts.mu.Lock()
	defer ts.mu.Unlock()
	k, err := ts.find(call.Caller, req.ID)
	switch {
	case err != nil:
		return a2a.Task{}, err
	case k.task.Status.State.Terminal():
		return a2a.Task{}, a2a.NotCancelable(req.ID, k.task.Status.State)
	}
	ts.put(k, a2a.Canceled, "Canceled at the user's request.")
	return *copied(k), nil
}

func (ts *tasks) Follow(_ context.Context, call a2a.Call, id string, after int64) (a2a.Stream, error) {
	ts.mu.Lock()
	defer ts.mu.Unlock()
	k, err := ts.find(call.Caller, id)
	if err != nil {
		return nil, err
	}
	return &following{ts: ts, kept: k, at: after}, nil
}

type following struct {
	ts   *tasks
	kept *kept
	at   int64
}

func (f *following) Next(ctx context.Context) (a2a.Event, error) {
	for {
		f.ts.mu.Lock()
		news, ended := f.kept.news, f.kept.task.Status.State.Terminal()
		if int(f.at) < len(f.kept.log) {
			e := f.kept.log[f.at]
			f.at++
			f.ts.mu.Unlock()
			return e, nil
		}
		f.ts.mu.Unlock()
		if ended {
			return a2a.Event{}, io.EOF
		}
		select {
		case <-news:
		case <-ctx.Done():
			return a2a.Event{}, ctx.Err()
		}
	}
}

func (f *following) Close() {}
