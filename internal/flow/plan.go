package flow

import (
	"slices"

	"github.com/aofctl/aofctl/internal/manifest"
)

// start is where connections begin.
const start = "start"

// plan is a flow with what follows from its graph.
type plan struct {
	flow  *manifest.Flow
	nodes map[string]*manifest.FlowNode
	// ids are those of all nodes, those of bodies included, as texts name them.
	ids []string
	// in and out are the numbers of the connections to and from a node.
	in, out map[string][]int
	// behind are, for a join that need not wait for all, the nodes of which all
	// ways lead to it.
	behind map[string][]string
	// tools are the canonical names of the tools that nodes call.
	tools []string
}

func newPlan(f *manifest.Flow) *plan {
	p := &plan{flow: f, nodes: map[string]*manifest.FlowNode{}, in: map[string][]int{}, out: map[string][]int{}, behind: map[string][]string{}}
	for i := range f.Nodes {
		p.nodes[f.Nodes[i].ID] = &f.Nodes[i]
	}
	f.Each(func(n *manifest.FlowNode) {
		p.ids = append(p.ids, n.ID)
		if c, ok := n.Config.(*manifest.ToolNode); ok && !slices.Contains(p.tools, c.Tool) {
			p.tools = append(p.tools, c.Tool)
		}
	})
	for i, c := range f.Connections {
		p.in[c.To] = append(p.in[c.To], i)
		p.out[c.From] = append(p.out[c.From], i)
	}
	for id, n := range p.nodes {
		if c, ok := n.Config.(*manifest.JoinNode); ok && c.Strategy != manifest.JoinAll {
			p.behind[id] = p.leadingOnlyTo(id)
		}
	}
	return p
}

// leadingOnlyTo returns the nodes of which every way leads to the given one, in the
// order of the file.
func (p *plan) leadingOnlyTo(id string) []string {
	only := map[string]bool{id: true}
	for grown := true; grown; {
		grown = false
		for _, n := range p.flow.Nodes {
			if !only[n.ID] && len(p.out[n.ID]) > 0 && p.allLeadTo(n.ID, only) {
				only[n.ID], grown = true, true
			}
		}
	}
	delete(only, id)
	var list []string
	for _, n := range p.flow.Nodes {
		if only[n.ID] {
			list = append(list, n.ID)
		}
	}
	return list
}

func (p *plan) allLeadTo(id string, only map[string]bool) bool {
	return !slices.ContainsFunc(p.out[id], func(i int) bool { return !only[p.flow.Connections[i].To] })
}
