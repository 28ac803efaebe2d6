package tool

import (
	"path"
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
