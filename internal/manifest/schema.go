package manifest

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strings"

	"github.com/invopop/jsonschema"
)

// Schema returns the JSON Schema (draft 2020-12) of a kind, for editors: what it
// accepts is what the loader accepts, all spellings included, as far as a schema
// can tell. What is refused as not offered may only be switched off.
func Schema(kind string) ([]byte, error) {
	types := map[string][]reflect.Type{
		kindDaemon:  {reflect.TypeFor[daemonDecl]()},
		kindTrigger: {reflect.TypeFor[triggerDecl]()},
		kindAgent:   {reflect.TypeFor[agentDecl](), reflect.TypeFor[flatAgentDecl]()},
		kindFleet:   {reflect.TypeFor[fleetDecl]()},
		kindFlow:    {reflect.TypeFor[flowDecl]()},

		kindScenario: {reflect.TypeFor[scenarioDecl]()},
	}[kindName(kind)]
	if types == nil {
		return nil, fmt.Errorf("there is no kind %q%s", kind, meant(kind, Kinds()))
	}
	root := &jsonschema.Schema{}
	for _, t := range types {
		s := schemaOf(t)
		s.Properties.Set("kind", &jsonschema.Schema{Enum: spellings(kindName(kind))})
		root.AnyOf = append(root.AnyOf, s)
	}
	if len(root.AnyOf) == 1 {
		root = root.AnyOf[0]
	}
	root.Version = jsonschema.Version
	root.Title = kindName(kind)
	out, err := json.MarshalIndent(root, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("write schema of %s: %w", kind, err)
	}
	return append(out, '\n'), nil
}

// spellings are the values that the field kind may have.
func spellings(kind string) []any {
	switch kind {
	case kindFleet, kindFlow:
		return []any{kind, "Agent" + kind}
	}
	return []any{kind}
}

// described is a type that is decoded in its own way and says what it takes.
type described interface{ schema() *jsonschema.Schema }

// schemaOf returns the schema of a type that is decoded.
func schemaOf(t reflect.Type) *jsonschema.Schema {
	if t.Kind() == reflect.Pointer {
		return schemaOf(t.Elem())
	}
	if own, ok := reflect.Zero(t).Interface().(described); ok {
		return own.schema()
	}
	r := jsonschema.Reflector{
		Anonymous: true, DoNotReference: true, RequiredFromJSONSchemaTags: true, FieldNameTag: "yaml",
		Mapper: func(u reflect.Type) *jsonschema.Schema {
			_, own := reflect.Zero(u).Interface().(described)
			if u == t || !own && u.Kind() != reflect.Struct {
				return nil
			}
			return schemaOf(u)
		},
	}
	s := r.ReflectFromType(t)
	s.Version = ""
	if t.Kind() == reflect.Struct {
		addSpellings(s, t)
	}
	return s
}

// addSpellings adds the aliases of fields, and says which have no effect or are
// refused.
func addSpellings(s *jsonschema.Schema, t reflect.Type) {
	for _, f := range fieldsOf(t, nil) {
		property, ok := s.Properties.Get(f.name)
		if !ok {
			continue
		}
		if f.refuse != nil {
			property = switchedOff()
			property.Description = "Not offered by this version" + reason(*f.refuse)
			s.Properties.Set(f.name, property)
		}
		if f.ignore != nil {
			property = &jsonschema.Schema{Description: strings.TrimSuffix("Has no effect"+reason(*f.ignore), ": "), Deprecated: true}
			s.Properties.Set(f.name, property)
		}
		for _, alias := range f.aliases {
			s.Properties.Set(alias, property)
		}
	}
}

// orVariable also takes a text with ${VAR} in place of a number or truth value,
// and nothing.
func orVariable(s *jsonschema.Schema) *jsonschema.Schema {
	return &jsonschema.Schema{AnyOf: []*jsonschema.Schema{
		s, {Type: "string", Pattern: `\$\{`}, {Type: "null"},
	}}
}

func oneOfSchemas(schemas ...*jsonschema.Schema) *jsonschema.Schema {
	return &jsonschema.Schema{AnyOf: schemas}
}

func listOf(items *jsonschema.Schema) *jsonschema.Schema {
	return &jsonschema.Schema{Type: "array", Items: items}
}

func mapOf(values *jsonschema.Schema) *jsonschema.Schema {
	return &jsonschema.Schema{Type: "object", AdditionalProperties: values}
}

func textSchema() *jsonschema.Schema {
	return &jsonschema.Schema{Extras: map[string]any{"type": []string{"string", "number", "null"}}}
}

func (o opt[T]) schema() *jsonschema.Schema {
	switch any(o.value).(type) {
	case bool:
		return orVariable(&jsonschema.Schema{Type: "boolean"})
	case int:
		return orVariable(&jsonschema.Schema{Type: "integer"})
	case float64:
		return orVariable(&jsonschema.Schema{Type: "number"})
	}
	return textSchema()
}

func (m mapping[T]) schema() *jsonschema.Schema { return mapOf(schemaOf(reflect.TypeFor[T]())) }

func (a data) schema() *jsonschema.Schema       { return &jsonschema.Schema{} }
func (a rawData) schema() *jsonschema.Schema    { return &jsonschema.Schema{} }
func (u unexpanded) schema() *jsonschema.Schema { return textSchema() }

func (t texts) schema() *jsonschema.Schema {
	return oneOfSchemas(textSchema(), listOf(textSchema()))
}

func (s span) schema() *jsonschema.Schema {
	return &jsonschema.Schema{Type: "string", Examples: []any{"30s", "5m", "2h", "30d"}}
}

func (f flowText) schema() *jsonschema.Schema {
	return oneOfSchemas(textSchema(), &jsonschema.Schema{Type: "boolean"})
}

func (o outputDecl) schema() *jsonschema.Schema {
	return oneOfSchemas(&jsonschema.Schema{Type: "string", Enum: []any{"comment", "none"}}, &jsonschema.Schema{Type: "object"})
}

func (t toolDecl) schema() *jsonschema.Schema {
	return oneOfSchemas(&jsonschema.Schema{Type: "string"}, schemaOf(reflect.TypeFor[toolMap]()))
}

func (c commandList) schema() *jsonschema.Schema {
	command := schemaOf(reflect.TypeFor[commandDecl]())
	return oneOfSchemas(mapOf(command), listOf(command))
}

func (f filtersDecl) schema() *jsonschema.Schema {
	return oneOfSchemas(schemaOf(reflect.TypeFor[filterMap]()), listOf(schemaOf(reflect.TypeFor[filterItem]())))
}

func (j jiraSites) schema() *jsonschema.Schema {
	site := schemaOf(reflect.TypeFor[jiraDecl]())
	return oneOfSchemas(site, listOf(site))
}

// disabled takes a mapping with enabled: false.
func disabled() *jsonschema.Schema {
	off := jsonschema.NewProperties()
	off.Set("enabled", &jsonschema.Schema{Enum: []any{false}})
	return &jsonschema.Schema{Type: "object", Properties: off, Required: []string{"enabled"}}
}

// switchedOff takes what isOff does.
func switchedOff() *jsonschema.Schema {
	nothing := uint64(0)
	return oneOfSchemas(
		&jsonschema.Schema{Enum: []any{nil, false, ""}},
		&jsonschema.Schema{Type: "array", MaxItems: &nothing},
		&jsonschema.Schema{Type: "object", MaxProperties: &nothing},
		disabled())
}

// JSONSchemaExtend lets platforms of other programs stand, of which the loader
// warns.
func (p platformsDecl) JSONSchemaExtend(s *jsonschema.Schema) {
	s.AdditionalProperties = &jsonschema.Schema{}
}
