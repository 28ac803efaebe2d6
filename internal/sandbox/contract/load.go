package contract

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/go-chi/chi/v5"
)

// Contract is what Atlassian says of one kind of Jira or Confluence.
type Contract struct {
	// about tells the paths that it says something of.
	about      func(path string) bool
	mux        *chi.Mux
	operations map[string]*operation
	// loose tells that lists are described by their items, as in the
	// description of Data Center.
	loose bool
}

// operation is one operation of a description.
type operation struct {
	*openapi3.Operation

	doc  *openapi3.T
	item *openapi3.PathItem
	// closed tells that requests have no members but those described, although the
	// description leaves that open; strict says the same of answers.
	closed, strict bool
}

// ErrNoDescription says that a directory has none of the descriptions.
var ErrNoDescription = errors.New("there is no description of this API")

// LoadCloud reads the descriptions of Jira Cloud (API v2 and the agile API) from
// a directory; the error is ErrNoDescription where they are absent.
func LoadCloud(dir string) (*Contract, error) {
	c := newContract(false)
	if err := c.load(filepath.Join(dir, "jira-v2-primelib.json")); err != nil {
		return nil, err
	}
	return c, c.load(filepath.Join(dir, "jira-software-2022.json"))
}

// LoadDataCenter is LoadCloud for Jira Data Center.
func LoadDataCenter(dir string) (*Contract, error) {
	c := newContract(true)
	return c, c.load(filepath.Join(dir, "jira-dc-10.3.prefixed.json"))
}

func newContract(loose bool) *Contract {
	return &Contract{about: ofJira, mux: chi.NewMux(), operations: map[string]*operation{}, loose: loose}
}

func ofJira(path string) bool {
	return strings.HasPrefix(path, "/rest/api/2/") || strings.HasPrefix(path, "/rest/agile/1.0/")
}

func (c *Contract) load(file string) error {
	return c.loadAs(file, source{mend: mend})
}

// source is how a description is read.
type source struct {
	// prefix goes before its paths.
	prefix string
	// mend corrects it.
	mend func(tree map[string]any)
	// closed and strict are as in operation.
	closed, strict bool
}

func (c *Contract) loadAs(file string, src source) error {
	raw, err := os.ReadFile(file)
	if errors.Is(err, os.ErrNotExist) {
		return ErrNoDescription
	}
	if err != nil {
		return fmt.Errorf("read description: %w", err)
	}
	var tree map[string]any
	if err := json.Unmarshal(raw, &tree); err != nil {
		return fmt.Errorf("decode description %s: %w", filepath.Base(file), err)
	}
	adapt(tree)
	src.mend(tree)
	if raw, err = json.Marshal(tree); err != nil {
		return fmt.Errorf("encode description %s: %w", filepath.Base(file), err)
	}
	doc, err := openapi3.NewLoader().LoadFromData(raw)
	if err != nil {
		return fmt.Errorf("load description %s: %w", filepath.Base(file), err)
	}
	for path, item := range doc.Paths.Map() {
		if path = src.prefix + path; !c.about(path) {
			continue
		}
		for method, op := range item.Operations() {
			key := method + " " + path
			if _, known := c.operations[key]; known {
				continue
			}
			c.operations[key] = &operation{Operation: op, doc: doc, item: item, closed: src.closed, strict: src.strict}
			c.mux.MethodFunc(method, path, nil)
		}
	}
	return nil
}

// adapt leaves out what is not about shapes, or is not true of the real Jira:
// times have no colon in their zone, and what is said to be an object of no
// members may be anything.
func adapt(v any) {
	switch v := v.(type) {
	case map[string]any:
		delete(v, "example")
		delete(v, "examples")
		delete(v, "security")
		if _, isText := v["format"].(string); isText {
			delete(v, "format")
		}
		if more, ok := v["additionalProperties"].(map[string]any); ok && open(more) {
			v["additionalProperties"] = true
		}
		if v["in"] == "query" {
			v["allowEmptyValue"] = true
			if dig(v, "schema", "type") == "array" && dig(v, "schema", "items", "type") != "integer" {
				v["schema"] = map[string]any{"type": "array", "items": map[string]any{"type": "string"}}
			}
		}
		if inner, ok := v["items"].(map[string]any); ok && open(inner) {
			v["items"] = anything()
		}
		if strings.HasPrefix(describe(v), "S") && strings.HasSuffix(describe(v), "maless response") {
			delete(v, "type")
		}
		for _, inner := range v {
			adapt(inner)
		}
	case []any:
		for _, inner := range v {
			adapt(inner)
		}
	}
}

// mend corrects what the descriptions get wrong about answers that can be seen
// of any Jira.
func mend(tree map[string]any) {
	schemas, _ := dig(tree, "components", "schemas").(map[string]any)
	// Changelogs have texts beside the ids, and null for what was or is empty.
	for _, name := range []string{"ChangeDetails", "ChangeItemBean"} {
		if s, ok := schemas[name].(map[string]any); ok {
			s["additionalProperties"] = true
			s["properties"] = map[string]any{}
		}
	}
	// The value of a property is any JSON, and so are defaults and choices.
	for _, at := range [][2]string{{"EntityPropertyBean", "value"}, {"FieldMetaBean", "defaultValue"}} {
		if properties, ok := dig(schemas[at[0]], "properties").(map[string]any); ok {
			properties[at[1]] = anything()
		}
	}
	// Nobody is the assignee after a null.
	for _, name := range []string{"User", "UserBean", "UserJsonBean"} {
		for _, member := range []string{"accountId", "name"} {
			if s, ok := dig(schemas[name], "properties", member).(map[string]any); ok {
				s["nullable"] = true
			}
		}
	}
	paths, _ := tree["paths"].(map[string]any)
	for path, item := range paths {
		if strings.Contains(path, "/properties/") {
			if media, ok := dig(item, "put", "requestBody", "content", "application/json").(map[string]any); ok {
				media["schema"] = anything()
			}
		}
	}
	// The place of a board is as the example beside it shows, not as its schema says.
	location, ok := dig(paths["/rest/agile/1.0/board/{boardId}/configuration"], "get", "responses", "200", "content", "application/json",
		"schema", "properties", "location").(map[string]any)
	if ok {
		delete(location, "additionalProperties")
	}
	if choices, ok := dig(schemas["FieldMetaBean"], "properties", "allowedValues").(map[string]any); ok {
		choices["items"] = anything()
	}
}

// open tells a schema that allows everything, or every object, which the
// descriptions write where they mean everything.
func open(schema map[string]any) bool {
	_, reference := schema["$ref"]
	kind, typed := schema["type"]
	return !reference && schema["properties"] == nil && schema["allOf"] == nil && schema["anyOf"] == nil && schema["oneOf"] == nil &&
		schema["additionalProperties"] == nil && (!typed || kind == "object")
}

func anything() map[string]any { return map[string]any{"nullable": true} }

func describe(v map[string]any) string {
	text, _ := v["description"].(string)
	return text
}

func dig(v any, path ...string) any {
	for _, name := range path {
		m, ok := v.(map[string]any)
		if !ok {
			return nil
		}
		v = m[name]
	}
	return v
}
