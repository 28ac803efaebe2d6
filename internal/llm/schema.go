package llm

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/tidwall/gjson"
)

// emptyParameters is the schema of a tool that takes nothing.
const emptyParameters = `{"type":"object","properties":{}}`

// Bounds of a schema that is told to a model.
const (
	maxSchemaDepth = 16
	maxSchemaNodes = 2000
)

// SanitiseSchema rewrites a JSON Schema of a tool's arguments into the subset
// that every provider takes: one type each, properties, required, items for
// each array, enum of strings, description, and bounds of numbers and arrays.
// References within the schema are followed; of alternatives the first is
// told; what only restricts further (pattern, format, additionalProperties …)
// is left out, so that arguments must still be checked against the original. A
// schema that is not one of an object, has references to elsewhere or is too
// deep is an error. The result is the same bytes for the same input.
func SanitiseSchema(raw json.RawMessage) (json.RawMessage, error) {
	if text := strings.TrimSpace(string(raw)); text == "" || text == "null" {
		return json.RawMessage(emptyParameters), nil
	}
	if !gjson.ValidBytes(raw) {
		return nil, errors.New("the schema is not JSON")
	}
	root := gjson.ParseBytes(raw)
	if !root.IsObject() {
		return nil, errors.New("the schema is not a JSON object")
	}
	s := &sanitiser{root: root, open: map[string]bool{}}
	n, err := s.node(root, 0)
	if err != nil {
		return nil, err
	}
	if n.kind == "string" && len(n.enum) == 0 && !root.Get("type").Exists() {
		n.kind = "object" // nothing is said of it; arguments are an object anyway
	}
	if n.kind != "object" {
		return nil, fmt.Errorf("the schema is of type %s, want object", n.kind)
	}
	return n.appendTo(nil, true), nil
}

// sanitiser walks one schema.
type sanitiser struct {
	root  gjson.Result
	open  map[string]bool
	nodes int
}

// node reads a schema and everything below it.
func (s *sanitiser) node(v gjson.Result, depth int) (*node, error) {
	if s.nodes++; s.nodes > maxSchemaNodes {
		return nil, fmt.Errorf("the schema has more than %d parts", maxSchemaNodes)
	}
	if depth > maxSchemaDepth {
		return nil, fmt.Errorf("the schema is nested deeper than %d levels", maxSchemaDepth)
	}
	if v.Type == gjson.True {
		return &node{kind: "string"}, nil
	}
	if !v.IsObject() {
		return nil, errors.New("a part of the schema is not an object")
	}
	if ref := v.Get("$ref"); ref.Exists() {
		return s.reference(v, ref.String(), depth)
	}
	n, err := s.own(v, depth)
	if err != nil {
		return nil, err
	}
	if err := s.allOf(n, v, depth); err != nil {
		return nil, err
	}
	if n.kind == "" && len(n.props) == 0 {
		if err := s.anyOf(n, v, depth); err != nil {
			return nil, err
		}
	}
	n.settle()
	return n, nil
}

// reference follows a reference within the schema. One that leads back to where
// it is used from becomes an object without further description.
func (s *sanitiser) reference(v gjson.Result, ref string, depth int) (*node, error) {
	if s.open[ref] {
		return &node{kind: "object", description: v.Get("description").String()}, nil
	}
	target, ok := s.lookup(ref)
	if !ok {
		return nil, fmt.Errorf("the reference %q leads nowhere in the schema", clip(ref))
	}
	s.open[ref] = true
	defer delete(s.open, ref)
	n, err := s.node(target, depth+1)
	if err != nil {
		return nil, err
	}
	if d := v.Get("description").String(); d != "" {
		n.description = d
	}
	return n, nil
}

// lookup resolves a JSON Pointer fragment such as #/$defs/Issue (RFC 6901).
func (s *sanitiser) lookup(ref string) (gjson.Result, bool) {
	path, ok := strings.CutPrefix(ref, "#/")
	if !ok {
		return gjson.Result{}, false
	}
	at := s.root
	for part := range strings.SplitSeq(path, "/") {
		part = strings.ReplaceAll(strings.ReplaceAll(part, "~1", "/"), "~0", "~")
		next, found := gjson.Result{}, false
		at.ForEach(func(k, v gjson.Result) bool {
			if k.String() == part {
				next, found = v, true
			}
			return !found
		})
		if !found || !at.IsObject() {
			return gjson.Result{}, false
		}
		at = next
	}
	return at, true
}

// own reads what a schema says itself, without references and combinations.
func (s *sanitiser) own(v gjson.Result, depth int) (*node, error) {
	n := &node{description: v.Get("description").String()}
	if err := n.readKind(v.Get("type")); err != nil {
		return nil, err
	}
	n.readEnum(v)
	n.readBounds(v)
	for _, r := range v.Get("required").Array() {
		n.required = append(n.required, r.String())
	}
	if err := s.properties(n, v.Get("properties"), depth); err != nil {
		return nil, err
	}
	return n, s.items(n, v, depth)
}

func (s *sanitiser) properties(n *node, props gjson.Result, depth int) error {
	var failed error
	props.ForEach(func(k, v gjson.Result) bool {
		name := k.String()
		if !isPropertyName(name) {
			failed = fmt.Errorf("the property name %q is not taken by every provider", clip(name))
			return false
		}
		sub, err := s.node(v, depth+1)
		if err != nil {
			failed = fmt.Errorf("%s: %w", name, err)
			return false
		}
		n.set(name, sub)
		return true
	})
	return failed
}

// items reads what an array holds; of a tuple the first kind.
func (s *sanitiser) items(n *node, v gjson.Result, depth int) error {
	items := v.Get("items")
	if items.IsArray() {
		items = items.Get("0")
	}
	if !items.Exists() {
		items = v.Get("prefixItems.0")
	}
	if !items.IsObject() {
		return nil
	}
	sub, err := s.node(items, depth+1)
	if err != nil {
		return fmt.Errorf("items: %w", err)
	}
	n.items = sub
	return nil
}

// allOf adds what each of the parts says.
func (s *sanitiser) allOf(n *node, v gjson.Result, depth int) error {
	for _, part := range v.Get("allOf").Array() {
		sub, err := s.node(part, depth+1)
		if err != nil {
			return err
		}
		n.merge(sub)
	}
	return nil
}

// anyOf takes the first alternative that is not null; where all are texts to
// choose from, the choice is all of them.
func (s *sanitiser) anyOf(n *node, v gjson.Result, depth int) error {
	var options []*node
	for _, list := range []string{"anyOf", "oneOf"} {
		for _, option := range v.Get(list).Array() {
			if option.Get("type").String() == "null" {
				continue
			}
			sub, err := s.node(option, depth+1)
			if err != nil {
				return err
			}
			options = append(options, sub)
		}
	}
	if len(options) == 0 {
		return nil
	}
	n.merge(options[0])
	for _, o := range options[1:] {
		if n.kind == "string" && o.kind == "string" && len(n.enum) > 0 && len(o.enum) > 0 {
			n.enum = append(n.enum, o.enum...)
		}
	}
	return nil
}
