package wiki

import (
	"strings"
	"unicode/utf8"

	"github.com/aofctl/aofctl/internal/markup/doc"
)

// partKind is the kind of a part of a line of text.
type partKind int

const (
	literal partKind = iota // text whose special characters have to be escaped
	raw                     // wiki markup, as it is
	opening                 // the begin of *strong* and the like
	closing                 // and its end
	lineEnd                 // a line break
)

// part is a piece of a paragraph on its way to wiki markup.
type part struct {
	kind partKind
	text string // for opening and closing: the mark, one byte
	link bool   // within a link's text, where [ ] and | are special
	code bool   // within {{ }}
	pair int    // opening and closing: index of the other end
}

// place says where a paragraph stands.
type place int

const (
	inBlock   place = iota // line breaks are kept
	inCell                 // of a table: | is special, breaks are written \\
	inHeading              // one line only
)

// inline collects the parts of one paragraph, heading or table cell.
type inline struct {
	parts []part
	open  []int // indexes of openings that are not closed yet
	link  bool
}

func (in *inline) add(kind partKind, text string) {
	if text != "" {
		in.parts = append(in.parts, part{kind: kind, text: text, link: in.link})
	}
}

func (in *inline) begin(mark string) {
	in.open = append(in.open, len(in.parts))
	in.parts = append(in.parts, part{kind: opening, text: mark, link: in.link})
}

func (in *inline) end(mark string) {
	if len(in.open) == 0 {
		return
	}
	other := in.open[len(in.open)-1]
	in.open = in.open[:len(in.open)-1]
	in.parts[other].pair = len(in.parts)
	in.parts = append(in.parts, part{kind: closing, text: mark, link: in.link, pair: other})
}

// wiki writes the parts as wiki markup for a place. The text begins a line.
func (in *inline) wiki(at place) string {
	f := flat{at: at}
	for _, p := range in.parts {
		f.add(p, at)
	}
	f.closers()
	return strings.Trim(f.write(), " \t\n")
}

// flat is the text of a paragraph with, for each byte, the part that it is of.
type flat struct {
	at    place
	text  []byte
	owner []int
	parts []part
	start []int // where each part begins
	// last tells for each mark where the last character stands that could close
	// it.
	last map[byte]int
	// marks counts which marks are open where is written.
	marks map[byte]int
	// bracket is where the last literal ] stands.
	bracket int
}

func (f *flat) add(p part, at place) {
	text := p.text
	if p.kind == lineEnd {
		switch {
		case at == inHeading || p.link || f.inMark():
			text = " "
		case at == inCell:
			text = `\\ `
			p.kind = raw
		default:
			text = "\n"
		}
	}
	f.start = append(f.start, len(f.text))
	f.parts = append(f.parts, p)
	for range len(text) {
		f.owner = append(f.owner, len(f.parts)-1)
	}
	f.text = append(f.text, text...)
}

// inMark reports whether a mark is open, within which Jira allows no line break.
func (f *flat) inMark() bool {
	depth := 0
	for i := len(f.parts) - 1; i >= 0 && i > len(f.parts)-64; i-- {
		kind := f.parts[i].kind
		if kind == opening && depth == 0 {
			return true
		}
		if kind == opening {
			depth--
		}
		if kind == closing {
			depth++
		}
	}
	return false
}

// before and after return the neighbouring characters; 0 at the ends.
func (f *flat) before(i int) rune {
	r, size := utf8.DecodeLastRune(f.text[:i])
	if size == 0 {
		return 0
	}
	return r
}

func (f *flat) after(i int) rune {
	r, size := utf8.DecodeRune(f.text[i:])
	if size == 0 {
		return 0
	}
	return r
}

// phraseMarks are the characters with which Jira marks phrases, and images.
const phraseMarks = "*_-+^~!?"

// closers finds the last place at which each mark could end a phrase.
func (f *flat) closers() {
	f.last = map[byte]int{}
	f.bracket = -1
	for i, c := range f.text {
		if f.kind(i) == raw {
			continue
		}
		if c == ']' {
			f.bracket = i
		}
		if strings.IndexByte(phraseMarks, c) >= 0 && !doc.IsBlank(f.before(i)) && !doc.IsWord(f.after(i+1)) {
			f.last[c] = i
		}
	}
}

func (f *flat) kind(i int) partKind { return f.parts[f.owner[i]].kind }

// write writes the text and escapes where something would be taken for markup.
func (f *flat) write() string {
	var b strings.Builder
	b.Grow(len(f.text) + len(f.text)/8)
	escapedTo := 0
	f.marks = map[byte]int{}
	for i := range len(f.text) {
		c := f.text[i]
		p := f.parts[f.owner[i]]
		if p.kind == raw || p.kind == lineEnd {
			b.WriteByte(c)
			continue
		}
		if p.kind == opening || p.kind == closing {
			if p.kind == opening {
				f.marks[p.text[0]]++
			} else {
				f.marks[p.text[0]]--
			}
			b.WriteString(f.mark(f.owner[i]))
			continue
		}
		if n := f.blockMark(i); n > 0 {
			escapedTo = i + n
		}
		if c == '\\' {
			b.WriteString(f.backslash(i))
			continue
		}
		if c == '&' && doc.Entity(string(f.text[i:min(len(f.text), i+maxInline)])) > 0 {
			b.WriteString("&amp;")
			continue
		}
		if c == '.' && f.wikiLine(i) {
			b.WriteString("&#46;")
			continue
		}
		if i < escapedTo || f.special(i, p) {
			b.WriteByte('\\')
		}
		b.WriteByte(c)
	}
	return b.String()
}

// mark writes one end of a phrase: with braces if a letter touches its outside,
// where Jira would not see it else.
func (f *flat) mark(owner int) string {
	p := f.parts[owner]
	first, last := owner, p.pair
	if p.kind == closing {
		first, last = p.pair, owner
	}
	mark := rune(p.text[0])
	inner := f.after(f.start[first]+1) == mark || f.before(f.start[last]) == mark
	if inner || doc.IsWord(f.before(f.start[first])) || doc.IsWord(f.after(f.start[last]+1)) {
		return "{" + p.text + "}"
	}
	return p.text
}

// backslash writes a literal backslash: two of them, or one before a special
// character, would mean something else.
func (f *flat) backslash(i int) string {
	if r := f.after(i + 1); r == ' ' || doc.IsWord(r) {
		return `\`
	}
	return "&#92;"
}

// special reports whether the literal character would be read as markup.
func (f *flat) special(i int, p part) bool {
	c := f.text[i]
	switch c {
	case '{':
		return true
	case '}':
		return p.code
	case '[':
		return p.link || f.at == inCell || f.bracket > i
	case ']':
		return p.link
	case '|':
		return p.link || f.at == inCell || f.atLineStart(i)
	case '(':
		return isEmoticon(f.text[i:])
	case '?':
		return i+2 < len(f.text) && f.text[i+1] == '?' && f.opens(i, 2)
	case '*', '_', '-', '+', '^', '~', '!':
		return f.opens(i, 1) || f.marks[c] > 0 && !doc.IsBlank(f.before(i)) && !doc.IsWord(f.after(i+1))
	}
	return false
}

// opens reports whether a mark could begin a phrase that something ends.
func (f *flat) opens(i, size int) bool {
	return f.last[f.text[i]] > i+size && !doc.IsWord(f.before(i)) && !doc.IsBlank(f.after(i+size))
}

func (f *flat) atLineStart(i int) bool {
	for i > 0 && (f.text[i-1] == ' ' || f.text[i-1] == '\t') {
		i--
	}
	return i == 0 || f.text[i-1] == '\n'
}

// blockMark returns the length of a literal list marker or rule at the begin of
// a line.
func (f *flat) blockMark(i int) int {
	c := f.text[i]
	if c != '*' && c != '#' && c != '-' || !f.atLineStart(i) {
		return 0
	}
	n := 0
	for i+n < len(f.text) && strings.IndexByte("*#-", f.text[i+n]) >= 0 {
		n++
	}
	if doc.IsBlank(f.after(i+n)) || c == '-' && n >= 4 {
		return n
	}
	return 0
}

// wikiLine reports whether the dot at i would make a line a heading or a quote.
func (f *flat) wikiLine(i int) bool {
	return f.at == inBlock && i >= 2 && headingPrefix(string(f.text[i-2:min(len(f.text), i+3)])) > 0 && f.atLineStart(i-2)
}

// isEmoticon reports whether the text begins with one of Jira's icons, such as
// (x) and (/).
func isEmoticon(text []byte) bool {
	end := 1
	for end < len(text) && end < 10 && text[end] != ')' {
		end++
	}
	if end >= len(text) || text[end] != ')' {
		return false
	}
	switch string(text[1:end]) {
	case "/", "x", "!", "?", "i", "y", "n", "+", "-", "on", "off", "*", "*r", "*g", "*b", "*y", "flag", "flagoff":
		return true
	}
	return false
}
