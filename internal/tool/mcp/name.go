package mcp

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"
)

// maxName is how long a tool's name may be for every provider of models.
const maxName = 64

// modelName is what a tool is called for models: mcp_<server>_<tool>. Providers
// take letters, digits, underscores and dashes only. A name that has to be changed
// or cut ends with a hash of the original, so that it stays unique.
func modelName(server, tool string) string {
	plain := "mcp_" + server + "_" + tool
	name := strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r >= '0' && r <= '9', r == '_', r == '-':
			return r
		}
		return '_'
	}, plain)
	if name != plain || len(name) > maxName {
		return hashed(name, server, tool)
	}
	return name
}

// hashed makes a name unique.
func hashed(name, server, tool string) string {
	sum := sha256.Sum256([]byte(server + "\x00" + tool))
	tail := "_" + hex.EncodeToString(sum[:4])
	return name[:min(len(name), maxName-len(tail))] + tail
}

// Display is how a tool is spoken of, and how manifests list it.
func Display(server, tool string) string { return fmt.Sprintf("mcp:%s/%s", server, tool) }
