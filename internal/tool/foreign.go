package tool

import "strings"

// ForeignPrefix begins the names of tools that are not the program's own: those
// that MCP servers lend an agent.
const ForeignPrefix = "mcp_"

// readingTarget begins the target of a call of a foreign tool that only reads.
// The record of a step says by it whether the call was a write, also when the
// server is away.
const readingTarget = "reads "

// ForeignTarget is the target of a call of a foreign tool.
func ForeignTarget(name string, access Access) string {
	if access == Read {
		return readingTarget + name
	}
	return name
}

// ForeignWrite reports whether a recorded call was one of a foreign tool, and was
// not known to only read.
func ForeignWrite(name, target string) bool {
	return strings.HasPrefix(name, ForeignPrefix) && !strings.HasPrefix(target, readingTarget)
}
