package manifest

import "slices"

// Scope is what the agent's tools may touch: projects, and repositories, which
// have a slash in their names. Of a kind that it does not name it is the event's
// own.
func (a *Agent) Scope() []string { return slices.Concat(a.ScopeProjects, a.ScopeRepositories) }
