package manifest

import (
	"slices"
	"strings"

	"github.com/aofctl/aofctl/internal/spell"
)

// flowStart is the name from which a flow's first connections lead.
const flowStart = "start"

func (b *builder) flow(decl flowDecl) *Flow {
	f := &Flow{Meta: decl.Metadata.meta()}
	where := map[string]pos{}
	for _, n := range decl.Spec.Nodes {
		node, ok := b.node(n)
		if !ok {
			continue
		}
		if _, twice := where[node.ID]; twice {
			b.errorf(n.ID.pos, "node %q is given twice", node.ID)
			continue
		}
		where[node.ID] = n.ID.pos
		f.Nodes = append(f.Nodes, node)
	}
	if len(decl.Spec.Nodes) == 0 {
		b.errorf(decl.Metadata.Name.pos, "flow %q has no nodes", f.Name)
		return f
	}
	g := graph{builder: b, where: where, known: map[[2]string]bool{}, entered: map[string]bool{}, ids: keys(where)}
	g.connect(decl.Spec)
	f.Connections = g.connections
	if !g.broken {
		g.check(f)
	}
	return f
}

func (b *builder) node(n nodeDecl) (FlowNode, bool) {
	if !n.ID.set || n.ID.value == "" {
		b.errorf(n.pos, `field "id" is missing`)
		return FlowNode{}, false
	}
	if n.ID.value == flowStart || n.ID.value == "trigger" {
		b.errorf(n.ID.pos, "a node cannot be called %q: connections begin there", n.ID.value)
		return FlowNode{}, false
	}
	node := FlowNode{ID: n.ID.value, Type: b.nodeType(n), When: n.When.value}
	config, ok := n.Config.value.(map[string]any)
	if n.Config.value != nil && !ok {
		b.errorf(n.Config.pos, "expected a mapping for the node's config")
	}
	node.Config = config
	b.nodeTargets(node, n)
	return node, true
}

func nodeTypes() []string {
	return []string{
		"Agent", "Fleet", "Flow", "Tool", "Conditional", "Parallel", "Join", "ForEach",
		"Approval", "Wait", "HTTP", "Transform", "Response", "End",
	}
}

// nodeType returns the type as this program spells it.
func (b *builder) nodeType(n nodeDecl) string {
	if !n.Type.set {
		b.errorf(n.pos, `node %q has no type: field "type" is missing`, n.ID.value)
		return ""
	}
	switch spell.Plain(n.Type.value) {
	case "humanapproval":
		return "Approval"
	case "comment":
		return "Response"
	case "script", "execute", "shell", "command":
		b.errorf(n.Type.pos, "node type %q is not offered by this version: it would run a shell command", n.Type.value)
		return n.Type.value
	case "slack", "discord", "telegram", "teams", "email", "jira", "confluence", "github", "mcp", "loop":
		b.errorf(n.Type.pos, "node type %q is not offered by this version", n.Type.value)
		return n.Type.value
	}
	for _, t := range nodeTypes() {
		if strings.EqualFold(t, n.Type.value) {
			return t
		}
	}
	b.errorf(n.Type.pos, "unknown node type %q%s", shorten(n.Type.value), meant(n.Type.value, nodeTypes()))
	return n.Type.value
}

// nodeTargets notes what a node's config refers to.
func (b *builder) nodeTargets(node FlowNode, n nodeDecl) {
	at := n.Config.pos
	if at == (pos{}) {
		at = n.pos
	}
	for _, kind := range []TargetKind{TargetAgent, TargetFleet, TargetFlow} {
		if name, ok := node.Config[string(kind)].(string); ok && !strings.Contains(name, "{") {
			b.refer(kind, str{at: atPos(at), value: name, set: true})
		}
	}
	needs := map[string][]string{
		"Agent": {"agent", "inline", "agentConfig", "agent_config", "fleet"},
		"Fleet": {"fleet"}, "Flow": {"flow"}, "Tool": {"tool"},
		"Conditional": {"condition", "expression", "when"}, "Approval": {"message"},
	}[node.Type]
	if len(needs) > 0 && !slices.ContainsFunc(needs, func(k string) bool { return node.Config[k] != nil }) {
		b.errorf(at, "node %q of type %s needs %q in its config", node.ID, node.Type, needs[0])
	}
	if name, ok := node.Config["tool"].(string); ok && node.Type == "Tool" {
		b.tools([]toolDecl{{at: atPos(at), name: name}})
	}
}

func atPos(p pos) at { return at{pos: p} }
