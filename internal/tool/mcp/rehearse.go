package mcp

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/aofctl/aofctl/internal/tool"
)

// Rehearse returns tools that answer as told, by server and tool, in place of those
// of servers, for tests. They take any arguments. A server without answers is an
// error, as one is that cannot be reached.
func Rehearse(servers []Server, answers map[string]map[string]string) (*tool.Registry, error) {
	var list []tool.Tool
	for _, s := range servers {
		told, known := answers[s.Name]
		if !known {
			return nil, &Error{Server: s.Name, Reason: "the test does not say what it answers: add it to given.mcp", Lasting: true}
		}
		for _, name := range slices.Sorted(maps.Keys(told)) {
			if !s.offers(name) {
				continue
			}
			access := tool.Write
			if matches(s.ReadOnly, name) {
				access = tool.Read
			}
			list = append(list, stand{answer: told[name], target: Display(s.Name, name), spec: tool.Spec{
				Name: modelName(s.Name, name), Aliases: []string{Display(s.Name, name)}, Toolset: toolset, Access: access,
				Description: "Tool " + oneLine(name, maxName), Parameters: json.RawMessage(`{"type":"object","properties":{}}`)}})
		}
	}
	registry, err := tool.NewRegistry(list...)
	if err != nil {
		return nil, fmt.Errorf("use tools of MCP servers: %w", err)
	}
	return registry, nil
}

// stand answers in place of a server's tool.
type stand struct {
	spec           tool.Spec
	answer, target string
}

// Spec implements tool.Tool.
func (s stand) Spec() tool.Spec { return s.spec }

// Targets implements tool.Tool.
func (stand) Targets(json.RawMessage) (tool.Targets, error) { return tool.Targets{}, nil }

// Call implements tool.Tool. An answer that begins with "error: " is a failure.
func (s stand) Call(context.Context, tool.Call) (tool.Result, error) {
	text, failed := strings.CutPrefix(s.answer, "error: ")
	return tool.Result{Text: bound(text), Failed: failed, Target: s.target}, nil
}
