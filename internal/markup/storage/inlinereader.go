package storage

import (
	"net/url"
	"strings"

	"github.com/aofctl/aofctl/internal/markup/doc"
)

// inline reads elements as one line of text: blocks in it are words.
func (r *reader) inline(list []*element, depth int) []*doc.Node {
	f := &flow{}
	r.text(func() { r.flow(f, list, depth) })
	if len(f.out) > 0 {
		for _, n := range f.out {
			f.run = append(f.run, doc.NewText(doc.Text, doc.Flat(n)+" "))
		}
	}
	return doc.Tidy(f.run)
}

// inlineElement reads an element of a line of text. One that is not known is as
// good as absent, what it holds is not.
func (r *reader) inlineElement(f *flow, e *element, depth int) {
	switch e.name {
	case "":
		f.run = append(f.run, doc.NewText(doc.Text, spaces(e.text)))
	case "strong", "b", "em", "i", "s", "del", "strike", "u", "ins", "sup", "sub":
		r.marked(f, e, depth)
	case "code", "tt", "kbd", "samp":
		f.run = append(f.run, doc.NewText(doc.Span, doc.OneLine(e.allText())))
	case "br":
		f.run = append(f.run, doc.New(doc.Break))
	case "a":
		r.anchor(f, e, depth)
	case "img":
		f.run = append(f.run, &doc.Node{Kind: doc.Image, Target: doc.OneLine(e.attrs["src"]), Text: doc.OneLine(e.attrs["alt"])})
	case "ac:link":
		f.run = append(f.run, r.link(e, depth))
	case "ac:image":
		f.run = append(f.run, r.image(e))
	case "ac:emoticon":
		f.run = append(f.run, doc.NewText(doc.Text, emoticon(e)))
	case "time":
		f.run = append(f.run, doc.NewText(doc.Text, doc.Or(e.attrs["datetime"], doc.OneLine(e.allText()))))
	case "ac:inline-comment-marker", "ac:rich-text-body", "ac:plain-text-body", "ac:link-body", "ac:plain-text-link-body", "ac:task-body":
		r.flow(f, e.children, depth)
	default:
		if strings.HasPrefix(e.name, "ac:") || strings.HasPrefix(e.name, "ri:") || strings.HasPrefix(e.name, "at:") {
			r.addAtom(f, e, strings.TrimPrefix(e.name, "ac:")+" "+doc.OneLine(e.allText()))
			return
		}
		r.flow(f, e.children, depth)
	}
}

// spaces makes white space of a text what a browser shows.
func spaces(s string) string {
	s = strings.ReplaceAll(doc.Clean(s), "\u00a0", " ")
	text := doc.OneLine(s)
	if text == "" {
		if s == "" {
			return ""
		}
		return " "
	}
	if strings.ContainsRune(" \t\n", rune(s[0])) {
		text = " " + text
	}
	if strings.ContainsRune(" \t\n", rune(s[len(s)-1])) {
		text += " "
	}
	return text
}

// marked reads strong text and the like. A mark around blocks is one around
// their text.
func (r *reader) marked(f *flow, e *element, depth int) {
	kind := doc.Strong
	switch e.name {
	case "em", "i":
		kind = doc.Em
	case "s", "del", "strike":
		kind = doc.Strike
	case "u", "ins":
		kind = doc.Under
	case "sup":
		kind = doc.Super
	case "sub":
		kind = doc.Sub
	}
	inner := &flow{}
	r.text(func() { r.flow(inner, e.children, depth) })
	for _, n := range inner.out {
		if n.Kind == doc.Paragraph {
			f.run = append(f.run, doc.New(kind, n.Children...))
			f.flush()
			continue
		}
		f.add(n)
	}
	if len(inner.run) > 0 {
		f.run = append(f.run, doc.New(kind, inner.run...))
	}
}

func (r *reader) anchor(f *flow, e *element, depth int) {
	href := doc.OneLine(e.attrs["href"])
	inner := r.inline(e.children, depth)
	if href == "" {
		f.run = append(f.run, inner...)
		return
	}
	if len(inner) == 0 {
		inner = []*doc.Node{doc.NewText(doc.Text, href)}
	}
	f.run = append(f.run, &doc.Node{Kind: doc.Link, Target: href, Text: doc.OneLine(e.attrs["title"]), Children: inner})
}

// link reads a link to a person, a page, a file or a place in the page. Others
// are kept.
func (r *reader) link(e *element, depth int) *doc.Node {
	var body []*doc.Node
	for _, name := range []string{"ac:link-body", "ac:plain-text-link-body"} {
		if b := e.child(name); b != nil {
			body = r.inline(b.children, depth)
		}
	}
	if user := e.child("ri:user"); user != nil {
		if n := mention(user); n != nil {
			return n
		}
	}
	if file := e.child("ri:attachment"); file != nil && len(file.children) == 0 {
		name := doc.OneLine(file.attrs["ri:filename"])
		if len(body) == 0 && strings.Contains(name, ".") && len(name) > 3 && !strings.ContainsAny(name, "[]{}`|") {
			return doc.NewText(doc.Attachment, name)
		}
		return linkNode("attachment:"+url.PathEscape(name), name, body)
	}
	anchor := e.attrs["ac:anchor"]
	page := e.child("ri:page")
	switch {
	case page != nil:
		title := page.attrs["ri:content-title"]
		return linkNode(pageTarget(page.attrs["ri:space-key"], title, anchor), title, body)
	case anchor != "" && e.child("ri:content-entity") == nil:
		return linkNode("#"+doc.OneLine(anchor), anchor, body)
	}
	return r.atom(e, "link "+doc.Or(doc.OneLine(e.allText()), e.resource()), false)
}

func linkNode(target, title string, body []*doc.Node) *doc.Node {
	if len(body) == 0 {
		body = []*doc.Node{doc.NewText(doc.Text, doc.Or(doc.OneLine(title), target))}
	}
	return &doc.Node{Kind: doc.Link, Target: target, Children: body}
}

// pageTarget writes the address of a page in a Link: page:SPACE/Title#anchor.
func pageTarget(space, title, anchor string) string {
	escape := strings.NewReplacer("%", "%25", "#", "%23", "/", "%2F", "<", "%3C", ">", "%3E", "\\", "%5C", "&", "%26").Replace
	out := "page:" + escape(doc.OneLine(space)) + "/" + escape(doc.OneLine(title))
	if anchor != "" {
		out += "#" + escape(doc.OneLine(anchor))
	}
	return out
}

// mention reads a person. Data Center knows them by keys.
func mention(e *element) *doc.Node {
	var id string
	switch {
	case e.attrs["ri:account-id"] != "":
		id = "accountid:" + e.attrs["ri:account-id"]
	case e.attrs["ri:userkey"] != "":
		id = "userkey:" + e.attrs["ri:userkey"]
	default:
		id = e.attrs["ri:username"]
	}
	if !doc.IsAccount(id) {
		return nil
	}
	return &doc.Node{Kind: doc.Mention, Target: id}
}

// image reads a picture: a file of the page by its name, or one of an address.
func (r *reader) image(e *element) *doc.Node {
	alt := doc.OneLine(doc.Or(e.attrs["ac:alt"], e.attrs["ac:title"]))
	if caption := e.child("ac:caption"); caption != nil && alt == "" {
		alt = doc.OneLine(caption.allText())
	}
	if file := e.child("ri:attachment"); file != nil && len(file.children) == 0 && file.attrs["ri:filename"] != "" {
		return &doc.Node{Kind: doc.Image, Target: fileTarget(file.attrs["ri:filename"]), Text: alt}
	}
	if link := e.child("ri:url"); link != nil && doc.Linkable(link.attrs["ri:value"]) {
		return &doc.Node{Kind: doc.Image, Target: doc.OneLine(link.attrs["ri:value"]), Text: alt}
	}
	return r.atom(e, "image "+alt, false)
}

// fileTarget writes the address of a file of the page: its name, if that looks
// like no other address.
func fileTarget(name string) string {
	name = strings.NewReplacer("%", "%25", "#", "%23", "?", "%3F", "<", "%3C", ">", "%3E", "\\", "%5C", "&", "%26").Replace(doc.OneLine(name))
	if strings.ContainsAny(name, ":/") {
		return "attachment:" + name
	}
	return name
}

func emoticon(e *element) string {
	code := doc.OneLine(doc.Or(e.attrs["ac:emoji-fallback"], e.attrs["ac:emoji-shortname"]))
	if code != "" && code[0] != ':' {
		return code
	}
	switch name := e.attrs["ac:name"]; name {
	case "smile":
		return "🙂"
	case "sad":
		return "🙁"
	case "tick":
		return "✅"
	case "cross":
		return "❌"
	case "warning":
		return "⚠️"
	case "information":
		return "ℹ️"
	case "question":
		return "❓"
	case "thumbs-up":
		return "👍"
	case "thumbs-down":
		return "👎"
	case "light-on":
		return "💡"
	case "plus":
		return "➕"
	case "minus":
		return "➖"
	default:
		return doc.Or(code, ":"+doc.Or(doc.OneLine(name), "emoticon")+":")
	}
}
