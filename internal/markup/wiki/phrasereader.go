package wiki

import (
	"html"
	"strings"
	"unicode/utf8"

	"github.com/aofctl/aofctl/internal/markup/doc"
)

// phraseNodes reads the wiki markup of one line of text.
func phraseNodes(line string) []*doc.Node {
	a := &atoms{}
	a.scan(line)
	r := phraseReader{atoms: a.list}
	return doc.Tidy(r.read(a.flat.String(), 0))
}

// hole stands in the flat text for an atom. Control characters are not in it
// otherwise, see clean.
const hole = '\x01'

// maxInline bounds what is looked at, so that many openings cost no more than a
// few.
const maxInline = 400

// atoms takes out of a line what emphasis does not look into: code, links,
// mentions, images, escaped characters.
type atoms struct {
	flat strings.Builder
	list []*doc.Node
}

func (a *atoms) add(n *doc.Node) {
	a.flat.WriteByte(hole)
	a.list = append(a.list, n)
}

func (a *atoms) scan(s string) {
	wordBefore := false
	for s != "" {
		n := a.one(s, wordBefore)
		if n == 0 {
			_, n = utf8.DecodeRuneInString(s)
			a.flat.WriteString(s[:n])
		}
		r, _ := utf8.DecodeLastRuneInString(s[:n])
		wordBefore = doc.IsWord(r)
		s = s[n:]
	}
}

// one takes one atom and returns its length, or 0.
func (a *atoms) one(s string, wordBefore bool) int {
	switch s[0] {
	case '\\':
		return a.backslash(s)
	case '{':
		return a.brace(s)
	case '[':
		return a.bracket(s)
	case '!':
		return a.image(s)
	case '(':
		return a.emoticon(s)
	case '&':
		return a.entity(s)
	case 'h':
		if !wordBefore {
			return a.url(s)
		}
	}
	return 0
}

// backslash reads \\, a line break, and escaped characters.
func (a *atoms) backslash(s string) int {
	if strings.HasPrefix(s, `\\`) {
		a.add(doc.New(doc.Break))
		return 2
	}
	if len(s) < 2 || strings.IndexByte("*_-+^~!?|#{}[]().\\:;&%@", s[1]) < 0 {
		return 0
	}
	a.add(doc.NewText(doc.Text, s[1:2]))
	return 2
}

// brace reads {{code}}, and drops the tags of colours and anchors.
func (a *atoms) brace(s string) int {
	if strings.HasPrefix(s, "{{") {
		end := codeEnd(s)
		if end < 0 {
			return 0
		}
		a.add(doc.NewText(doc.Span, doc.OneLine(plainWiki(s[2:end]))))
		return end + 2
	}
	end := strings.IndexByte(s[:min(len(s), maxInline)], '}')
	if end < 2 {
		return 0
	}
	name, _, _ := strings.Cut(s[1:end], ":")
	if name == macroColor || name == macroAnchor {
		return end + 1 // nothing stays of it
	}
	return 0
}

// codeEnd finds the end of {{code}}, over escaped braces.
func codeEnd(s string) int {
	s = s[:min(len(s), 4*maxInline)]
	for from := 2; ; {
		i := strings.Index(s[from:], "}}")
		if i < 0 {
			return -1
		}
		i += from
		before := strings.TrimRight(s[2:i], `\`)
		if escaped := (i-2-len(before))%2 == 1; escaped || i == 2 {
			from = i + 1
			continue
		}
		return i
	}
}

// plainWiki resolves the escapes in code.
func plainWiki(s string) string {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] == '\\' && i+1 < len(s) && !doc.IsASCIIWord(rune(s[i+1])) && s[i+1] < utf8.RuneSelf && s[i+1] != ' ' {
			i++
		}
		b.WriteByte(s[i])
	}
	return html.UnescapeString(b.String())
}

// bracket reads mentions, files and links. Other text in brackets stays.
func (a *atoms) bracket(s string) int {
	end := linkEnd(s)
	if end < 2 {
		return 0
	}
	inner := s[1:end]
	switch {
	case inner[0] == '~' && doc.IsAccount(inner[1:]):
		a.add(&doc.Node{Kind: doc.Mention, Target: inner[1:]})
		return end + 1
	case inner[0] == '~':
		return 0
	case inner[0] == '^' && len(inner) > 4 && strings.Contains(inner, ".") && !strings.ContainsAny(inner, "|`{}"):
		a.add(doc.NewText(doc.Attachment, inner[1:]))
		return end + 1
	}
	label, dest, piped := cutBar(inner)
	if piped {
		dest, _, _ = strings.Cut(dest, "|")
	}
	dest = strings.TrimSpace(dest)
	if dest == "" || !piped && !isAddress(dest) || strings.ContainsAny(dest, "\n<>") {
		return 0
	}
	if !piped || plainWiki(label) == dest {
		a.add(bareLink(dest))
		return end + 1
	}
	a.add(&doc.Node{Kind: doc.Link, Target: dest, Children: phraseNodes(label)})
	return end + 1
}

// linkEnd finds the bracket that closes the first one, over escaped ones.
func linkEnd(s string) int {
	for i := 1; i < len(s) && i < 3*maxInline; i++ {
		switch s[i] {
		case '\\':
			i++
		case ']':
			return i
		case '[', '\n':
			return -1
		}
	}
	return -1
}

// cutBar splits a link at the first bar that is not escaped.
func cutBar(s string) (label, dest string, ok bool) {
	for i := 0; i < len(s); i++ {
		switch s[i] {
		case '\\':
			i++
		case '|':
			return s[:i], s[i+1:], true
		}
	}
	return s, s, false
}

func isAddress(s string) bool {
	return strings.HasPrefix(s, "http://") || strings.HasPrefix(s, "https://") || strings.HasPrefix(s, "mailto:") || s[0] == '#'
}

func bareLink(dest string) *doc.Node {
	text := doc.NewText(doc.Text, strings.TrimPrefix(dest, "mailto:"))
	return &doc.Node{Kind: doc.Link, Target: dest, Children: []*doc.Node{text}}
}

// image reads !url! and !file.png|thumbnail!.
func (a *atoms) image(s string) int {
	end := strings.IndexByte(s[1:min(len(s), 2*maxInline)], '!')
	if end < 3 {
		return 0
	}
	url, params, _ := strings.Cut(s[1:end+1], "|")
	if strings.ContainsAny(url, "\n[]{}*<>") || url == "" || url[0] == ' ' || !strings.ContainsAny(url, "./") || strings.Contains(url, "  ") {
		return 0
	}
	if strings.Contains(url, " ") && !strings.Contains(url[strings.LastIndexByte(url, ' '):], ".") {
		return 0
	}
	alt := ""
	for p := range strings.SplitSeq(params, ",") {
		if v, ok := strings.CutPrefix(strings.TrimSpace(p), "alt="); ok {
			alt = strings.Trim(v, `"`)
		}
	}
	a.add(&doc.Node{Kind: doc.Image, Target: url, Text: doc.OneLine(alt)})
	return end + 2
}

// emoticon reads Jira's icons.
func (a *atoms) emoticon(s string) int {
	if !isEmoticon([]byte(s[:min(len(s), 12)])) {
		return 0
	}
	end := strings.IndexByte(s, ')')
	icon, ok := map[string]string{
		"/": "✅", "x": "❌", "!": "⚠️", "?": "❓", "i": "ℹ️", "y": "👍", "n": "👎", "+": "➕", "-": "➖",
		"on": "💡", "off": "💡", "*": "⭐", "*r": "⭐", "*g": "⭐", "*b": "⭐", "*y": "⭐", "flag": "🚩", "flagoff": "🏳️",
	}[s[1:end]]
	if !ok {
		return 0
	}
	a.add(doc.NewText(doc.Text, icon))
	return end + 1
}

// entity resolves &amp; and the like.
func (a *atoms) entity(s string) int {
	n := doc.Entity(s)
	if n == 0 {
		return 0
	}
	a.add(doc.NewText(doc.Text, doc.Clean(html.UnescapeString(s[:n]))))
	return n
}

// url reads an address in the text, in which _ and * are no marks.
func (a *atoms) url(s string) int {
	if !strings.HasPrefix(s, "http://") && !strings.HasPrefix(s, "https://") {
		return 0
	}
	n := strings.IndexFunc(s, func(r rune) bool {
		return r <= ' ' || strings.ContainsRune("|[]{}<>\"\\", r)
	})
	if n < 0 {
		n = len(s)
	}
	url := strings.TrimRight(s[:n], ".,;:!?)*_'")
	a.add(&doc.Node{Kind: doc.Link, Target: url, Auto: true, Children: []*doc.Node{doc.NewText(doc.Text, url)}})
	return len(url)
}
