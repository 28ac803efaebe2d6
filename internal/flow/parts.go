package flow

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/aofctl/aofctl/internal/agent"
	"github.com/aofctl/aofctl/internal/budget"
	"github.com/aofctl/aofctl/internal/manifest"
	"github.com/aofctl/aofctl/internal/prompt"
	"github.com/aofctl/aofctl/internal/step"
)

// agent has an agent do a part of the flow.
func (c *course) agent(ctx context.Context, n *manifest.FlowNode, cfg *manifest.AgentNode, journal step.Journal, s *scope) (outcome, error) {
	a := cfg.Inline
	if a == nil {
		if a = c.job.Catalog.Agents[cfg.Agent]; a == nil {
			return outcome{}, fmt.Errorf("there is no agent %s", cfg.Agent)
		}
	}
	job, err := c.part(n, cfg.Input, s)
	if err != nil {
		return outcome{}, err
	}
	job.Agent, job.Label, job.Schema = a, a.Name, cfg.Schema
	job.Origin.Agent = a.Name
	result, err := c.runner.agents.Run(ctx, job, journal)
	return c.made(result), err
}

// made is what an agent or a fleet came to.
func (c *course) made(r agent.Result) outcome {
	if r.Commented {
		c.spoken.Store(true)
	}
	if len(r.Value) > 0 {
		if v, ok := decode(r.Value); ok {
			return outcome{output: v, text: r.Text}
		}
	}
	return of(r.Text)
}

// fleet has a fleet do a part of the flow. All members are told the input.
func (c *course) fleet(ctx context.Context, n *manifest.FlowNode, cfg *manifest.FleetNode, journal step.Journal, s *scope) (outcome, error) {
	f := c.job.Catalog.Fleets[cfg.Fleet]
	if f == nil {
		return outcome{}, fmt.Errorf("there is no fleet %s", cfg.Fleet)
	}
	if c.runner.fleets == nil {
		return outcome{}, fmt.Errorf("fleet %s cannot be run here", cfg.Fleet)
	}
	job, err := c.part(n, cfg.Input, s)
	if err != nil {
		return outcome{}, err
	}
	job.Origin.Agent = f.Name
	result, err := c.runner.fleets.RunPart(ctx, f, c.job.Catalog, job, journal)
	return c.made(result), err
}

// part is the job of an agent or a fleet. The input is the operator's text; what it
// prints of the results of nodes is handed over as untrusted material. Without an
// input that is what the nodes before came to.
func (c *course) part(n *manifest.FlowNode, input string, s *scope) (agent.Job, error) {
	job := c.job.Start
	job.Response, job.Seed = "", job.Seed+"/"+s.path+n.ID
	job.Part = agent.Part{Request: job.Request, Material: slices.Clip(job.Material), Session: job.Session, Budget: c.plan.flow.Budget, Whole: "flow " + c.plan.flow.Name, Around: c.around, Vars: s.others(), Quiet: true}
	if input == "" {
		for _, id := range s.before {
			job.Material = appendMaterial(job.Material, "nodes."+id+".output", s.results[id])
		}
		return job, nil
	}
	job.Brief = template(input, c.plan.ids)
	tmpl, err := prompt.Compile("input", job.Brief)
	if err != nil {
		return job, err
	}
	var told []string
	for _, path := range tmpl.Reads() {
		origin, value := c.read(path, s)
		if origin != "" && !slices.Contains(told, origin) {
			told = append(told, origin)
			job.Material = appendMaterial(job.Material, origin, value)
		}
	}
	return job, nil
}

// read is what an input reads of what agents do not know by themselves.
func (c *course) read(path prompt.Path, s *scope) (origin string, value any) {
	switch root := path[0]; {
	case root == "nodes" && len(path) > 1:
		return "nodes." + path[1] + ".output", s.results[path[1]]
	case root == "nodes":
		return "nodes", s.results
	default:
		v, ok := s.others()[root]
		if !ok || root == "flow" || root == "run" {
			return "", nil
		}
		return root, v
	}
}

// appendMaterial adds a value, if there is anything in it. Of a node's result its
// text is enough.
func appendMaterial(list []agent.Material, origin string, value any) []agent.Material {
	if vars, ok := value.(map[string]any); ok && vars["status"] != nil {
		text, _ := vars["text"].(string)
		if why, _ := vars["error"].(string); why != "" {
			text = strings.TrimSpace(text + "\nIt failed: " + why)
		}
		value = text
	}
	text := prompt.Display(value)
	if text == "" {
		return list
	}
	return append(list, agent.Material{Origin: origin, Text: text})
}

// subflow runs another flow as a part of this one.
func (c *course) subflow(ctx context.Context, n *manifest.FlowNode, cfg *manifest.SubflowNode, journal step.Journal, s *scope) (outcome, error) {
	f := c.job.Catalog.Flows[cfg.Flow]
	if f == nil {
		return outcome{}, fmt.Errorf("there is no flow %s", cfg.Flow)
	}
	given, err := s.tree(cfg.Inputs, c.plan.ids)
	if err != nil {
		return outcome{}, err
	}
	job := Job{Flow: f, Catalog: c.job.Catalog, Attempt: c.job.Attempt, Start: c.job.Start}
	job.Start.Response = ""
	inner := c.runner.course(job, journal, false)
	inner.path, inner.spoken = s.path+n.ID+"/", c.spoken
	inner.inputs, _ = given.(map[string]any)
	if around := c.plan.flow; !around.Budget.IsZero() {
		inner.around = append([]budget.Share{{Target: "flow " + around.Name, Budget: around.Budget}}, c.around...)
	} else {
		inner.around = c.around
	}
	result, err := inner.run(ctx)
	return outcome{output: result.Value, text: result.Text}, err
}
