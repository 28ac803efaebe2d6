package llm

import (
	"encoding/json"
	"fmt"
	"sync"

	openai "github.com/sashabaranov/go-openai"
)

// encodeTools translates the tools, in the order given.
func (m *model) encodeTools(specs []ToolSpec) ([]openai.FunctionDefinition, error) {
	var tools []openai.FunctionDefinition
	seen := make(map[string]bool, len(specs))
	for _, spec := range specs {
		if err := checkToolName(spec.Name); err != nil {
			return nil, m.invalid("%v", err)
		}
		if seen[spec.Name] {
			return nil, m.invalid("tool %q is listed twice", spec.Name)
		}
		seen[spec.Name] = true
		schema, err := m.provider.schemas.sanitise(spec.Parameters)
		if err != nil {
			return nil, m.invalid("tool %q: its parameters cannot be told to a model: %v", spec.Name, err)
		}
		tools = append(tools, openai.FunctionDefinition{Name: spec.Name, Description: spec.Description, Parameters: schema})
	}
	return tools, nil
}

// checkToolName refuses names that some provider refuses: Gemini wants a letter
// or underscore first, OpenAI letters, digits, underscores and dashes, and all
// of them at most 64.
func checkToolName(name string) error {
	if name == "" || len(name) > 64 || name[0] == '-' || name[0] >= '0' && name[0] <= '9' || name != wireName(name) {
		return fmt.Errorf("tool name %q: want a letter or underscore, then letters, digits, _ and -, at most 64 in all", clip(name))
	}
	return nil
}

// maxSchemas bounds the cache; tools of a daemon are far fewer.
const maxSchemas = 4096

// schemaCache remembers sanitised schemas: the same few are sent with each call.
type schemaCache struct {
	mu   sync.RWMutex
	done map[string]json.RawMessage
}

func newSchemaCache() *schemaCache {
	return &schemaCache{done: map[string]json.RawMessage{}}
}

func (c *schemaCache) sanitise(raw json.RawMessage) (json.RawMessage, error) {
	c.mu.RLock()
	out, ok := c.done[string(raw)]
	c.mu.RUnlock()
	if ok {
		return out, nil
	}
	out, err := SanitiseSchema(raw)
	if err != nil {
		return nil, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.done) >= maxSchemas {
		clear(c.done)
	}
	c.done[string(raw)] = out
	return out, nil
}
