// Package requirement knows what requirements a page states and which of them are
// the same as before. A requirement keeps its id whatever becomes of the page: ids
// are given once, by code, and kept in a register beside the page. From the register
// and from what links say come matrices of requirements and issues, and what a test
// plan does not cover. The package asks nobody and knows no product.
package requirement

import (
	"slices"
	"time"
)

// State says whether a page still states a requirement.
type State string

// The states of a requirement.
const (
	Current State = "current"
	Removed State = "removed"
)

// Criterion is one acceptance criterion of a requirement.
type Criterion struct {
	// ID is unique within the requirement and never given to another one, such as
	// "ac-2".
	ID   string `json:"id"`
	Text string `json:"text"`
}

// Issue is an issue that belongs to a requirement, or to a page as a whole.
type Issue struct {
	// Key is the issue's key.
	Key string `json:"key"`
	// Hash is the requirement's fingerprint when the issue was made or last brought
	// into step; one that differs means that the requirement changed since. "" if that
	// is not known.
	Hash string `json:"hash,omitempty"`
	// Told is Removed if the issue was last brought into step when the page did not
	// state the requirement any more.
	Told State `json:"told,omitempty"`
}

// Claim says that an issue is about to be made, so that nobody else makes one.
type Claim struct {
	// Call is the id of the call that makes it, which the new issue carries.
	Call string `json:"call"`
	// Project is the key of the project that it is made in.
	Project string `json:"project"`
	// Since is when the call began.
	Since time.Time `json:"since"`
}

// Requirement is a requirement as a register keeps it.
type Requirement struct {
	// ID is unique on the page and never given to another requirement.
	ID string `json:"id"`
	// Explicit is the id that the page's text gives it, such as "REQ-12"; "" for none.
	Explicit string `json:"explicit,omitempty"`
	// Anchor is the name of an anchor at its place, or what its heading reads as in an
	// address; Section is that heading.
	Anchor  string `json:"anchor,omitempty"`
	Section string `json:"section,omitempty"`
	Title   string `json:"title"`
	// Criteria are in the page's order; Made counts all that there ever were.
	Criteria []Criterion `json:"criteria,omitempty"`
	Made     int         `json:"made,omitempty"`
	// Hash is the fingerprint of all that it says, Sketch the words of it, from which
	// similarity is told.
	Hash   string `json:"hash,omitempty"`
	Sketch Sketch `json:"sketch,omitempty"`
	State  State  `json:"state"`
	// Since, Changed and Gone are versions of the page: with which it was first seen,
	// last changed, and missed. ChangedAt is when that version was made.
	Since     int       `json:"since,omitempty"`
	Changed   int       `json:"changed,omitempty"`
	Gone      int       `json:"gone,omitempty"`
	ChangedAt time.Time `json:"changed_at,omitzero"`
	Issues    []Issue   `json:"issues,omitempty"`
	Claim     *Claim    `json:"claim,omitempty"`
}

// Name is the shortest way to name a requirement to people.
func (r Requirement) Name() string {
	switch {
	case r.Explicit != "" && r.Title != "":
		return r.Explicit + ": " + r.Title
	case r.Explicit != "":
		return r.Explicit
	case r.Title != "":
		return r.Title
	}
	return r.ID
}

// Keys are the keys of its issues.
func (r Requirement) Keys() []string { return keys(r.Issues) }

func keys(list []Issue) []string {
	out := make([]string, 0, len(list))
	for _, i := range list {
		out = append(out, i.Key)
	}
	return out
}

// Stale reports whether the requirement changed since an issue was made for it.
func (r Requirement) Stale(i Issue) bool { return i.Hash != "" && r.Hash != "" && i.Hash != r.Hash }

// Behind reports whether something became of the requirement that its issue was not
// brought into step with: it changed, is gone, or is back. It stays so until somebody
// says that it was done, whoever found out first and whatever became of their run.
func (r Requirement) Behind(i Issue) bool {
	if r.State == Removed {
		return i.Told != Removed
	}
	return r.Back(i) || r.Stale(i)
}

// Back reports whether the requirement is on the page again, and the issue was last
// brought into step while it was gone.
func (r Requirement) Back(i Issue) bool { return r.State == Current && i.Told == Removed }

// Register is what is kept of the requirements of one page.
type Register struct {
	// Seen is the version of the page that it was last compared with.
	Seen int `json:"seen,omitempty"`
	// Requirements are in the page's order, those that are gone at the end.
	Requirements []Requirement `json:"requirements"`
	// Issues belong to the page as a whole, such as an epic, and Claim is for them.
	Issues []Issue `json:"issues,omitempty"`
	Claim  *Claim  `json:"claim,omitempty"`
	// Plan is the page's test plan; nil if none was made.
	Plan *PlanPage `json:"plan,omitempty"`
	// Last is what the last comparison found, so that whoever did not hear the answer
	// can ask again.
	Last *Last `json:"last,omitempty"`
}

// PlanPage is where the test cases of a page stand, and which ids they had.
type PlanPage struct {
	// Page is the plan's page; "" until it is made.
	Page string `json:"page,omitempty"`
	// Last is the highest number that a test case ever had.
	Last int `json:"last,omitempty"`
	// Call is the call that was given the numbers from First on, so that it has the
	// same ones when it is made again.
	Call  string `json:"call,omitempty"`
	First int    `json:"first,omitempty"`
}

// Last is the answer to one call.
type Last struct {
	// Call is the call's id.
	Call string `json:"call"`
	// Changes are those that tell of a change.
	Changes []Change `json:"changes,omitempty"`
	Notes   []string `json:"notes,omitempty"`
}

// Clone copies a register, so that a change of the one leaves the other.
func (r Register) Clone() Register {
	r.Requirements = slices.Clone(r.Requirements)
	for i, one := range r.Requirements {
		one.Criteria, one.Issues = slices.Clone(one.Criteria), slices.Clone(one.Issues)
		r.Requirements[i] = one
	}
	r.Issues = slices.Clone(r.Issues)
	if r.Plan != nil {
		plan := *r.Plan
		r.Plan = &plan
	}
	return r
}

// Find returns the requirement that a name means: its id, the id in the page's
// text, or its title if no other has it; nil for none. "" means none.
func (r *Register) Find(name string) *Requirement {
	wanted := key(name)
	if wanted == "" {
		return nil
	}
	names := []func(Requirement) string{
		func(one Requirement) string { return one.ID },
		func(one Requirement) string { return one.Explicit },
		func(one Requirement) string { return one.Title },
	}
	for _, state := range []State{Current, Removed} {
		for _, of := range names {
			found := -1
			for i, one := range r.Requirements {
				if one.State != state || key(of(one)) != wanted {
					continue
				}
				if found >= 0 {
					found = -2
					break
				}
				found = i
			}
			if found >= 0 {
				return &r.Requirements[found]
			}
		}
	}
	return nil
}

// Slot is where the issues of a requirement are kept, or, for nil, those of the page.
func (r *Register) Slot(one *Requirement) (issues *[]Issue, claim **Claim) {
	if one == nil {
		return &r.Issues, &r.Claim
	}
	return &one.Issues, &one.Claim
}

// Put adds an issue to a list or renews what is known of it.
func Put(list []Issue, i Issue) []Issue {
	for n, have := range list {
		if have.Key == i.Key {
			out := slices.Clone(list)
			out[n] = i
			return out
		}
	}
	return append(slices.Clone(list), i)
}

// Drop takes an issue out of a list.
func Drop(list []Issue, key string) []Issue {
	return slices.DeleteFunc(slices.Clone(list), func(i Issue) bool { return i.Key == key })
}
