package manifest

import (
	"slices"
	"strings"
)

// httpTool is the tool that is known only where there are hosts for it.
const httpTool = "http_request"

// memoryTools is the toolset that belongs to a memory.
const memoryTools = "memory"

// tools resolves an agent's list to canonical names, sorted and without repeats.
// A memory has its tools listed by itself.
func (b *builder) tools(list []toolDecl, remembers bool) []string {
	var out []string
	if remembers {
		out = b.known.tools(memoryTools)
	}
	for _, t := range list {
		if t.off || t.name == "" || strings.HasPrefix(t.name, mcpPrefix) {
			continue // a server's tools are not known here
		}
		found := b.known.tools(t.name)
		if b.known.Tools == nil {
			found = []string{t.name}
		}
		if !remembers {
			found = b.forgetful(t, found)
		}
		if len(found) == 0 {
			b.noTool(t)
		}
		if b.known.NoGitHub && strings.HasPrefix(strings.Join(found, ""), "github_") {
			b.warnf(t.pos, "tool %s will be refused: platforms.github in daemon.yaml has no token", shorten(t.name))
		}
		if b.known.NoConfluence && (strings.HasPrefix(strings.Join(found, ""), "confluence_") || strings.HasPrefix(strings.Join(found, ""), "atlassian_")) {
			b.warnf(t.pos, "tool %s will be refused: platforms.confluence is not enabled in daemon.yaml", shorten(t.name))
		}
		out = append(out, found...)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// forgetful takes the tools of a memory out for an agent that has none. An entry
// that means nothing else is reported by noTool.
func (b *builder) forgetful(t toolDecl, found []string) []string {
	of := b.known.tools(memoryTools)
	if b.known.Tools == nil && isMemoryTool(t.name) {
		return nil
	}
	return slices.DeleteFunc(found, func(name string) bool { return slices.Contains(of, name) })
}

func isMemoryTool(name string) bool {
	return name == memoryTools || name == memoryTools+":read" || strings.HasPrefix(name, "memory_")
}

func (b *builder) noTool(t toolDecl) {
	switch {
	case isMemoryTool(t.name) && (b.known.Tools == nil || len(b.known.tools(t.name)) > 0):
		b.errorf(t.pos, "tool %q needs a memory: give the agent memory: InMemory, File:path or Store, which brings the tools by itself", shorten(t.name))
	case t.name == httpTool || strings.EqualFold(t.name, "http"):
		b.errorf(t.pos, "tool %s reaches no host: list some in policy.allowed_hosts of daemon.yaml", httpTool)
	case foreignTool(t.name):
		b.warnf(t.pos, "tool %s is not offered: the agent runs without it", shorten(t.name))
	case isGlob(t.name):
		b.errorf(t.pos, "no tool matches %q", shorten(t.name))
	default:
		b.errorf(t.pos, "unknown tool %q%s", shorten(t.name), meant(t.name, b.known.toolNames()))
	}
}

// serverOf names the MCP server that one of AOF's mappings means.
func serverOf(m toolMap) string {
	config, _ := m.Config.value.(map[string]any)
	for _, value := range []any{m.Server.value, config["server"]} {
		if name, ok := value.(string); ok && name != "" {
			return name
		}
	}
	return m.Name.value
}

// isMCP reports whether one of AOF's mappings stands for a server's tools.
func isMCP(m toolMap) bool {
	return strings.EqualFold(m.Type.value, "mcp") || strings.EqualFold(m.Source.value, "mcp") ||
		strings.EqualFold(m.Name.value, "mcp") || m.Server.value != nil
}
