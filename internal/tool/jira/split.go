package jira

import (
	"regexp"
	"strings"
	"unicode/utf8"
)

// split cuts wiki markup into parts of at most limit characters, as Jira counts
// them, which is in UTF-16. It cuts between paragraphs if it can, else between
// lines, else between words, else anywhere; a code or noformat block that is cut
// is closed and opened again. Nothing but blanks at the cuts is lost.
func split(wiki string, limit int) []string {
	var parts []string
	rest := wiki
	for length(rest) > limit {
		part, after := cut(rest, limit)
		parts = append(parts, part)
		rest = after
	}
	return append(parts, rest)
}

var blockPattern = regexp.MustCompile(`\{(code|noformat)(?::[^}\n]{0,200})?\}`)

// cut takes one part off. The room for a closing tag is kept free.
func cut(s string, limit int) (part, rest string) {
	const room = len("\n{noformat}")
	at := boundary(s, prefix(s, limit-room))
	part, rest = s[:at], s[at:]
	if tag := open(part); tag != "" {
		name := blockPattern.FindStringSubmatch(tag)[1]
		// A part that is all opening tag would never end.
		if len(strings.TrimSpace(part)) > len(tag) {
			return strings.TrimRight(part, "\n") + "\n{" + name + "}", tag + "\n" + strings.TrimPrefix(rest, "\n")
		}
	}
	return strings.TrimRight(part, " \n"), strings.TrimLeft(rest, "\n")
}

// open returns the tag of a block that is not closed at the end, or "". A tag of
// another kind inside a block is text.
func open(s string) string {
	tag, name := "", ""
	for _, m := range blockPattern.FindAllStringSubmatchIndex(s, -1) {
		if m[0] > 0 && s[m[0]-1] == '\\' {
			continue
		}
		kind := s[m[2]:m[3]]
		switch {
		case tag == "":
			tag, name = s[m[0]:m[1]], kind
		case kind == name:
			tag = ""
		}
	}
	return tag
}

// boundary finds the best place to cut at or before max, not in the first half.
func boundary(s string, most int) int {
	head := s[:most]
	for _, sep := range []string{"\n\n", "\n", " "} {
		if at := strings.LastIndex(head, sep); at > most/2 {
			return at + len(sep)
		}
	}
	return most
}

// prefix is the length in bytes of the longest prefix with so many UTF-16 units.
func prefix(s string, units int) int {
	for i, r := range s {
		units -= unitsOf(r)
		if units < 0 {
			return i
		}
	}
	return len(s)
}

func length(s string) int {
	n := 0
	for _, r := range s {
		n += unitsOf(r)
	}
	return n
}

func unitsOf(r rune) int {
	if r > 0xFFFF && r <= utf8.MaxRune {
		return 2
	}
	return 1
}
