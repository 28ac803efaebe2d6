package scenario

import (
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// match compares what is with what is expected: plain values are equal, mappings
// have what is expected among others, lists have the same elements in any order,
// and a mapping with one of these keys alone, or with several of them, all of which
// have to hold, is a condition:
//
//	{contains: x}   a text has x in it, letter case ignored; a list has x, or all of a list
//	{lacks: x}      a text or list does not have x, or none of a list
//	{like: "a*"}    a text, with * for anything
//	{matches: re}   a text in which the regular expression is found
//	{not: x}        anything that is not x
//	{any: true}     anything at all
//	{one_of: [..]}  one of these
//
// It returns "" or what is wrong.
func match(want, is any) string {
	if checks, ok := conditions(want); ok {
		for _, c := range checks {
			if why := c.check(c.arg, is); why != "" {
				return why
			}
		}
		return ""
	}
	switch want := want.(type) {
	case map[string]any:
		return matchMap(want, is)
	case []any:
		return matchList(want, is)
	case nil:
		if is == nil || is == "" {
			return ""
		}
		return differs(want, is)
	}
	if scalar(want) == scalar(is) && is != nil && !isNested(is) {
		return ""
	}
	return differs(want, is)
}

// condition is a check with what it checks for.
type condition struct {
	check func(arg, is any) string
	arg   any
}

// conditions are those that a mapping consists of.
func conditions(want any) ([]condition, bool) {
	m, ok := want.(map[string]any)
	if !ok || len(m) == 0 {
		return nil, false
	}
	var out []condition
	for _, key := range slices.Sorted(maps.Keys(m)) {
		check := map[string]func(arg, is any) string{
			"contains": matchContains, "lacks": matchLacks, "like": matchLike, "matches": matchPattern, "not": matchNot, "one_of": matchOneOf,
			"any": func(any, any) string { return "" },
		}[key]
		if check == nil {
			return nil, false
		}
		out = append(out, condition{check, m[key]})
	}
	return out, true
}

func differs(want, is any) string { return fmt.Sprintf("want %s, is %s", show(want), show(is)) }

func isNested(v any) bool {
	switch v.(type) {
	case map[string]any, []any:
		return true
	}
	return false
}

// scalar is a value as text, so that numbers are the same whatever their type.
func scalar(v any) string {
	switch v := v.(type) {
	case string:
		return v
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64)
	}
	return fmt.Sprint(v)
}

func matchMap(want map[string]any, is any) string {
	have, ok := is.(map[string]any)
	if !ok {
		return differs(want, is)
	}
	var wrong []string
	for _, key := range slices.Sorted(maps.Keys(want)) {
		value, there := have[key]
		if why := match(want[key], value); why != "" {
			if !there {
				why = fmt.Sprintf("want %s, is not there", show(want[key]))
			}
			wrong = append(wrong, key+": "+why)
		}
	}
	return strings.Join(wrong, "; ")
}

// matchList wants the same elements; each of what is there counts once.
func matchList(want []any, is any) string {
	have, ok := is.([]any)
	if !ok || len(have) != len(want) {
		return differs(want, is)
	}
	used := make([]bool, len(have))
	for _, w := range want {
		found := false
		for i, h := range have {
			if !used[i] && match(w, h) == "" {
				used[i], found = true, true
				break
			}
		}
		if !found {
			return differs(want, is)
		}
	}
	return ""
}

func matchContains(arg, is any) string {
	switch have := is.(type) {
	case []any:
		wanted, ok := arg.([]any)
		if !ok {
			wanted = []any{arg}
		}
		for _, w := range wanted {
			if !slices.ContainsFunc(have, func(h any) bool { return match(w, h) == "" }) {
				return fmt.Sprintf("want %s in it, is %s", show(w), show(is))
			}
		}
		return ""
	case nil:
		return fmt.Sprintf("want %s in it, is nothing", show(arg))
	}
	text := strings.ToLower(scalar(is))
	wanted, ok := arg.([]any)
	if !ok {
		wanted = []any{arg}
	}
	for _, w := range wanted {
		if !strings.Contains(text, strings.ToLower(scalar(w))) {
			return fmt.Sprintf("want %s in it, is %s", show(w), show(is))
		}
	}
	return ""
}

// matchLacks wants none of what is named in a text or list.
func matchLacks(arg, is any) string {
	wanted, ok := arg.([]any)
	if !ok {
		wanted = []any{arg}
	}
	for _, w := range wanted {
		if is != nil && matchContains(w, is) == "" {
			return fmt.Sprintf("want no %s in it, is %s", show(w), show(is))
		}
	}
	return ""
}

func matchLike(arg, is any) string {
	parts := strings.Split(scalar(arg), "*")
	for i, p := range parts {
		parts[i] = regexp.QuoteMeta(p)
	}
	if is == nil || !regexp.MustCompile("(?s)^"+strings.Join(parts, ".*")+"$").MatchString(scalar(is)) {
		return differs(arg, is)
	}
	return ""
}

func matchPattern(arg, is any) string {
	re, err := regexp.Compile(scalar(arg))
	switch {
	case err != nil:
		return fmt.Sprintf("%s is no regular expression: %s", show(arg), err)
	case is == nil || !re.MatchString(scalar(is)):
		return fmt.Sprintf("want a match of %s, is %s", show(arg), show(is))
	}
	return ""
}

func matchNot(arg, is any) string {
	if match(arg, is) == "" {
		return fmt.Sprintf("want anything but %s, is %s", show(arg), show(is))
	}
	return ""
}

func matchOneOf(arg, is any) string {
	list, ok := arg.([]any)
	if !ok {
		list = []any{arg}
	}
	if slices.ContainsFunc(list, func(w any) bool { return match(w, is) == "" }) {
		return ""
	}
	return fmt.Sprintf("want one of %s, is %s", show(arg), show(is))
}

// maxShown is how much of a value is shown.
const maxShown = 300

// show is a value in one line, as in YAML's flow style.
func show(v any) string {
	out := flow(v)
	if runes := []rune(out); len(runes) > maxShown {
		return string(runes[:maxShown]) + "…"
	}
	return out
}

func flow(v any) string {
	switch v := v.(type) {
	case nil:
		return "nothing"
	case string:
		if v == "" || strings.ContainsAny(v, " \t\n\"'[]{},:#") {
			return strconv.Quote(v)
		}
		return v
	case []any:
		parts := make([]string, len(v))
		for i, e := range v {
			parts[i] = flow(e)
		}
		return "[" + strings.Join(parts, ", ") + "]"
	case map[string]any:
		var parts []string
		for _, key := range slices.Sorted(maps.Keys(v)) {
			parts = append(parts, key+": "+flow(v[key]))
		}
		return "{" + strings.Join(parts, ", ") + "}"
	}
	if reflect.ValueOf(v).Kind() == reflect.Struct {
		raw, err := json.Marshal(v)
		if err == nil {
			return string(raw)
		}
	}
	return scalar(v)
}
