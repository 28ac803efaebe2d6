package wiki

import (
	"strconv"
	"strings"

	"github.com/aofctl/aofctl/internal/markup/doc"
)

// Write writes a document as wiki markup. Characters that Jira would read as
// markup are escaped where they would be.
func Write(d *doc.Node) string {
	w := &writer{}
	w.blocks(d.Children, frame{})
	return strings.Trim(w.b.String(), "\n")
}

// frame is the place of a block in the document.
type frame struct {
	prefix string // the list markers around it, such as "*#"
	quote  bool   // within {quote}
	panel  bool   // within {panel}
}

// maxList bounds how deep lists nest: Jira shows no more levels.
const maxList = 12

// writer writes the blocks of a document.
type writer struct {
	b      strings.Builder
	opened int // where the body of the last macro begins
}

// separate begins a new block: after an empty line, or, in a list, where that
// would end the list, in a new line.
func (w *writer) separate(f frame) {
	s := w.b.String()
	if s == "" || strings.HasSuffix(s, "\n\n") {
		return
	}
	if !strings.HasSuffix(s, "\n") {
		w.b.WriteString("\n")
	}
	if f.prefix == "" && w.b.Len() != w.opened {
		w.b.WriteString("\n")
	}
}

func (w *writer) blocks(list []*doc.Node, f frame) {
	var run []*doc.Node
	flush := func() {
		if in := doc.Tidy(run); len(in) > 0 {
			w.block(doc.New(doc.Paragraph, in...), f)
		}
		run = nil
	}
	for _, n := range list {
		if n.Inline() {
			run = append(run, n)
			continue
		}
		flush()
		w.block(n, f)
	}
	flush()
}

func (w *writer) block(n *doc.Node, f frame) {
	switch n.Kind {
	case doc.Bullets, doc.Numbers:
		w.list(n, f)
	case doc.Quote:
		w.quote(n, f)
	case doc.Panel, doc.Expand:
		w.panel(n, f)
	case doc.Document, doc.Item, doc.Row, doc.Cell:
		w.blocks(n.Children, f)
	default:
		if s := w.leaf(n, f); s != "" {
			w.separate(f)
			w.b.WriteString(s)
		}
	}
}

// leaf writes a block that contains no other blocks.
func (w *writer) leaf(n *doc.Node, f frame) string {
	switch n.Kind {
	case doc.Heading:
		return w.heading(n, f)
	case doc.Rule:
		return "----"
	case doc.Code:
		return codeBlock(n)
	case doc.Table:
		return w.table(n)
	case doc.Wiki:
		return n.Text
	}
	return inlineText(n.Children, inBlock)
}

func (w *writer) heading(n *doc.Node, f frame) string {
	if f.prefix != "" {
		return inlineText(doc.Tidy([]*doc.Node{doc.New(doc.Strong, n.Children...)}), inHeading)
	}
	s := inlineText(n.Children, inHeading)
	if s == "" {
		return ""
	}
	return "h" + strconv.Itoa(min(max(n.Level, 1), 6)) + ". " + s
}

// quote writes a block quote. Jira's do not nest.
func (w *writer) quote(n *doc.Node, f frame) {
	if f.quote {
		w.blocks(n.Children, f)
		return
	}
	w.separate(f)
	w.enclose("{quote}", "{quote}", n.Children, frame{quote: true, panel: f.panel})
}

// enclose writes blocks between the tags of a macro.
func (w *writer) enclose(open, end string, list []*doc.Node, f frame) {
	w.b.WriteString(open + "\n")
	w.opened = w.b.Len()
	before := w.opened
	w.blocks(list, f)
	if w.b.Len() > before {
		w.b.WriteString("\n")
	}
	w.b.WriteString(end)
}

// panel writes a panel, or what may be folded away, which Jira has not. Jira's
// panels do not nest.
func (w *writer) panel(n *doc.Node, f frame) {
	title := panelTitle(n)
	if f.panel {
		if title != "" {
			w.block(doc.New(doc.Paragraph, doc.New(doc.Strong, doc.NewText(doc.Text, title))), f)
		}
		w.blocks(n.Children, f)
		return
	}
	w.separate(f)
	w.enclose(panelTag(n.Target, title), "{panel}", n.Children, frame{quote: f.quote, panel: true})
}
