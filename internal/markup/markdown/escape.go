package markdown

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/aofctl/aofctl/internal/markup/doc"
)

// text writes text. Next is the character that follows it.
func (w *inlineWriter) text(s string, next rune) {
	for i := 0; i < len(s); {
		r, size := utf8.DecodeRuneInString(s[i:])
		before := w.before()
		if n := w.url(s[i:], before); n > 0 {
			w.b.WriteString(s[i : i+n])
			i += n
			continue
		}
		after := next
		if i+size < len(s) {
			after, _ = utf8.DecodeRuneInString(s[i+size:])
		}
		switch {
		case r == '\n':
			w.b.WriteByte(' ')
		case w.special(r, before, after, s[i:]) || w.atLineStart() && w.beginsBlock(s[i:], next):
			w.b.WriteByte('\\')
			w.b.WriteRune(r)
		default:
			if n := w.numbered(s[i:]); n > 0 {
				w.b.WriteString(s[i:i+n] + `\` + s[i+n:i+n+1])
				size = n + 1
				break
			}
			w.b.WriteRune(r)
		}
		i += size
	}
}

// url returns the length of an address that begins the text and that Markdown
// sees as such: in it nothing is escaped.
func (w *inlineWriter) url(s string, before rune) int {
	if w.careful || w.link || !doc.IsBlank(before) && before != '(' {
		return 0
	}
	if !strings.HasPrefix(s, "http://") && !strings.HasPrefix(s, "https://") {
		return 0
	}
	n := strings.IndexFunc(s, func(r rune) bool {
		return r <= ' ' || r > '~' || strings.ContainsRune("<>\\*`[]|&\"'~{}()", r)
	})
	if n < 0 {
		n = len(s)
	}
	for n > 0 && !bare(s[:n]) && !doc.IsASCIIWord(rune(s[n-1])) {
		n--
	}
	if !bare(s[:n]) {
		return 0
	}
	return n
}

// special reports whether a character in the text would be read as markup.
func (w *inlineWriter) special(r, before, after rune, rest string) bool {
	if w.careful {
		return r < utf8.RuneSelf && isPunct(byte(r))
	}
	switch r {
	case '\\':
		return after < utf8.RuneSelf && after != 0 && isPunct(byte(after)) || after == 0
	case '*', '_':
		return w.emphasis(r, before, after)
	case '~':
		return w.count['~'] > 1 && (!doc.IsBlank(before) || !doc.IsBlank(after))
	case '`':
		return w.count['`'] > 1
	case '[':
		return w.bracket(rest)
	case ']':
		return w.link
	case '<':
		return after == '/' || after == '!' || after == '?' || unicode.IsLetter(after)
	case '&':
		return doc.Entity(rest) > 0
	case '@':
		return after == '['
	case '{':
		return strings.HasPrefix(rest, "{color")
	case '|':
		return w.cell
	case '\u27e6':
		return false
	}
	return false
}

// emphasis reports whether a star or underscore could be one end of a mark.
func (w *inlineWriter) emphasis(r, before, after rune) bool {
	if w.count[r] < 2 || doc.IsBlank(before) && doc.IsBlank(after) {
		return false
	}
	if doc.IsASCIIWord(before) && doc.IsASCIIWord(after) {
		return false
	}
	return true
}

// bracket reports whether [ would begin a link or a mention.
func (w *inlineWriter) bracket(rest string) bool {
	if w.link {
		return true
	}
	rest = rest[:min(len(rest), 4*maxInline)]
	end := strings.IndexByte(rest, ']')
	if end < 0 {
		return w.count[']'] > 0
	}
	if end+1 < len(rest) && strings.IndexByte("([:", rest[end+1]) >= 0 {
		return true
	}
	p := &wikiParser{}
	_, n := p.match([]byte(rest))
	return n > 0 || w.atLineStart() && (strings.HasPrefix(rest, "[ ]") || strings.HasPrefix(rest, "[x]") || strings.HasPrefix(rest, "[X]") || strings.HasPrefix(rest, "[!"))
}

func (w *inlineWriter) atLineStart() bool {
	s := w.b.String()
	return s == "" || strings.HasSuffix(s, "\n")
}

// beginsBlock reports whether a line would be something else than text of a
// paragraph because of its first character.
func (w *inlineWriter) beginsBlock(line string, next rune) bool {
	if w.cell {
		return false
	}
	if w.careful {
		return isPunct(line[0])
	}
	c := line[0]
	run := 0
	for run < len(line) && line[run] == c {
		run++
	}
	var after rune
	if run < len(line) {
		after, _ = utf8.DecodeRuneInString(line[run:])
	} else {
		after = next
	}
	switch c {
	case '#':
		return run <= 6 && (run > 1 || doc.IsBlank(after))
	case '>':
		return true
	case '-', '+', '*', '=', '_':
		return run == 1 && doc.IsBlank(after) || strings.Trim(line, "-+*=_ :|") == ""
	case '`', '~':
		return run >= 3
	case '|', ':':
		return strings.Trim(line, "-:| ") == "" || strings.HasPrefix(line, "||")
	case '{':
		return isMacro(line)
	}
	return false
}

// isMacro reports whether a line begins with a macro of wiki markup.
func isMacro(line string) bool {
	name, _, ok := strings.Cut(line[1:min(len(line), maxInline)], "}")
	name, _, _ = strings.Cut(name, ":")
	return ok && (passes(name) || name == "code" || name == "noformat" || name == "color")
}

// numbered returns the length of the number at the begin of a line that would be
// an item of a list, or of the word that would begin a line of wiki markup.
func (w *inlineWriter) numbered(s string) int {
	if w.cell || !w.atLineStart() {
		return 0
	}
	n := 0
	for n < len(s) && n < 10 && s[n] >= '0' && s[n] <= '9' {
		n++
	}
	if n == 0 && len(s) > 3 && s[2:4] == ". " && (s[0] == 'h' && s[1] >= '1' && s[1] <= '6' || s[:2] == "bq") {
		return 2
	}
	if n == 0 || n > 9 || n >= len(s) || s[n] != '.' && s[n] != ')' || n+1 < len(s) && s[n+1] != ' ' {
		return 0
	}
	return n
}

func isPunct(c byte) bool {
	return c >= '!' && c <= '/' || c >= ':' && c <= '@' || c >= '[' && c <= '`' || c >= '{' && c <= '~'
}
