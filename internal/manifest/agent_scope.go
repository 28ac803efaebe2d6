package manifest

import "slices"

// writesIssue is the value of scope.writes that keeps writes to the event's issue;
// writesProject, the default, lets them go wherever reading may.
const (
	writesIssue   = "issue"
	writesProject = "project"
)

// ownIssue reads scope.writes.
func (b *builder) ownIssue(decl scopeDecl) bool {
	return b.oneOf(decl.Writes, "scope.writes", writesProject, writesIssue) == writesIssue
}

// spaceScope begins what of a scope is a space of Confluence.
const spaceScope = "space:"

// Scope is what the agent's tools may touch: projects, repositories, which have a
// slash in their names, and spaces as "space:KEY". Of a kind that it does not name it
// is the event's own.
func (a *Agent) Scope() []string { return scope(a.ScopeProjects, a.ScopeRepositories, a.ScopeSpaces) }

// Scope is what the flow's tools may touch, as an agent's.
func (f *Flow) Scope() []string { return scope(f.ScopeProjects, f.ScopeRepositories, f.ScopeSpaces) }

func scope(projects, repositories, spaces []string) []string {
	all := slices.Concat(projects, repositories)
	for _, key := range spaces {
		all = append(all, spaceScope+key)
	}
	return all
}
