package route

import (
	"slices"
	"strings"

	"github.com/aofctl/aofctl/internal/spell"
)

const (
	maxKnown   = 100 // commands that are compared with an unknown one
	maxUnknown = 5   // unknown commands that are told
	maxNearest = 3   // suggestions for each
)

// note remembers the commands of a trigger that agrees with the event, for /help
// and to correct unknown ones.
func (q *query) note(e *entry) {
	if len(e.commands.order) == 0 || len(q.commands()) == 0 {
		return
	}
	if q.voice == nil {
		q.voice = e.trigger
	}
	q.addMenu(e)
	if e.trigger.IgnoreUnknown {
		return
	}
	if q.corrector == nil {
		q.corrector = e.trigger
	}
	for _, name := range e.commands.order {
		if len(q.known) < maxKnown {
			q.known = addName(q.known, name)
		}
	}
}

// suggest names the unknown commands with those that look like them, and returns
// where the first of them stands.
func (q *query) suggest() (first int, found bool) {
	if len(q.known) == 0 {
		return 0, false
	}
	for i, c := range q.commands() {
		if !c.Slash || c.asksForHelp() || q.withheld[i] || q.slots[i].Trigger != nil {
			continue
		}
		if !found {
			first, found = i, true
		}
		if len(q.out.Unknown) < maxUnknown {
			q.out.Unknown = append(q.out.Unknown, UnknownCommand{Name: c.Words[0], Nearest: nearest(c.Words, q.known)})
		}
	}
	return first, found
}

// nearest returns the known names that differ least from what was typed.
func nearest(words, known []string) []string {
	type scored struct {
		name string
		far  int
	}
	var list []scored
	for _, name := range known {
		n := min(strings.Count(name, " ")+1, len(words))
		typed := strings.Join(words[:n], " ")
		far := spell.Distance(typed, name)
		if far <= max(2, len(name)/2) || strings.HasPrefix(name, typed) {
			list = append(list, scored{name, far})
		}
	}
	slices.SortStableFunc(list, func(a, b scored) int { return a.far - b.far })
	var out []string
	for _, s := range list[:min(len(list), maxNearest)] {
		out = append(out, s.name)
	}
	return out
}
