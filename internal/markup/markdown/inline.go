package markdown

import (
	"bytes"
	"strings"

	"github.com/yuin/goldmark/ast"
	east "github.com/yuin/goldmark/extension/ast"
	"github.com/yuin/goldmark/util"

	"github.com/aofctl/aofctl/internal/markup/doc"
)

// inline reads the text of a block.
func (r *reader) inline(n ast.Node) []*doc.Node {
	r.quoted = map[*doc.Node]bool{}
	return doc.Tidy(r.children(n, 0))
}

func (r *reader) children(n ast.Node, depth int) []*doc.Node {
	if depth >= doc.MaxDepth {
		return []*doc.Node{r.quote1(r.flat(n))}
	}
	var out []*doc.Node
	for c := n.FirstChild(); c != nil; c = c.NextSibling() {
		out = append(out, r.node(c, depth+1)...)
	}
	out = r.lenient(r.pair(out))
	texts(out)
	return out
}

func (r *reader) quote1(s string) *doc.Node {
	n := doc.NewText(doc.Text, s)
	r.quoted[n] = true
	return n
}

func one(n *doc.Node) []*doc.Node { return []*doc.Node{n} }

func (r *reader) node(n ast.Node, depth int) []*doc.Node {
	switch n := n.(type) {
	case *ast.Text:
		return r.text(n)
	case *ast.String:
		return one(doc.NewText(doc.Text, string(n.Value)))
	case *wikiInline:
		return one(n.node)
	case *ast.CodeSpan:
		return one(doc.NewText(doc.Span, r.span(n)))
	case *ast.Emphasis:
		inner := r.children(n, depth)
		if mark := r.plainMark(n); mark != "" {
			return append(append(one(r.quote1(mark)), inner...), r.quote1(mark))
		}
		return one(doc.New(r.emphasis(n), inner...))
	case *east.Strikethrough:
		return one(doc.New(doc.Strike, r.children(n, depth)...))
	case *ast.Link:
		return r.link(n, depth)
	case *ast.Image:
		return one(&doc.Node{Kind: doc.Image, Target: address(n.Destination), Text: doc.OneLine(r.flat(n))})
	case *ast.AutoLink:
		return one(r.autoLink(n))
	case *ast.RawHTML:
		return one(r.tag(n))
	case *east.TaskCheckBox:
		return nil // the list item has it
	}
	return r.children(n, depth)
}

func (r *reader) text(n *ast.Text) []*doc.Node {
	segment := n.Segment.Value(r.source)
	var out []*doc.Node
	if n.IsRaw() {
		out = one(doc.NewText(doc.Text, string(segment)))
	} else {
		out = r.unescape(segment)
	}
	if n.SoftLineBreak() || n.HardLineBreak() {
		out = append(out, doc.New(doc.Break))
	}
	return out
}

// unescape reads text, resolving backslashes and entities.
func (r *reader) unescape(s []byte) []*doc.Node {
	var out []*doc.Node
	for len(s) > 0 {
		i := bytes.IndexAny(s, `\&`)
		if i < 0 {
			return append(out, doc.NewText(doc.Text, string(s)))
		}
		if i > 0 {
			out = append(out, doc.NewText(doc.Text, string(s[:i])))
		}
		s = s[i:]
		n := 1
		switch {
		case s[0] == '\\' && len(s) > 1 && util.IsPunct(s[1]):
			out = append(out, r.quote1(string(s[1])))
			n = 2
		case s[0] == '&':
			if end := bytes.IndexByte(s[:min(len(s), 40)], ';'); end > 1 {
				n = end + 1
			}
			out = append(out, r.quote1(entity(s[:n])))
		default:
			out = append(out, doc.NewText(doc.Text, string(s[:1])))
		}
		s = s[n:]
	}
	return out
}

// entity resolves one character reference; what is none stays. Line ends are
// spaces, and control characters nothing.
func entity(s []byte) string {
	text := doc.Clean(string(util.ResolveEntityNames(util.ResolveNumericReferences(s))))
	return strings.ReplaceAll(text, "\n", " ")
}

// plainMark returns the stars or underscores of what CommonMark takes for
// emphasis but people mean as text: products and powers such as 5*6*7 and 2**3**4,
// and Python's __init__.
func (r *reader) plainMark(n *ast.Emphasis) string {
	t, ok := n.FirstChild().(*ast.Text)
	if !ok || t.Segment.Len() == 0 || t.Segment.Start < n.Level {
		return ""
	}
	at := t.Segment.Start - n.Level
	mark := string(r.source[at:t.Segment.Start])
	if mark == "__" && n.ChildCount() == 1 && isLowerName(t.Segment.Value(r.source)) {
		return mark
	}
	if mark[0] != '*' || at < 1 {
		return ""
	}
	before, inside := rune(r.source[at-1]), rune(r.source[t.Segment.Start])
	digits := isDigitRune(before) && isDigitRune(inside)
	if digits || n.Level == 1 && doc.IsASCIIWord(before) && doc.IsASCIIWord(inside) {
		return mark
	}
	return ""
}

func isLowerName(s []byte) bool {
	for _, c := range s {
		if (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '_' {
			return false
		}
	}
	return true
}

// emphasis returns the kind of emphasised text. Where wiki markup is around it,
// *text* means strong.
func (r *reader) emphasis(n *ast.Emphasis) doc.Kind {
	if n.Level == 2 {
		return doc.Strong
	}
	if t, ok := n.FirstChild().(*ast.Text); ok && r.mixed && t.Segment.Start > 0 && r.source[t.Segment.Start-1] == '*' {
		return doc.Strong
	}
	return doc.Em
}

// address is where a link leads, without escapes.
func address(dest []byte) string {
	b := util.UnescapePunctuations(bytes.TrimSpace(dest))
	s := doc.Clean(string(util.ResolveEntityNames(util.ResolveNumericReferences(b))))
	return strings.TrimSpace(strings.NewReplacer("\n", "", "\t", "").Replace(s))
}

func (r *reader) link(n *ast.Link, depth int) []*doc.Node {
	inner := r.children(n, depth)
	dest := address(n.Destination)
	if dest == "" {
		return inner
	}
	if doc.Flat(inner...) == "" && len(inner) == 0 {
		inner = one(r.quote1(dest))
	}
	title := doc.OneLine(address(n.Title))
	return one(&doc.Node{Kind: doc.Link, Target: dest, Text: title, Children: inner})
}

// autoLink reads an address that stands in the text.
func (r *reader) autoLink(n *ast.AutoLink) *doc.Node {
	label := string(n.Label(r.source))
	dest := address(n.URL(r.source))
	if n.AutoLinkType == ast.AutoLinkEmail && !strings.HasPrefix(dest, "mailto:") {
		dest = "mailto:" + dest
	}
	return &doc.Node{Kind: doc.Link, Target: dest, Auto: true, Children: one(r.quote1(label))}
}

func (r *reader) span(n *ast.CodeSpan) string {
	var b strings.Builder
	for c := n.FirstChild(); c != nil; c = c.NextSibling() {
		if t, ok := c.(*ast.Text); ok {
			b.Write(t.Segment.Value(r.source))
		}
	}
	return strings.TrimSpace(strings.ReplaceAll(b.String(), "\n", " "))
}

// tag reads HTML in a line of text.
func (r *reader) tag(n *ast.RawHTML) *doc.Node {
	var b strings.Builder
	for i := range n.Segments.Len() {
		segment := n.Segments.At(i)
		b.Write(segment.Value(r.source))
	}
	s := strings.ReplaceAll(b.String(), "\n", " ")
	if lineBreak.MatchString(s) {
		return doc.New(doc.Break)
	}
	return doc.NewText(rawTag, s)
}

// flat is the text below an inline node, in order.
func (r *reader) flat(n ast.Node) string {
	var b strings.Builder
	stack := []ast.Node{n}
	for len(stack) > 0 {
		top := stack[len(stack)-1]
		stack = stack[:len(stack)-1]
		switch t := top.(type) {
		case *ast.Text:
			for _, n := range r.unescape(t.Segment.Value(r.source)) {
				b.WriteString(n.Text)
			}
			if t.SoftLineBreak() || t.HardLineBreak() {
				b.WriteByte(' ')
			}
		case *ast.String:
			b.Write(t.Value)
		case *wikiInline:
			b.WriteString(t.raw)
		case *ast.AutoLink:
			b.Write(t.Label(r.source))
		}
		for c := top.LastChild(); c != nil; c = c.PreviousSibling() {
			stack = append(stack, c)
		}
	}
	return b.String()
}
