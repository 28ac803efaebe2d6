package markdown

import (
	"strings"
	"unicode/utf8"

	"github.com/aofctl/aofctl/internal/markup/doc"
)

// line writes inline nodes in one line, as a heading needs it.
func (w *writer) line(nodes []*doc.Node) string {
	s := doc.OneLine(w.inline(withoutBreaks(clone(nodes)), false))
	for strings.HasSuffix(s, "#") && !strings.HasSuffix(s, `\#`) {
		s = s[:len(s)-1] + `\#` // or it would close the heading
	}
	return s
}

func clone(nodes []*doc.Node) []*doc.Node {
	out := make([]*doc.Node, len(nodes))
	for i, n := range nodes {
		c := *n
		c.Children = clone(n.Children)
		out[i] = &c
	}
	return out
}

// maxCheck bounds the length of a paragraph that is read again: some take long.
const maxCheck = 16 << 10

// inline writes the text of a paragraph, or of a table's cell. What was written
// is read again if it has characters that may be markup; if it then is something
// else, every such character is escaped.
func (w *writer) inline(nodes []*doc.Node, cell bool) string {
	nodes = doc.Tidy(nodes)
	s := writeInline(nodes, cell, false)
	if len(s) > maxCheck {
		return s
	}
	if strings.ContainsAny(s, "\\*_~`[]<>&{}|@#-+=:!\u27e6") && !w.reads(s, nodes, cell) {
		s = writeInline(nodes, cell, true)
	}
	return s
}

// reads reports whether Markdown gives the nodes when it is read.
func (w *writer) reads(s string, nodes []*doc.Node, cell bool) bool {
	if w.check == nil {
		w.check = newParser(false)
	}
	if cell {
		s = strings.ReplaceAll(s, `\|`, "|")
	}
	got := parse(w.check, s, false, 0)
	if len(nodes) == 0 {
		return len(got) == 0
	}
	return len(got) == 1 && got[0].Kind == doc.Paragraph && doc.Equal(unlinked(got[0].Children), unlinked(nodes))
}

// unlinked makes text of links that are nothing but their address: whether such
// an address is a link is up to the reader.
func unlinked(nodes []*doc.Node) []*doc.Node {
	found := false
	out := make([]*doc.Node, len(nodes))
	for i, n := range nodes {
		out[i] = n
		switch {
		case n.Kind == doc.Link && n.Text == "" && len(n.Children) == 1 && n.Children[0].Kind == doc.Text:
			if s := n.Children[0].Text; n.Target == s || n.Target == "mailto:"+s || n.Target == "http://"+s {
				out[i] = doc.NewText(doc.Text, s)
				found = true
			}
		case n.Marked():
			out[i] = doc.New(n.Kind, unlinked(n.Children)...)
		}
	}
	if found {
		return doc.Tidy(out)
	}
	return out
}

func writeInline(nodes []*doc.Node, cell, careful bool) string {
	w := &inlineWriter{cell: cell, careful: careful}
	w.scan(nodes)
	w.nodes(nodes, 0)
	return strings.Trim(w.b.String(), " \n")
}

// inlineWriter writes the inline nodes of one paragraph.
type inlineWriter struct {
	b       strings.Builder
	cell    bool
	careful bool
	link    bool
	// count tells how often each character stands in the text or as a mark.
	count [utf8.RuneSelf]int
}

// scan counts the characters that may be markup.
func (w *inlineWriter) scan(nodes []*doc.Node) {
	for _, n := range nodes {
		for i := range len(n.Text) {
			if c := n.Text[i]; c < utf8.RuneSelf && n.Kind == doc.Text && !isolated(n.Text, i) {
				w.count[c]++
			}
		}
		switch n.Kind {
		case doc.Strong, doc.Em:
			w.count['*'] += 2
			w.count['_'] += 2
		case doc.Strike:
			w.count['~'] += 2
		case doc.Span:
			w.count['`'] += 2
		case doc.Link, doc.Image:
			w.count[']']++
		default:
		}
		w.scan(n.Children)
	}
}

// isolated reports whether a character stands between spaces.
func isolated(s string, i int) bool {
	return i > 0 && s[i-1] == ' ' && i+1 < len(s) && s[i+1] == ' '
}

// nodes writes nodes; after is the character that follows them.
func (w *inlineWriter) nodes(nodes []*doc.Node, after rune) {
	for i, n := range nodes {
		next := after
		if i+1 < len(nodes) {
			next = firstRune(nodes[i+1])
		}
		w.node(n, next)
	}
}

// firstRune is the character that a node begins with, as far as the rules of
// emphasis care.
func firstRune(n *doc.Node) rune {
	switch n.Kind {
	case doc.Text:
		r, _ := utf8.DecodeRuneInString(n.Text)
		return r
	case doc.Break:
		return '\n'
	case doc.Strong, doc.Em:
		return '*'
	case doc.Strike:
		return '~'
	}
	return '['
}

// before is the character that was written last.
func (w *inlineWriter) before() rune {
	r, size := utf8.DecodeLastRuneInString(w.b.String())
	if size == 0 {
		return 0
	}
	return r
}

func (w *inlineWriter) node(n *doc.Node, next rune) {
	switch n.Kind {
	case doc.Text:
		w.text(n.Text, next)
	case doc.Strong, doc.Em, doc.Strike, doc.Under, doc.Super, doc.Sub:
		w.marked(n, next)
	case doc.Span:
		s := codeSpan(n.Text)
		if w.cell {
			s = strings.ReplaceAll(s, "|", `\|`)
		}
		w.b.WriteString(s)
	case doc.Break:
		w.b.WriteString(w.lineEnd())
	case doc.Link:
		w.linkTo(n, next)
	case doc.Image:
		w.image(n)
	case doc.Mention:
		w.mention(n)
	case doc.Attachment:
		w.b.WriteString("[^" + n.Text + "]")
	case doc.Macro:
		w.b.WriteString(doc.Key(n.Text))
	case doc.InlineWiki:
		w.b.WriteString(n.Text)
	default:
		w.nodes(n.Children, next)
	}
}

func (w *inlineWriter) lineEnd() string {
	s := w.b.String()
	if w.cell || strings.HasSuffix(s, "\n") || strings.HasSuffix(s, "<br>") {
		return "<br>" // an empty line would end the paragraph
	}
	return "\n"
}

// mention writes @[accountid:… Name], which becomes a mention again when it goes
// back.
func (w *inlineWriter) mention(n *doc.Node) {
	name := doc.PersonName(n.Text)
	switch {
	case !doc.IsAccount(n.Target):
		w.text("@"+name, 0)
	case doc.IsWord(w.before()):
		w.b.WriteString("[~" + n.Target + "]")
	case name == "" || len(name) > maxInline/2:
		w.b.WriteString("@[" + n.Target + "]")
	default:
		w.b.WriteString("@[" + n.Target + " " + name + "]")
	}
}

// codeSpan writes code between enough backticks.
func codeSpan(s string) string {
	s = strings.TrimSpace(strings.ReplaceAll(s, "\n", " "))
	if s == "" {
		return s
	}
	if !strings.Contains(s, "`") {
		return "`" + s + "`"
	}
	fence := strings.Repeat("`", longestRun(s)+1)
	return fence + " " + s + " " + fence
}

func (w *inlineWriter) linkTo(n *doc.Node, next rune) {
	label := doc.Flat(n.Children...)
	plain := len(n.Children) == 1 && n.Children[0].Kind == doc.Text && n.Text == ""
	switch {
	case w.link || n.Target == "":
		w.nodes(n.Children, next)
	case plain && label == n.Target && bare(label) && w.standsAlone(next):
		w.b.WriteString(label)
	case plain && ("mailto:"+label == n.Target || "http://"+label == n.Target && strings.HasPrefix(label, "www.")):
		w.text(label, next) // an address in the text, which is as good as a link
	case plain && label == n.Target && strings.Contains(label, "://") && !strings.ContainsAny(label, " \\<>"):
		w.b.WriteString("<" + label + ">")
	default:
		w.link = true
		w.b.WriteString("[")
		w.nodes(n.Children, ']')
		w.link = false
		w.b.WriteString("](" + target(n.Target) + tooltip(n.Text) + ")")
	}
}

// standsAlone reports whether a bare address is seen at this place.
func (w *inlineWriter) standsAlone(next rune) bool {
	before := w.before()
	return (doc.IsBlank(before) || before == '(') && (doc.IsBlank(next) || strings.ContainsRune(".,)", next))
}

// bare reports whether an address is seen as such without marks around it.
func bare(dest string) bool {
	rest, ok := strings.CutPrefix(dest, "https://")
	if !ok {
		rest, ok = strings.CutPrefix(dest, "http://")
	}
	host, _, _ := strings.Cut(rest, "/")
	if !ok || !strings.Contains(host, ".") || strings.ContainsAny(dest, " <>\\*`[]|&\"'~") {
		return false
	}
	last := dest[len(dest)-1]
	return last == '/' || doc.IsASCIIWord(rune(last))
}

// target makes an address fit between ( and ).
func target(dest string) string {
	dest = strings.NewReplacer(`\`, `\\`, "&", `\&`, "<", `\<`, ">", `\>`).Replace(dest)
	dest = strings.ReplaceAll(dest, `\&`, "&")
	if strings.ContainsAny(dest, " ()") || strings.HasPrefix(dest, `\<`) {
		return "<" + dest + ">"
	}
	return dest
}

func tooltip(s string) string {
	if s == "" {
		return ""
	}
	return ` "` + strings.NewReplacer(`\`, `\\`, `"`, `\"`, "&", `\&`).Replace(s) + `"`
}

func (w *inlineWriter) image(n *doc.Node) {
	alt := strings.NewReplacer(`\`, `\\`, "[", `\[`, "]", `\]`, "*", `\*`, "_", `\_`, "`", "\\`", "<", `\<`, "&", `\&`, "~", `\~`, "@", `\@`, "{", `\{`).Replace(doc.OneLine(n.Text))
	w.b.WriteString("![" + alt + "](" + target(n.Target) + ")")
}
