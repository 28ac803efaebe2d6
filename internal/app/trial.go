package app

import (
	"fmt"

	"github.com/aofctl/aofctl/internal/manifest"
)

// trial says what stands against trying a manifest, or a bundle, that is not in
// force. MCP servers have to be those of the manifests that are: one that is new is
// a program to start or an address to send secrets to, and which of its tools change
// nothing is the operator's to say, who puts manifests in their place.
func trial(kind manifest.TargetKind, text, source string, known manifest.Known, inForce *manifest.Catalog) error {
	cat := &manifest.Catalog{Agents: map[string]*manifest.Agent{}}
	var problems manifest.Problems
	if kind == manifest.TargetAgent {
		var a *manifest.Agent
		if a, problems = manifest.ParseAgent(text, source, known); a != nil {
			cat.Agents[a.Name] = a
		}
	} else {
		cat, problems = manifest.ParseBundle(text, known)
	}
	if err := problems.Errors().Err(); err != nil {
		return fmt.Errorf("read the manifest to try: %w", err)
	}
	trusted := map[string]bool{}
	for _, a := range inForce.MCPAgents() {
		for _, s := range a.MCPServers {
			trusted[withoutListed(s)] = true
		}
	}
	for _, a := range cat.MCPAgents() {
		for _, s := range a.MCPServers {
			if !trusted[withoutListed(s)] {
				return fmt.Errorf("agent %s has the MCP server %s, which no manifest in force has like that: put it in force before it is tried", a.Name, s.Name)
			}
		}
	}
	return nil
}

// withoutListed identifies a server, whichever of its tools an agent lists.
func withoutListed(s manifest.MCPServer) string {
	s.Listed = nil
	return s.Fingerprint()
}
