package wiki

import (
	"strings"

	"github.com/aofctl/aofctl/internal/markup/doc"
)

// link writes [text|url]. An address that Jira would not make a link of is
// written after the text.
func (p *phrases) link(n *doc.Node) {
	url, ok := wikiURL(n.Target)
	ok = ok && doc.Absolute(url)
	text := doc.Flat(n.Children...)
	switch {
	case n.Auto && (p.in.link || !ok || strings.HasPrefix(n.Target, "mailto:")):
		p.in.add(literal, text)
	case n.Auto:
		p.in.add(raw, url)
	case !ok || p.in.link:
		p.nodes(n.Children)
		if n.Target != "" && n.Target != text {
			p.in.add(literal, " ("+n.Target+")")
		}
	case hasImage(n):
		p.nodes(n.Children)
		p.in.add(raw, " ["+url+"]")
	case text == "" || text == n.Target || "mailto:"+text == url:
		p.in.add(raw, "["+url+"]")
	default:
		p.in.add(raw, "[")
		p.in.link = true
		p.nodes(n.Children)
		p.in.link = false
		p.in.add(raw, "|"+url+"]")
	}
}

func hasImage(n *doc.Node) bool {
	for _, c := range n.Children {
		if c.Kind == doc.Image {
			return true
		}
	}
	return false
}

// image writes !url|alt=text!, the text alone where that is not possible.
func (p *phrases) image(n *doc.Node) {
	url, ok := wikiURL(n.Target)
	if !ok || strings.HasPrefix(url, "#") || p.in.link {
		p.in.add(literal, n.Text)
		if n.Target != "" && n.Target != n.Text {
			p.in.add(literal, " ("+n.Target+")")
		}
		return
	}
	alt := doc.OneLine(strings.Map(plainAttribute, n.Text))
	if alt == "" || p.at == inCell {
		p.in.add(raw, "!"+url+"!")
		return
	}
	p.in.add(raw, "!"+url+"|alt="+alt+"!")
}

// plainAttribute replaces what would end an attribute.
func plainAttribute(r rune) rune {
	switch r {
	case '|', '!', ',', '=', '"', '{', '}', '\n':
		return ' '
	}
	return r
}

// wikiURL encodes what would end an address in wiki markup. It reports false for
// addresses of a kind that a link in an issue should not have.
func wikiURL(dest string) (string, bool) {
	if !doc.Linkable(dest) {
		return "", false
	}
	var out strings.Builder
	for _, r := range dest {
		switch r {
		case '|', '[', ']', '{', '}', '!', ' ', '\\', '"', '<', '>', '^', '`':
			out.WriteString("%" + hex(byte(r)))
		case '\n', '\t':
		default:
			out.WriteRune(r)
		}
	}
	return out.String(), out.Len() > 0
}

func hex(c byte) string {
	const digits = "0123456789ABCDEF"
	return string([]byte{digits[c>>4], digits[c&15]})
}
