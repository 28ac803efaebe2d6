package tool

import (
	"path"
	"slices"
	"strings"
)

// InProjects reports whether a project key is within the given keys or globs,
// as in Call.Projects. nil admits every project, an empty list none. Keys are
// compared without regard to case, as Jira does.
func InProjects(projects []string, key string) bool {
	if projects == nil {
		return true
	}
	key = strings.ToUpper(key)
	for _, pattern := range projects {
		pattern = strings.ToUpper(pattern)
		if pattern == key {
			return true
		}
		if ok, err := path.Match(pattern, key); err == nil && ok {
			return true
		}
	}
	return false
}

// IsGlob reports whether an entry of Call.Projects stands for several keys.
func IsGlob(pattern string) bool { return strings.ContainsAny(pattern, `*?[\`) }

// Narrow returns what of the projects, keys or globs of them, is within others. Of
// two globs that overlap and are not the same, one has to be "*": what both admit
// cannot be written down otherwise, and is left out. It never returns nil, which
// would admit every project.
func Narrow(projects, within []string) []string {
	narrowed := []string{}
	for _, one := range projects {
		for _, bound := range within {
			switch {
			case InProjects([]string{bound}, one) && (!IsGlob(one) || bound == "*" || strings.EqualFold(bound, one)):
				narrowed = append(narrowed, one)
			case IsGlob(one) && !IsGlob(bound) && InProjects([]string{one}, bound):
				narrowed = append(narrowed, bound)
			case one == "*":
				narrowed = append(narrowed, bound)
			}
		}
	}
	slices.Sort(narrowed)
	return slices.Compact(narrowed)
}

// InRepositories reports whether a repository on GitHub is within the given names
// or globs, as in Call.Repositories. nil admits every one, an empty list none.
// Names are compared without regard to case, as GitHub does.
func InRepositories(repositories []string, name string) bool {
	if repositories == nil {
		return true
	}
	name = strings.ToLower(name)
	for _, pattern := range repositories {
		pattern = strings.ToLower(pattern)
		if pattern == name {
			return true
		}
		if ok, err := path.Match(pattern, name); err == nil && ok {
			return true
		}
	}
	return false
}

// InSpaces reports whether a space of Confluence is within the given keys or globs,
// as in Call.Spaces. nil admits every one, an empty list none. Keys are compared
// without regard to case, as Confluence does.
func InSpaces(spaces []string, key string) bool { return InProjects(spaces, key) }

// spaceScope begins what of an agent's scope is a space: neither the key of a project
// nor the name of a repository has a colon.
const spaceScope = "space:"

// ScopeSpace writes the key or glob of a space as an entry of an agent's scope.
func ScopeSpace(key string) string { return spaceScope + key }

// SpaceOf returns the key or glob of a space that an entry of a scope is; false for
// an entry of another kind.
func SpaceOf(entry string) (key string, ok bool) { return strings.CutPrefix(entry, spaceScope) }
