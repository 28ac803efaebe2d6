package app

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aofctl/aofctl/internal/a2a"
	"github.com/aofctl/aofctl/internal/a2a/duty"
	"github.com/aofctl/aofctl/internal/agent"
	"github.com/aofctl/aofctl/internal/approval"
	"github.com/aofctl/aofctl/internal/fleet"
	"github.com/aofctl/aofctl/internal/flow"
	"github.com/aofctl/aofctl/internal/gate"
	"github.com/aofctl/aofctl/internal/llm"
	"github.com/aofctl/aofctl/internal/manifest"
	"github.com/aofctl/aofctl/internal/policy"
	"github.com/aofctl/aofctl/internal/run"
	"github.com/aofctl/aofctl/internal/step"
	"github.com/aofctl/aofctl/internal/step/steptest"
	"github.com/aofctl/aofctl/internal/store"
	"github.com/aofctl/aofctl/internal/tool"
)

// actor is a model that answers by how far its conversation is, so that it says the
// same when it is asked again.
type actor struct {
	mu sync.Mutex
	// lines are the answers by the model's name.
	lines map[string][]llm.Message
	asked map[string][]llm.Request
	// during is called while the model is asked.
	during func(model string, turn int)
}

type part struct {
	*actor
	name string
}

func (a *actor) Open(ref string) (llm.Model, error) { return part{a, ref}, nil }

func (p part) Complete(_ context.Context, req llm.Request) (llm.Response, error) {
	turn := 0
	for _, m := range req.Messages {
		if m.Role == llm.Assistant {
			turn++
		}
	}
	if p.during != nil {
		p.during(p.name, turn)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.asked == nil {
		p.asked = map[string][]llm.Request{}
	}
	p.asked[p.name] = append(p.asked[p.name], req)
	if turn >= len(p.lines[p.name]) {
		return llm.Response{}, fmt.Errorf("%s has no line %d", p.name, turn)
	}
	return llm.Response{Message: p.lines[p.name][turn], Usage: llm.Usage{In: 1, Out: 1}, Model: p.name}, nil
}

func speaks(text string) llm.Message { return llm.Message{Role: llm.Assistant, Text: text} }

func wants(reason, name, args string) llm.Message {
	return llm.Message{Role: llm.Assistant, Text: reason, ToolCalls: []llm.ToolCall{{ID: "c-" + name, Name: name, Args: json.RawMessage(args)}}}
}

// device is a tool that remembers its calls; one with the id of an earlier call is
// the same call.
type device struct {
	name   string
	access tool.Access
	err    func(tries int) error
	tries  int
	// refused is what a refusal says, which the model is told; "" refuses nothing.
	refused string
	mu      sync.Mutex
	calls   []tool.Call
}

func (d *device) Spec() tool.Spec {
	return tool.Spec{Name: d.name, Toolset: "jira", Description: "Does it.", Access: d.access, Comments: d.name == "jira_post_comment",
		Parameters: json.RawMessage(`{"type":"object","properties":{"issue_key":{"type":"string"},"body":{"type":"string"}},"required":["issue_key"]}`)}
}

func (*device) Targets(args json.RawMessage) (tool.Targets, error) {
	var a struct {
		Key string `json:"issue_key"`
	}
	err := json.Unmarshal(args, &a)
	project, _, _ := strings.Cut(a.Key, "-")
	return tool.Targets{Projects: []string{project}, Issues: []string{a.Key}}, err
}

func (d *device) Call(_ context.Context, call tool.Call) (tool.Result, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.err != nil {
		d.tries++
		if err := d.err(d.tries); err != nil {
			return tool.Result{}, err
		}
	}
	if d.refused != "" {
		return tool.Result{Text: d.refused, Failed: true}, nil
	}
	for _, before := range d.calls {
		if before.ID == call.ID {
			return tool.Result{Text: "Done.", Target: "AW26-11"}, nil
		}
	}
	d.calls = append(d.calls, call)
	return tool.Result{Text: "Done.", Target: "AW26-11"}, nil
}

// bodies are the texts that were written.
func (d *device) bodies() []string {
	var list []string
	for _, c := range d.calls {
		var a struct{ Body string }
		_ = json.Unmarshal(c.Args, &a)
		list = append(list, a.Body)
	}
	return list
}

// relay are tasks in the store whose signals also reach a run in memory.
type relay struct {
	*store.Store
	run  *steptest.Run
	mu   sync.Mutex
	open map[string]string
}

func (r *relay) AskTask(ctx context.Context, task, key, signal string, status a2a.Status) (*a2a.Message, error) {
	answer, err := r.Store.AskTask(ctx, task, key, signal, status)
	r.note(answer, err, key, signal)
	return answer, err
}

func (r *relay) AskTaskAnew(ctx context.Context, task, key, signal string, status a2a.Status) (*a2a.Message, error) {
	answer, err := r.Store.AskTaskAnew(ctx, task, key, signal, status)
	r.note(answer, err, key, signal)
	return answer, err
}

// note remembers a question that is open.
func (r *relay) note(answer *a2a.Message, err error, key, signal string) {
	if err == nil && answer == nil {
		r.mu.Lock()
		r.open[key] = signal
		r.mu.Unlock()
	}
}

// answer hands on what was answered.
func (r *relay) answer(t *testing.T, task string) {
	t.Helper()
	r.mu.Lock()
	defer r.mu.Unlock()
	for key, signal := range r.open {
		m, err := r.Store.AskTask(t.Context(), task, key, signal, a2a.Status{State: a2a.InputRequired})
		if err != nil {
			t.Fatal(err)
		}
		if m != nil {
			body, err := json.Marshal(m)
			if err != nil {
				t.Fatal(err)
			}
			delete(r.open, key)
			r.run.Signal(signal, body)
		}
	}
}

// Decide implements approval.Store.
func (r *relay) Decide(ctx context.Context, code string, d store.Decision) (store.Approval, bool, error) {
	a, ours, err := r.Store.Decide(ctx, code, d)
	if err == nil && ours && d.Signal != "" {
		r.run.Signal(d.Signal, d.Body)
	}
	return a, ours, err
}

// office is a task with all that works on it.
type office struct {
	t       *testing.T
	store   *store.Store
	relay   *relay
	run     *steptest.Run
	model   *actor
	read    *device
	comment *device
	update  *device
	desk    *approval.Desk
	task    run.Task
	exec    run.Executor
	caller  a2a.Call
	context string
	sent    int
	codes   int
}

const helper = `kind: Agent
metadata: {name: cursor}
spec:
  model: p:m
  instructions: Help with {{ metadata.issue_key }}.
  tools: [jira_get_issue, jira_post_comment, ask_user]
`

var jiraCaller = a2a.Call{Caller: a2a.Caller{Jira: true, Installation: "i-1", Account: "22222"}} //nolint:gochecknoglobals // a constant

// newOffice begins a task with a message.
func newOffice(t *testing.T, call a2a.Call, first a2a.Message, lines ...llm.Message) *office {
	t.Helper()
	s, err := store.Open(t.Context(), t.TempDir(), nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	o := &office{t: t, store: s, caller: call, model: &actor{lines: map[string][]llm.Message{"p:m": lines}},
		read: &device{name: "jira_get_issue", access: tool.Read}, comment: &device{name: "jira_post_comment", access: tool.Write},
		update: &device{name: "jira_update_issue", access: tool.Write}}
	o.begin(first)
	o.useAgent(helper)
	return o
}

// begin begins a task, in the context that the office has.
func (o *office) begin(first a2a.Message) {
	o.t.Helper()
	o.sent++
	id := fmt.Sprintf("t%d", o.sent)
	if o.context == "" {
		o.context = "c1"
	} else {
		first.ContextID = o.context
	}
	ev := duty.Event(o.caller, first, duty.Place{Site: "main", Time: time.Unix(1_800_000_000, 0)})
	if ev.IssueID != "" {
		ev.Learn(map[string]any{"issue_key": "AW26-11", "project_key": "AW26"})
	}
	ref := run.TaskRef{ID: id, Context: o.context}
	if o.caller.Caller.Jira {
		ref.OnBehalf = tool.OnBehalf{Installation: "i-1", Account: "22222", CloudID: "c", APIBase: "https://api.atlassian.com/ex/jira/c"}
	}
	r, err := run.ForTask(run.TaskOrder{ID: "run-" + id, Task: ref, Event: ev, Target: manifest.Target{Kind: manifest.TargetAgent, Name: "cursor"},
		Revision: "r", Catalog: "c", Site: "main", Seed: "seed"})
	if err != nil {
		o.t.Fatal(err)
	}
	if first.ID == "" {
		first.ID = "m-" + id
	}
	to, err := o.store.Deliver(o.t.Context(), store.Incoming{Owner: o.owner(), Message: first, New: &store.NewTask{ID: id, ContextID: o.context, Call: o.caller,
		Run: &r, Revisions: []store.Revision{{Revision: "r", Kind: "agent", Name: "cursor", Text: helper}}}})
	if err != nil || to.New == nil {
		o.t.Fatalf("%+v: %v", to, err)
	}
	work := run.Work{Event: *ev, Seed: "seed", Site: "main", Task: &ref}
	o.run = &steptest.Run{Name: r.ID}
	o.relay = &relay{Store: o.store, run: o.run, open: map[string]string{}}
	o.desk = approval.New(approval.Config{Store: o.relay, Code: o.code})
	o.task = run.Task{Run: r, Work: work, Manifest: helper, Source: "agents/cursor.yaml"}
}

// code is that of the next question.
func (o *office) code() string {
	o.codes++
	if o.codes == 1 {
		return "K7QX2M"
	}
	return fmt.Sprintf("K7QX%02d", o.codes)
}

func (o *office) owner() store.TaskOwner {
	return store.TaskOwner{Installation: o.caller.Caller.Installation, Account: o.caller.Caller.Account}
}

// runner does the work of agents.
func (o *office) runner() (*agent.Runner, *gate.Gate, *tool.Registry) {
	o.t.Helper()
	registry, err := tool.NewRegistry(o.read, o.comment, o.update)
	if err != nil {
		o.t.Fatal(err)
	}
	calls := gate.New(policy.New(policy.Config{Tools: registry, Secrets: []string{"the-secret-token"}}), o.desk)
	return agent.New(o.model, calls, registry), calls, registry
}

func (o *office) useAgent(text string) {
	o.t.Helper()
	runner, _, _ := o.runner()
	o.task.Manifest, o.task.Run.Revision = text, text
	o.exec = newAgentExecutor(runner, manifest.Known{})
}

// useFleet has a fleet of the models a and b work on the task.
func (o *office) useFleet(mode manifest.FleetMode) {
	o.t.Helper()
	f := &manifest.Fleet{Meta: manifest.Meta{Name: "cursor"}, Mode: mode, Output: manifest.OutputComment}
	cat := &manifest.Catalog{Fleets: map[string]*manifest.Fleet{"cursor": f}, Agents: map[string]*manifest.Agent{}}
	for _, name := range []string{"a", "b"} {
		cat.Agents[name] = &manifest.Agent{Meta: manifest.Meta{Name: name}, Model: "p:" + name, Instructions: "You are " + name + ".",
			Tools: []string{"jira_get_issue", "ask_user"}, Output: manifest.OutputComment, Writes: manifest.WritesDirect, MaxIterations: 5}
		f.Members = append(f.Members, manifest.FleetMember{Name: name, Agent: name, Replicas: 1, Tier: 1, Weight: 1})
	}
	runner, _, _ := o.runner()
	e := newFleetExecutor(fleet.New(runner), manifest.Known{}, o.steps)
	e.bundles = &parsed[*manifest.Catalog]{read: func(run.Task) (*manifest.Catalog, manifest.Problems) { return cat, nil }}
	o.exec = e
}

// useFlow has a flow work on the task: an agent, and an approval before the end.
func (o *office) useFlow(nodes []manifest.FlowNode, ways ...string) {
	o.t.Helper()
	f := &manifest.Flow{Meta: manifest.Meta{Name: "cursor"}, Output: manifest.OutputComment, Writes: manifest.WritesDirect}
	f.Nodes = nodes
	for _, way := range ways {
		from, to, _ := strings.Cut(way, " ")
		f.Connections = append(f.Connections, manifest.FlowConnection{From: from, To: to})
	}
	cat := &manifest.Catalog{Flows: map[string]*manifest.Flow{"cursor": f}, Agents: map[string]*manifest.Agent{}}
	runner, calls, registry := o.runner()
	e := newFlowExecutor(flow.New(flow.Config{Agents: runner, Gate: calls, Tools: registry}), runner, manifest.Known{}, o.steps)
	e.bundles = &parsed[*manifest.Catalog]{read: func(run.Task) (*manifest.Catalog, manifest.Problems) { return cat, nil }}
	o.exec = e
}

func (o *office) steps(context.Context, string) ([]step.Entry, error) { return o.run.Entries(), nil }

// play does one turn of the run.
func (o *office) play() error {
	o.t.Helper()
	return o.run.Play(o.t.Context(), func(ctx context.Context, journal step.Journal) error {
		ctx, journal = attend(o.relay, o.desk)(ctx, o.task, journal)
		_, err := o.exec.Execute(ctx, o.task, journal)
		return err
	})
}

// finish does the run, which is to come to its end.
func (o *office) finish() {
	o.t.Helper()
	if err := o.play(); err != nil {
		o.t.Fatal(err)
	}
}

// rest does the run until it waits.
func (o *office) rest() {
	o.t.Helper()
	if err := o.play(); !errors.Is(err, step.ErrWaiting) {
		o.t.Fatalf("the run does not wait: %v", err)
	}
}

// say has the user say something in the task.
func (o *office) say(text string) {
	o.t.Helper()
	o.sent++
	m := a2a.Message{ID: fmt.Sprintf("s-%d", o.sent), Role: a2a.User, ContextID: o.context, Parts: []a2a.Part{a2a.TextOf(text)}}
	if _, err := o.store.Deliver(o.t.Context(), store.Incoming{Owner: o.owner(), Message: m}); err != nil {
		o.t.Fatal(err)
	}
	o.relay.answer(o.t, o.task.Work.Task.ID)
}

// now is the task as its user sees it.
func (o *office) now() a2a.Task {
	o.t.Helper()
	task, err := o.store.Task(context.Background(), o.owner(), o.task.Work.Task.ID, store.TaskView{History: a2a.AllHistory, Artifacts: true})
	if err != nil {
		o.t.Fatal(err)
	}
	return task
}

// is checks where the task stands.
func (o *office) is(state a2a.State, text string) {
	o.t.Helper()
	s := o.now().Status
	got := ""
	if s.Message != nil {
		got = s.Message.Text()
	}
	if s.State != state || !strings.Contains(got, text) {
		o.t.Errorf("the task is %s: %q; want %s: %q", s.State, got, state, text)
	}
}

// told are the texts that the user was told, in order.
func (o *office) told() []string {
	o.t.Helper()
	events, err := o.store.TaskEvents(context.Background(), o.task.Work.Task.ID, 0, 1000)
	if err != nil {
		o.t.Fatal(err)
	}
	var list []string
	for _, e := range events {
		if e.Status != nil && e.Status.Status.Message != nil {
			list = append(list, string(e.Status.Status.State)+": "+e.Status.Status.Message.Text())
		}
	}
	return list
}

// heard is all that a model was told in its last call.
func (o *office) heard(model string) string {
	o.t.Helper()
	asked := o.model.asked[model]
	if len(asked) == 0 {
		o.t.Fatalf("%s was not asked", model)
	}
	req := asked[len(asked)-1]
	text := req.System
	for _, m := range req.Messages {
		text += "\n" + m.Text
	}
	return text
}
