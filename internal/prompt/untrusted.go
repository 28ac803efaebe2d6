package prompt

import (
	"encoding/base32"
	"fmt"
	"io"
	"strings"
)

// markerName begins every marker; the boundary follows.
const markerName = "untrusted"

// NewBoundary reads a boundary of 80 random bits. It has to be new for each run,
// and the same for all markers within it.
func NewBoundary(random io.Reader) (string, error) {
	var raw [10]byte
	if _, err := io.ReadFull(random, raw[:]); err != nil {
		return "", fmt.Errorf("read random boundary: %w", err)
	}
	return strings.ToLower(base32.StdEncoding.EncodeToString(raw[:])), nil
}

// Untrusted wraps text from outside in markers that name its origin:
//
//	<untrusted-BOUNDARY origin="issue_description">
//	…
//	</untrusted-BOUNDARY>
//
// The text is cleaned (see [Clean]) and cannot contain anything that looks like
// one of the markers: not the boundary, and no tag of that name with any other.
// The same holds for the origin. The boundary comes from [NewBoundary]; of
// another one only letters, digits and - are used.
func Untrusted(origin, text, boundary string) string {
	boundary = plainBoundary(boundary)
	return "<" + markerName + "-" + boundary + ` origin="` + plainOrigin(origin, boundary) + "\">\n" +
		Defuse(text, boundary) + "\n</" + markerName + "-" + boundary + ">"
}

// Defuse cleans a text and takes from it what could be read as a marker, without
// wrapping it.
func Defuse(text, boundary string) string {
	text = Clean(text)
	if boundary != "" {
		text = replaceFold(text, boundary, "[removed]")
	}
	return defuseTags(text)
}

func plainBoundary(boundary string) string {
	keep := func(r rune) rune {
		if r == '-' || r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' {
			return r
		}
		return -1
	}
	return strings.Map(keep, boundary)
}

// plainOrigin makes an origin fit into an attribute.
func plainOrigin(origin, boundary string) string {
	origin = Cap(Defuse(origin, boundary), 100)
	return strings.Map(func(r rune) rune {
		switch r {
		case '"', '<', '>', '&', '\n', '\t':
			return ' '
		}
		return r
	}, origin)
}

// replaceFold replaces a part in any case. The part is ASCII.
func replaceFold(s, part, by string) string {
	lower := asciiLower(s)
	part = asciiLower(part)
	if !strings.Contains(lower, part) {
		return s
	}
	var b strings.Builder
	for {
		i := strings.Index(lower, part)
		if i < 0 {
			b.WriteString(s)
			return b.String()
		}
		b.WriteString(s[:i] + by)
		s, lower = s[i+len(part):], lower[i+len(part):]
	}
}

// asciiLower lowers ASCII letters only, so that positions stay the same.
func asciiLower(s string) string {
	return strings.Map(func(r rune) rune {
		if r >= 'A' && r <= 'Z' {
			return r + 'a' - 'A'
		}
		return r
	}, s)
}

// defuseTags breaks the angle bracket of everything that resembles a marker,
// such as "</ Untrusted" or one written with full-width characters.
func defuseTags(s string) string {
	var b strings.Builder
	done := 0
	for i, r := range s {
		if !isAngle(r) {
			continue
		}
		if looksLikeMarker(s[i+len(string(r)):]) {
			b.WriteString(s[done:i] + "(")
			done = i + len(string(r))
		}
	}
	b.WriteString(s[done:])
	return b.String()
}

// isAngle reports whether a rune looks like <.
func isAngle(r rune) bool {
	switch r {
	case '<', '\uff1c', '\ufe64', '\u2039', '\u3008', '\u27e8', '\u2329', '\u276e', '\u02c2':
		return true
	}
	return false
}

// looksLikeMarker reports whether a text that follows an angle bracket begins
// like the name of a marker, whatever stands between and however it is written.
func looksLikeMarker(s string) bool {
	want := markerName
	skipped := 0
	for _, r := range s {
		if r >= 0xFF01 && r <= 0xFF5E {
			r -= 0xFEE0 // full-width form
		}
		if r >= 'A' && r <= 'Z' {
			r += 'a' - 'A'
		}
		if r == rune(want[0]) {
			if want = want[1:]; want == "" {
				return true
			}
			continue
		}
		if want != markerName || r >= 'a' && r <= 'z' {
			return false
		}
		if skipped++; skipped > 8 {
			return false
		}
	}
	return false
}
