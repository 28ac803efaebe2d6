// Package flow runs flows: graphs of nodes. Nodes that are ready run at the same
// time, each in a branch of the run's journal, so that a crash resumes each behind
// its last finished step. What came of a node follows from its steps; what depends
// on which branch was faster is a step of its own, so that a replay takes the same
// way. See docs/decisions for why.
package flow

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"github.com/aofctl/aofctl/internal/agent"
	"github.com/aofctl/aofctl/internal/approval"
	"github.com/aofctl/aofctl/internal/gate"
	"github.com/aofctl/aofctl/internal/manifest"
	"github.com/aofctl/aofctl/internal/step"
	"github.com/aofctl/aofctl/internal/tool"
)

// Agents does the work of agents; see agent.Runner.
type Agents interface {
	Run(ctx context.Context, job agent.Job, journal step.Journal) (agent.Result, error)
	Acknowledge(ctx context.Context, job agent.Job, journal step.Journal) error
	Publish(ctx context.Context, job agent.Job, journal step.Journal, final string) error
}

// Fleets does the work of fleets as a part of a larger job, which says what is to
// be done as the job of an agent does.
type Fleets interface {
	RunPart(ctx context.Context, fleet *manifest.Fleet, catalog *manifest.Catalog, job agent.Job, journal step.Journal) (agent.Result, error)
}

// Gate makes tool calls and asks people; see gate.Gate.
type Gate interface {
	Call(ctx context.Context, journal step.Journal, session *gate.Session, req gate.Request) (step.Entry, error)
	Settle(ctx context.Context, journal step.Journal, session *gate.Session, req gate.Request, entries []step.Entry) error
	Consent(ctx context.Context, journal step.Journal, session *gate.Session, req gate.Request, text string) (approval.Decision, error)
}

// Config is what a Runner is made of.
type Config struct {
	Agents Agents
	Fleets Fleets
	Gate   Gate
	Tools  *tool.Registry
	// Now tells the time; nil for the system's clock.
	Now func() time.Time
}

// Runner runs flows. It is safe for concurrent use.
type Runner struct {
	agents Agents
	fleets Fleets
	gate   Gate
	tools  *tool.Registry
	now    func() time.Time
}

// New makes a Runner.
func New(cfg Config) *Runner {
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	return &Runner{agents: cfg.Agents, fleets: cfg.Fleets, gate: cfg.Gate, tools: cfg.Tools, now: cfg.Now}
}

// Job is what a flow is to do.
type Job struct {
	Flow *manifest.Flow
	// Catalog holds what the flow refers to.
	Catalog *manifest.Catalog
	// Attempt counts the tries of the whole run from 1.
	Attempt int
	// Start is what started the flow, as it would start an agent; its Agent is not
	// set.
	Start agent.Job
}

// Result is what came of a flow.
type Result struct {
	// Text is its result as a text, Value as a value.
	Text  string
	Value any
}

// Run runs a flow, or continues it. After an error the result holds what there was
// until then. The error may say that the run waits; it is handed on.
func (r *Runner) Run(ctx context.Context, job Job, journal step.Journal) (Result, error) {
	if job.Start.Session == nil {
		job.Start.Session = &gate.Session{}
	}
	if job.Start.Response != "" {
		if err := r.agents.Acknowledge(ctx, job.Speaker(), journal.Branch("(response)")); err != nil {
			return Result{}, err
		}
	}
	c := r.course(job, journal, true)
	c.inputs = c.params()
	return c.run(ctx)
}

// Speaker is the job under which the flow itself posts comments.
func (job Job) Speaker() agent.Job {
	said := job.Start
	said.Agent = &manifest.Agent{Meta: manifest.Meta{Name: job.Flow.Name, Text: job.Flow.Text}, OwnIssue: job.Flow.OwnIssue, Output: job.Flow.Output, Writes: job.Flow.Writes,
		ScopeProjects: job.Flow.ScopeProjects, ScopeRepositories: job.Flow.ScopeRepositories, ScopeSpaces: job.Flow.ScopeSpaces, Approval: job.Flow.Approval}
	said.Origin.Agent = job.Flow.Name
	return said
}

var (
	// errAbandoned is why a node goes no further that nobody waits for any more.
	errAbandoned = errors.New("the node is not needed any more")
	// errTimedOut is why a node goes no further whose time is up.
	errTimedOut = errors.New("its time is up")
)

func encode(v any) json.RawMessage {
	body, err := json.Marshal(v)
	if err != nil {
		return json.RawMessage("null") // only plain data get here
	}
	return body
}
