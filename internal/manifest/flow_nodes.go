package manifest

import (
	"net/http"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"time"

	"gopkg.in/yaml.v3"
)

// maxWait bounds how long a node waits.
const maxWait = 366 * 24 * time.Hour

func (b *flowBuilder) approvalNode(p *pendingNode, c *approvalDecl) any {
	b.need(p, c.Message.set, "message")
	n := &ApprovalNode{Message: b.template(p, c.Message), Timeout: c.Timeout.or(DefaultApprovalTimeout), AllowSelf: c.AllowSelf.value}
	n.Issue, n.Page = b.template(p, c.Issue), b.template(p, c.Page)
	if c.Issue.set && c.Page.set {
		b.errorf(c.Page.pos, "people are asked on an issue or on a page: give either issue_key or page_id")
	}
	for _, a := range c.Approvers {
		if !varies(a.node.Value) {
			b.approver(a.node.Value, a.pos, b.known.Cloud)
		}
		n.Approvers = append(n.Approvers, b.template(p, a))
	}
	if n.Timeout <= 0 || n.Timeout > maxWait {
		b.errorf(c.Timeout.pos, "an approval waits for at most 366d, and longer than nothing")
	}
	return n
}

func (b *flowBuilder) wait(p *pendingNode, c *waitDecl) any {
	n := &WaitNode{Duration: b.template(p, c.Duration), Until: b.template(p, c.Until)}
	switch {
	case c.Duration.set == c.Until.set:
		b.errorf(p.configPos(), "node %q of type Wait needs either duration or until in its config", shorten(p.decl.ID.value))
	case c.Duration.set && !strings.ContainsAny(n.Duration, "{$"):
		if d, err := ParseWait(n.Duration); err != nil {
			b.errorf(c.Duration.pos, "%s", err)
		} else if d > maxWait {
			b.errorf(c.Duration.pos, "a node waits for at most 366d")
		}
	case c.Until.set && !strings.ContainsAny(n.Until, "{$"):
		if _, err := time.Parse(time.RFC3339, n.Until); err != nil {
			b.errorf(c.Until.pos, "expected a point in time such as 2026-01-31T09:00:00Z, found %q", shorten(n.Until))
		}
	}
	return n
}

var plainNumber = regexp.MustCompile(`^\d+$`)

// ParseWait is ParseDuration that takes a plain number as seconds, as AOF does.
func ParseWait(text string) (time.Duration, error) {
	text = strings.TrimSpace(text)
	if plainNumber.MatchString(text) {
		text += "s"
	}
	d, err := ParseDuration(text)
	return time.Duration(d), err
}

func (b *flowBuilder) httpNode(p *pendingNode, c *httpNodeDecl) any {
	b.need(p, c.URL.set, "url")
	if b.known.Tools != nil && len(b.known.tools(httpTool)) == 0 {
		b.warnf(p.configPos(), "the request will be refused: policy.allowed_hosts in daemon.yaml names no host")
	}
	n := &HTTPNode{Method: strings.ToUpper(c.Method.or(http.MethodGet)), URL: b.template(p, c.URL)}
	if n.URL != "" && !varies(n.URL) && b.known.CheckAddress != nil {
		if err := b.known.CheckAddress(n.URL); err != nil {
			b.warnf(c.URL.pos, "the request will be refused: %s", err)
		}
	}
	methods := []string{http.MethodGet, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete}
	if !slices.Contains(methods, n.Method) {
		b.errorf(c.Method.pos, "method %q is none of %s", shorten(c.Method.value), strings.Join(methods, ", "))
	}
	for _, e := range c.Headers.entries {
		if name := http.CanonicalHeaderKey(e.key); name != "Accept" && name != "Content-Type" {
			b.errorf(e.pos, "header %q cannot be set here, only Accept and Content-Type: what a host has to be told of who asks belongs in daemon.yaml", shorten(e.key))
			continue
		}
		if n.Headers == nil {
			n.Headers = map[string]string{}
		}
		n.Headers[http.CanonicalHeaderKey(e.key)] = b.template(p, e.value)
	}
	n.Body = b.tree(p, c.Body)
	if n.Body != nil && n.Method == http.MethodGet {
		b.errorf(c.Body.pos, "a %s request has no body", n.Method)
	}
	return n
}

func (b *flowBuilder) transform(p *pendingNode, c *transformDecl) any {
	n := &TransformNode{Template: b.template(p, c.Template), JSON: b.oneOf(c.Format, "format", "text", "json") == "json", Value: b.tree(p, c.Value)}
	given := 0
	for _, is := range []bool{c.Template.set, c.Value.node != nil, c.Script.set} {
		if is {
			given++
		}
	}
	if given != 1 {
		b.errorf(p.configPos(), "node %q of type Transform needs one of template, value and script in its config", shorten(p.decl.ID.value))
	}
	if c.Script.set {
		n.Value = b.exported(p, c.Script)
	}
	return n
}

// export is one line of a script.
type export struct{ name, value string }

var exportLine = regexp.MustCompile(`^export\s+([A-Za-z_][A-Za-z0-9_]*)=(.*)$`)

// script reads the lines of a Transform's script that give values names. It is
// what AOF does with scripts, too: it runs none. Anything else that would do
// something is reported.
func (b *flowBuilder) script(text flowText) []export {
	if !text.set {
		return nil
	}
	var list []export
	for line := range strings.SplitSeq(text.node.Value, "\n") {
		line = strings.TrimSpace(line)
		m := exportLine.FindStringSubmatch(line)
		switch {
		case m != nil:
			list = append(list, export{m[1], strings.Trim(strings.TrimSpace(m[2]), `"'`)})
		case line == "" || line[0] == '#' || strings.HasPrefix(line, "echo "):
		default:
			b.errorf(text.pos, "no shell is run for a script: its lines have the form export NAME=\"…\", not %q", shorten(line))
		}
	}
	if len(list) == 0 {
		b.errorf(text.pos, "the script exports nothing")
	}
	return list
}

// exported makes a mapping of what a script exports.
func (b *flowBuilder) exported(p *pendingNode, text flowText) any {
	quiet := flowBuilder{builder: &builder{decoder: &decoder{report: &report{}}}}
	value := map[string]any{}
	for _, e := range quiet.script(text) { // its mistakes were told already
		node := *text.node
		node.Value = e.value
		value[e.name] = b.template(p, flowText{at: text.at, node: &node, set: true})
	}
	return value
}

// Bounds of a ForEach.
const (
	maxParallel = 32
	maxItems    = 1000
)

var variableName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]{0,63}$`)

func (b *flowBuilder) forEach(p *pendingNode, c *forEachDecl) any {
	b.need(p, c.Items.node != nil, "items")
	b.need(p, c.Body.ids != nil || c.Body.inline != nil, "body")
	n := &ForEachNode{Item: c.Item.or("item"), Index: c.Index.or("index"), MaxParallel: c.MaxParallel.or(DefaultMaxParallel), MaxItems: c.MaxItems.or(DefaultMaxItems)}
	if c.Items.node != nil && c.Items.node.Kind == yaml.ScalarNode {
		n.Items = b.expression(p, flowText{at: c.Items.at, node: c.Items.node, set: true})
	} else if list, ok := b.tree(p, c.Items).([]any); ok {
		n.List = list
	} else if c.Items.node != nil {
		b.errorf(c.Items.pos, "expected a list, or an expression that gives one")
	}
	for _, name := range []str{c.Item, c.Index} {
		if name.set && (!variableName.MatchString(name.value) || slices.Contains(flowNames(), name.value)) {
			b.errorf(name.pos, "%q cannot be the name of a variable", shorten(name.value))
		}
	}
	if n.Item == n.Index {
		b.errorf(c.Index.pos, "item and index are two variables")
	}
	if n.MaxParallel < 1 || n.MaxParallel > maxParallel {
		b.errorf(c.MaxParallel.pos, "max_parallel is from 1 to %d", maxParallel)
	}
	if n.MaxItems < 1 || n.MaxItems > maxItems {
		b.errorf(c.MaxItems.pos, "max_items is from 1 to %d", maxItems)
	}
	n.Continue = b.oneOf(c.OnError, "on_error", "stop", "continue") == "continue"
	if c.Body.inline != nil {
		n.Body = b.inlineBody(p, c.Body)
	}
	return n
}

// inlineBody makes a node of what is written in a body.
func (b *flowBuilder) inlineBody(p *pendingNode, c bodyDecl) []FlowNode {
	var decl bodyNode
	body := &pendingNode{decl: nodeDecl{at: at{c.pos}, Config: deferred{at: at{c.pos}, node: c.inline, depth: c.depth}}}
	for _, t := range []NodeType{NodeAgent, NodeFleet, NodeFlow, NodeTool} {
		if lookup(c.inline, "type") == nil && lookup(c.inline, strings.ToLower(string(t))) != nil {
			body.typ = t
		}
	}
	if body.typ == "" && lookup(c.inline, "inline") != nil && lookup(c.inline, "type") == nil {
		body.typ = NodeAgent
	}
	if body.typ == "" {
		b.structure(c.inline, reflect.ValueOf(&decl).Elem(), c.depth)
		body.decl = nodeDecl{at: at{c.pos}, ID: decl.ID, Type: decl.Type, Config: decl.Config}
		body.typ = b.nodeType(body.decl)
	}
	if body.decl.ID.value == "" {
		body.decl.ID = str{at: at{c.pos}, value: p.decl.ID.value + ".body", set: true}
	}
	id := body.decl.ID.value
	if _, taken := b.where[id]; taken {
		b.errorf(c.pos, "node %q is given twice", shorten(id))
		return nil
	}
	b.where[id], b.types[id], b.bodies[id] = c.pos, body.typ, p.decl.ID.value
	b.decodeConfig(body)
	n := b.node(body)
	b.bodyType(n, c.pos)
	return []FlowNode{n}
}

// bodyType refuses what makes no sense for one item after the other.
func (b *flowBuilder) bodyType(n FlowNode, at pos) {
	switch n.Type {
	case NodeEnd, NodeJoin, NodeParallel:
		b.errorf(at, "a node of type %s cannot stand in the body of a ForEach", n.Type)
	case NodeForEach:
		b.errorf(at, "a ForEach cannot stand in the body of another: make it a flow of its own")
	}
	if n.Handler != "" {
		b.errorf(at, "node %q stands in the body of a ForEach: its on_error is fail or continue", shorten(n.ID))
	}
}

// fillBodies puts the nodes of bodies that are named by their ids where they belong.
func (b *flowBuilder) fillBodies(built map[string]FlowNode) {
	for _, p := range b.nodes {
		decl, ok := p.config.(*forEachDecl)
		if !ok {
			continue
		}
		for _, id := range decl.Body.ids {
			n, known := built[id.value]
			switch {
			case !known:
				b.errorf(id.pos, "there is no node %q%s", shorten(id.value), meant(id.value, b.ids))
				continue
			case b.bodies[id.value] != p.decl.ID.value:
				b.errorf(id.pos, "node %q stands in the bodies of two nodes", shorten(id.value))
				continue
			case id.value == p.decl.ID.value:
				b.errorf(id.pos, "node %q stands in its own body", shorten(id.value))
				continue
			}
			b.bodyType(n, id.pos)
			if each, ok := built[p.decl.ID.value].Config.(*ForEachNode); ok {
				each.Body = append(each.Body, n)
			}
		}
	}
}
