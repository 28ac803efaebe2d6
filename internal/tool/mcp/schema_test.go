package mcp_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/aofctl/aofctl/internal/tool"
	"github.com/aofctl/aofctl/internal/tool/mcp"
)

// subset fails for a schema that is not in the subset of every provider.
func subset(t *testing.T, schema json.RawMessage) {
	t.Helper()
	var root map[string]any
	if err := json.Unmarshal(schema, &root); err != nil {
		t.Fatalf("%v: %s", err, schema)
	}
	if root["type"] != "object" || root["properties"] == nil {
		t.Errorf("not an object with properties: %s", schema)
	}
	part(t, root, 0)
}

func part(t *testing.T, s map[string]any, depth int) {
	t.Helper()
	kind, _ := s["type"].(string)
	properties, _ := s["properties"].(map[string]any)
	for key, value := range s {
		switch key {
		case "type", "description":
			if _, ok := value.(string); !ok {
				t.Errorf("%s is %T", key, value)
			}
		case "properties", "required":
			if kind != "object" {
				t.Errorf("%s of a %s", key, kind)
			}
		case "items":
			if kind != "array" {
				t.Errorf("items of a %s", kind)
			}
		case "enum":
			if kind != "string" {
				t.Errorf("enum of a %s", kind)
			}
		default:
			t.Errorf("keyword %q", key)
		}
	}
	if items, ok := s["items"].(map[string]any); ok {
		part(t, items, depth+1)
	} else if kind == "array" {
		t.Error("an array without items")
	}
	required, _ := s["required"].([]any)
	for _, name := range required {
		if text, ok := name.(string); !ok || properties[text] == nil {
			t.Errorf("required %v is no property", name)
		}
	}
	for name, p := range properties {
		sub, ok := p.(map[string]any)
		if !ok || len(name) > 64 || depth > 20 {
			t.Errorf("property %q at depth %d: %v", name, depth, p)
			continue
		}
		part(t, sub, depth+1)
	}
}

func TestSchemasAreBroughtIntoTheSubset(t *testing.T) {
	tests := map[string]struct{ in, want string }{
		"plain":              {`{"type":"object","properties":{"a":{"type":"string"}},"required":["a"]}`, `{"type":"object","properties":{"a":{"type":"string"}},"required":["a"]}`},
		"empty":              {`{"type":"object"}`, `{"type":"object","properties":{}}`},
		"keywords":           {`{"$schema":"x","type":"object","additionalProperties":false,"properties":{"a":{"type":"integer","minimum":1}}}`, `{"type":"object","properties":{"a":{"type":"integer"}}}`},
		"nullable":           {`{"type":"object","properties":{"a":{"type":["null","array"],"items":{"type":"number"}}}}`, `{"type":"object","properties":{"a":{"type":"array","items":{"type":"number"}}}}`},
		"list without items": {`{"type":"object","properties":{"a":{"type":"array"}}}`, `{"type":"object","properties":{"a":{"type":"array","items":{"type":"string"}}}}`},
		"alternatives":       {`{"type":"object","properties":{"a":{"anyOf":[{"type":"null"},{"type":"boolean"},{"type":"string"}],"description":"d"}}}`, `{"type":"object","properties":{"a":{"type":"boolean","description":"d"}}}`},
		"constants":          {`{"type":"object","properties":{"a":{"oneOf":[{"const":"x"},{"const":"y"}]}}}`, `{"type":"object","properties":{"a":{"type":"string","enum":["x","y"]}}}`},
		"one constant":       {`{"type":"object","properties":{"a":{"const":"x"}}}`, `{"type":"object","properties":{"a":{"type":"string","enum":["x"]}}}`},
		"numbers to choose":  {`{"type":"object","properties":{"a":{"type":"integer","enum":[1,2]}}}`, `{"type":"object","properties":{"a":{"type":"integer","description":"(one of 1, 2)"}}}`},
		"format and default": {`{"type":"object","properties":{"a":{"type":"string","format":"date","default":"today","description":"When"}}}`, `{"type":"object","properties":{"a":{"type":"string","description":"When (format date, default today)"}}}`},
		"reference":          {`{"type":"object","properties":{"a":{"$ref":"#/$defs/x","description":"mine"}},"$defs":{"x":{"type":"number","description":"theirs"}}}`, `{"type":"object","properties":{"a":{"type":"number","description":"mine"}}}`},
		"reference to itself": {`{"type":"object","properties":{"a":{"$ref":"#/$defs/x"}},"$defs":{"x":{"type":"object","properties":{"x":{"$ref":"#/$defs/x"}}}}}`,
			`{"type":"object","properties":{"a":{"type":"object","properties":{"x":{"type":"string"}}}}}`},
		"reference outside": {`{"type":"object","properties":{"a":{"$ref":"https://evil.example/s.json"}}}`, `{"type":"object","properties":{"a":{"type":"string"}}}`},
		"all of":            {`{"type":"object","allOf":[{"properties":{"a":{"type":"string"}},"required":["a"]},{"properties":{"b":{"type":"number"}}}]}`, `{"type":"object","properties":{"a":{"type":"string"},"b":{"type":"number"}},"required":["a"]}`},
		"anything":          {`{"type":"object","properties":{"a":true,"b":{}}}`, `{"type":"object","properties":{"a":{"type":"string"},"b":{"type":"string"}}}`},
		"strange name":      {`{"type":"object","properties":{"a b":{"type":"string"},"c":{"type":"string"}},"required":["c","d"]}`, `{"type":"object","properties":{"c":{"type":"string"}},"required":["c"]}`},
		"hidden characters": {`{"type":"object","properties":{"a":{"type":"string","description":"x\u202ey\u200b\nz","enum":["ok","\u202e"]}}}`, `{"type":"object","properties":{"a":{"type":"string","description":"xy z"}}}`},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			got, err := mcp.Sanitize(json.RawMessage(tt.in))
			if err != nil {
				t.Fatal(err)
			}
			var a, b any
			_ = json.Unmarshal(got, &a)
			if err := json.Unmarshal([]byte(tt.want), &b); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(b, a); diff != "" {
				t.Error(diff)
			}
			subset(t, got)
		})
	}
}

func TestSchemasThatCannotBeBroughtIntoTheSubsetAreRefused(t *testing.T) {
	many := `"a":{"type":"string"}`
	for i := range 90 {
		many += `,"p` + strings.Repeat("x", 50) + string(rune('a'+i%26)) + string(rune('a'+i/26)) + `":{"type":"object","properties":{"q":{"type":"string","enum":["` + strings.Repeat("e", 190) + `"]}}}`
	}
	for name, in := range map[string]string{
		"no object": `{"type":"string"}`, "null": `null`, "a list": `[]`,
		"required and unnameable": `{"type":"object","properties":{"a b":{"type":"string"}},"required":["a b"]}`,
		"too large":               `{"type":"object","properties":{` + many + `}}`,
	} {
		if got, err := mcp.Sanitize(json.RawMessage(in)); err == nil {
			t.Errorf("%s: %d bytes", name, len(got))
		}
	}
}

func TestReferencesDoNotMultiply(t *testing.T) {
	// Each definition refers to the next one ten times.
	defs := `"z":{"type":"string"}`
	for i := range 5 {
		props := ""
		for j := range 10 {
			if j > 0 {
				props += ","
			}
			next := string(rune('a' + i + 1))
			if i == 4 {
				next = "z"
			}
			props += `"p` + string(rune('0'+j)) + `":{"$ref":"#/$defs/` + next + `"}`
		}
		defs += `,"` + string(rune('a'+i)) + `":{"type":"object","properties":{` + props + `}}`
	}
	got, err := mcp.Sanitize(json.RawMessage(`{"type":"object","properties":{"a":{"$ref":"#/$defs/a"}},"$defs":{` + defs + `}}`))
	if err == nil && len(got) > 30<<10 {
		t.Errorf("%d bytes", len(got))
	}
}

func FuzzSanitize(f *testing.F) {
	for _, seed := range []string{
		`{"type":"object"}`, `{}`, `{"type":["null"],"properties":{"a":{"$ref":"#"}}}`, `{"$ref":"#/$ref"}`,
		`{"type":"object","allOf":[{"$ref":"#/allOf/0"}],"properties":{"x":{"anyOf":[{"$ref":"#/properties/x"}]}}}`,
		`{"type":"object","properties":{"a":{"enum":[1,"x",null,{}],"items":[1]}},"required":[1,"a","a"]}`,
		`{"anyOf":[{"type":"object","properties":{"a":{"oneOf":[{"const":"1"}]}}}]}`,
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, in string) {
		if !json.Valid([]byte(in)) {
			t.Skip()
		}
		got, err := mcp.Sanitize(json.RawMessage(in))
		if err != nil {
			return
		}
		subset(t, got)
		if _, err := tool.CompileSchema(got); err != nil {
			t.Errorf("%v: %s", err, got)
		}
	})
}
