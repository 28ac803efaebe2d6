package manifest

import (
	"fmt"
	"math"
	"strings"

	"gopkg.in/yaml.v3"
)

// opt is a plain value that may be absent, with its position.
type opt[T string | bool | int | float64] struct {
	at
	value T
	set   bool
}

type str = opt[string]

// absent reports whether the field is not there at all. One that is there and
// wrong has been reported already.
func (o opt[T]) absent() bool { return !o.set && o.pos == pos{} }

// or returns the value, or another one if it is absent.
func (o opt[T]) or(other T) T {
	if o.set {
		return o.value
	}
	return other
}

func (o *opt[T]) decodeYAML(d *decoder, n *yaml.Node, _ int) {
	o.pos = d.pos(n)
	if isNull(n) {
		return
	}
	if n.Kind != yaml.ScalarNode {
		d.errorf(o.pos, "expected %s, found %s", kindOf(o.value), describe(n))
		return
	}
	// A variable may stand where a number or a truth value is expected.
	if _, isText := any(o.value).(string); !isText && n.Tag == "!!str" && strings.Contains(n.Value, "${") {
		expanded := *n
		expanded.Value, expanded.Tag, expanded.Style = d.expand(n), "", 0
		expanded.Tag = expanded.ShortTag()
		n = &expanded
	}
	switch target := any(&o.value).(type) {
	case *string:
		o.set = d.text(n, target)
	case *bool:
		o.set = d.scalar(n, "!!bool", target)
	case *int:
		o.set = d.scalar(n, "!!int", target)
	case *float64:
		o.set = d.float(n, target)
	}
}

func kindOf(v any) string {
	switch v.(type) {
	case bool:
		return "true or false"
	case int:
		return "a whole number"
	case float64:
		return "a number"
	}
	return "text"
}

// text takes text, and numbers and dates as they are written. A truth value is
// more likely a mistake ("no" is text, but "false" is not).
func (d *decoder) text(n *yaml.Node, target *string) bool {
	switch n.Tag {
	case "!!str", "!!int", "!!float", "!!timestamp":
		before := len(d.problems)
		*target = d.expand(n)
		return len(d.problems) == before
	}
	d.errorf(d.pos(n), "expected text, found %s (quote it to make it text)", describe(n))
	return false
}

func (d *decoder) scalar(n *yaml.Node, tag string, target any) bool {
	if n.Tag != tag || n.Decode(target) != nil {
		kind := "a whole number"
		if tag == "!!bool" {
			kind = "true or false"
		}
		d.errorf(d.pos(n), "expected %s, found %s", kind, describe(n))
		return false
	}
	return true
}

func (d *decoder) float(n *yaml.Node, target *float64) bool {
	if n.Tag != "!!int" && n.Tag != "!!float" || n.Decode(target) != nil || math.IsNaN(*target) || math.IsInf(*target, 0) {
		d.errorf(d.pos(n), "expected a number, found %s", describe(n))
		return false
	}
	return true
}

// values returns the texts of a list, without the absent ones.
func values(list []str) []string {
	var out []string
	for _, s := range list {
		if s.set {
			out = append(out, s.value)
		}
	}
	return out
}

// oneOf checks an enumerated value, ignoring case, and returns it as it is
// listed; "" if it is absent or wrong.
func (d *decoder) oneOf(s str, what string, allowed ...string) string {
	if !s.set {
		return ""
	}
	for _, a := range allowed {
		if strings.EqualFold(a, s.value) {
			return a
		}
	}
	d.errorf(s.pos, "%s %q is none of %s%s", what, shorten(s.value), strings.Join(allowed, ", "), meant(s.value, allowed))
	return ""
}

// atLeast checks a number's lower bound.
func atLeast[T int | float64](d *decoder, o opt[T], least T) bool {
	if o.set && o.value < least {
		d.errorf(o.pos, "must be at least %s", fmt.Sprint(least))
		return false
	}
	return true
}
