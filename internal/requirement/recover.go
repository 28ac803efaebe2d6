package requirement

import (
	"strings"

	"github.com/aofctl/aofctl/internal/markup/doc"
)

// Recover makes of links what can be made of a page's register that was lost: ids,
// names and issues. What the page says has to be found anew; then each requirement
// keeps the id that its link has.
func Recover(page string, ties []Tie) Register {
	byID := map[string]*Requirement{}
	var out Register
	for _, tie := range ties {
		if tie.Via != ViaLink || tie.Ref.Page != page {
			continue
		}
		if tie.Ref.ID == "" {
			out.Issues = Put(out.Issues, Issue{Key: tie.Key})
			continue
		}
		one := byID[tie.Ref.ID]
		if one == nil {
			one = &Requirement{ID: tie.Ref.ID, State: Current}
			byID[tie.Ref.ID] = one
		}
		if tie.Title > one.Title {
			one.Title = doc.OneLine(tie.Title)
		}
		one.Issues = Put(one.Issues, Issue{Key: tie.Key})
	}
	for _, one := range byID {
		if id, rest := explicitID(one.Title); id != "" {
			one.Explicit, one.Title = id, rest
		}
		one.Sketch = newSketch(one.Title)
		ordered(one.Issues, func(a, b Issue) int { return compareKeys(a.Key, b.Key) })
		out.Requirements = append(out.Requirements, *one)
	}
	ordered(out.Requirements, func(a, b Requirement) int { return strings.Compare(a.ID, b.ID) })
	ordered(out.Issues, func(a, b Issue) int { return compareKeys(a.Key, b.Key) })
	return out
}

// Recognised gives what links alone tell the names that the page has for it: the id
// of a requirement is made of the id in the page's text, whatever the link is called.
func (r Register) Recognised(o Outline) Register {
	r = r.Clone()
	for i, one := range r.Requirements {
		if one.Explicit != "" {
			continue
		}
		for _, c := range o.Candidates {
			if c.Explicit != "" && slug(c.Explicit) == one.ID {
				r.Requirements[i].Explicit, r.Requirements[i].Title = c.Explicit, c.Title
				r.Requirements[i].Sketch = newSketch(c.Title)
			}
		}
	}
	return r
}
