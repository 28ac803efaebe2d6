package storage

import (
	"net/url"
	"strings"

	"github.com/aofctl/aofctl/internal/markup/doc"
)

// escape writes text as XML.
func escape(s string) string {
	s = doc.Clean(s)
	if !strings.ContainsAny(s, `&<>"`) {
		return s
	}
	var b strings.Builder
	for i := range len(s) {
		switch s[i] {
		case '&':
			b.WriteString("&amp;")
		case '<':
			b.WriteString("&lt;")
		case '>':
			b.WriteString("&gt;")
		case '"':
			b.WriteString("&quot;")
		default:
			b.WriteByte(s[i])
		}
	}
	return b.String()
}

func (w *writer) inline(nodes []*doc.Node) {
	for _, n := range nodes {
		w.node(n)
	}
}

func (w *writer) node(n *doc.Node) {
	switch n.Kind {
	case doc.Strong:
		w.tag("strong", func() { w.inline(n.Children) })
	case doc.Em:
		w.tag("em", func() { w.inline(n.Children) })
	case doc.Strike:
		w.tag("s", func() { w.inline(n.Children) })
	case doc.Under:
		w.tag("u", func() { w.inline(n.Children) })
	case doc.Super:
		w.tag("sup", func() { w.inline(n.Children) })
	case doc.Sub:
		w.tag("sub", func() { w.inline(n.Children) })
	case doc.Span:
		w.tag("code", func() { w.b.WriteString(escape(n.Text)) })
	case doc.Break:
		w.b.WriteString("<br />")
	case doc.Link:
		w.link(n)
	case doc.Image:
		w.image(n)
	case doc.Mention:
		w.mention(n)
	case doc.Attachment:
		w.b.WriteString(`<ac:link><ri:attachment ri:filename="` + escape(n.Text) + `" /></ac:link>`)
	case doc.Macro:
		w.kept(n)
	default:
		w.b.WriteString(escape(n.Text))
		w.inline(n.Children)
	}
}

// kept puts an element back where its key stands.
func (w *writer) kept(n *doc.Node) {
	p, ok := w.o.Kept[strings.TrimPrefix(n.Text, "/")]
	switch {
	case ok && p.Close != "": // the tags of an element around text, which cannot stand in a line
	case ok && wellFormed(p.XML) && !strings.HasPrefix(n.Text, "/"):
		w.b.WriteString(p.XML)
	default:
		w.b.WriteString(escape(doc.Key(n.Text)))
	}
}

func (w *writer) link(n *doc.Node) {
	switch {
	case strings.HasPrefix(n.Target, "page:"):
		w.pageLink(n)
	case strings.HasPrefix(n.Target, "attachment:"):
		name := unescape(strings.TrimPrefix(n.Target, "attachment:"))
		w.acLink("", `<ri:attachment ri:filename="`+escape(name)+`" />`, n)
	case strings.HasPrefix(n.Target, "#") && len(n.Target) > 1:
		w.acLink(n.Target[1:], "", n)
	case doc.Linkable(n.Target):
		title := ""
		if n.Text != "" {
			title = ` title="` + escape(n.Text) + `"`
		}
		w.tag(`a href="`+escape(n.Target)+`"`+title, func() { w.inline(n.Children) })
	default:
		w.inline(n.Children)
		if doc.Flat(n.Children...) != n.Target {
			w.b.WriteString(escape(" (" + n.Target + ")"))
		}
	}
}

// acLink writes a link of Confluence's own kind.
func (w *writer) acLink(anchor, resource string, n *doc.Node) {
	if anchor != "" {
		anchor = ` ac:anchor="` + escape(anchor) + `"`
	}
	w.b.WriteString("<ac:link" + anchor + ">" + resource)
	w.tag("ac:link-body", func() { w.inline(n.Children) })
	w.b.WriteString("</ac:link>")
}

// pageLink writes a link to a page by its title, see pageTarget.
func (w *writer) pageLink(n *doc.Node) {
	rest, anchor, _ := strings.Cut(strings.TrimPrefix(n.Target, "page:"), "#")
	space, title, ok := strings.Cut(rest, "/")
	if !ok {
		space, title = "", rest
	}
	attrs := ` ri:content-title="` + escape(unescape(title)) + `"`
	if space != "" {
		attrs = ` ri:space-key="` + escape(unescape(space)) + `"` + attrs
	}
	w.acLink(unescape(anchor), "<ri:page"+attrs+" />", n)
}

// unescape resolves %20 and the like, if they are whole.
func unescape(s string) string {
	if out, err := url.PathUnescape(s); err == nil {
		return doc.OneLine(doc.Clean(out))
	}
	return s
}

func (w *writer) mention(n *doc.Node) {
	attr, id := "ri:username", n.Target
	if rest, ok := strings.CutPrefix(id, "accountid:"); ok {
		attr, id = "ri:account-id", rest
	} else if rest, ok := strings.CutPrefix(id, "userkey:"); ok {
		attr, id = "ri:userkey", rest
	}
	w.b.WriteString(`<ac:link><ri:user ` + attr + `="` + escape(id) + `" /></ac:link>`)
}

// image writes a picture: one of an address, or a file of the page.
func (w *writer) image(n *doc.Node) {
	var source string
	name, file := strings.CutPrefix(n.Target, "attachment:")
	switch {
	case file || n.Target != "" && !strings.ContainsAny(n.Target, ":/#?"):
		source = `<ri:attachment ri:filename="` + escape(unescape(name)) + `" />`
	case strings.HasPrefix(n.Target, "https://"), strings.HasPrefix(n.Target, "http://"):
		source = `<ri:url ri:value="` + escape(n.Target) + `" />`
	default:
		w.b.WriteString(escape(n.Text))
		if n.Target != "" && n.Target != n.Text {
			w.b.WriteString(escape(" (" + n.Target + ")"))
		}
		return
	}
	alt := ""
	if n.Text != "" {
		alt = ` ac:alt="` + escape(n.Text) + `"`
	}
	w.b.WriteString("<ac:image" + alt + ">" + source + "</ac:image>")
}
