package web

import (
	"net/url"
	"regexp"
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

var (
	blanks     = regexp.MustCompile(`[ \t\r\n]+`)
	lineBlanks = regexp.MustCompile(`[ \t]+\n`)
	manyLines  = regexp.MustCompile(`\n{3,}`)
)

// toMarkdown makes readable text of a page: headings, paragraphs, lists, links and
// code. Scripts, styles and what only looks good are left out. It takes whatever
// there is on the web, and is not meant to be turned back.
func toMarkdown(page string) string {
	w := &writer{}
	z := html.NewTokenizer(strings.NewReader(page))
	for {
		switch z.Next() {
		case html.ErrorToken:
			return w.finish()
		case html.TextToken:
			w.text(string(z.Text()))
		case html.StartTagToken, html.SelfClosingTagToken:
			w.open(z.Token())
		case html.EndTagToken:
			w.close(z.Token().DataAtom)
		case html.CommentToken, html.DoctypeToken:
		}
	}
}

// writer writes Markdown from tags in their order. It needs no tree: tags that
// are not closed, or twice, do no harm.
type writer struct {
	b strings.Builder
	// hidden counts the elements open whose text is not shown, code those in which
	// blanks count.
	hidden, code int
	// links are the addresses of the links open.
	links []string
}

func (w *writer) open(t html.Token) {
	switch t.DataAtom {
	case atom.Script, atom.Style, atom.Noscript, atom.Template, atom.Svg, atom.Head, atom.Iframe:
		if t.Type == html.StartTagToken {
			w.hidden++
		}
	case atom.H1, atom.H2, atom.H3, atom.H4, atom.H5, atom.H6:
		w.write("\n\n" + strings.Repeat("#", int(t.Data[1]-'0')) + " ")
	case atom.Li:
		w.write("\n- ")
	case atom.Br:
		w.write("\n")
	case atom.Pre:
		w.code++
		w.write("\n\n```\n")
	case atom.Td, atom.Th:
		w.write(" | ")
	case atom.A:
		w.links = append(w.links, attribute(t, "href"))
		w.write("[")
	case atom.Img:
		w.write(attribute(t, "alt"))
	case atom.Title: // also within <head>, of which nothing else is shown
		w.hidden = 0
		w.write("# ")
	default:
		if isBlock(t.DataAtom) {
			w.write("\n\n")
		}
	}
}

func (w *writer) close(a atom.Atom) {
	switch a {
	case atom.Script, atom.Style, atom.Noscript, atom.Template, atom.Svg, atom.Head, atom.Iframe:
		w.hidden = max(w.hidden-1, 0)
	case atom.Pre:
		if w.code > 0 {
			w.code--
			w.write("\n```\n\n")
		}
	case atom.A:
		if n := len(w.links); n > 0 {
			w.write(target(w.links[n-1]))
			w.links = w.links[:n-1]
		}
	case atom.Title:
		w.write("\n\n")
	case atom.H1, atom.H2, atom.H3, atom.H4, atom.H5, atom.H6:
		w.write("\n\n")
	default:
		if isBlock(a) {
			w.write("\n\n")
		}
	}
}

func (w *writer) text(s string) {
	if w.code == 0 {
		s = blanks.ReplaceAllString(s, " ")
	}
	w.write(s)
}

func (w *writer) write(s string) {
	if w.hidden == 0 {
		w.b.WriteString(s)
	}
}

func (w *writer) finish() string {
	text := lineBlanks.ReplaceAllString(w.b.String(), "\n")
	return strings.TrimSpace(manyLines.ReplaceAllString(text, "\n\n"))
}

func isBlock(a atom.Atom) bool {
	switch a {
	case atom.P, atom.Div, atom.Section, atom.Article, atom.Header, atom.Footer, atom.Main, atom.Nav, atom.Ul, atom.Ol, atom.Table, atom.Tr,
		atom.Blockquote, atom.Form, atom.Aside, atom.Figure, atom.Dl, atom.Dt, atom.Dd, atom.Hr, atom.Body:
		return true
	}
	return false
}

func attribute(t html.Token, name string) string {
	for _, a := range t.Attr {
		if a.Key == name {
			return strings.TrimSpace(a.Val)
		}
	}
	return ""
}

// target ends a link; one that leads nowhere is its text alone.
func target(href string) string {
	u, err := url.Parse(href)
	if err != nil || href == "" || u.Scheme != "" && u.Scheme != "http" && u.Scheme != "https" {
		return "]"
	}
	return "](" + u.String() + ")"
}
