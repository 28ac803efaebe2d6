package mcp

import (
	"encoding/json"

	"github.com/aofctl/aofctl/internal/tool"
)

// Renamed is the tool under another name of the server's.
func Renamed(t tool.Tool, name string) tool.Tool {
	r, _ := t.(*remote)
	other := *r
	other.name = name
	return &other
}

// ModelName and Sanitize are what they are inside.
func ModelName(server, tool string) string { return modelName(server, tool) }

func Sanitize(schema any) (json.RawMessage, error) { return sanitize(schema) }
