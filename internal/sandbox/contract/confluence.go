package contract

import (
	"path/filepath"
	"strings"
)

// LoadConfluenceCloud reads the descriptions of Confluence Cloud, version 2 and
// what is left of version 1, from a directory; the error is ErrNoDescription where
// they are absent.
func LoadConfluenceCloud(dir string) (*Contract, error) {
	c := newContract(false)
	c.about = func(path string) bool {
		return strings.HasPrefix(path, "/wiki/api/v2/") || strings.HasPrefix(path, "/wiki/rest/api/")
	}
	err := c.loadAs(filepath.Join(dir, "confluence-v2.json"), source{prefix: "/wiki/api/v2", mend: mendConfluence, closed: true, strict: true})
	if err != nil {
		return nil, err
	}
	return c, c.loadAs(filepath.Join(dir, "confluence-v1.json"), source{mend: mendConfluence, closed: true})
}

// LoadConfluenceDataCenter is LoadConfluenceCloud for Confluence Data Center.
func LoadConfluenceDataCenter(dir string) (*Contract, error) {
	c := newContract(true)
	c.about = func(path string) bool { return strings.HasPrefix(path, "/rest/api/") }
	return c, c.loadAs(filepath.Join(dir, "confluence-dc-10.0.3.json"), source{mend: mendConfluence, closed: true})
}

// mendConfluence corrects what the descriptions get wrong about exchanges that can
// be seen with any Confluence, or cannot say.
func mendConfluence(tree map[string]any) {
	loosen(tree)
	schemas, _ := dig(tree, "components", "schemas").(map[string]any)
	// The value of a property is any JSON; Data Center's description shows the
	// class that holds it.
	for _, name := range []string{"ContentProperty", "ContentPropertyCreateRequest", "ContentPropertyUpdateRequest", "JsonContentProperty"} {
		if properties, ok := dig(schemas[name], "properties").(map[string]any); ok {
			properties["value"] = anything()
		}
	}
	// Data Center tells no errors of fields as a list.
	if properties, ok := dig(schemas["ValidationResult"], "properties").(map[string]any); ok {
		properties["errors"] = anything()
	}
	// A page at the top has nobody above.
	for _, name := range []string{"PageSingle", "PageBulk"} {
		for _, member := range []string{"parentId", "parentType"} {
			if properties, ok := dig(schemas[name], "properties").(map[string]any); ok {
				properties[member] = map[string]any{"type": "string", "nullable": true}
			}
		}
	}
	paths, _ := tree["paths"].(map[string]any)
	for path, item := range paths {
		methods, _ := item.(map[string]any)
		for method, op := range methods {
			operation, ok := op.(map[string]any)
			if !ok {
				continue
			}
			// The parameters of a method's context are shown as the body of a read.
			if method == "get" {
				delete(operation, "requestBody")
			}
			// Several labels are added by a list of them.
			media, ok := dig(operation, "requestBody", "content", "application/json").(map[string]any)
			if ok && method == "post" && path == "/rest/api/content/{id}/label" {
				media["schema"] = map[string]any{"type": "array", "items": media["schema"]}
			}
		}
	}
}

// loosen makes lists in queries texts, since they may be given with commas, and
// takes any of several forms where the description wants exactly one of forms that
// do not exclude each other.
func loosen(v any) {
	switch v := v.(type) {
	case map[string]any:
		if v["in"] == "query" && dig(v, "schema", "type") == "array" {
			v["schema"] = map[string]any{"type": "array", "items": map[string]any{"type": "string"}}
		}
		if one, ok := v["oneOf"]; ok {
			v["anyOf"] = one
			delete(v, "oneOf")
		}
		for _, inner := range v {
			loosen(inner)
		}
	case []any:
		for _, inner := range v {
			loosen(inner)
		}
	}
}
