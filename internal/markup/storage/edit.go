package storage

import (
	"strings"

	"github.com/aofctl/aofctl/internal/markup/doc"
)

// Place says what becomes of a section.
type Place string

// The places of new text.
const (
	// Replace puts it in place of what stands below the heading.
	Replace Place = "replace"
	// Append puts it at the end of the section, Prepend right below the heading.
	Append  Place = "append"
	Prepend Place = "prepend"
	// Before puts it above the heading, After behind the section.
	Before Place = "before"
	After  Place = "after"
	// Remove takes the section away with its heading.
	Remove Place = "remove"
)

// Edit is a change of one section.
type Edit struct {
	// Heading and Nth are as in [Find].
	Heading string
	Nth     int
	Place   Place
	// OwnText leaves the sections below alone: Replace and Append end before the
	// first of them.
	OwnText bool
}

// Apply changes a section of a page. Every byte outside the section, and its
// heading, stays as it is; within, blocks that say the same as before do. The error
// is a *HeadingError.
func Apply(page string, e Edit, d *doc.Node, o Options) (string, error) {
	s, err := Find(page, e.Heading, e.Nth)
	if err != nil {
		return "", err
	}
	end := s.End
	if e.OwnText {
		end = s.Own
	}
	from, to := s.Body, end
	switch e.Place {
	case Append:
		from = end
	case Prepend:
		to = s.Body
	case Before:
		from, to = s.Start, s.Start
	case After:
		from, to = s.End, s.End
	case Remove:
		return page[:s.Start] + page[end:], nil
	case Replace:
		return page[:from] + Rewrite(page[from:to], withoutHeading(d, s), o) + page[to:], nil
	}
	return page[:from] + Write(d, o) + page[to:], nil
}

// withoutHeading leaves the heading out that the section has already: who writes a
// section often begins with it.
func withoutHeading(d *doc.Node, s Section) *doc.Node {
	if len(d.Children) > 0 && d.Children[0].Kind == doc.Heading && folded(doc.Flat(d.Children[0])) == folded(s.Text) {
		return doc.New(doc.Document, d.Children[1:]...)
	}
	return d
}

const (
	layoutEnd   = "</ac:layout>"
	layoutBegin = `<ac:layout-section ac:type="single"><ac:layout-cell>`
	sectionEnd  = "</ac:layout-cell></ac:layout-section>"
)

// AppendTo puts a piece at the end of a page. A page with a layout holds nothing
// else: what is added to one gets a section of its own.
func AppendTo(page, piece string) string {
	end := len(strings.TrimRight(page, " \t\r\n"))
	if cut, ok := strings.CutSuffix(page[:end], layoutEnd); ok {
		return cut + layoutBegin + piece + sectionEnd + page[len(cut):]
	}
	return page + piece
}
