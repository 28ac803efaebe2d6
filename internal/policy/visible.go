package policy

import (
	"html"
	"net/url"
	"regexp"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

var (
	tightColon = regexp.MustCompile(`([A-Za-z]):([^\s])`)
	anyWWW     = regexp.MustCompile(`(?i)www\.`)
	escaped    = regexp.MustCompile(`\\([!-/:-@\[-` + "`" + `{-~])`)
	percents   = regexp.MustCompile(`(?:%[0-9A-Fa-f]{2})+`)
)

// invisible reports whether a reader does not see a character.
func invisible(r rune) bool {
	return unicode.Is(unicode.Cf, r) || unicode.Is(unicode.Variation_Selector, r) || unicode.Is(unicode.Cc, r) && r != '\n' && r != '\t' ||
		r == 0x034F || r == 0x115F || r == 0x1160 || r == 0x3164 || r == 0xFFA0 || r == 0x2800
}

func squeezeInvisible(s string) string {
	return strings.Map(func(r rune) rune {
		if invisible(r) {
			return -1
		}
		return r
	}, s)
}

// visible is a text as a reader or a program further on may see it: without what
// is not seen, with full-width and other compatible forms as plain ones.
func visible(s string) string {
	s = norm.NFKC.String(squeezeInvisible(s))
	return strings.Map(func(r rune) rune {
		switch r {
		case '\u2044', '\u2215', '\u29f8', '\uff0f':
			return '/'
		case '\u3002', '\uff61', '\u2024':
			return '.'
		case '\u2236', '\ua789', '\ufe55':
			return ':'
		}
		return r
	}, s)
}

// unmasked is a text with what stands for other characters resolved: character
// references, percent signs, backslashes. Twice, since programs do so one after
// the other.
func unmasked(s string) string {
	for range 2 {
		s = html.UnescapeString(s)
		s = percents.ReplaceAllStringFunc(s, func(part string) string {
			if plain, err := url.PathUnescape(part); err == nil {
				return plain
			}
			return part
		})
		s = visible(s)
	}
	return escaped.ReplaceAllString(s, "$1")
}
