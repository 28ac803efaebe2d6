package prompt //nolint:goconst // names of the language and of variables read best as they are

import (
	"fmt"
	"maps"
	"slices"
	"sort"
	"strings"
	"time"

	"github.com/mitsuhiko/minijinja/minijinja-go/v2/value"
)

// grader tells the tracker which strings are trusted and where the others come
// from.
type grader struct {
	tracker *tracker
	stable  bool
}

// variables converts the data to the variables of the template.
func (g grader) variables(data Data) map[string]value.Value {
	g.trustAll(toValue(data.Params, 0), 0)
	g.tracker.piece(data.Agent)
	vars := map[string]any{"params": g.params(data), "agent": data.Agent}
	if !data.Now.IsZero() {
		now := data.Now.Format(time.RFC3339)
		g.tracker.piece(now)
		vars["now"] = now
	}
	if isCommand(data.Command) {
		g.tracker.piece(data.Command)
	}
	out := toContext(vars)
	metadata := copied(toValue(data.Metadata, 0), 0)
	g.metadata(metadata)
	out["metadata"], out["event"] = metadata, metadata
	for _, v := range []struct {
		name  string
		value any
	}{{"command", data.Command}, {"args", data.Args}, {"args_body", data.ArgsBody}, {"args_list", data.ArgsList}} {
		out[v.name] = copied(toValue(v.value, 0), 0)
		g.grade(v.name, out[v.name], freeText, 0)
	}
	for _, name := range slices.Sorted(maps.Keys(data.Others)) {
		if _, taken := out[name]; !taken {
			out[name] = copied(toValue(data.Others[name], 0), 0)
			g.other(name, out[name], 0)
		}
	}
	return out
}

// other marks the strings of a further variable with the way to each.
func (g grader) other(name string, v value.Value, depth int) {
	if s, ok := v.AsString(); ok {
		g.tracker.mark(s, name)
		g.tracker.place(s, name)
		return
	}
	if depth > maxDepth {
		return
	}
	if m, ok := v.AsMap(); ok {
		for _, k := range sortedKeys(m) {
			g.tracker.mark(k, name)
			g.other(name+"."+k, m[k], depth+1)
		}
		return
	}
	items, _ := v.AsSlice()
	for i, item := range items {
		g.other(fmt.Sprintf("%s[%d]", name, i+1), item, depth+1)
	}
}

// params lays what a person typed over the operator's params. Only text gives way
// to text: a number of the operator's is not replaced by somebody's words.
func (g grader) params(data Data) map[string]any {
	out := maps.Clone(data.Params)
	for _, name := range slices.Sorted(maps.Keys(data.Typed)) {
		_, isText := out[name].(string)
		if (out[name] != nil && !isText) || !isCommand(name) {
			continue
		}
		if out == nil {
			out = map[string]any{}
		}
		text := strings.Clone(data.Typed[name])
		out[name] = text
		g.grade("params."+name, value.FromString(text), freeText, 0)
	}
	return out
}

// copied returns the value with every string in it stored for itself, so that the
// tracker can tell two variables with the same value apart.
func copied(v value.Value, depth int) value.Value {
	if s, ok := v.AsString(); ok {
		return value.FromString(strings.Clone(s))
	}
	if depth > maxDepth {
		return v
	}
	if m, ok := v.AsMap(); ok {
		out := make(map[string]value.Value, len(m))
		for k, item := range m {
			out[k] = copied(item, depth+1)
		}
		return value.FromMap(out)
	}
	if items, ok := v.AsSlice(); ok {
		out := make([]value.Value, len(items))
		for i, item := range items {
			out[i] = copied(item, depth+1)
		}
		return value.FromSlice(out)
	}
	return v
}

// isCommand accepts the names that triggers give to commands: one or two words.
func isCommand(s string) bool {
	words := strings.Split(strings.TrimPrefix(s, "/"), " ")
	if len(words) > 2 {
		return false
	}
	for _, w := range words {
		if !isIdentifier(w) || len(w) > 32 {
			return false
		}
	}
	return true
}

// trustAll trusts the strings and keys of an operator's value.
func (g grader) trustAll(v value.Value, depth int) {
	if s, ok := v.AsString(); ok {
		g.tracker.piece(s)
		return
	}
	if depth > maxDepth {
		return
	}
	if m, ok := v.AsMap(); ok {
		for k, item := range m {
			g.tracker.piece(k)
			g.trustAll(item, depth+1)
		}
		return
	}
	items, _ := v.AsSlice()
	for _, item := range items {
		g.trustAll(item, depth+1)
	}
}

// metadata grades the event's variables, known names first, so that what is
// computed from a value that two variables share is called by the better known
// name.
func (g grader) metadata(v value.Value) {
	m, ok := v.AsMap()
	if !ok {
		return
	}
	done := map[string]bool{}
	names := defaultNames()
	rest := make([]string, 0, len(m))
	for name := range m {
		rest = append(rest, name)
	}
	sort.Strings(rest)
	for _, name := range append(names, rest...) {
		item, ok := m[name]
		if !ok || done[name] {
			continue
		}
		done[name] = true
		if isChangelog(name) {
			g.changelog(name, item)
			continue
		}
		g.grade(name, item, classify(name), 0)
	}
}

// grade trusts or marks the strings of one variable. Only the value itself or
// the items of a list have the class; what is deeper is free text.
func (g grader) grade(name string, v value.Value, c class, depth int) {
	if s, ok := v.AsString(); ok {
		if isHarmless(c, s) && !g.stable {
			g.trustValue(name, s)
			return
		}
		g.tracker.mark(s, name)
		g.tracker.place(s, name)
		return
	}
	if depth > maxDepth {
		return
	}
	if m, ok := v.AsMap(); ok {
		for _, k := range sortedKeys(m) {
			g.tracker.mark(k, name)
			g.grade(name, m[k], freeText, depth+1)
		}
		return
	}
	items, _ := v.AsSlice()
	for i, item := range items {
		if depth > 0 {
			c = freeText
		}
		g.grade(fmt.Sprintf("%s[%d]", name, i+1), item, c, depth+1)
	}
}

// trustValue trusts the value of a variable. Only keys and ids become parts of
// which other trusted strings may consist: they are what templates put together.
func (g grader) trustValue(name, s string) {
	if strings.HasSuffix(name, "_key") || strings.HasSuffix(name, "_id") {
		g.tracker.piece(s)
		return
	}
	g.tracker.trust(s)
}

// changelog grades the items of a changelog: the field's name is shown, and
// values of the fields that take them from an administrator's list.
func (g grader) changelog(name string, v value.Value) {
	items, _ := v.AsSlice()
	for i, item := range items {
		m, ok := item.AsMap()
		if !ok {
			g.grade(name, item, freeText, 1)
			continue
		}
		field := changedField(m)
		for _, k := range sortedKeys(m) {
			c := freeText
			if k == "field" || k == "field_id" || k == "fieldtype" || hasListNames(field) {
				c = listTerm
			}
			g.grade(fmt.Sprintf("%s[%d].%s", name, i+1, k), m[k], c, 0)
		}
	}
}

// changedField is the field of a changelog item: its id where the platform
// tells it, since a custom field may be named like a system field.
func changedField(item map[string]value.Value) string {
	if id, ok := item["field_id"].AsString(); ok && id != "" {
		return id
	}
	field, _ := item["field"].AsString()
	return field
}

func isChangelog(name string) bool { return name == "changelog_items" || name == "changelog" }

func sortedKeys(m map[string]value.Value) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	sort.Strings(keys)
	return keys
}
