package flow_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/aofctl/aofctl/internal/agent"
	"github.com/aofctl/aofctl/internal/approval"
	"github.com/aofctl/aofctl/internal/event"
	"github.com/aofctl/aofctl/internal/flow"
	"github.com/aofctl/aofctl/internal/gate"
	"github.com/aofctl/aofctl/internal/manifest"
	"github.com/aofctl/aofctl/internal/policy"
	"github.com/aofctl/aofctl/internal/step"
	"github.com/aofctl/aofctl/internal/step/steptest"
	"github.com/aofctl/aofctl/internal/tool"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// fake is a tool that answers as it is told and remembers its calls.
type fake struct {
	name   string
	access tool.Access
	// answer is what it says to the arguments; nil for "done".
	answer func(args map[string]any) (tool.Result, error)

	mu    sync.Mutex
	calls []tool.Call
}

func (f *fake) Spec() tool.Spec {
	return tool.Spec{Name: f.name, Toolset: "jira", Description: "Does " + f.name + ".", Access: f.access, Comments: f.name == "jira_post_comment",
		Parameters: json.RawMessage(`{"type":"object","properties":{"issue_key":{"type":"string"},"body":{"type":"string"},"n":{"type":"integer"},
			"labels":{"type":"array","items":{"type":"string"}},"url":{"type":"string"},"method":{"type":"string"},"accept":{"type":"string"},"page_token":{"type":"string"}}}`)}
}

func (f *fake) Targets(json.RawMessage) (tool.Targets, error) { return tool.Targets{}, nil }

func (f *fake) Call(_ context.Context, call tool.Call) (tool.Result, error) {
	f.mu.Lock()
	f.calls = append(f.calls, call)
	f.mu.Unlock()
	if f.answer == nil {
		return tool.Result{Text: "done"}, nil
	}
	var args map[string]any
	if err := json.Unmarshal(call.Args, &args); err != nil {
		return tool.Result{}, err
	}
	return f.answer(args)
}

// args are the arguments of the calls.
func (f *fake) args() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	var list []string
	for _, c := range f.calls {
		list = append(list, string(c.Args))
	}
	return list
}

// staff are agents that answer as they are told, in one step.
type staff struct {
	// answers are by agent, or by agent and what it is asked for.
	answers map[string]string
	// work, if given, is done in the step in place of an answer.
	work func(ctx context.Context, job agent.Job, journal step.Journal) (agent.Result, error)

	mu   sync.Mutex
	jobs []agent.Job
	said []string
}

func (s *staff) Run(ctx context.Context, job agent.Job, journal step.Journal) (agent.Result, error) {
	s.mu.Lock()
	s.jobs = append(s.jobs, job)
	s.mu.Unlock()
	if s.work != nil {
		return s.work(ctx, job, journal)
	}
	return s.say(ctx, job, journal)
}

func (s *staff) say(ctx context.Context, job agent.Job, journal step.Journal) (agent.Result, error) {
	entry, err := journal.Do(ctx, step.KindModel, "m", func(context.Context, string) (step.Entry, error) {
		text, ok := s.answers[job.Agent.Name]
		if !ok {
			return step.Entry{}, errors.New("agent " + job.Agent.Name + " has no answer")
		}
		raw, err := json.Marshal(text)
		return step.Entry{Output: raw}, err
	})
	if err != nil {
		return agent.Result{}, fmt.Errorf("ask m: %w", err)
	}
	var text string
	if err := json.Unmarshal(entry.Output, &text); err != nil {
		return agent.Result{}, err
	}
	return agent.Result{Text: text}, nil
}

func (s *staff) Acknowledge(ctx context.Context, job agent.Job, journal step.Journal) error {
	return s.post(ctx, "ack: "+job.Response, journal)
}

func (s *staff) Publish(ctx context.Context, _ agent.Job, journal step.Journal, final string) error {
	return s.post(ctx, "final: "+final, journal)
}

func (s *staff) post(ctx context.Context, text string, journal step.Journal) error {
	_, err := journal.Do(ctx, step.KindTool, "jira_post_comment", func(context.Context, string) (step.Entry, error) {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.said = append(s.said, text)
		return step.Entry{}, nil
	})
	return err
}

// asker asks nobody but the test.
type asker struct {
	mu    sync.Mutex
	asked []approval.Question
}

func (a *asker) Ask(ctx context.Context, journal step.Journal, q approval.Question, _ approval.Post) (approval.Decision, error) {
	_, err := journal.Do(ctx, step.KindApproval, "ask", func(context.Context, string) (step.Entry, error) {
		a.mu.Lock()
		defer a.mu.Unlock()
		a.asked = append(a.asked, q)
		return step.Entry{}, nil
	})
	if err != nil {
		return approval.Decision{}, err
	}
	entry, err := journal.Wait(ctx, "approval", step.Pause{For: "approval", Within: q.Timeout, Signal: "approve"})
	if err != nil || len(entry.Output) == 0 {
		return approval.Decision{Reason: "nobody decided in time"}, err
	}
	var d approval.Decision
	return d, json.Unmarshal(entry.Output, &d)
}

// bench is a flow with its surroundings.
type bench struct {
	staff    *staff
	asker    *asker
	read     *fake
	write    *fake
	comment  *fake
	http     *fake
	registry *tool.Registry
	catalog  *manifest.Catalog
	run      *steptest.Run
	runner   *flow.Runner
	job      flow.Job
}

// agents are those that flows of the tests name.
const agents = `
{kind: Agent, metadata: {name: a}, spec: {model: "google:x", instructions: x}}
---
{kind: Agent, metadata: {name: b}, spec: {model: "google:x", instructions: x}}
---
{kind: Agent, metadata: {name: c}, spec: {model: "google:x", instructions: x}}
---
{kind: Fleet, metadata: {name: team}, spec: {agents: [{name: a}, {name: b}], workflow: "Be quick."}}
`

func known() manifest.Known {
	k := manifest.Known{FlowText: flow.Inspect, Env: func(name string) (string, bool) { return "from-env", name == "FROM_ENV" }}
	for _, name := range []string{"jira_read", "jira_write", "jira_post_comment", "http_request"} {
		k.Tools = append(k.Tools, manifest.KnownTool{Name: name, Toolset: "jira", Reads: name == "jira_read", Parameters: (&fake{}).Spec().Parameters})
	}
	return k
}

// load reads manifests with the agents of the tests.
func load(t testing.TB, text string) (*manifest.Catalog, error) {
	t.Helper()
	dir := t.TempDir()
	for name, content := range map[string]string{"agents.yaml": agents, "flow.yaml": text} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	cat, err := manifest.LoadCatalog(context.Background(), []manifest.Directory{{Path: dir}}, known())
	if err != nil {
		return nil, errors.New(strings.ReplaceAll(err.Error(), dir+string(filepath.Separator), ""))
	}
	return cat, nil
}

// newBench makes a bench for the flow f of the manifests. A text without a kind
// is the spec of f.
func newBench(t testing.TB, text string) *bench {
	t.Helper()
	if !strings.Contains(text, "kind:") {
		text = "kind: Flow\nmetadata: {name: f}\nspec:\n" + text
	}
	cat, err := load(t, text)
	if err != nil {
		t.Fatal(err)
	}
	b := &bench{
		staff: &staff{answers: map[string]string{"a": "from a", "b": "from b", "c": "from c"}}, asker: &asker{},
		read: &fake{name: "jira_read", access: tool.Read}, write: &fake{name: "jira_write", access: tool.Write},
		comment: &fake{name: "jira_post_comment", access: tool.Write}, http: &fake{name: "http_request", access: tool.Read},
		catalog: cat, run: &steptest.Run{Name: "run"},
	}
	if b.registry, err = tool.NewRegistry(b.read, b.write, b.comment, b.http); err != nil {
		t.Fatal(err)
	}
	calls := gate.New(policy.New(policy.Config{Tools: b.registry}), b.asker)
	b.runner = flow.New(flow.Config{Agents: b.staff, Fleets: fleets{b.staff}, Gate: calls, Tools: b.registry,
		Now: func() time.Time { return time.Unix(1_800_000_000, 0) }})
	b.job = flow.Job{Flow: cat.Flows["f"], Catalog: cat, Start: agent.Job{
		Event: &event.Event{Source: "jira", Type: "issue_created", IssueKey: "PROJ-1", Project: "PROJ",
			Vars: map[string]any{"issue_key": "PROJ-1", "issue_summary": "Login fails {{ nodes }}", "issue_labels": []string{"x", "y"}, "empty": []any{}}},
		Origin: tool.Origin{Run: "run", IssueKey: "PROJ-1", Project: "PROJ"}, Seed: "seed", Now: time.Unix(1_800_000_000, 0).UTC(),
		Command: "escalate", Args: "now", Params: map[string]any{"team": "ops"},
	}}
	return b
}

// fleets answer as one of the staff with the fleet's name.
type fleets struct{ staff *staff }

func (f fleets) RunPart(ctx context.Context, fleet *manifest.Fleet, _ *manifest.Catalog, job agent.Job, journal step.Journal) (agent.Result, error) {
	job.Agent = &manifest.Agent{Meta: manifest.Meta{Name: fleet.Name}, Instructions: fleet.Workflow}
	return f.staff.Run(ctx, job, journal)
}

// turn does one turn.
func (b *bench) turn(t testing.TB) (flow.Result, error) {
	t.Helper()
	var result flow.Result
	b.job.Start.Session = nil
	err := b.run.Play(context.Background(), func(ctx context.Context, journal step.Journal) error {
		var err error
		result, err = b.runner.Run(ctx, b.job, journal)
		return err
	})
	return result, err
}

// play runs the flow to its end, waits included.
func (b *bench) play(t testing.TB) (flow.Result, error) {
	t.Helper()
	for range 1000 {
		result, err := b.turn(t)
		switch {
		case errors.Is(err, step.ErrWaiting):
			b.run.Pass(time.Hour)
		case errors.Is(err, steptest.ErrCrash):
		default:
			return result, err
		}
	}
	t.Fatal("the flow does not end")
	return flow.Result{}, nil
}

// mustPlay is play without an error.
func (b *bench) mustPlay(t testing.TB) flow.Result {
	t.Helper()
	result, err := b.play(t)
	if err != nil {
		t.Fatal(err)
	}
	return result
}

// steps are the branches and names of the finished steps, sorted.
func (b *bench) steps() []string {
	var list []string
	for _, e := range b.run.Entries() {
		list = append(list, e.Branch+" "+e.Name)
	}
	slices.Sort(list)
	return list
}
