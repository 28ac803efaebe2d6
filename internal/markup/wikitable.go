package markup

import "strings"

// Bounds of tables: a row that goes over more lines than this is not one.
const maxRowLines = 50

// table writes the rows from the current position on as a Markdown table. Jira's
// need no heading, Markdown's do.
func (r *wikiReader) table() {
	var rows [][]string
	head := false
	for r.pos < len(r.items) {
		line, ok := r.row()
		if !ok {
			break
		}
		if len(rows) == 0 {
			head = strings.HasPrefix(line, "||")
		}
		rows = append(rows, wikiCells(line))
	}
	columns := 1
	for _, row := range rows {
		columns = max(columns, len(row))
	}
	columns = min(columns, maxColumns)
	if !head {
		rows = append([][]string{nil}, rows...)
	}
	for _, row := range rows {
		for i, cell := range row {
			row[i] = cellText(wikiPhrase(strings.TrimSpace(cell)))
		}
	}
	r.list = listState{}
	r.write(otherBlock, tableRows(rows, columns))
}

// maxColumns bounds the width of a table, so that short rows cannot be padded
// without end.
const maxColumns = 100

// row takes one row, which may go over several lines.
func (r *wikiReader) row() (string, bool) {
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

// wikiCells splits a row at its bars, but not within links, images and macros or
// where a bar is escaped.
func wikiCells(line string) []string {
	var cells []string
	start, i := 0, 0
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
				cells = append(cells, line[start:i])
			}
			i++
			if i < len(line) && line[i] == '|' {
				i++
			}
			start = i
			continue
		}
		i++
	}
	if start < len(line) {
		cells = append(cells, line[start:])
	}
	return cells
}

// atomLength is the length of what begins a text and may hold bars that do not
// end a cell: [text|url], {{code}}, {macro:a|b}, !image|thumbnail!.
func atomLength(s string) int {
	s = s[:min(len(s), maxInline)]
	end := 0
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
		if _, n := wikiImage([]byte(s)); n > 0 {
			return n
		}
	}
	if end <= 1 {
		return 0
	}
	return end + 1
}

// cellText makes text fit into a table cell.
func cellText(s string) string {
	s = strings.ReplaceAll(s, `\|`, "|")
	s = strings.ReplaceAll(s, "|", `\|`)
	return strings.ReplaceAll(strings.TrimSpace(s), "\n", "<br>")
}
