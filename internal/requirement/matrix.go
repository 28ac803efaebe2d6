package requirement

import (
	"cmp"
	"slices"
	"strings"
	"time"
)

// The ways in which an issue says, or is said, to belong to a requirement.
const (
	ViaLink     = "link"
	ViaRegister = "register"
	ViaPageLink = "page link"
	ViaMention  = "mention"
)

// IssueInfo is what a matrix shows of an issue.
type IssueInfo struct {
	Key     string
	Summary string
	Status  string
	Type    string
	URL     string
	// Category is the key of the status's category: new, indeterminate or done.
	Category   string
	Resolution string
	// Versions are the names of the versions that it is fixed in.
	Versions []string
	// Resolved and Due are days such as 2026-03-02; "" for none. ResolvedAt is the moment
	// of the former, zero for none.
	Resolved, Due string
	ResolvedAt    time.Time
	// Asked is true if it is one of those that the matrix is about, and not only one
	// that a requirement names.
	Asked bool
}

// Tie is that an issue says to belong to a requirement, or, with no ID, to a page.
type Tie struct {
	Key string
	Ref Reference
	Via string
	// Title is what the link calls the requirement.
	Title string
}

// PageInfo is a page of a matrix with its register.
type PageInfo struct {
	ID       string
	Title    string
	URL      string
	Register Register
	// Registered is false if the page has no register.
	Registered bool
	// Anchor makes the address of a requirement; nil for that of the page.
	Anchor func(Requirement) string
}

// Sources are what a matrix is made of.
type Sources struct {
	Pages  []PageInfo
	Issues []IssueInfo
	Ties   []Tie
	// Plan is a test plan for the first page; nil for none. Shared says that it is for
	// all of them.
	Plan   *Plan
	Shared bool
}

// RowIssue is an issue of a requirement.
type RowIssue struct {
	IssueInfo

	// Via are the ways in which it belongs to it, sorted.
	Via []string
	// Missing is true if there is no such issue, or none that we may see.
	Missing bool
	// Stale is true if the requirement changed since.
	Stale bool
}

// Row is a requirement with its issues.
type Row struct {
	Ref   Reference
	Name  string
	State State
	URL   string
	// Recovered is true if only links tell of the requirement, and no register.
	Recovered bool
	Issues    []RowIssue
	Cases     []Case
}

// Pair is an issue and a requirement.
type Pair struct {
	Key string
	Ref Reference
}

// Matrix is requirements by issues, and what is amiss.
type Matrix struct {
	Rows []Row
	// PageRows are the pages as wholes, with issues such as epics.
	PageRows []Row
	// WithoutIssue are current requirements that no issue belongs to, and
	// WithoutRequirement are issues that belong to none, and to no page.
	WithoutIssue       []Reference
	WithoutRequirement []IssueInfo
	// Dead are links to requirements that are gone or never were.
	Dead []Pair
	// Missing are issues that the register names and that are not there.
	Missing []Pair
	// Several are requirements with more than one issue.
	Several []Reference
	// Unlinked are known to the register and have no link, Unregistered the other way
	// round. Stale are issues whose requirement changed.
	Unlinked, Unregistered, Stale []Pair
	// Planned is true if test cases were looked at.
	Planned bool
}

// Trace makes the matrix. It is the same for the same sources, whatever their order,
// except that rows follow the pages.
func Trace(s Sources) Matrix {
	t := &tracer{issues: map[string]IssueInfo{}, ties: map[Reference][]Tie{}, used: map[string]bool{}, known: map[Reference]bool{}}
	for _, i := range s.Issues {
		t.issues[i.Key] = i
	}
	for _, tie := range s.Ties {
		t.ties[tie.Ref] = append(t.ties[tie.Ref], tie)
	}
	for n, p := range s.Pages {
		var plan *Plan
		if n == 0 || s.Shared {
			plan = s.Plan
		}
		t.page(p, plan)
	}
	t.dead(s)
	t.orphans(s)
	t.out.Planned = s.Plan != nil
	return t.out
}

type tracer struct {
	issues map[string]IssueInfo
	ties   map[Reference][]Tie
	used   map[string]bool
	known  map[Reference]bool
	out    Matrix
}

func (t *tracer) page(p PageInfo, plan *Plan) {
	whole := Row{Ref: Reference{Page: p.ID}, Name: p.Title, State: Current, URL: p.URL}
	t.fill(&whole, Requirement{Issues: p.Register.Issues})
	t.out.PageRows = append(t.out.PageRows, whole)
	cases := casesOf(p, plan)
	for _, r := range p.Register.Requirements {
		row := Row{Ref: Reference{p.ID, r.ID}, Name: r.Name(), State: r.State, URL: p.URL, Cases: cases[r.ID]}
		if p.Anchor != nil {
			row.URL = p.Anchor(r)
		}
		t.fill(&row, r)
		if r.State == Removed && len(row.Issues) == 0 {
			continue
		}
		t.add(row)
	}
	for _, row := range t.recovered(p) {
		t.add(row)
	}
}

// recovered are requirements of which only links tell, because the page's register
// was lost.
func (t *tracer) recovered(p PageInfo) []Row {
	if p.Registered {
		return nil
	}
	var rows []Row
	for ref, ties := range t.ties {
		if ref.Page != p.ID || ref.ID == "" || t.known[ref] {
			continue
		}
		row := Row{Ref: ref, State: Current, URL: p.URL, Recovered: true}
		for _, tie := range ties {
			row.Name = max(row.Name, tie.Title)
		}
		row.Name = cmp.Or(row.Name, ref.ID)
		t.fill(&row, Requirement{})
		rows = append(rows, row)
	}
	ordered(rows, func(a, b Row) int { return strings.Compare(a.Ref.ID, b.Ref.ID) })
	return rows
}

func (t *tracer) add(row Row) {
	if row.State == Current && len(row.Issues) == 0 {
		t.out.WithoutIssue = append(t.out.WithoutIssue, row.Ref)
	}
	living := 0
	for _, i := range row.Issues {
		if !i.Missing {
			living++
		}
	}
	if living > 1 {
		t.out.Several = append(t.out.Several, row.Ref)
	}
	t.out.Rows = append(t.out.Rows, row)
}

// fill puts the issues of a requirement into its row and tells what is amiss.
func (t *tracer) fill(row *Row, r Requirement) {
	t.known[row.Ref] = true
	via := map[string][]string{}
	stale, told := map[string]bool{}, map[string]bool{}
	for _, i := range r.Issues {
		via[i.Key] = append(via[i.Key], ViaRegister)
		stale[i.Key], told[i.Key] = r.Stale(i), i.Hash != ""
	}
	for _, tie := range t.ties[row.Ref] {
		if !slices.Contains(via[tie.Key], tie.Via) {
			via[tie.Key] = append(via[tie.Key], tie.Via)
		}
	}
	for key, ways := range via {
		slices.Sort(ways)
		info, there := t.issues[key]
		if !there {
			info.Key = key
		}
		late := !told[key] && r.changedAfter(info.ResolvedAt)
		row.Issues = append(row.Issues, RowIssue{IssueInfo: info, Via: ways, Missing: !there, Stale: there && (stale[key] || late)})
		t.used[key] = true
	}
	ordered(row.Issues, func(a, b RowIssue) int { return compareKeys(a.Key, b.Key) })
	for _, i := range row.Issues {
		t.amiss(row, i)
	}
}

// changedAfter reports whether a requirement changed after an issue was resolved, for
// issues of which the register does not tell for what they were made.
func (r Requirement) changedAfter(resolved time.Time) bool {
	return !resolved.IsZero() && r.Changed > r.Since && r.ChangedAt.After(resolved)
}

func (t *tracer) amiss(row *Row, i RowIssue) {
	pair := Pair{i.Key, row.Ref}
	if i.Missing {
		t.out.Missing = append(t.out.Missing, pair)
		return
	}
	linked, registered := slices.Contains(i.Via, ViaLink), slices.Contains(i.Via, ViaRegister)
	switch {
	case registered && !linked:
		t.out.Unlinked = append(t.out.Unlinked, pair)
	case linked && !registered:
		t.out.Unregistered = append(t.out.Unregistered, pair)
	}
	if i.Stale {
		t.out.Stale = append(t.out.Stale, pair)
	}
	if linked && row.State == Removed {
		t.out.Dead = append(t.out.Dead, pair)
	}
}

// dead finds links to what no page of the matrix has.
func (t *tracer) dead(s Sources) {
	var pages []string
	for _, p := range s.Pages {
		pages = append(pages, p.ID)
	}
	for _, tie := range s.Ties {
		pair := Pair{tie.Key, tie.Ref}
		if tie.Via == ViaLink && slices.Contains(pages, tie.Ref.Page) && !t.known[tie.Ref] && !slices.Contains(t.out.Dead, pair) {
			t.out.Dead = append(t.out.Dead, pair)
			t.used[tie.Key] = true
		}
	}
	for _, list := range []*[]Pair{&t.out.Dead, &t.out.Missing, &t.out.Unlinked, &t.out.Unregistered, &t.out.Stale} {
		ordered(*list, func(a, b Pair) int {
			return cmp.Or(compareKeys(a.Key, b.Key), strings.Compare(a.Ref.String(), b.Ref.String()))
		})
	}
}

func (t *tracer) orphans(s Sources) {
	for _, i := range s.Issues {
		if i.Asked && !t.used[i.Key] {
			t.out.WithoutRequirement = append(t.out.WithoutRequirement, i)
		}
	}
	ordered(t.out.WithoutRequirement, func(a, b IssueInfo) int { return compareKeys(a.Key, b.Key) })
}

// casesOf are the test cases of a page's requirements.
func casesOf(p PageInfo, plan *Plan) map[string][]Case {
	if plan == nil {
		return nil
	}
	register := p.Register
	c := &coverer{r: &register, w: Written{Page: p.ID}, cases: map[string][]Case{}, criteria: map[string]map[string]bool{}}
	for _, one := range plan.Cases {
		c.add(one)
	}
	return c.cases
}

// compareKeys orders keys of issues by project and number.
func compareKeys(a, b string) int {
	left, x := keyParts(a)
	right, y := keyParts(b)
	return cmp.Or(strings.Compare(left, right), cmp.Compare(len(x), len(y)), strings.Compare(x, y))
}

func keyParts(key string) (project, number string) {
	i := strings.LastIndexByte(key, '-')
	if i < 0 {
		return key, ""
	}
	return key[:i], key[i+1:]
}
