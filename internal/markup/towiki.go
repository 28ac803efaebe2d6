package markup

import (
	"strconv"
	"strings"

	"github.com/yuin/goldmark/ast"
	east "github.com/yuin/goldmark/extension/ast"
	"github.com/yuin/goldmark/text"
)

// MarkdownToWiki converts Markdown (CommonMark with GitHub's tables, task lists,
// strikethrough and links) to Jira's wiki markup. Characters that Jira would
// read as markup are escaped where they would be. Mentions in wiki form
// ([~accountid:…], [~name]) or as [WikiToMarkdown] writes them (@[accountid:…])
// become mentions. Wiki markup that is clearly meant as such passes as it is:
// lines such as "h3. Title" and "||a||b||", {code}, {noformat}, {panel}, {quote}
// and {color}. HTML is text, but for <br>.
func MarkdownToWiki(md string) string {
	md = clean(md)
	if md == "" {
		return ""
	}
	var out []string
	for _, s := range segments(md) {
		if s.wiki {
			out = append(out, s.text)
			continue
		}
		for _, chunk := range chunks(s.text) {
			if text := convert(chunk, s.mixed, 0); text != "" {
				out = append(out, text)
			}
		}
	}
	if len(out) == 0 {
		return escaped(md)
	}
	return strings.Join(out, "\n\n")
}

// escaped is text without any markup, for what is nothing but Markdown's own
// definitions.
func escaped(s string) string {
	var in inline
	for i, line := range strings.Split(strings.Trim(s, "\n"), "\n") {
		if i > 0 {
			in.add(lineEnd, "\n")
		}
		in.add(quoted, line)
	}
	return in.wiki(inBlock)
}

// convert converts Markdown without wiki blocks. Mixed text has wiki markup
// around it, so that *single stars* mean strong.
func convert(md string, mixed bool, depth int) string {
	source := []byte(loosen(md))
	doc := newParser(mixed).Parse(text.NewReader(source))
	if inner, ok := wrapped(doc, source); ok && depth == 0 {
		return convert(inner, mixed, depth+1)
	}
	w := &wikiWriter{source: source, mixed: mixed}
	w.blocks(doc, frame{})
	return strings.Trim(w.b.String(), "\n")
}

// wrapped returns the inside of an answer that is one block of code in Markdown,
// as models sometimes wrap all they say.
func wrapped(doc ast.Node, source []byte) (string, bool) {
	code, ok := doc.FirstChild().(*ast.FencedCodeBlock)
	if !ok || doc.ChildCount() != 1 {
		return "", false
	}
	switch strings.ToLower(string(code.Language(source))) {
	case "markdown", "md":
		return lines(code, source), true
	}
	return "", false
}

// frame is the place of a block in the document.
type frame struct {
	prefix string // the list markers around it, such as "*#"
	quote  bool   // within {quote}
	depth  int
}

// Bounds of what is nested: Jira shows no more levels of lists, and the walk is
// recursive.
const (
	maxList  = 12
	maxDepth = 200
)

// wikiWriter writes the blocks of a document.
type wikiWriter struct {
	source []byte
	mixed  bool
	b      strings.Builder
}

// separate begins a new block: after an empty line, or, in a list, where that
// would end the list, in a new line.
func (w *wikiWriter) separate(f frame) {
	s := w.b.String()
	if s == "" || strings.HasSuffix(s, "\n\n") {
		return
	}
	if !strings.HasSuffix(s, "\n") {
		w.b.WriteString("\n")
	}
	if f.prefix == "" && !strings.HasSuffix(s, "{quote}\n") {
		w.b.WriteString("\n")
	}
}

func (w *wikiWriter) blocks(parent ast.Node, f frame) {
	if f.depth > maxDepth {
		w.separate(f)
		w.b.WriteString(w.plain(parent))
		return
	}
	f.depth++
	for n := parent.FirstChild(); n != nil; n = n.NextSibling() {
		w.block(n, f)
	}
}

func (w *wikiWriter) block(n ast.Node, f frame) {
	switch n := n.(type) {
	case *ast.List:
		w.list(n, f)
		return
	case *ast.Blockquote:
		w.quote(n, f)
		return
	}
	s := w.leaf(n, f)
	if s == "" {
		return
	}
	w.separate(f)
	w.b.WriteString(s)
}

// leaf writes a block that contains no other blocks.
func (w *wikiWriter) leaf(n ast.Node, f frame) string {
	switch n := n.(type) {
	case *ast.Heading:
		return w.heading(n, f)
	case *ast.ThematicBreak:
		return "----"
	case *ast.FencedCodeBlock:
		return codeBlock(string(n.Language(w.source)), lines(n, w.source))
	case *ast.CodeBlock:
		return codeBlock("", lines(n, w.source))
	case *ast.HTMLBlock:
		return w.html(n)
	case *east.Table:
		return w.table(n)
	}
	return w.inline(n, inBlock)
}

func (w *wikiWriter) heading(n *ast.Heading, f frame) string {
	s := w.inline(n, inHeading)
	if s == "" {
		return ""
	}
	if f.prefix != "" {
		return "*" + strings.ReplaceAll(s, "*", "") + "*"
	}
	return "h" + strconv.Itoa(n.Level) + ". " + s
}

// quote writes a block quote. Jira's do not nest.
func (w *wikiWriter) quote(n *ast.Blockquote, f frame) {
	if f.quote {
		w.blocks(n, f)
		return
	}
	w.separate(f)
	w.b.WriteString("{quote}\n")
	before := w.b.Len()
	inner := frame{quote: true, depth: f.depth}
	w.blocks(n, inner)
	if w.b.Len() > before {
		w.b.WriteString("\n")
	}
	w.b.WriteString("{quote}")
}

// html writes a block of HTML as text.
func (w *wikiWriter) html(n *ast.HTMLBlock) string {
	s := lines(n, w.source)
	if n.HasClosure() {
		s += string(n.ClosureLine.Value(w.source))
	}
	var in inline
	for i, line := range strings.Split(strings.Trim(s, "\n"), "\n") {
		if i > 0 {
			in.add(lineEnd, "\n")
		}
		in.add(literal, line)
	}
	return in.wiki(inBlock)
}

// plain is all the text below a node, for what is nested too deep.
func (w *wikiWriter) plain(n ast.Node) string {
	var in inline
	stack := []ast.Node{n}
	for len(stack) > 0 {
		top := stack[len(stack)-1]
		stack = stack[:len(stack)-1]
		if t, ok := top.(*ast.Text); ok {
			in.add(literal, string(t.Segment.Value(w.source))+" ")
		}
		if top.Type() == ast.TypeBlock && top.FirstChild() == nil {
			in.add(literal, strings.Join(strings.Fields(lines(top, w.source)), " ")+" ")
		}
		for c := top.LastChild(); c != nil; c = c.PreviousSibling() {
			stack = append(stack, c)
		}
	}
	return in.wiki(inBlock)
}

// lines is the raw text of a block.
func lines(n ast.Node, source []byte) string {
	var b strings.Builder
	all := n.Lines()
	for i := range all.Len() {
		line := all.At(i)
		b.Write(line.Value(source))
	}
	return b.String()
}
