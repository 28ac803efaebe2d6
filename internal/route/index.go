package route

import (
	"slices"
	"strings"
)

// sampleSize bounds how many triggers of a kind are kept at hand to explain why
// an event reached none of them.
const sampleSize = 4

// index finds the triggers of one platform that may want an event. Its lists
// hold positions in the Table, in ascending order.
type index struct {
	byEvent map[string]*bucket
	globs   []globBucket
	// byProject samples the triggers of a project, to explain events that no
	// trigger of that project asks for.
	byProject map[string][]int32
}

// bucket holds the triggers that name one event, or one pattern of events.
type bucket struct {
	// byProject are those that only want certain projects.
	byProject map[string][]int32
	// projects are all of those; they are looked at when the event's project is
	// not known.
	projects []int32
	// rest want any project, or have patterns that the index cannot hold.
	rest []int32
	// needs are the variables that filters of projects ask for.
	needs []string
}

type globBucket struct {
	pattern string
	bucket  *bucket
}

func newIndex() *index {
	return &index{byEvent: map[string]*bucket{}, byProject: map[string][]int32{}}
}

// add puts a trigger in every list in which it has to be found.
func (x *index) add(pos int32, e *entry) {
	keys, indexed := projectKeys(e.places())
	for _, name := range uniq(e.events) {
		b := x.bucket(name)
		if !indexed {
			b.rest = append(b.rest, pos)
			continue
		}
		b.projects = append(b.projects, pos)
		for _, key := range keys {
			b.byProject[key] = append(b.byProject[key], pos)
		}
		for _, name := range e.filterVars() {
			b.needs = addName(b.needs, name)
		}
	}
	for _, key := range keys {
		if sample := x.byProject[key]; len(sample) < sampleSize {
			x.byProject[key] = append(sample, pos)
		}
	}
}

// bucket returns the bucket of an event or of a pattern.
func (x *index) bucket(name string) *bucket {
	if !isGlob(name) {
		if x.byEvent[name] == nil {
			x.byEvent[name] = &bucket{byProject: map[string][]int32{}}
		}
		return x.byEvent[name]
	}
	for _, g := range x.globs {
		if g.pattern == name {
			return g.bucket
		}
	}
	g := globBucket{name, &bucket{byProject: map[string][]int32{}}}
	x.globs = append(x.globs, g)
	return g.bucket
}

// projectKeys returns the project keys under which a filter has to be found, or
// false if it covers more than such keys can tell. A pattern for issue keys
// ("PROD-*") is found under its project, and a plain "PROD-7" under both.
func projectKeys(patterns []string) ([]string, bool) {
	if len(patterns) == 0 {
		return nil, false
	}
	var keys []string
	for _, pattern := range patterns {
		head, isPrefix := strings.CutSuffix(pattern, "-*")
		switch {
		case isPrefix && !isGlob(head):
			keys = append(keys, head)
		case isGlob(pattern):
			return nil, false
		default:
			keys = append(keys, pattern)
			if i := strings.LastIndexByte(pattern, '-'); i > 0 {
				keys = append(keys, pattern[:i])
			}
		}
	}
	return uniq(keys), true
}

// uniq returns the list without repetitions.
func uniq(list []string) []string {
	list = slices.Clone(list)
	slices.Sort(list)
	return slices.Compact(list)
}

// addName appends a name that is not in the list yet.
func addName(list []string, name string) []string {
	if slices.Contains(list, name) {
		return list
	}
	return append(list, name)
}

// merge walks several ascending lists as if they were one, without repetitions.
// It lives on the stack for the usual number of lists.
type merge struct {
	lists [][]int32
	room  [16][]int32
}

func (m *merge) add(list []int32) {
	if len(list) == 0 {
		return
	}
	if m.lists == nil {
		m.lists = m.room[:0]
	}
	m.lists = append(m.lists, list)
}

// next returns the smallest position that is left, or false.
func (m *merge) next() (int32, bool) {
	least, found := int32(0), false
	for _, list := range m.lists {
		if len(list) > 0 && (!found || list[0] < least) {
			least, found = list[0], true
		}
	}
	for i, list := range m.lists {
		if len(list) > 0 && list[0] == least {
			m.lists[i] = list[1:]
		}
	}
	return least, found
}

// candidates adds the lists of a bucket that may hold triggers for any of the
// projects.
func (b *bucket) candidates(m *merge, projects []string) {
	m.add(b.rest)
	for _, project := range projects {
		m.add(b.byProject[project])
		for i := len(project) - 1; i > 0; i-- {
			if project[i] == '-' {
				m.add(b.byProject[project[:i]])
			}
		}
	}
}
