package wire

import (
	"encoding/json"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/tidwall/gjson"

	"github.com/aofctl/aofctl/internal/a2a"
)

// maxID bounds ids of callers, in bytes. They are kept in indexes.
const maxID = 512

// maxFaults bounds how many mistakes a caller is told at once.
const maxFaults = 10

// faults are the mistakes found in one request.
type faults struct{ list []a2a.Violation }

func (f *faults) add(field, format string, args ...any) {
	if len(f.list) < maxFaults {
		f.list = append(f.list, a2a.Violation{Field: field, Why: fmt.Sprintf(format, args...)})
	}
}

func (f *faults) err() *a2a.Error {
	if len(f.list) == 0 {
		return nil
	}
	return a2a.InvalidParams(f.list...)
}

// object reads the members of a JSON object by their names in camelCase, however
// they are spelled. A member that is null is one that is not there.
type object struct {
	path    string
	members map[string]gjson.Result
	faults  *faults
}

func newObject(path string, value gjson.Result, f *faults) object {
	o := object{path: path, members: map[string]gjson.Result{}, faults: f}
	value.ForEach(func(key, value gjson.Result) bool {
		if value.Type == gjson.Null && key.Str != "data" {
			return true
		}
		name := camel(key.Str)
		if before, twice := o.members[name]; twice && before.Raw != value.Raw {
			f.add(o.at(name), "is spelled in two ways with different values")
		}
		o.members[name] = value
		return true
	})
	return o
}

// camel turns snake_case into camelCase, as ProtoJSON reads both.
func camel(name string) string {
	if !strings.Contains(name, "_") {
		return name
	}
	var b strings.Builder
	upper := false
	for _, r := range name {
		switch {
		case r == '_' && b.Len() > 0:
			upper = true
		case upper:
			b.WriteRune(unicode.ToUpper(r))
			upper = false
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}

func (o object) at(name string) string {
	if o.path == "" {
		return name
	}
	return o.path + "." + name
}

// has says whether any of the names is there.
func (o object) has(names ...string) bool {
	_, _, ok := o.pick(names...)
	return ok
}

// pick finds the first of the names that is there.
func (o object) pick(names ...string) (string, gjson.Result, bool) {
	for _, name := range names {
		if v, ok := o.members[name]; ok {
			return name, v, true
		}
	}
	return names[0], gjson.Result{}, false
}

// text reads a string; "" if there is none.
func (o object) text(names ...string) string {
	name, v, ok := o.pick(names...)
	if ok && v.Type != gjson.String {
		o.faults.add(o.at(name), "must be a string")
	}
	return v.Str
}

// id reads a string that is kept in an index, "" if there is none.
func (o object) id(names ...string) string {
	name, _, _ := o.pick(names...)
	s := o.text(names...)
	if len(s) > maxID {
		o.faults.add(o.at(name), "must not be longer than %d bytes", maxID)
	}
	if strings.IndexFunc(s, unicode.IsControl) >= 0 {
		o.faults.add(o.at(name), "must not have control characters")
	}
	return s
}

// needed reads an id that must be there.
func (o object) needed(names ...string) string {
	s := o.id(names...)
	if name, v, ok := o.pick(names...); !ok || v.Type == gjson.String && s == "" {
		o.faults.add(o.at(name), "is required")
	}
	return s
}

// flag reads a boolean; nil if there is none.
func (o object) flag(name string) *bool {
	_, v, ok := o.pick(name)
	switch {
	case !ok:
		return nil
	case !v.IsBool():
		o.faults.add(o.at(name), "must be true or false")
	}
	b := v.Type == gjson.True
	return &b
}

// count reads a whole number from low to high; otherwise is what stands for none.
// Numbers may come as strings, and with fractions of zero, as ProtoJSON allows.
func (o object) count(name string, low, high, otherwise int) int {
	_, v, ok := o.pick(name)
	if !ok {
		return otherwise
	}
	f, err := strconv.ParseFloat(v.String(), 64)
	switch {
	case v.Type != gjson.Number && v.Type != gjson.String || err != nil || f != math.Trunc(f):
		o.faults.add(o.at(name), "must be a whole number")
	case f < float64(low) || f > float64(high):
		o.faults.add(o.at(name), "must be between %d and %d", low, high)
	default:
		return int(f)
	}
	return otherwise
}

// instant reads a time of RFC 3339; the zero time if there is none.
func (o object) instant(name string) time.Time {
	s := o.text(name)
	if s == "" {
		return time.Time{}
	}
	at, err := time.Parse(time.RFC3339Nano, s)
	if err != nil {
		o.faults.add(o.at(name), "must be a time such as 2025-10-28T10:30:00.000Z")
	}
	return at.UTC()
}

// words reads an array of strings.
func (o object) words(name string) []string {
	_, v, ok := o.pick(name)
	if !ok {
		return nil
	}
	if !v.IsArray() {
		o.faults.add(o.at(name), "must be an array of strings")
		return nil
	}
	var list []string
	v.ForEach(func(_, word gjson.Result) bool {
		if word.Type != gjson.String {
			o.faults.add(o.at(name), "must be an array of strings")
		}
		list = append(list, word.Str)
		return true
	})
	return list
}

// object reads an object; ok is false if there is none.
func (o object) object(names ...string) (inner object, ok bool) {
	name, v, ok := o.pick(names...)
	if ok && !v.IsObject() {
		o.faults.add(o.at(name), "must be an object")
		ok = false
	}
	return newObject(o.at(name), v, o.faults), ok
}

// metadata reads a free object as it is.
func (o object) metadata() json.RawMessage {
	_, v, ok := o.pick("metadata")
	switch {
	case !ok:
		return nil
	case !v.IsObject():
		o.faults.add(o.at("metadata"), "must be an object")
		return nil
	}
	return json.RawMessage(v.Raw)
}
