package adf

import (
	"github.com/aofctl/aofctl/internal/markup/doc"
)

// maxLists bounds how deep lists nest, as editors do. The items of lists further
// down follow the item that they stand in.
const maxLists = 6

// items are the items of a list, with those of lists that are nested too deep.
func (w *writer) items(n *doc.Node) []*doc.Node {
	if w.lists < maxLists {
		return n.Children
	}
	var out []*doc.Node
	for _, item := range n.Children {
		current := &doc.Node{Kind: doc.Item, Task: item.Task}
		for _, c := range item.Children {
			if !c.List() {
				current.Add(c)
				continue
			}
			if len(current.Children) > 0 {
				out = append(out, current)
				current = &doc.Node{Kind: doc.Item, Task: item.Task}
			}
			out = append(out, w.items(c)...)
		}
		if len(current.Children) > 0 || len(item.Children) == 0 {
			out = append(out, current)
		}
	}
	return out
}

// list writes a list. Where an item holds what an item may not, the list ends
// before it and goes on behind it.
func (w *writer) list(n *doc.Node, p place) []*node {
	if len(n.Children) == 0 {
		return nil
	}
	if isTaskList(n) && p.allows("taskList") {
		return []*node{w.taskList(n)}
	}
	w.lists++
	defer func() { w.lists-- }()
	var out []*node
	number := max(n.Level, 0)
	var current *node
	for _, item := range w.items(n) {
		content, rest := w.item(item)
		if current == nil {
			current = newList(n.Kind, number)
			out = append(out, current)
		}
		number++
		current.Content = append(current.Content, &node{Type: "listItem", Content: content})
		if len(rest) > 0 {
			out = append(out, rest...)
			current = nil
		}
	}
	return out
}

func newList(kind doc.Kind, number int) *node {
	if kind == doc.Bullets {
		return &node{Type: "bulletList"}
	}
	out := &node{Type: "orderedList"}
	if number != 1 {
		out.Attrs = map[string]any{"order": number}
	}
	return out
}

// item writes what an item holds, up to the first node that has to stand behind
// the list.
func (w *writer) item(item *doc.Node) (content, rest []*node) {
	all := w.blocks(doc.WithBox(item), inItem)
	for i, n := range all {
		if !inItem.allows(n.Type) {
			all, rest = all[:i], all[i:]
			break
		}
	}
	if len(all) == 0 || !firstInItem(all[0].Type) {
		all = append([]*node{{Type: "paragraph"}}, all...)
	}
	return all, rest
}

// firstInItem reports whether a node may begin an item: editors do not take
// lists there.
func firstInItem(kind string) bool {
	return kind == "paragraph" || kind == "codeBlock" || kind == "mediaSingle"
}

// isTaskList reports whether a list holds nothing but tasks, of text and of
// lists of tasks.
func isTaskList(n *doc.Node) bool {
	if n.Kind != doc.Bullets || len(n.Children) == 0 {
		return false
	}
	for _, item := range n.Children {
		if item.Task == doc.NoTask {
			return false
		}
		for i, c := range item.Children {
			if (i > 0 || c.Kind != doc.Paragraph) && !isTaskList(c) {
				return false
			}
		}
	}
	return true
}

func (w *writer) taskList(n *doc.Node) *node {
	w.lists++
	defer func() { w.lists-- }()
	out := &node{Type: "taskList", Attrs: w.id()}
	for _, item := range w.items(n) {
		task := &node{Type: "taskItem", Attrs: w.id()}
		task.Attrs["state"] = "TODO"
		if item.Task == doc.Done {
			task.Attrs["state"] = "DONE"
		}
		out.Content = append(out.Content, task)
		for _, c := range item.Children {
			if c.Kind == doc.Paragraph {
				task.Content = w.inline(c.Children)
				continue
			}
			out.Content = append(out.Content, w.taskList(c))
		}
	}
	return out
}
