package markdown

import (
	"strings"
	"unicode/utf8"

	"github.com/aofctl/aofctl/internal/markup/doc"
)

// lenient finds **strong** text that CommonMark does not accept as such but that
// models write and mean: with spaces inside the stars, or next to a letter or a
// full-width punctuation mark, as is usual in Chinese and Japanese.
func (r *reader) lenient(nodes []*doc.Node) []*doc.Node {
	stars := false
	for _, n := range nodes {
		stars = stars || r.literal(n) && strings.Contains(n.Text, "**")
	}
	if !stars {
		return nodes
	}
	nodes = r.splitStars(nodes)
	var out []*doc.Node
	first := -1 // where in out ** is open
	for i, n := range nodes {
		if !r.isStars(n) {
			if n.Kind == doc.Break {
				first = -1
			}
			out = append(out, n)
			continue
		}
		if first >= 0 && r.canPair(out, first, nodes, i) {
			inner := append([]*doc.Node(nil), out[first+1:]...)
			out = append(out[:first:first], doc.New(doc.Strong, inner...))
			first = -1
			continue
		}
		first = len(out)
		out = append(out, n)
	}
	return out
}

func (r *reader) literal(n *doc.Node) bool { return n.Kind == doc.Text && !r.quoted[n] }

func (r *reader) isStars(n *doc.Node) bool { return r.literal(n) && n.Text == "**" }

// splitStars makes a node of its own of every literal **.
func (r *reader) splitStars(nodes []*doc.Node) []*doc.Node {
	var out []*doc.Node
	for _, n := range nodes {
		if !r.literal(n) {
			out = append(out, n)
			continue
		}
		rest := n.Text
		for {
			head, tail, ok := strings.Cut(rest, "**")
			if !ok || strings.HasPrefix(tail, "*") {
				break
			}
			if head != "" {
				out = append(out, doc.NewText(doc.Text, head))
			}
			out = append(out, doc.NewText(doc.Text, "**"))
			rest = tail
		}
		if rest != "" {
			out = append(out, doc.NewText(doc.Text, rest))
		}
	}
	return out
}

// canPair reports whether the ** that is open and the one that is read enclose
// text of one line.
func (r *reader) canPair(out []*doc.Node, first int, nodes []*doc.Node, last int) bool {
	inner := out[first+1:]
	if len(inner) == 0 {
		return false
	}
	if doc.IsASCIIWord(edge(out, first-1, false)) && doc.IsASCIIWord(edge(out, first+1, true)) {
		return false
	}
	if doc.IsASCIIWord(edge(out, len(out)-1, false)) && doc.IsASCIIWord(edge(nodes, last+1, true)) {
		return false
	}
	for _, n := range inner {
		if n.Kind != doc.Text || strings.TrimSpace(n.Text) != "" {
			return true
		}
	}
	return false
}

// edge returns the first or the last character of a text.
func edge(nodes []*doc.Node, i int, first bool) rune {
	if i < 0 || i >= len(nodes) || nodes[i].Kind != doc.Text {
		return 0
	}
	if first {
		r, _ := utf8.DecodeRuneInString(nodes[i].Text)
		return r
	}
	r, _ := utf8.DecodeLastRuneInString(nodes[i].Text)
	return r
}
