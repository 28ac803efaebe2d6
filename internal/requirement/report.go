package requirement

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"

	"github.com/aofctl/aofctl/internal/markup/doc"
	"github.com/aofctl/aofctl/internal/markup/markdown"
)

// Layout says what a report shows of a matrix.
type Layout string

// The layouts.
const (
	// Traceability shows which issues and test cases belong to which requirement.
	Traceability Layout = "traceability"
	// Compliance shows besides when the work of each issue was done, in which version it
	// is, and the verdict.
	Compliance Layout = "compliance"
)

// Report is a matrix as the text of a section of a page. It is the same for the same
// matrix: nothing in it tells when it was made, so a page is changed only if there is
// something to tell.
type Report struct {
	Markdown string
	// Fingerprint is the same for the same text.
	Fingerprint string
	// Counts are the requirements by verdict.
	Counts map[Verdict]int
}

// Report writes the whole matrix.
func (m Matrix) Report(l Layout, pages []PageInfo) Report {
	w := &reporter{m: m, layout: l, titles: map[string]*doc.Node{}, several: len(pages) > 1, counts: map[Verdict]int{}}
	for _, p := range pages {
		w.titles[p.ID] = link(p.Title, p.URL)
	}
	for _, r := range m.Rows {
		w.counts[r.Verdict(m.Planned)]++
	}
	out := doc.New(doc.Document, doc.New(doc.Paragraph, text(w.summary())))
	if len(m.Rows) > 0 {
		out.Add(w.table())
	}
	lists := m.amiss()
	if l == Compliance {
		lists = lists[:len(lists)-1] // several issues are usual where work is shown
	}
	addLists(out, lists)
	made := markdown.Write(out)
	sum := sha256.Sum256([]byte(made))
	return Report{Markdown: made, Fingerprint: hex.EncodeToString(sum[:6]), Counts: w.counts}
}

// reporter writes one report.
type reporter struct {
	m      Matrix
	layout Layout
	// titles are the pages by id, and several is true if there is more than one.
	titles  map[string]*doc.Node
	several bool
	counts  map[Verdict]int
}

// summary is the matrix in one line.
func (w *reporter) summary() string {
	parts := []string{count(len(w.m.Rows)-w.counts[Withdrawn], "requirement")}
	if w.layout == Compliance {
		for _, v := range Verdicts() {
			if n := w.counts[v]; n > 0 {
				parts = append(parts, itoa(n)+" "+string(v))
			}
		}
		return strings.Join(parts, ", ") + "."
	}
	parts = append(parts, itoa(len(w.m.WithoutIssue))+" without an issue")
	if n := len(w.m.WithoutRequirement); n > 0 {
		parts = append(parts, count(n, "issue")+" without a requirement")
	}
	return strings.Join(parts, ", ") + "."
}

func count(n int, of string) string {
	if n == 1 {
		return "1 " + of
	}
	return itoa(n) + " " + of + "s"
}

// part is a list below the table.
type part struct {
	title string
	items [][]*doc.Node
}

// amiss lists what is not as it should be.
func (m Matrix) amiss() []part {
	return []part{
		{"Requirements without an issue", m.refs(m.WithoutIssue)},
		{"Issues without a requirement", m.orphans()},
		{"Issues of requirements that changed since", m.pairs(m.Stale)},
		{"Issues of requirements that are gone", m.pairs(m.Dead)},
		{"Issues that are gone", m.pairs(m.Missing)},
		{"Requirements with several issues", m.refs(m.Several)},
	}
}

func addLists(out *doc.Node, lists []part) {
	for _, part := range lists {
		if len(part.items) == 0 {
			continue
		}
		out.Add(doc.New(doc.Paragraph, doc.New(doc.Strong, text(part.title))))
		list := doc.New(doc.Bullets)
		for _, item := range part.items {
			list.Add(doc.New(doc.Item, doc.New(doc.Paragraph, item...)))
		}
		out.Add(list)
	}
}

func (w *reporter) table() *doc.Node {
	heads := w.heads()
	header := doc.New(doc.Row)
	for _, h := range heads {
		header.Add(&doc.Node{Kind: doc.Cell, Head: true, Children: []*doc.Node{doc.New(doc.Paragraph, text(h))}})
	}
	table := doc.New(doc.Table, header)
	for _, r := range w.m.Rows {
		row := doc.New(doc.Row)
		for _, cell := range w.cells(r) {
			row.Add(doc.New(doc.Cell, doc.New(doc.Paragraph, cell...)))
		}
		table.Add(row)
	}
	return table
}

func (w *reporter) heads() []string {
	heads := []string{"Requirement"}
	if w.several {
		heads = append(heads, "Specification")
	}
	heads = append(heads, "Issues", "Status")
	if w.layout == Compliance {
		heads = append(heads, "Fix version", "Done or due")
	}
	if w.m.Planned {
		heads = append(heads, "Test cases")
	}
	if w.layout == Compliance {
		heads = append(heads, "Verdict")
	}
	return heads
}

func (w *reporter) cells(r Row) [][]*doc.Node {
	name := []*doc.Node{link(r.Name, r.URL)}
	if r.State == Removed {
		name = append(name, between(" (removed)"))
	}
	cells := [][]*doc.Node{name}
	if w.several {
		title := w.titles[r.Ref.Page]
		if title == nil {
			title = text(r.Ref.Page)
		}
		cells = append(cells, []*doc.Node{title})
	}
	cells = append(cells, perIssue(r.Issues, issueCell), perIssue(r.Issues, statusCell))
	if w.layout == Compliance {
		cells = append(cells, perIssue(r.Issues, versionCell), perIssue(r.Issues, dayCell))
	}
	if w.m.Planned {
		cells = append(cells, outcomeNodes(r.Cases))
	}
	if w.layout == Compliance {
		cells = append(cells, []*doc.Node{doc.New(doc.Strong, text(string(r.Verdict(w.m.Planned))))})
	}
	return cells
}

// perIssue has a line for each issue, so that lines of several columns belong
// together.
func perIssue(list []RowIssue, line func(RowIssue) []*doc.Node) []*doc.Node {
	var out []*doc.Node
	for i, one := range list {
		if i > 0 {
			out = append(out, doc.New(doc.Break))
		}
		out = append(out, orDash(line(one))...)
	}
	return orDash(out)
}

func issueCell(i RowIssue) []*doc.Node {
	out := []*doc.Node{link(i.Key, i.URL)}
	if i.Summary != "" {
		out = append(out, between(" "), text(i.Summary))
	}
	switch {
	case i.Missing:
		out = append(out, between(" (gone)"))
	case i.Stale:
		out = append(out, between(" (requirement changed)"))
	}
	return out
}

func statusCell(i RowIssue) []*doc.Node {
	name := i.Status
	if !i.Missing {
		name = doc.Or(name, "?")
	}
	if i.Resolution != "" && i.Dropped() {
		name += " (" + i.Resolution + ")"
	}
	return []*doc.Node{text(name)}
}

func versionCell(i RowIssue) []*doc.Node {
	return []*doc.Node{text(strings.Join(i.Versions, ", "))}
}

func dayCell(i RowIssue) []*doc.Node {
	switch {
	case i.Done() && i.Resolved != "":
		return []*doc.Node{text(i.Resolved)}
	case !i.Done() && i.Due != "":
		return []*doc.Node{text("due " + i.Due)}
	}
	return nil
}

func outcomeNodes(list []Case) []*doc.Node {
	var names []string
	for _, c := range list {
		name := c.name()
		switch {
		case c.Outcome != "":
			name += " (" + c.Outcome + ")"
		case c.Kind != "":
			name += " (" + c.Kind + ")"
		}
		names = append(names, name)
	}
	return orDash([]*doc.Node{text(strings.Join(names, ", "))})
}

// Orphan is a requirement without an issue, or an issue without a requirement.
type Orphan struct {
	// ID is the reference of the requirement, or the key of the issue.
	ID string
	// Markdown names it to people.
	Markdown string
}

// Orphans are those of both sides.
func (m Matrix) Orphans() []Orphan {
	var out []Orphan
	for _, ref := range m.WithoutIssue {
		out = append(out, Orphan{ref.String(), inLine(m.name(ref))})
	}
	for _, i := range m.WithoutRequirement {
		out = append(out, Orphan{i.Key, inLine(link(i.Key, i.URL), between(" "), text(i.Summary))})
	}
	return out
}

// Link is a link with a title that people gave, as Markdown.
func Link(title, address string) string { return inLine(link(title, address)) }

func inLine(nodes ...*doc.Node) string {
	return strings.TrimSpace(markdown.Write(doc.New(doc.Document, doc.New(doc.Paragraph, nodes...))))
}
