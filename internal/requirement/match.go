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
	// order is what decides between found ones, in place of their order.
	order    []string
	hashes   []string
	sketches []Sketch
	fresh    []string
	notes    []string
}

func newMatcher(before Register, found []Found) *matcher {
	m := &matcher{before: before.Requirements, of: make([]int, len(found)), owner: make([]int, len(before.Requirements))}
	for i := range m.owner {
		m.owner[i] = -1
	}
	for i, f := range found {
		m.of[i] = -1
		f.ID, f.Explicit = strings.TrimSpace(f.ID), strings.TrimSpace(f.Explicit)
		m.found = append(m.found, f)
		hash := f.hash()
		m.hashes, m.sketches = append(m.hashes, hash), append(m.sketches, f.sketch())
		m.order = append(m.order, strings.Join([]string{folded(f.Explicit), folded(f.Title), hash, folded(f.Section), f.Anchor, f.ID}, "\x00"))
	}
	return m
}

// match tries what is certain first. Within a step current requirements come before
// those that are gone.
func (m *matcher) match() {
	same := func(a, b string) bool { return a != "" && folded(a) == folded(b) }
	m.step(func(f int, r Requirement) bool { // not touched at all
		return m.hashes[f] == r.Hash && (m.found[f].Anchor == r.Anchor || r.Anchor == "") && !m.denied(f, r)
	})
	m.named()
	m.step(func(f int, r Requirement) bool { return same(m.found[f].Explicit, r.Explicit) })
	m.step(func(f int, r Requirement) bool { return m.hashes[f] == r.Hash && !m.denied(f, r) })
	m.step(func(f int, r Requirement) bool {
		return same(m.found[f].Anchor, r.Anchor) && same(m.found[f].Title, r.Title) && !m.denied(f, r)
	})
	m.step(func(f int, r Requirement) bool { return same(m.found[f].Title, r.Title) && !m.denied(f, r) })
	m.step(func(f int, r Requirement) bool { return same(m.found[f].Anchor, r.Anchor) && !m.denied(f, r) })
	m.closest()
}

// denied reports whether the page's text gives the two different ids: then they are
// two, whatever else they share.
func (m *matcher) denied(f int, r Requirement) bool {
	return m.found[f].Explicit != "" && r.Explicit != "" && folded(m.found[f].Explicit) != folded(r.Explicit)
}

// named matches by the ids that were given.
func (m *matcher) named() {
	m.step(func(f int, r Requirement) bool { return m.found[f].ID != "" && strings.EqualFold(m.found[f].ID, r.ID) })
	for i, f := range m.found {
		if m.of[i] >= 0 || f.ID == "" {
			continue
		}
		for j, r := range m.before {
			if strings.EqualFold(f.ID, r.ID) && m.owner[j] >= 0 {
				m.notes = append(m.notes, fmt.Sprintf("two requirements were given as %s; %q got an id of its own unless it is another known one", r.ID, shortened(f.Title)))
			}
		}
	}
	slices.Sort(m.notes)
}

// step matches what fits exactly one of the others, among current requirements and
// then among those that are gone.
func (m *matcher) step(fits func(f int, r Requirement) bool) {
	for _, state := range []State{Current, Removed} {
		candidates := map[int][]int{} // by requirement
		suitors := map[int]int{}      // how many requirements each found one fits
		for j, r := range m.before {
			if m.owner[j] >= 0 || r.State != state {
				continue
			}
			for f := range m.found {
				if m.of[f] < 0 && fits(f, r) {
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
		for j, r := range m.before {
			if m.of[f] >= 0 || m.owner[j] >= 0 || m.denied(f, r) {
				continue
			}
			if score := m.likeness(f, r); score >= sameText {
				pairs = append(pairs, pair{f, j, score})
			}
		}
	}
	slices.SortFunc(pairs, func(a, b pair) int {
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
func (m *matcher) likeness(f int, r Requirement) float64 {
	score := similar(m.sketches[f], r.Sketch)
	if m.hashes[f] == r.Hash {
		score = 1
	}
	if folded(m.found[f].Title) != "" && folded(m.found[f].Title) == folded(r.Title) {
		score = max(score, 0.95)
	}
	if m.found[f].Section != "" && folded(m.found[f].Section) == folded(r.Section) {
		score = max(score, similar(newSketch(m.found[f].Title), newSketch(r.Title)))
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
