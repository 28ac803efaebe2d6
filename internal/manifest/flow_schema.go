package manifest

import (
	"reflect"

	"github.com/invopop/jsonschema"
)

func (f flowTree) schema() *jsonschema.Schema   { return &jsonschema.Schema{} }
func (s flowSchema) schema() *jsonschema.Schema { return &jsonschema.Schema{Type: "object"} }
func (c deferred) schema() *jsonschema.Schema   { return &jsonschema.Schema{Type: "object"} }

func (s seconds) schema() *jsonschema.Schema {
	return oneOfSchemas(s.span.schema(), &jsonschema.Schema{Type: "integer"})
}

func (b bodyDecl) schema() *jsonschema.Schema {
	return oneOfSchemas(textSchema(), listOf(textSchema()), &jsonschema.Schema{Type: "object"})
}

// JSONSchemaExtend says what the config of each type of node takes.
func (n nodeDecl) JSONSchemaExtend(s *jsonschema.Schema) {
	for _, t := range nodeTypes() {
		config := schemaOf(reflect.TypeOf(configDecl(NodeType(t))).Elem())
		if t == string(NodeAgent) {
			config.Description = "Of a node of type Agent"
		}
		when, then := jsonschema.NewProperties(), jsonschema.NewProperties()
		when.Set("type", &jsonschema.Schema{Enum: []any{t}})
		then.Set("config", config)
		s.AllOf = append(s.AllOf, &jsonschema.Schema{If: &jsonschema.Schema{Properties: when, Required: []string{"type"}}, Then: &jsonschema.Schema{Properties: then}})
	}
}
