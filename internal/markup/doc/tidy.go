package doc

import (
	"slices"
	"strings"
)

// Tidy brings inline nodes into the one form that readers agree upon:
// neighbouring texts are one, marks of the same kind next to or within each other
// are one, white space stands outside of marks, and empty nodes are gone. Breaks
// at the ends are dropped, and white space around breaks.
func Tidy(nodes []*Node) []*Node {
	out := merge(nodes, nil)
	out = trimEnds(out)
	return out
}

func merge(nodes []*Node, within []Kind) []*Node {
	var out []*Node
	for _, n := range group(nodes) {
		out = append(out, tidyNode(n, within)...)
	}
	return group(out)
}

// group makes one node of neighbouring texts, of code next to code, and of neighbours with the same
// mark.
func group(nodes []*Node) []*Node {
	var out []*Node
	for i := 0; i < len(nodes); {
		n, end := nodes[i], i+1
		for end < len(nodes) && nodes[end].Kind == n.Kind && (n.Kind == Text || n.Kind == Span || n.Marked()) {
			end++
		}
		if end > i+1 {
			n = joined(nodes[i:end])
		}
		out = append(out, n)
		i = end
	}
	return out
}

func joined(run []*Node) *Node {
	one := &Node{Kind: run[0].Kind}
	var text strings.Builder
	for _, n := range run {
		text.WriteString(n.Text)
		one.Children = append(one.Children, n.Children...)
	}
	one.Text = text.String()
	if one.Marked() {
		one.Children = group(one.Children)
	}
	return one
}

// tidyNode tidies what is below a node and returns what stands in its place.
func tidyNode(n *Node, within []Kind) []*Node {
	switch {
	case n.Kind == Text:
		return keys(n.Text)
	case n.Kind == Span && strings.TrimSpace(n.Text) == "":
		return nil
	case n.Marked():
		return tidyMark(n, within)
	case n.Kind == Link:
		c := *n
		c.Children = trimEnds(merge(oneLine(n.Children), within))
		if len(c.Children) == 1 && c.Children[0].Marked() {
			mark := New(c.Children[0].Kind, &c)
			c.Children = c.Children[0].Children
			return []*Node{inOrder(mark)}
		}
		return []*Node{&c}
	}
	return []*Node{n}
}

// keys splits a text at the keys that stand in it, see Key.
func keys(s string) []*Node {
	var out []*Node
	for s != "" {
		before, rest, open := strings.Cut(s, keyOpen)
		key, after, closed := strings.Cut(rest, keyClose)
		if !open || !closed {
			return append(out, NewText(Text, s))
		}
		if inner := strings.LastIndex(key, keyOpen); inner >= 0 {
			before += keyOpen + key[:inner]
			key = key[inner+len(keyOpen):]
		}
		if key == "" || strings.ContainsRune(key, '\n') || len(key) > maxKey {
			out = append(out, NewText(Text, before+keyOpen+key+keyClose))
			s = after
			continue
		}
		if before != "" {
			out = append(out, NewText(Text, before))
		}
		out = append(out, NewText(Macro, key))
		s = after
	}
	return out
}

func tidyMark(n *Node, within []Kind) []*Node {
	if slices.Contains(within, n.Kind) {
		return merge(n.Children, within)
	}
	inner := merge(n.Children, append(within[:len(within):len(within)], n.Kind))
	var before, after []*Node
	for len(inner) > 0 && outside(inner[0], false) != "" {
		before = append(before, hoisted(inner[0], false))
		inner = cutEdge(inner, 0)
	}
	for len(inner) > 0 && outside(inner[len(inner)-1], true) != "" {
		after = append([]*Node{hoisted(inner[len(inner)-1], true)}, after...)
		inner = cutEdge(inner, len(inner)-1)
	}
	if len(inner) == 0 {
		return append(before, after...)
	}
	return append(append(before, byLine(n.Kind, inner)...), after...)
}

// oneLine replaces breaks by spaces.
func oneLine(nodes []*Node) []*Node {
	out := make([]*Node, len(nodes))
	for i, n := range nodes {
		switch {
		case n.Kind == Break:
			n = NewText(Text, " ")
		case n.Marked():
			n = New(n.Kind, oneLine(n.Children)...)
		}
		out[i] = n
	}
	return out
}

// byLine puts a mark around each line of text: not every format has marks that go
// over a line's end.
func byLine(kind Kind, inner []*Node) []*Node {
	var out []*Node
	start := 0
	for i := 0; i <= len(inner); i++ {
		if i < len(inner) && inner[i].Kind != Break {
			continue
		}
		if line := trimEnds(inner[start:i]); len(line) > 0 {
			out = append(out, inOrder(New(kind, line...)))
		}
		if i < len(inner) {
			out = append(out, inner[i])
		}
		start = i + 1
	}
	return out
}

// inOrder brings marks around the same text into one order. Markdown's
// ***text*** means strong within emphasis.
func inOrder(n *Node) *Node {
	if len(n.Children) != 1 || !n.Children[0].Marked() || rank(n.Children[0].Kind) > rank(n.Kind) {
		return n
	}
	child := n.Children[0]
	return New(child.Kind, inOrder(New(n.Kind, child.Children...)))
}

func rank(k Kind) int {
	switch k {
	case Strike:
		return 0
	case Em:
		return 1
	case Strong:
		return 2
	default:
		return int(k)
	}
}

// outside returns what of a node at the edge of a mark belongs outside of it.
func outside(n *Node, end bool) string {
	switch {
	case n.Kind == Break:
		return "\n"
	case n.Kind != Text:
		return ""
	case end:
		return n.Text[len(strings.TrimRight(n.Text, " \t\n\u00a0")):]
	}
	return n.Text[:len(n.Text)-len(strings.TrimLeft(n.Text, " \t\n\u00a0"))]
}

func hoisted(n *Node, end bool) *Node {
	if n.Kind == Break {
		return n
	}
	return NewText(Text, outside(n, end))
}

// cutEdge removes what outside found at the first or last node.
func cutEdge(nodes []*Node, i int) []*Node {
	n := nodes[i]
	out := append([]*Node(nil), nodes...)
	if n.Kind == Text {
		rest := strings.TrimLeft(n.Text, " \t\n\u00a0")
		if i > 0 || len(nodes) == 1 && rest != "" && outside(n, false) == "" {
			rest = strings.TrimRight(n.Text, " \t\n\u00a0")
		}
		if rest != "" {
			out[i] = NewText(Text, rest)
			return out
		}
	}
	return append(out[:i:i], out[i+1:]...)
}

// trimEnds removes white space at the ends of a paragraph and around its breaks.
func trimEnds(nodes []*Node) []*Node {
	var out []*Node
	for i, n := range nodes {
		if n.Kind != Text {
			if n.Kind == Break && len(out) == 0 {
				continue
			}
			out = append(out, n)
			continue
		}
		s := n.Text
		if len(out) == 0 || out[len(out)-1].Kind == Break {
			s = strings.TrimLeft(s, " \t\n")
		}
		if i == len(nodes)-1 || nodes[i+1].Kind == Break {
			s = strings.TrimRight(s, " \t\n")
		}
		if s != "" {
			out = append(out, NewText(Text, s))
		}
	}
	for len(out) > 0 && out[len(out)-1].Kind == Break {
		out = out[:len(out)-1]
	}
	if n := len(out); n > 0 && out[n-1].Kind == Text {
		out[n-1] = NewText(Text, strings.TrimRight(out[n-1].Text, " \t\n"))
	}
	return out
}
