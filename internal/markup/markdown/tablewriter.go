package markdown

import (
	"strings"

	"github.com/aofctl/aofctl/internal/markup/doc"
)

// table writes a table. Markdown's need a heading row: without one it is empty.
func (w *writer) table(n *doc.Node) string {
	var rows [][]string
	head, columns := len(n.Children) > 0, 1
	for i, row := range n.Children {
		var cells []string
		for _, cell := range row.Children {
			cells = append(cells, w.cell(cell))
			head = head && (i > 0 || cell.Head)
		}
		columns = max(columns, len(cells))
		rows = append(rows, cells)
	}
	if len(rows) == 0 {
		return ""
	}
	if !head {
		rows = append([][]string{nil}, rows...)
	}
	return tableRows(rows, min(columns, doc.MaxColumns))
}

// tableRows writes rows. The first is the heading, which has to have all columns;
// the others may have fewer. Cells beyond the greatest width join the last.
func tableRows(rows [][]string, columns int) string {
	var b strings.Builder
	for i, row := range rows {
		if len(row) > columns {
			row = append(row[:columns-1:columns-1], strings.Join(row[columns-1:], " "))
		}
		b.WriteString("|")
		for _, cell := range row {
			b.WriteString(" " + cell + " |")
		}
		if i == 0 {
			b.WriteString(strings.Repeat("  |", columns-len(row)))
			b.WriteString("\n|" + strings.Repeat(" --- |", columns))
		}
		if len(row) == 0 && i > 0 {
			b.WriteString("  |")
		}
		b.WriteString("\n")
	}
	return strings.TrimSuffix(b.String(), "\n")
}

// cell writes what a cell holds in one line.
func (w *writer) cell(n *doc.Node) string {
	var parts []string
	for _, b := range inBlocks(n.Children) {
		if s := w.cellBlock(b); s != "" {
			parts = append(parts, s)
		}
	}
	s := strings.Join(parts, "<br>")
	return strings.ReplaceAll(s, "\n", "<br>")
}

func (w *writer) cellBlock(n *doc.Node) string {
	switch n.Kind {
	case doc.Paragraph:
		return w.inline(n.Children, true)
	case doc.Heading:
		return w.inline(doc.Tidy([]*doc.Node{doc.New(doc.Strong, n.Children...)}), true)
	case doc.Code:
		var lines []string
		for line := range strings.SplitSeq(n.Text, "\n") {
			if line = strings.TrimSpace(line); line != "" {
				lines = append(lines, strings.ReplaceAll(codeSpan(line), "|", `\|`))
			}
		}
		return strings.Join(lines, "<br>")
	}
	return strings.ReplaceAll(w.block(n, false, ""), "|", `\|`)
}
