package storage

import (
	"maps"
	"strings"

	"github.com/aofctl/aofctl/internal/markup/doc"
)

// EditTables changes the tables of a page, each of which change is told, in their
// order. It answers the table as it is to be, with rows behind those that there are if
// any are to be added, or nil for a table that stays. Rows and cells that say the same
// as before keep their bytes wherever they stand, and so does all else of the page.
// Of a table that is made in a way that code cannot follow nothing is changed.
func EditTables(page string, o Options, change func(table *doc.Node) *doc.Node) string {
	var b strings.Builder
	at := 0
	eachTable(parseTree(page), func(e *element) {
		r := &reader{page: page, kept: maps.Clone(o.Kept)}
		if r.kept == nil {
			r.kept = Kept{}
		}
		was := r.table(e, 1)
		now := change(was)
		if now == nil {
			return
		}
		text, ok := newWriter(o, page).extendTable(page, e, was, now)
		if !ok || !balanced(text) {
			return
		}
		b.WriteString(page[at:e.start] + text)
		at = e.end
	})
	return b.String() + page[at:]
}

// eachTable calls fn for the tables that people see, in their order, but not for those
// in cells of others.
func eachTable(top *element, fn func(*element)) {
	for _, e := range top.children {
		switch e.name {
		case "table":
			fn(e)
		case fallback:
		default:
			eachTable(e, fn)
		}
	}
}

// extendTable writes a table with other cells in the rows that it has, and further
// rows at its end.
func (w *writer) extendTable(page string, e *element, was, now *doc.Node) (string, bool) {
	g, ok := readGrid(e)
	if !ok || len(g.rows) != len(was.Children) || len(now.Children) < len(was.Children) {
		return "", false
	}
	end := g.rows[len(g.rows)-1].end
	tail := page[end:e.end]
	same := doc.New(doc.Table, now.Children[:len(was.Children)]...)
	if !w.reviseCells(page, e, g, was, same) {
		return "", false
	}
	head, cut := strings.CutSuffix(w.b.String(), tail)
	if !cut {
		return "", false
	}
	w.b.Reset()
	for _, row := range now.Children[len(was.Children):] {
		w.tag("tr", func() { w.cells(row) })
	}
	return head + w.b.String() + tail, true
}
