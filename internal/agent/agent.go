// Package agent runs one agent for one event: a model with instructions and
// tools, as a plain loop of model and tool steps. Each step goes through the
// journal, so the loop can be run again after a crash; each tool call goes
// through the policy.
package agent

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strings"
	"time"

	"github.com/aofctl/aofctl/internal/event"
	"github.com/aofctl/aofctl/internal/llm"
	"github.com/aofctl/aofctl/internal/manifest"
	"github.com/aofctl/aofctl/internal/policy"
	"github.com/aofctl/aofctl/internal/prompt"
	"github.com/aofctl/aofctl/internal/step"
	"github.com/aofctl/aofctl/internal/tool"
)

// commentTool is the tool through which final texts and notices are posted.
const commentTool = "jira_post_comment"

// Models opens models by their "provider:model" names.
type Models interface {
	Open(ref string) (llm.Model, error)
}

// Runner runs agents.
type Runner struct {
	models Models
	policy *policy.Policy
	tools  *tool.Registry
}

// New makes a Runner.
func New(models Models, rules *policy.Policy, tools *tool.Registry) *Runner {
	return &Runner{models: models, policy: rules, tools: tools}
}

// Job is what an agent is to do.
type Job struct {
	Agent  *manifest.Agent
	Event  *event.Event
	Origin tool.Origin
	// Command, Args, ArgsList and Body are what a person asked for; all empty if
	// no command started the job.
	Command  string
	Args     string
	ArgsList []string
	Body     string
	// Params are the operator's, Typed those that the person wrote as key=value.
	Params map[string]any
	Typed  map[string]string
	// Response is a template; it is posted before the agent starts. "" for nothing.
	Response string
	// Seed is secret and random, and belongs to the run.
	Seed string
	// Now is the time that templates see; it must not change when a run continues.
	Now time.Time
}

// Needs names the context variables that the agent's instructions read.
func Needs(a *manifest.Agent) ([]string, error) {
	refs, err := prompt.Variables(a.Instructions)
	if err != nil {
		return nil, fmt.Errorf("read instructions of agent %s: %w", a.Name, err)
	}
	var names []string
	for _, ref := range refs {
		names = append(names, ref.Name)
	}
	return names, nil
}

// Run does the job and returns the agent's final text.
func (r *Runner) Run(ctx context.Context, job Job, journal step.Journal) (string, error) {
	model, err := r.open(job.Agent)
	if err != nil {
		return "", err
	}
	text, err := r.prompt(job)
	if err != nil {
		return "", err
	}
	l := &loop{runner: r, job: job, journal: journal, model: model, system: text.System,
		messages: []llm.Message{{Role: llm.User, Text: text.User}}}
	if err := l.acknowledge(ctx); err != nil {
		return "", err
	}
	final, err := l.converse(ctx)
	if err != nil {
		return final, err
	}
	return final, l.deliver(ctx, final)
}

// open opens the agent's model with those that stand in for it.
func (r *Runner) open(a *manifest.Agent) (llm.Model, error) {
	model, err := r.models.Open(a.Model)
	if err != nil {
		return nil, fmt.Errorf("open model of agent %s: %w", a.Name, err)
	}
	if len(a.Fallbacks) == 0 {
		return model, nil
	}
	var others []llm.Model
	for _, ref := range a.Fallbacks {
		other, err := r.models.Open(ref)
		if err != nil {
			return nil, fmt.Errorf("open fallback of agent %s: %w", a.Name, err)
		}
		others = append(others, other)
	}
	return llm.WithFallbacks(model, others...), nil
}

// Explain posts a short notice on the job's issue that it failed.
func (r *Runner) Explain(ctx context.Context, job Job, journal step.Journal, cause string) error {
	l := &loop{runner: r, job: job, journal: journal}
	return l.comment(ctx, fmt.Sprintf("`/%s` did not finish: %s", job.Command, shorten(cause)))
}

// shorten makes one short line of a reason, which may hold whole answers of
// servers. All of it stands in the run.
func shorten(reason string) string {
	const most = 300
	line := strings.Join(strings.Fields(reason), " ")
	if runes := []rune(line); len(runes) > most {
		return string(runes[:most]) + "…"
	}
	return line
}

func (r *Runner) prompt(job Job) (prompt.Prompt, error) {
	tmpl, err := prompt.Compile(job.Agent.Name, job.Agent.Instructions)
	if err != nil {
		return prompt.Prompt{}, fmt.Errorf("read instructions of agent %s: %w", job.Agent.Name, err)
	}
	// The boundary of the untrusted data comes from the run's own seed: a run
	// that continues after a crash says the same to its model again.
	builder := prompt.NewBuilder(prompt.Config{
		Random: rand.NewChaCha8(sha256.Sum256([]byte(job.Seed))), StableSystem: true})
	text, err := builder.Build(tmpl, prompt.Data{
		Metadata: job.Event.Metadata(), Command: job.Command, Args: job.Args, ArgsList: job.ArgsList,
		ArgsBody: job.Body, Params: job.Params, Typed: job.Typed, Agent: job.Agent.Name, Now: job.Now,
	})
	if err != nil {
		return prompt.Prompt{}, fmt.Errorf("render instructions of agent %s: %w", job.Agent.Name, err)
	}
	return text, nil
}

// specs describes the agent's tools to the model, in a stable order.
func (r *Runner) specs(a *manifest.Agent) []llm.ToolSpec {
	tools, _ := r.tools.Resolve(a.Tools)
	specs := make([]llm.ToolSpec, len(tools))
	for i, t := range tools {
		s := t.Spec()
		specs[i] = llm.ToolSpec{Name: s.Name, Description: s.Description, Parameters: s.Parameters}
	}
	return specs
}

func mustJSON(v any) json.RawMessage {
	body, err := json.Marshal(v)
	if err != nil {
		return json.RawMessage("null") // only strings and plain structs get here
	}
	return body
}
