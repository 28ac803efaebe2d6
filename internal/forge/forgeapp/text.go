package forgeapp

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// The limits of texts, in characters, as JSON Schema counts them.
const (
	maxName        = 30
	maxDescription = 255
	maxIcon        = 255
	maxStarter     = 85
	maxStarters    = 3
)

// title makes what people read from a name: bug-triager becomes Bug Triager.
func title(name string) string {
	words := strings.FieldsFunc(name, func(r rune) bool { return r == '-' || r == '_' || r == '.' || unicode.IsSpace(r) })
	for i, word := range words {
		first, size := utf8.DecodeRuneInString(word)
		words[i] = string(unicode.ToUpper(first)) + word[size:]
	}
	return strings.Join(words, " ")
}

// oneLine takes out line ends and everything else that no line of text has.
func oneLine(text string) string {
	text = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || r == '\u2028' || r == '\u2029' {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(text, ""))
	return strings.Join(strings.Fields(text), " ")
}

// cut shortens a text to a number of characters, at the end of a word if there is
// one in the second half, and says whether it had to.
func cut(text string, limit int) (string, bool) {
	runes := []rune(text)
	if len(runes) <= limit {
		return text, false
	}
	const dots = "…"
	kept := runes[:limit-1]
	for i := len(kept); i > limit/2; i-- {
		if unicode.IsSpace(runes[i]) {
			kept = runes[:i]
			break
		}
	}
	return strings.TrimRightFunc(string(kept), func(r rune) bool { return unicode.IsSpace(r) || unicode.IsPunct(r) && r != ')' }) + dots, true
}
