package prompt //nolint:goconst // names of the language and of variables read best as they are

import (
	"fmt"
	"strings"
	"unicode/utf8"

	minijinja "github.com/mitsuhiko/minijinja/minijinja-go/v2"
	"github.com/mitsuhiko/minijinja/minijinja-go/v2/filters"
	"github.com/mitsuhiko/minijinja/minijinja-go/v2/value"
)

// maxCount bounds the widths and counts that filters take as arguments.
const maxCount = 10_000

// engineFilters are the engine's filters that are safe to offer as they are.
func engineFilters() map[string]minijinja.FilterFunc {
	return map[string]minijinja.FilterFunc{
		"upper": filters.FilterUpper, "lower": filters.FilterLower, "capitalize": filters.FilterCapitalize,
		"title": filters.FilterTitle, "trim": filters.FilterTrim, "string": filters.FilterString,
		"bool": filters.FilterBool, "split": filters.FilterSplit, "lines": filters.FilterLines,
		"length": filters.FilterLength, "count": filters.FilterLength, "first": filters.FilterFirst,
		"last": filters.FilterLast, "reverse": filters.FilterReverse, "sort": filters.FilterSort,
		"list": filters.FilterList, "unique": filters.FilterUnique, "min": filters.FilterMin,
		"max": filters.FilterMax, "sum": filters.FilterSum, "map": filters.FilterMap,
		"select": filters.FilterSelect, "reject": filters.FilterReject, "selectattr": filters.FilterSelectAttr,
		"rejectattr": filters.FilterRejectAttr, "groupby": filters.FilterGroupBy, "chain": filters.FilterChain,
		"zip": filters.FilterZip, "abs": filters.FilterAbs, "int": filters.FilterInt, "float": filters.FilterFloat,
		"items": filters.FilterItems, "dictsort": filters.FilterDictSort, "attr": filters.FilterAttr,
		"urlencode": filters.FilterUrlencode,
		// These build as much as their arguments say: see countArgs.
		"round": filters.FilterRound, "batch": filters.FilterBatch, "slice": filters.FilterSlice,
		"format": boundedFormat,
	}
}

// ownFilters are those that the engine lacks, that it does not bound, or that
// work on markup that prompts do not have.
func ownFilters() map[string]minijinja.FilterFunc {
	return map[string]minijinja.FilterFunc{
		"default": defaultFilter, "d": defaultFilter,
		"truncate": truncateFilter, "wordcount": wordcountFilter, "center": centerFilter,
		"replace": replaceFilter, "indent": indentFilter, "join": joinFilter,
		"tojson": tojsonFilter, "pprint": tojsonFilter,
		"safe": identityFilter, "escape": escapeFilter, "e": escapeFilter,
	}
}

// addFilters replaces all filters of the environment.
func addFilters(env *minijinja.Environment) {
	for name, f := range engineFilters() {
		env.AddFilter(name, tracked(name, f))
	}
	for name, f := range ownFilters() {
		env.AddFilter(name, tracked(name, f))
	}
}

func invalid(format string, args ...any) error {
	return minijinja.NewError(minijinja.ErrInvalidOperation, fmt.Sprintf(format, args...))
}

// text is a filter's input as text: missing and null are empty.
func text(v value.Value) string {
	if v.IsUndefined() || v.IsNone() {
		return ""
	}
	if s, ok := v.AsString(); ok {
		return s
	}
	return display(v)
}

// arguments reads a filter's arguments by position or by name.
type arguments struct {
	args   []value.Value
	kwargs map[string]value.Value
}

func (a arguments) get(i int, name string) (value.Value, bool) {
	if i < len(a.args) {
		return a.args[i], true
	}
	v, ok := a.kwargs[name]
	return v, ok
}

func (a arguments) count(i int, name string, def int) (int, error) {
	v, ok := a.get(i, name)
	if !ok {
		return def, nil
	}
	n, ok := v.AsInt()
	if !ok || n < 0 || n > maxCount {
		return 0, invalid("%s has to be a number from 0 to %d", name, maxCount)
	}
	return int(n), nil
}

func (a arguments) text(i int, name, def string) string {
	if v, ok := a.get(i, name); ok {
		return text(v)
	}
	return def
}

func (a arguments) truth(i int, name string) bool {
	v, ok := a.get(i, name)
	return ok && v.IsTrue()
}

// defaultFilter takes null for missing, as Jira's empty fields are null.
func defaultFilter(_ minijinja.FilterState, v value.Value, args []value.Value, kwargs map[string]value.Value) (value.Value, error) {
	a := arguments{args, kwargs}
	missing := v.IsUndefined() || v.IsNone() || a.truth(1, "boolean") && !v.IsTrue()
	if !missing {
		return v, nil
	}
	if d, ok := a.get(0, "default_value"); ok {
		return d, nil
	}
	return value.FromString(""), nil
}

// truncateFilter is Jinja's truncate(length=255, killwords=false, end="...",
// leeway=5), in characters.
func truncateFilter(_ minijinja.FilterState, v value.Value, args []value.Value, kwargs map[string]value.Value) (value.Value, error) {
	a := arguments{args, kwargs}
	length, err := a.count(0, "length", 255)
	if err != nil {
		return v, err
	}
	leeway, err := a.count(3, "leeway", 5)
	if err != nil {
		return v, err
	}
	end := a.text(2, "end", "...")
	s := text(v)
	if utf8.RuneCountInString(s) <= length+leeway {
		return value.FromString(s), nil
	}
	runes := []rune(s)
	head := string(runes[:max(0, length-utf8.RuneCountInString(end))])
	if !a.truth(1, "killwords") {
		if i := strings.LastIndexAny(head, " \n\t"); i > 0 {
			head = head[:i]
		}
	}
	return value.FromString(head + end), nil
}

func wordcountFilter(_ minijinja.FilterState, v value.Value, _ []value.Value, _ map[string]value.Value) (value.Value, error) {
	return value.FromInt(int64(len(strings.Fields(text(v))))), nil
}

func centerFilter(_ minijinja.FilterState, v value.Value, args []value.Value, kwargs map[string]value.Value) (value.Value, error) {
	width, err := arguments{args, kwargs}.count(0, "width", 80)
	if err != nil {
		return v, err
	}
	s := text(v)
	room := max(0, width-utf8.RuneCountInString(s))
	return value.FromString(strings.Repeat(" ", room/2) + s + strings.Repeat(" ", room-room/2)), nil
}

func replaceFilter(_ minijinja.FilterState, v value.Value, args []value.Value, kwargs map[string]value.Value) (value.Value, error) {
	a := arguments{args, kwargs}
	if len(args) < 2 {
		return v, invalid("replace needs what to replace and by what")
	}
	s, old, by := text(v), a.text(0, "old", ""), a.text(1, "new", "")
	n := -1
	if len(args) > 2 {
		limit, err := a.count(2, "count", 0)
		if err != nil {
			return v, err
		}
		n = limit
	}
	found := strings.Count(s, old)
	if n >= 0 {
		found = min(found, n)
	}
	if err := bounded(len(s) + found*len(by)); err != nil {
		return v, err
	}
	return value.FromString(strings.Replace(s, old, by, n)), nil
}

func indentFilter(_ minijinja.FilterState, v value.Value, args []value.Value, kwargs map[string]value.Value) (value.Value, error) {
	a := arguments{args, kwargs}
	width, err := a.count(0, "width", 4)
	if err != nil {
		return v, err
	}
	lines := strings.Split(text(v), "\n")
	if err := bounded(len(lines)*width + len(text(v))); err != nil {
		return v, err
	}
	pad := strings.Repeat(" ", width)
	for i, line := range lines {
		if i == 0 && !a.truth(1, "first") || strings.TrimSpace(line) == "" && !a.truth(2, "blank") {
			continue
		}
		lines[i] = pad + line
	}
	return value.FromString(strings.Join(lines, "\n")), nil
}

func joinFilter(_ minijinja.FilterState, v value.Value, args []value.Value, kwargs map[string]value.Value) (value.Value, error) {
	a := arguments{args, kwargs}
	if s, ok := v.AsString(); ok {
		return value.FromString(s), nil
	}
	items := v.Iter()
	sep := a.text(0, "d", "")
	attribute, byAttribute := a.get(1, "attribute")
	size := 0
	parts := make([]string, len(items))
	for i, item := range items {
		if byAttribute {
			item = item.GetItem(attribute)
		}
		parts[i] = text(item)
		if size += len(parts[i]) + len(sep); size > MaxOutput {
			return v, errOutput
		}
	}
	return value.FromString(strings.Join(parts, sep)), nil
}

func tojsonFilter(_ minijinja.FilterState, v value.Value, args []value.Value, kwargs map[string]value.Value) (value.Value, error) {
	a := arguments{args, kwargs}
	indent := 0
	if w, ok := a.get(0, "indent"); ok {
		n, isInt := w.AsInt()
		switch b, isBool := w.AsBool(); {
		case isBool && b:
			indent = 2
		case isInt && n >= 0 && n <= 16:
			indent = int(n)
		}
	}
	s, err := toJSON(v, indent)
	if err != nil {
		return v, invalid("tojson: %v", err)
	}
	return value.FromString(s), nil
}

// identityFilter stands for safe, which has no meaning where nothing is escaped.
func identityFilter(_ minijinja.FilterState, v value.Value, _ []value.Value, _ map[string]value.Value) (value.Value, error) {
	return v, nil
}

func escapeFilter(_ minijinja.FilterState, v value.Value, _ []value.Value, _ map[string]value.Value) (value.Value, error) {
	return value.FromString(minijinja.EscapeHTML(text(v))), nil
}

// boundedFormat refuses widths and precisions of more than four digits.
func boundedFormat(state minijinja.FilterState, v value.Value, args []value.Value, kwargs map[string]value.Value) (value.Value, error) {
	digits := 0
	for _, r := range text(v) {
		if r < '0' || r > '9' {
			digits = 0
			continue
		}
		if digits++; digits > 4 {
			return v, invalid("format: the width or precision is too large")
		}
	}
	return filters.FilterFormat(state, v, args, kwargs)
}

func bounded(size int) error {
	if size > MaxOutput {
		return errOutput
	}
	return nil
}
