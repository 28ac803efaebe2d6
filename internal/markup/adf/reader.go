package adf

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/aofctl/aofctl/internal/markup/doc"
)

// Parse reads a document. Nodes that it does not know give the text that they
// hold, or their type in the brackets of [doc.Key]. What is no JSON, or no
// document, is the text that it is.
func Parse(raw []byte) *doc.Node {
	var decoded any
	if err := json.Unmarshal(raw, &decoded); err != nil {
		return plain(string(raw))
	}
	switch top := decoded.(type) {
	case string:
		return plain(top)
	case nil:
		return doc.New(doc.Document)
	case map[string]any:
		n := jsonNode(top)
		if n.kind() == "" && len(n.content()) == 0 {
			break
		}
		r := reader{}
		if n.kind() == "doc" {
			return doc.New(doc.Document, r.blocks(n.content(), 0)...)
		}
		return doc.New(doc.Document, r.blocks([]jsonNode{n}, 0)...)
	}
	return plain(string(raw))
}

// plain is a document of text, each line as it is.
func plain(s string) *doc.Node {
	p := doc.New(doc.Paragraph)
	for i, line := range strings.Split(strings.TrimSpace(doc.Clean(s)), "\n") {
		if i > 0 {
			p.Add(doc.New(doc.Break))
		}
		p.Add(doc.NewText(doc.Text, line))
	}
	p.Children = doc.Tidy(p.Children)
	return doc.New(doc.Document, p)
}

// jsonNode is a node as it was decoded. Members of a type that the schema does
// not allow are as good as absent.
type jsonNode map[string]any

func (n jsonNode) kind() string { return member(n, "type") }

func (n jsonNode) text() string { return member(n, "text") }

func (n jsonNode) attr(name string) string {
	attrs, _ := n["attrs"].(map[string]any)
	return member(attrs, name)
}

// content returns the nodes below. What is no node is text.
func (n jsonNode) content() []jsonNode { return nodes(n["content"]) }

func (n jsonNode) marks() []jsonNode { return nodes(n["marks"]) }

func nodes(v any) []jsonNode {
	list, _ := v.([]any)
	out := make([]jsonNode, 0, len(list))
	for _, item := range list {
		switch item := item.(type) {
		case map[string]any:
			out = append(out, item)
		case string:
			out = append(out, jsonNode{"type": "text", "text": item})
		}
	}
	return out
}

// member returns a member as text.
func member(m map[string]any, name string) string {
	switch v := m[name].(type) {
	case string:
		return doc.Clean(v)
	case float64:
		return fmt.Sprintf("%.0f", v)
	}
	return ""
}

// number reads an attribute that counts something.
func (n jsonNode) number(name string, otherwise int) int {
	if v, err := strconv.Atoi(n.attr(name)); err == nil && v >= 0 && v < 1e9 {
		return v
	}
	return otherwise
}

// reader makes a document of nodes.
type reader struct{}

// blocks reads nodes as blocks. Inline nodes that stand among them, which the
// schema forbids, are a paragraph together.
func (r reader) blocks(list []jsonNode, depth int) []*doc.Node {
	var out []*doc.Node
	var run []jsonNode
	flush := func() {
		if in := r.inline(run); len(in) > 0 {
			out = append(out, doc.New(doc.Paragraph, in...))
		}
		run = nil
	}
	for _, n := range list {
		if isInline(n) {
			run = append(run, n)
			continue
		}
		flush()
		out = append(out, r.block(n, depth+1)...)
	}
	flush()
	return out
}

func isInline(n jsonNode) bool {
	switch n.kind() {
	case "text", "hardBreak", "mention", "emoji", "inlineCard", "status", "date", "mediaInline", "placeholder", "inlineExtension":
		return true
	}
	return n.kind() == "" && n.text() != ""
}

func (r reader) block(n jsonNode, depth int) []*doc.Node {
	if depth > doc.MaxDepth {
		return one(doc.New(doc.Paragraph, doc.NewText(doc.Text, doc.OneLine(n.allText()))))
	}
	switch n.kind() {
	case "paragraph", "caption":
		return one(doc.New(doc.Paragraph, r.inline(n.content())...))
	case "heading":
		return one(r.heading(n))
	case "bulletList", "orderedList", "taskList", "decisionList":
		return one(r.list(n, depth))
	case "codeBlock":
		return one(&doc.Node{Kind: doc.Code, Target: n.attr("language"), Text: codeText(n)})
	case "blockquote":
		return one(doc.New(doc.Quote, r.blocks(n.content(), depth)...))
	case "panel":
		name := doc.Or(doc.PanelName(n.attr("panelType")), "panel")
		return one(&doc.Node{Kind: doc.Panel, Target: name, Children: r.blocks(n.content(), depth)})
	case "expand", "nestedExpand":
		return one(&doc.Node{Kind: doc.Expand, Text: doc.OneLine(n.attr("title")), Children: r.blocks(n.content(), depth)})
	case "rule":
		return one(doc.New(doc.Rule))
	case "table":
		return one(r.table(n, depth))
	case "media", "mediaSingle", "mediaGroup":
		return r.media(n, depth)
	case "blockCard", "embedCard":
		return one(doc.New(doc.Paragraph, card(n)))
	}
	// An unknown node, or one that only holds others.
	below := r.blocks(n.content(), depth)
	if own := n.ownText(); own != "" {
		below = append(one(doc.New(doc.Paragraph, doc.NewText(doc.Text, own))), below...)
	}
	if len(below) == 0 && n.kind() != "" && n.kind() != "doc" {
		return one(doc.New(doc.Paragraph, n.placeholder()))
	}
	return below
}

func one(n *doc.Node) []*doc.Node { return []*doc.Node{n} }

func (r reader) heading(n jsonNode) *doc.Node {
	level := n.number("level", 3)
	if level < 1 || level > 6 {
		level = 3
	}
	return &doc.Node{Kind: doc.Heading, Level: level, Children: r.inline(n.content())}
}

// codeText is the text of a code block. Its line ends may be hard breaks.
func codeText(n jsonNode) string {
	var b strings.Builder
	for _, c := range n.content() {
		if c.kind() == "hardBreak" {
			b.WriteByte('\n')
			continue
		}
		b.WriteString(doc.Or(c.text(), c.allText()))
	}
	return b.String()
}

// allText is the text below a node.
func (n jsonNode) allText() string {
	var parts []string
	stack := []jsonNode{n}
	for len(stack) > 0 {
		top := stack[len(stack)-1]
		stack = stack[:len(stack)-1]
		if s := top.ownText(); s != "" {
			parts = append(parts, s)
		}
		below := top.content()
		for _, c := range slices.Backward(below) {
			stack = append(stack, c)
		}
	}
	return strings.Join(parts, " ")
}

// ownText is the text that a node itself holds.
func (n jsonNode) ownText() string { return doc.Or(n.text(), n.attr("text")) }

// placeholder stands for a node without any text.
func (n jsonNode) placeholder() *doc.Node {
	label := n.kind()
	if key := n.attr("extensionKey"); key != "" {
		label += " " + key
	}
	return doc.NewText(doc.Macro, doc.OneLine(label))
}

func (r reader) table(n jsonNode, depth int) *doc.Node {
	var rows [][]doc.Spanned
	for _, row := range n.content() {
		var cells []doc.Spanned
		for _, c := range row.content() {
			cell := &doc.Node{Kind: doc.Cell, Head: c.kind() == "tableHeader", Children: r.blocks(c.content(), depth+2)}
			cells = append(cells, doc.Spanned{Cell: cell, Cols: c.number("colspan", 1), Rows: c.number("rowspan", 1)})
		}
		rows = append(rows, cells)
	}
	return doc.Grid(rows)
}

// media reads pictures and files. A file's name is its alt text.
func (r reader) media(n jsonNode, depth int) []*doc.Node {
	p := doc.New(doc.Paragraph)
	var out []*doc.Node
	list := n.content()
	if n.kind() == "media" {
		list = []jsonNode{n}
	}
	for _, c := range list {
		if c.kind() != "media" {
			out = append(out, r.block(c, depth+1)...)
			continue
		}
		if m := mediaNode(c); m != nil {
			if len(p.Children) > 0 {
				p.Add(doc.New(doc.Break))
			}
			p.Add(m)
		}
	}
	if len(p.Children) > 0 {
		out = append(one(p), out...)
	}
	return out
}

func mediaNode(n jsonNode) *doc.Node {
	alt := doc.OneLine(n.attr("alt"))
	if url := n.attr("url"); url != "" {
		return &doc.Node{Kind: doc.Image, Target: doc.OneLine(url), Text: alt}
	}
	if name := doc.Or(alt, n.attr("id")); name != "" {
		return doc.NewText(doc.Text, "[attachment: "+name+"]")
	}
	return nil
}
