package markdown

import (
	"strings"

	"github.com/yuin/goldmark/ast"
	east "github.com/yuin/goldmark/extension/ast"
	"github.com/yuin/goldmark/parser"

	"github.com/aofctl/aofctl/internal/markup/doc"
)

// reader makes a document of what goldmark parsed.
type reader struct {
	source []byte
	mixed  bool
	parser parser.Parser
	depth  int
	ends   map[ast.Node]*ast.HTMLBlock // of <details>
	quoted map[*doc.Node]bool          // texts whose stars the author escaped
}

// blocks reads the blocks below a node.
func (r *reader) blocks(parent ast.Node, depth int) []*doc.Node {
	if depth >= doc.MaxDepth {
		return r.plain(parent)
	}
	r.findEnds(parent)
	var out []*doc.Node
	for n := parent.FirstChild(); n != nil; n = n.NextSibling() {
		if html, ok := n.(*ast.HTMLBlock); ok {
			var expand []*doc.Node
			if expand, n = r.details(html, depth); expand != nil {
				out = append(out, expand...)
				continue
			}
		}
		if b := r.block(n, depth+1); b != nil {
			out = append(out, b)
		}
	}
	return out
}

func (r *reader) block(n ast.Node, depth int) *doc.Node {
	switch n := n.(type) {
	case *ast.List:
		return r.list(n, depth)
	case *ast.Blockquote:
		return r.quote(n, depth)
	case *ast.Heading:
		return nonEmpty(&doc.Node{Kind: doc.Heading, Level: n.Level, Children: withoutBreaks(r.inline(n))})
	case *ast.ThematicBreak:
		return doc.New(doc.Rule)
	case *ast.FencedCodeBlock:
		c := code(string(n.Language(r.source)), r.lines(n))
		if n.Info != nil {
			c.Title = codeTitle(string(n.Info.Segment.Value(r.source)))
		}
		return c
	case *ast.CodeBlock:
		return code("", r.lines(n))
	case *ast.HTMLBlock:
		return nonEmpty(textLines(r.html(n)))
	case *east.Table:
		return r.table(n)
	}
	return nonEmpty(&doc.Node{Kind: doc.Paragraph, Children: r.inline(n)})
}

func nonEmpty(n *doc.Node) *doc.Node {
	if len(n.Children) == 0 {
		return nil
	}
	return n
}

func withoutBreaks(nodes []*doc.Node) []*doc.Node {
	for i, n := range nodes {
		if n.Kind == doc.Break {
			nodes[i] = doc.NewText(doc.Text, " ")
		}
		withoutBreaks(n.Children)
	}
	return doc.Tidy(nodes)
}

// codeTitle reads title="…" of what follows a fence.
func codeTitle(info string) string {
	_, rest, ok := strings.Cut(info, " title=\"")
	if !ok {
		return ""
	}
	title, _, _ := strings.Cut(rest, "\"")
	return doc.OneLine(title)
}

func code(language, body string) *doc.Node {
	return &doc.Node{Kind: doc.Code, Target: language, Text: strings.TrimRight(body, "\n")}
}

func (r *reader) list(n *ast.List, depth int) *doc.Node {
	out := doc.New(doc.Bullets)
	if n.IsOrdered() {
		out = &doc.Node{Kind: doc.Numbers, Level: n.Start}
	}
	for item := n.FirstChild(); item != nil; item = item.NextSibling() {
		out.Add(&doc.Node{Kind: doc.Item, Task: task(item.FirstChild()), Children: r.blocks(item, depth)})
	}
	return out
}

// task reads the box of a task list's item.
func task(n ast.Node) doc.Task {
	if n == nil {
		return doc.NoTask
	}
	box, ok := n.FirstChild().(*east.TaskCheckBox)
	switch {
	case !ok:
		return doc.NoTask
	case box.IsChecked:
		return doc.Done
	}
	return doc.Todo
}

// quote reads a block quote, which is a panel if it begins with [!NOTE] or the
// like, as on GitHub, perhaps with a title.
func (r *reader) quote(n *ast.Blockquote, depth int) *doc.Node {
	out := doc.New(doc.Quote, r.blocks(n, depth)...)
	if len(out.Children) == 0 {
		return nil
	}
	name := r.alert(n.FirstChild())
	first := out.Children[0]
	if name == "" || first.Kind != doc.Paragraph {
		return out
	}
	out.Kind, out.Target = doc.Panel, name
	var title []*doc.Node
	rest := first.Children
	for len(rest) > 0 && rest[0].Kind != doc.Break {
		title, rest = append(title, rest[0]), rest[1:]
	}
	_, out.Text, _ = strings.Cut(doc.Flat(title...), "]")
	out.Text = strings.TrimSpace(out.Text)
	out.Children = out.Children[1:]
	if body := doc.Tidy(rest); len(body) > 0 {
		out.Children = append([]*doc.Node{doc.New(doc.Paragraph, body...)}, out.Children...)
	}
	return out
}

// alert returns the name of the panel that a paragraph begins, or "".
func (r *reader) alert(n ast.Node) string {
	if n == nil || n.Kind() != ast.KindParagraph || n.Lines().Len() == 0 {
		return ""
	}
	first := n.Lines().At(0)
	name, _, ok := strings.Cut(strings.TrimSpace(string(first.Value(r.source))), "]")
	if !ok || !strings.HasPrefix(name, "[!") {
		return ""
	}
	return doc.PanelName(name[2:])
}

// table reads a table. A heading row without any text is none.
func (r *reader) table(n *east.Table) *doc.Node {
	out := doc.New(doc.Table)
	width := 0
	for row := n.FirstChild(); row != nil; row = row.NextSibling() {
		_, head := row.(*east.TableHeader)
		cells := doc.New(doc.Row)
		filled := false
		for cell := row.FirstChild(); cell != nil; cell = cell.NextSibling() {
			c := &doc.Node{Kind: doc.Cell, Head: head}
			if in := r.inline(cell); len(in) > 0 {
				filled = true
				c.Add(doc.New(doc.Paragraph, in...))
			}
			cells.Add(c)
		}
		width = max(width, len(cells.Children))
		if filled || !head || row.NextSibling() == nil {
			out.Add(cells)
		}
	}
	return out
}

// plain is all the text below a node, for what is nested too deep.
func (r *reader) plain(n ast.Node) []*doc.Node {
	var b strings.Builder
	stack := []ast.Node{n}
	for len(stack) > 0 {
		top := stack[len(stack)-1]
		stack = stack[:len(stack)-1]
		if t, ok := top.(*ast.Text); ok {
			b.Write(t.Segment.Value(r.source))
			b.WriteByte(' ')
		}
		if top.Type() == ast.TypeBlock && top.FirstChild() == nil {
			b.WriteString(r.lines(top) + " ")
		}
		for c := top.LastChild(); c != nil; c = c.PreviousSibling() {
			stack = append(stack, c)
		}
	}
	s := doc.OneLine(b.String())
	if s == "" {
		return nil
	}
	return []*doc.Node{doc.New(doc.Paragraph, doc.NewText(doc.Text, s))}
}

// lines is the raw text of a block.
func (r *reader) lines(n ast.Node) string {
	var b strings.Builder
	all := n.Lines()
	for i := range all.Len() {
		line := all.At(i)
		b.Write(line.Value(r.source))
	}
	return b.String()
}
