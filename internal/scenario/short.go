package scenario

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"gopkg.in/yaml.v3"

	"github.com/aofctl/aofctl/internal/manifest"
)

// shortForms reads calls in short form, as "jira_add_labels PROJ-1 [backend]": a
// tool, the arguments that it requires in the order of its schema, and others as
// name=value.
type shortForms struct{ known manifest.Known }

// bind puts what stands behind the tool into the action's arguments, and the
// tool's own name in place of an alias.
func (f shortForms) bind(a *manifest.Action) error {
	var params []byte
	for _, t := range f.known.Tools {
		if t.Name == a.Tool || slices.Contains(t.Aliases, a.Tool) {
			a.Tool, params = t.Name, t.Parameters
		}
	}
	if a.Rest == "" {
		return nil
	}
	words, err := split(a.Rest)
	if err != nil {
		return fmt.Errorf("read arguments of %s: %w", a.Tool, err)
	}
	required, names := parameters(params)
	texts := textParameters(params)
	args := map[string]any{}
	at := 0
	for _, word := range words {
		name, text, named := strings.Cut(word, "=")
		if !named || !slices.Contains(names, name) {
			if at >= len(required) {
				return fmt.Errorf("%s has no %s argument%s", a.Tool, ordinal(at+1), listed(required, names))
			}
			name, text = required[at], word
			at++
		}
		value, err := plainYAML(text)
		if err != nil {
			return fmt.Errorf("read argument %s of %s: %w", name, a.Tool, err)
		}
		if _, is := value.(string); !is && value != nil && !isNested(value) && texts[name] {
			value = text // an id that looks like a number
		}
		args[name] = globbed(value)
	}
	a.Args, a.Rest = args, ""
	return nil
}

// listed says which arguments there are.
func listed(required, names []string) string {
	if len(names) == 0 {
		return " that is known: write tool and args"
	}
	text := " in its short form: quote what has spaces"
	if len(required) > 0 {
		text = " behind " + strings.Join(required, ", ") + ": quote what has spaces"
	}
	if others := names[len(required):]; len(others) > 0 {
		text += ", and write others as " + strings.Join(others, "=…, ") + "=…"
	}
	return text
}

func ordinal(n int) string {
	switch n {
	case 1:
		return "first"
	case 2:
		return "second"
	case 3:
		return "third"
	}
	return fmt.Sprintf("%dth", n)
}

// globbed lets a "*" in a text of a short form stand for anything.
func globbed(v any) any {
	if text, ok := v.(string); ok && strings.Contains(text, "*") {
		return map[string]any{"like": text}
	}
	return v
}

// split cuts a text at its spaces, except in quotes and brackets.
func split(text string) ([]string, error) {
	var words []string
	depth, quote, start := 0, byte(0), -1
	for i := range len(text) {
		c := text[i]
		switch {
		case quote != 0:
			if c == quote {
				quote = 0
			}
			continue
		case (c == '"' || c == '\'') && (start < 0 || depth > 0 || text[i-1] == '='):
			quote = c
		case c == '[' || c == '{':
			depth++
		case c == ']' || c == '}':
			depth--
		case c == ' ' && depth <= 0:
			if start >= 0 {
				words = append(words, text[start:i])
			}
			start = -1
			continue
		}
		if start < 0 {
			start = i
		}
	}
	if quote != 0 || depth != 0 {
		return nil, errors.New("a quote or a bracket is not closed")
	}
	if start >= 0 {
		words = append(words, text[start:])
	}
	return words, nil
}

// plainYAML reads a word as YAML has it, with numbers of one type.
func plainYAML(text string) (any, error) {
	var v any
	if err := yaml.Unmarshal([]byte(text), &v); err != nil {
		return text, nil //nolint:nilerr // "*x" and the like are texts here
	}
	if _, ok := v.(map[string]any); ok && !strings.HasPrefix(text, "{") {
		return text, nil // a colon in a word
	}
	return overJSON(v)
}

// overJSON gives a value the types that JSON has.
func overJSON(v any) (any, error) {
	raw, err := json.Marshal(v)
	if err != nil {
		return nil, fmt.Errorf("read value: %w", err)
	}
	var out any
	if err := json.Unmarshal(raw, &out); err != nil {
		return nil, fmt.Errorf("read value: %w", err)
	}
	return out, nil
}

// textParameters are the arguments of a tool that are texts.
func textParameters(schema []byte) map[string]bool {
	var s struct {
		Properties map[string]struct {
			Type any `json:"type"`
		} `json:"properties"`
	}
	out := map[string]bool{}
	if json.Unmarshal(schema, &s) != nil {
		return out
	}
	for name, p := range s.Properties {
		out[name] = p.Type == "string"
	}
	return out
}

// parameters are the names of a tool's arguments: those that are required, in their
// order, and all of them, these first.
func parameters(schema []byte) (required, names []string) {
	var s struct {
		Required   []string        `json:"required"`
		Properties json.RawMessage `json:"properties"`
	}
	if json.Unmarshal(schema, &s) != nil {
		return nil, nil
	}
	required, names = s.Required, slices.Clone(s.Required)
	dec := json.NewDecoder(bytes.NewReader(s.Properties))
	if _, err := dec.Token(); err != nil {
		return required, names
	}
	for dec.More() {
		key, err := dec.Token()
		if err != nil {
			return required, names
		}
		if name, ok := key.(string); ok && !slices.Contains(names, name) {
			names = append(names, name)
		}
		var skipped json.RawMessage
		if dec.Decode(&skipped) != nil {
			return required, names
		}
	}
	return required, names
}
