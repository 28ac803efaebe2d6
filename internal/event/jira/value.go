package jira

import (
	"math"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/tidwall/gjson"
)

// raw is a JSON value as a payload writes it, "" for one that it does not have.
type raw string

func (r raw) isString() bool { return r != "" && r[0] == '"' }
func (r raw) isObject() bool { return r != "" && r[0] == '{' }
func (r raw) isArray() bool  { return r != "" && r[0] == '[' }
func (r raw) isBool() bool   { return r == "true" || r == "false" }
func (r raw) isNumber() bool { return r != "" && (r[0] == '-' || r[0] >= '0' && r[0] <= '9') }

// present reports whether a payload has a value and it is not null.
func present(r raw) bool { return r != "" && r != "null" }

// text returns what a string says; "" for every other value.
func (r raw) text() string {
	switch {
	case !r.isString() || len(r) < 2:
		return ""
	case strings.IndexByte(string(r), '\\') >= 0:
		return gjson.Parse(string(r)).Str
	default:
		return string(r[1 : len(r)-1])
	}
}

// str returns a scalar as a string: null as "", numbers as they are written.
// Objects and arrays have no such form and give "".
func str(r raw) string { return clip(scalar(r), maxShort) }

func scalar(r raw) string {
	switch {
	case r.isString():
		return clean(r.text())
	case r.isNumber(), r.isBool():
		return string(r)
	default:
		return ""
	}
}

// clean removes NUL characters, which PostgreSQL can store neither as text nor
// as JSON.
func clean(s string) string {
	if strings.IndexByte(s, 0) < 0 {
		return s
	}
	return strings.ReplaceAll(s, "\x00", "")
}

// clip shortens a string to at most limit bytes, at the border of a character.
func clip(s string, limit int) string {
	if len(s) <= limit {
		return s
	}
	for limit > 0 && !utf8.RuneStart(s[limit]) {
		limit--
	}
	return s[:limit]
}

// integer returns a whole number that a payload gives as a number or as a string
// of digits.
func integer(r raw) (int64, bool) {
	text := string(r)
	switch {
	case r.isString():
		text = strings.TrimSpace(r.text())
	case !r.isNumber():
		return 0, false
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err == nil {
		return n, true
	}
	f, err := strconv.ParseFloat(text, 64)
	if err != nil || f != math.Trunc(f) || math.Abs(f) > 1<<53 {
		return 0, false
	}
	return int64(f), true
}

// number returns a number as int64 if it is whole and as float64 if it is not;
// one that neither can hold stays a string.
func number(r raw) any {
	if n, ok := integer(r); ok {
		return n
	}
	f, err := strconv.ParseFloat(string(r), 64)
	if err != nil || math.IsInf(f, 0) || math.IsNaN(f) {
		return clip(string(r), maxShort)
	}
	return f
}

// digits returns an id if it consists of digits alone, otherwise "".
func digits(s string) string {
	if s == "" || len(s) > 20 || strings.Trim(s, "0123456789") != "" {
		return ""
	}
	return s
}

// after returns the path segment that follows a marker in a link, if it is a
// number: the id in ".../issue/10013/comment/10082" after "/issue/".
func after(link, marker string) string {
	_, rest, found := strings.Cut(link, marker)
	if !found {
		return ""
	}
	if end := strings.IndexAny(rest, "/?#"); end >= 0 {
		rest = rest[:end]
	}
	return digits(rest)
}
