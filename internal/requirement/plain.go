package requirement

import (
	"regexp"
	"strings"
	"unicode"

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

// harmless is a text of people as it stands in a page that code makes: in one line,
// without characters that nobody sees or that turn the line round, and with nothing
// that becomes a link, a mention or a macro there.
func harmless(s string) string {
	s = strings.Map(func(r rune) rune {
		switch {
		case r == '⟦':
			return '['
		case r == '⟧':
			return ']'
		case unicode.IsControl(r) && !unicode.IsSpace(r), unicode.Is(unicode.Cf, r):
			return -1
		}
		return r
	}, s)
	return doc.OneLine(addressLike.ReplaceAllStringFunc(s, disarmed))
}

// addressLike is what a reader may take for an address: a scheme, the begin of a
// host's name, or an address of mail.
var addressLike = regexp.MustCompile(`(?i)\b[a-z][a-z0-9+.-]{1,20}:/+|\bwww\.|\b(?:mailto|javascript|data|tel|sms|file):|@`)

// disarmed writes such a thing as people write addresses that nobody is to follow.
func disarmed(s string) string {
	return strings.NewReplacer(":", "[:]", ".", "[.]", "@", "[@]").Replace(s)
}
