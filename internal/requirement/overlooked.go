package requirement

// Overlooked are the requirements of a register that nobody found although the page
// still has them, as it says now: whoever lists what a page states may forget one, and
// it must not be taken for removed. Notes tell of them.
func Overlooked(o Outline, before Register, found []Found) (more []Found, notes []string) {
	for _, one := range before.Requirements {
		c := o.stated(one)
		if one.State != Current || c == nil || named(one, *c, found) {
			continue
		}
		more = append(more, Found{
			ID: one.ID, Explicit: c.Explicit, Title: c.Title, Text: c.Text, Section: c.Section, Anchor: c.Anchor, Criteria: c.Criteria, Said: c.Text,
		})
		notes = append(notes, shortened(one.Name())+" was not named, but the page still states it: it was kept")
	}
	return more, notes
}

// stated is the one place of the page that has a requirement under its id or, of one
// without, under its title; nil for none.
func (o Outline) stated(one Requirement) *Candidate {
	var found *Candidate
	for i, c := range o.Candidates {
		same := folded(c.Explicit) == folded(one.Explicit)
		if one.Explicit == "" {
			same = same && folded(c.Title) == folded(one.Title)
		}
		if !same {
			continue
		}
		if found != nil {
			return nil
		}
		found = &o.Candidates[i]
	}
	return found
}

// named reports whether a requirement is among those that were found.
func named(one Requirement, c Candidate, found []Found) bool {
	for _, f := range found {
		switch {
		case f.ID != "" && folded(f.ID) == folded(one.ID),
			c.Explicit != "" && (folded(f.Explicit) == folded(c.Explicit) || folded(f.ID) == folded(c.Explicit)),
			c.Explicit == "" && folded(f.Title) == folded(c.Title),
			f.Said != "" && folded(f.Said) == folded(c.Text):
			return true
		}
	}
	return false
}
