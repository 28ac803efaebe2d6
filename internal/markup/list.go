package markup

import (
	"fmt"
	"strings"

	"github.com/yuin/goldmark/ast"
	east "github.com/yuin/goldmark/extension/ast"
)

// list writes a list. Jira numbers from 1 only: a list that begins with another
// number, as one does after code that interrupts it, keeps its numbers as text.
func (w *wikiWriter) list(n *ast.List, f frame) {
	if n.IsOrdered() && n.Start != 1 && f.prefix == "" {
		w.numbered(n, f)
		return
	}
	mark := "*"
	if n.IsOrdered() {
		mark = "#"
	}
	inner := frame{prefix: f.prefix + mark, quote: f.quote, depth: f.depth}
	if len(inner.prefix) > maxList {
		inner.prefix = f.prefix
	}
	w.separate(f)
	for item := n.FirstChild(); item != nil; item = item.NextSibling() {
		w.newLine()
		w.item(item, inner.prefix+" ", inner)
	}
}

// numbered writes a list whose numbers are text.
func (w *wikiWriter) numbered(n *ast.List, f frame) {
	w.separate(f)
	number := n.Start
	for item := n.FirstChild(); item != nil; item = item.NextSibling() {
		w.newLine()
		if before := item.PreviousSibling(); before != nil && before.ChildCount() > 1 {
			w.b.WriteString("\n") // or the line would belong to a nested list
		}
		w.item(item, fmt.Sprintf("%d. ", number), frame{quote: f.quote, depth: f.depth})
		number++
	}
}

func (w *wikiWriter) newLine() {
	if s := w.b.String(); s != "" && !strings.HasSuffix(s, "\n") {
		w.b.WriteString("\n")
	}
}

// item writes a list item: its first line of text after the marker, all other
// blocks on lines of their own without empty lines between.
func (w *wikiWriter) item(item ast.Node, marker string, f frame) {
	if f.depth > maxDepth {
		w.b.WriteString(marker + w.plain(item))
		return
	}
	f.depth++
	first := item.FirstChild()
	switch first.(type) {
	case nil:
		w.b.WriteString(strings.TrimSpace(marker))
		return
	case *ast.List:
		// An item that is nothing but a list needs no line.
	default:
		w.b.WriteString(marker)
		w.b.WriteString(checkbox(first))
		start := w.b.Len()
		w.first(first, f)
		if w.b.Len() == start {
			w.b.WriteString("-")
		}
		first = first.NextSibling()
	}
	for n := first; n != nil; n = n.NextSibling() {
		w.newLine()
		w.block(n, f)
	}
}

// first writes the first block of an item after its marker.
func (w *wikiWriter) first(n ast.Node, f frame) {
	switch n := n.(type) {
	case *ast.Blockquote:
		w.b.WriteString("{quote}\n")
		w.blocks(n, frame{quote: true, depth: f.depth})
		w.b.WriteString("\n{quote}")
	case *ast.Heading:
		f.prefix = "*"
		w.b.WriteString(w.heading(n, f))
	default:
		w.b.WriteString(w.leaf(n, f))
	}
}

// checkbox returns the icon of a task list's item.
func checkbox(n ast.Node) string {
	if n == nil {
		return ""
	}
	box, ok := n.FirstChild().(*east.TaskCheckBox)
	switch {
	case !ok:
		return ""
	case box.IsChecked:
		return "(/) "
	}
	return "(x) "
}
