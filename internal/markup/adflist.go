package markup

import (
	"fmt"
	"strconv"
	"strings"
)

// list writes a list, a task list or a list of decisions. Lists directly within
// lists, as task lists nest, are indented.
func (w adfWriter) list(n adfNode, depth int) string {
	number := 1
	if start, err := strconv.Atoi(n.attr("order")); err == nil && start >= 0 && start < 1e9 {
		number = start
	}
	var out []string
	for _, item := range n.content() {
		if strings.HasSuffix(item.kind(), "List") {
			out = append(out, indent(w.block(item, depth+1), 2, true))
			continue
		}
		marker := "- "
		if n.kind() == "orderedList" {
			marker = fmt.Sprintf("%d. ", number)
			number++
		}
		body := w.itemBody(item, depth+1)
		out = append(out, marker+taskBox(item)+indent(body, len(marker), false))
	}
	return strings.Join(out, "\n")
}

// itemBody writes what is in an item. A nested list follows its text without an
// empty line.
func (w adfWriter) itemBody(item adfNode, depth int) string {
	if depth > maxDepth {
		return item.allText()
	}
	var out strings.Builder
	var run []adfNode
	flush := func(next string) {
		text := strings.TrimSpace(w.blocks(run, depth))
		run = nil
		out.WriteString(text)
		if text != "" && next != "" {
			out.WriteByte('\n')
		}
		out.WriteString(next)
	}
	for _, c := range item.content() {
		if !strings.HasSuffix(c.kind(), "List") {
			run = append(run, c)
			continue
		}
		if out.Len() > 0 {
			out.WriteByte('\n')
		}
		flush(w.block(c, depth+1))
	}
	if len(run) > 0 && out.Len() > 0 {
		out.WriteString("\n\n")
	}
	flush("")
	return out.String()
}

func taskBox(item adfNode) string {
	if item.kind() != "taskItem" {
		return ""
	}
	if item.attr("state") == "DONE" {
		return "[x] "
	}
	return "[ ] "
}

// indent indents the lines of a text, its first one only if asked to.
func indent(s string, width int, first bool) string {
	pad := strings.Repeat(" ", width)
	lines := strings.Split(s, "\n")
	for i, line := range lines {
		if line != "" && (i > 0 || first) {
			lines[i] = pad + line
		}
	}
	return strings.Join(lines, "\n")
}

// table writes a table. Markdown's need a heading: without one it is empty.
func (w adfWriter) table(n adfNode, depth int) string {
	var rows [][]string
	head, columns := false, 1
	for i, row := range n.content() {
		var cells []string
		for _, cell := range row.content() {
			cells = append(cells, w.cell(cell, depth+2))
			if i == 0 && cell.kind() == "tableHeader" {
				head = true
			}
		}
		columns = max(columns, len(cells))
		rows = append(rows, cells)
	}
	if len(rows) == 0 {
		return ""
	}
	if !head {
		rows = append([][]string{nil}, rows...)
	}
	return tableRows(rows, min(columns, maxColumns))
}

func (w adfWriter) cell(n adfNode, depth int) string {
	if depth > maxDepth {
		return cellText(n.allText())
	}
	return cellText(w.blocks(n.content(), depth))
}

// tableRows writes rows whose cells are Markdown. The first row is the heading,
// which has to have all columns; the others may have fewer.
func tableRows(rows [][]string, columns int) string {
	var b strings.Builder
	for i, row := range rows {
		b.WriteString("|")
		for c := range row[:min(len(row), columns)] {
			b.WriteString(" " + row[c] + " |")
		}
		if i == 0 {
			b.WriteString(strings.Repeat("  |", max(0, columns-len(row))))
		}
		for _, more := range row[min(len(row), columns):] {
			b.WriteString(" " + more)
		}
		b.WriteString("\n")
		if i == 0 {
			b.WriteString("|" + strings.Repeat(" --- |", columns) + "\n")
		}
	}
	return strings.TrimSuffix(b.String(), "\n")
}
