package wiki

import (
	"strings"

	"github.com/aofctl/aofctl/internal/markup/doc"
)

// Parse reads wiki markup: headings, lists, tables, {code}, {noformat}, {quote},
// {panel}, links, images, emphasis and mentions. Colours and anchors are left
// out, their text stays. Macros that are not known stay as text.
func Parse(wiki string) *doc.Node {
	root := doc.New(doc.Document)
	r := &reader{items: wikiItems(doc.Clean(wiki)), open: []container{{node: root}}}
	for r.pos < len(r.items) {
		r.item()
	}
	return root
}

// container is a quote or a panel that is open.
type container struct {
	node *doc.Node
	name string
}

// reader reads wiki markup item by item.
type reader struct {
	items []wikiItem
	pos   int
	open  []container
	para  *doc.Node // the paragraph that the next line belongs to
	list  listState
	last  *doc.Node // the list item that the next line belongs to
}

func (r *reader) top() *doc.Node { return r.open[len(r.open)-1].node }

// item reads the item at the current position; of a table, all its rows.
func (r *reader) item() {
	item := r.items[r.pos]
	trimmed := strings.TrimSpace(item.text)
	if item.tag == "" && strings.HasPrefix(trimmed, "|") {
		r.table()
		return
	}
	r.pos++
	switch {
	case item.code:
		r.code(item)
	case item.tag != "":
		r.container(item.tag)
	case trimmed == "":
		r.end()
	case isRule(trimmed):
		r.add(doc.New(doc.Rule))
	case headingPrefix(trimmed) > 0:
		r.heading(trimmed)
	case listMarker(item.text) != "":
		r.listItem(item.text)
	default:
		r.text(item.text)
	}
}

func isRule(s string) bool { return len(s) >= 4 && strings.Trim(s, "-") == "" }

// end ends the paragraph and the list.
func (r *reader) end() {
	r.para, r.last, r.list = nil, nil, listState{}
}

// add adds a block.
func (r *reader) add(n *doc.Node) {
	r.end()
	r.top().Add(n)
}

// text reads a line of text. One after a list item belongs to it.
func (r *reader) text(line string) {
	in := phraseNodes(strings.TrimSpace(line))
	if len(in) == 0 {
		return
	}
	if r.para == nil {
		r.para = doc.New(doc.Paragraph)
		if r.last == nil {
			r.top().Add(r.para)
		} else if n := len(r.last.Children); n > 0 && r.last.Children[n-1].Kind == doc.Paragraph {
			r.para = r.last.Children[n-1]
		} else {
			r.last.Add(r.para)
		}
	}
	if len(r.para.Children) > 0 {
		r.para.Add(doc.New(doc.Break))
	}
	r.para.Add(in...)
}

func (r *reader) heading(line string) {
	in := phraseNodes(line[4:])
	for i, n := range in {
		if n.Kind == doc.Break {
			in[i] = doc.NewText(doc.Text, " ")
		}
	}
	if in = doc.Tidy(in); len(in) == 0 {
		return
	}
	if line[0] == 'b' {
		r.add(doc.New(doc.Quote, doc.New(doc.Paragraph, in...)))
		return
	}
	r.add(&doc.Node{Kind: doc.Heading, Level: int(line[1] - '0'), Children: in})
}

// code reads {code} and {noformat}. After a list item it belongs to it.
func (r *reader) code(item wikiItem) {
	name, params, _ := strings.Cut(strings.Trim(item.tag, "{}"), ":")
	n := &doc.Node{Kind: doc.Code, Text: item.text, Title: doc.OneLine(parameters(params)["title"])}
	if name == macroCode {
		n.Target = codeName(params)
	}
	r.para = nil
	if r.last != nil {
		r.last.Add(n)
		return
	}
	r.add(n)
}

// codeName reads the language of {code:java|title=x} and
// {code:title=x|language=java}.
func codeName(params string) string {
	values := parameters(params)
	name := doc.Or(values["language"], values[""])
	if name == "none" {
		return ""
	}
	for _, r := range name {
		if !doc.IsWord(r) && !strings.ContainsRune("+-#._", r) {
			return ""
		}
	}
	return name
}

// container opens or closes a quote or a panel, whose ends look the same.
func (r *reader) container(tag string) {
	name, params, opens := strings.Cut(strings.Trim(tag, "{}"), ":")
	r.end()
	if n := len(r.open); n > 1 && r.open[n-1].name == name && !opens {
		r.open = r.open[:n-1]
		return
	}
	if len(r.open) > maxQuotes {
		return
	}
	n := doc.New(doc.Quote)
	if name != macroQuote {
		n = readPanel(name, params)
	}
	r.top().Add(n)
	r.open = append(r.open, container{node: n, name: name})
}

// maxQuotes bounds how deep quotes and panels nest.
const maxQuotes = 4
