package storage

import (
	"regexp"
	"strconv"

	"github.com/aofctl/aofctl/internal/markup/doc"
)

// lines are the blocks of a cell, which in Markdown is one line with breaks: a
// paragraph for each, and lists of those that begin as items of one do.
func lines(list []*doc.Node) []*doc.Node {
	var out []*doc.Node
	for _, n := range list {
		if n.Kind != doc.Paragraph {
			out = append(out, n)
			continue
		}
		start := 0
		for i := 0; i <= len(n.Children); i++ {
			if i < len(n.Children) && n.Children[i].Kind != doc.Break {
				continue
			}
			if in := doc.Tidy(n.Children[start:i]); len(in) > 0 {
				out = addLine(out, in)
			}
			start = i + 1
		}
	}
	return out
}

var bullet = regexp.MustCompile(`^(?:-|\*|([0-9]{1,9})\.) (?:\[([ xX])\] )?`)

// addLine adds a line, which may be the next item of the list before it.
func addLine(out, in []*doc.Node) []*doc.Node {
	begin := []string(nil)
	if in[0].Kind == doc.Text {
		begin = bullet.FindStringSubmatch(in[0].Text)
	}
	if begin == nil {
		return append(out, doc.New(doc.Paragraph, in...))
	}
	item, list := doc.New(doc.Item), doc.New(doc.Bullets)
	switch begin[2] {
	case " ":
		item.Task = doc.Todo
	case "x", "X":
		item.Task = doc.Done
	}
	if rest := doc.Tidy(append([]*doc.Node{doc.NewText(doc.Text, in[0].Text[len(begin[0]):])}, in[1:]...)); len(rest) > 0 {
		item.Add(doc.New(doc.Paragraph, rest...))
	}
	if n, err := strconv.Atoi(begin[1]); err == nil {
		list.Kind, list.Level = doc.Numbers, n
	}
	if len(out) > 0 && out[len(out)-1].Kind == list.Kind {
		last := out[len(out)-1]
		out[len(out)-1] = &doc.Node{Kind: last.Kind, Level: last.Level, Children: append(last.Children[:len(last.Children):len(last.Children)], item)}
		return out
	}
	list.Add(item)
	return append(out, list)
}
