package contract

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
)

// checkMembers refuses members of a request that the description does not know:
// a server passes over them, so a misspelt one would never be noticed.
func (c *Contract) checkMembers(op *operation, r *http.Request, body []byte) error {
	isJSON := strings.HasPrefix(r.Header.Get("Content-Type"), "application/json")
	if !isJSON || !op.closed || op.RequestBody == nil || op.RequestBody.Value == nil || len(bytes.TrimSpace(body)) == 0 {
		return nil
	}
	media := op.RequestBody.Value.Content.Get("application/json")
	if media == nil || media.Schema == nil {
		return nil
	}
	var value any
	if err := json.Unmarshal(body, &value); err != nil {
		return fmt.Errorf("decode: %w", err)
	}
	return members(media.Schema.Value, value, "")
}

// members finds a member that no schema of its object knows. An object that is
// described by no member may have any.
func members(schema *openapi3.Schema, value any, at string) error {
	switch value := value.(type) {
	case map[string]any:
		return objectMembers(schema, value, at)
	case []any:
		inner := items(schema)
		if inner == nil {
			return nil
		}
		for i, item := range value {
			if err := members(inner, item, fmt.Sprintf("%s/%d", at, i)); err != nil {
				return err
			}
		}
	}
	return nil
}

func objectMembers(schema *openapi3.Schema, value map[string]any, at string) error {
	known, open := map[string][]*openapi3.Schema{}, false
	gather(schema, known, &open)
	if open || len(known) == 0 {
		return nil
	}
	names := make([]string, 0, len(value))
	for name := range value {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		inner := known[name]
		if len(inner) == 0 {
			return fmt.Errorf("at %s/%s: the member is not known", at, name)
		}
		if err := members(together(inner), value[name], at+"/"+name); err != nil {
			return err
		}
	}
	return nil
}

// together is what several schemas of one member know.
func together(list []*openapi3.Schema) *openapi3.Schema {
	if len(list) == 1 {
		return list[0]
	}
	all := &openapi3.Schema{}
	for _, one := range list {
		all.AllOf = append(all.AllOf, &openapi3.SchemaRef{Value: one})
	}
	return all
}

// gather collects what a schema and its parts say of members.
func gather(schema *openapi3.Schema, known map[string][]*openapi3.Schema, open *bool) {
	if schema == nil {
		return
	}
	if schema.AdditionalProperties.Schema != nil || schema.AdditionalProperties.Has != nil && *schema.AdditionalProperties.Has {
		*open = true
	}
	for name, p := range schema.Properties {
		known[name] = append(known[name], p.Value)
	}
	for _, list := range []openapi3.SchemaRefs{schema.AllOf, schema.AnyOf, schema.OneOf} {
		for _, part := range list {
			gather(part.Value, known, open)
		}
	}
}

// items is what a schema says of the items of a list.
func items(schema *openapi3.Schema) *openapi3.Schema {
	if schema.Items != nil {
		return schema.Items.Value
	}
	for _, list := range []openapi3.SchemaRefs{schema.AllOf, schema.AnyOf, schema.OneOf} {
		for _, part := range list {
			if inner := items(part.Value); inner != nil {
				return inner
			}
		}
	}
	return nil
}
