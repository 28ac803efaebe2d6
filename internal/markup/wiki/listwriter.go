package wiki

import (
	"fmt"
	"strings"

	"github.com/aofctl/aofctl/internal/markup/doc"
)

// list writes a list. Jira numbers from 1 only: a list that begins with another
// number, as one does after code that interrupts it, keeps its numbers as text.
func (w *writer) list(n *doc.Node, f frame) {
	if n.Kind == doc.Numbers && n.Level != 1 && f.prefix == "" {
		w.numbered(n, f)
		return
	}
	mark := "*"
	if n.Kind == doc.Numbers {
		mark = "#"
	}
	inner := frame{prefix: f.prefix + mark, quote: f.quote, panel: f.panel}
	if len(inner.prefix) > maxList {
		inner.prefix = f.prefix
	}
	w.separate(f)
	for i, item := range n.Children {
		if n.Kind == doc.Numbers && f.prefix == "" && i > 0 && breaksList(n.Children[i-1]) {
			w.numbered(&doc.Node{Kind: doc.Numbers, Level: i + 1, Children: n.Children[i:]}, f)
			return
		}
		w.newLine()
		w.item(item, inner.prefix+" ", inner)
	}
}

// breaksList reports whether a list ends with an item, because of what the item holds.
func breaksList(item *doc.Node) bool {
	for _, c := range item.Children {
		switch c.Kind {
		case doc.Table, doc.Quote, doc.Panel, doc.Expand, doc.Rule:
			return true
		case doc.Bullets, doc.Numbers, doc.Item:
			if breaksList(c) {
				return true
			}
		default:
		}
	}
	return false
}

// numbered writes a list whose numbers are text.
func (w *writer) numbered(n *doc.Node, f frame) {
	w.separate(f)
	number := n.Level
	for i, item := range n.Children {
		w.newLine()
		if i > 0 && len(n.Children[i-1].Children) > 1 {
			w.b.WriteString("\n") // or the line would belong to a nested list
		}
		w.item(item, fmt.Sprintf("%d. ", number), frame{quote: f.quote, panel: f.panel})
		number++
	}
}

func (w *writer) newLine() {
	if s := w.b.String(); s != "" && !strings.HasSuffix(s, "\n") {
		w.b.WriteString("\n")
	}
}

// item writes a list item: its first line of text after the marker, all other
// blocks on lines of their own without empty lines between.
func (w *writer) item(item *doc.Node, marker string, f frame) {
	rest := item.Children
	switch {
	case len(rest) == 0:
		w.b.WriteString(strings.TrimSpace(marker + checkbox(item)))
		return
	case rest[0].List() && item.Task == doc.NoTask:
		// An item that is nothing but a list needs no line.
	default:
		w.b.WriteString(marker + checkbox(item))
		start := w.b.Len()
		if !rest[0].List() {
			w.first(rest[0], f)
			rest = rest[1:]
		}
		if w.b.Len() == start {
			w.b.WriteString("-")
		}
	}
	for _, n := range rest {
		w.newLine()
		w.block(n, f)
	}
}

// first writes the first block of an item after its marker.
func (w *writer) first(n *doc.Node, f frame) {
	switch {
	case n.Kind == doc.Quote && !f.quote:
		w.enclose("{quote}", "{quote}", n.Children, frame{quote: true, panel: f.panel})
	case (n.Kind == doc.Panel || n.Kind == doc.Expand) && !f.panel:
		w.enclose(panelTag(n.Target, panelTitle(n)), "{panel}", n.Children, frame{quote: f.quote, panel: true})
	case n.Kind == doc.Heading:
		f.prefix = "*"
		w.b.WriteString(w.heading(n, f))
	case n.Inline():
		w.b.WriteString(inlineText([]*doc.Node{n}, inBlock))
	case n.Kind == doc.Quote || n.Kind == doc.Panel || n.Kind == doc.Expand:
		w.b.WriteString(inlineText([]*doc.Node{doc.NewText(doc.Text, doc.Flat(n))}, inBlock))
	default:
		w.b.WriteString(w.leaf(n, f))
	}
}

// checkbox returns the icon of a task.
func checkbox(item *doc.Node) string {
	switch item.Task {
	case doc.Done:
		return "(/) "
	case doc.Todo:
		return "(x) "
	case doc.NoTask:
	}
	return ""
}
