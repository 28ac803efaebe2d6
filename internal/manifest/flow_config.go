package manifest

import (
	"encoding/json"
	"maps"
	"reflect"
	"slices"
	"strings"
)

// configDecl returns what the config of a type is decoded into.
func configDecl(t NodeType) any {
	switch t {
	case NodeAgent:
		return &agentNodeDecl{}
	case NodeFleet:
		return &fleetNodeDecl{}
	case NodeFlow:
		return &subflowDecl{}
	case NodeTool:
		return &toolNodeDecl{}
	case NodeConditional:
		return &conditionalDecl{}
	case NodeParallel:
		return &parallelDecl{}
	case NodeJoin:
		return &joinDecl{}
	case NodeForEach:
		return &forEachDecl{}
	case NodeApproval:
		return &approvalDecl{}
	case NodeWait:
		return &waitDecl{}
	case NodeHTTP:
		return &httpNodeDecl{}
	case NodeTransform:
		return &transformDecl{}
	case NodeResponse:
		return &responseDecl{}
	case NodeEnd:
		return &endDecl{}
	}
	return nil
}

// decodeConfig decodes the config by the node's type, and notes what has to be
// known before any text is read.
func (b *flowBuilder) decodeConfig(p *pendingNode) {
	p.config = configDecl(p.typ)
	if p.config == nil {
		return
	}
	if p.decl.Config.node != nil {
		b.structure(p.decl.Config.node, reflect.ValueOf(p.config).Elem(), p.decl.Config.depth)
	}
	switch c := p.config.(type) {
	case *transformDecl:
		for _, e := range b.script(c.Script) {
			b.exports[e.name] = p.decl.ID.value
		}
	case *forEachDecl:
		for _, id := range c.Body.ids {
			b.bodies[id.value] = p.decl.ID.value
		}
	}
}

// configPos is where a node's config stands, or the node.
func (p *pendingNode) configPos() pos {
	if p.decl.Config.pos != (pos{}) {
		return p.decl.Config.pos
	}
	return p.decl.pos
}

// need reports a field of a config that is missing.
func (b *flowBuilder) need(p *pendingNode, given bool, field string) {
	if !given {
		b.errorf(p.configPos(), "node %q of type %s needs %q in its config", shorten(p.decl.ID.value), p.typ, field)
	}
}

// config makes the config of a node.
func (b *flowBuilder) config(p *pendingNode) any {
	switch c := p.config.(type) {
	case *agentNodeDecl:
		return b.agentNode(p, c)
	case *fleetNodeDecl:
		b.need(p, c.Fleet.value != "", "fleet")
		b.refer(TargetFleet, c.Fleet)
		return &FleetNode{Fleet: c.Fleet.value, Input: b.template(p, c.Input)}
	case *subflowDecl:
		b.need(p, c.Flow.value != "", "flow")
		b.refer(TargetFlow, c.Flow)
		return &SubflowNode{Flow: c.Flow.value, Inputs: b.object(p, c.Inputs, "inputs")}
	case *toolNodeDecl:
		return b.toolNode(p, c)
	case *conditionalDecl:
		return b.conditional(p, c)
	case *parallelDecl:
		for _, to := range c.Branches.list {
			b.lead(p, to, "")
		}
		return nil
	case *joinDecl:
		s := JoinStrategy(b.oneOf(c.Strategy, "strategy", string(JoinAll), string(JoinAny), string(JoinMajority)))
		if s == "" {
			s = JoinAll
		}
		return &JoinNode{Strategy: s}
	case *forEachDecl:
		return b.forEach(p, c)
	}
	return b.plainConfig(p)
}

// plainConfig makes the configs of the nodes that run nothing of the catalogue.
func (b *flowBuilder) plainConfig(p *pendingNode) any {
	switch c := p.config.(type) {
	case *approvalDecl:
		return b.approvalNode(p, c)
	case *waitDecl:
		return b.wait(p, c)
	case *httpNodeDecl:
		return b.httpNode(p, c)
	case *transformDecl:
		return b.transform(p, c)
	case *responseDecl:
		b.need(p, c.Message.set, "message")
		return &ResponseNode{Message: b.template(p, c.Message), Issue: b.template(p, c.Issue)}
	case *endDecl:
		status := b.oneOf(str{at: c.Status.at, value: endStatus(c.Status.value), set: c.Status.set}, "status", "succeeded", "failed")
		return &EndNode{Failed: status == "failed", Message: b.template(p, c.Message)}
	}
	return nil
}

// endStatus understands what other programs call it.
func endStatus(s string) string {
	switch strings.ToLower(s) {
	case "success", "completed", "complete", "ok":
		return "succeeded"
	case "failure", "error":
		return "failed"
	}
	return s
}

func (b *flowBuilder) agentNode(p *pendingNode, c *agentNodeDecl) any {
	n := &AgentNode{Agent: c.Agent.value, Input: b.template(p, c.Input)}
	switch {
	case c.Fleet.set:
		b.errorf(c.Fleet.pos, "give either agent or fleet")
	case c.Inline != nil && c.Agent.set:
		b.errorf(c.Agent.pos, "give either agent or inline")
	case c.Inline != nil:
		n.Inline = b.agent(Meta{Name: p.decl.ID.value}, *c.Inline, c.Inline.pos)
	default:
		b.need(p, n.Agent != "", "agent")
		b.refer(TargetAgent, c.Agent)
	}
	if c.Schema.value != nil {
		schema, err := json.Marshal(c.Schema.value)
		if err != nil {
			b.errorf(c.Schema.pos, "output_schema: %s", err)
		}
		if b.known.CheckSchema != nil {
			if err := b.known.CheckSchema(schema); err != nil {
				b.errorf(c.Schema.pos, "output_schema: %s", err)
			}
		}
		n.Schema = schema
	}
	return n
}

func (b *flowBuilder) toolNode(p *pendingNode, c *toolNodeDecl) any {
	b.need(p, c.Tool.value != "", "tool")
	n := &ToolNode{Tool: c.Tool.value, Args: b.object(p, c.Args, "args"), Pages: c.Pages.value}
	if c.Pages.set && (n.Pages < 1 || n.Pages > maxPages) {
		b.errorf(c.Pages.pos, "pages is from 1 to %d", maxPages)
	}
	if n.Tool == "" || b.known.Tools == nil {
		return n
	}
	switch found := b.known.tools(n.Tool); len(found) {
	case 0:
		b.noToolNode(c.Tool)
	case 1:
		n.Tool = found[0]
		b.toolArgs(p, c, n)
	default:
		b.errorf(c.Tool.pos, "%q stands for %d tools: a node calls one", shorten(n.Tool), len(found))
	}
	return n
}

// noToolNode reports a tool that cannot be called: a node cannot do without.
func (b *flowBuilder) noToolNode(name str) {
	if foreignTool(name.value) {
		b.errorf(name.pos, "tool %q is not offered by this version", shorten(name.value))
		return
	}
	b.noTool(toolDecl{at: name.at, name: name.value})
}

// toolArgs checks the names of the arguments against the tool's schema.
func (b *flowBuilder) toolArgs(p *pendingNode, c *toolNodeDecl, n *ToolNode) {
	i := slices.IndexFunc(b.known.Tools, func(t KnownTool) bool { return t.Name == n.Tool })
	if i >= 0 && (b.known.Tools[i].Named || b.known.Tools[i].Toolset == memoryTools) {
		b.errorf(c.Tool.pos, "tool %s is for agents only", n.Tool)
		return
	}
	var schema struct {
		Properties map[string]any
		Required   []string
	}
	if i >= 0 && n.Pages > 0 {
		b.paged(c, b.known.Tools[i])
	}
	if i < 0 || json.Unmarshal(b.known.Tools[i].Parameters, &schema) != nil || len(schema.Properties) == 0 {
		return
	}
	at := c.Args.pos
	if c.Args.node == nil {
		at = p.configPos()
	}
	for _, name := range keys(n.Args) {
		if _, ok := schema.Properties[name]; !ok {
			b.errorf(at, "tool %s has no argument %q%s", n.Tool, shorten(name), meant(name, keys(schema.Properties)))
		}
	}
	b.literals(at, n, schema.Properties)
	for _, name := range schema.Required {
		if n.Args[name] == nil {
			b.errorf(at, "tool %s needs the argument %q", n.Tool, name)
		}
	}
}

// maxPages bounds how many parts of a result a node puts together.
const maxPages = 100

// paged reports a tool whose result has no parts.
func (b *flowBuilder) paged(c *toolNodeDecl, t KnownTool) {
	var schema struct {
		Properties map[string]any
	}
	_ = json.Unmarshal(t.Parameters, &schema)
	if _, ok := schema.Properties["page_token"]; !ok || !t.Reads {
		b.errorf(c.Pages.pos, "tool %s has no page_token: its result has one page", t.Name)
	}
}

// literals checks the arguments that are the same in every run: what a template
// gives is not known before.
func (b *flowBuilder) literals(at pos, n *ToolNode, properties map[string]any) {
	for _, name := range keys(n.Args) {
		if b.known.Faults == nil || properties[name] == nil || n.Args[name] == nil || varies(n.Args[name]) {
			continue
		}
		schema, err := json.Marshal(properties[name])
		if err != nil {
			continue // it was JSON before
		}
		value, err := json.Marshal(n.Args[name])
		if err != nil {
			b.errorf(at, "argument %q is not JSON: %s", name, err)
			continue
		}
		for _, fault := range b.known.Faults(schema, value) {
			b.errorf(at, "argument %q of tool %s: %s", name, n.Tool, fault)
		}
	}
}

// varies reports whether there is a template in a value.
func varies(value any) bool {
	switch v := value.(type) {
	case string:
		return strings.Contains(v, "{{") || strings.Contains(v, "{%") || strings.Contains(v, "${")
	case []any:
		return slices.ContainsFunc(v, varies)
	case map[string]any:
		return slices.ContainsFunc(slices.Collect(maps.Values(v)), varies)
	}
	return false
}

func (b *flowBuilder) conditional(p *pendingNode, c *conditionalDecl) any {
	b.need(p, c.Condition.set, "condition")
	n := &ConditionalNode{Condition: b.expression(p, c.Condition)}
	for _, to := range c.Then.list {
		b.lead(p, to, resultOf(p.decl.ID.value, true))
	}
	for _, to := range c.Else.list {
		b.lead(p, to, resultOf(p.decl.ID.value, false))
	}
	return n
}

// lead notes a connection that a config implies.
func (b *flowBuilder) lead(p *pendingNode, to str, when string) {
	b.ways = append(b.ways, way{FlowConnection: FlowConnection{From: p.decl.ID.value, To: to.value, When: when},
		from: p.decl.ID.pos, to: to.pos, at: to.pos, implied: true})
}

// resultOf is the expression that a decision of the node is as wanted.
func resultOf(id string, want bool) string {
	expr := `nodes["` + id + `"].result`
	if !want {
		return "not " + expr
	}
	return expr
}
