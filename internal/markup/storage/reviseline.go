package storage

import (
	"html"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/aofctl/aofctl/internal/markup/doc"
)

// word is a part of a line: a word, the space between words, or a node.
type word struct {
	name string
	text string
	node *doc.Node
}

// wordsOf splits inline nodes.
func wordsOf(nodes []*doc.Node) []word {
	var out []word
	for _, n := range nodes {
		if n.Kind != doc.Text {
			out = append(out, word{name: "<" + fingerprint([]*doc.Node{n}), node: n})
			continue
		}
		for s := n.Text; s != ""; {
			end := wordEnd(s)
			out = append(out, word{name: wordName(s[:end]), text: s[:end]})
			s = s[end:]
		}
	}
	return out
}

// wordName is what a word is compared as: all white space is the same.
func wordName(s string) string {
	if strings.TrimSpace(s) == "" {
		return " "
	}
	return s
}

// wordEnd is where the first word of a text ends, or the space or the sign that it
// begins with.
func wordEnd(s string) int {
	kind := -1
	for i, r := range s {
		k := runeKind(r)
		if kind >= 0 && (k != kind || kind == sign) {
			return i
		}
		kind = k
	}
	return len(s)
}

// The kinds of characters, of which words are made.
const (
	letter = iota
	space
	sign
)

func runeKind(r rune) int {
	switch {
	case unicode.IsSpace(r):
		return space
	case doc.IsWord(r):
		return letter
	}
	return sign
}

// reviseLine writes inline nodes in place of elements. Words and elements that stay
// keep their bytes, and an element around text that changed, such as the marker of a
// comment, stands around the new text.
func (w *writer) reviseLine(page string, old []*element, nodes []*doc.Node) {
	var chunks []chunk
	for _, e := range old {
		chunks = append(chunks, w.pieces(page, e)...)
	}
	words := wordsOf(nodes)
	names := make([]string, len(words))
	for i, one := range words {
		names[i] = one.name
	}
	var before []string
	for _, c := range chunks {
		before = append(before, c.units...)
	}
	kept := keptAt(chunks, doc.Common(before, names))
	next := 0
	for i := 0; i <= len(words); {
		c, ok := kept[i]
		if ok {
			w.b.WriteString(chunks[c].xml)
			i, next = i+len(chunks[c].units), c+1
			continue
		}
		if i == len(words) {
			break
		}
		end, last := i, len(chunks)
		for ; end < len(words); end++ {
			if c, ok := kept[end]; ok {
				last = c
				break
			}
		}
		w.newWords(chunks[next:last], words[i:end])
		i = end
	}
}

// newWords writes words in place of pieces of a line: within the element that the
// pieces are, if they are one.
func (w *writer) newWords(old []chunk, words []word) {
	if len(old) != 1 || len(old[0].elements) != 1 {
		w.words(words)
		return
	}
	e := old[0].elements[0]
	w.around(old[0].text, e, e, func() {
		var nodes []*doc.Node
		for _, one := range words {
			if one.node != nil {
				nodes = append(nodes, one.node)
				continue
			}
			nodes = append(nodes, doc.NewText(doc.Text, one.text))
		}
		w.reviseLine(old[0].text, e.children, nodes)
	})
}

func (w *writer) words(words []word) {
	for _, one := range words {
		if one.node != nil {
			w.node(one.node)
			continue
		}
		w.b.WriteString(escape(one.text))
	}
}

// pieces splits an element of a line. An element that adds nothing to the text in it,
// such as the marker of a comment or a colour, is one piece that has the element.
func (w *writer) pieces(page string, e *element) []chunk {
	raw := page[e.start:e.end]
	switch {
	case e.name == "" && !strings.HasPrefix(raw, "<"):
		return rawWords(raw)
	case e.name == "":
		return []chunk{w.piece(raw, []*doc.Node{doc.NewText(doc.Text, spaces(e.text))})}
	case e.name == "br": // which by itself, at the end of a line, would mean nothing
		return []chunk{w.piece(raw, []*doc.Node{doc.New(doc.Break)})}
	case transparent(e.name) && e.innerEnd > e.innerStart:
		one := chunk{xml: raw, text: page, start: e.start, elements: []*element{e}}
		for _, c := range e.children {
			for _, inner := range w.pieces(page, c) {
				one.units = append(one.units, inner.units...)
			}
		}
		return []chunk{one}
	}
	r := w.reader(page)
	return []chunk{w.piece(raw, r.inline([]*element{e}, 1))}
}

func (w *writer) piece(raw string, nodes []*doc.Node) chunk {
	one := chunk{xml: raw}
	for _, word := range wordsOf(nodes) {
		one.units = append(one.units, word.name)
	}
	return one
}

// transparent knows the elements that are only around text.
func transparent(name string) bool {
	switch name {
	case "ac:inline-comment-marker", "span", "font", "small", "big":
		return true
	}
	return false
}

// rawWords splits text as it is in a page: entities are characters.
func rawWords(raw string) []chunk {
	var out []chunk
	last := sign
	for i := 0; i < len(raw); {
		r, size := utf8.DecodeRuneInString(raw[i:])
		if n := doc.Entity(raw[i:]); raw[i] == '&' && n > 0 {
			size = n
			r, _ = utf8.DecodeRuneInString(html.UnescapeString(raw[i : i+n]))
		}
		kind := runeKind(r)
		if len(out) == 0 || kind != last || kind == sign {
			out = append(out, chunk{units: []string{""}})
		}
		out[len(out)-1].xml += raw[i : i+size]
		last = kind
		i += size
	}
	for i, c := range out {
		out[i].units[0] = wordName(doc.Clean(html.UnescapeString(c.xml)))
	}
	return out
}
