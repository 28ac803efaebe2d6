package manifest

import (
	"slices"
	"strings"
)

// graph checks how a flow's nodes are connected.
type graph struct {
	*flowBuilder
	connections []FlowConnection
	// known are the connections from the first to the second node, and entered
	// the nodes to which one leads.
	known   map[[2]string]bool
	entered map[string]bool
	started bool
	hints   hints
	// broken is true if a connection names what is not there.
	broken bool
}

// connect gathers the connections, those that configs and depends_on mean
// included. An explicit connection counts more than another of the same two nodes.
func (g *graph) connect(spec flowSpec) {
	for _, c := range spec.Connections {
		if !c.From.set || !c.To.set {
			g.errorf(c.pos, "a connection needs from and to")
			g.broken = true
			continue
		}
		from := c.From.value
		if from == "trigger" {
			from = flowStart
		}
		g.add(way{FlowConnection: FlowConnection{From: from, To: c.To.value, When: g.way(from, c.When)}, from: c.From.pos, to: c.To.pos, at: c.pos})
	}
	for _, w := range g.ways {
		g.add(w)
	}
	for _, n := range g.nodes {
		for _, dependency := range n.decl.DependsOn.list {
			if !g.has(dependency.value, n.decl.ID.value) {
				g.add(way{FlowConnection: FlowConnection{From: dependency.value, To: n.decl.ID.value}, from: dependency.pos, to: n.decl.ID.pos, at: dependency.pos})
			}
		}
	}
	g.entries()
	g.gates()
}

// way reads the condition of a connection. That of one that leads away from a
// node that decides may be the decision alone.
func (g *graph) way(from string, when flowText) string {
	if !when.set {
		return ""
	}
	word := strings.ToLower(strings.Trim(strings.TrimSpace(when.node.Value), `'"`))
	switch t := g.types[from]; {
	case (t == NodeConditional || t == NodeApproval) && slices.Contains([]string{"true", "then", "yes", "approved", "approve"}, word):
		return resultOf(from, true)
	case (t == NodeConditional || t == NodeApproval) && slices.Contains([]string{"false", "else", "no", "rejected", "denied", "reject"}, word):
		return resultOf(from, false)
	}
	text := g.phrase(when)
	if strings.TrimSpace(text) == "" {
		g.errorf(when.pos, "expression: it is empty")
		return ""
	}
	g.inspect(from, text, FormExpression, when.pos, true)
	return text
}

// entries connects the start if nothing does: to the nodes on which others
// depend, or to the first node of a flow without connections.
func (g *graph) entries() {
	if g.started {
		return
	}
	alone := len(g.connections) == 0
	for _, n := range g.nodes {
		id := n.decl.ID.value
		if g.entered[id] || g.bodies[id] != "" {
			continue
		}
		g.note(FlowConnection{From: flowStart, To: id})
		if alone {
			return
		}
	}
}

// gates gives a meaning to connections without a condition that lead away from a
// node that decides: behind an approval the flow goes on if it was given; a
// condition leaves it open.
func (g *graph) gates() {
	for i, c := range g.connections {
		if c.When != "" || c.OnError {
			continue
		}
		switch g.types[c.From] {
		case NodeApproval:
			g.connections[i].When = resultOf(c.From, true)
		case NodeConditional:
			if n := g.pending(c.To); n != nil && !n.decl.When.set {
				g.errorf(g.where[c.To], "the connection from %q to %q does not say which: write when: true or when: false", shorten(c.From), shorten(c.To))
			}
		}
	}
}

func (g *graph) pending(id string) *pendingNode {
	for _, n := range g.nodes {
		if n.decl.ID.value == id {
			return n
		}
	}
	return nil
}

func (g *graph) note(c FlowConnection) {
	g.connections = append(g.connections, c)
	g.known[[2]string{c.From, c.To}] = true
	g.entered[c.To] = true
	g.started = g.started || c.From == flowStart
}

func (g *graph) add(w way) {
	for i, end := range []string{w.From, w.To} {
		at := w.from
		if i == 1 {
			at = w.to
		}
		_, ok := g.where[end]
		switch {
		case !ok && (end != flowStart || i == 1):
			g.errorf(at, "there is no node %q%s", shorten(end), g.hints.meant(end, g.ids))
			g.broken = true
		case g.bodies[end] != "":
			g.errorf(at, "node %q stands in the body of %q: it cannot be connected as well", shorten(end), shorten(g.bodies[end]))
			g.broken = true
		}
	}
	if g.has(w.From, w.To) && w.implied && !w.OnError {
		return
	}
	if g.has(w.From, w.To) && w.When == "" && !w.OnError {
		g.warnf(w.at, "the connection from %q to %q is given twice", shorten(w.From), shorten(w.To))
		return
	}
	g.note(w.FlowConnection)
}

func (g *graph) has(from, to string) bool { return g.known[[2]string{from, to}] }

// check reports cycles, nodes that no way leads to, and joins of nothing.
func (g *graph) check() {
	reached := g.reachable()
	for _, n := range g.flow.Nodes {
		if !reached[n.ID] {
			g.errorf(g.where[n.ID], "node %q is never reached", shorten(n.ID))
			continue
		}
		if n.Type == NodeJoin && !slices.ContainsFunc(g.connections, func(c FlowConnection) bool { return c.To == n.ID && c.From != flowStart }) {
			g.errorf(g.where[n.ID], "node %q of type Join has nothing to join: no connection from another node leads to it", shorten(n.ID))
		}
	}
	if cycle := g.cycle(g.flow); cycle != nil {
		g.errorf(g.where[cycle[0]], "the flow goes in a circle: %s", strings.Join(cycle, " -> "))
		g.broken = true
	}
}

func (g *graph) reachable() map[string]bool {
	next := g.successors()
	reached := map[string]bool{}
	todo := []string{flowStart}
	for len(todo) > 0 {
		id := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		for _, to := range next[id] {
			if !reached[to] {
				reached[to] = true
				todo = append(todo, to)
			}
		}
	}
	return reached
}

func (g *graph) successors() map[string][]string {
	next := map[string][]string{}
	for _, c := range g.connections {
		next[c.From] = append(next[c.From], c.To)
	}
	return next
}

// cycle returns the nodes of one circle, the first one again at the end, or nil.
// What is left after taking away nodes that nothing leads to has a circle.
func (g *graph) cycle(f *Flow) []string {
	incoming := map[string]int{}
	for _, c := range g.connections {
		if c.From != flowStart {
			incoming[c.To]++
		}
	}
	next := g.successors()
	var todo []string
	left := map[string]bool{}
	for _, n := range f.Nodes {
		left[n.ID] = true
		if incoming[n.ID] == 0 {
			todo = append(todo, n.ID)
		}
	}
	for len(todo) > 0 {
		id := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		delete(left, id)
		for _, to := range next[id] {
			if incoming[to]--; incoming[to] == 0 {
				todo = append(todo, to)
			}
		}
	}
	return walkBack(g.connections, left, f)
}

// walkBack follows connections backwards among nodes that each have one coming
// from among them, until a node comes again.
func walkBack(connections []FlowConnection, left map[string]bool, f *Flow) []string {
	i := slices.IndexFunc(f.Nodes, func(n FlowNode) bool { return left[n.ID] })
	if i < 0 {
		return nil
	}
	before := map[string]string{}
	for _, c := range connections {
		if left[c.From] && left[c.To] {
			before[c.To] = c.From
		}
	}
	path := []string{f.Nodes[i].ID}
	for {
		previous := before[path[len(path)-1]]
		at := slices.Index(path, previous)
		path = append(path, previous)
		if at >= 0 {
			circle := path[at:]
			slices.Reverse(circle)
			return circle
		}
	}
}
