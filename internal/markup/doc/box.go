package doc

import "strings"

// The boxes of tasks where a format has no tasks.
const (
	boxTodo = "\u2610 "
	boxDone = "\u2611 "
)

// WithBox returns what an item holds, with a box in its text if it is a task.
func WithBox(item *Node) []*Node {
	if item.Task == NoTask {
		return item.Children
	}
	box := NewText(Text, boxTodo)
	if item.Task == Done {
		box = NewText(Text, boxDone)
	}
	if len(item.Children) == 0 || item.Children[0].Kind != Paragraph {
		return append([]*Node{New(Paragraph, box)}, item.Children...)
	}
	first := New(Paragraph, append([]*Node{box}, item.Children[0].Children...)...)
	return append([]*Node{first}, item.Children[1:]...)
}

// ReadBox makes a task of an item that begins with a box.
func ReadBox(item *Node) {
	if len(item.Children) == 0 || item.Children[0].Kind != Paragraph {
		return
	}
	p := item.Children[0]
	if len(p.Children) == 0 || p.Children[0].Kind != Text {
		return
	}
	box, rest, _ := strings.Cut(p.Children[0].Text, " ")
	switch box {
	case strings.TrimSpace(boxTodo):
		item.Task = Todo
	case strings.TrimSpace(boxDone):
		item.Task = Done
	default:
		return
	}
	p.Children = Tidy(append([]*Node{NewText(Text, rest)}, p.Children[1:]...))
	if len(p.Children) == 0 {
		item.Children = item.Children[1:]
	}
}
