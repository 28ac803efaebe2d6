package mcp

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/aofctl/aofctl/internal/prompt"
)

// Bounds of what a server may say of a tool.
const (
	maxDescription = 1024
	maxWords       = 300
	maxSchema      = 24 << 10
	maxDepth       = 6
	maxProperties  = 100
	maxEnum        = 100
	maxEnumText    = 200
)

// propertyName is what every provider takes for the name of an argument.
var propertyName = regexp.MustCompile(`^[A-Za-z0-9_.-]{1,64}$`)

// sanitize turns a server's schema of arguments into the subset that every
// provider takes: objects, arrays with items, strings, numbers, integers and
// booleans, with required and enums of strings. What the subset cannot say is said
// in descriptions or left out; the server checks its arguments itself. An error
// says why the tool cannot be called with arguments of this subset.
func sanitize(schema any) (json.RawMessage, error) {
	body, err := json.Marshal(schema)
	if err != nil {
		return nil, fmt.Errorf("encode schema: %w", err)
	}
	var root map[string]any
	if err := json.Unmarshal(body, &root); err != nil || root == nil {
		return nil, errors.New("the schema is not an object")
	}
	s := &sanitizer{root: root}
	out := s.schema(root, 0, nil)
	if out["type"] != "object" {
		return nil, errors.New("the arguments are not an object")
	}
	if out["properties"] == nil {
		out["properties"] = map[string]any{}
	}
	if len(s.lost) > 0 {
		return nil, fmt.Errorf("a required argument cannot be given: %s", strings.Join(s.lost, ", "))
	}
	return bounded(out)
}

// bounded encodes the schema, without its descriptions if it is too large.
func bounded(schema map[string]any) (json.RawMessage, error) {
	for range 2 {
		body, err := json.Marshal(schema)
		if err != nil {
			return nil, fmt.Errorf("encode schema: %w", err)
		}
		if len(body) <= maxSchema {
			return body, nil
		}
		wordless(schema)
	}
	return nil, fmt.Errorf("the schema has more than %d bytes", maxSchema)
}

func wordless(schema map[string]any) {
	delete(schema, "description")
	if items, ok := schema["items"].(map[string]any); ok {
		wordless(items)
	}
	properties, _ := schema["properties"].(map[string]any)
	for _, p := range properties {
		if sub, ok := p.(map[string]any); ok {
			wordless(sub)
		}
	}
}

// sanitizer sanitizes the parts of one schema.
type sanitizer struct {
	root map[string]any
	// lost are required arguments whose names providers refuse.
	lost []string
	// count is how many parts there are, which bounds what references multiply.
	count int
}

// maxParts bounds a schema after its references are replaced.
const maxParts = 2000

// schema returns a part of the schema in the subset. The path are the references
// that led here.
func (s *sanitizer) schema(in map[string]any, depth int, path []string) map[string]any {
	if s.count++; depth > maxDepth || s.count > maxParts {
		return map[string]any{"type": "string", "description": "JSON, as text"}
	}
	for range maxDepth {
		if in["$ref"] == nil && in["anyOf"] == nil && in["oneOf"] == nil && in["allOf"] == nil {
			break
		}
		in, path = s.resolve(in, path)
		in, path = s.choose(in, path)
	}
	kind := kindOf(in)
	out := map[string]any{"type": kind}
	notes := notesOf(in)
	switch kind {
	case "object":
		s.object(in, out, depth, path)
	case "array":
		items, _ := in["items"].(map[string]any)
		out["items"] = s.schema(items, depth+1, path)
	case "string":
		if values := enumOf(in); len(values) > 0 {
			out["enum"] = values
		}
	default:
		if values := plainEnum(in); values != "" {
			notes = append(notes, "one of "+values)
		}
	}
	if text := describe(in, notes); text != "" {
		out["description"] = text
	}
	return out
}

// resolve follows references within the schema. What refers to itself is cut off.
func (s *sanitizer) resolve(in map[string]any, path []string) (map[string]any, []string) {
	for {
		ref, ok := in["$ref"].(string)
		if !ok {
			return in, path
		}
		target, found := s.lookUp(ref)
		if !found || slices.Contains(path, ref) {
			return map[string]any{"description": in["description"]}, path
		}
		path = append(path[:len(path):len(path)], ref)
		if words, ok := in["description"].(string); ok {
			target = maps.Clone(target)
			target["description"] = words
		}
		in = target
	}
}

func (s *sanitizer) lookUp(ref string) (map[string]any, bool) {
	pointer, ok := strings.CutPrefix(ref, "#/")
	if !ok {
		return nil, false
	}
	at := s.root
	for key := range strings.SplitSeq(pointer, "/") {
		key = strings.NewReplacer("~1", "/", "~0", "~").Replace(key)
		next, ok := at[key].(map[string]any)
		if !ok {
			return nil, false
		}
		at = next
	}
	return at, true
}

// choose takes the first alternative that is not null, and joins what has to hold
// at once. What it returns may have alternatives again.
func (s *sanitizer) choose(in map[string]any, path []string) (map[string]any, []string) {
	for _, word := range []string{"anyOf", "oneOf"} {
		list, _ := in[word].([]any)
		in = without(in, word)
		if len(list) == 0 || in["properties"] != nil {
			continue
		}
		if values := constants(list); len(values) > 0 {
			out := maps.Clone(in)
			out["type"], out["enum"] = "string", values
			return out, path
		}
		for _, one := range list {
			option, ok := one.(map[string]any)
			if !ok || option["type"] == "null" {
				continue
			}
			option, way := s.resolve(option, path)
			return merged(in, option), way
		}
	}
	list, _ := in["allOf"].([]any)
	in = without(in, "allOf")
	for _, one := range list {
		if part, ok := one.(map[string]any); ok {
			part, path = s.resolve(part, path)
			in = merged(in, part)
		}
	}
	return in, path
}

func without(in map[string]any, key string) map[string]any {
	if _, has := in[key]; !has {
		return in
	}
	out := maps.Clone(in)
	delete(out, key)
	return out
}

// constants returns the values of alternatives that are constant texts.
func constants(list []any) []any {
	var out []any
	for _, one := range list {
		option, _ := one.(map[string]any)
		text, ok := option["const"].(string)
		if !ok {
			return nil
		}
		out = append(out, text)
	}
	return out
}

// merged adds to a schema what another one has besides.
func merged(in, other map[string]any) map[string]any {
	out := maps.Clone(other)
	for key, value := range in {
		both, isMap := value.(map[string]any)
		first, wasMap := out[key].(map[string]any)
		list, isList := value.([]any)
		before, wasList := out[key].([]any)
		switch {
		case isMap && wasMap:
			sum := maps.Clone(first)
			maps.Copy(sum, both)
			out[key] = sum
		case isList && wasList:
			out[key] = append(before[:len(before):len(before)], list...)
		default:
			out[key] = value
		}
	}
	return out
}

func (s *sanitizer) object(in, out map[string]any, depth int, path []string) {
	properties, _ := in["properties"].(map[string]any)
	required := namesIn(in["required"])
	kept := map[string]any{}
	for _, name := range slices.Sorted(maps.Keys(properties)) {
		optional := !slices.Contains(required, name)
		if !propertyName.MatchString(name) || len(kept) >= maxProperties && optional {
			if !optional && depth == 0 {
				s.lost = append(s.lost, fmt.Sprintf("%.40q", name))
			}
			continue
		}
		sub, _ := properties[name].(map[string]any)
		kept[name] = s.schema(sub, depth+1, path)
	}
	if len(kept) > 0 {
		out["properties"] = kept
	}
	required = slices.DeleteFunc(required, func(name string) bool { return kept[name] == nil })
	if len(required) > 0 {
		out["required"] = required
	}
}

// kindOf returns the type of a value, the first of several that is not null. A
// value of any type is taken as text.
func kindOf(in map[string]any) string {
	kinds := namesIn(in["type"])
	if one, ok := in["type"].(string); ok {
		kinds = []string{one}
	}
	for _, kind := range kinds {
		if slices.Contains([]string{"object", "array", "string", "number", "integer", "boolean"}, kind) {
			return kind
		}
	}
	switch {
	case in["properties"] != nil:
		return "object"
	case in["items"] != nil:
		return "array"
	}
	return "string"
}

// namesIn returns the texts of a list, without repeats and in their order.
func namesIn(v any) []string {
	list, _ := v.([]any)
	var out []string
	for _, one := range list {
		if text, ok := one.(string); ok && !slices.Contains(out, text) {
			out = append(out, text)
		}
	}
	return out
}

// enumOf returns the texts that a value may be; none if there are too many, or
// such as a model could not repeat.
func enumOf(in map[string]any) []string {
	list, _ := in["enum"].([]any)
	if text, ok := in["const"].(string); ok {
		list = []any{text}
	}
	values := namesIn(list)
	odd := func(v string) bool { return v == "" || len(v) > maxEnumText || prompt.Clean(v) != v }
	if len(values) > maxEnum || slices.ContainsFunc(values, odd) {
		return nil
	}
	return values
}

// plainEnum writes the values of an enum that are no texts.
func plainEnum(in map[string]any) string {
	list, _ := in["enum"].([]any)
	var out []string
	for _, one := range list {
		switch one.(type) {
		case float64, bool:
			out = append(out, fmt.Sprint(one))
		}
	}
	if len(out) > maxEnum {
		return ""
	}
	return strings.Join(out, ", ")
}

// notesOf says what the subset cannot: the format and the default.
func notesOf(in map[string]any) []string {
	var notes []string
	if format, ok := in["format"].(string); ok {
		notes = append(notes, "format "+format)
	}
	switch value := in["default"].(type) {
	case string, float64, bool:
		notes = append(notes, fmt.Sprintf("default %v", value))
	}
	return notes
}

func describe(in map[string]any, notes []string) string {
	words, _ := in["description"].(string)
	if len(notes) > 0 {
		words += " (" + strings.Join(notes, ", ") + ")"
	}
	return oneLine(words, maxWords)
}

// oneLine makes one short line of an untrusted text.
func oneLine(text string, limit int) string {
	return prompt.Cap(strings.Join(strings.Fields(prompt.Clean(text)), " "), limit)
}
