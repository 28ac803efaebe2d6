package storage

import (
	"strings"

	"github.com/aofctl/aofctl/internal/markup/doc"
)

// Text is what people read on a page: its words, each block on a line of its own,
// without what macros make.
func Text(page string) string {
	var b strings.Builder
	for _, e := range parseTree(page).children {
		e.readable(&b)
	}
	var lines []string
	for line := range strings.SplitSeq(b.String(), "\x00") {
		if line = doc.OneLine(doc.Clean(line)); line != "" {
			lines = append(lines, line)
		}
	}
	return strings.Join(lines, "\n")
}

func (e *element) readable(b *strings.Builder) {
	switch e.name {
	case "":
		b.WriteString(strings.ReplaceAll(e.text, "\x00", ""))
		return
	case "ac:parameter", "ac:task-id", "ac:task-status", "ac:placeholder":
		return
	case "br":
		b.WriteByte(' ')
	}
	block := isBlock(e.name)
	if block {
		b.WriteByte(0)
	}
	for _, c := range e.children {
		c.readable(b)
	}
	if block {
		b.WriteByte(0)
	}
}

// isBlock tells elements that begin a line of their own.
func isBlock(name string) bool {
	switch name {
	case "p", "ul", "ol", "li", "table", "tbody", "thead", "tr", "td", "th", "blockquote", "pre", "div", "hr", "dl", "dt", "dd",
		"ac:layout", "ac:layout-section", "ac:layout-cell", "ac:structured-macro", "ac:macro", "ac:rich-text-body", "ac:plain-text-body",
		"ac:task-list", "ac:task", "ac:task-body":
		return true
	}
	return headingLevel(name) > 0
}
