package storage

import (
	"slices"
	"strings"

	"github.com/aofctl/aofctl/internal/markup/doc"
)

// maxRevised bounds how deep a change is looked for within what changed.
const maxRevised = 12

// revised is the new form of one block, in which what did not change keeps its
// bytes: the element's own tags, rows, items, words. It is read again to see that it
// says what was meant; if it does not, it is not used, and the block is written as
// any new one.
func (w *writer) revised(was *chunk, unit []*doc.Node) (string, bool) {
	if was == nil || len(was.says) == 0 || len(was.units) != 1 || !w.may(len(was.xml)) {
		return "", false
	}
	core := was.core()
	if len(core) == 0 {
		return "", false
	}
	text, ok := w.try(unit, func(sub *writer) bool {
		if len(unit) > 1 {
			return sub.wrapped(unit, 0) > 0
		}
		return sub.reviseBlock(was.text, core, was.says[0], unit[0])
	})
	return was.text[was.start:core[0].start] + text + was.text[core[len(core)-1].end:was.start+len(was.xml)], ok
}

// try writes with a writer of its own, and reports whether that is XML by itself and
// says what was meant.
func (w *writer) try(meant []*doc.Node, write func(sub *writer) bool) (string, bool) {
	sub := w.below()
	if !write(sub) {
		return "", false
	}
	text := sub.b.String()
	if !w.may(len(text)) || !balanced(text) {
		return "", false
	}
	r := w.reader(text)
	read := w.unitsOf(w.said(r.blocks(parseTree(text).children, 1)))
	want := w.unitsOf(meant)
	return text, slices.EqualFunc(read, want, alikeButKeys)
}

// below is a writer of what is in the element that this one writes.
func (w *writer) below() *writer {
	return &writer{o: w.o, inCell: w.inCell, inText: w.inText, depth: w.depth + 1, effort: w.effort}
}

// may reports whether so many bytes may be looked at yet, here.
func (w *writer) may(n int) bool {
	const each = 200 // what looking at anything takes, in bytes
	*w.effort -= n + each
	return *w.effort > 0 && w.depth < maxRevised
}

// alikeButKeys compares blocks by their loose fingerprints.
func alikeButKeys(x, y []*doc.Node) bool {
	var left, right strings.Builder
	printNodes(&left, x, true)
	printNodes(&right, y, true)
	return left.String() == right.String()
}

// within writes what stands in an element of text, such as a list's item or, if cell
// is set, a table's cell.
func (w *writer) within(cell bool, write func()) {
	text, cells := w.inText, w.inCell
	w.inText++
	if cell {
		w.inCell++
	}
	write()
	w.inText, w.inCell = text, cells
}

// core are the elements of a chunk that make its block: one, or a run of inline
// elements.
func (c *chunk) core() []*element {
	list := c.elements
	for len(list) > 0 && list[len(list)-1].blank() {
		list = list[:len(list)-1]
	}
	if len(list) == 0 {
		return nil
	}
	from := len(list) - 1
	if c.says[0].Kind != doc.Paragraph || isBlock(list[from].name) {
		return list[from:]
	}
	for from > 0 && !isBlock(list[from-1].name) {
		from--
	}
	for list[from].blank() {
		from++
	}
	return list[from:]
}

// blank reports whether an element is white space.
func (e *element) blank() bool { return e.name == "" && doc.OneLine(e.text) == "" }

// reviseBlock writes the new form of a block that elements of a page make, or
// reports that it cannot.
func (w *writer) reviseBlock(page string, core []*element, was, now *doc.Node) bool {
	e := core[0]
	switch {
	case was.Kind != now.Kind:
		return false
	case len(core) > 1 || !isBlock(e.name):
		w.reviseLine(page, core, now.Children)
		return was.Kind == doc.Paragraph
	case e.name == "p" || headingLevel(e.name) > 0:
		w.around(page, e, e, func() { w.reviseLine(page, e.children, now.Children) })
		return true
	case e.name == "ul" || e.name == "ol":
		return was.Level == now.Level && w.reviseItems(page, e, was, now, "li")
	case e.name == "ac:task-list":
		return w.reviseItems(page, e, was, now, "ac:task")
	case e.name == "table":
		return w.reviseTable(page, e, was, now)
	case e.name == "blockquote":
		w.around(page, e, e, func() { w.rewrite(page[e.innerStart:e.innerEnd], now.Children) })
		return true
	case e.name == "ac:structured-macro" || e.name == "ac:macro":
		return was.Target == now.Target && was.Title == now.Title && w.reviseMacro(page, e, was, now)
	}
	return false
}

// around writes an element's tags as they are, and what is between the inner ones.
func (w *writer) around(page string, e, inner *element, write func()) {
	w.b.WriteString(page[e.start:inner.innerStart])
	write()
	w.b.WriteString(page[inner.innerEnd:e.end])
}

// reviseMacro writes a panel, an expand or code with another title or body.
func (w *writer) reviseMacro(page string, e *element, was, now *doc.Node) bool {
	name := "ac:rich-text-body"
	if now.Kind == doc.Code {
		name = "ac:plain-text-body"
	}
	body := e.child(name)
	if body == nil || body.innerStart >= body.end {
		return false
	}
	begin := e.start
	if now.Kind != doc.Code && was.Text != now.Text {
		title := e.child("ac:parameter")
		if title == nil || title.attrs["ac:name"] != "title" || title.start > body.start || title.innerStart >= title.end || now.Text == "" {
			return false
		}
		w.b.WriteString(page[e.start:title.innerStart] + escape(now.Text))
		begin = title.innerEnd
	}
	w.b.WriteString(page[begin:body.innerStart])
	if now.Kind == doc.Code {
		w.cdata(now.Text)
	} else {
		w.rewrite(page[body.innerStart:body.innerEnd], now.Children)
	}
	w.b.WriteString(page[body.innerEnd:e.end])
	return true
}

// parts are the elements of a name in another as chunks, each with the white space
// before it, or false if anything else is there.
func parts(page string, e *element, name string, says []*doc.Node) ([]chunk, bool) {
	var out []chunk
	start := e.innerStart
	for _, c := range e.children {
		switch {
		case c.blank():
		case c.name != name || len(out) == len(says):
			return nil, false
		default:
			one := says[len(out)]
			out = append(out, chunk{
				xml: page[start:c.end], text: page, start: start, elements: []*element{c}, says: []*doc.Node{one}, units: []string{fingerprint([]*doc.Node{one})},
			})
			start = c.end
		}
	}
	return out, len(out) == len(says) && len(out) > 0
}

// namesOf are the fingerprints of nodes.
func namesOf(list []*doc.Node) []string {
	names := make([]string, len(list))
	for i, n := range list {
		names[i] = fingerprint([]*doc.Node{n})
	}
	return names
}

// reviseItems writes a list in which items that did not change keep their bytes.
func (w *writer) reviseItems(page string, e *element, was, now *doc.Node, name string) bool {
	old, ok := parts(page, e, name, was.Children)
	if !ok || (name == "ac:task") != isTaskList(now) {
		return false
	}
	like := func(c chunk, i int) int {
		n := sameWords(c.says[0], now.Children[i])
		if len(old) == len(now.Children) {
			n = max(n, alike)
		}
		return n
	}
	s := sequence{old: old, names: namesOf(now.Children), like: like}
	w.b.WriteString(page[e.start:e.innerStart])
	s.each(func(p place) {
		item, c := now.Children[p.from], p.was
		switch {
		case c != nil && c.keeps(s.names[p.from:p.to]):
			w.b.WriteString(c.xml)
			return
		case c != nil && w.reviseItem(page, c, item, name):
			return
		case name == "ac:task":
			w.task(item)
		default:
			w.tag("li", func() { w.item(doc.WithBox(item)) })
		}
	})
	last := old[len(old)-1]
	w.b.WriteString(page[last.start+len(last.xml) : e.end])
	return true
}

// reviseItem writes the new form of an item.
func (w *writer) reviseItem(page string, c *chunk, item *doc.Node, name string) bool {
	e := c.elements[0]
	list := []*doc.Node{{Kind: doc.Bullets, Children: []*doc.Node{item}}}
	write := func(open, closing string) func(sub *writer) bool {
		return func(sub *writer) bool {
			sub.b.WriteString(open)
			done := true
			if name == "li" {
				sub.around(page, e, e, func() {
					sub.within(false, func() { sub.rewrite(page[e.innerStart:e.innerEnd], doc.WithBox(item)) })
				})
			} else {
				done = sub.reviseTask(page, e, item)
			}
			sub.b.WriteString(closing)
			return done
		}
	}
	open, closing := "<ul>", "</ul>"
	if name == "ac:task" {
		open, closing = "<ac:task-list>", "</ac:task-list>"
	}
	text, ok := w.try(list, write(open, closing))
	if !ok {
		return false
	}
	w.b.WriteString(page[c.start:e.start] + strings.TrimSuffix(strings.TrimPrefix(text, open), closing))
	return true
}

// reviseTask writes the new form of a task, with its id.
func (w *writer) reviseTask(page string, e *element, item *doc.Node) bool {
	status, body := e.child("ac:task-status"), e.child("ac:task-body")
	if status == nil || body == nil || status.start > body.start || item.Task == doc.NoTask {
		return false
	}
	w.b.WriteString(page[e.start:status.innerStart] + taskStatus(item) + page[status.innerEnd:body.innerStart])
	w.within(false, func() { w.rewrite(page[body.innerStart:body.innerEnd], item.Children) })
	w.b.WriteString(page[body.innerEnd:e.end])
	return true
}
