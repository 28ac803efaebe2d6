package requirement

import (
	"regexp"
	"slices"
	"strings"

	"github.com/aofctl/aofctl/internal/markup/doc"
)

// Draft is a test case as somebody wrote it who does not keep ids.
type Draft struct {
	// ID is that of the case that it is a new form of; "" for a new one.
	ID string
	// Requirement and Criteria are named in any form.
	Requirement string
	Criteria    []string
	Kind        string
	Title       string
	Steps       string
	Expected    string
}

// PlanEdit is what is to become of the test cases of a plan. Rows that it does not
// name, and columns of people, stay as they are.
type PlanEdit struct {
	register Register
	cover    *coverer
	// rewritten are cases by their folded ids; added are new ones, in order.
	rewritten map[string]Case
	added     []Case
	// LeftOut are drafts that are no use, by their titles.
	LeftOut []Doubt
}

// CaseMark begins the ids of test cases that are given by code: "TC-7".
const CaseMark = "TC-"

var caseNumber = regexp.MustCompile(`(?i)^TC-([0-9]{1,9})$`)

// LastCase is the highest number in an id that a case of the plan has.
func (p Plan) LastCase() int {
	last := 0
	for _, c := range p.Cases {
		if m := caseNumber.FindStringSubmatch(c.ID); m != nil {
			last = max(last, leadingNumber(m[1]))
		}
	}
	return last
}

// EditPlan decides what becomes of a plan by what was written for it. A case is
// written anew only if something is wrong with it, such as that its requirement
// changed since; all others stay, whatever a draft says.
func EditPlan(r Register, p Plan, w Written, drafts []Draft) *PlanEdit {
	e := &PlanEdit{register: r, rewritten: map[string]Case{}, cover: &coverer{r: &r, w: w}}
	doubtful := map[string]bool{}
	found := Cover(r, p, w)
	for _, list := range [][]Doubt{found.Stale, found.Unknown, found.Unkind} {
		for _, d := range list {
			doubtful[folded(d.Case)] = true
		}
	}
	for _, d := range drafts {
		e.take(p, d, doubtful)
	}
	return e
}

// take files one draft.
func (e *PlanEdit) take(p Plan, d Draft, doubtful map[string]bool) {
	id := folded(d.ID)
	at := slices.IndexFunc(p.Cases, func(c Case) bool { return id != "" && folded(c.ID) == id })
	switch {
	case at >= 0 && !doubtful[id]:
		e.leave(d, p.Cases[at].ID+" is as it should be: it stays")
		return
	case at >= 0 && d.Requirement == "" && len(p.Cases[at].Requirements) > 0:
		d.Requirement = p.Cases[at].Requirements[0]
	}
	c, why := e.read(d)
	switch {
	case why != "":
		e.leave(d, why)
	case at >= 0:
		c.ID = p.Cases[at].ID
		e.rewritten[id] = c
	case e.known(p, c):
		e.leave(d, "the plan has a case of this title for "+c.Requirements[0])
	default:
		e.added = append(e.added, c)
	}
}

func (e *PlanEdit) leave(d Draft, why string) {
	e.LeftOut = append(e.LeftOut, Doubt{doc.Or(d.ID, shortened(d.Title), "?"), why})
}

// read checks a draft and names what it is about as the register does.
func (e *PlanEdit) read(d Draft) (Case, string) {
	c := Case{Kind: kindOf(d.Kind), Title: oneLine(d.Title), Steps: severalLines(d.Steps), Expected: severalLines(d.Expected), Version: e.register.Seen}
	found, _ := e.cover.refer(d.Requirement)
	switch {
	case found == nil:
		return c, "there is no requirement " + shortened(d.Requirement)
	case found.State != Current:
		return c, found.ID + " was removed"
	case c.Kind == "":
		return c, "its kind is " + shortened(d.Kind) + ", not one of " + strings.Join(Kinds(), ", ")
	case c.Title == "" || c.Steps == "" || c.Expected == "":
		return c, "it has no title, no steps or no expected result"
	}
	c.Requirements = []string{found.ID}
	for _, name := range d.Criteria {
		if id := criterionNamed(found, name); id == "" {
			return c, found.ID + " has no criterion " + shortened(name)
		} else if !slices.Contains(c.Criteria, id) {
			c.Criteria = append(c.Criteria, id)
		}
	}
	if len(c.Criteria) == 0 && len(found.Criteria) > 0 {
		return c, "it names no criterion of " + found.ID
	}
	return c, ""
}

// known reports whether a plan, or what is added to it, has such a case already.
func (e *PlanEdit) known(p Plan, c Case) bool {
	same := func(one Case) bool {
		if one.Obsolete || folded(one.Title) != folded(c.Title) {
			return false
		}
		return slices.ContainsFunc(one.Requirements, func(name string) bool {
			r, _ := e.cover.refer(name)
			return r != nil && r.ID == c.Requirements[0]
		})
	}
	return slices.ContainsFunc(p.Cases, same) || slices.ContainsFunc(e.added, same)
}

// criterionNamed is the id of the criterion that is meant by an id, a number, its
// words, or the id before its words.
func criterionNamed(r *Requirement, name string) string {
	name = strings.TrimSpace(name)
	if i := strings.LastIndexByte(name, '/'); i >= 0 && hasCriterion(r, name[i+1:]) != "" {
		name = name[i+1:]
	}
	if id, _, ok := strings.Cut(name, ":"); ok && hasCriterion(r, id) != "" {
		name = id
	}
	return hasCriterion(r, name)
}

func hasCriterion(r *Requirement, name string) string {
	for _, one := range r.Criteria {
		if one.means(name) {
			return one.ID
		}
	}
	return ""
}

// Added is how many cases are new.
func (e *PlanEdit) Added() int { return len(e.added) }

// Rewritten are the ids of cases that say something else now, and of those that hold
// as they are for the requirement as it is now, in the order of the plan.
func (e *PlanEdit) Rewritten(p Plan) (rewritten, confirmed []string) {
	rewritten, confirmed = []string{}, []string{}
	for _, was := range p.Cases {
		now, ok := e.rewritten[folded(was.ID)]
		switch {
		case !ok || slices.Contains(rewritten, was.ID) || slices.Contains(confirmed, was.ID):
		case was.Kind == now.Kind && was.Title == now.Title && alike(was.Steps, now.Steps) && alike(was.Expected, now.Expected):
			confirmed = append(confirmed, was.ID)
		default:
			rewritten = append(rewritten, was.ID)
		}
	}
	return rewritten, confirmed
}

// Number gives the new cases their ids, beginning with a number.
func (e *PlanEdit) Number(first int) []string {
	out := []string{}
	for i := range e.added {
		e.added[i].ID = CaseMark + itoa(first+i)
		out = append(out, e.added[i].ID)
	}
	return out
}

// Table is the new form of a table, or nil if it is no table of test cases or stays.
// New cases are added if last is set. To a table that has it already nothing is done
// twice.
func (e *PlanEdit) Table(table *doc.Node, last bool) *doc.Node {
	if len(table.Children) == 0 {
		return nil
	}
	at, ok := planColumns(table.Children[0])
	if !ok {
		return nil
	}
	out, changed := doc.New(doc.Table, table.Children[0]), false
	have := map[string]bool{}
	for _, row := range table.Children[1:] {
		one := readCase(row, at)
		id := folded(one.ID)
		if id != "" && have[id] {
			out.Add(row)
			continue
		}
		have[id] = true
		now := e.row(row, at, one)
		changed = changed || now != row
		out.Add(now)
	}
	width := len(table.Children[0].Children)
	for _, c := range e.added {
		if last && !have[folded(c.ID)] {
			out.Add(newRow(c, at, width))
			changed = true
		}
	}
	if !changed {
		return nil
	}
	return out
}

// row is the new form of a row, or the row itself.
func (e *PlanEdit) row(row *doc.Node, at []int, one Case) *doc.Node {
	if c, ok := e.rewritten[folded(one.ID)]; ok {
		return e.written(row, at, one, c)
	}
	switch current, removed := e.about(one); {
	case !one.Obsolete && removed && !current:
		return with(row, at[colKind], obsoleteMark+doc.Or(one.Kind, "?"))
	case current && strings.HasPrefix(one.Said, obsoleteMark):
		return with(row, at[colKind], strings.TrimPrefix(one.Said, obsoleteMark))
	}
	return row
}

// obsoleteMark is what stands before the kind of a case whose requirement is gone.
const obsoleteMark = "obsolete, was "

// about tells which requirements a case is about.
func (e *PlanEdit) about(one Case) (current, removed bool) {
	for _, name := range slices.Concat(one.Requirements, one.Criteria) {
		if r, _ := e.cover.refer(name); r != nil {
			current, removed = current || r.State == Current, removed || r.State == Removed
		}
	}
	return current, removed
}

// written puts what a case says now into its row, where it says something else.
func (e *PlanEdit) written(row *doc.Node, at []int, was, now Case) *doc.Node {
	named, criteria := now.Requirements, now.Criteria
	if at[colCriterion] < 0 || at[colRequirement] < 0 {
		named = qualified(now)
		criteria = named
	}
	if r, _ := e.cover.refer(doc.Or(was.Requirements...)); at[colCriterion] < 0 || len(was.Requirements) != 1 || r == nil || r.ID != now.Requirements[0] {
		row = with(row, at[colRequirement], strings.Join(named, ", "))
	}
	if !slices.Equal(was.Criteria, criteria) {
		row = with(row, at[colCriterion], strings.Join(criteria, ", "))
	}
	if was.Kind != now.Kind {
		row = with(row, at[colKind], now.Kind)
	}
	row = with(row, at[colTitle], now.Title)
	row = with(row, at[colSteps], now.Steps)
	row = with(row, at[colExpected], now.Expected)
	return with(row, at[colVersion], itoa(now.Version))
}

// qualified names requirement and criterion in one.
func qualified(c Case) []string {
	var out []string
	for _, one := range c.Criteria {
		out = append(out, c.Requirements[0]+"/"+one)
	}
	if out == nil {
		return c.Requirements
	}
	return out
}

// with is a row with another text in a column; the row itself if it has it already, or
// has no such column.
func with(row *doc.Node, column int, says string) *doc.Node {
	old := cell(row, column)
	if old == nil || alike(plain(old), says) {
		return row
	}
	out := *row
	out.Children = slices.Clone(row.Children)
	out.Children[column] = &doc.Node{Kind: doc.Cell, Head: old.Head, Children: said(says)}
	return &out
}

// itemMark is what items of lists begin with, which are lists on the page.
var itemMark = regexp.MustCompile(`(?:^|\s)(?:[0-9]{1,3}[.)]|[-*•])\s`)

// alike compares texts of cells, which may be lists there.
func alike(a, b string) bool {
	bare := func(s string) string { return doc.OneLine(itemMark.ReplaceAllString(doc.OneLine(s), " ")) }
	return bare(a) == bare(b)
}

// said is a text of several lines in a cell.
func said(s string) []*doc.Node {
	p := doc.New(doc.Paragraph)
	for i, line := range strings.Split(s, "\n") {
		if i > 0 {
			p.Add(doc.New(doc.Break))
		}
		p.Add(doc.NewText(doc.Text, line))
	}
	return []*doc.Node{p}
}

// newRow is the row of a new case, with empty cells for the columns of people.
func newRow(c Case, at []int, width int) *doc.Node {
	row := doc.New(doc.Row)
	for range width {
		row.Add(doc.New(doc.Cell))
	}
	requirements, criteria := c.Requirements, c.Criteria
	if at[colCriterion] < 0 || at[colRequirement] < 0 {
		requirements = qualified(c)
		criteria = requirements
	}
	texts := map[int]string{
		colID: c.ID, colRequirement: strings.Join(requirements, ", "), colCriterion: strings.Join(criteria, ", "), colKind: c.Kind,
		colTitle: c.Title, colSteps: c.Steps, colExpected: c.Expected, colVersion: itoa(c.Version),
	}
	for column, says := range texts {
		row = with(row, at[column], says)
	}
	return row
}

// NewTable is a table without cases.
func NewTable() *doc.Node {
	header := doc.New(doc.Row)
	for _, name := range []string{"ID", "Requirement", "Criterion", "Kind", "Title", "Steps", "Expected", "Version", "Outcome", "Owner"} {
		header.Add(&doc.Node{Kind: doc.Cell, Head: true, Children: said(name)})
	}
	return doc.New(doc.Table, header)
}

// oneLine is a text that a model wrote as it stands in a cell: nothing in it can become
// a link, a mention or a macro, since it is text and no markup.
func oneLine(s string) string { return doc.OneLine(strings.Map(seen, s)) }

// severalLines keeps the lines of a text.
func severalLines(s string) string {
	var out []string
	for line := range strings.Lines(s) {
		if line = oneLine(line); line != "" {
			out = append(out, line)
		}
	}
	return strings.Join(out, "\n")
}
