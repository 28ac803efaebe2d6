package manifest

import (
	"slices"
	"strings"
)

// graph checks how a flow's nodes are connected.
type graph struct {
	*builder
	// where are the positions of the nodes, by id.
	where       map[string]pos
	connections []FlowConnection
	// known are the connections from the first to the second node, and entered
	// the nodes to which one leads.
	known   map[[2]string]bool
	entered map[string]bool
	started bool
	hints   hints
	ids     []string
	// broken is true if a connection names what is not there.
	broken bool
}

// connect gathers the connections, those that depends_on means included. An
// explicit connection counts more than depends_on of the same two nodes.
func (g *graph) connect(spec flowSpec) {
	for _, c := range spec.Connections {
		if !c.From.set || !c.To.set {
			g.errorf(c.pos, "a connection needs from and to")
			g.broken = true
			continue
		}
		from := c.From
		if from.value == "trigger" {
			from.value = flowStart
		}
		g.add(from, c.To, c.When.value, c.pos)
	}
	for _, n := range spec.Nodes {
		for _, dependency := range n.DependsOn.list {
			if n.ID.set && !g.has(dependency.value, n.ID.value) {
				g.add(dependency, n.ID, "", dependency.pos)
			}
		}
	}
	g.entries(spec)
}

// entries connects the start if nothing does: to the nodes on which others
// depend, or to the first node of a flow without connections.
func (g *graph) entries(spec flowSpec) {
	if g.started {
		return
	}
	alone := len(g.connections) == 0
	for _, n := range spec.Nodes {
		if !n.ID.set || g.entered[n.ID.value] {
			continue
		}
		g.note(FlowConnection{From: flowStart, To: n.ID.value})
		if alone {
			return
		}
	}
}

func (g *graph) note(c FlowConnection) {
	g.connections = append(g.connections, c)
	g.known[[2]string{c.From, c.To}] = true
	g.entered[c.To] = true
	g.started = g.started || c.From == flowStart
}

func (g *graph) add(from, to str, when string, at pos) {
	for _, end := range []str{from, to} {
		if _, ok := g.where[end.value]; !ok && (end.value != flowStart || end == to) {
			g.errorf(end.pos, "there is no node %q%s", shorten(end.value), g.hints.meant(end.value, g.ids))
			g.broken = true
		}
	}
	if g.has(from.value, to.value) && when == "" {
		g.warnf(at, "the connection from %q to %q is given twice", shorten(from.value), shorten(to.value))
		return
	}
	g.note(FlowConnection{From: from.value, To: to.value, When: when})
}

func (g *graph) has(from, to string) bool { return g.known[[2]string{from, to}] }

// check reports cycles and nodes that no way leads to.
func (g *graph) check(f *Flow) {
	reached := g.reachable()
	for _, n := range f.Nodes {
		if !reached[n.ID] {
			g.errorf(g.where[n.ID], "node %q is never reached", n.ID)
		}
	}
	if cycle := g.cycle(f); cycle != nil {
		g.errorf(g.where[cycle[0]], "the flow goes in a circle: %s", strings.Join(cycle, " -> "))
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
