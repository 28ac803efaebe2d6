package storage

import (
	"fmt"
	"maps"
	"strings"

	"github.com/aofctl/aofctl/internal/markup/doc"
	"github.com/aofctl/aofctl/internal/markup/markdown"
)

// Rewrite writes a document in place of a page, or a part of one, that it is a new
// form of. Blocks that say the same as before stay as they are, byte for byte, with
// all that a document cannot express, such as widths of columns, colours and
// markers of comments; only what was changed is written anew. Options.Kept has to
// be that of the whole page.
func Rewrite(old string, d *doc.Node, o Options) string {
	w := &writer{o: o}
	w.rewrite(old, d.Children)
	return w.b.String()
}

// chunk is a piece of a page that is kept or not as a whole, and what it says.
type chunk struct {
	xml   string
	units []string
}

// rewrite writes blocks in place of a piece of a page.
func (w *writer) rewrite(old string, list []*doc.Node) {
	units := unitsOf(list)
	names := make([]string, len(units))
	for i, u := range units {
		names[i] = fingerprint(u)
	}
	chunks := w.chunks(old)
	if len(chunks) == 0 && len(units) == 0 && balanced(old) {
		w.b.WriteString(old)
		return
	}
	var before []string
	for _, c := range chunks {
		before = append(before, c.units...)
	}
	kept := keptAt(chunks, doc.Common(before, names))
	for i := 0; i < len(units); {
		if c, ok := kept[i]; ok {
			w.b.WriteString(chunks[c].xml)
			i += len(chunks[c].units)
			continue
		}
		var run []*doc.Node
		for ; i < len(units); i++ {
			if _, ok := kept[i]; ok {
				break
			}
			run = append(run, units[i]...)
		}
		w.blocks(run)
	}
}

// keptAt tells which chunk stays at which unit: one of which all units are there,
// one after the other.
func keptAt(chunks []chunk, at []int) map[int]int {
	kept := map[int]int{}
	first := 0
	for c, one := range chunks {
		places := at[first : first+len(one.units)]
		first += len(one.units)
		whole := places[0] >= 0
		for i, p := range places {
			whole = whole && p == places[0]+i
		}
		if whole {
			kept[places[0]] = c
		}
	}
	return kept
}

// chunks splits a piece of a page. What says nothing, such as an empty paragraph,
// belongs to what follows it. A piece that is not XML by itself is not kept.
func (w *writer) chunks(page string) []chunk {
	r := &reader{page: page, kept: Kept{}}
	maps.Copy(r.kept, w.o.Kept)
	f, start, said := &flow{}, 0, 0
	var out []chunk
	for _, e := range parseTree(page).children {
		r.element(f, e, 1)
		if len(doc.Tidy(f.run)) > 0 || len(f.out) == said {
			continue
		}
		f.run = nil
		out = append(out, chunk{page[start:e.end], unitNames(f.out[said:])})
		start, said = e.end, len(f.out)
	}
	f.flush()
	switch {
	case len(f.out) > said:
		out = append(out, chunk{page[start:], unitNames(f.out[said:])})
	case len(out) > 0:
		out[len(out)-1].xml += page[start:]
	}
	whole := out[:0]
	for _, c := range out {
		if len(c.units) > 0 && balanced(c.xml) {
			whole = append(whole, c)
		}
	}
	return whole
}

// balanced reports whether a piece of a page may stand in an element.
func balanced(s string) bool { return wellFormed("<r>" + s + "</r>") }

// unitNames are what blocks say once they have been Markdown.
func unitNames(list []*doc.Node) []string {
	md := markdown.Write(doc.New(doc.Document, list...))
	var names []string
	for _, u := range unitsOf(markdown.Parse(md, false).Children) {
		names = append(names, fingerprint(u))
	}
	return names
}

// unitsOf splits blocks: what stands between the two keys of an element belongs
// together.
func unitsOf(list []*doc.Node) [][]*doc.Node {
	var units [][]*doc.Node
	for i := 0; i < len(list); i++ {
		end := i
		if k := key(list[i]); k != "" {
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
	printNodes(&b, list)
	return b.String()
}

func printNodes(b *strings.Builder, list []*doc.Node) {
	for _, n := range list {
		fmt.Fprintf(b, "%d,%d,%d,%t,%q,%q,%q(", n.Kind, n.Level, n.Task, n.Head, n.Text, n.Target, n.Title)
		printNodes(b, n.Children)
		b.WriteByte(')')
	}
}
