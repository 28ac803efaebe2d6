package storage

import (
	"maps"

	"github.com/aofctl/aofctl/internal/markup/doc"
)

// Parse reads a page, or a part of one, of whatever form. What the keys in the
// document stand for is in Kept.
func Parse(page string) (*doc.Node, Kept) {
	r := &reader{page: page, kept: Kept{}}
	return doc.New(doc.Document, r.blocks(parseTree(page).children, 0)...), r.kept
}

// ParsePart reads a part of a page with the keys that the whole page has.
func ParsePart(part string, whole Kept) *doc.Node {
	r := &reader{page: part, kept: maps.Clone(whole)}
	return doc.New(doc.Document, r.blocks(parseTree(part).children, 0)...)
}

// reader makes a document of elements.
type reader struct {
	page     string
	kept     Kept
	inCell   int // how many table cells are around
	inText   int // how many elements of text are around
	wrappers int // how many macros with text are around
}

// flow collects the blocks of one container. Inline nodes that stand among them
// are paragraphs.
type flow struct {
	out []*doc.Node
	run []*doc.Node
}

func (f *flow) flush() {
	if in := doc.Tidy(f.run); len(in) > 0 {
		f.out = append(f.out, doc.New(doc.Paragraph, in...))
	}
	f.run = nil
}

func (f *flow) add(n ...*doc.Node) {
	f.flush()
	f.out = append(f.out, n...)
}

func (r *reader) blocks(list []*element, depth int) []*doc.Node {
	f := &flow{}
	r.flow(f, list, depth)
	f.flush()
	return f.out
}

func (r *reader) flow(f *flow, list []*element, depth int) {
	for _, e := range list {
		if depth >= doc.MaxDepth {
			f.run = append(f.run, doc.NewText(doc.Text, doc.OneLine(e.allText())+" "))
			continue
		}
		r.element(f, e, depth+1)
	}
}

// element reads an element in a container.
func (r *reader) element(f *flow, e *element, depth int) {
	switch e.name {
	case "p":
		f.flush()
		r.text(func() { r.flow(f, e.children, depth) })
		f.flush()
	case "h1", "h2", "h3", "h4", "h5", "h6":
		if in := r.inline(e.children, depth); len(in) > 0 {
			f.add(&doc.Node{Kind: doc.Heading, Level: headingLevel(e.name), Children: in})
		}
	case "ul", "ol":
		f.add(r.list(e, depth))
	case "ac:task-list":
		f.add(r.tasks(e, depth))
	case "table":
		f.add(r.table(e, depth))
	case "blockquote":
		f.add(doc.New(doc.Quote, r.blocks(e.children, depth)...))
	case "hr":
		f.add(doc.New(doc.Rule))
	case "pre":
		f.add(&doc.Node{Kind: doc.Code, Text: trimLines(e.allText())})
	case "div", "section", "li", "td", "th", "tr", "tbody", "thead", "tfoot", "dl", "dt", "dd":
		f.flush()
		r.flow(f, e.children, depth)
		f.flush()
	case "ac:layout", "ac:layout-section", "ac:layout-cell":
		r.wrapper(f, e, e, depth)
	case "ac:structured-macro", "ac:macro":
		r.macro(f, e, depth)
	case "ac:adf-extension":
		r.extension(f, e, depth)
	case "colgroup", "col":
	default:
		r.inlineElement(f, e, depth)
	}
}

func (r *reader) list(e *element, depth int) *doc.Node {
	out := doc.New(doc.Bullets)
	if e.name == "ol" {
		out.Kind, out.Level = doc.Numbers, count(e.attrs["start"])
	}
	for _, c := range e.children {
		switch {
		case c.name == "" && doc.OneLine(c.text) == "":
		case (c.name == "ul" || c.name == "ol") && len(out.Children) > 0:
			out.Children[len(out.Children)-1].Add(r.list(c, depth+1))
		default:
			item := doc.New(doc.Item)
			r.text(func() { item.Children = r.blocks([]*element{c}, depth) })
			doc.ReadBox(item)
			out.Add(item)
		}
	}
	return out
}

func (r *reader) tasks(e *element, depth int) *doc.Node {
	out := doc.New(doc.Bullets)
	for _, c := range e.children {
		switch c.name {
		case "ac:task":
			item := &doc.Node{Kind: doc.Item, Task: doc.Todo}
			for _, part := range c.children {
				switch part.name {
				case "ac:task-status":
					if doc.OneLine(part.allText()) == "complete" {
						item.Task = doc.Done
					}
				case "ac:task-body":
					r.text(func() { item.Add(r.blocks(part.children, depth)...) })
				case "ac:task-list":
					item.Add(r.tasks(part, depth+1))
				}
			}
			out.Add(item)
		case "ac:task-list":
			if len(out.Children) == 0 {
				out.Add(&doc.Node{Kind: doc.Item, Task: doc.Todo})
			}
			out.Children[len(out.Children)-1].Add(r.tasks(c, depth+1))
		case "":
		default:
			out.Add(doc.New(doc.Item, r.blocks([]*element{c}, depth)...))
		}
	}
	return out
}

func (r *reader) table(e *element, depth int) *doc.Node {
	var rows [][]doc.Spanned
	r.rows(e, depth, &rows)
	return doc.Grid(rows)
}

func (r *reader) rows(e *element, depth int, rows *[][]doc.Spanned) {
	for _, c := range e.children {
		switch c.name {
		case "tr":
			*rows = append(*rows, r.row(c, depth))
		case "tbody", "thead", "tfoot":
			r.rows(c, depth, rows)
		case "colgroup", "col":
		default:
			if c.name == "" && doc.OneLine(c.text) == "" {
				continue
			}
			cell := doc.New(doc.Cell, r.cell([]*element{c}, depth)...)
			*rows = append(*rows, []doc.Spanned{{Cell: cell}})
		}
	}
}

func (r *reader) row(e *element, depth int) []doc.Spanned {
	var cells []doc.Spanned
	for _, c := range e.children {
		if c.name == "" && doc.OneLine(c.text) == "" {
			continue
		}
		cell := &doc.Node{Kind: doc.Cell, Head: c.name == "th"}
		if c.name == "th" || c.name == "td" {
			cell.Children = r.cell(c.children, depth)
		} else {
			cell.Children = r.cell([]*element{c}, depth)
		}
		cells = append(cells, doc.Spanned{Cell: cell, Cols: count(c.attrs["colspan"]), Rows: count(c.attrs["rowspan"])})
	}
	return cells
}

func (r *reader) cell(list []*element, depth int) []*doc.Node {
	var out []*doc.Node
	r.inCell++
	r.text(func() { out = r.blocks(list, depth+2) })
	r.inCell--
	return out
}

// text reads what stands in text, where an element that is kept belongs to the
// line.
func (r *reader) text(read func()) {
	r.inText++
	read()
	r.inText--
}

// count reads a number of at most four digits; 1 if there is none.
func count(s string) int {
	n := 0
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' || i > 3 {
			return 1
		}
		n = n*10 + int(s[i]-'0')
	}
	if s == "" {
		return 1
	}
	return n
}
