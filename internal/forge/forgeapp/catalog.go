package forgeapp

import (
	"maps"
	"slices"
	"strings"

	"github.com/aofctl/aofctl/internal/manifest"
)

// Annotations of an agent, fleet or flow that say how Jira shows it.
const (
	AnnotationName     = "aof.dev/rovo-name"
	AnnotationIcon     = "aof.dev/rovo-icon"
	AnnotationStarters = "aof.dev/rovo-starters" // one in each line
)

// FromCatalog reads the input from the configuration and what it offers. Scopes of
// tools are asked from scopes.
func FromCatalog(d *manifest.Daemon, c *manifest.Catalog, scopes func(tool string) []string) Input {
	in := Input{}
	if d.Forge != nil {
		in.AppID = d.Forge.AppID
	}
	if d.A2A == nil {
		return in
	}
	in.PublicURL = d.A2A.PublicURL
	offered := d.A2A.Offered(c)
	tools := &toolWalk{catalog: c, seen: map[manifest.Target]bool{}, tools: map[string]bool{}}
	for _, name := range slices.Sorted(maps.Keys(offered)) {
		offer := offered[name]
		notes := annotations(c, offer.Target)
		in.Agents = append(in.Agents, Agent{
			Name: name, Title: notes[AnnotationName], Description: offer.Description, Icon: notes[AnnotationIcon],
			Starters: strings.Split(notes[AnnotationStarters], "\n"), Source: offer.Source,
			// What only happens to be the default today has an address of its own, too,
			// which stays its own.
			Default: name == d.A2A.DefaultAgent, Pages: usesPages(c, offer.Target),
		})
		tools.target(offer.Target)
	}
	for _, tool := range slices.Sorted(maps.Keys(tools.tools)) {
		in.Scopes = append(in.Scopes, scopes(tool)...)
	}
	return in
}

// usesPages reports whether what is offered has tools for Confluence.
func usesPages(c *manifest.Catalog, t manifest.Target) bool {
	own := &toolWalk{catalog: c, seen: map[manifest.Target]bool{}, tools: map[string]bool{}}
	own.target(t)
	for tool := range own.tools {
		if strings.HasPrefix(tool, "confluence_") || strings.HasPrefix(tool, "atlassian_") {
			return true
		}
	}
	return false
}

func annotations(c *manifest.Catalog, t manifest.Target) map[string]string {
	switch t.Kind {
	case manifest.TargetFleet:
		return c.Fleets[t.Name].Annotations
	case manifest.TargetFlow:
		return c.Flows[t.Name].Annotations
	default:
		return c.Agents[t.Name].Annotations
	}
}
