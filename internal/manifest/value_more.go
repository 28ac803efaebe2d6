package manifest

import (
	"strconv"
	"strings"

	"gopkg.in/yaml.v3"
)

// entry is one entry of a mapping whose keys are free.
type entry[T any] struct {
	key   string
	pos   pos
	value T
}

// mapping is a mapping whose keys are free, in the order of the file.
type mapping[T any] struct {
	at
	entries []entry[T]
}

func (m *mapping[T]) decodeYAML(d *decoder, n *yaml.Node, depth int) {
	m.pos = d.pos(n)
	if isNull(n) {
		return
	}
	pairs, _ := d.pairs(n, depth)
	m.entries = make([]entry[T], 0, len(pairs))
	for _, p := range pairs {
		e := entry[T]{key: p.key.Value, pos: d.pos(p.key)}
		d.child(p.value, &e.value, depth)
		m.entries = append(m.entries, e)
	}
}

func stringMap(m mapping[str]) map[string]string {
	if len(m.entries) == 0 {
		return nil
	}
	out := make(map[string]string, len(m.entries))
	for _, e := range m.entries {
		out[e.key] = e.value.value
	}
	return out
}

// data is anything, with variables expanded in its texts.
type data struct {
	at
	value any
}

func (a *data) decodeYAML(d *decoder, n *yaml.Node, depth int) {
	a.pos = d.pos(n)
	a.value = d.free(n, depth, true)
}

// rawData is anything, with its texts as they stand: "${…}" means something
// else in them.
type rawData struct {
	at
	value any
}

func (a *rawData) decodeYAML(d *decoder, n *yaml.Node, depth int) {
	a.pos = d.pos(n)
	a.value = d.free(n, depth, false)
}

// free returns a node's content as map[string]any, []any, string, int64,
// float64, bool or nil.
func (d *decoder) free(n *yaml.Node, depth int, expand bool) any {
	switch n.Kind {
	case yaml.MappingNode:
		out := map[string]any{}
		pairs, _ := d.pairs(n, depth)
		for _, p := range pairs {
			if value := d.enter(p.value, depth+1); value != nil {
				out[p.key.Value] = d.free(value, depth+1, expand)
			}
		}
		return out
	case yaml.SequenceNode:
		out := []any{}
		for _, item := range n.Content {
			if item = d.enter(item, depth+1); item != nil {
				out = append(out, d.free(item, depth+1, expand))
			}
		}
		return out
	}
	return d.plain(n, expand)
}

func (d *decoder) plain(n *yaml.Node, expand bool) any {
	switch n.Tag {
	case "!!null":
		return nil
	case "!!bool":
		return !isFalse(n)
	case "!!int":
		if i, err := strconv.ParseInt(strings.ReplaceAll(n.Value, "_", ""), 0, 64); err == nil {
			return i
		}
	case "!!float":
		var f float64
		if d.float(n, &f) {
			return f
		}
		return nil
	}
	if expand {
		return d.expand(n)
	}
	return n.Value
}

// child decodes one level deeper.
func (d *decoder) child(n *yaml.Node, v any, depth int) {
	d.value(n, elem(v), depth+1)
}

// texts is one text or a list of them.
type texts struct {
	at
	list []str
}

func (t *texts) decodeYAML(d *decoder, n *yaml.Node, depth int) {
	t.pos = d.pos(n)
	if isNull(n) {
		return
	}
	if n.Kind == yaml.SequenceNode {
		d.list(n, elem(&t.list), depth)
		return
	}
	var one str
	one.decodeYAML(d, n, depth)
	t.list = []str{one}
}

// unexpanded is a text in which "${VAR}" is kept, for secrets.
type unexpanded struct {
	at
	node *yaml.Node
}

func (u *unexpanded) decodeYAML(d *decoder, n *yaml.Node, _ int) {
	u.pos = d.pos(n)
	switch {
	case isNull(n):
	case n.Kind != yaml.ScalarNode:
		d.errorf(u.pos, "expected text, found %s", describe(n))
	default:
		u.node = n
	}
}
