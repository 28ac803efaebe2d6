// Package storage reads and writes Confluence's storage format, which is XHTML
// with elements for macros, links and pictures, described at
// https://confluence.atlassian.com/doc/confluence-storage-format-790796544.html.
//
// Macros that have no meaning in a document, layouts, and all else that is not
// known, become keys in the text ([doc.Key]), and [Kept] has their XML: [Write]
// puts it back where it finds the key. A macro whose body is text has a key at
// each end of it, so that the text can be read and changed.
package storage

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/xml"
	"errors"
	"io"
	"strconv"
	"strings"

	"github.com/aofctl/aofctl/internal/markup/doc"
)

// Kept is what keys in a text stand for. The same page gives the same keys.
type Kept map[string]Piece

// Piece is what a key stands for: an element as it is in the page, or, if Close
// is not empty, one that holds text. That text stands between Key and /Key.
type Piece struct {
	XML   string `json:"xml"`
	Block bool   `json:"block,omitempty"` // it stood among blocks, not in a line of text
	Open  string `json:"open,omitempty"`
	Close string `json:"close,omitempty"`
	Body  string `json:"body,omitempty"` // the text between, as Markdown
}

// inner is what an element that holds text has between its tags.
func (p Piece) inner() (string, bool) {
	rest, ok := strings.CutPrefix(p.XML, p.Open)
	if !ok || !wellFormed(p.XML) {
		return "", false
	}
	return strings.CutSuffix(rest, p.Close)
}

// keep stores a piece and returns its key.
func (k Kept) keep(label string, p Piece) string {
	hash := sha256.Sum256([]byte(p.XML + p.Open + p.Close))
	if p.Close != "" {
		hash = sha256.Sum256([]byte(p.Open + saidAgain(p.Close, "", "-")))
	}
	key := label + ":" + hex.EncodeToString(hash[:3])
	for n := 2; ; n++ {
		old, taken := k[key]
		if !taken || old == p {
			k[key] = p
			return key
		}
		key = label + ":" + hex.EncodeToString(hash[:3]) + "-" + strconv.Itoa(n)
	}
}

// maxLabel bounds the readable part of a key, in bytes: a key has to be short enough
// to be told from text in brackets.
const maxLabel = 160

// label makes a text fit into a key.
func label(s string) string {
	s = doc.OneLine(strings.Map(func(r rune) rune {
		if r == '\u27e6' || r == '\u27e7' || strings.ContainsRune("|<>`*_[]\\", r) {
			return ' '
		}
		return r
	}, s))
	if len(s) > maxLabel {
		s = strings.TrimSpace(strings.ToValidUTF8(s[:maxLabel], "")) + "…"
	}
	return strings.TrimSpace(strings.TrimPrefix(s, "/"))
}

// wellFormed reports whether a piece of a page is XML by itself.
func wellFormed(s string) bool {
	d := xml.NewDecoder(strings.NewReader(`<r xmlns:ac="ac" xmlns:ri="ri" xmlns:at="at">` + s + `</r>`))
	d.Strict = true
	d.Entity = xml.HTMLEntity
	roots := 0
	depth := 0
	for {
		t, err := d.Token()
		if errors.Is(err, io.EOF) {
			return roots == 1 && depth == 0
		}
		if err != nil {
			return false
		}
		switch t.(type) {
		case xml.StartElement:
			if depth == 0 {
				roots++
			}
			depth++
		case xml.EndElement:
			depth--
		case xml.Directive, xml.ProcInst:
			return false
		}
	}
}
