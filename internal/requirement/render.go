package requirement

import (
	"strings"

	"github.com/aofctl/aofctl/internal/markup/doc"
	"github.com/aofctl/aofctl/internal/markup/markdown"
)

// Markdown writes a matrix as a section of a page: a table of requirements, and a list
// of what is amiss. Rows says which rows of the table are shown; the rest of them is
// in other parts.
func (m Matrix) Markdown(rows []Row) string {
	out := doc.New(doc.Document, m.table(rows))
	addLists(out, m.amiss())
	return markdown.Write(out)
}

func text(s string) *doc.Node { return doc.NewText(doc.Text, harmless(s)) }

// between is text of ours, whose spaces count.
func between(s string) *doc.Node { return doc.NewText(doc.Text, s) }

func link(name, address string) *doc.Node {
	if address == "" {
		return text(name)
	}
	return &doc.Node{Kind: doc.Link, Target: address, Children: []*doc.Node{text(name)}}
}

func (m Matrix) table(rows []Row) *doc.Node {
	heads := []string{"Requirement", "Issues", "Status"}
	if m.Planned {
		heads = append(heads, "Test cases")
	}
	header := doc.New(doc.Row)
	for _, h := range heads {
		header.Add(&doc.Node{Kind: doc.Cell, Head: true, Children: []*doc.Node{doc.New(doc.Paragraph, text(h))}})
	}
	table := doc.New(doc.Table, header)
	for _, r := range rows {
		name := []*doc.Node{link(r.Name, r.URL)}
		if r.State == Removed {
			name = append(name, between(" (removed)"))
		}
		cells := [][]*doc.Node{name, issueNodes(r.Issues), statusNodes(r.Issues)}
		if m.Planned {
			cells = append(cells, caseNodes(r.Cases))
		}
		row := doc.New(doc.Row)
		for _, c := range cells {
			row.Add(doc.New(doc.Cell, doc.New(doc.Paragraph, c...)))
		}
		table.Add(row)
	}
	return table
}

func issueNodes(list []RowIssue) []*doc.Node {
	var out []*doc.Node
	for i, one := range list {
		if i > 0 {
			out = append(out, between(", "))
		}
		out = append(out, link(one.Key, one.URL))
		switch {
		case one.Missing:
			out = append(out, between(" (gone)"))
		case one.Stale:
			out = append(out, between(" (requirement changed)"))
		}
	}
	return orDash(out)
}

func statusNodes(list []RowIssue) []*doc.Node {
	var names []string
	for _, one := range list {
		if !one.Missing {
			names = append(names, doc.Or(one.Status, "?"))
		}
	}
	return orDash([]*doc.Node{text(strings.Join(names, ", "))})
}

func caseNodes(list []Case) []*doc.Node {
	var names []string
	for _, c := range list {
		name := c.name()
		if c.Kind != "" {
			name += " (" + c.Kind + ")"
		}
		names = append(names, name)
	}
	return orDash([]*doc.Node{text(strings.Join(names, ", "))})
}

func orDash(list []*doc.Node) []*doc.Node {
	if doc.Flat(list...) == "" {
		return []*doc.Node{text("–")}
	}
	return list
}

// maxListed bounds each list of what is amiss.
const maxListed = 50

func more(n int) []*doc.Node { return []*doc.Node{text("and " + itoa(n) + " more")} }

func (m Matrix) refs(list []Reference) [][]*doc.Node {
	var out [][]*doc.Node
	for i, ref := range list {
		if i == maxListed {
			return append(out, more(len(list)-i))
		}
		out = append(out, []*doc.Node{m.name(ref)})
	}
	return out
}

// name is a requirement as people know it.
func (m Matrix) name(ref Reference) *doc.Node {
	for _, r := range append(m.Rows[:len(m.Rows):len(m.Rows)], m.PageRows...) {
		if r.Ref == ref {
			return link(r.Name, r.URL)
		}
	}
	return text(ref.String())
}

func (m Matrix) orphans() [][]*doc.Node {
	var out [][]*doc.Node
	for i, one := range m.WithoutRequirement {
		if i == maxListed {
			return append(out, more(len(m.WithoutRequirement)-i))
		}
		out = append(out, []*doc.Node{link(one.Key, one.URL), between(" "), text(one.Summary)})
	}
	return out
}

func (m Matrix) pairs(list []Pair) [][]*doc.Node {
	var out [][]*doc.Node
	for i, p := range list {
		if i == maxListed {
			return append(out, more(len(list)-i))
		}
		out = append(out, []*doc.Node{m.issue(p.Key), between(": "), m.name(p.Ref)})
	}
	return out
}

func (m Matrix) issue(key string) *doc.Node {
	for _, r := range append(m.Rows[:len(m.Rows):len(m.Rows)], m.PageRows...) {
		for _, i := range r.Issues {
			if i.Key == key {
				return link(key, i.URL)
			}
		}
	}
	return text(key)
}
