package model

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// maxTools is what OpenAI takes in one request.
const maxTools = 128

func checkTools(req *chatRequest) *problem {
	if req.Tools != nil && len(req.Tools) == 0 {
		return bad("Invalid 'tools': empty array. Expected an array with minimum length 1.")
	}
	if len(req.Tools) > maxTools {
		return bad("Invalid 'tools': array too long. Expected an array with maximum length %d.", maxTools)
	}
	seen := map[string]bool{}
	for i, t := range req.Tools {
		name := t.Function.Name
		switch {
		case t.Type != "function":
			return bad("Invalid 'tools[%d].type': expected 'function'.", i)
		case !isToolName(name):
			return bad("Invalid 'tools[%d].function.name': string does not match pattern '^[a-zA-Z0-9_-]+$'.", i)
		case seen[name]:
			return bad("Invalid 'tools[%d].function.name': '%s' is there twice.", i, name)
		}
		seen[name] = true
		if len(t.Function.Parameters) == 0 {
			continue
		}
		if why := checkRoot(t.Function.Parameters); why != "" {
			return bad("Invalid schema for function '%s': %s", name, why)
		}
	}
	return nil
}

func isToolName(s string) bool {
	return s != "" && len(s) <= 64 && !strings.ContainsFunc(s, func(r rune) bool {
		return r != '_' && r != '-' && (r < '0' || r > '9') && (r < 'a' || r > 'z') && (r < 'A' || r > 'Z')
	})
}

// checkRoot says what is wrong with the schema of a tool's arguments; "" if
// nothing is. It wants the subset that every provider takes, which is less than
// OpenAI does, so that what passes here passes everywhere.
func checkRoot(raw json.RawMessage) string {
	var root map[string]any
	if err := json.Unmarshal(raw, &root); err != nil {
		return "expected a JSON object"
	}
	if root["type"] != "object" {
		return fmt.Sprintf("schema must be a JSON Schema of 'type: \"object\"', got 'type: %q'", fmt.Sprint(root["type"]))
	}
	if _, ok := root["properties"].(map[string]any); !ok {
		return "object schema missing properties"
	}
	return checkSchema("parameters", root)
}

func checkSchema(at string, s map[string]any) string {
	for _, word := range slices.Sorted(maps.Keys(s)) {
		switch word {
		case "type", "description", "properties", "required", "items", "enum",
			"minimum", "maximum", "minItems", "maxItems":
		default:
			return fmt.Sprintf("%s: %q is not understood by every provider", at, word)
		}
	}
	kind, _ := s["type"].(string)
	if why := checkEnum(at, kind, s["enum"]); why != "" {
		return why
	}
	switch kind {
	case "string", "number", "integer", "boolean":
		return ""
	case "array":
		items, ok := s["items"].(map[string]any)
		if !ok {
			return at + ": array schema missing items"
		}
		return checkSchema(at+".items", items)
	case "object":
		return checkProperties(at, s)
	default:
		return fmt.Sprintf("%s: %v is not a valid type", at, s["type"])
	}
}

func checkEnum(at, kind string, enum any) string {
	if enum == nil {
		return ""
	}
	values, ok := enum.([]any)
	if !ok || len(values) == 0 || kind != "string" {
		return at + ": enum must be a list of strings, of type string"
	}
	for _, v := range values {
		if s, ok := v.(string); !ok || s == "" {
			return at + ": enum must be a list of strings, none of them empty"
		}
	}
	return ""
}

func checkProperties(at string, s map[string]any) string {
	properties, ok := s["properties"].(map[string]any)
	if !ok && s["properties"] != nil {
		return at + ": properties must be an object"
	}
	for _, name := range slices.Sorted(maps.Keys(properties)) {
		sub, ok := properties[name].(map[string]any)
		if !ok {
			return at + "." + name + ": expected an object"
		}
		if why := checkSchema(at+"."+name, sub); why != "" {
			return why
		}
	}
	required, ok := s["required"].([]any)
	if !ok && s["required"] != nil {
		return at + ": required must be a list"
	}
	for _, r := range required {
		name, ok := r.(string)
		if _, known := properties[name]; !ok || !known {
			return fmt.Sprintf("%s: required names %v, which is no property", at, r)
		}
	}
	return ""
}
