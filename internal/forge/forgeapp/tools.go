package forgeapp

import "github.com/aofctl/aofctl/internal/manifest"

// commentTool is what a Response node of a flow amounts to.
const commentTool = "jira_post_comment"

// toolWalk collects the tools of targets and of all that they run.
type toolWalk struct {
	catalog *manifest.Catalog
	seen    map[manifest.Target]bool
	tools   map[string]bool
}

func (w *toolWalk) target(t manifest.Target) {
	if w.seen[t] { // also what runs itself
		return
	}
	w.seen[t] = true
	switch t.Kind {
	case manifest.TargetAgent:
		w.agent(w.catalog.Agents[t.Name])
	case manifest.TargetFleet:
		w.fleet(w.catalog.Fleets[t.Name])
	case manifest.TargetFlow:
		if f := w.catalog.Flows[t.Name]; f != nil {
			f.Each(w.node)
		}
	}
}

func (w *toolWalk) agent(a *manifest.Agent) {
	if a == nil {
		return
	}
	for _, tool := range a.Tools {
		w.tools[tool] = true
	}
}

func (w *toolWalk) fleet(f *manifest.Fleet) {
	if f == nil {
		return
	}
	for _, member := range f.Members {
		w.agent(member.Inline)
		w.target(manifest.Target{Kind: manifest.TargetAgent, Name: member.Agent})
	}
}

func (w *toolWalk) node(n *manifest.FlowNode) {
	switch config := n.Config.(type) {
	case *manifest.AgentNode:
		w.agent(config.Inline)
		w.target(manifest.Target{Kind: manifest.TargetAgent, Name: config.Agent})
	case *manifest.FleetNode:
		w.target(manifest.Target{Kind: manifest.TargetFleet, Name: config.Fleet})
	case *manifest.SubflowNode:
		w.target(manifest.Target{Kind: manifest.TargetFlow, Name: config.Flow})
	case *manifest.ToolNode:
		w.tools[config.Tool] = true
	case *manifest.ResponseNode:
		w.tools[commentTool] = true
	}
}
