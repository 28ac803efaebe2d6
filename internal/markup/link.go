package markup

import (
	"strings"

	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/util"
)

// link writes [text|url]. An address that Jira would not make a link of is
// written after the text.
func (p *phrases) link(n *ast.Link, depth int) {
	url, ok := wikiURL(string(n.Destination))
	ok = ok && absolute(url)
	text := strings.TrimSpace(flatText(n, p.source))
	switch {
	case !ok || p.in.link:
		p.children(n, depth)
		if dest := strings.TrimSpace(string(n.Destination)); dest != "" && dest != text {
			p.in.add(literal, " ("+dest+")")
		}
	case hasImage(n):
		p.children(n, depth)
		p.in.add(raw, " ["+url+"]")
	case text == "" || text == string(n.Destination) || "mailto:"+text == url:
		p.in.add(raw, "["+url+"]")
	default:
		p.in.add(raw, "[")
		p.in.link = true
		at := p.at
		p.at = inHeading
		p.children(n, depth)
		p.at = at
		p.in.link = false
		p.in.add(raw, "|"+url+"]")
	}
}

// absolute reports whether Jira would make a link of the address: it takes a
// bare path for the name of a page.
func absolute(url string) bool {
	return strings.Contains(url, ":") || strings.HasPrefix(url, "#") || strings.HasPrefix(url, "/")
}

func hasImage(n ast.Node) bool {
	for c := n.FirstChild(); c != nil; c = c.NextSibling() {
		if c.Kind() == ast.KindImage {
			return true
		}
	}
	return false
}

// image writes !url|alt=text!, the text alone where that is not possible.
func (p *phrases) image(n *ast.Image) {
	url, ok := wikiURL(string(n.Destination))
	alt := strings.TrimSpace(flatText(n, p.source))
	if !ok || strings.HasPrefix(url, "#") || p.in.link {
		p.in.add(literal, alt)
		if dest := strings.TrimSpace(string(n.Destination)); dest != "" && dest != alt {
			p.in.add(literal, " ("+dest+")")
		}
		return
	}
	alt = strings.Join(strings.Fields(strings.Map(plainAttribute, alt)), " ")
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

// autoLink writes an address that stands in the text.
func (p *phrases) autoLink(n *ast.AutoLink) {
	label := string(n.Label(p.source))
	if n.AutoLinkType == ast.AutoLinkEmail || p.in.link {
		p.in.add(literal, label)
		return
	}
	url, ok := wikiURL(string(n.URL(p.source)))
	if !ok {
		p.in.add(literal, label)
		return
	}
	p.in.add(raw, url)
}

// wikiURL encodes what would end an address in wiki markup. It reports false for
// addresses of a kind that a link in an issue should not have.
func wikiURL(dest string) (string, bool) {
	b := util.UnescapePunctuations([]byte(strings.TrimSpace(dest)))
	dest = clean(string(util.ResolveEntityNames(util.ResolveNumericReferences(b))))
	if dest == "" || !linkable(dest) {
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

// linkable accepts addresses without a scheme and those with a harmless one.
func linkable(dest string) bool {
	scheme, _, ok := strings.Cut(dest, ":")
	if !ok || strings.ContainsAny(scheme, "/?#") {
		return true
	}
	switch strings.ToLower(scheme) {
	case "http", "https", "mailto", "ftp", "ftps", "tel":
		return true
	}
	return false
}
