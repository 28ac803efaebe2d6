package jira

import (
	"math"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/tidwall/gjson"
)

// present reports whether a payload has a field and its value is not null.
func present(r gjson.Result) bool { return r.Exists() && r.Type != gjson.Null }

// fields walks the members of an object. Of a name that occurs twice the caller
// sees both, the last one last, so that the last one wins as it does in
// encoding/json.
func fields(r gjson.Result, visit func(name string, value gjson.Result)) {
	if !r.IsObject() {
		return
	}
	r.ForEach(func(key, value gjson.Result) bool {
		visit(key.Str, value)
		return true
	})
}

// str returns a scalar as a string: null as "", numbers as they are written.
// Objects and arrays have no such form and give "".
func str(r gjson.Result) string { return clip(scalar(r), maxShort) }

func scalar(r gjson.Result) string {
	switch r.Type {
	case gjson.String:
		return clean(r.Str)
	case gjson.Number, gjson.True, gjson.False:
		return r.Raw
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
func integer(r gjson.Result) (int64, bool) {
	if r.Type != gjson.Number && r.Type != gjson.String {
		return 0, false
	}
	text := r.Raw
	if r.Type == gjson.String {
		text = strings.TrimSpace(r.Str)
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
func number(r gjson.Result) any {
	if n, ok := integer(r); ok {
		return n
	}
	f, err := strconv.ParseFloat(r.Raw, 64)
	if err != nil || math.IsInf(f, 0) || math.IsNaN(f) {
		return clip(r.Raw, maxShort)
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
