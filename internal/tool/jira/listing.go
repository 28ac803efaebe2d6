package jira

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/aofctl/aofctl/internal/tool"
)

// row makes one line of a list, with the empty columns at its end left out.
func row(cells ...string) string {
	for i, c := range cells {
		cells[i] = strings.ReplaceAll(line(c), "|", "/")
	}
	for len(cells) > 1 && cells[len(cells)-1] == "" {
		cells = cells[:len(cells)-1]
	}
	return strings.Join(cells, " | ")
}

// entries is a part of a list as Jira gave it: the first has the given position,
// and next is the position of what follows, 0 for nothing.
func entries(head string, items []string, start, next int) string {
	if len(items) == 0 {
		return "no " + noun(head)
	}
	var b strings.Builder
	b.WriteString(head + ":")
	for i, item := range items {
		if b.Len()+len(item) <= tool.MaxResult-reserve {
			b.WriteString("\n" + item)
			continue
		}
		if i == 0 {
			b.WriteString("\n" + cut(item, tool.MaxResult-2*reserve))
			i++
		}
		if i < len(items) {
			next = start + i
			fmt.Fprintf(&b, "\ntruncated: %d more of this page; use page_token %d", len(items)-i, next)
			return b.String()
		}
	}
	if next > 0 {
		b.WriteString("\nnext: page_token " + strconv.Itoa(next))
	}
	return b.String()
}

// reserve is room for what follows the last item.
const reserve = 500

// slice shows a part of a list of which we have the whole.
func slice(head string, items []string, start, limit int) string {
	from := min(start, len(items))
	to := min(from+limit, len(items))
	next := 0
	if to < len(items) {
		next = to
	}
	if from > 0 || next > 0 {
		head = fmt.Sprintf("%d of %d %s", to-from, len(items), head)
	}
	return entries(head, items[from:to], from, next)
}

// noun is the head of a list without its columns and counts.
func noun(head string) string {
	name, _, _ := strings.Cut(head, " (")
	if _, after, ok := strings.Cut(name, " of "); ok {
		_, name, _ = strings.Cut(after, " ")
	}
	return name
}

// cut shortens a text that does not fit by itself, and says so.
func cut(text string, most int) string {
	if len(text) <= most {
		return text
	}
	kept := strings.ToValidUTF8(text[:most], "")
	return fmt.Sprintf("%s\ntruncated: %d more bytes of this entry", kept, len(text)-len(kept))
}

// shorten bounds what is repeated in a message.
func shorten(s string, most int) string {
	if len(s) <= most {
		return s
	}
	return strings.ToValidUTF8(s[:most], "") + "…"
}

// bounded is a limit that a model gave, within what is possible.
func bounded(limit, fallback, most int) int {
	if limit <= 0 {
		return fallback
	}
	return min(limit, most)
}
