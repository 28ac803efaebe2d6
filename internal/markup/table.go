package markup

import (
	"strings"

	"github.com/yuin/goldmark/ast"
	east "github.com/yuin/goldmark/extension/ast"
)

// table writes a table: ||heading||heading|| and |cell|cell|.
func (w *wikiWriter) table(n *east.Table) string {
	var b strings.Builder
	for row := n.FirstChild(); row != nil; row = row.NextSibling() {
		bar := "|"
		if _, ok := row.(*east.TableHeader); ok {
			bar = "||"
		}
		if b.Len() > 0 {
			b.WriteByte('\n')
		}
		b.WriteString(bar)
		for cell := row.FirstChild(); cell != nil; cell = cell.NextSibling() {
			b.WriteString(w.cell(cell) + bar)
		}
	}
	return b.String()
}

// cell writes a table cell. Jira loses empty ones.
func (w *wikiWriter) cell(n ast.Node) string {
	s := w.inline(n, inCell)
	if s == "" {
		return " "
	}
	return s
}
