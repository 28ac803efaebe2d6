package manifest

import (
	"slices"
	"strings"
)

// tools resolves an agent's list to canonical names, sorted and without repeats.
func (b *builder) tools(list []toolDecl) []string {
	var out []string
	for _, t := range list {
		if t.off || t.name == "" {
			continue
		}
		found := b.known.tools(t.name)
		if b.known.Tools == nil {
			found = []string{t.name}
		}
		if len(found) == 0 {
			b.noTool(t)
		}
		if b.known.NoGitHub && strings.HasPrefix(strings.Join(found, ""), "github_") {
			b.warnf(t.pos, "tool %s will be refused: platforms.github in daemon.yaml has no token", shorten(t.name))
		}
		out = append(out, found...)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

func (b *builder) noTool(t toolDecl) {
	switch {
	case strings.HasPrefix(t.name, "mcp:"):
		b.errorf(t.pos, "tools of MCP servers are not offered by this version: %q", shorten(t.name))
	case foreignTool(t.name):
		b.warnf(t.pos, "tool %s is not offered: the agent runs without it", shorten(t.name))
	case laterTool(t.name):
		b.errorf(t.pos, "tool %q is not offered by this version", shorten(t.name))
	case isGlob(t.name):
		b.errorf(t.pos, "no tool matches %q", shorten(t.name))
	default:
		b.errorf(t.pos, "unknown tool %q%s", shorten(t.name), meant(t.name, b.known.toolNames()))
	}
}

// isMCP reports whether one of AOF's mappings stands for a server's tools.
func isMCP(m toolMap) bool {
	return strings.EqualFold(m.Type.value, "mcp") || strings.EqualFold(m.Source.value, "mcp") ||
		strings.EqualFold(m.Name.value, "mcp") || m.Server.value != nil
}
