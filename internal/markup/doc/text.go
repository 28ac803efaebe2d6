package doc

import (
	"html"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Clean makes text that every product takes: valid UTF-8, line ends of one byte,
// no control characters, which XML cannot hold.
func Clean(s string) string {
	s = strings.ToValidUTF8(s, string(utf8.RuneError))
	if !strings.ContainsFunc(s, isControl) {
		return s
	}
	s = strings.ReplaceAll(s, "\r\n", "\n")
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\r' || r == '\u2028' || r == '\u2029' || r == '\v' || r == '\f':
			return '\n'
		case isControl(r):
			return -1
		}
		return r
	}, s)
}

func isControl(r rune) bool {
	switch {
	case r == '\n' || r == '\t':
		return false
	case r < 0x20, r == 0x7f, r == 0x2028, r == 0x2029, r == 0xFEFF, r == 0xFFFE, r == 0xFFFF:
		return true
	}
	return false
}

// IsWord reports whether a character is a letter or a digit of any script.
func IsWord(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) }

// IsBlank reports whether a character is white space or, as 0, none.
func IsBlank(r rune) bool { return r == 0 || unicode.IsSpace(r) }

// IsASCIIWord reports whether a character is a letter or digit of ASCII.
func IsASCIIWord(r rune) bool {
	return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9'
}

// IsAccount accepts account ids, with "accountid:" before them, and Data
// Center's user names.
func IsAccount(id string) bool {
	if id == "" || len(id) > 160 || !utf8.ValidString(id) {
		return false
	}
	for _, r := range id {
		if !IsWord(r) && !strings.ContainsRune("-_.:@+", r) {
			return false
		}
	}
	return true
}

// PersonName makes a person's name fit into a mention in Markdown, whatever it
// holds.
func PersonName(s string) string {
	s = strings.Map(func(r rune) rune {
		switch r {
		case '[', '{':
			return '('
		case ']', '}':
			return ')'
		case '|':
			return ' '
		}
		return r
	}, s)
	return OneLine(strings.TrimLeft(s, "@ \t\n"))
}

// Linkable accepts addresses without a scheme and those with a harmless one.
func Linkable(dest string) bool {
	scheme, _, ok := strings.Cut(dest, ":")
	if !ok || strings.ContainsAny(scheme, "/?#") {
		return dest != ""
	}
	switch strings.ToLower(scheme) {
	case "http", "https", "mailto", "ftp", "ftps", "tel":
		return true
	}
	return false
}

// Absolute reports whether an address needs no page that it is relative to.
func Absolute(dest string) bool {
	return strings.Contains(dest, ":") || strings.HasPrefix(dest, "#") || strings.HasPrefix(dest, "/")
}

// Entity returns the length of the character reference that begins a text, such
// as &amp; or &#46;, or 0.
func Entity(s string) int {
	end := strings.IndexByte(s[:min(len(s), maxEntity)], ';')
	if end < 2 || s[0] != '&' {
		return 0
	}
	for _, r := range s[1:end] {
		if !IsASCIIWord(r) && r != '#' {
			return 0
		}
	}
	if html.UnescapeString(s[:end+1]) == s[:end+1] {
		return 0
	}
	return end + 1
}

// maxEntity is longer than the names of characters are.
const maxEntity = 40

// OneLine replaces all white space by single spaces.
func OneLine(s string) string { return strings.Join(strings.Fields(s), " ") }
