package llm

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/tidwall/gjson"
)

// node is a schema in the subset that every provider takes.
type node struct {
	kind        string
	description string
	enum        []string
	props       []property
	required    []string
	items       *node
	bounds      []bound
}

// property is a named part of an object, in the order of the original.
type property struct {
	name string
	node *node
}

// bound is a limit such as minimum, with its number as written.
type bound struct{ name, raw string }

// readKind takes the type; of several the first that is not null.
func (n *node) readKind(v gjson.Result) error {
	kinds := []gjson.Result{v}
	if v.IsArray() {
		kinds = v.Array()
	}
	for _, k := range kinds {
		switch kind := k.String(); kind {
		case "", "null":
		case "string", "number", "integer", "boolean", "array", "object":
			if n.kind == "" {
				n.kind = kind
			}
		default:
			return fmt.Errorf("unknown type %q", clip(kind))
		}
	}
	return nil
}

// readEnum takes the texts to choose from. Providers take no other values in an
// enum, so that those go into the description.
func (n *node) readEnum(v gjson.Result) {
	values := v.Get("enum").Array()
	if c := v.Get("const"); c.Exists() {
		values = []gjson.Result{c}
	}
	var others []string
	for _, e := range values {
		switch {
		case e.Type == gjson.String && e.Str != "":
			n.enum = append(n.enum, e.Str)
		case e.Type == gjson.Number || e.IsBool():
			others = append(others, e.Raw)
			if n.kind == "" && len(n.enum) == 0 {
				n.kind = map[bool]string{true: "boolean", false: "number"}[e.IsBool()]
			}
		}
	}
	if len(others) > 0 {
		n.note("One of " + strings.Join(others, ", ") + ".")
	}
	if n.kind == "" && len(n.enum) > 0 {
		n.kind = "string"
	}
}

func (n *node) note(text string) {
	n.description = strings.TrimSpace(n.description + " " + text)
}

func (n *node) readBounds(v gjson.Result) {
	for _, name := range []string{"minimum", "maximum", "minItems", "maxItems"} {
		if b := v.Get(name); b.Type == gjson.Number {
			n.bounds = append(n.bounds, bound{name, b.Raw})
		}
	}
}

func (n *node) set(name string, sub *node) {
	for i := range n.props {
		if n.props[i].name == name {
			n.props[i].node = sub
			return
		}
	}
	n.props = append(n.props, property{name, sub})
}

// merge adds what o says to n; where both speak, n stands.
func (n *node) merge(o *node) {
	if n.kind == "" {
		n.kind = o.kind
	}
	if n.description == "" {
		n.description = o.description
	}
	if len(n.enum) == 0 {
		n.enum = o.enum
	}
	if n.items == nil {
		n.items = o.items
	}
	if len(n.bounds) == 0 {
		n.bounds = o.bounds
	}
	for _, p := range o.props {
		if !slices.ContainsFunc(n.props, func(have property) bool { return have.name == p.name }) {
			n.props = append(n.props, p)
		}
	}
	n.required = append(n.required, o.required...)
}

// settle gives the node a type and leaves only what that type has.
func (n *node) settle() {
	if n.kind == "" {
		n.kind = n.guess()
	}
	if n.kind != "object" {
		n.props, n.required = nil, nil
	}
	if n.kind != "array" {
		n.items = nil
	} else if n.items == nil {
		n.items = &node{kind: "string"}
	}
	if n.kind != "string" {
		n.enum = nil
	}
	n.bounds = slices.DeleteFunc(n.bounds, func(b bound) bool {
		if strings.HasSuffix(b.name, "Items") {
			return n.kind != "array"
		}
		return n.kind != "number" && n.kind != "integer"
	})
	n.enum = unique(n.enum)
	n.required = slices.DeleteFunc(unique(n.required), func(r string) bool {
		return !slices.ContainsFunc(n.props, func(p property) bool { return p.name == r })
	})
}

func (n *node) guess() string {
	switch {
	case len(n.props) > 0:
		return "object"
	case n.items != nil:
		return "array"
	default:
		return "string"
	}
}

func unique(list []string) []string {
	var out []string
	for _, s := range list {
		if !slices.Contains(out, s) {
			out = append(out, s)
		}
	}
	return out
}

// isPropertyName reports whether every provider takes the name: a letter or
// underscore, then letters, digits, _ . and -, at most 64.
func isPropertyName(name string) bool {
	if name == "" || len(name) > 64 || name[0] >= '0' && name[0] <= '9' || name[0] == '.' || name[0] == '-' {
		return false
	}
	return !strings.ContainsFunc(name, func(r rune) bool {
		return r != '_' && r != '.' && r != '-' && (r < '0' || r > '9') && (r < 'a' || r > 'z') && (r < 'A' || r > 'Z')
	})
}

// appendTo writes the node as JSON, always in the same order.
func (n *node) appendTo(out []byte, root bool) []byte {
	out = append(out, `{"type":`...)
	out = strconv.AppendQuote(out, n.kind)
	if n.description != "" && !root { // the tool has a description of its own
		out = append(append(out, `,"description":`...), jsonOf(n.description)...)
	}
	if len(n.enum) > 0 {
		out = append(append(out, `,"enum":`...), jsonOf(n.enum)...)
	}
	if n.items != nil {
		out = n.items.appendTo(append(out, `,"items":`...), false)
	}
	if len(n.props) > 0 || root {
		out = n.appendProperties(append(out, `,"properties":{`...))
		out = append(out, '}')
	}
	if len(n.required) > 0 {
		out = append(append(out, `,"required":`...), jsonOf(n.required)...)
	}
	for _, b := range n.bounds {
		out = append(out, `,"`+b.name+`":`+b.raw...)
	}
	return append(out, '}')
}

func (n *node) appendProperties(out []byte) []byte {
	for i, p := range n.props {
		if i > 0 {
			out = append(out, ',')
		}
		out = append(strconv.AppendQuote(out, p.name), ':')
		out = p.node.appendTo(out, false)
	}
	return out
}

// jsonOf encodes texts, which cannot fail.
func jsonOf(v any) []byte {
	out, err := json.Marshal(v)
	if err != nil {
		return []byte(`""`)
	}
	return out
}
