package requirement

import (
	"slices"
	"strings"
)

// Present is a register as far as code alone can bring it into step with the page, for
// showing it and not for keeping: what the page gives an id that nobody has registered
// is there, and what had an id is gone if the page names that nowhere. Of a page that
// was never registered, everything counts that looks like a requirement.
func Present(r Register, registered bool, o Outline, seen Seen) Register {
	var found []Found
	for _, c := range o.Unregistered(r) {
		if c.Explicit != "" {
			found = append(found, c.found())
		}
	}
	if !registered {
		found = o.Stated()
	}
	seen.Complete = false
	newer := !registered || seen.Version > r.Seen
	if len(found) > 0 {
		r = Reconcile(r, found, seen).Register
	}
	if !newer {
		return r
	}
	r = r.Clone()
	for i, one := range r.Requirements {
		if one.State == Current && one.Explicit != "" && !o.names(one.Explicit) {
			r.Requirements[i].State = Removed
		}
	}
	return r
}

// Stated are the requirements that a page states, as code finds them.
func (o Outline) Stated() []Found {
	out := make([]Found, 0, len(o.Candidates))
	for _, c := range o.Candidates {
		out = append(out, c.found())
	}
	return out
}

func (c Candidate) found() Found {
	return Found{Explicit: c.Explicit, Title: c.Title, Text: c.Text, Section: c.Section, Anchor: c.Anchor, Criteria: c.Criteria, Said: c.Text}
}

// names reports whether a page has an id anywhere.
func (o Outline) names(id string) bool {
	has := func(s string) bool { return strings.Contains(strings.ToLower(s), strings.ToLower(id)) }
	for _, s := range o.Sections {
		if has(s.Heading) || slices.ContainsFunc(s.Passages, has) {
			return true
		}
	}
	for _, c := range o.Candidates {
		if has(c.Explicit) || has(c.Title) || has(c.Text) {
			return true
		}
	}
	return false
}
