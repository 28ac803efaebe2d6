package route

import (
	"slices"

	"github.com/aofctl/aofctl/internal/event"
)

// Reach returns those of the issues that an event of another platform names which
// a run may touch, in their order: those of the given projects, as keys or globs.
// Without any it is none, since whoever writes a pull request's title chooses what
// stands in it.
func Reach(ev *event.Event, projects []string) []string {
	var keys []string
	for _, key := range texts(ev.Vars["issue_keys"]) {
		if slices.ContainsFunc(projects, func(p string) bool { return projectMatches(p, event.ProjectOf(key), key) }) {
			keys = append(keys, key)
		}
	}
	return keys
}
