package requirement

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

func itoa(n int) string { return strconv.Itoa(n) }

// The bounds of similarity, from 0 to 1.
const (
	// sameText is how similar a text has to be to be taken for an edited one.
	sameText = 0.5
	// partOf is how much of a text has to be in another that it is told as a part.
	partOf = 0.7
)

// matcher finds out which of what was found is which requirement.
type matcher struct {
	before []Requirement
	found  []Found
	// of is for each found one its requirement, owner the other way round; -1 for
	// none.
	of, owner []int
	// names and known are what they are called, as it is compared.
	names, known []called
	// order is what decides between found ones, in place of their order.
	order    []string
	hashes   []string
	sketches []Sketch
	fresh    []string
	notes    []string
}

// called is what a requirement is called.
type called struct{ id, explicit, title, anchor, section string }

func newMatcher(before Register, found []Found) *matcher {
	m := &matcher{before: before.Requirements, of: make([]int, len(found)), owner: make([]int, len(before.Requirements))}
	for i, r := range m.before {
		m.owner[i] = -1
		m.known = append(m.known, called{key(r.ID), key(r.Explicit), key(r.Title), key(r.Anchor), key(r.Section)})
	}
	for i, f := range found {
		m.of[i] = -1
		f.ID, f.Explicit = strings.TrimSpace(f.ID), strings.TrimSpace(f.Explicit)
		m.found = append(m.found, f)
		m.names = append(m.names, called{key(f.ID), key(f.Explicit), key(f.Title), key(f.Anchor), key(f.Section)})
		hash := f.hash()
		m.hashes, m.sketches = append(m.hashes, hash), append(m.sketches, f.sketch())
		m.order = append(m.order, strings.Join([]string{folded(f.Explicit), folded(f.Title), hash, folded(f.Section), f.Anchor, f.ID}, "\x00"))
	}
	return m
}

// match tries what is certain first. Within a step current requirements come before
// those that are gone.
func (m *matcher) match() {
	both := func(of func(called) string) func(f, r int) bool {
		return func(f, r int) bool { return of(m.names[f]) != "" && of(m.names[f]) == of(m.known[r]) }
	}
	explicit := both(func(c called) string { return c.explicit })
	title, anchor := both(func(c called) string { return c.title }), both(func(c called) string { return c.anchor })
	text := func(f, r int) bool { return m.hashes[f] == m.before[r].Hash && !m.denied(f, r) }
	m.step(func(f, r int) bool { return text(f, r) && (m.before[r].Anchor == "" || anchor(f, r)) }) // not touched at all
	m.step(both(func(c called) string { return c.id }))
	m.step(explicit)
	m.step(text)
	m.step(func(f, r int) bool { return anchor(f, r) && title(f, r) && !m.denied(f, r) })
	m.step(func(f, r int) bool { return title(f, r) && !m.denied(f, r) })
	m.step(func(f, r int) bool { return anchor(f, r) && !m.denied(f, r) })
	m.closest()
	m.misnamed()
}

// denied reports whether the page's text gives the two different ids: then they are
// two, whatever else they share.
func (m *matcher) denied(f, r int) bool {
	return m.names[f].explicit != "" && m.known[r].explicit != "" && m.names[f].explicit != m.known[r].explicit
}

// misnamed tells of those that were given the id of another one.
func (m *matcher) misnamed() {
	for i, f := range m.found {
		for j, r := range m.before {
			if m.names[i].id != "" && m.names[i].id == m.known[j].id && m.of[i] != j {
				m.notes = append(m.notes, fmt.Sprintf("%q was given as %s, which is another requirement; it has an id of its own", shortened(f.Title), r.ID))
			}
		}
	}
	slices.Sort(m.notes)
}

// step matches what fits exactly one of the others, among current requirements and
// then among those that are gone.
func (m *matcher) step(fits func(f, r int) bool) {
	for _, state := range []State{Current, Removed} {
		candidates := map[int][]int{} // by requirement
		suitors := map[int]int{}      // how many requirements each found one fits
		for j, r := range m.before {
			if m.owner[j] >= 0 || r.State != state {
				continue
			}
			for f := range m.found {
				if m.of[f] < 0 && fits(f, j) {
					candidates[j] = append(candidates[j], f)
					suitors[f]++
				}
			}
		}
		for j, list := range candidates {
			if len(list) == 1 && suitors[list[0]] == 1 {
				m.of[list[0]], m.owner[j] = j, list[0]
			}
		}
	}
}

// pair is a found one and a requirement that it may be.
type pair struct {
	f, r  int
	score float64
}

// closest matches what is left by similarity, the most similar first.
func (m *matcher) closest() {
	var pairs []pair
	for f := range m.found {
		for j := range m.before {
			if m.of[f] >= 0 || m.owner[j] >= 0 || m.denied(f, j) {
				continue
			}
			if score := m.likeness(f, j); score >= sameText {
				pairs = append(pairs, pair{f, j, score})
			}
		}
	}
	ordered(pairs, func(a, b pair) int {
		return cmp.Or(
			cmp.Compare(m.before[a.r].State, m.before[b.r].State), // "current" before "removed"
			cmp.Compare(b.score, a.score),
			strings.Compare(m.before[a.r].ID, m.before[b.r].ID),
			strings.Compare(m.order[a.f], m.order[b.f]),
		)
	})
	for _, p := range pairs {
		if m.of[p.f] < 0 && m.owner[p.r] < 0 {
			m.of[p.f], m.owner[p.r] = p.r, p.f
		}
	}
}

// likeness tells how similar two are: their texts, or their titles if the section is
// the same.
func (m *matcher) likeness(f, r int) float64 {
	found, before := m.names[f], m.known[r]
	score := similar(m.sketches[f], m.before[r].Sketch)
	switch {
	case m.hashes[f] == m.before[r].Hash:
		score = 1
	case found.title != "" && found.title == before.title:
		score = max(score, 0.95)
	}
	if found.section != "" && found.section == before.section {
		score = max(score, similar(newSketch(m.found[f].Title), newSketch(m.before[r].Title)))
	}
	return score
}

// suspicions tell of requirements that look merged or split.
func (r *recorder) suspicions(before Register) []string {
	var out []string
	for j, one := range before.Requirements {
		if r.owner[j] >= 0 || one.State == Removed || !r.seen.Complete {
			continue
		}
		for i := range r.found {
			if r.of[i] >= 0 && within(one.Sketch, r.sketches[i]) >= partOf {
				out = append(out, fmt.Sprintf("%s is gone and seems to be a part of %s now: if they were merged, its issues %s belong to %s",
					one.ID, before.Requirements[r.of[i]].ID, list(one.Keys()), before.Requirements[r.of[i]].ID))
			}
		}
	}
	for i := range r.found {
		if r.of[i] >= 0 {
			continue
		}
		for j, one := range before.Requirements {
			if r.owner[j] >= 0 && one.Hash != r.hashes[r.owner[j]] && within(r.sketches[i], one.Sketch) >= partOf {
				out = append(out, fmt.Sprintf("%s is new and seems to have been a part of %s: if that was split, look at its issues %s",
					r.fresh[i], one.ID, list(one.Keys())))
			}
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

func list(names []string) string {
	if len(names) == 0 {
		return "(none)"
	}
	return strings.Join(names, ", ")
}

func shortened(s string) string {
	const most = 80
	if runes := []rune(s); len(runes) > most {
		return string(runes[:most-1]) + "…"
	}
	return s
}
