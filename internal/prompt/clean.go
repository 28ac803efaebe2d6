package prompt

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Clean removes the characters that people do not see but models read, which
// are used to hide instructions or to show text in another order than it is
// stored: control and format characters, bidirectional marks and overrides,
// tags, zero-width characters, fillers, private use characters and stray
// variation selectors. Line ends become \n, other white space that is not a tab
// becomes a space. What scripts and emoji need stays: joiners between letters of
// scripts that join, and within emoji sequences, one presentation selector after
// a symbol. Invalid UTF-8 becomes U+FFFD. See Unicode UTS #39 and UAX #9.
func Clean(s string) string {
	if isPlain(s) {
		return s
	}
	var b strings.Builder
	b.Grow(len(s))
	prev := rune(0) // the last rune that was kept
	for i := 0; i < len(s); {
		r, size := utf8.DecodeRuneInString(s[i:])
		i += size
		next, ahead := utf8.DecodeRuneInString(s[i:])
		if ahead == 0 {
			next = 0
		}
		if r == '\r' {
			if next == '\n' {
				continue
			}
			r = '\n'
		}
		r, keep := cleanRune(prev, r, next)
		if !keep {
			continue
		}
		b.WriteRune(r)
		prev = r
	}
	return b.String()
}

// isPlain reports whether the text is printable ASCII, which most is.
func isPlain(s string) bool {
	for i := range len(s) {
		if c := s[i]; c != '\n' && c != '\t' && (c < 0x20 || c > 0x7e) {
			return false
		}
	}
	return true
}

// cleanRune returns what becomes of a rune between two others.
func cleanRune(prev, r, next rune) (rune, bool) {
	switch {
	case r == '\n' || r == '\t':
		return r, true
	case r == '\u2028' || r == '\u2029' || r == '\u0085':
		return '\n', true
	case r == '\u200d':
		return r, joinsEmoji(prev, next) || joinsLetters(prev, next)
	case r == '\u200c':
		return r, joinsLetters(prev, next)
	case r == '\ufe0e' || r == '\ufe0f':
		return r, isSymbol(prev)
	case isInvisible(r):
		return r, false
	case unicode.Is(unicode.Zs, r):
		return ' ', true
	}
	return r, true
}

// isInvisible reports whether a rune is never kept by itself.
func isInvisible(r rune) bool {
	switch {
	case unicode.In(r, unicode.Cc, unicode.Cf, unicode.Co, unicode.Cs):
		return true
	case r >= 0xE0000 && r <= 0xE0FFF: // tags and supplementary selectors
		return true
	case r >= 0xFE00 && r <= 0xFE0F, r >= 0x180B && r <= 0x180F: // variation selectors
		return true
	case r == 0x034F, r == 0x115F, r == 0x1160, r == 0x3164, r == 0xFFA0, r == 0x17B4, r == 0x17B5, r == 0x2800:
		return true // grapheme joiner, fillers, inherent vowels, blank Braille
	case r >= 0xFDD0 && r <= 0xFDEF, r&0xFFFE == 0xFFFE: // noncharacters
		return true
	case r == 0x2065, r >= 0xFFF0 && r <= 0xFFF8: // reserved, ignored when shown
		return true
	}
	return false
}

// joinsLetters reports whether a zero-width joiner or non-joiner has a meaning:
// in Arabic, the Indic and the other scripts that shape their letters.
func joinsLetters(prev, next rune) bool {
	return shapes(prev) && shapes(next)
}

func shapes(r rune) bool {
	return r >= 0x0600 && r <= 0x1CFF && (unicode.IsLetter(r) || unicode.IsMark(r))
}

// joinsEmoji reports whether a zero-width joiner is within an emoji sequence.
func joinsEmoji(prev, next rune) bool {
	return (isSymbol(prev) || prev == '\ufe0f') && isPicture(next) && (prev > 0x7f)
}

// isPicture reports whether a rune can be an emoji.
func isPicture(r rune) bool {
	return unicode.Is(unicode.So, r) || r == '\u2640' || r == '\u2642'
}

// isSymbol reports whether a rune can carry a presentation selector: symbols,
// skin tones and the bases of keycaps.
func isSymbol(r rune) bool {
	return unicode.In(r, unicode.So, unicode.Sm, unicode.Sk) || r == '\u203c' || r == '\u2049' ||
		r == '#' || r == '*' || r >= '0' && r <= '9' || r == '\u3030' || r == '\u303d'
}

// Cap shortens a text to at most limit characters, and says how many are
// missing: "… 3412 characters more".
func Cap(s string, limit int) string {
	if len(s) <= limit {
		return s
	}
	total := utf8.RuneCountInString(s)
	if total <= limit {
		return s
	}
	return fmt.Sprintf("%s… %d characters more", clip(s, limit), total-limit)
}

// clip returns the first n characters.
func clip(s string, n int) string {
	for i := range s {
		if n == 0 {
			return s[:i]
		}
		n--
	}
	return s
}
