package fleet_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aofctl/aofctl/internal/agent"
	"github.com/aofctl/aofctl/internal/event"
	"github.com/aofctl/aofctl/internal/fleet"
	"github.com/aofctl/aofctl/internal/gate"
	"github.com/aofctl/aofctl/internal/llm"
	"github.com/aofctl/aofctl/internal/manifest"
	"github.com/aofctl/aofctl/internal/policy"
	"github.com/aofctl/aofctl/internal/step"
	"github.com/aofctl/aofctl/internal/step/steptest"
	"github.com/aofctl/aofctl/internal/tool"
)

// part says what a model answers.
type part func(req llm.Request) (llm.Message, error)

// cast are the models of a fleet. Each answers by its part; the questions are
// remembered by their ids.
type cast struct {
	parts map[string]part

	mu    sync.Mutex
	asked []question
}

type question struct {
	id, who string
	req     llm.Request
}

// Open implements agent.Models. The model "p:a" is that of the agent a.
func (c *cast) Open(ref string) (llm.Model, error) {
	name := strings.TrimPrefix(ref, "p:")
	if c.parts[name] == nil {
		return nil, errors.New("no model " + ref)
	}
	return role{c, name}, nil
}

type role struct {
	cast *cast
	name string
}

func (r role) Complete(_ context.Context, req llm.Request) (llm.Response, error) {
	r.cast.mu.Lock()
	r.cast.asked = append(r.cast.asked, question{req.ID, r.name, req})
	r.cast.mu.Unlock()
	message, err := r.cast.parts[r.name](req)
	return llm.Response{Message: message, Usage: llm.Usage{In: 10, Out: 2}, Model: r.name}, err
}

// of are the questions to one agent, in the order of their ids.
func (c *cast) of(name string) []llm.Request {
	c.mu.Lock()
	defer c.mu.Unlock()
	var list []llm.Request
	for _, q := range c.asked {
		if q.who == name {
			list = append(list, q.req)
		}
	}
	return list
}

// says always answers the same.
func says(text string) part {
	return func(llm.Request) (llm.Message, error) { return message(text), nil }
}

// inTurn answers one after the other, by how often the conversation went on.
func inTurn(answers ...llm.Message) part {
	return func(req llm.Request) (llm.Message, error) {
		turn := 0
		for _, m := range req.Messages {
			if m.Role == llm.Assistant {
				turn++
			}
		}
		if turn >= len(answers) {
			return llm.Message{}, fmt.Errorf("there is no answer %d", turn+1)
		}
		return answers[turn], nil
	}
}

// fails has no answer.
func fails(reason string) part {
	return func(llm.Request) (llm.Message, error) { return llm.Message{}, errors.New(reason) }
}

// when answers by a word in the system prompt, else by the last part.
func when(word string, then, otherwise part) part {
	return func(req llm.Request) (llm.Message, error) {
		if strings.Contains(req.System, word) {
			return then(req)
		}
		return otherwise(req)
	}
}

func message(text string) llm.Message { return llm.Message{Role: llm.Assistant, Text: text} }

// calls is an answer that calls tools: name, arguments, name, arguments and so on.
func calls(pairs ...string) llm.Message {
	m := llm.Message{Role: llm.Assistant}
	for i := 0; i < len(pairs); i += 2 {
		m.ToolCalls = append(m.ToolCalls, llm.ToolCall{ID: fmt.Sprintf("c%d", i/2), Name: pairs[i], Args: json.RawMessage(pairs[i+1])})
	}
	return m
}

func delegate(agent, task string) []string {
	args, _ := json.Marshal(map[string]string{"agent": agent, "task": task})
	return []string{"delegate", string(args)}
}

// results are what the tools answered in the last turn of a conversation.
func results(req llm.Request) []string {
	var list []string
	for _, m := range slices.Backward(req.Messages) {
		if m.Role != llm.ToolRole {
			break
		}
		list = append([]string{m.Text}, list...)
	}
	return list
}

// comments is jira_post_comment: what has an id is posted once, as the ledger
// sees to it.
type comments struct {
	mu     sync.Mutex
	bodies map[string]string // by the call's id
	order  []string
}

func (*comments) Spec() tool.Spec {
	return tool.Spec{Name: "jira_post_comment", Toolset: "jira", Description: "Posts.", Access: tool.Write, Comments: true,
		Parameters: json.RawMessage(`{"type":"object","properties":{"issue_key":{"type":"string"},"body":{"type":"string"}},"required":["issue_key","body"]}`)}
}

func (*comments) Targets(args json.RawMessage) (tool.Targets, error) {
	var a struct {
		Key string `json:"issue_key"`
	}
	err := json.Unmarshal(args, &a)
	project, _, _ := strings.Cut(a.Key, "-")
	return tool.Targets{Projects: []string{project}}, err
}

func (c *comments) Call(_ context.Context, call tool.Call) (tool.Result, error) {
	var a struct {
		Key  string `json:"issue_key"`
		Body string `json:"body"`
	}
	if err := json.Unmarshal(call.Args, &a); err != nil {
		return tool.Result{}, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if _, there := c.bodies[call.ID]; !there {
		c.bodies[call.ID] = a.Key + ": " + a.Body
		c.order = append(c.order, call.ID)
	}
	return tool.Result{Text: "Posted.", Target: a.Key}, nil
}

func (c *comments) posted() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	var list []string
	for _, id := range c.order {
		list = append(list, c.bodies[id])
	}
	return list
}

// bench is a fleet with its surroundings.
type bench struct {
	t        *testing.T
	cast     *cast
	comments *comments
	run      *steptest.Run
	job      fleet.Job
	asker    gate.Asker
}

// newBench has a fleet of the agents that the cast has parts for. The members are
// in the order of their names, the first is the coordinator if led.
func newBench(t *testing.T, mode manifest.FleetMode, led bool, parts map[string]part) *bench {
	t.Helper()
	b := &bench{t: t, cast: &cast{parts: parts}, comments: &comments{bodies: map[string]string{}}, run: &steptest.Run{Name: "run"}}
	f := &manifest.Fleet{Meta: manifest.Meta{Name: "team"}, Mode: mode, Description: "Looks at things", Workflow: "Look at {{ metadata.issue_key }} well."}
	agents := map[string]*manifest.Agent{}
	var names []string
	for name := range parts {
		names = append(names, name)
	}
	slices.Sort(names)
	for i, name := range names {
		agents[name] = &manifest.Agent{Meta: manifest.Meta{Name: name}, Model: "p:" + name, Description: "Knows " + name + ".",
			Instructions: "You are " + name + ".", Output: manifest.OutputComment, Writes: manifest.WritesDirect, MaxIterations: 30}
		m := manifest.FleetMember{Name: name, Role: "specialist", Agent: name, Replicas: 1, Tier: 1, Weight: 1}
		if i == 0 && led {
			m.Role = manifest.RoleCoordinator
		}
		f.Members = append(f.Members, m)
	}
	b.job = fleet.Job{Fleet: f, Agents: agents, Job: agent.Job{
		Event: &event.Event{Source: "jira", Type: "issue_created", IssueKey: "PROJ-1", Project: "PROJ",
			Vars: map[string]any{"issue_key": "PROJ-1", "issue_summary": "Login fails", "event_type": "issue_created"}},
		Origin: tool.Origin{Run: "run", IssueKey: "PROJ-1", Project: "PROJ"}, Seed: "seed", Now: time.Unix(1_800_000_000, 0).UTC()}}
	return b
}

func (b *bench) runner() *fleet.Runner {
	b.t.Helper()
	registry, err := tool.NewRegistry(b.comments)
	if err != nil {
		b.t.Fatal(err)
	}
	return fleet.New(agent.New(b.cast, gate.New(policy.New(policy.Config{Tools: registry}), b.asker), registry))
}

// play does one turn of the run.
func (b *bench) play() (agent.Result, error) {
	b.t.Helper()
	runner, job := b.runner(), b.job
	var result agent.Result
	err := b.run.Play(b.t.Context(), func(ctx context.Context, journal step.Journal) (err error) {
		result, err = runner.Run(ctx, job, journal)
		return err
	})
	return result, err
}

// succeed does the run, which is to succeed, and returns its text.
func (b *bench) succeed() string {
	b.t.Helper()
	result, err := b.play()
	if err != nil {
		b.t.Fatal(err)
	}
	return result.Text
}

// branches are the branches in which a member worked, with its name.
func (b *bench) branches() []string {
	var list []string
	for _, e := range b.run.Entries() {
		if e.Kind == step.KindModel {
			list = append(list, e.Branch+"="+e.Agent)
		}
	}
	slices.Sort(list)
	return slices.Compact(list)
}

// vote is a member's, as JSON.
func vote(choice string, sure float64) string {
	return fmt.Sprintf(`{"choice":%q,"confidence":%g,"reason":"I looked."}`, choice, sure)
}
