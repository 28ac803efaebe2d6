package storage

import (
	"slices"
	"strings"

	"github.com/aofctl/aofctl/internal/markup/doc"
	"github.com/aofctl/aofctl/internal/markup/markdown"
)

// maxWrappers bounds how deep macros with text are read; one further down is
// kept whole.
const maxWrappers = 10

// macro reads a macro.
func (r *reader) macro(f *flow, e *element, depth int) {
	name := strings.ToLower(e.attrs["ac:name"])
	body := e.child("ac:rich-text-body")
	switch {
	case name == "code" || name == "noformat":
		f.add(code(e))
		return
	case r.inCell > 0 && body != nil: // Markdown's cells have no blocks
		r.wrapper(f, e, body, depth)
		return
	case name == "expand" && r.only(e, "title"):
		f.add(&doc.Node{Kind: doc.Expand, Text: e.parameter("title"), Children: r.body(body, depth)})
		return
	case (name == "info" || name == "note" || name == "tip" || name == "warning" || name == "panel") && r.only(e, "title"):
		f.add(&doc.Node{Kind: doc.Panel, Target: name, Text: e.parameter("title"), Children: r.body(body, depth)})
		return
	case body != nil:
		r.wrapper(f, e, body, depth)
		return
	}
	r.addAtom(f, e, macroLabel(e))
}

// addAtom keeps an element whole, as a block if it stands among blocks.
func (r *reader) addAtom(f *flow, e *element, text string) {
	if r.inText > 0 || len(doc.Tidy(f.run)) > 0 {
		f.run = append(f.run, r.atom(e, text, e.child("ac:rich-text-body") != nil))
		return
	}
	f.add(doc.New(doc.Paragraph, r.atom(e, text, true)))
}

// only reports whether a macro has no parameters but the named one, whose loss
// would be one.
func (r *reader) only(e *element, name string) bool {
	for _, c := range e.children {
		if c.name == "ac:parameter" && c.attrs["ac:name"] != name && c.attrs["ac:name"] != "atlassian-macro-output-type" {
			return false
		}
	}
	return true
}

func (r *reader) body(e *element, depth int) []*doc.Node {
	if e == nil {
		return nil
	}
	return r.blocks(e.children, depth)
}

// macroLabel says what a macro is about, as far as one of its parameters does, or the
// text in it.
func macroLabel(e *element) string {
	name := doc.Or(e.attrs["ac:name"], "macro")
	for _, p := range []string{"key", "title", "jqlQuery", "name", "diagramName", "filename", "url", "page", ""} {
		if v := e.parameter(p); v != "" {
			return name + " " + v
		}
	}
	if body := e.child("ac:plain-text-body"); body != nil {
		return name + " " + doc.OneLine(body.allText())
	}
	return name
}

// extension reads what only Cloud's editor knows, such as a panel of one's own
// colour. Text in one place can be changed; of several the key tells the text.
func (r *reader) extension(f *flow, e *element, depth int) {
	texts := e.contents(nil)
	name := "extension"
	if node := e.child("ac:adf-node"); node != nil {
		name = doc.Or(node.attrs["type"], name)
	}
	if len(texts) == 1 && r.inText == 0 && slices.ContainsFunc(texts[0].children, func(c *element) bool { return isBlock(c.name) }) {
		r.wrapper(f, e, texts[0], depth)
		return
	}
	said := make([]string, 0, len(texts))
	for _, t := range texts {
		said = append(said, doc.OneLine(t.allText()))
	}
	r.addAtom(f, e, name+" "+strings.Join(said, "; "))
}

// contents are the elements of an extension that hold its text.
func (e *element) contents(found []*element) []*element {
	for _, c := range e.children {
		switch c.name {
		case fallback:
		case "ac:adf-content":
			found = append(found, c)
		default:
			found = c.contents(found)
		}
	}
	return found
}

// wrapperName is the readable part of the key of an element that holds text.
func wrapperName(e *element) string {
	name := e.attrs["ac:name"]
	if node := e.child("ac:adf-node"); node != nil && name == "" {
		name = node.attrs["type"]
	}
	if name == "" {
		name = strings.TrimSpace(strings.TrimPrefix(e.name, "ac:") + " " + e.attrs["ac:type"])
	}
	if title := e.parameter("title"); title != "" {
		name += " " + title
	}
	return name
}

func code(e *element) *doc.Node {
	out := &doc.Node{Kind: doc.Code, Target: doc.OneLine(e.parameter("language")), Title: e.parameter("title")}
	if out.Target == "none" || out.Target == "text" {
		out.Target = ""
	}
	if body := e.child("ac:plain-text-body"); body != nil {
		out.Text = trimLines(body.allText())
	}
	return out
}

// trimLines removes empty lines around code.
func trimLines(s string) string {
	for {
		head, rest, ok := strings.Cut(s, "\n")
		if !ok || strings.TrimSpace(head) != "" {
			break
		}
		s = rest
	}
	return strings.TrimRight(s, " \t\n")
}

// atom keeps an element whole and returns its key. One that is no XML by itself
// gives its text.
func (r *reader) atom(e *element, text string, block bool) *doc.Node {
	xml := r.page[e.start:e.end]
	if !wellFormed(xml) {
		return doc.NewText(doc.Text, " "+doc.OneLine(e.allText())+" ")
	}
	return doc.NewText(doc.Macro, r.kept.keep(doc.Or(label(text), "macro"), Piece{XML: xml, Block: block}))
}

// wrapper keeps an element and reads its text, between two keys.
func (r *reader) wrapper(f *flow, e, body *element, depth int) {
	whole := r.page[e.start:e.end]
	if r.wrappers >= maxWrappers {
		r.addAtom(f, e, macroLabelWithText(e))
		return
	}
	if body.innerEnd < body.innerStart || body.end <= body.innerEnd && body.innerEnd >= e.end || !wellFormed(whole) {
		f.flush()
		r.flow(f, body.children, depth)
		f.flush()
		return
	}
	r.wrappers++
	inner := r.blocks(body.children, depth)
	r.wrappers--
	closing := r.page[body.innerEnd:e.end]
	key := r.kept.keep(doc.Or(label(wrapperName(e)), "macro"), Piece{
		XML: whole, Block: true, Open: r.page[e.start:body.innerStart], Close: closing,
		Body: markdown.Write(doc.New(doc.Document, inner...)),
	})
	f.add(doc.New(doc.Paragraph, doc.NewText(doc.Macro, key)))
	f.add(inner...)
	f.add(doc.New(doc.Paragraph, doc.NewText(doc.Macro, "/"+key)))
}

func macroLabelWithText(e *element) string {
	text := macroLabel(e)
	if body := e.child("ac:rich-text-body"); body != nil {
		text += " " + doc.OneLine(body.allText())
	}
	return text
}
