package model

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// scope says which part of a conversation a pattern looks at.
type scope string

const (
	scopeUser    scope = "user"
	scopeSystem  scope = "system"
	scopeResults scope = "results"
	scopeData    scope = "data"
	scopeAll     scope = "all"
)

// systemValue is the value that every set of rules has.
const systemValue = "system"

// valueYAML is the written form of a value; see the package comment.
type valueYAML struct {
	In    scope      `yaml:"in"`
	Match texts      `yaml:"match"`
	First []caseYAML `yaml:"first"`
	Every []caseYAML `yaml:"every"`
	Else  any        `yaml:"else"`
}

type caseYAML struct {
	If   string `yaml:"if"`
	Has  texts  `yaml:"has"`
	Then any    `yaml:"then"`
}

// value is something that the rules take from a conversation.
type value struct {
	in       scope
	match    []*regexp.Regexp
	cases    []valueCase
	every    bool
	fallback any
}

// valueCase holds if one of the words is there, or if there are none and the
// pattern is found.
type valueCase struct {
	words   []string
	pattern *regexp.Regexp
	then    any
}

func (y valueYAML) compile(name string) (*value, error) {
	v := &value{in: y.In, every: len(y.Every) > 0}
	if name == systemValue || !isName(name) {
		return nil, errors.New("a name is letters, digits and _, and not system")
	}
	switch y.In {
	case "":
		v.in = scopeUser
	case scopeUser, scopeSystem, scopeResults, scopeData, scopeAll:
	default:
		return nil, fmt.Errorf("unknown scope %q: want user, system, results, data or all", y.In)
	}
	forms := 0
	for _, given := range []bool{len(y.Match) > 0, len(y.First) > 0, len(y.Every) > 0} {
		if given {
			forms++
		}
	}
	if forms != 1 {
		return nil, errors.New("want exactly one of match, first and every")
	}
	var err error
	if v.match, err = compilePatterns(y.Match); err != nil {
		return nil, err
	}
	for _, c := range slices.Concat(y.First, y.Every) {
		compiled, err := c.compile()
		if err != nil {
			return nil, err
		}
		v.cases = append(v.cases, compiled)
	}
	v.fallback, err = plain(y.Else)
	return v, err
}

func (y caseYAML) compile() (valueCase, error) {
	if (y.If == "") == (len(y.Has) == 0) {
		return valueCase{}, errors.New("a case wants either if or has")
	}
	re, err := regexp.Compile(y.If)
	if err != nil {
		return valueCase{}, fmt.Errorf("pattern %q: %w", y.If, err)
	}
	then, err := plain(y.Then)
	if err != nil || then == nil {
		return valueCase{}, fmt.Errorf("the case %q gives no value", y.If+strings.Join(y.Has, ", "))
	}
	out := valueCase{pattern: re, then: then}
	for _, w := range y.Has {
		if w == "" {
			return valueCase{}, errors.New("a word of has is empty")
		}
		out.words = append(out.words, strings.ToLower(w))
	}
	return out, nil
}

func (k valueCase) holds(c *conversation, in scope) bool {
	if len(k.words) == 0 {
		return k.pattern.MatchString(c.text(in))
	}
	for _, w := range k.words {
		if hasWord(c.lower(in), w) {
			return true
		}
	}
	return false
}

// hasWord reports whether a word of the text begins so: "fail" is in "it fails"
// and "api" is not in "capital".
func hasWord(text, start string) bool {
	for from := 0; ; {
		i := strings.Index(text[from:], start)
		if i < 0 {
			return false
		}
		i += from
		before, _ := utf8.DecodeLastRuneInString(text[:i])
		if !unicode.IsLetter(before) && !unicode.IsDigit(before) {
			return true
		}
		from = i + len(start)
	}
}

// of finds the value in a conversation; nil if it is missing.
func (v *value) of(c *conversation) any {
	for _, re := range v.match {
		if m := re.FindStringSubmatch(c.text(v.in)); m != nil {
			return m[min(1, len(m)-1)]
		}
	}
	var all []any
	for _, k := range v.cases {
		if !k.holds(c, v.in) {
			continue
		}
		if !v.every {
			return k.then
		}
		all = append(all, k.then)
	}
	if len(all) > 0 {
		return all
	}
	return v.fallback
}

func isName(s string) bool {
	return s != "" && !strings.ContainsFunc(s, func(r rune) bool {
		return r != '_' && (r < '0' || r > '9') && (r < 'a' || r > 'z') && (r < 'A' || r > 'Z')
	})
}

// plain checks that a YAML value can be JSON, and gives it in JSON's types.
func plain(v any) (any, error) {
	raw, err := json.Marshal(v)
	if err != nil {
		return nil, errors.New("it is not JSON: keys must be texts")
	}
	var out any
	if err := json.Unmarshal(raw, &out); err != nil {
		return nil, err
	}
	return out, nil
}

// namesIn lists the values that a template uses.
func namesIn(v any) []string {
	var names []string
	switch v := v.(type) {
	case string:
		_, _ = expand(v, func(name string) (any, bool) {
			names = append(names, name)
			return "", true
		})
	case []any:
		for _, e := range v {
			names = append(names, namesIn(e)...)
		}
	case map[string]any:
		for _, k := range slices.Sorted(maps.Keys(v)) {
			names = append(names, namesIn(v[k])...)
		}
	}
	return names
}

// fill puts values into a template; false if one is missing.
func fill(v any, get func(string) (any, bool)) (any, bool) {
	switch v := v.(type) {
	case string:
		return expand(v, get)
	case []any:
		out := make([]any, len(v))
		for i, e := range v {
			filled, ok := fill(e, get)
			if !ok {
				return nil, false
			}
			out[i] = filled
		}
		return out, true
	case map[string]any:
		out := make(map[string]any, len(v))
		for k, e := range v {
			filled, ok := fill(e, get)
			if !ok {
				return nil, false
			}
			out[k] = filled
		}
		return out, true
	default:
		return v, true
	}
}

// expand puts values into a text. A text that is one value and nothing else
// becomes the value. Values are never looked into for further templates.
func expand(s string, get func(string) (any, bool)) (any, bool) {
	var b strings.Builder
	for rest := s; ; {
		before, after, found := strings.Cut(rest, "${")
		if !found {
			b.WriteString(rest)
			return b.String(), true
		}
		if strings.HasSuffix(before, "$") {
			b.WriteString(before[:len(before)-1] + "${")
			rest = after
			continue
		}
		name, tail, closed := strings.Cut(after, "}")
		if !closed || !isName(name) {
			b.WriteString(before + "${")
			rest = after
			continue
		}
		v, ok := get(name)
		if !ok {
			return nil, false
		}
		if s == "${"+name+"}" {
			return v, true
		}
		b.WriteString(before + asText(v))
		rest = tail
	}
}

// asText writes a value into a text; a list with commas.
func asText(v any) string {
	switch v := v.(type) {
	case string:
		return v
	case []any:
		parts := make([]string, len(v))
		for i, e := range v {
			parts[i] = asText(e)
		}
		return strings.Join(parts, ", ")
	case map[string]any:
		raw, err := json.Marshal(v)
		if err != nil {
			return ""
		}
		return string(raw)
	default:
		return fmt.Sprint(v)
	}
}
