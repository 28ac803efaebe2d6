package markdown

import (
	"html"
	"regexp"
	"strings"

	"github.com/yuin/goldmark/ast"

	"github.com/aofctl/aofctl/internal/markup/doc"
)

// maxHTML bounds how deep Markdown within HTML within Markdown is read.
const maxHTML = 4

// html is the text of a block of HTML.
func (r *reader) html(n *ast.HTMLBlock) string {
	s := r.lines(n)
	if n.HasClosure() {
		s += string(n.ClosureLine.Value(r.source))
	}
	return s
}

// details reads <details>, with the blocks between its tags. It returns the last
// node that it took, or n and nothing if there is none.
func (r *reader) details(n *ast.HTMLBlock, depth int) ([]*doc.Node, ast.Node) {
	title, head, ok := openDetails(r.html(n))
	if !ok {
		return nil, n
	}
	if body, after, closed := strings.Cut(head, "</details>"); closed {
		return append(r.expand(title, r.nested(body, depth)), r.nested(after, depth)...), n
	}
	end := r.ends[n]
	if end == nil {
		return nil, n
	}
	inner := ast.NewDocument()
	for m := n.NextSibling(); m != end; {
		next := m.NextSibling()
		inner.AppendChild(inner, m) // takes it from where it was
		m = next
	}
	_, after, _ := strings.Cut(r.html(end), "</details>")
	children := append(r.nested(head, depth), r.blocks(inner, depth+1)...)
	return append(r.expand(title, children), r.nested(after, depth)...), end
}

// findEnds finds which </details> among the blocks below a node ends which
// <details>.
func (r *reader) findEnds(parent ast.Node) {
	var open []ast.Node
	for c := parent.FirstChild(); c != nil; c = c.NextSibling() {
		block, ok := c.(*ast.HTMLBlock)
		if !ok {
			continue
		}
		s := strings.TrimSpace(r.html(block))
		switch _, head, ok := openDetails(s); {
		case ok && !strings.Contains(head, "</details>"):
			open = append(open, c)
		case strings.HasPrefix(s, "</details>") && len(open) > 0:
			r.ends[open[len(open)-1]] = block
			open = open[:len(open)-1]
		}
	}
}

func (r *reader) expand(title string, children []*doc.Node) []*doc.Node {
	return []*doc.Node{{Kind: doc.Expand, Text: title, Children: children}}
}

// nested reads Markdown that stands between tags.
func (r *reader) nested(md string, depth int) []*doc.Node {
	if strings.TrimSpace(md) == "" {
		return nil
	}
	if r.depth >= maxHTML || depth >= doc.MaxDepth-1 {
		return []*doc.Node{textLines(md)}
	}
	return parse(r.parser, md, r.mixed, r.depth+1)
}

// openDetails reads the tag and the summary, and returns what follows them.
func openDetails(s string) (title, rest string, ok bool) {
	s = strings.TrimSpace(s)
	if len(s) < 9 || !strings.EqualFold(s[:8], "<details") || s[8] != '>' && s[8] != ' ' && s[8] != '\n' {
		return "", "", false
	}
	_, rest, ok = strings.Cut(s, ">")
	if !ok {
		return "", "", false
	}
	if inner, found := strings.CutPrefix(strings.TrimSpace(rest), "<summary>"); found {
		if title, after, closed := strings.Cut(inner, "</summary>"); closed {
			return doc.OneLine(html.UnescapeString(plainTags(title))), after, true
		}
	}
	return "", rest, true
}

// plainTags removes tags of formatting from a title.
func plainTags(s string) string {
	return strings.NewReplacer("<b>", "", "</b>", "", "<strong>", "", "</strong>", "", "<code>", "", "</code>", "", "<i>", "", "</i>", "").Replace(s)
}

// tagKinds are the tags that have a kind of their own.
func tagKind(name string) doc.Kind {
	switch name {
	case "b", "strong":
		return doc.Strong
	case "i", "em":
		return doc.Em
	case "s", "del", "strike":
		return doc.Strike
	case "u", "ins":
		return doc.Under
	case "sup":
		return doc.Super
	case "sub":
		return doc.Sub
	case "code", "kbd", "samp", "tt":
		return doc.Span
	}
	return doc.Document
}

// rawTag is a tag in a line of text, until pair finds its other end.
const rawTag doc.Kind = -1

// pair makes marks of tags that belong together; others are text.
func (r *reader) pair(nodes []*doc.Node) []*doc.Node {
	tags := false
	for _, n := range nodes {
		tags = tags || n.Kind == rawTag
	}
	if !tags {
		return nodes
	}
	var out []*doc.Node
	open := map[doc.Kind][]int{} // where in out tags are open
	for _, n := range nodes {
		if n.Kind != rawTag {
			out = append(out, n)
			continue
		}
		name, end := strings.CutPrefix(strings.Trim(strings.ToLower(n.Text), "<> "), "/")
		kind := tagKind(name)
		at := open[kind]
		switch {
		case kind == doc.Document:
		case !end:
			open[kind] = append(at, len(out))
		case len(at) > 0 && at[len(at)-1] < len(out):
			i := at[len(at)-1]
			open[kind] = at[:len(at)-1]
			out = append(out[:i:i], enclose(kind, out[i+1:])...)
			for k, list := range open {
				for len(list) > 0 && list[len(list)-1] >= i {
					list = list[:len(list)-1]
				}
				open[k] = list
			}
			continue
		}
		out = append(out, n)
	}
	return out
}

func enclose(kind doc.Kind, inner []*doc.Node) []*doc.Node {
	texts(inner)
	if kind == doc.Span {
		if s := doc.Flat(inner...); s != "" {
			return []*doc.Node{doc.NewText(doc.Span, s)}
		}
		return nil
	}
	return []*doc.Node{doc.New(kind, append([]*doc.Node(nil), inner...)...)}
}

// texts makes text of tags that are left.
func texts(nodes []*doc.Node) {
	for _, n := range nodes {
		if n.Kind == rawTag {
			n.Kind = doc.Text
		}
	}
}

var lineBreak = regexp.MustCompile(`(?i)^<br\s*/?>$`)
