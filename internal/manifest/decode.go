package manifest

import (
	"reflect"

	"gopkg.in/yaml.v3"
)

// decoder fills structs from YAML nodes. It is strict, it goes on after every
// mistake, and it knows where each stood. (The library's own strict mode stops
// at duplicate keys, has no columns, and is lost inside custom unmarshallers.)
type decoder struct {
	*report
	// before is added to the nodes' lines.
	before int
	env    func(string) (string, bool)
	shapes *shapes
	// left is how many nodes may still be visited in the whole file, which bounds
	// what aliases multiply.
	left *int
}

// decodable is a type with its own way of being decoded.
type decodable interface {
	decodeYAML(d *decoder, n *yaml.Node, depth int)
}

// openFields is a struct that deals with some unknown fields itself. It returns
// false for those that it does not know either.
type openFields interface {
	unknownField(d *decoder, key, value *yaml.Node) bool
}

func newDecoder(r *report, before int, env func(string) (string, bool), s *shapes, left *int) *decoder {
	return &decoder{report: r, before: before, env: env, shapes: s, left: left}
}

// nodesOf returns how many nodes a file may have: more than it can have without
// aliases.
func nodesOf(text []byte) *int {
	left := spareNodes + len(text)
	return &left
}

func (d *decoder) pos(n *yaml.Node) pos {
	return pos{line: n.Line + d.before, col: n.Column}
}

// into decodes a node into what v points to.
func (d *decoder) into(n *yaml.Node, v any) {
	d.value(n, reflect.ValueOf(v).Elem(), 0)
}

// enter resolves an alias and counts the visit. It returns nil when the
// document is too deep or too large once its aliases are expanded.
func (d *decoder) enter(n *yaml.Node, depth int) *yaml.Node {
	if *d.left <= 0 {
		return nil
	}
	if depth > maxDepth {
		*d.left = 0
		d.errorf(d.pos(n), "nested more than %d levels deep", maxDepth)
		return nil
	}
	if *d.left--; *d.left == 0 {
		d.errorf(d.pos(n), "the file has too many values once its aliases are expanded")
		return nil
	}
	if n.Kind == yaml.AliasNode {
		return d.enter(n.Alias, depth+1)
	}
	return n
}

func (d *decoder) value(n *yaml.Node, v reflect.Value, depth int) {
	n = d.enter(n, depth)
	if n == nil {
		return
	}
	if own, ok := v.Addr().Interface().(decodable); ok {
		own.decodeYAML(d, n, depth)
		return
	}
	if isNull(n) {
		return
	}
	switch v.Kind() {
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		d.value(n, v.Elem(), depth+1)
	case reflect.Slice:
		d.list(n, v, depth)
	case reflect.Struct:
		d.structure(n, v, depth)
	}
}

func (d *decoder) list(n *yaml.Node, v reflect.Value, depth int) {
	if n.Kind != yaml.SequenceNode {
		d.errorf(d.pos(n), "expected a list, found %s", describe(n))
		return
	}
	if d.tooMany(n, len(n.Content)) {
		return
	}
	out := reflect.MakeSlice(v.Type(), 0, len(n.Content))
	for _, item := range n.Content {
		element := reflect.New(v.Type().Elem()).Elem()
		d.value(item, element, depth+1)
		// An empty entry of a filter or a list of users would let everything or
		// nothing pass, neither of which is likely meant.
		if text, ok := element.Interface().(str); isNull(item) || ok && text.set && text.value == "" {
			d.errorf(d.pos(item), "the list has an empty entry")
		}
		out = reflect.Append(out, element)
	}
	v.Set(out)
}

// tooMany bounds what is compared with each other later.
func (d *decoder) tooMany(n *yaml.Node, entries int) bool {
	if entries <= maxEntries {
		return false
	}
	d.errorf(d.pos(n), "more than %d entries", maxEntries)
	return true
}

func (d *decoder) structure(n *yaml.Node, v reflect.Value, depth int) {
	target := v.Addr().Interface()
	if p, ok := target.(placed); ok {
		p.place(d.pos(n))
	}
	pairs, ok := d.pairs(n, depth)
	if !ok {
		return
	}
	sh := d.shapes.of(v.Type())
	given := map[*field]*yaml.Node{}
	for _, p := range pairs {
		f := sh.byName[p.key.Value]
		if f == nil {
			d.unknown(target, p, sh)
			continue
		}
		if first := given[f]; first != nil {
			d.errorf(d.pos(p.key), "field %q says the same as %q at line %d: give one of them",
				p.key.Value, first.Value, d.pos(first).line)
			continue
		}
		given[f] = p.key
		d.field(f, p, v, depth)
	}
}

func (d *decoder) field(f *field, p pair, v reflect.Value, depth int) {
	switch {
	case f.refuse != nil && !isOff(p.value):
		d.errorf(d.pos(p.key), "%q is not offered by this version%s", p.key.Value, reason(*f.refuse))
	case f.ignore != nil && !isOff(p.value):
		d.ignored(f, p)
	case f.refuse == nil && f.ignore == nil:
		d.value(p.value, v.FieldByIndex(f.index), depth+1)
	}
}

func (d *decoder) ignored(f *field, p pair) {
	if *f.ignore == "" {
		d.warnf(d.pos(p.key), "%q is not offered by this version and has no effect", p.key.Value)
		return
	}
	d.warnf(d.pos(p.key), "%q has no effect%s", p.key.Value, reason(*f.ignore))
}

func (d *decoder) unknown(target any, p pair, sh *shape) {
	if open, ok := target.(openFields); ok && open.unknownField(d, p.key, p.value) {
		return
	}
	d.errorf(d.pos(p.key), "unknown field %q%s", shorten(p.key.Value), meant(p.key.Value, sh.names))
}

func reason(r string) string {
	if r == "" {
		return ""
	}
	return ": " + r
}

func isNull(n *yaml.Node) bool { return n.Kind == yaml.ScalarNode && n.Tag == "!!null" }

// isOff reports whether a field that is not offered is switched off, so that
// nothing is lost by leaving it out.
func isOff(n *yaml.Node) bool {
	if n.Kind == yaml.AliasNode {
		n = n.Alias
	}
	if n.Kind != yaml.ScalarNode {
		return len(n.Content) == 0 || hasFalse(n, "enabled")
	}
	return n.Tag == "!!null" || n.Tag == "!!bool" && isFalse(n) || n.Tag == "!!str" && n.Value == ""
}

func hasFalse(n *yaml.Node, key string) bool {
	if n.Kind != yaml.MappingNode {
		return false
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		if n.Content[i].Value == key {
			return isFalse(n.Content[i+1])
		}
	}
	return false
}

func isFalse(n *yaml.Node) bool {
	var b bool
	return n.Kind == yaml.ScalarNode && n.Tag == "!!bool" && n.Decode(&b) == nil && !b
}
