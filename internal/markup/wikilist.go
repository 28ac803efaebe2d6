package markup

import (
	"fmt"
	"strconv"
	"strings"
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

// listState are the levels of the list that is being written.
type listState struct {
	marker string
	counts []int // per level, the number of the last item
}

// width is the indentation of what belongs to the last item.
func (l *listState) width() int {
	n := 0
	for i := range l.marker {
		n += l.step(i)
	}
	return n
}

// step is the width of the marker of a level.
func (l *listState) step(level int) int {
	if l.marker[level] == '#' {
		return len(strconv.Itoa(l.counts[level])) + 2
	}
	return 2
}

// next goes to an item with the given marker and returns its indentation and its
// Markdown marker.
func (l *listState) next(marker string) (indent int, bullet string) {
	kept := 0
	for kept < len(l.marker) && kept < len(marker) && (l.marker[kept] == '#') == (marker[kept] == '#') {
		kept++
	}
	l.counts = append([]int(nil), l.counts[:min(kept, len(l.counts))]...)
	for len(l.counts) < len(marker) {
		l.counts = append(l.counts, 0)
	}
	last := len(marker) - 1
	for i := kept; i < last; i++ {
		l.counts[i] = 1
	}
	l.counts[last]++
	l.marker = marker
	indent = l.width() - l.step(last)
	if marker[last] == '#' {
		return indent, fmt.Sprintf("%d. ", l.counts[last])
	}
	return indent, "- "
}

// listItem writes an item of a list.
func (r *wikiReader) listItem(line string) {
	marker := listMarker(line)
	text := strings.TrimSpace(strings.TrimLeft(strings.TrimSpace(line), "*#-"))
	indent, bullet := r.list.next(marker)
	task := ""
	switch {
	case strings.HasPrefix(text, "(/)"):
		task, text = "[x] ", strings.TrimSpace(text[3:])
	case strings.HasPrefix(text, "(x)"):
		task, text = "[ ] ", strings.TrimSpace(text[3:])
	}
	pad := strings.Repeat(" ", indent)
	body := strings.ReplaceAll(wikiPhrase(text), "\n", "\n"+pad+strings.Repeat(" ", len(bullet)))
	r.write(listLine, pad+bullet+task+body)
}
