package manifest

import (
	"slices"
	"strings"
)

// flowNames are the variables that texts of flows can read.
func flowNames() []string {
	return []string{
		"metadata", "event", "command", "args", "args_list", "args_body", "params", "inputs", "now", "flow", "run", "nodes", "previous",
	}
}

// reads reports what texts read that cannot be there: variables that do not exist,
// and results of nodes that cannot have run before.
func (g *graph) reads() {
	before := g.ancestors()
	for _, u := range g.uses {
		readable := g.readable(u, before)
		for _, r := range u.reads {
			if message := g.wrong(u, r, readable); message != "" {
				g.errorf(u.at, "%s", message)
			} else if message := g.flowBuilder.known.neverTold(r); message != "" {
				g.warnf(u.at, "%s", message)
			}
		}
	}
}

// readable are the nodes whose results the text may read.
func (g *graph) readable(u use, before map[string]map[string]bool) map[string]bool {
	out := map[string]bool{}
	owner := u.node
	if each := g.bodies[u.node]; each != "" {
		owner = each
		for _, id := range g.bodyOf(each) {
			if id == u.node {
				break
			}
			out[id] = true
		}
	}
	for id := range before[owner] {
		out[id] = true
	}
	if u.after {
		out[u.node] = true
	}
	return out
}

func (g *graph) bodyOf(each string) []string {
	var ids []string
	for _, n := range g.flow.Nodes {
		if c, ok := n.Config.(*ForEachNode); ok && n.ID == each {
			for _, inner := range c.Body {
				ids = append(ids, inner.ID)
			}
		}
	}
	return ids
}

// wrong says what is wrong with one read, or "".
func (g *graph) wrong(u use, r Read, readable map[string]bool) string {
	root := r.Path[0]
	names := append(flowNames(), g.itemNames(u.node)...)
	if !slices.Contains(names, root) {
		if _, isNode := g.where[root]; isNode {
			return `there is no variable "` + root + `": what node ` + root + ` found is nodes["` + root + `"].output`
		}
		hint := g.hints.meant(root, names)
		if hint == "" && u.after {
			hint = `: what node ` + shorten(u.node) + ` found is nodes["` + shorten(u.node) + `"].output, and of JSON nodes["` + shorten(u.node) + `"].output.` + shorten(root)
		}
		return `there is no variable "` + shorten(root) + `"` + hint
	}
	if root != "nodes" || len(r.Path) < 2 {
		return ""
	}
	id := r.Path[1]
	if _, known := g.where[id]; !known {
		if near := g.dashed(id); near != "" {
			return `there is no node "` + shorten(id) + `": write nodes["` + near + `"]`
		}
		return `there is no node "` + shorten(id) + `"` + g.hints.meant(id, g.ids)
	}
	if !readable[id] {
		return `node "` + shorten(id) + `" cannot have run before this is read`
	}
	if len(r.Path) > 2 && !slices.Contains(resultNames(g.types[id]), r.Path[2]) {
		return `the result of node "` + shorten(id) + `" has no "` + shorten(r.Path[2]) + `"` + g.hints.meant(r.Path[2], resultNames(g.types[id])) +
			": it has " + strings.Join(resultNames(g.types[id]), ", ")
	}
	return ""
}

// dashed is the node whose id somebody wrote behind a dot although it has a dash.
func (g *graph) dashed(id string) string {
	i := slices.IndexFunc(g.ids, func(known string) bool { return strings.HasPrefix(known, id+"-") })
	if i < 0 {
		return ""
	}
	return g.ids[i]
}

// itemNames are the variables of the body in which a node stands.
func (g *graph) itemNames(node string) []string {
	for _, n := range g.flow.Nodes {
		if c, ok := n.Config.(*ForEachNode); ok && n.ID == g.bodies[node] {
			return []string{c.Item, c.Index}
		}
	}
	return nil
}

// resultNames are what can be read of a node's result.
func resultNames(t NodeType) []string {
	names := []string{"output", "text", "status", "success", "error", "result"}
	switch t {
	case NodeApproval:
		return append(names, "approved", "by", "reason")
	case NodeForEach:
		return append(names, "items")
	case NodeJoin:
		return append(names, "winner")
	}
	return names
}

// ancestors are, for each node, those from which a way leads to it.
func (g *graph) ancestors() map[string]map[string]bool {
	into := map[string][]string{}
	for _, c := range g.connections {
		into[c.To] = append(into[c.To], c.From)
	}
	out := map[string]map[string]bool{}
	for _, n := range g.flow.Nodes {
		seen, todo := map[string]bool{}, slices.Clone(into[n.ID])
		for len(todo) > 0 {
			id := todo[len(todo)-1]
			todo = todo[:len(todo)-1]
			if id == flowStart || seen[id] {
				continue
			}
			seen[id] = true
			todo = append(todo, into[id]...)
		}
		out[n.ID] = seen
	}
	return out
}
