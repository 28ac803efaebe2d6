package llm_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/aofctl/aofctl/internal/llm"
)

func TestSchemasAreReducedToWhatEveryProviderTakes(t *testing.T) {
	object := func(properties string) string { return `{"type":"object","properties":{` + properties + `}}` }
	tests := []struct{ name, in, want string }{
		{"nothing", ``, object(``)},
		{"null", `null`, object(``)},
		{"an empty object", `{}`, object(``)},
		{"no properties", `{"type":"object"}`, object(``)},
		{"no type", `{"properties":{"a":{"type":"string"}}}`, object(`"a":{"type":"string"}`)},
		{"as it should be", `{"type":"object","properties":{"b":{"type":"string","description":"B"},"a":{"type":"array","items":{"type":"integer"}}},"required":["b"]}`,
			`{"type":"object","properties":{"b":{"type":"string","description":"B"},"a":{"type":"array","items":{"type":"integer"}}},"required":["b"]}`},
		{"what only decorates", `{"$schema":"x","$id":"y","title":"T","additionalProperties":false,"type":"object","properties":{"a":{"type":"string","title":"A","default":"d","format":"date","pattern":"^x","minLength":1,"examples":["e"]}}}`,
			object(`"a":{"type":"string"}`)},
		{"spaces", " {\n\"type\" : \"object\" , \"properties\" : { \"a\" : { \"type\" : \"boolean\" } } } ", object(`"a":{"type":"boolean"}`)},
		{"a type or null", object(`"a":{"type":["null","string"]},"b":{"type":["array","null"],"items":{"type":"string"}}`),
			object(`"a":{"type":"string"},"b":{"type":"array","items":{"type":"string"}}`)},
		{"one of two types", object(`"a":{"type":["integer","string"]}`), object(`"a":{"type":"integer"}`)},
		{"only null", object(`"a":{"type":"null"}`), object(`"a":{"type":"string"}`)},
		{"any value", object(`"a":{},"b":true`), object(`"a":{"type":"string"},"b":{"type":"string"}`)},
		{"an array of anything", object(`"a":{"type":"array"},"b":{"type":"array","items":true}`),
			object(`"a":{"type":"array","items":{"type":"string"}},"b":{"type":"array","items":{"type":"string"}}`)},
		{"a tuple", object(`"a":{"type":"array","prefixItems":[{"type":"number"},{"type":"string"}]},"b":{"items":[{"type":"boolean"}]}`),
			object(`"a":{"type":"array","items":{"type":"number"}},"b":{"type":"array","items":{"type":"boolean"}}`)},
		{"bounds", object(`"a":{"type":"integer","minimum":1,"maximum":50,"minItems":1},"b":{"type":"string","minimum":1},"c":{"type":"array","items":{"type":"string"},"maxItems":9}`),
			object(`"a":{"type":"integer","minimum":1,"maximum":50},"b":{"type":"string"},"c":{"type":"array","items":{"type":"string"},"maxItems":9}`)},
		{"enum", object(`"a":{"enum":["x","y","","x",null]},"b":{"type":"integer","enum":[1,2]},"c":{"const":"k"},"d":{"enum":[1,2]},"e":{"const":true},"f":{"type":"boolean","enum":["x"]}`),
			object(`"a":{"type":"string","enum":["x","y"]},"b":{"type":"integer","description":"One of 1, 2."},"c":{"type":"string","enum":["k"]},"d":{"type":"number","description":"One of 1, 2."},"e":{"type":"boolean","description":"One of true."},"f":{"type":"boolean"}`)},
		{"a reference", `{"type":"object","properties":{"a":{"$ref":"#/$defs/T","description":"mine"},"b":{"$ref":"#/definitions/x~1y~0"}},"$defs":{"T":{"type":"string","enum":["p"]}},"definitions":{"x/y~":{"type":"integer"}}}`,
			object(`"a":{"type":"string","description":"mine","enum":["p"]},"b":{"type":"integer"}`)},
		{"a reference to itself", `{"$ref":"#/$defs/N","$defs":{"N":{"type":"object","properties":{"next":{"$ref":"#/$defs/N"},"list":{"type":"array","items":{"$ref":"#/$defs/N"}}}}}}`,
			object(`"next":{"type":"object"},"list":{"type":"array","items":{"type":"object"}}`)},
		{"a value or null", object(`"a":{"anyOf":[{"type":"null"},{"type":"integer"}],"description":"n"}`), object(`"a":{"type":"integer","description":"n"}`)},
		{"alternatives of texts", object(`"a":{"oneOf":[{"const":"x"},{"enum":["y","x"]}]}`), object(`"a":{"type":"string","enum":["x","y"]}`)},
		{"alternatives", object(`"a":{"anyOf":[{"type":"string"},{"type":"array","items":{"type":"string"}}]}`), object(`"a":{"type":"string"}`)},
		{"alternatives of what is required", `{"type":"object","properties":{"a":{"type":"string"}},"anyOf":[{"required":["a"]},{"required":["b"]}]}`, object(`"a":{"type":"string"}`)},
		{"all of several", `{"allOf":[{"type":"object","properties":{"a":{"type":"string"}},"required":["a"]},{"properties":{"b":{"type":"number"}}}]}`,
			`{"type":"object","properties":{"a":{"type":"string"},"b":{"type":"number"}},"required":["a"]}`},
		{"required that is not there", `{"type":"object","properties":{"a":{"type":"string"}},"required":["a","b","a"]}`,
			`{"type":"object","properties":{"a":{"type":"string"}},"required":["a"]}`},
		{"properties of a text", object(`"a":{"type":"string","properties":{"x":{"type":"string"}},"required":["x"],"items":{"type":"string"}}`), object(`"a":{"type":"string"}`)},
		{"an object of its own kind", object(`"fields":{"type":"object","additionalProperties":{"type":"string"},"description":"By name."}`),
			object(`"fields":{"type":"object","description":"By name."}`)},
		{"letters of the world", object(`"a":{"type":"string","description":"Größe <1> \"x\""}`), object(`"a":{"type":"string","description":"Größe \u003c1\u003e \"x\""}`)},
		{"the root's description", `{"type":"object","description":"said by the tool","properties":{}}`, object(``)},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := llm.SanitiseSchema(json.RawMessage(tt.in))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, string(got)); diff != "" {
				t.Error(diff)
			}
			again, err := llm.SanitiseSchema(got)
			if err != nil || string(again) != string(got) {
				t.Errorf("a second time: %s, %v", again, err)
			}
			checkSubset(t, got)
		})
	}
}

func TestSchemasThatCannotBeToldAreRefused(t *testing.T) {
	wide := `{"type":"object","properties":{`
	for i := range 3000 {
		wide += fmt.Sprintf(`"p%d":{},`, i)
	}
	tests := []struct{ name, in, want string }{
		{"no JSON", `{`, "not JSON"},
		{"a text", `"x"`, "not a JSON object"},
		{"true", `true`, "not a JSON object"},
		{"a list", `{"type":"array"}`, "of type array, want object"},
		{"a choice", `{"enum":["a"]}`, "of type string, want object"},
		{"a type of its own", `{"type":"object","properties":{"a":{"type":"date"}}}`, `a: unknown type "date"`},
		{"a part that is none", `{"type":"object","properties":{"a":5}}`, "a: a part of the schema is not an object"},
		{"a property of odd name", `{"type":"object","properties":{"$filter":{}}}`, `property name "$filter"`},
		{"a property without name", `{"type":"object","properties":{"":{}}}`, `property name ""`},
		{"elsewhere", `{"$ref":"https://example.test/schema"}`, "leads nowhere"},
		{"nowhere", `{"$ref":"#/$defs/X"}`, "leads nowhere"},
		{"deep", strings.Repeat(`{"type":"object","properties":{"a":`, 40) + `{}` + strings.Repeat(`}}`, 40), "nested deeper than"},
		{"wide", strings.TrimSuffix(wide, ",") + `}}`, "more than 2000 parts"},
		{"growing", growing(7), "more than 2000 parts"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := llm.SanitiseSchema(json.RawMessage(tt.in))
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("%s, %v, want …%s…", got, err, tt.want)
			}
		})
	}
}

// growing is a small schema that grows fourfold with each of its references.
func growing(n int) string {
	var defs []string
	for i := range n {
		defs = append(defs, fmt.Sprintf(`"d%[1]d":{"type":"object","properties":{"a":{"$ref":"#/$defs/d%[2]d"},"b":{"$ref":"#/$defs/d%[2]d"},"c":{"$ref":"#/$defs/d%[2]d"},"d":{"$ref":"#/$defs/d%[2]d"}}}`, i, i+1))
	}
	defs = append(defs, fmt.Sprintf(`"d%d":{"type":"string"}`, n))
	return `{"$ref":"#/$defs/d0","$defs":{` + strings.Join(defs, ",") + `}}`
}

// checkSubset fails unless a schema has only what every provider takes.
func checkSubset(t *testing.T, raw json.RawMessage) {
	t.Helper()
	var root map[string]any
	if err := json.Unmarshal(raw, &root); err != nil {
		t.Fatalf("not JSON: %v: %s", err, raw)
	}
	if root["type"] != "object" || root["properties"] == nil {
		t.Errorf("the root is no object with properties: %s", raw)
	}
	if problem := outside(root); problem != "" {
		t.Errorf("%s in %s", problem, raw)
	}
}

func outside(s map[string]any) string {
	words := []string{"type", "description", "properties", "required", "items", "enum", "minimum", "maximum", "minItems", "maxItems"}
	for word := range s {
		if !slices.Contains(words, word) {
			return "the word " + word
		}
	}
	kind, _ := s["type"].(string)
	if !slices.Contains([]string{"string", "number", "integer", "boolean", "array", "object"}, kind) {
		return fmt.Sprintf("the type %v", s["type"])
	}
	items, hasItems := s["items"].(map[string]any)
	properties, hasProperties := s["properties"].(map[string]any)
	if hasItems != (kind == "array") || hasProperties && kind != "object" || s["enum"] != nil && kind != "string" {
		return "a word that is not of type " + kind
	}
	if hasItems {
		return outside(items)
	}
	for _, p := range properties {
		sub, ok := p.(map[string]any)
		if !ok {
			return "a property that is no schema"
		}
		if problem := outside(sub); problem != "" {
			return problem
		}
	}
	return ""
}
