package wiki

import (
	"github.com/aofctl/aofctl/internal/markup/doc"
)

// inlineText writes the text of a block.
func inlineText(nodes []*doc.Node, at place) string {
	p := &phrases{at: at}
	p.nodes(nodes)
	return p.in.wiki(at)
}

// phrases collects the inline nodes of one block.
type phrases struct {
	at place
	in inline
}

func (p *phrases) nodes(nodes []*doc.Node) {
	for _, n := range nodes {
		p.node(n)
	}
}

func (p *phrases) node(n *doc.Node) {
	switch n.Kind {
	case doc.Strong:
		p.marked(n, "*")
	case doc.Em:
		p.marked(n, "_")
	case doc.Strike:
		p.marked(n, "-")
	case doc.Under:
		p.marked(n, "+")
	case doc.Super:
		p.marked(n, "^")
	case doc.Sub:
		p.marked(n, "~")
	case doc.Span:
		p.code(n)
	case doc.Break:
		p.in.add(lineEnd, "\n")
	case doc.Link:
		p.link(n)
	case doc.Image:
		p.image(n)
	case doc.Mention:
		p.raw("[~"+n.Target+"]", "@"+doc.Or(n.Text, n.Target))
	case doc.Attachment:
		p.raw("[^"+n.Text+"]", n.Text)
	case doc.InlineWiki:
		p.raw(n.Text, n.Text)
	case doc.Macro:
		p.in.add(literal, doc.Key(n.Text))
	default:
		p.in.add(literal, n.Text)
		p.nodes(n.Children)
	}
}

// raw writes wiki markup, or text where it would stand in a link.
func (p *phrases) raw(wiki, text string) {
	if p.in.link {
		p.in.add(literal, text)
		return
	}
	p.in.add(raw, wiki)
}

func (p *phrases) marked(n *doc.Node, mark string) {
	if doc.Flat(n.Children...) == "" {
		p.nodes(n.Children)
		return
	}
	p.in.begin(mark)
	p.nodes(n.Children)
	p.in.end(mark)
}

// code writes {{code}}. Jira still reads markup inside it, so its text is
// escaped like other text, braces always.
func (p *phrases) code(n *doc.Node) {
	p.in.add(raw, "{{")
	p.in.parts = append(p.in.parts, part{kind: literal, text: doc.OneLine(n.Text), link: p.in.link, code: true})
	p.in.add(raw, "}}")
}
