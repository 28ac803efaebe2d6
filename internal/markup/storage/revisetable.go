package storage

import (
	"strings"

	"github.com/aofctl/aofctl/internal/markup/doc"
)

// cellAt is a cell of a table with its place in the grid.
type cellAt struct {
	e          *element
	row, col   int
	rows, cols int
}

// grid is a table as its elements make it.
type grid struct {
	rows  []*element
	cells [][]cellAt // of each row
	width int
	spans bool // some cell takes several rows
	wide  bool // some cell takes several columns
}

// readGrid reads the rows of a table, or reports that something else is there.
func readGrid(e *element) (*grid, bool) {
	g := &grid{}
	if !g.collect(e) {
		return nil, false
	}
	var covered []int
	for i, row := range g.rows {
		col := 0
		skip := func() {
			for col < len(covered) && covered[col] > 0 {
				covered[col]--
				col++
			}
		}
		var cells []cellAt
		for _, c := range row.children {
			if c.blank() {
				continue
			}
			if c.name != "td" && c.name != "th" {
				return nil, false
			}
			skip()
			one := cellAt{e: c, row: i, col: col, cols: max(count(c.attrs["colspan"]), 1), rows: max(count(c.attrs["rowspan"]), 1)}
			one.rows = min(one.rows, len(g.rows)-i)
			g.spans = g.spans || one.rows > 1
			g.wide = g.wide || one.cols > 1
			if col+one.cols > doc.MaxColumns {
				return nil, false
			}
			for range one.cols {
				for len(covered) <= col {
					covered = append(covered, 0)
				}
				covered[col] = one.rows - 1
				col++
			}
			cells = append(cells, one)
		}
		skip()
		g.cells = append(g.cells, cells)
		g.width = max(g.width, col)
	}
	return g, len(g.rows) > 0
}

func (g *grid) collect(e *element) bool {
	for _, c := range e.children {
		switch c.name {
		case "tr":
			g.rows = append(g.rows, c)
		case "tbody", "thead", "tfoot":
			if !g.collect(c) {
				return false
			}
		case "colgroup", "col":
		default:
			if !c.blank() {
				return false
			}
		}
	}
	return true
}

// reviseTable writes a table in which rows and cells that did not change keep their
// bytes.
func (w *writer) reviseTable(page string, e *element, was, now *doc.Node) bool {
	g, ok := readGrid(e)
	if !ok || len(g.rows) != len(was.Children) {
		return false
	}
	if len(was.Children) == len(now.Children) {
		if text, ok := w.try([]*doc.Node{now}, func(sub *writer) bool { return sub.reviseCells(page, e, g, was, now) }); ok {
			w.b.WriteString(text)
			return true
		}
	}
	if g.spans {
		return false
	}
	return w.reviseRows(page, e, g, was, now)
}

// reviseCells writes a table that has as many rows as before.
func (w *writer) reviseCells(page string, e *element, g *grid, was, now *doc.Node) bool {
	at := e.start
	for i, cells := range g.cells {
		if fingerprint(was.Children[i].Children) == fingerprint(now.Children[i].Children) {
			continue
		}
		if len(now.Children[i].Children) > g.width {
			return false
		}
		for _, c := range cells {
			text := w.cellOf(page, c.e, child(was.Children[i], c.col), child(now.Children[i], c.col))
			w.b.WriteString(page[at:c.e.start] + text)
			at = c.e.end
		}
	}
	w.b.WriteString(page[at:e.end])
	return true
}

// child is the nth child of a node, or an empty one.
func child(n *doc.Node, i int) *doc.Node {
	if i < len(n.Children) {
		return n.Children[i]
	}
	return &doc.Node{}
}

// cellOf is a cell with what it holds now.
func (w *writer) cellOf(page string, e *element, was, now *doc.Node) string {
	if fingerprint(was.Children) == fingerprint(now.Children) || e.innerStart >= e.end {
		return page[e.start:e.end]
	}
	inner := page[e.innerStart:e.innerEnd]
	sub := w.below()
	sub.within(true, func() {
		text, ok := sub.try(now.Children, func(cell *writer) bool { cell.rewrite(inner, now.Children); return true })
		switch {
		case ok:
			sub.b.WriteString(text)
		case strings.Contains(inner, "<p"):
			sub.blocks(lines(now.Children))
		default:
			sub.cell(now)
		}
	})
	return page[e.start:e.innerStart] + sub.b.String() + page[e.innerEnd:e.end]
}

// reviseRows writes a table that has more rows than before, or fewer.
func (w *writer) reviseRows(page string, e *element, g *grid, was, now *doc.Node) bool {
	body := parentOf(e, g.rows[0])
	rows, ok := parts(page, body, "tr", was.Children)
	if !ok {
		return false
	}
	like := func(c chunk, i int) int { return sameWords(c.says[0], now.Children[i]) }
	s := sequence{old: rows, names: namesOf(now.Children), like: like}
	index := map[int]int{}
	for i, c := range rows {
		index[c.start] = i
	}
	w.b.WriteString(page[e.start:body.innerStart])
	s.each(func(p place) {
		row, c := now.Children[p.from], p.was
		switch {
		case c == nil || len(row.Children) > g.width:
			w.tag("tr", func() { w.cells(row) })
		case c.keeps(s.names[p.from:p.to]):
			w.b.WriteString(c.xml)
		default:
			i, at := index[c.start], c.start
			for _, cell := range g.cells[i] {
				w.b.WriteString(page[at:cell.e.start] + w.cellOf(page, cell.e, child(was.Children[i], cell.col), child(row, cell.col)))
				at = cell.e.end
			}
			w.b.WriteString(page[at : c.start+len(c.xml)])
		}
	})
	last := rows[len(rows)-1]
	w.b.WriteString(page[last.start+len(last.xml) : e.end])
	return true
}

// parentOf is the element that another stands in directly, below a third.
func parentOf(top, e *element) *element {
	for _, c := range top.children {
		if c == e {
			return top
		}
		if c.start <= e.start && e.end <= c.end && c.name != "" {
			return parentOf(c, e)
		}
	}
	return top
}
