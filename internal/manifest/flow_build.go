package manifest

import (
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/aofctl/aofctl/internal/spell"
)

// flowStart is the name from which a flow's first connections lead.
const flowStart = "start"

// flowBuilder makes one flow.
type flowBuilder struct {
	*builder
	flow *Flow
	// nodes are those of the file with their configs decoded, and where their
	// positions by id.
	nodes []*pendingNode
	where map[string]pos
	ids   []string
	types map[string]NodeType
	// exports are the nodes of Transform scripts by the names that they export.
	exports map[string]string
	// bodies are the nodes that stand in the body of a ForEach, by its id.
	bodies map[string]string
	// ways are the connections that configs imply.
	ways []way
	// uses are the texts that may read what nodes found.
	uses []use
}

// pendingNode is a node that is read, but not built yet.
type pendingNode struct {
	decl   nodeDecl
	typ    NodeType
	config any
}

// way is a connection that stands somewhere.
type way struct {
	FlowConnection
	from, to pos
	at       pos
	implied  bool
}

func (b *builder) flow(decl flowDecl) *Flow {
	f := &Flow{
		Meta: decl.Metadata.meta(), Description: decl.Spec.Description.value,
		ScopeProjects: b.globs(decl.Spec.Scope.Projects), OwnIssue: b.ownIssue(decl.Spec.Scope), ScopeRepositories: b.repositories(decl.Spec.Scope.Repositories),
		ScopeSpaces: b.globs(decl.Spec.Scope.Spaces),
		Writes:      b.writes(decl.Spec.Writes), Approval: b.approval(decl.Spec.Approval), Budget: b.budget(decl.Spec.Budget),
		Output: Output(b.oneOf(decl.Spec.Output, "output", string(OutputNone), string(OutputComment))),
	}
	if f.Output == "" {
		f.Output = OutputNone
	}
	fb := &flowBuilder{builder: b, flow: f, where: map[string]pos{}, types: map[string]NodeType{}, exports: map[string]string{}, bodies: map[string]string{}}
	for _, n := range decl.Spec.Nodes {
		fb.read(n)
	}
	if len(decl.Spec.Nodes) == 0 {
		b.errorf(decl.Metadata.Name.pos, "flow %q has no nodes", f.Name)
		return f
	}
	fb.build(decl.Spec)
	return f
}

// build makes nodes and connections of what was read.
func (b *flowBuilder) build(spec flowSpec) {
	b.ids = slices.Sorted(maps.Keys(b.where))
	if len(b.exports) > 0 {
		b.flow.Exports = b.exports
	}
	built := map[string]FlowNode{}
	for _, n := range b.nodes {
		built[n.decl.ID.value] = b.node(n)
	}
	for _, n := range b.nodes {
		if id := n.decl.ID.value; b.bodies[id] == "" {
			b.flow.Nodes = append(b.flow.Nodes, built[id])
		}
	}
	b.fillBodies(built)
	g := graph{flowBuilder: b, known: map[[2]string]bool{}, entered: map[string]bool{}}
	g.connect(spec)
	b.flow.Connections = g.connections
	if !g.broken {
		g.check()
		g.reads()
	}
}

// read takes a node in if it can be told from the others.
func (b *flowBuilder) read(n nodeDecl) {
	if !n.ID.set || n.ID.value == "" {
		b.errorf(n.pos, `field "id" is missing`)
		return
	}
	id := n.ID.value
	if id == flowStart || id == "trigger" {
		b.errorf(n.ID.pos, "a node cannot be called %q: connections begin there", id)
		return
	}
	if _, twice := b.where[id]; twice {
		b.errorf(n.ID.pos, "node %q is given twice", shorten(id))
		return
	}
	if strings.ContainsAny(id, "'\"\\{}()\n") || len(id) > 100 {
		b.errorf(n.ID.pos, "the id %q has a quote, a bracket or a line end in it, or more than 100 bytes: expressions could not name it", shorten(id))
		return
	}
	b.where[id] = n.ID.pos
	p := &pendingNode{decl: n, typ: b.nodeType(n)}
	if p.typ == NodeAgent && n.Config.node != nil && lookup(n.Config.node, "fleet") != nil && lookup(n.Config.node, "agent") == nil {
		p.typ = NodeFleet // AOF's spelling
	}
	b.types[id] = p.typ
	b.decodeConfig(p)
	b.nodes = append(b.nodes, p)
}

func nodeTypes() []string {
	return []string{
		"Agent", "Fleet", "Flow", "Tool", "Conditional", "Parallel", "Join", "ForEach",
		"Approval", "Wait", "HTTP", "Transform", "Response", "End",
	}
}

// nodeType returns the type as this program spells it; "" for one that it does
// not have.
func (b *builder) nodeType(n nodeDecl) NodeType {
	if !n.Type.set {
		b.errorf(n.pos, `node %q has no type: field "type" is missing`, n.ID.value)
		return ""
	}
	switch spell.Plain(n.Type.value) {
	case "humanapproval":
		return NodeApproval
	case "comment":
		return NodeResponse
	case "loop":
		return NodeForEach
	case "condition":
		return NodeConditional
	case "script", "execute", "shell", "command":
		b.errorf(n.Type.pos, "node type %q is not offered by this version: it would run a shell command", n.Type.value)
		return ""
	case "jira", "confluence", "github", "mcp":
		b.errorf(n.Type.pos, "node type %q is not offered by this version: write a node of type Tool with a tool such as jira_create_issue", n.Type.value)
		return ""
	case "slack", "discord", "telegram", "teams", "email":
		b.errorf(n.Type.pos, "node type %q is not offered by this version", n.Type.value)
		return ""
	}
	for _, t := range nodeTypes() {
		if strings.EqualFold(t, n.Type.value) {
			return NodeType(t)
		}
	}
	b.errorf(n.Type.pos, "unknown node type %q%s", shorten(n.Type.value), meant(n.Type.value, nodeTypes()))
	return ""
}

// node makes a node of what was read.
func (b *flowBuilder) node(p *pendingNode) FlowNode {
	n := FlowNode{ID: p.decl.ID.value, Type: p.typ, Description: p.decl.Description.value, When: b.expression(p, p.decl.When)}
	n.Config = b.config(p)
	n.Retry = b.retry(p)
	if p.decl.Timeout.set {
		n.Timeout = b.nodeTimeout(p, n.Config)
	}
	b.onError(p, &n)
	return n
}

// nodeTimeout refuses a bound of what takes no time, and hands on that of an
// approval.
func (b *flowBuilder) nodeTimeout(p *pendingNode, config any) time.Duration {
	at, bound := p.decl.Timeout.pos, p.decl.Timeout.value
	if bound <= 0 {
		b.errorf(at, "a timeout is longer than nothing")
		return 0
	}
	switch p.typ {
	case NodeApproval:
		if a, ok := config.(*ApprovalNode); ok && a.Timeout == DefaultApprovalTimeout {
			a.Timeout = bound
		}
		return 0
	case NodeConditional, NodeParallel, NodeJoin, NodeTransform, NodeEnd:
		b.warnf(at, "a node of type %s takes no time: its timeout has no effect", p.typ)
		return 0
	case NodeWait:
		b.errorf(at, "a node of type Wait ends by itself: give it a shorter duration")
		return 0
	}
	return bound
}

// maxAttempts bounds how often a node is tried.
const maxAttempts = 20

func (b *flowBuilder) retry(p *pendingNode) FlowRetry {
	d := p.decl.Retry
	if d.pos == (pos{}) {
		return FlowRetry{}
	}
	r := FlowRetry{Attempts: d.MaxAttempts.or(1), Delay: d.Delay.or(time.Second), Factor: d.Multiplier.or(2), MaxDelay: d.MaxDelay.or(10 * time.Minute)}
	if r.Attempts < 1 || r.Attempts > maxAttempts {
		b.errorf(d.MaxAttempts.pos, "max_attempts is from 1 to %d", maxAttempts)
		r.Attempts = 1
	}
	if r.Factor < 1 || r.Factor > 100 {
		b.errorf(d.Multiplier.pos, "backoff_multiplier is from 1 to 100")
	}
	if b.oneOf(d.Backoff, "backoff", "fixed", "exponential") == "fixed" {
		r.Factor = 1
	}
	switch p.typ {
	case NodeConditional, NodeParallel, NodeJoin, NodeTransform, NodeEnd, NodeWait, NodeApproval:
		if r.Attempts > 1 {
			b.warnf(d.pos, "a node of type %s gives the same again: retry has no effect", p.typ)
		}
		r.Attempts = 1
	}
	return r
}

// onError says what becomes of the flow if the node fails.
func (b *flowBuilder) onError(p *pendingNode, n *FlowNode) {
	to := p.decl.OnError
	switch {
	case !to.set || to.value == "fail" || to.value == "stop":
	case to.value == "continue":
		n.Continue = true
	default:
		n.Handler = to.value
		b.ways = append(b.ways, way{FlowConnection: FlowConnection{From: n.ID, To: to.value, OnError: true}, from: to.pos, to: to.pos, at: to.pos, implied: true})
	}
}
