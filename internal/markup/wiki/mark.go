package wiki

import (
	"strings"
	"unicode/utf8"

	"github.com/aofctl/aofctl/internal/markup/doc"
)

// phraseReader reads flat text with its atoms, and the marks in it.
type phraseReader struct {
	atoms []*doc.Node
}

// maxMarks bounds how deep marks nest: there are seven, each once.
const maxMarks = 7

func (r *phraseReader) read(s string, depth int) []*doc.Node {
	var out []*doc.Node
	text := 0 // where text begins that is not in out
	last := lastClosers(s)
	flush := func(to int) {
		if to > text {
			out = append(out, doc.NewText(doc.Text, s[text:to]))
		}
	}
	for i := 0; i < len(s); {
		if s[i] == hole {
			flush(i)
			out = append(out, r.atoms[0])
			r.atoms = r.atoms[1:]
			i++
			text = i
			continue
		}
		if depth < maxMarks {
			if inner, n := phraseAt(s, i, last); n > 0 {
				flush(i)
				out = append(out, doc.New(markKind(markOf(s, i)), r.read(inner, depth+1)...))
				i += n
				text = i
				continue
			}
		}
		i++
	}
	flush(len(s))
	return out
}

// markOf returns the mark at a place: of {*} the star.
func markOf(s string, i int) byte {
	if s[i] == '{' {
		return s[i+1]
	}
	return s[i]
}

func markKind(mark byte) doc.Kind {
	switch mark {
	case '*':
		return doc.Strong
	case '-':
		return doc.Strike
	case '+':
		return doc.Under
	case '^':
		return doc.Super
	case '~':
		return doc.Sub
	}
	return doc.Em
}

// lastClosers finds the last place at which each mark may end a phrase.
func lastClosers(s string) map[byte]int {
	last := map[byte]int{}
	for i := range len(s) {
		if strings.IndexByte(phraseMarks, s[i]) >= 0 && mayClose(s, i) {
			last[s[i]] = i
		}
	}
	return last
}

func mayClose(s string, i int) bool {
	before, _ := utf8.DecodeLastRuneInString(s[:i])
	after, size := utf8.DecodeRuneInString(s[i+1:])
	if size == 0 {
		after = 0
	}
	return i > 0 && !doc.IsBlank(before) && !doc.IsWord(after)
}

// phraseAt returns the text of the phrase that begins at i, and its length with
// its marks, or 0.
func phraseAt(s string, i int, last map[byte]int) (inner string, n int) {
	if s[i] == '{' {
		return bracedPhrase(s, i)
	}
	c := s[i]
	if strings.IndexByte("*_-+^~?", c) < 0 || last[c] <= i+1 {
		return "", 0
	}
	if before, size := utf8.DecodeLastRuneInString(s[:i]); size > 0 && doc.IsWord(before) {
		return "", 0
	}
	open := 1
	if c == '?' {
		if i+1 >= len(s) || s[i+1] != '?' {
			return "", 0
		}
		open = 2
	}
	if r, size := utf8.DecodeRuneInString(s[i+open:]); size == 0 || doc.IsBlank(r) || r == rune(c) {
		return "", 0
	}
	for j := i + open + 1; j <= last[c]; j++ {
		if s[j] == c && mayClose(s, j) && (open == 1 || s[j-1] == c) {
			return s[i+open : j-open+1], j + 1 - i
		}
	}
	return "", 0
}

// bracedPhrase reads {*}text{*}.
func bracedPhrase(s string, i int) (inner string, n int) {
	if i+3 > len(s) || s[i+2] != '}' || strings.IndexByte("*_-+^~", s[i+1]) < 0 {
		return "", 0
	}
	end := strings.Index(s[i+3:min(len(s), i+3*maxInline)], s[i:i+3])
	if end <= 0 {
		return "", 0
	}
	return s[i+3 : i+3+end], end + 6
}
