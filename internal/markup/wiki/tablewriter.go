package wiki

import (
	"strings"

	"github.com/aofctl/aofctl/internal/markup/doc"
)

// table writes a table: ||heading||heading|| and |cell|cell|.
func (w *writer) table(n *doc.Node) string {
	var b strings.Builder
	for _, row := range n.Children {
		if b.Len() > 0 {
			b.WriteByte('\n')
		}
		bar := "|"
		for _, c := range row.Children {
			bar = "|"
			if c.Head {
				bar = "||"
			}
			b.WriteString(bar + cell(c))
		}
		b.WriteString(bar)
	}
	return b.String()
}

// cell writes a table cell, its blocks in lines. Jira loses empty ones.
func cell(n *doc.Node) string {
	var lines []*doc.Node
	for _, c := range n.Children {
		if len(lines) > 0 && !c.Inline() {
			lines = append(lines, doc.New(doc.Break))
		}
		switch {
		case c.Kind == doc.Paragraph:
			lines = append(lines, c.Children...)
		case c.Inline():
			lines = append(lines, c)
		default:
			lines = append(lines, doc.NewText(doc.Text, doc.Flat(c)))
		}
	}
	if s := inlineText(doc.Tidy(lines), inCell); s != "" {
		return s
	}
	return " "
}
