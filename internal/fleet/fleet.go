// Package fleet has several agents work together on one event. How they do is the
// fleet's mode; each of them is an ordinary agent, whose model and tool calls are
// steps of the one run, in a branch of their own where they work at the same time.
//
// Who does what follows from the manifest and from what models answered, both of
// which are on record: a run that continues after a crash asks nobody again who
// has answered.
package fleet

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync/atomic"

	"github.com/aofctl/aofctl/internal/agent"
	"github.com/aofctl/aofctl/internal/budget"
	"github.com/aofctl/aofctl/internal/gate"
	"github.com/aofctl/aofctl/internal/manifest"
	"github.com/aofctl/aofctl/internal/prompt"
	"github.com/aofctl/aofctl/internal/step"
)

// MaxParallel is how many members are at work at the same time.
const MaxParallel = 5

// Runner runs fleets.
type Runner struct {
	agents *agent.Runner
}

// New makes a Runner.
func New(agents *agent.Runner) *Runner { return &Runner{agents: agents} }

// Job is what a fleet is to do. Of the embedded job, Agent is not looked at: the
// fleet's members take its place. Task, Material and Schema of its Part are those
// of the fleet as a whole.
type Job struct {
	Fleet *manifest.Fleet
	// Agents are the agents that the fleet's members are, by their names.
	Agents map[string]*manifest.Agent
	agent.Job
}

// Needs names the context variables that the fleet reads: in its workflow, and in
// the instructions of its members. The project is among them, since events of
// sprints tell their board alone, and no tool is called outside of a project.
func Needs(f *manifest.Fleet, agents map[string]*manifest.Agent) ([]string, error) {
	names := []string{"project_key"}
	for _, text := range []string{f.Workflow, f.Deep.Planner, f.Deep.Synthesizer} {
		refs, err := prompt.Variables(text)
		if err != nil {
			return nil, fmt.Errorf("read workflow of fleet %s: %w", f.Name, err)
		}
		for _, ref := range refs {
			names = append(names, ref.Name)
		}
	}
	members, err := membersOf(f, agents)
	if err != nil {
		return nil, err
	}
	for _, m := range members {
		more, err := agent.Needs(m.agent)
		if err != nil {
			return nil, err
		}
		names = append(names, more...)
	}
	slices.Sort(names)
	return slices.Compact(names), nil
}

// Run has the fleet do the job and returns what it came to. After an error the
// result holds what there was until then.
func (r *Runner) Run(ctx context.Context, job Job, journal step.Journal) (agent.Result, error) {
	t, err := r.team(job, journal)
	if err != nil {
		return agent.Result{}, err
	}
	if err := r.agents.Acknowledge(ctx, t.voice(), journal); err != nil {
		return agent.Result{}, err
	}
	result, err := t.work(ctx)
	if err != nil {
		return result, fmt.Errorf("fleet %s: %w", job.Fleet.Name, err)
	}
	result.Commented = t.commented.Load()
	if result.Commented || t.spoken() && t.speaker().agent.OutputSchema != nil {
		return result, nil // people have been told, or it is no text for them
	}
	return result, r.agents.Publish(ctx, t.voice(), journal, result.Text)
}

// Explain posts a short notice on the job's issue that the fleet failed.
func (r *Runner) Explain(ctx context.Context, job Job, journal step.Journal, cause string) error {
	t, err := r.team(job, journal)
	if err != nil {
		return err
	}
	return r.agents.Explain(ctx, t.voice(), journal, cause)
}

// Speakable is a text of the fleet's as the user of its task may be told it; "" if
// nothing of it may.
func (r *Runner) Speakable(job Job, text string) string {
	t, err := r.team(job, nil)
	if err != nil {
		return ""
	}
	return r.agents.Speakable(t.voice(), text)
}

// team is a fleet at work.
type team struct {
	agents  *agent.Runner
	job     Job
	journal step.Journal
	// members are those of the manifest, in its order.
	members []member
	// session counts what all of them do, for limits and budgets.
	session *gate.Session
	// commented is whether one of them posted a comment.
	commented atomic.Bool
	// branches are the names of the journal's branches so far.
	branches names
}

func (r *Runner) team(job Job, journal step.Journal) (*team, error) {
	members, err := membersOf(job.Fleet, job.Agents)
	if err != nil {
		return nil, err
	}
	if job.Session == nil {
		job.Session = &gate.Session{}
	}
	if f := job.Fleet; !f.Budget.IsZero() {
		if !job.Budget.IsZero() {
			job.Around = append([]budget.Share{{Target: job.Whole, Budget: job.Budget}}, job.Around...)
		}
		job.Budget, job.Whole = f.Budget, "fleet "+f.Name
	}
	return &team{agents: r.agents, job: job, journal: journal, members: members, session: job.Session, branches: names{}}, nil
}

// work does the job in the fleet's mode.
func (t *team) work(ctx context.Context) (agent.Result, error) {
	switch t.job.Fleet.Mode {
	case manifest.ModeHierarchical:
		return t.hierarchical(ctx)
	case manifest.ModePipeline:
		return t.pipeline(ctx)
	case manifest.ModePeer:
		return t.peer(ctx)
	case manifest.ModeTiered:
		return t.tiered(ctx)
	case manifest.ModeSwarm:
		return t.swarm(ctx)
	case manifest.ModeDeep:
		return t.deep(ctx)
	}
	return agent.Result{}, errors.New("there is no mode " + string(t.job.Fleet.Mode))
}

// spoken reports whether the fleet's text is one of its members'.
func (t *team) spoken() bool {
	way := t.job.Fleet.Aggregation
	return way != manifest.AggregateMerge && way != manifest.AggregateConsensus
}

// voice is the fleet as one who posts: in its own name, and under the policy of
// the member whose text it is.
func (t *team) voice() agent.Job {
	f, job := t.job.Fleet, t.job.Job
	a := *t.speaker().agent
	a.Name = f.Name
	if f.Output != "" {
		a.Output = f.Output
	}
	job.Agent, job.Origin.Agent = &a, f.Name
	if job.Origin.IssueKey == "" {
		job.Origin.IssueKey = f.ReportTo
	}
	job.Label, job.Session = f.Name, t.session
	return job
}
