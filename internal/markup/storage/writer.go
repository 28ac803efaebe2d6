package storage

import (
	"strconv"
	"strings"

	"github.com/aofctl/aofctl/internal/markup/doc"
	"github.com/aofctl/aofctl/internal/markup/markdown"
)

// Options say how a page is written.
type Options struct {
	// Kept is what keys in the text stand for; a key that it does not have is
	// text.
	Kept Kept
	// DataCenter leaves languages of code out that Confluence Data Center shows
	// an error for.
	DataCenter bool
}

// Write writes a document as a page or a part of one: well-formed XML with
// Confluence's elements, whatever the document.
func Write(d *doc.Node, o Options) string {
	w := newWriter(o, "")
	w.blocks(d.Children)
	return w.b.String()
}

type writer struct {
	b strings.Builder
	o Options
	// inText and inCell are how many elements of text, and table cells, are around
	// what is written in place of something, depth how many such things.
	inText, inCell, depth int
	// effort is how many bytes may still be looked at to keep what did not change.
	effort *int
}

// newWriter makes a writer of a page, or of a new form of an old one. Elements in
// elements are looked at again for each that is around them, which is bounded: what
// is beyond is written anew.
func newWriter(o Options, old string) *writer {
	effort := 1<<20 + 40*len(old)
	return &writer{o: o, effort: &effort}
}

// tag writes an element with what inner writes.
func (w *writer) tag(name string, inner func()) {
	w.b.WriteString("<" + name + ">")
	inner()
	name, _, _ = strings.Cut(name, " ")
	w.b.WriteString("</" + name + ">")
}

// blocks writes blocks. Inline nodes among them are paragraphs.
func (w *writer) blocks(list []*doc.Node) {
	var run []*doc.Node
	flush := func() {
		if in := doc.Tidy(run); len(in) > 0 {
			w.tag("p", func() { w.inline(in) })
		}
		run = nil
	}
	for i := 0; i < len(list); i++ {
		n := list[i]
		if n.Inline() {
			run = append(run, n)
			continue
		}
		flush()
		if end := w.wrapped(list, i); end > i {
			i = end
			continue
		}
		w.block(n)
	}
	flush()
}

// key returns the key that is all that a paragraph holds.
func key(n *doc.Node) string {
	if n.Kind != doc.Paragraph || len(n.Children) != 1 || n.Children[0].Kind != doc.Macro {
		return ""
	}
	return n.Children[0].Text
}

// wrapped writes the element that begins with the key at i, with the blocks up
// to its other key, and returns where that is; or writes nothing. Text that is as
// it was is written as it was.
func (w *writer) wrapped(list []*doc.Node, i int) int {
	k := key(list[i])
	p, ok := w.o.Kept[k]
	if k == "" || !ok || p.Close == "" || !wellFormed(p.Open+p.Close) {
		return 0
	}
	end := closing(list, i, k)
	if end < 0 {
		return 0
	}
	inner := list[i+1 : end]
	if wellFormed(p.XML) && same(inner, p.Body) {
		w.b.WriteString(p.XML)
		return end
	}
	w.b.WriteString(p.Open)
	begin := w.b.Len()
	old, ok := p.inner()
	if ok {
		w.rewrite(old, inner)
	} else {
		w.blocks(inner)
	}
	w.b.WriteString(saidAgain(p.Close, old, w.b.String()[begin:]))
	return end
}

// saidAgain is the end of an element that says for older readers again what is in
// it: what it says now, or nothing if the place of that cannot be told.
func saidAgain(end, old, now string) string {
	before, rest, ok := strings.Cut(end, "<"+fallback+">")
	said, after, closed := strings.Cut(rest, "</"+fallback+">")
	switch {
	case !ok || !closed || old == now:
		return end
	case old != "" && strings.Count(said, old) == 1:
		return before + "<" + fallback + ">" + strings.Replace(said, old, now, 1) + "</" + fallback + ">" + after
	}
	return before + after
}

// same reports whether blocks are what Markdown says.
func same(list []*doc.Node, md string) bool {
	return doc.Equal(list, markdown.Parse(md, false).Children)
}

func (w *writer) block(n *doc.Node) {
	switch n.Kind {
	case doc.Heading:
		w.tag("h"+strconv.Itoa(min(max(n.Level, 1), 6)), func() { w.inline(n.Children) })
	case doc.Bullets, doc.Numbers:
		w.list(n)
	case doc.Code, doc.Wiki:
		w.code(n)
	case doc.Quote:
		w.tag("blockquote", func() { w.blocks(n.Children) })
	case doc.Rule:
		w.b.WriteString("<hr />")
	case doc.Table:
		w.table(n)
	case doc.Panel:
		w.macro(panelMacro(n.Target), []string{"title", n.Text}, func() { w.body(n.Children) })
	case doc.Expand:
		w.macro("expand", []string{"title", n.Text}, func() { w.body(n.Children) })
	case doc.Document, doc.Item, doc.Row, doc.Cell:
		w.blocks(n.Children)
	default:
		w.paragraph(n)
	}
}

// paragraph writes a paragraph; an element that stood among blocks stands there
// again.
func (w *writer) paragraph(n *doc.Node) {
	if p, ok := w.o.Kept[key(n)]; ok && p.Block && p.Close == "" && wellFormed(p.XML) {
		w.b.WriteString(p.XML)
		return
	}
	w.tag("p", func() { w.inline(n.Children) })
}

// panelMacro is the macro for a panel: Confluence has fewer kinds.
func panelMacro(name string) string {
	switch doc.PanelName(name) {
	case "info", "note", "tip", "warning":
		return name
	case "error":
		return "warning"
	case "success":
		return "tip"
	}
	return "panel"
}

// macro writes a macro with parameters, those left out that are empty.
func (w *writer) macro(name string, parameters []string, body func()) {
	w.b.WriteString(`<ac:structured-macro ac:name="` + name + `" ac:schema-version="1">`)
	for i := 0; i+1 < len(parameters); i += 2 {
		if parameters[i+1] != "" {
			w.b.WriteString(`<ac:parameter ac:name="` + parameters[i] + `">` + escape(parameters[i+1]) + `</ac:parameter>`)
		}
	}
	body()
	w.b.WriteString(`</ac:structured-macro>`)
}

func (w *writer) body(list []*doc.Node) {
	w.tag("ac:rich-text-body", func() { w.blocks(list) })
}

func (w *writer) code(n *doc.Node) {
	w.macro("code", []string{"language", w.language(n.Target), "title", n.Title}, func() {
		w.tag("ac:plain-text-body", func() { w.cdata(n.Text) })
	})
}

// cdata writes text as it is.
func (w *writer) cdata(text string) {
	w.b.WriteString("<![CDATA[" + strings.ReplaceAll(doc.Clean(text), "]]>", "]]]]><![CDATA[>") + "]]>")
}

func (w *writer) list(n *doc.Node) {
	switch {
	case len(n.Children) == 0:
		return
	case isTaskList(n):
		w.tag("ac:task-list", func() {
			for _, item := range n.Children {
				w.task(item)
			}
		})
		return
	}
	tag := "ul"
	if n.Kind == doc.Numbers {
		tag = "ol"
		if n.Level != 1 {
			tag = `ol start="` + strconv.Itoa(n.Level) + `"`
		}
	}
	w.tag(tag, func() {
		for _, item := range n.Children {
			w.tag("li", func() { w.item(doc.WithBox(item)) })
		}
	})
}

// item writes what an item holds. Its first paragraph needs no tags.
func (w *writer) item(list []*doc.Node) {
	if len(list) > 0 && list[0].Kind == doc.Paragraph && w.o.Kept[key(list[0])].XML == "" {
		w.inline(list[0].Children)
		list = list[1:]
	}
	w.blocks(list)
}

func isTaskList(n *doc.Node) bool {
	for _, item := range n.Children {
		if item.Task == doc.NoTask {
			return false
		}
	}
	return n.Kind == doc.Bullets
}

func taskStatus(item *doc.Node) string {
	if item.Task == doc.Done {
		return "complete"
	}
	return "incomplete"
}

func (w *writer) task(item *doc.Node) {
	w.tag("ac:task", func() {
		w.tag("ac:task-status", func() { w.b.WriteString(taskStatus(item)) })
		w.tag("ac:task-body", func() { w.item(item.Children) })
	})
}

func (w *writer) table(n *doc.Node) {
	if len(n.Children) == 0 {
		return
	}
	w.tag("table", func() {
		w.tag("tbody", func() {
			for _, row := range n.Children {
				w.tag("tr", func() { w.cells(row) })
			}
		})
	})
}

func (w *writer) cells(row *doc.Node) {
	for _, cell := range row.Children {
		tag := "td"
		if cell.Head {
			tag = "th"
		}
		w.tag(tag, func() { w.within(true, func() { w.cell(cell) }) })
	}
}

// cell writes what a cell holds: text, or lists and elements of several lines.
func (w *writer) cell(cell *doc.Node) {
	list := lines(cell.Children)
	for _, n := range list {
		if n.Kind != doc.Paragraph || w.o.Kept[key(n)].Close != "" {
			w.blocks(list)
			return
		}
	}
	w.item(cell.Children)
}
