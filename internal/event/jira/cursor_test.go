package jira

import (
	"encoding/json"
	"maps"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// tree reads a value with the cursor into what encoding/json would make of it.
func tree(r raw) any {
	switch {
	case r.isObject():
		m := map[string]any{}
		fields(r, func(name string, value raw) { m[name] = tree(value) })
		return m
	case r.isArray():
		list := []any{}
		elements(r, func(value raw) bool {
			list = append(list, tree(value))
			return true
		})
		return list
	case r.isString():
		return r.text()
	case r.isBool():
		return r == "true"
	case r.isNumber():
		return json.Number(r)
	default:
		return nil
	}
}

func TestCursorReadsWhatEncodingJSONReads(t *testing.T) {
	for _, text := range []string{
		`{}`, `[]`, ` { } `, `[ ]`, `{"a":1}`, "{ \"a\" :\n1 , \"b\" : [ 1 , -2.5e3 ,true,false , null ] }",
		`{"a":{"b":{"c":[[],[[]],{}]}},"d":"x"}`, `{"a":"}","b":"]","c":"{[\"","d":"\\\\","e":"\\\""}`,
		`{"\u0061\"b":"\u00fc\ud83d\ude00\n"}`, `["a","","b"]`, `[[1,2],[3]]`, `{"a":1,"a":2}`, `{"":{"":""}}`,
	} {
		decoder := json.NewDecoder(strings.NewReader(text))
		decoder.UseNumber()
		var want any
		if err := decoder.Decode(&want); err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		c := &cursor{text: text}
		if diff := cmp.Diff(want, tree(c.value())); diff != "" {
			t.Errorf("%s (-want +got):\n%s", text, diff)
		}
	}
}

func TestVisitsMayTakeAValueOrLeaveIt(t *testing.T) {
	c := &cursor{text: `{"skip":{"x":[1,"}"]},"list":[1,2,3,{"a":1}],"object":{"y":2,"z":"q"},"last":7} tail`}
	got := map[string]string{}
	c.object(func(name string) {
		switch name {
		case "list":
			c.array(func() bool {
				got["list"] += string(c.value()) + ";"
				return len(got["list"]) < 4
			})
		case "object":
			c.object(func(inner string) { got[inner] = string(c.value()) })
		case "last":
			got[name] = string(c.value())
		}
	})
	want := map[string]string{"list": "1;2;", "y": "2", "z": `"q"`, "last": "7"}
	if !maps.Equal(want, got) || c.text[c.at:] != " tail" {
		t.Errorf("got %v, rest %q", got, c.text[c.at:])
	}
}

func TestCursorStopsAtTheEndOfBrokenText(t *testing.T) {
	for _, text := range []string{"", " ", "{", `{"a`, `{"a"`, `{"a":`, `{"a":1`, `{"a":1,`, "[", "[1", "[1,", `["\`, "}", "]", ",", `{"a":{`, "{1:2}", "[}"} {
		c := &cursor{text: text}
		c.object(func(string) { c.value() })
		c = &cursor{text: text}
		c.array(func() bool { c.value(); return true })
		c = &cursor{text: text}
		tree(c.value())
	}
}

func FuzzCursor(f *testing.F) {
	f.Add(`{"a":[1,{"b":"\""}],"c":null}`)
	f.Add(`[{"a":{}},[]]`)
	f.Fuzz(func(t *testing.T, text string) {
		c := &cursor{text: text}
		got := tree(c.value())
		if !json.Valid([]byte(text)) {
			return
		}
		decoder := json.NewDecoder(strings.NewReader(text))
		decoder.UseNumber()
		var want any
		if err := decoder.Decode(&want); err != nil {
			return
		}
		if a, b := shape(want), shape(got); a != b {
			t.Fatalf("want %s\ngot  %s", a, b)
		}
	})
}

// shape renders a value without the text of its strings, in which invalid UTF-8
// and lone surrogates may differ.
func shape(v any) string {
	switch v := v.(type) {
	case map[string]any:
		return "object"
	case []any:
		var b strings.Builder
		for _, item := range v {
			b.WriteString(shape(item) + ",")
		}
		return "[" + b.String() + "]"
	case string:
		return "string"
	case json.Number:
		return v.String()
	case bool:
		return strconv.FormatBool(v)
	default:
		return "null"
	}
}
