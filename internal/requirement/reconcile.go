package requirement

import (
	"cmp"
	"slices"
	"strings"
	"time"
)

// Found is a requirement that somebody found on the page, as it says now.
type Found struct {
	// ID is one that the register gave it before, or that the page's text gives it;
	// "" if neither is known.
	ID string
	// Explicit is the id that the page's text gives it.
	Explicit string
	Title    string
	Text     string
	Section  string
	Anchor   string
	Criteria []string
	// Said is what the page itself says of it, as far as that was found; see [Ground].
	Said string
}

// hash is the fingerprint. What the page says counts, and not how somebody put it.
func (f Found) hash() string {
	if f.Said != "" {
		return fingerprint(append([]string{f.Explicit, f.Said}, f.Criteria...)...)
	}
	return fingerprint(append([]string{f.Explicit, f.Title, f.Text}, f.Criteria...)...)
}

func (f Found) sketch() Sketch {
	if f.Said != "" {
		return newSketch(append([]string{f.Title, f.Said}, f.Criteria...)...)
	}
	return newSketch(append([]string{f.Title, f.Text}, f.Criteria...)...)
}

// Kind says what became of a requirement.
type Kind string

// The kinds of changes.
const (
	New       Kind = "new"
	Unchanged Kind = "unchanged"
	Changed   Kind = "changed"
	Gone      Kind = "removed"
	Returned  Kind = "returned"
	// NotNamed is one that nobody named, of a list that does not claim to be complete.
	NotNamed Kind = "not named"
)

// Change is what became of one requirement.
type Change struct {
	ID   string `json:"id"`
	Kind Kind   `json:"kind"`
	// What changed: id, title, section, text, criteria, state.
	What []string `json:"what,omitempty"`
	// Added, Dropped and Edited are criteria by their ids.
	Added   []string `json:"added,omitempty"`
	Dropped []string `json:"dropped,omitempty"`
	Edited  []string `json:"edited,omitempty"`
}

// Tells reports whether something changed. A requirement that was gone before and
// still is tells nothing.
func (c Change) Tells() bool {
	return c.Kind == New || c.Kind == Changed || c.Kind == Returned || c.Kind == Gone && len(c.What) > 0
}

// Reconciled is a register brought into step with what was found.
type Reconciled struct {
	Register Register
	// Changes has one entry for each requirement of the register, in its order.
	Changes []Change
	// Notes tell people of what is not certain: requirements that seem merged or
	// split, and ids that the page has twice.
	Notes []string
}

// Seen says which version of the page was looked at, and whether all of it was.
type Seen struct {
	Version int
	At      time.Time
	// Complete is true if what was not found is not on the page any more.
	Complete bool
	// MarkedOnly is true if only those were looked for that have an id in the page's
	// text: others are not taken for gone.
	MarkedOnly bool
}

// Reconcile gives each requirement that was found the id that it has already, or a
// new one, and tells what changed. The order of the list decides nothing but the
// order of the register. It is the same for the same arguments.
func Reconcile(before Register, found []Found, seen Seen) Reconciled {
	m := newMatcher(before, found)
	m.match()
	r := &recorder{matcher: m, seen: seen, taken: map[string]bool{}}
	for _, one := range before.Requirements {
		r.taken[one.ID] = true
	}
	return r.record(before)
}

// recorder writes down what a matcher found out.
type recorder struct {
	*matcher

	seen  Seen
	taken map[string]bool
	out   Reconciled
}

func (r *recorder) record(before Register) Reconciled {
	r.nameNew()
	var here, gone []Requirement
	var hereIs, goneIs []Change
	for i, f := range r.found {
		one, change := r.update(i, f)
		here, hereIs = append(here, one), append(hereIs, change)
	}
	for i, one := range before.Requirements {
		if r.owner[i] >= 0 {
			continue
		}
		one, change := r.missing(one)
		if one.State == Current {
			here, hereIs = append(here, one), append(hereIs, change)
			continue
		}
		gone, goneIs = append(gone, one), append(goneIs, change)
	}
	r.out.Register = before
	r.out.Register.Requirements = slices.Concat(here, gone)
	r.out.Register.Seen = max(before.Seen, r.seen.Version)
	r.out.Changes = slices.Concat(hereIs, goneIs)
	r.out.Notes = slices.Concat(r.notes, r.suspicions(before))
	return r.out
}

// missing is a requirement that was not found.
func (r *recorder) missing(one Requirement) (Requirement, Change) {
	switch {
	case one.State == Removed:
		return one, Change{ID: one.ID, Kind: Gone}
	case !r.seen.Complete, r.seen.MarkedOnly && one.Explicit == "":
		return one, Change{ID: one.ID, Kind: NotNamed}
	}
	one.State, one.Gone = Removed, r.seen.Version
	return one, Change{ID: one.ID, Kind: Gone, What: []string{"state"}}
}

// update is a requirement as it was found.
func (r *recorder) update(i int, f Found) (Requirement, Change) {
	var old Requirement
	change := Change{Kind: New}
	if r.of[i] >= 0 {
		old = r.before[r.of[i]]
		change.Kind = Unchanged
	}
	one := old
	one.ID = cmp.Or(old.ID, r.fresh[i])
	one.Explicit, one.Title = cmp.Or(f.Explicit, old.Explicit), cmp.Or(f.Title, old.Title)
	one.Section, one.Anchor = cmp.Or(f.Section, old.Section), cmp.Or(f.Anchor, old.Anchor)
	one.Hash, one.Sketch, one.State = f.hash(), f.sketch(), Current
	one.Criteria, one.Made = r.criteria(old, f.Criteria, &change)
	change.ID = one.ID
	if change.Kind == New {
		one.Since, one.Changed, one.ChangedAt = r.seen.Version, r.seen.Version, r.seen.At
		return one, change
	}
	change.What = differences(old, one, change)
	if len(change.What) > 0 {
		change.Kind = Changed
	}
	if old.Hash != one.Hash {
		one.Changed, one.ChangedAt = r.seen.Version, r.seen.At
	}
	if old.State == Removed {
		change.Kind, one.Gone = Returned, 0
	}
	return one, change
}

func differences(old, now Requirement, change Change) []string {
	var out []string
	add := func(name string, differs bool) {
		if differs {
			out = append(out, name)
		}
	}
	add("id", folded(old.Explicit) != folded(now.Explicit))
	add("title", folded(old.Title) != folded(now.Title))
	add("section", folded(old.Section) != folded(now.Section))
	criteria := len(change.Added)+len(change.Dropped)+len(change.Edited) > 0
	add("criteria", criteria)
	other := slices.Contains(out, "id") || slices.Contains(out, "title") || criteria
	add("text", old.Hash != now.Hash && !other)
	return out
}

// nameNew gives ids to those that have none. Which of two that want the same id
// gets it depends on what they say, not on their order.
func (r *recorder) nameNew() {
	r.fresh = make([]string, len(r.found))
	var unnamed []int
	for i := range r.found {
		if r.of[i] < 0 {
			unnamed = append(unnamed, i)
		}
	}
	ordered(unnamed, func(a, b int) int { return strings.Compare(r.order[a], r.order[b]) })
	for _, i := range unnamed {
		f := r.found[i]
		base := cmp.Or(slug(f.Explicit), slug(f.ID), slug(f.Title), slug(f.Section), slug(f.Text), "requirement")
		r.fresh[i] = r.free(base)
		r.taken[r.fresh[i]] = true
	}
}

// free is the first of base, base-2, base-3 … that nobody ever had.
func (r *recorder) free(base string) string {
	for id, n := base, 2; ; n++ {
		if !r.taken[id] {
			return id
		}
		id = base + "-" + itoa(n)
	}
}
