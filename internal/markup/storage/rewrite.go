package storage

import (
	"fmt"
	"maps"
	"regexp"
	"strings"

	"github.com/aofctl/aofctl/internal/markup/doc"
	"github.com/aofctl/aofctl/internal/markup/markdown"
)

// Rewrite writes a document in place of a page, or a part of one, that it is a new
// form of. Blocks that say the same as before stay as they are, byte for byte, with
// all that a document cannot express, such as widths of columns, colours and
// markers of comments; and of a block that was changed what it has around the change
// (docs/decisions, edits of pages keep the bytes around them). Options.Kept has to
// be that of the whole page.
func Rewrite(old string, d *doc.Node, o Options) string {
	w := newWriter(o, old)
	w.rewrite(old, d.Children)
	return w.b.String()
}

// rewrite writes blocks in place of a piece of a page.
func (w *writer) rewrite(old string, list []*doc.Node) {
	units := w.unitsOf(list)
	chunks, end := w.chunks(old)
	if len(chunks) == 0 && len(units) == 0 && balanced(old) {
		w.b.WriteString(old)
		return
	}
	names := make([]string, len(units))
	for i, u := range units {
		names[i] = fingerprint(u)
	}
	alone := w.inText > 0 && len(chunks) == 1 && len(units) == 1
	s := sequence{old: chunks, names: names, like: func(c chunk, i int) int {
		if alone && c.says[0].Kind == units[i][0].Kind {
			return certain
		}
		return likeness(c, units[i])
	}}
	var run []*doc.Node
	passed := 0
	pass := func(c *chunk) {
		for ; passed < len(chunks) && chunks[passed].start <= c.start; passed++ {
			w.b.WriteString(chunks[passed].lead)
		}
	}
	put := func(c *chunk, text string) {
		w.blocks(run)
		run = nil
		pass(c)
		w.b.WriteString(text)
	}
	s.each(func(p place) {
		if p.was != nil && p.was.keeps(names[p.from:p.to]) {
			put(p.was, p.was.xml)
			return
		}
		if text, ok := w.revised(p.was, units[p.from]); ok {
			put(p.was, text)
			return
		}
		if len(run) == 0 && p.gone != nil {
			pass(p.gone)
		}
		run = append(run, units[p.from]...)
	})
	w.blocks(run)
	for ; passed < len(chunks); passed++ {
		w.b.WriteString(chunks[passed].lead)
	}
	w.b.WriteString(end)
}

// reader reads a piece of the page that stands where this writer is.
func (w *writer) reader(page string) *reader {
	r := &reader{page: page, kept: Kept{}, inText: w.inText, inCell: w.inCell}
	maps.Copy(r.kept, w.o.Kept)
	return r
}

// balanced reports whether a piece of a page may stand in an element.
func balanced(s string) bool { return wellFormed("<r>" + s + "</r>") }

// said is what blocks say once they have been Markdown.
func (w *writer) said(list []*doc.Node) []*doc.Node {
	if w.inCell == 0 {
		return markdown.Parse(markdown.Write(doc.New(doc.Document, list...)), false).Children
	}
	head := doc.New(doc.Row, &doc.Node{Kind: doc.Cell, Head: true, Children: []*doc.Node{doc.New(doc.Paragraph, doc.NewText(doc.Text, "x"))}})
	table := doc.New(doc.Table, head, doc.New(doc.Row, doc.New(doc.Cell, list...)))
	read := markdown.Parse(markdown.Write(doc.New(doc.Document, table)), false).Children
	if len(read) != 1 || len(read[0].Children) != 2 || len(read[0].Children[1].Children) != 1 {
		return nil
	}
	return lines(read[0].Children[1].Children[0].Children)
}

// unitsOf splits blocks: what stands between the two keys of an element belongs
// together. In a cell each line is a unit, since Markdown has nothing else there.
func (w *writer) unitsOf(list []*doc.Node) [][]*doc.Node {
	if w.inCell > 0 {
		list = lines(list)
	}
	ends := map[string]bool{}
	for _, n := range list {
		if k := key(n); strings.HasPrefix(k, "/") {
			ends[k] = true
		}
	}
	var units [][]*doc.Node
	for i := 0; i < len(list); i++ {
		end := i
		if k := key(list[i]); ends["/"+k] {
			end = max(i, closing(list, i, k))
		}
		units = append(units, list[i:end+1])
		i = end
	}
	return units
}

// closing is where the key at i has its other key, or -1.
func closing(list []*doc.Node, i int, k string) int {
	depth := 1
	for end := i + 1; end < len(list); end++ {
		switch key(list[end]) {
		case k:
			depth++
		case "/" + k:
			depth--
		}
		if depth == 0 {
			return end
		}
	}
	return -1
}

// fingerprint is the same for blocks that are [doc.Equal].
func fingerprint(list []*doc.Node) string {
	var b strings.Builder
	printNodes(&b, list, false)
	return b.String()
}

var numbered = regexp.MustCompile(`-[0-9]+$`)

// printNodes writes fingerprints. Loose ones do not tell keys apart that differ by
// their number only: elements of the same tags with other text in them.
func printNodes(b *strings.Builder, list []*doc.Node, loose bool) {
	for _, n := range list {
		text := n.Text
		if loose && n.Kind == doc.Macro {
			text = numbered.ReplaceAllString(text, "")
		}
		fmt.Fprintf(b, "%d,%d,%d,%t,%q,%q,%q(", n.Kind, n.Level, n.Task, n.Head, text, n.Target, n.Title)
		printNodes(b, n.Children, loose)
		b.WriteByte(')')
	}
}
