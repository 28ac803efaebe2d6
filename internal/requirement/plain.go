package requirement

import (
	"strings"

	"github.com/aofctl/aofctl/internal/markup/doc"
)

// lines are the lines of text of nodes, without keys of macros.
func lines(nodes ...*doc.Node) []string {
	l := &liner{}
	l.read(nodes)
	l.end()
	return l.out
}

// plain is the text of nodes in one line.
func plain(nodes ...*doc.Node) string { return strings.Join(lines(nodes...), " ") }

type liner struct {
	out []string
	now strings.Builder
}

func (l *liner) end() {
	if s := doc.OneLine(l.now.String()); s != "" {
		l.out = append(l.out, s)
	}
	l.now.Reset()
}

func (l *liner) read(nodes []*doc.Node) {
	for _, n := range nodes {
		switch {
		case n.Kind == doc.Break:
			l.end()
		case n.Kind == doc.Macro:
			l.now.WriteByte(' ')
		case n.Kind == doc.Mention:
			l.now.WriteString(doc.Or(n.Text, n.Target))
		case n.Inline():
			if n.Kind != doc.Link {
				l.now.WriteString(n.Text)
			}
			l.read(n.Children)
		default:
			l.end()
			l.now.WriteString(n.Text)
			l.end()
			l.read(n.Children)
			l.end()
		}
	}
}

// anchorIn is the name of the first anchor macro below nodes; "" for none. A macro
// without a text is a key such as "anchor login:1a2b3c".
func anchorIn(nodes ...*doc.Node) string {
	for _, n := range nodes {
		if n.Kind == doc.Macro {
			if rest, ok := strings.CutPrefix(n.Text, "anchor "); ok {
				if i := strings.LastIndexByte(rest, ':'); i > 0 {
					rest = rest[:i]
				}
				return strings.TrimSpace(rest)
			}
		}
		if name := anchorIn(n.Children...); name != "" {
			return name
		}
	}
	return ""
}

// onlyMacro reports whether a block holds macros and no text.
func onlyMacro(n *doc.Node) bool { return n.Kind == doc.Paragraph && plain(n) == "" }
