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

	"github.com/aofctl/aofctl/internal/budget"
	"github.com/aofctl/aofctl/internal/event"
	"github.com/aofctl/aofctl/internal/gate"
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
	gate   *gate.Gate
	tools  *tool.Registry
	budget *budget.Keeper
	box    Toolbox
}

// New makes a Runner.
func New(models Models, calls *gate.Gate, tools *tool.Registry) *Runner {
	return &Runner{models: models, gate: calls, tools: tools}
}

// WithBudget returns a Runner that keeps what is spent within budgets.
func (r *Runner) WithBudget(keeper *budget.Keeper) *Runner {
	limited := *r
	limited.budget = keeper
	return &limited
}

// Toolbox gives agents tools of their own, beside those of the program.
type Toolbox interface {
	// Own returns the tools that only this agent has; nil for none. An error with
	// Temporary() says that they may be had later.
	Own(ctx context.Context, a *manifest.Agent) (*tool.Registry, error)
	// Hold keeps what these tools need until release is called.
	Hold(a *manifest.Agent) (release func())
}

// WithToolbox returns a Runner whose agents have tools of their own.
func (r *Runner) WithToolbox(box Toolbox) *Runner {
	equipped := *r
	equipped.box = box
	return &equipped
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
	// Talk is the conversation with the user who waits for the job's answer; nil if
	// nobody does. Its answer is not posted then.
	Talk Conversation
	Part
}

// Part is what a job is when it is a part of a larger one: the work of a fleet's
// member or of a flow's node. Its zero value is a job of its own.
type Part struct {
	// Label names the agent on its steps; "" where a run has one agent only.
	Label string
	// Session counts what the whole run did; nil for one of the job's own.
	Session *gate.Session
	// Budget is that of the larger job, which Whole names.
	Budget manifest.Budget
	Whole  string
	// Around are the budgets of what that is a part of in turn.
	Around []budget.Share
	// Brief is the operator's text, a template like the instructions, which it
	// follows in the system prompt.
	Brief string
	// Request is what the user of a task asks for, in their own words.
	Request string
	// Task is what a coordinator asks for, in words of a model.
	Task string
	// Vars are variables for the brief beside those of the event, such as what the
	// nodes of a flow found; untrusted. What the brief prints of them stands in
	// Material.
	Vars map[string]any
	// Material is what others found out. It is untrusted, as the event's data are.
	Material []Material
	// Quiet keeps the final text, and the response to a command, from being posted:
	// whoever asked for the part makes something of them.
	Quiet bool
	// Schema is what the final text has to be, as JSON; nil for what the agent's
	// manifest says.
	Schema json.RawMessage
	// Local are tools that are not called through the gate, since what they do is
	// steps of the run themselves.
	Local []Local
}

// Material is a text that others made, and where it comes from.
type Material struct {
	Origin string
	Text   string
}

// Local is a tool that its owner serves.
type Local struct {
	Spec llm.ToolSpec
	// Serve answers calls of this tool that stand next to each other in one answer
	// of the model, so that they can be served at the same time. It returns a text
	// for each, in their order. What it does outside has to be steps of the
	// journal; an error says that the run cannot go on.
	Serve func(ctx context.Context, journal step.Journal, calls []llm.ToolCall) ([]string, error)
}

// Result is what an agent's work came to.
type Result struct {
	// Text is the agent's final text.
	Text string
	// Value is the JSON that it holds, if a schema asked for one.
	Value json.RawMessage
	// Commented is whether the agent itself posted a comment.
	Commented bool
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

// Run does the job and returns what it came to. After an error the result holds
// what there was until then.
func (r *Runner) Run(ctx context.Context, job Job, journal step.Journal) (Result, error) {
	if r.box != nil {
		defer r.box.Hold(job.Agent)()
	}
	l, err := r.begin(job, journal)
	if err != nil {
		return Result{}, err
	}
	if err := l.acknowledge(ctx); err != nil {
		return Result{}, err
	}
	for tries := 0; ; tries++ {
		result, err := l.conclude(ctx)
		result.Commented = l.commented()
		if err != nil {
			return result, err
		}
		err = l.deliver(ctx, result.Text)
		if l.retract(err, tries) {
			continue
		}
		if err != nil {
			return result, err
		}
		if over, err := l.talk(ctx, result); over {
			return result, err
		}
		tries = -1
	}
}

// begin makes everything ready for the first question to the model.
func (r *Runner) begin(job Job, journal step.Journal) (*loop, error) {
	l := r.loop(job, journal)
	l.own()
	if schema := l.job.Schema; len(schema) > 0 {
		var err error
		if l.shape, err = tool.CompileSchema(schema); err != nil {
			return nil, fmt.Errorf("read output schema of agent %s: %w", job.Agent.Name, err)
		}
	}
	var err error
	if l.model, err = r.open(job.Agent); err != nil {
		return nil, err
	}
	text, err := r.prompt(l.job)
	if err != nil {
		return nil, err
	}
	l.boundary = boundaryOf(l.job)
	l.system = text.System
	l.job.Session.Trust(text.System)
	if l.job.Request != "" || l.job.Talk != nil {
		l.system += "\n\n" + requestNotice
	}
	if l.job.Talk != nil {
		l.system += answerNotice
	}
	if l.shape != nil {
		l.system += shapeNotice(l.job.Schema)
	}
	l.messages = []llm.Message{{Role: llm.User, Text: text.User}}
	return l, nil
}

// loop makes a loop that has no model yet.
func (r *Runner) loop(job Job, journal step.Journal) *loop {
	if job.Session == nil {
		job.Session = &gate.Session{}
	}
	if job.Schema == nil {
		job.Schema = job.Agent.OutputSchema
	}
	return &loop{runner: r, job: job, journal: journal}
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
	return r.loop(job, journal).comment(ctx, fmt.Sprintf("`/%s` did not finish: %s", job.Command, policy.Defuse(shorten(cause))), nil)
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
	tmpl, err := prompt.Compile(job.Agent.Name, instructions(job))
	if err != nil {
		return prompt.Prompt{}, fmt.Errorf("read instructions of agent %s: %w", job.Agent.Name, err)
	}
	// The boundary of the untrusted data comes from the run's own seed: a run
	// that continues after a crash says the same to its model again.
	builder := prompt.NewBuilder(prompt.Config{
		Random: source(job), StableSystem: true})
	text, err := builder.Build(tmpl, prompt.Data{
		Metadata: job.Event.Metadata(), Command: job.Command, Args: job.Args, ArgsList: job.ArgsList,
		ArgsBody: job.Body, Params: job.Params, Typed: job.Typed, Others: job.Vars, Agent: job.Agent.Name, Now: job.Now,
	})
	if err != nil {
		return prompt.Prompt{}, fmt.Errorf("render instructions of agent %s: %w", job.Agent.Name, err)
	}
	return withPart(text, job), nil
}

// source gives the boundary of the event's data.
func source(job Job) *rand.ChaCha8 { return rand.NewChaCha8(sha256.Sum256([]byte(job.Seed))) }

// boundaryOf is the boundary of the event's data.
func boundaryOf(job Job) string {
	boundary, err := prompt.NewBoundary(source(job))
	if err != nil {
		return "" // this source has no end
	}
	return boundary
}

// own returns the tools that only this agent has; nil for none.
func (r *Runner) own(ctx context.Context, a *manifest.Agent) (*tool.Registry, error) {
	if r.box == nil {
		return nil, nil
	}
	own, err := r.box.Own(ctx, a)
	if err != nil {
		return nil, fmt.Errorf("get tools of agent %s: %w", a.Name, err)
	}
	return own, nil
}

// specs describes the agent's tools to the model, in a stable order.
func (r *Runner) specs(ctx context.Context, job Job) ([]llm.ToolSpec, error) {
	tools, _ := r.tools.Resolve(job.Agent.Tools)
	own, err := r.own(ctx, job.Agent)
	if err != nil {
		return nil, err
	}
	if own != nil {
		more, _ := own.Resolve([]string{"*"})
		tools = append(tools, more...)
	}
	specs := make([]llm.ToolSpec, 0, len(tools)+len(job.Local))
	for _, t := range tools {
		s := t.Spec()
		specs = append(specs, llm.ToolSpec{Name: s.Name, Description: s.Description, Parameters: s.Parameters})
	}
	for _, local := range job.Local {
		specs = append(specs, local.Spec)
	}
	return specs, nil
}

func mustJSON(v any) json.RawMessage {
	body, err := json.Marshal(v)
	if err != nil {
		return json.RawMessage("null") // only strings and plain structs get here
	}
	return body
}
