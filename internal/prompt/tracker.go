package prompt //nolint:goconst // names of the language and of variables read best as they are

import (
	"context"
	"fmt"
	"sort"
	"strings"
	"unsafe"

	minijinja "github.com/mitsuhiko/minijinja/minijinja-go/v2"
	"github.com/mitsuhiko/minijinja/minijinja-go/v2/value"
)

// maxTracked bounds the strings that one render remembers.
const maxTracked = 20_000

// tracker decides, in a guarded render, which strings may be printed. It goes by
// value: a string that equals one of the operator's own is harmless, wherever it
// comes from.
type tracker struct {
	trusted map[string]bool
	// pieces are the trusted strings of which others may be put together.
	pieces []string
	// origins names the variable behind an untrusted string, by its value; places
	// by where it is stored, since two variables often have the same value.
	origins map[string]string
	places  map[*byte]string
	// plus is true if the template uses the operator +, which the engine lets
	// mark a sum as already printed although only one part of it was.
	plus bool
}

type trackerKey struct{}

func withTracker(ctx context.Context, t *tracker) context.Context {
	return context.WithValue(ctx, trackerKey{}, t)
}

func trackerFrom(ctx context.Context) (*tracker, bool) {
	t, ok := ctx.Value(trackerKey{}).(*tracker)
	return t, ok
}

// newTracker trusts the strings in the template's source: its literals, and the
// text between its tags, which a block may capture.
func newTracker(source string) *tracker {
	// ", " is what the engine's joiner() gives by default.
	t := &tracker{trusted: map[string]bool{"": true}, origins: map[string]string{}, places: map[*byte]string{}}
	t.trust(", ")
	tokens := scan(source)
	for i, tok := range tokens {
		switch {
		case tok.kind == opToken && tok.text == "=" && i > 0 && tokens[i-1].kind == nameToken:
			t.trust(tokens[i-1].text) // a keyword, which may become a key
		case tok.kind == stringToken || tok.kind == textToken:
			t.piece(tok.text)
		case tok.kind == opToken && tok.text == "+":
			t.plus = true
		}
	}
	return t
}

// piece trusts a string, also as a part of others.
func (t *tracker) piece(s string) {
	if s == "" || t.trusted[s] {
		return
	}
	if len(t.pieces) >= maxPieces {
		t.trust(s)
		return
	}
	t.trusted[s] = true
	t.pieces = append(t.pieces, s)
}

// trust trusts a string that was computed from trusted ones.
func (t *tracker) trust(s string) {
	if len(t.trusted) < maxTracked {
		t.trusted[s] = true
	}
}

// mark notes where an untrusted string comes from. Names are marked in order of
// preference: the first one stays.
func (t *tracker) mark(s, name string) {
	if _, ok := t.origins[s]; !ok && len(t.origins) < maxTracked {
		t.origins[s] = name
	}
}

// place notes where the string of a variable is stored. The string has to be a
// copy of its own. It is only an identity: nothing is read through it.
func (t *tracker) place(s, name string) {
	if s != "" && len(t.places) < maxTracked {
		t.places[unsafe.StringData(s)] = name //nolint:gosec // compared, never read
	}
}

// isTrusted reports whether the string is the operator's, whole or put together
// from parts that are.
func (t *tracker) isTrusted(s string) bool {
	return t.trusted[s] || t.composed(s)
}

// Bounds of the search for the parts of a string.
const (
	maxComposed = 8 << 10
	maxPieces   = 512
	maxSteps    = 200_000
)

// composed reports whether a string is a concatenation of the operator's own
// strings and digits, as "PROJ-1" ~ "-" ~ 2 is, or a {% set %} block.
func (t *tracker) composed(s string) bool {
	if len(s) > maxComposed || t.origins[s] != "" {
		return false
	}
	reach := make([]bool, len(s)+1)
	reach[0] = true
	steps := 0
	for i := 0; i < len(s) && steps < maxSteps; i++ {
		if !reach[i] {
			continue
		}
		if isDigit(s[i]) {
			reach[i+1] = true
		}
		for _, p := range t.pieces {
			if strings.HasPrefix(s[i:], p) {
				reach[i+len(p)] = true
			}
		}
		steps += len(t.pieces) + 1
	}
	return reach[len(s)]
}

// show is what a value looks like in the system prompt.
func (t *tracker) show(v value.Value) string {
	if s, ok := v.AsString(); ok {
		if v.IsSafe() && !t.plus || t.isTrusted(s) {
			return s
		}
		return t.refer(t.origin(s))
	}
	if name, tainted := t.taint(v, 0); tainted {
		return t.refer(name)
	}
	return display(v)
}

// refer prints a reference. It is trusted from then on, since a macro or a block
// may hand it back.
func (t *tracker) refer(name string) string {
	r := reference(name)
	t.piece(r)
	return r
}

// reference is what stands for a value that may not be printed.
func reference(name string) string {
	if name == "" {
		name = "event data"
	}
	return fmt.Sprintf("[%s: see the data below]", name)
}

// origin names the variable from which an untrusted string was made.
func (t *tracker) origin(s string) string {
	if name, ok := t.places[unsafe.StringData(s)]; ok { //nolint:gosec // compared, never read
		return name
	}
	if name, ok := t.origins[s]; ok {
		return name
	}
	// Made by an operator that is not tracked, such as ~: name what is in it.
	var names []string
	for part, name := range t.origins {
		if len(part) > 3 && strings.Contains(s, part) {
			names = append(names, name)
		}
	}
	sort.Strings(names)
	if len(names) == 0 {
		return ""
	}
	return names[0]
}

// taint reports whether a value holds an untrusted string, and whose.
func (t *tracker) taint(v value.Value, depth int) (name string, tainted bool) {
	if isScalar(v) {
		return "", false
	}
	if s, ok := v.AsString(); ok {
		if v.IsSafe() && !t.plus || t.isTrusted(s) {
			return "", false
		}
		return t.origin(s), true
	}
	if depth > maxDepth {
		return "", true
	}
	if m, ok := v.AsMap(); ok {
		return t.taintMap(m, depth)
	}
	for _, item := range v.Iter() {
		if name, tainted := t.taint(item, depth+1); tainted {
			return partOf(name), true
		}
	}
	return "", false
}

// isScalar reports whether a value is harmless whatever it is: a number, true,
// false, null or missing.
func isScalar(v value.Value) bool {
	return v.IsUndefined() || v.IsNone() || v.Kind() == value.KindBool || v.Kind() == value.KindNumber
}

// taintMap looks at a map's keys too: field names are written by people.
func (t *tracker) taintMap(m map[string]value.Value, depth int) (name string, tainted bool) {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	sort.Strings(keys)
	for _, k := range keys {
		if name, tainted := t.taint(m[k], depth+1); tainted {
			return partOf(name), true
		}
	}
	for _, k := range keys {
		if !t.isTrusted(k) {
			return t.origin(k), true
		}
	}
	return "", false
}

// partOf is the name of the variable of which something is a part.
func partOf(name string) string {
	if i := strings.IndexByte(name, '['); i > 0 {
		return name[:i]
	}
	if i := strings.LastIndexByte(name, '.'); i > 0 {
		return name[:i]
	}
	return name
}

// tracked wraps a filter so that its results inherit the trust of its inputs:
// what is made from trusted strings alone is trusted, anything else is not,
// whatever the engine thinks of it.
func tracked(name string, f minijinja.FilterFunc) minijinja.FilterFunc {
	return func(state minijinja.FilterState, v value.Value, args []value.Value, kwargs map[string]value.Value) (value.Value, error) {
		if err := checkCounts(name, args); err != nil {
			return value.Undefined(), err
		}
		if v.IsNone() && name != "tojson" {
			v = value.Undefined()
		}
		t, ok := trackerFrom(state.Context())
		if !ok {
			return f(state, v, args, kwargs)
		}
		origin, tainted := t.inputs(v, args, kwargs)
		out, err := f(state, v, args, kwargs)
		if err != nil {
			return value.Undefined(), err
		}
		return t.inherit(out, origin, tainted, 0), nil
	}
}

// inputs reports whether any input of a filter is untrusted.
func (t *tracker) inputs(v value.Value, args []value.Value, kwargs map[string]value.Value) (name string, tainted bool) {
	if name, tainted := t.taint(v, 0); tainted {
		return name, true
	}
	for _, a := range args {
		if name, tainted := t.taint(a, 0); tainted {
			return name, true
		}
	}
	return t.taintMap(kwargs, 0)
}

// inherit notes the strings in a filter's result, and takes the engine's mark of
// being printed already off those that are untrusted.
func (t *tracker) inherit(v value.Value, origin string, tainted bool, depth int) value.Value {
	if s, ok := v.AsString(); ok {
		if !tainted {
			t.piece(s)
			return v
		}
		if !t.trusted[s] {
			t.mark(s, origin)
		}
		return value.FromString(s)
	}
	if items, ok := v.AsSlice(); ok && depth < maxDepth {
		for _, item := range items {
			t.inherit(item, origin, tainted, depth+1)
		}
	}
	return v
}

// checkCounts bounds the sizes that some of the engine's filters take.
func checkCounts(name string, args []value.Value) error {
	switch name {
	case "batch", "slice", "round":
	default:
		return nil
	}
	if len(args) == 0 {
		return nil
	}
	if n, ok := args[0].AsInt(); ok && (n < 0 || n > maxCount) {
		return invalid("%s: the number has to be from 0 to %d", name, maxCount)
	}
	return nil
}
