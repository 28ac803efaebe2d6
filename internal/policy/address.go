package policy

import (
	"regexp"
	"strings"
	"unicode"
)

// start is where a text may become a link or load something: an address with a
// scheme, scripts and data, addresses of mail, and names that begin with www.
var (
	start = regexp.MustCompile(`(?i)[a-z][a-z0-9+.\-]*://|(?:https?|ftps?|file|wss?):[/\\]+|https?:[^\s/\\"'<>]+[.%][^\s]|` +
		`(?:javascript|vbscript|livescript):[^\s]|data:(?:[a-z]+/[a-z0-9.+\-]+)?[;,]|mailto:[^\s]|` + mail + `|\bwww\d?\.[^\s.]`)
	mailAddress = regexp.MustCompile(`^` + mail + `$`)
)

// mail is an address of mail that stands in a text.
const mail = `[\pL\pN.!#$%&'*+/=?^_{|}~\-]*[\pL\pN_]@[\pL\pN\-_]+(?:\.[\pL\pN\-_]+)+`

// closers may stand directly behind an address without being a part of it.
const closers = ")]}>|!*_~.,;:'\"`^"

// runFrom is the text from a place up to the next blank or angle bracket, which no
// program takes for a part of an address.
func runFrom(s string) string {
	if i := strings.IndexFunc(s, func(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) || r == '<' || r == '>' }); i >= 0 {
		return s[:i]
	}
	return s
}

// addresses returns what in a text may be the address of a link, in each way in
// which its end can be seen, so that one that is quoted exactly is recognised.
func addresses(s string) []string {
	var list []string
	for _, view := range []string{s, unmasked(s)} {
		for at := 0; at < len(view); {
			m := start.FindStringIndex(view[at:])
			if m == nil {
				break
			}
			run := runFrom(view[at+m[0]:])
			list = append(list, ends(run)...)
			at += m[0] + max(m[1]-m[0], 1)
		}
	}
	return list
}

// ends returns a run, and what is before each of the first characters in it that
// could end an address.
func ends(run string) []string {
	const most = 12
	list := []string{trimSlash(run)}
	for i := 0; i < len(run) && len(list) < most; i++ {
		if strings.IndexByte(closers+`[{(\`, run[i]) >= 0 && i > 0 {
			list = append(list, trimSlash(run[:i]))
		}
	}
	if trimmed := strings.TrimRight(run, closers); trimmed != "" {
		list = append(list, trimSlash(trimmed))
	}
	return list
}

func trimSlash(s string) string { return strings.TrimSuffix(s, "/") }

// afterScheme is an address without its scheme.
func afterScheme(link string) string {
	if _, rest, found := strings.Cut(link, "://"); found {
		return rest
	}
	return link
}

// views are the ways in which a text may be read.
func views(s string) []string {
	if u := unmasked(s); u != s {
		return []string{s, u}
	}
	return []string{s}
}
