package requirement

import (
	"slices"
	"strings"
	"time"
)

// Covered is what a plan tests of one requirement.
type Covered struct {
	ID    string
	Title string
	// Cases are the ids of its test cases, or their rows as "#3".
	Cases []string
	// Missing are the kinds of cases that it has none of.
	Missing []string
	// Criteria are those that no case covers.
	Criteria []Criterion
}

// Doubt is a test case with which something is wrong.
type Doubt struct {
	Case string
	Why  string
}

// Coverage is what a test plan covers of a page's requirements.
type Coverage struct {
	// Complete is true if each requirement has cases of every kind, each criterion has
	// a case, and nothing is doubtful.
	Complete bool
	// Requirements are the current ones, in the register's order.
	Requirements []Covered
	// Unknown cases refer to nothing that the page has, Duplicates have an id that
	// another has, Stale are of requirements that are gone or changed since, Unkind say
	// no known kind.
	Unknown, Duplicates, Stale, Unkind []Doubt
	// Uncovered are requirements without any case.
	Uncovered []string
}

// Written says when a plan was written.
type Written struct {
	// Page is the id of the page that has the requirements: references to other pages
	// are none of it.
	Page string
	// At is when the plan's page was last changed; zero if that is not known.
	At time.Time
	// Kinds are those that each requirement needs; nil means all of [Kinds].
	Kinds []string
}

// Cover compares a plan with a register.
func Cover(r Register, p Plan, w Written) Coverage {
	c := &coverer{r: &r, w: w, cases: map[string][]Case{}, criteria: map[string]map[string]bool{}}
	if c.w.Kinds == nil {
		c.w.Kinds = Kinds()
	}
	seen := map[string]int{}
	for _, one := range p.Cases {
		c.add(one)
		if one.ID == "" {
			continue
		}
		if before := seen[folded(one.ID)]; before > 0 {
			c.out.Duplicates = append(c.out.Duplicates, Doubt{one.ID, "rows " + itoa(before) + " and " + itoa(one.Row) + " have this id"})
			continue
		}
		seen[folded(one.ID)] = one.Row
	}
	c.requirements()
	o := c.out
	c.out.Complete = len(o.Requirements) > 0 && len(o.Unknown)+len(o.Duplicates)+len(o.Stale)+len(o.Unkind) == 0 &&
		!slices.ContainsFunc(o.Requirements, func(one Covered) bool {
			return len(one.Cases) == 0 || len(one.Missing) > 0 || len(one.Criteria) > 0
		})
	return c.out
}

type coverer struct {
	r        *Register
	w        Written
	out      Coverage
	cases    map[string][]Case
	criteria map[string]map[string]bool
}

func (c Case) name() string {
	if c.ID != "" {
		return c.ID
	}
	return "#" + itoa(c.Row)
}

// add files a case under what it refers to.
func (c *coverer) add(one Case) {
	if one.Obsolete {
		return
	}
	if one.Kind == "" {
		why := "it has no kind"
		if one.Said != "" {
			why = "its kind is " + shortened(one.Said) + ", not one of " + strings.Join(Kinds(), ", ")
		}
		c.out.Unkind = append(c.out.Unkind, Doubt{one.name(), why})
	}
	var meant []*Requirement
	for _, name := range one.Requirements {
		requirement, criterion := c.refer(name)
		if requirement == nil {
			c.out.Unknown = append(c.out.Unknown, Doubt{one.name(), "there is no requirement " + shortened(name)})
			continue
		}
		if criterion != "" {
			c.tick(one, requirement, criterion)
		}
		if !slices.Contains(meant, requirement) {
			meant = append(meant, requirement)
		}
	}
	meant = c.criterionColumn(one, meant)
	if len(one.Requirements)+len(one.Criteria) == 0 {
		c.out.Unknown = append(c.out.Unknown, Doubt{one.name(), "it names no requirement"})
	}
	for _, requirement := range meant {
		c.cases[requirement.ID] = append(c.cases[requirement.ID], one)
		if why := c.stale(one, requirement); why != "" {
			c.out.Stale = append(c.out.Stale, Doubt{one.name(), why})
		}
	}
}

// criterionColumn files a case under the criteria that it names, which may name a
// requirement by themselves.
func (c *coverer) criterionColumn(one Case, meant []*Requirement) []*Requirement {
	for _, name := range one.Criteria {
		found := false
		for _, requirement := range meant {
			found = c.tick(one, requirement, name) || found
		}
		if found {
			continue
		}
		if requirement, criterion := c.refer(name); requirement != nil && criterion != "" && c.tick(one, requirement, criterion) {
			if !slices.Contains(meant, requirement) {
				meant = append(meant, requirement)
			}
			continue
		}
		if len(meant) > 0 || len(one.Requirements) == 0 {
			c.out.Unknown = append(c.out.Unknown, Doubt{one.name(), "there is no criterion " + shortened(name)})
		}
	}
	return meant
}

// refer finds what a name means: a reference, an id, or one of these with a
// criterion behind a slash or a dot.
func (c *coverer) refer(name string) (*Requirement, string) {
	name = strings.TrimSpace(name)
	if page, id, ok := strings.Cut(name, "#"); ok && pagePattern.MatchString(page) {
		if page != c.w.Page {
			return nil, ""
		}
		name = id
	}
	if found := c.r.Find(name); found != nil {
		return found, ""
	}
	for _, separator := range []string{"/", " ", "."} {
		if i := strings.LastIndex(name, separator); i > 0 {
			if found := c.r.Find(strings.TrimSpace(name[:i])); found != nil {
				return found, strings.TrimSpace(name[i+1:])
			}
		}
	}
	if id, rest := explicitID(name + " "); id != "" && rest != "" { // "REQ-1 The title"
		return c.r.Find(id), ""
	}
	return nil, ""
}

// tick notes that a case covers a criterion, by its id, its number or its words.
func (c *coverer) tick(_ Case, r *Requirement, name string) bool {
	for _, one := range r.Criteria {
		if !one.means(name) {
			continue
		}
		if c.criteria[r.ID] == nil {
			c.criteria[r.ID] = map[string]bool{}
		}
		c.criteria[r.ID][one.ID] = true
		return true
	}
	return false
}

// means reports whether a name is that of the criterion.
func (c Criterion) means(name string) bool {
	name = strings.TrimSpace(name)
	number := strings.TrimPrefix(c.ID, criterionPrefix)
	return strings.EqualFold(c.ID, name) || strings.EqualFold("ac"+number, name) || strings.EqualFold("ac "+number, name) ||
		name == number || folded(c.Text) == folded(trimCriterion(name))
}

func (c *coverer) stale(one Case, r *Requirement) string {
	switch {
	case r.State == Removed:
		return r.ID + " is not on the page any more"
	case one.Version > 0 && r.Changed > one.Version:
		return r.ID + " changed with version " + itoa(r.Changed) + ", and the case is for version " + itoa(one.Version)
	case one.Version == 0 && r.Changed > r.Since && !c.w.At.IsZero() && r.ChangedAt.After(c.w.At):
		return r.ID + " changed after the plan was written"
	}
	return ""
}

func (c *coverer) requirements() {
	for _, r := range c.r.Requirements {
		if r.State != Current {
			continue
		}
		one := Covered{ID: r.ID, Title: r.Name()}
		var have []string
		for _, test := range c.cases[r.ID] {
			one.Cases = append(one.Cases, test.name())
			have = append(have, test.Kind)
		}
		for _, kind := range c.w.Kinds {
			if !slices.Contains(have, kind) {
				one.Missing = append(one.Missing, kind)
			}
		}
		for _, criterion := range r.Criteria {
			if !c.criteria[r.ID][criterion.ID] {
				one.Criteria = append(one.Criteria, criterion)
			}
		}
		if len(one.Cases) == 0 {
			c.out.Uncovered = append(c.out.Uncovered, r.ID)
		}
		c.out.Requirements = append(c.out.Requirements, one)
	}
}
