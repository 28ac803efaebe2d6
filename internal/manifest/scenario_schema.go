package manifest

import (
	"reflect"

	"github.com/invopop/jsonschema"
)

func (r rawStr) schema() *jsonschema.Schema {
	return &jsonschema.Schema{Extras: map[string]any{"type": []string{"string", "number", "boolean", "null"}}}
}

func (k node) schema() *jsonschema.Schema { return &jsonschema.Schema{} }

func (f fieldsDecl) schema() *jsonschema.Schema {
	return &jsonschema.Schema{Type: "object"}
}

func (s scopeTexts) schema() *jsonschema.Schema {
	return oneOfSchemas(rawStr{}.schema(), listOf(rawStr{}.schema()))
}

func (p scenarioProject) schema() *jsonschema.Schema { return textOr[projectMap]() }
func (v deliveryDecl) schema() *jsonschema.Schema    { return textOr[deliveryMap]() }
func (a actionDecl) schema() *jsonschema.Schema      { return textOr[actionMap]() }
func (a answerDecl) schema() *jsonschema.Schema      { return textOr[answerMap]() }
func (w wantComment) schema() *jsonschema.Schema     { return textOr[wantCommentMap]() }
func (w scenarioWantRun) schema() *jsonschema.Schema { return textOr[wantRunMap]() }
func (s scriptDecl) schema() *jsonschema.Schema      { return schemaOf(reflect.TypeFor[scriptMap]()) }

func (v scenarioVersion) schema() *jsonschema.Schema   { return textOr[versionMap]() }
func (v changeVersionDecl) schema() *jsonschema.Schema { return textOr[changeVersionMap]() }
func (s scenarioSpace) schema() *jsonschema.Schema     { return textOr[spaceMap]() }
func (w wantPageComment) schema() *jsonschema.Schema   { return textOr[wantPageCommentMap]() }

func (v rovoDecl) schema() *jsonschema.Schema     { return textOr[rovoMap]() }
func (v a2aStepDecl) schema() *jsonschema.Schema  { return textOr[a2aStepMap]() }
func (w wantTaskDecl) schema() *jsonschema.Schema { return textOr[wantTaskMap]() }

func (w wantTasksDecl) schema() *jsonschema.Schema {
	return oneOfSchemas(rawStr{}.schema(), schemaOf(reflect.TypeFor[wantTaskMap]()), listOf(textOr[wantTaskMap]()))
}

func (c callDecls) schema() *jsonschema.Schema {
	return oneOfSchemas(textOr[actionMap](), listOf(textOr[actionMap]()))
}

// textOr takes a text or a mapping.
func textOr[T any]() *jsonschema.Schema {
	return oneOfSchemas(rawStr{}.schema(), schemaOf(reflect.TypeFor[T]()))
}
