package adf

import (
	"strings"

	"github.com/aofctl/aofctl/internal/markup/doc"
)

// list reads a list, a task list or a list of decisions. Lists directly within
// lists, as task lists nest, belong to the item before them.
func (r reader) list(n jsonNode, depth int) *doc.Node {
	out := doc.New(doc.Bullets)
	if n.kind() == "orderedList" {
		out.Kind, out.Level = doc.Numbers, n.number("order", 1)
	}
	for _, item := range n.content() {
		if strings.HasSuffix(item.kind(), "List") {
			below := r.block(item, depth+1)
			if len(out.Children) == 0 {
				out.Add(doc.New(doc.Item))
			}
			out.Children[len(out.Children)-1].Add(below...)
			continue
		}
		out.Add(r.item(item, depth+1))
	}
	return out
}

func (r reader) item(n jsonNode, depth int) *doc.Node {
	item := &doc.Node{Kind: doc.Item}
	if depth > doc.MaxDepth {
		item.Add(doc.New(doc.Paragraph, doc.NewText(doc.Text, doc.OneLine(n.allText()))))
		return item
	}
	for _, b := range r.blocks(n.content(), depth) {
		if b.Kind != doc.Paragraph || len(b.Children) > 0 {
			item.Add(b)
		}
	}
	switch n.kind() {
	case "taskItem", "blockTaskItem":
		item.Task = doc.Todo
		if n.attr("state") == "DONE" {
			item.Task = doc.Done
		}
	case "decisionItem":
		item.Children = append([]*doc.Node{doc.NewText(doc.Text, "Decision: ")}, item.Children...)
		flatten(item)
	default:
		doc.ReadBox(item)
	}
	return item
}

// flatten puts text before an item's first paragraph into it.
func flatten(item *doc.Node) {
	if len(item.Children) > 1 && item.Children[1].Kind == doc.Paragraph {
		p := doc.New(doc.Paragraph, doc.Tidy(append(item.Children[:1:1], item.Children[1].Children...))...)
		item.Children = append([]*doc.Node{p}, item.Children[2:]...)
	}
}
