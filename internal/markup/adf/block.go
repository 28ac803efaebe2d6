package adf

import (
	"strings"

	"github.com/aofctl/aofctl/internal/markup/doc"
)

// blocks writes blocks; nodes that are not allowed in the place may be among
// them.
func (w *writer) blocks(list []*doc.Node, p place) []*node {
	var out []*node
	var run []*doc.Node
	flush := func() {
		if in := doc.Tidy(run); len(in) > 0 {
			out = append(out, w.paragraph(in)...)
		}
		run = nil
	}
	for _, n := range list {
		if n.Inline() {
			run = append(run, n)
			continue
		}
		flush()
		out = append(out, w.block(n, p)...)
	}
	flush()
	return out
}

func (w *writer) block(n *doc.Node, p place) []*node {
	switch n.Kind {
	case doc.Heading:
		return w.heading(n, p)
	case doc.Bullets, doc.Numbers:
		return w.list(n, p)
	case doc.Code:
		return w.code(n)
	case doc.Quote:
		if p == inQuote {
			return w.blocks(n.Children, p)
		}
		return within(w.blocks(n.Children, inQuote), inQuote, func(c []*node) *node { return &node{Type: "blockquote", Content: c} })
	case doc.Rule:
		return []*node{{Type: "rule"}}
	case doc.Table:
		return w.table(n)
	case doc.Panel:
		return w.panel(n)
	case doc.Expand:
		return w.expand(n, p)
	case doc.Wiki:
		return []*node{codeBlock(n)}
	case doc.Document, doc.Item, doc.Row, doc.Cell:
		return w.blocks(n.Children, p)
	}
	return w.paragraph(n.Children)
}

func (w *writer) heading(n *doc.Node, p place) []*node {
	if !p.allows("heading") {
		return w.paragraph(doc.Tidy([]*doc.Node{doc.New(doc.Strong, n.Children...)}))
	}
	content := w.inline(n.Children)
	if len(content) == 0 {
		return nil
	}
	return []*node{{Type: "heading", Attrs: map[string]any{"level": min(max(n.Level, 1), 6)}, Content: content}}
}

// code writes a block of code, its title before it.
func (w *writer) code(n *doc.Node) []*node {
	if n.Title == "" {
		return []*node{codeBlock(n)}
	}
	title := w.paragraph([]*doc.Node{doc.New(doc.Strong, doc.NewText(doc.Text, n.Title))})
	return append(title, codeBlock(n))
}

func codeBlock(n *doc.Node) *node {
	out := &node{Type: "codeBlock"}
	if n.Target != "" {
		out.Attrs = map[string]any{"language": n.Target}
	}
	if n.Text != "" {
		out.Content = []*node{{Type: "text", Text: n.Text}}
	}
	return out
}

// paragraph writes a paragraph; one of nothing but pictures becomes these.
func (w *writer) paragraph(in []*doc.Node) []*node {
	if media := pictures(in); media != nil {
		return media
	}
	content := w.inline(in)
	if len(content) == 0 {
		return nil
	}
	return []*node{{Type: "paragraph", Content: content}}
}

func pictures(in []*doc.Node) []*node {
	var out []*node
	for _, n := range in {
		switch {
		case n.Kind == doc.Break || n.Kind == doc.Text && strings.TrimSpace(n.Text) == "":
		case n.Kind == doc.Image && web(n.Target):
			attrs := map[string]any{"type": "external", "url": n.Target}
			if n.Text != "" {
				attrs["alt"] = n.Text
			}
			out = append(out, &node{Type: "mediaSingle", Attrs: map[string]any{"layout": "center"}, Content: []*node{{Type: "media", Attrs: attrs}}})
		default:
			return nil
		}
	}
	return out
}

func web(url string) bool {
	return strings.HasPrefix(url, "https://") || strings.HasPrefix(url, "http://")
}

func (w *writer) panel(n *doc.Node) []*node {
	kind := doc.PanelName(n.Target)
	if kind == "" || kind == "panel" {
		kind = "custom"
	}
	body := w.blocks(n.Children, inPanel)
	if n.Text != "" {
		title := doc.New(doc.Paragraph, doc.New(doc.Strong, doc.NewText(doc.Text, n.Text)))
		body = append(w.block(title, inPanel), body...)
	}
	return within(body, inPanel, func(c []*node) *node {
		return &node{Type: "panel", Attrs: map[string]any{"panelType": kind}, Content: c}
	})
}

func (w *writer) expand(n *doc.Node, p place) []*node {
	kind, inner := "expand", inExpand
	if p == inExpand || p == inCell {
		kind, inner = "nestedExpand", inNested
	}
	return within(w.blocks(n.Children, inner), inner, func(c []*node) *node {
		return &node{Type: kind, Attrs: map[string]any{"title": n.Text}, Content: c}
	})
}

func (w *writer) table(n *doc.Node) []*node {
	out := &node{Type: "table"}
	width := 1
	for _, row := range n.Children {
		width = max(width, min(len(row.Children), doc.MaxColumns))
	}
	for _, row := range n.Children {
		r := &node{Type: "tableRow"}
		for _, cell := range row.Children {
			r.Content = append(r.Content, w.cell(cell))
		}
		for len(r.Content) < width {
			r.Content = append(r.Content, w.cell(&doc.Node{Head: len(row.Children) > 0 && row.Children[0].Head}))
		}
		out.Content = append(out.Content, r)
	}
	if len(out.Content) == 0 {
		return nil
	}
	return []*node{out}
}

// cell writes a cell. What is not allowed in it gives its text.
func (w *writer) cell(n *doc.Node) *node {
	out := &node{Type: "tableCell"}
	if n.Head {
		out.Type = "tableHeader"
	}
	for _, c := range w.blocks(n.Children, inCell) {
		if !inCell.allows(c.Type) {
			c = &node{Type: "paragraph", Content: textNodes(c)}
		}
		out.Content = append(out.Content, c)
	}
	if len(out.Content) == 0 {
		out.Content = []*node{{Type: "paragraph"}}
	}
	return out
}

// textNodes are the inline nodes below a node, with spaces between.
func textNodes(n *node) []*node {
	var out []*node
	for _, c := range n.Content {
		switch c.Type {
		case "text":
			out = append(out, &node{Type: "text", Text: c.Text})
		case "mention", "emoji", "hardBreak":
			out = append(out, c)
		default:
			out = append(append(out, textNodes(c)...), &node{Type: "text", Text: " "})
		}
	}
	return out
}
