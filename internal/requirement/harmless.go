package requirement

import (
	"regexp"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"

	"github.com/aofctl/aofctl/internal/markup/doc"
)

// harmless is a text of people as it stands in a page that code makes: in one line,
// without characters that nobody sees or that turn the line round, and with nothing
// that any reader takes for a link, a mention or a macro. Whoever may name an issue
// could else put these into the page, or have the policy refuse the page for them.
func harmless(s string) string {
	s = doc.OneLine(strings.Map(seen, s))
	plain := norm.NFKC.String(s)
	if !risky.MatchString(s) && !risky.MatchString(plain) {
		return s
	}
	s = www.ReplaceAllString(disarmed(plain), "ww w")
	for range 2 { // what is found once may overlap
		s = joined.ReplaceAllString(s, "$1$3 $2$4")
	}
	s = hexed.ReplaceAllString(s, "% $1")
	return doc.OneLine(s)
}

// seen leaves out what nobody sees.
func seen(r rune) rune {
	switch {
	case r == '⟦':
		return '['
	case r == '⟧':
		return ']'
	case unicode.IsSpace(r):
		return ' '
	case unicode.IsControl(r), unicode.Is(unicode.Cf, r), unicode.Is(unicode.Co, r), r == unicode.ReplacementChar:
		return -1
	}
	return r
}

var (
	// risky is what may be read as more than text: the beginnings of addresses, of
	// mentions, tags, macros and links in any of the markups, and what hides one of these.
	risky = regexp.MustCompile(`(?i)[a-z][a-z0-9+.-]*:[^\s]|[/\\]{2}|www|[@\\]|<[a-z!/?]|\{[a-z]|\[|~|&#?\w+;|%[0-9a-f]{2}`)
	// joined is what becomes an address by standing together.
	joined = regexp.MustCompile(`(:)(\S)|([/.])([^\s\d])`)
	www    = regexp.MustCompile(`(?i)www`)
	hexed  = regexp.MustCompile(`(?i)%([0-9a-f]{2})`)
)

// disarmed has other characters in the place of those that markup is made of.
func disarmed(s string) string {
	return strings.NewReplacer("<", "‹", ">", "›", "{", "(", "}", ")", "[", "(", "]", ")", "|", "/", "\\", "/", "`", "'", "~", "-", "@", "(at) ", "&", "+").Replace(s)
}
