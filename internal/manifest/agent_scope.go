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

// Scope is what the agent's tools may touch: projects, and repositories, which
// have a slash in their names. Of a kind that it does not name it is the event's
// own.
func (a *Agent) Scope() []string { return slices.Concat(a.ScopeProjects, a.ScopeRepositories) }
