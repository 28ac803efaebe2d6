package wiki

import (
	"strings"

	"github.com/aofctl/aofctl/internal/markup/doc"
)

// Bounds of tables: a row that goes over more lines than this is not one.
const maxRowLines = 50

// table reads the rows from the current position on.
func (r *reader) table() {
	table := doc.New(doc.Table)
	for r.pos < len(r.items) {
		line, ok := r.row()
		if !ok {
			break
		}
		row := doc.New(doc.Row)
		for _, c := range wikiCells(line) {
			cell := &doc.Node{Kind: doc.Cell, Head: c.head}
			if in := phraseNodes(strings.TrimSpace(c.text)); len(in) > 0 {
				cell.Add(doc.New(doc.Paragraph, in...))
			}
			row.Add(cell)
		}
		table.Add(row)
	}
	r.add(table)
}

// row takes one row, which may go over several lines.
func (r *reader) row() (string, bool) {
	item := r.items[r.pos]
	line := strings.TrimSpace(item.text)
	if item.tag != "" || !strings.HasPrefix(line, "|") {
		return "", false
	}
	r.pos++
	for n := 0; n < maxRowLines && !strings.HasSuffix(line, "|") && r.pos < len(r.items); n++ {
		next := r.items[r.pos]
		if next.tag != "" || strings.TrimSpace(next.text) == "" || strings.HasPrefix(strings.TrimSpace(next.text), "|") {
			break
		}
		line += `\\` + strings.TrimSpace(next.text)
		r.pos++
	}
	return line, true
}

// wikiCell is a cell as it is written; after two bars it is a heading.
type wikiCell struct {
	text string
	head bool
}

// wikiCells splits a row at its bars, but not within links, images and macros or
// where a bar is escaped.
func wikiCells(line string) []wikiCell {
	var cells []wikiCell
	start, i := 0, 0
	head := false
	for i < len(line) {
		switch c := line[i]; c {
		case '\\':
			i += 2
			continue
		case '[', '{', '!':
			if n := atomLength(line[i:]); n > 0 {
				i += n
				continue
			}
		case '|':
			if i > 0 && start < i {
				cells = append(cells, wikiCell{line[start:i], head})
			}
			i++
			head = i < len(line) && line[i] == '|'
			if head {
				i++
			}
			start = i
			continue
		}
		i++
	}
	if start < len(line) {
		cells = append(cells, wikiCell{line[start:], head})
	}
	return cells
}

// atomLength is the length of what begins a text and may hold bars that do not
// end a cell: [text|url], {{code}}, {macro:a|b}, !image|thumbnail!.
func atomLength(s string) int {
	s = s[:min(len(s), maxInline)]
	var end int
	switch {
	case s[0] == '[':
		end = strings.IndexByte(s, ']')
	case strings.HasPrefix(s, "{{"):
		if end = strings.Index(s, "}}"); end > 0 {
			end++
		}
	case s[0] == '{':
		end = strings.IndexByte(s, '}')
	default:
		return imageLength(s)
	}
	if end <= 1 {
		return 0
	}
	return end + 1
}

// imageLength is the length of !file.png! or !file.png|thumbnail!, or 0.
func imageLength(s string) int {
	end := strings.IndexByte(s[1:], '!')
	if end < 3 || strings.ContainsAny(s[1:end+1], " \n[]{}") || !strings.Contains(s[1:end+1], ".") {
		return 0
	}
	return end + 2
}
