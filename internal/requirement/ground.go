package requirement

import (
	"fmt"
	"strings"
)

// Ground holds what somebody found against what the page says, so that the same page
// gives the same fingerprints however the finder puts it. Where the page's own words
// are known, they count: as the text, as the criteria, all of them, and as the title. What
// is not on the page stays as it was given. Notes name sections that the page does not have.
func Ground(o Outline, found []Found) (out []Found, notes []string) {
	g := &grounder{o: o, perSection: map[*Section]int{}}
	for _, f := range found {
		g.perSection[g.section(f.Section)]++
	}
	for _, f := range found {
		out = append(out, g.ground(f))
	}
	return out, g.notes
}

type grounder struct {
	o          Outline
	perSection map[*Section]int
	notes      []string
}

func (g *grounder) ground(f Found) Found {
	c := g.candidate(f)
	if c == nil {
		return g.inSection(f)
	}
	f.Explicit = first(f.Explicit, c.Explicit)
	f.Anchor, f.Section = first(f.Anchor, c.Anchor), first(f.Section, c.Section)
	if f.Title == "" || similar(newSketch(f.Title), newSketch(c.Title)) >= sameText {
		f.Title = first(c.Title, f.Title)
	}
	f.Said = c.Text
	if len(c.Criteria) > 0 {
		f.Criteria = c.Criteria
		return f
	}
	f.Criteria = worded(f.Criteria, c.Criteria)
	return f
}

// candidate is what the page has under the same id, or else under the same title.
func (g *grounder) candidate(f Found) *Candidate {
	tests := []func(Candidate) bool{
		func(c Candidate) bool {
			return same(c.Explicit, f.Explicit) || same(c.Explicit, f.ID)
		},
		func(c Candidate) bool {
			return f.Explicit == "" && same(c.Title, f.Title) && (f.Section == "" || folded(f.Section) == folded(c.Section))
		},
	}
	for _, fits := range tests {
		var one *Candidate
		for i, c := range g.o.Candidates {
			if fits(c) {
				if one != nil {
					return nil // which of them cannot be told
				}
				one = &g.o.Candidates[i]
			}
		}
		if one != nil {
			return one
		}
	}
	return nil
}

// inSection takes the words of the section, if it is about nothing else, or of the
// passage in it that is most like what was found.
func (g *grounder) inSection(f Found) Found {
	if f.Section == "" {
		return f
	}
	s := g.section(f.Section)
	if s == nil {
		g.notes = append(g.notes, fmt.Sprintf("the page has no section %q", shortened(f.Section)))
		f.Section = ""
		return f
	}
	alone := g.perSection[s] == 1
	f.Section = s.Heading
	if f.Anchor == "" && alone {
		f.Anchor = first(s.Anchor, Slug(s.Heading))
	}
	f.Criteria = worded(f.Criteria, s.Passages)
	if alone {
		f.Said = strings.Join(s.Passages, "\n")
		return f
	}
	wanted, best := newSketch(f.Title, f.Text), sameText
	for _, p := range s.Passages {
		if score := similar(wanted, newSketch(p)); score >= best {
			f.Said, best = p, score+1e-9
		}
	}
	return f
}

func (g *grounder) section(name string) *Section {
	for _, of := range []func(Section) string{func(s Section) string { return s.Path }, func(s Section) string { return s.Heading }} {
		for i, s := range g.o.Sections {
			if same(of(s), name) {
				return &g.o.Sections[i]
			}
		}
	}
	return nil
}

// worded puts criteria into the page's words where it has them.
func worded(criteria, said []string) []string {
	var out []string
	for _, c := range criteria {
		c = trimCriterion(c)
		best, as := 0.6, c
		for _, s := range said {
			s = trimCriterion(s)
			if score := similar(newSketch(c), newSketch(s)); score > best {
				best, as = score, s
			}
		}
		out = append(out, as)
	}
	return out
}

func first(a, b string) string {
	if strings.TrimSpace(a) != "" {
		return a
	}
	return b
}
