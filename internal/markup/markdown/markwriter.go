package markdown

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/aofctl/aofctl/internal/markup/doc"
)

// marked writes text with a mark. Where Markdown's own marks would not be seen,
// next to letters for example, it is written with tags.
func (w *inlineWriter) marked(n *doc.Node, next rune) {
	mark, tag := marks(n.Kind)
	if mark == "*" && (w.before() == '*' || next == '*') {
		mark = "_"
	}
	if mark != "" && w.flanks(n, mark, next) && (!w.careful || !w.nested(n)) {
		w.b.WriteString(mark)
		w.nodes(n.Children, rune(mark[0]))
		w.b.WriteString(mark)
		return
	}
	w.b.WriteString("<" + tag + ">")
	w.nodes(n.Children, '<')
	w.b.WriteString("</" + tag + ">")
}

// nested reports whether a mark holds other marks.
func (w *inlineWriter) nested(n *doc.Node) bool {
	for _, c := range n.Children {
		if c.Kind != doc.Text {
			return true
		}
	}
	return false
}

func marks(kind doc.Kind) (mark, tag string) {
	switch kind {
	case doc.Strong:
		return "**", "strong"
	case doc.Em:
		return "*", "em"
	case doc.Strike:
		return "~~", "del"
	case doc.Super:
		return "", "sup"
	case doc.Sub:
		return "", "sub"
	}
	return "", "u"
}

// flanks reports whether a mark around these nodes begins and ends where
// Markdown sees it.
func (w *inlineWriter) flanks(n *doc.Node, mark string, next rune) bool {
	before := w.before()
	first, last := firstRune(n.Children[0]), lastRune(n.Children[len(n.Children)-1])
	c := rune(mark[0])
	if before == c || next == c {
		// Strong within emphasis, as in ***text***, is seen.
		return n.Kind == doc.Strong && before == '*' && next == '*' && !w.nested(n)
	}
	if first == c && n.Kind == doc.Em && len(n.Children) == 1 && n.Children[0].Kind == doc.Strong && !w.nested(n.Children[0]) {
		return edges(before, next)
	}
	if first == c || last == c && (n.Kind == doc.Strike || w.nested(n.Children[len(n.Children)-1])) {
		return false
	}
	if edges(before, next) || n.Kind == doc.Strong && plainStrong(n) && !isDigitRune(before) {
		return true
	}
	if mark == "_" || mark == "*" || doc.IsASCIIWord(before) && isDigitRune(before) {
		return false
	}
	return !isEdge(first) && !isEdge(last) && !w.nested(n)
}

// plainStrong reports whether strongParser sees the text, whatever is around it.
func plainStrong(n *doc.Node) bool {
	if len(n.Children) != 1 || n.Children[0].Kind != doc.Text {
		return false
	}
	s := n.Children[0].Text
	return !strings.ContainsAny(s, "*_`[]<>\\~!&{}@|\n") && !strings.Contains(s, "://") && !strings.Contains(s, "www.") && len(s) < maxInline-4
}

// edges reports whether no letter touches the outside of a mark.
func edges(before, next rune) bool { return !doc.IsWord(before) && !doc.IsWord(next) }

func isEdge(r rune) bool { return unicode.IsPunct(r) || unicode.IsSymbol(r) }

func lastRune(n *doc.Node) rune {
	if n.Kind == doc.Text {
		r, _ := utf8.DecodeLastRuneInString(strings.TrimRight(n.Text, " "))
		return r
	}
	return firstRune(n)
}
