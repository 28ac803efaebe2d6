package manifest

import "gopkg.in/yaml.v3"

// pair is one entry of a mapping.
type pair struct {
	key, value *yaml.Node
}

// pairs returns a mapping's entries in order, those of merge keys ("<<") last.
// Keys given twice are reported and taken once.
func (d *decoder) pairs(n *yaml.Node, depth int) ([]pair, bool) {
	if n.Kind != yaml.MappingNode {
		d.errorf(d.pos(n), "expected a mapping, found %s", describe(n))
		return nil, false
	}
	if d.tooMany(n, len(n.Content)/2) {
		return nil, false
	}
	var out []pair
	var merges []*yaml.Node
	seen := map[string]*yaml.Node{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := n.Content[i], n.Content[i+1]
		if key.Tag == "!!merge" {
			merges = append(merges, value)
			continue
		}
		if key = d.key(key); key == nil {
			continue
		}
		if first := seen[key.Value]; first != nil {
			d.errorf(d.pos(key), "duplicate field %q (first at line %d)", shorten(key.Value), d.pos(first).line)
			continue
		}
		seen[key.Value] = key
		out = append(out, pair{key, value})
	}
	for _, m := range merges {
		out = d.merge(out, seen, m, depth+1)
	}
	return out, true
}

// key resolves an alias and refuses keys that are not plain.
func (d *decoder) key(key *yaml.Node) *yaml.Node {
	if key.Kind == yaml.AliasNode && key.Alias.Kind == yaml.ScalarNode {
		named := *key.Alias
		named.Line, named.Column = key.Line, key.Column
		return &named
	}
	if key.Kind != yaml.ScalarNode {
		d.errorf(d.pos(key), "a field's name must be plain text, found %s", describe(key))
		return nil
	}
	return key
}

// merge adds the entries of a merged mapping, or of a list of them, that are
// not given already.
func (d *decoder) merge(out []pair, seen map[string]*yaml.Node, n *yaml.Node, depth int) []pair {
	n = d.enter(n, depth)
	if n == nil {
		return out
	}
	if n.Kind == yaml.SequenceNode {
		for _, item := range n.Content {
			out = d.merge(out, seen, item, depth+1)
		}
		return out
	}
	merged, _ := d.pairs(n, depth)
	for _, p := range merged {
		if seen[p.key.Value] == nil {
			seen[p.key.Value] = p.key
			out = append(out, p)
		}
	}
	return out
}
