package wiki

import (
	"strings"

	"github.com/aofctl/aofctl/internal/markup/doc"
)

// listMarker returns the marker of a list item, such as "*" or "#*", or "".
func listMarker(line string) string {
	line = strings.TrimLeft(line, " \t")
	rest := strings.TrimLeft(line, "*#-")
	n := len(line) - len(rest)
	if n == 0 || n > maxList*2 || rest != "" && rest[0] != ' ' && rest[0] != '\t' {
		return ""
	}
	if rest == "" && n > 1 {
		return ""
	}
	return line[:n]
}

// listState is the list that is being read: the marker of its last item, and the
// list of each level.
type listState struct {
	marker string
	levels []*doc.Node
}

// item adds an item at the level that its marker tells, to a list of its kind.
// Levels that are left out do not count.
func (l *listState) item(marker string) (item, fresh *doc.Node) {
	kept := 0
	for kept < len(l.marker) && kept < len(marker) && (l.marker[kept] == '#') == (marker[kept] == '#') {
		kept++
	}
	levels := l.levels[:kept:kept]
	if kept < len(marker) {
		list := doc.New(doc.Bullets)
		if marker[len(marker)-1] == '#' {
			list = &doc.Node{Kind: doc.Numbers, Level: 1}
		}
		if kept == 0 {
			fresh = list
		} else {
			parent := levels[kept-1]
			last := parent.Children[len(parent.Children)-1]
			last.Add(list)
		}
		for len(levels) < len(marker) {
			levels = append(levels, list)
		}
	}
	l.marker, l.levels = marker, levels
	item = doc.New(doc.Item)
	levels[len(levels)-1].Add(item)
	return item, fresh
}

// listItem reads an item of a list.
func (r *reader) listItem(line string) {
	marker := listMarker(line)
	text := strings.TrimSpace(strings.TrimLeft(strings.TrimSpace(line), "*#-"))
	r.para = nil
	item, fresh := r.list.item(marker)
	if fresh != nil {
		r.top().Add(fresh)
	}
	r.last = item
	switch {
	case strings.HasPrefix(text, "(/)"):
		item.Task, text = doc.Done, text[3:]
	case strings.HasPrefix(text, "(x)"):
		item.Task, text = doc.Todo, text[3:]
	}
	if in := phraseNodes(strings.TrimSpace(text)); len(in) > 0 {
		item.Add(doc.New(doc.Paragraph, in...))
	}
}
