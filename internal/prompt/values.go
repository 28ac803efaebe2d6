package prompt

import (
	"bytes"
	"encoding/json"
	"math"
	"strconv"
	"strings"
	"time"

	minijinja "github.com/mitsuhiko/minijinja/minijinja-go/v2"
	"github.com/mitsuhiko/minijinja/minijinja-go/v2/value"
)

// maxDepth bounds how deep lists and maps in variables may nest.
const maxDepth = 32

// toContext converts the variables of a render.
func toContext(vars map[string]any) map[string]value.Value {
	out := make(map[string]value.Value, len(vars))
	for k, v := range vars {
		out[k] = toValue(v, 0)
	}
	return out
}

// toValue converts a variable. Only plain data gets through: what is not
// known goes by its JSON form, and what has none is missing. No Go value is
// handed to the engine itself, so that there are no methods to call.
func toValue(v any, depth int) value.Value {
	if depth > maxDepth {
		return value.Undefined()
	}
	switch v := v.(type) {
	case nil:
		return value.None()
	case string:
		return value.FromString(v)
	case bool:
		return value.FromBool(v)
	case int:
		return value.FromInt(int64(v))
	case int64:
		return value.FromInt(v)
	case float64:
		return fromFloat(v)
	case json.Number:
		return fromNumber(v)
	case time.Time:
		return value.FromString(v.Format(time.RFC3339))
	case []string:
		items := make([]value.Value, len(v))
		for i, s := range v {
			items[i] = value.FromString(s)
		}
		return value.FromSlice(items)
	case []any:
		items := make([]value.Value, len(v))
		for i, item := range v {
			items[i] = toValue(item, depth+1)
		}
		return value.FromSlice(items)
	case map[string]any:
		m := make(map[string]value.Value, len(v))
		for k, item := range v {
			m[k] = toValue(item, depth+1)
		}
		return value.FromMap(m)
	default:
		return viaJSON(v, depth)
	}
}

// fromFloat keeps whole numbers whole: JSON has only one kind of number, and an
// id should not print as 10001.0.
func fromFloat(f float64) value.Value {
	if f == math.Trunc(f) && math.Abs(f) < 1<<53 {
		return value.FromInt(int64(f))
	}
	return value.FromFloat(f)
}

func fromNumber(n json.Number) value.Value {
	if i, err := n.Int64(); err == nil {
		return value.FromInt(i)
	}
	if f, err := n.Float64(); err == nil {
		return fromFloat(f)
	}
	return value.FromString(n.String())
}

func viaJSON(v any, depth int) value.Value {
	raw, err := json.Marshal(v)
	if err != nil {
		return value.Undefined()
	}
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.UseNumber()
	var plain any
	if err := dec.Decode(&plain); err != nil {
		return value.Undefined()
	}
	return toValue(plain, depth+1)
}

// display is how a value is printed: strings as they are, null and missing as
// nothing, booleans in lower case, lists and maps as JSON.
func display(v value.Value) string {
	if v.IsUndefined() || v.IsNone() {
		return ""
	}
	if s, ok := v.AsString(); ok {
		return s
	}
	if b, ok := v.AsBool(); ok && v.Kind() == value.KindBool {
		return strconv.FormatBool(b)
	}
	if v.Kind() == value.KindNumber {
		return v.String()
	}
	s, err := toJSON(v, 0)
	if err != nil {
		return ""
	}
	return s
}

// toJSON encodes a value without escaping for HTML.
func toJSON(v value.Value, indent int) (string, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", strings.Repeat(" ", indent))
	if err := enc.Encode(toNative(v, 0)); err != nil {
		return "", err
	}
	return strings.TrimSuffix(b.String(), "\n"), nil
}

// toNative converts a value back to plain Go data.
func toNative(v value.Value, depth int) any {
	if depth > maxDepth || v.IsUndefined() || v.IsNone() {
		return nil
	}
	if v.Kind() == value.KindNumber {
		return nativeNumber(v)
	}
	if b, ok := v.AsBool(); ok && v.Kind() == value.KindBool {
		return b
	}
	if s, ok := v.AsString(); ok {
		return s
	}
	if m, ok := v.AsMap(); ok {
		out := make(map[string]any, len(m))
		for k, item := range m {
			out[k] = toNative(item, depth+1)
		}
		return out
	}
	items := v.Iter()
	if items == nil && v.Kind() != value.KindSeq {
		return nil
	}
	out := make([]any, len(items))
	for i, item := range items {
		out[i] = toNative(item, depth+1)
	}
	return out
}

func nativeNumber(v value.Value) any {
	if i, ok := v.AsInt(); ok && v.IsActualInt() {
		return i
	}
	f, _ := v.AsFloat()
	if math.IsInf(f, 0) || math.IsNaN(f) {
		return nil
	}
	return f
}

// namespace is what {% set ns.x = … %} assigns to. Its values are plain and
// bounded, so that a loop cannot double a string without end or tie a knot.
type namespace struct {
	values map[string]value.Value
}

func newNamespace(_ *minijinja.State, args []value.Value, kwargs map[string]value.Value) (value.Value, error) {
	n := &namespace{values: map[string]value.Value{}}
	if len(args) > 0 {
		m, _ := args[0].AsMap()
		for k, v := range m {
			n.SetAttr(k, v)
		}
	}
	for k, v := range kwargs {
		n.SetAttr(k, v)
	}
	return value.FromObject(n), nil
}

// GetAttr implements the engine's interface for objects.
func (n *namespace) GetAttr(name string) value.Value {
	if v, ok := n.values[name]; ok {
		return v
	}
	return value.Undefined()
}

// SetAttr implements the engine's interface for assignments.
func (n *namespace) SetAttr(name string, v value.Value) {
	if _, ok := v.AsObject(); ok {
		v = value.Undefined()
	}
	if length, ok := v.Len(); ok && length > MaxOutput/4 {
		v = value.Undefined()
	}
	n.values[name] = v
}

// String keeps fmt from walking the values.
func (n *namespace) String() string { return "namespace" }
