package prompt

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
)

// Value is a compiled text that stands for a value: {{ expression }} alone keeps
// the type of what it gives, any other template gives a text.
type Value struct {
	template *Template
	typed    bool
}

// CompileValue parses a text that stands for a value. Errors are *Error.
func CompileValue(name, source string) (*Value, error) {
	body, alone := soleExpression(source)
	if !alone {
		t, err := Compile(name, source)
		if err != nil {
			return nil, err
		}
		return &Value{template: t}, nil
	}
	if _, err := Compile(name, source); err != nil { // an error in the source as it stands
		return nil, err
	}
	return typed(name, body)
}

// CompileResult parses an expression whose value is wanted, in the spellings that
// [CompileExpression] takes. Errors are *Error.
func CompileResult(src string) (*Value, error) {
	body, err := normalise(src)
	if err != nil {
		return nil, err
	}
	return typed(expressionName, body)
}

func typed(name, body string) (*Value, error) {
	t, err := Compile(name, "{{ (\n"+body+"\n)|tojson }}")
	if err != nil {
		return nil, expressionError(err, strings.Count(body, "\n")+1)
	}
	return &Value{template: t, typed: true}, nil
}

// soleExpression returns what stands between the braces of a text that is one
// {{ … }} and nothing else.
func soleExpression(source string) (string, bool) {
	tokens := scan(strings.TrimSpace(source))
	n := len(tokens)
	if n < 3 || tokens[0].text != "{{" || tokens[n-1].kind != closeToken {
		return "", false
	}
	for i, tok := range tokens {
		if tok.kind == textToken || i > 0 && tok.kind == openToken || i < n-1 && tok.kind == closeToken {
			return "", false
		}
	}
	body := strings.TrimSpace(source)
	body = strings.TrimSuffix(strings.TrimPrefix(body, "{{"), "}}")
	return strings.TrimSpace(strings.TrimSuffix(strings.TrimPrefix(body, "-"), "-")), true
}

// Typed reports whether the value keeps the type of an expression.
func (v *Value) Typed() bool { return v.typed }

// Reads is like [Template.Reads].
func (v *Value) Reads() []Path { return v.template.Reads() }

// Eval returns the value: nil for what is missing, and else a string, bool, int64,
// float64, []any or map[string]any. Errors are *Error.
func (v *Value) Eval(vars map[string]any) (any, error) {
	text, err := v.template.Render(vars)
	if err != nil || !v.typed {
		return text, err
	}
	dec := json.NewDecoder(bytes.NewReader([]byte(text)))
	dec.UseNumber()
	var out any
	if err := dec.Decode(&out); err != nil {
		return nil, &Error{Name: v.template.name, Message: fmt.Sprintf("the value cannot be told: %v", err)}
	}
	return Native(out), nil
}

// Native gives the numbers of decoded JSON, which are json.Number, the types that
// templates have for them, in lists and mappings in place.
func Native(v any) any {
	switch v := v.(type) {
	case json.Number:
		if i, err := v.Int64(); err == nil {
			return i
		}
		f, err := v.Float64()
		if err != nil {
			return v.String()
		}
		return f
	case []any:
		for i := range v {
			v[i] = Native(v[i])
		}
	case map[string]any:
		for k := range v {
			v[k] = Native(v[k])
		}
	}
	return v
}

// Display is how a value is printed by a template.
func Display(v any) string { return display(toValue(v, 0)) }
