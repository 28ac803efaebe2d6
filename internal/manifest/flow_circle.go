package manifest

import (
	"slices"
	"strings"
)

// circles reports flows that run themselves, directly or through others: they
// would not end.
func (a *assembly) circles(files []*parsedFile) {
	inner := map[string][]string{}
	var docs []*document
	for _, f := range files {
		for _, doc := range f.documents {
			if doc.flow == nil {
				continue
			}
			docs = append(docs, doc)
			for _, ref := range doc.refs {
				if ref.kind == TargetFlow {
					inner[doc.meta.Name] = append(inner[doc.meta.Name], ref.name)
				}
			}
		}
	}
	told := map[string]bool{}
	for _, doc := range docs {
		circle := circleFrom(doc.meta.Name, inner)
		if circle == nil || slices.ContainsFunc(circle, func(name string) bool { return told[name] }) {
			continue
		}
		for _, name := range circle {
			told[name] = true
		}
		i := slices.IndexFunc(doc.refs, func(r reference) bool { return r.kind == TargetFlow && r.name == circle[1] })
		a.report(doc, Error, doc.refs[i].at, "the flow runs itself: "+shorten(strings.Join(circle, " -> ")))
	}
}

// circleFrom returns a way from a flow back to itself, the flow at both ends, or
// nil.
func circleFrom(name string, inner map[string][]string) []string {
	before := map[string]string{}
	todo := []string{name}
	for len(todo) > 0 {
		at := todo[0]
		todo = todo[1:]
		for _, next := range inner[at] {
			if next == name {
				way := []string{name}
				for ; at != name; at = before[at] {
					way = append(way, at)
				}
				way = append(way, name)
				slices.Reverse(way)
				return way
			}
			if _, seen := before[next]; !seen {
				before[next] = at
				todo = append(todo, next)
			}
		}
	}
	return nil
}
