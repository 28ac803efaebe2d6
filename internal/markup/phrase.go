package markup

import (
	"bytes"
	"strings"

	"github.com/yuin/goldmark/ast"
	east "github.com/yuin/goldmark/extension/ast"
	"github.com/yuin/goldmark/util"
)

// inline writes the text of a block.
func (w *wikiWriter) inline(n ast.Node, at place) string {
	p := &phrases{source: w.source, mixed: w.mixed, at: at}
	p.children(n, 0)
	return p.in.wiki(at)
}

// phrases collects the inline nodes of one block.
type phrases struct {
	source []byte
	mixed  bool
	at     place
	in     inline
}

func (p *phrases) children(n ast.Node, depth int) {
	for c := n.FirstChild(); c != nil; c = c.NextSibling() {
		if depth > maxDepth {
			p.in.add(literal, flatText(c, p.source))
			continue
		}
		p.node(c, depth+1)
	}
}

func (p *phrases) node(n ast.Node, depth int) {
	switch n := n.(type) {
	case *ast.Text:
		p.text(n)
	case *ast.String:
		p.in.add(literal, string(n.Value))
	case *wikiInline:
		p.wiki(n)
	case *ast.CodeSpan:
		p.code(n)
	case *ast.Emphasis:
		if mark := p.plainMark(n); mark != "" {
			p.in.add(quoted, mark)
			p.children(n, depth)
			p.in.add(quoted, mark)
			return
		}
		p.marked(n, p.emphasis(n), depth)
	case *east.Strikethrough:
		p.marked(n, "-", depth)
	case *ast.Link:
		p.link(n, depth)
	case *ast.Image:
		p.image(n)
	case *ast.AutoLink:
		p.autoLink(n)
	case *ast.RawHTML:
		p.html(n)
	case *east.TaskCheckBox:
		// The list item has written it.
	default:
		p.children(n, depth)
	}
}

func (p *phrases) text(n *ast.Text) {
	segment := n.Segment.Value(p.source)
	if n.IsRaw() {
		p.in.add(literal, string(segment))
	} else {
		p.unescape(segment)
	}
	if n.SoftLineBreak() || n.HardLineBreak() {
		p.in.add(lineEnd, "\n")
	}
}

// unescape adds text, resolving backslashes and entities.
func (p *phrases) unescape(s []byte) {
	for len(s) > 0 {
		i := bytes.IndexAny(s, `\&`)
		if i < 0 {
			p.in.add(literal, string(s))
			return
		}
		p.in.add(literal, string(s[:i]))
		s = s[i:]
		n := 1
		switch {
		case s[0] == '\\' && len(s) > 1 && util.IsPunct(s[1]):
			p.in.add(quoted, string(s[1]))
			n = 2
		case s[0] == '&':
			if end := bytes.IndexByte(s, ';'); end > 1 && end < 40 {
				n = end + 1
			}
			p.in.add(quoted, entity(s[:n]))
		default:
			p.in.add(literal, string(s[:1]))
		}
		s = s[n:]
	}
}

// entity resolves one character reference; what is none stays. A reference to a
// control character is a space.
func entity(s []byte) string {
	return clean(string(util.ResolveEntityNames(util.ResolveNumericReferences(s))))
}

// plainMark returns the stars or underscores of what CommonMark takes for
// emphasis but people mean as text: products and powers such as 5*6*7 and 2**3**4,
// and Python's __init__.
func (p *phrases) plainMark(n *ast.Emphasis) string {
	t, ok := n.FirstChild().(*ast.Text)
	if !ok || t.Segment.Len() == 0 || t.Segment.Start < n.Level {
		return ""
	}
	at := t.Segment.Start - n.Level
	mark := string(p.source[at:t.Segment.Start])
	if mark == "__" && n.ChildCount() == 1 && isLowerName(t.Segment.Value(p.source)) {
		return mark
	}
	if mark[0] != '*' || at < 1 {
		return ""
	}
	before, inside := rune(p.source[at-1]), rune(p.source[t.Segment.Start])
	digits := isDigitRune(before) && isDigitRune(inside)
	if digits || n.Level == 1 && isASCIIWord(before) && isASCIIWord(inside) {
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

// emphasis returns the mark of emphasised text. Where wiki markup is around it,
// *text* means strong.
func (p *phrases) emphasis(n *ast.Emphasis) string {
	if n.Level == 2 {
		return "*"
	}
	if t, ok := n.FirstChild().(*ast.Text); ok && p.mixed && t.Segment.Start > 0 && p.source[t.Segment.Start-1] == '*' {
		return "*"
	}
	return "_"
}

func (p *phrases) marked(n ast.Node, mark string, depth int) {
	if strings.TrimSpace(flatText(n, p.source)) == "" {
		p.children(n, depth)
		return
	}
	p.in.begin(mark)
	p.children(n, depth)
	p.in.end(mark)
}

func (p *phrases) wiki(n *wikiInline) {
	if p.in.link {
		p.in.add(literal, n.text)
		return
	}
	p.in.add(raw, n.text)
}

// code writes {{code}}. Jira still reads markup inside it, so its text is
// escaped like other text, braces always.
func (p *phrases) code(n *ast.CodeSpan) {
	var b strings.Builder
	for c := n.FirstChild(); c != nil; c = c.NextSibling() {
		if t, ok := c.(*ast.Text); ok {
			b.Write(t.Segment.Value(p.source))
		}
	}
	s := strings.TrimSpace(strings.ReplaceAll(b.String(), "\n", " "))
	if s == "" {
		return
	}
	p.in.add(raw, "{{")
	p.in.parts = append(p.in.parts, part{kind: quoted, text: s, link: p.in.link, code: true})
	p.in.add(raw, "}}")
}

// html writes HTML as text; a line break is one.
func (p *phrases) html(n *ast.RawHTML) {
	var b strings.Builder
	for i := range n.Segments.Len() {
		segment := n.Segments.At(i)
		b.Write(segment.Value(p.source))
	}
	s := b.String()
	tag := strings.ToLower(strings.Map(dropSpace, s))
	if tag == "<br>" || tag == "<br/>" {
		p.in.add(lineEnd, "\n")
		return
	}
	p.in.add(literal, strings.ReplaceAll(s, "\n", " "))
}

func dropSpace(r rune) rune {
	if r == ' ' || r == '\t' || r == '\n' {
		return -1
	}
	return r
}

// flatText is the text below an inline node, in order.
func flatText(n ast.Node, source []byte) string {
	var b strings.Builder
	stack := []ast.Node{n}
	for len(stack) > 0 {
		top := stack[len(stack)-1]
		stack = stack[:len(stack)-1]
		switch t := top.(type) {
		case *ast.Text:
			b.Write(t.Segment.Value(source))
			if t.SoftLineBreak() || t.HardLineBreak() {
				b.WriteByte(' ')
			}
		case *ast.String:
			b.Write(t.Value)
		case *wikiInline:
			b.WriteString(t.text)
		case *ast.AutoLink:
			b.Write(t.Label(source))
		}
		for c := top.LastChild(); c != nil; c = c.PreviousSibling() {
			stack = append(stack, c)
		}
	}
	return b.String()
}
