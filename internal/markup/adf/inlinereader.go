package adf

import (
	"strconv"
	"strings"
	"time"

	"github.com/aofctl/aofctl/internal/markup/doc"
)

// leaf is an inline node with the marks that it has.
type leaf struct {
	node  *doc.Node
	marks []doc.Node // of their children nothing
}

// maxMarks bounds the marks of one node: there are seven.
const maxMarks = 8

// inline reads inline nodes. The format repeats the marks on each text: here
// what has a mark together gets it once.
func (r reader) inline(list []jsonNode) []*doc.Node {
	var leaves []leaf
	for _, n := range list {
		node := inlineNode(n)
		if node == nil {
			continue
		}
		l := leaf{node: node}
		for _, m := range n.marks() {
			if k, ok := readMark(m); ok && len(without(l.marks, k)) == len(l.marks) && len(l.marks) < maxMarks {
				l.marks = append(l.marks, k)
			}
		}
		if node.Kind == doc.Text && hasCode(n) {
			l.node = doc.NewText(doc.Span, strings.ReplaceAll(node.Text, "\n", " "))
		}
		leaves = append(leaves, l)
	}
	return doc.Tidy(nest(leaves))
}

func hasCode(n jsonNode) bool {
	for _, m := range n.marks() {
		if m.kind() == "code" {
			return true
		}
	}
	return false
}

// readMark reads a mark; colours and the like have no Markdown.
func readMark(m jsonNode) (doc.Node, bool) {
	switch m.kind() {
	case "strong":
		return doc.Node{Kind: doc.Strong}, true
	case "em":
		return doc.Node{Kind: doc.Em}, true
	case "strike":
		return doc.Node{Kind: doc.Strike}, true
	case "underline":
		return doc.Node{Kind: doc.Under}, true
	case "subsup":
		if m.attr("type") == "sub" {
			return doc.Node{Kind: doc.Sub}, true
		}
		return doc.Node{Kind: doc.Super}, true
	case "link":
		href := doc.OneLine(m.attr("href"))
		return doc.Node{Kind: doc.Link, Target: href, Text: doc.OneLine(m.attr("title"))}, href != ""
	}
	return doc.Node{}, false
}

// nest makes a tree of leaves: the mark that goes furthest is outside.
func nest(leaves []leaf) []*doc.Node {
	var out []*doc.Node
	for i := 0; i < len(leaves); {
		best, size := -1, 0
		for m := range leaves[i].marks {
			if n := reach(leaves[i:], leaves[i].marks[m]); n > size {
				best, size = m, n
			}
		}
		if best < 0 {
			out = append(out, leaves[i].node)
			i++
			continue
		}
		mark := leaves[i].marks[best]
		inner := make([]leaf, 0, size)
		for _, l := range leaves[i : i+size] {
			inner = append(inner, leaf{node: l.node, marks: without(l.marks, mark)})
		}
		mark.Children = nest(inner)
		out = append(out, &mark)
		i += size
	}
	return out
}

// reach is how many leaves from the first on have a mark.
func reach(leaves []leaf, mark doc.Node) int {
	for i, l := range leaves {
		if len(without(l.marks, mark)) == len(l.marks) {
			return i
		}
	}
	return len(leaves)
}

func same(a, b doc.Node) bool { return a.Kind == b.Kind && a.Target == b.Target && a.Text == b.Text }

func without(marks []doc.Node, mark doc.Node) []doc.Node {
	var out []doc.Node
	for _, m := range marks {
		if !same(m, mark) {
			out = append(out, m)
		}
	}
	return out
}

// inlineNode reads one node without its marks; nil if there is nothing in it.
func inlineNode(n jsonNode) *doc.Node {
	switch n.kind() {
	case "text":
		return textOrNil(n.text())
	case "hardBreak":
		return doc.New(doc.Break)
	case "mention":
		return mention(n)
	case "emoji":
		return textOrNil(doc.Or(n.attr("text"), n.attr("shortName")))
	case "inlineCard", "blockCard", "embedCard":
		return card(n)
	case "status":
		return textOrNil("[" + n.attr("text") + "]")
	case "date":
		return textOrNil(date(n.attr("timestamp")))
	case "mediaInline":
		if m := mediaNode(n); m != nil {
			return m
		}
	}
	if s := n.allText(); s != "" {
		return doc.NewText(doc.Text, s)
	}
	if n.kind() == "" || n.kind() == "text" {
		return nil
	}
	return n.placeholder()
}

func textOrNil(s string) *doc.Node {
	if s == "" {
		return nil
	}
	return doc.NewText(doc.Text, strings.ReplaceAll(s, "\n", " "))
}

// card reads a link that is shown as a card.
func card(n jsonNode) *doc.Node {
	url := n.attr("url")
	if attrs, ok := n["attrs"].(map[string]any); ok && url == "" {
		data, _ := attrs["data"].(map[string]any)
		url = member(data, "url")
	}
	if url = doc.OneLine(url); url == "" {
		return n.placeholder()
	}
	return &doc.Node{Kind: doc.Link, Target: url, Auto: true, Children: []*doc.Node{doc.NewText(doc.Text, url)}}
}

func mention(n jsonNode) *doc.Node {
	name := doc.OneLine(strings.TrimPrefix(n.attr("text"), "@"))
	id := n.attr("id")
	if !doc.IsAccount(id) {
		return textOrNil("@" + name)
	}
	return &doc.Node{Kind: doc.Mention, Target: "accountid:" + id, Text: doc.PersonName(name)}
}

// date writes a timestamp in milliseconds as a day.
func date(ms string) string {
	n, err := strconv.ParseInt(ms, 10, 64)
	if err != nil || n < 0 || n > 253402300799999 {
		return ms
	}
	return time.UnixMilli(n).UTC().Format(time.DateOnly)
}
