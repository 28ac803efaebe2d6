package storage

import (
	"slices"
	"strings"

	"github.com/aofctl/aofctl/internal/markup/doc"
)

// chunk is a piece of a page that is kept or not as a whole, and what it says.
type chunk struct {
	xml   string
	units []string
	// lead are tags before it that stay in any case, such as the begin of a div.
	lead string
	// elements are those of the piece, which begins at start in the text that their
	// places are in, and says are the blocks that they make once they have been
	// Markdown.
	text     string
	start    int
	elements []*element
	says     []*doc.Node
}

// chunks splits a piece of a page. What says nothing, such as an empty paragraph,
// belongs to what follows it. A piece that is not XML by itself is not kept. end are
// tags behind all pieces that stay in any case.
func (w *writer) chunks(page string) (list []chunk, end string) {
	s := &splitter{w: w, r: w.reader(page), page: page, f: &flow{}}
	s.split(parseTree(page).children)
	s.f.flush()
	switch {
	case len(s.f.out) > s.said:
		s.cut(len(page))
	case len(s.out) > 0 && s.lead == "":
		s.out[len(s.out)-1].xml += page[s.start:]
	case s.lead != "":
		s.lead += page[s.start:]
	}
	whole := s.out[:0]
	lead := ""
	for _, c := range s.out {
		c.lead = lead + c.lead
		if lead = c.lead; len(c.units) > 0 && balanced(c.xml) {
			lead = ""
			whole = append(whole, c)
		}
	}
	return whole, lead + s.lead
}

// splitter makes chunks.
type splitter struct {
	w    *writer
	r    *reader
	page string
	f    *flow
	out  []chunk
	// start is where the chunk begins that is being read, said what was said before
	// it, and elements are those of it. lead are tags that nothing followed yet.
	start, said int
	elements    []*element
	lead        string
}

func (s *splitter) split(list []*element) {
	for _, e := range list {
		if len(s.f.run) > 0 && standsAlone(e) {
			if s.f.flush(); len(s.f.out) > s.said {
				s.cut(e.start)
			}
		}
		if s.opens(e) {
			s.into(e)
			continue
		}
		s.r.element(s.f, e, 1)
		s.elements = append(s.elements, e)
		if len(s.f.out) == s.said || len(doc.Tidy(s.f.run)) > 0 {
			continue
		}
		s.f.run = nil
		s.cut(e.end)
	}
}

// cut ends a chunk.
func (s *splitter) cut(end int) {
	one := chunk{xml: s.page[s.start:end], text: s.page, start: s.start, elements: s.elements, says: s.w.said(s.f.out[s.said:]), lead: s.lead}
	for _, u := range s.w.unitsOf(one.says) {
		one.units = append(one.units, fingerprint(u))
	}
	s.out = append(s.out, one)
	s.start, s.said, s.elements, s.lead = end, len(s.f.out), nil, ""
}

// opens reports whether an element is only around blocks, of which each is a chunk.
func (s *splitter) opens(e *element) bool {
	return (e.name == "div" || e.name == "section") && len(s.f.run) == 0 && s.w.depth < maxRevised &&
		slices.ContainsFunc(e.children, standsAlone) && wellFormed(s.page[e.start:e.end])
}

// into reads what is in an element, whose tags stay.
func (s *splitter) into(e *element) {
	s.lead += s.page[s.start:e.innerStart]
	s.start, s.elements = e.innerStart, nil
	s.split(e.children)
	if s.f.flush(); len(s.f.out) > s.said {
		s.cut(e.innerEnd)
	}
	s.lead += s.page[s.start:e.end]
	s.start, s.elements = e.end, nil
}

// standsAlone reports whether an element ends the line of text before it.
func standsAlone(e *element) bool {
	if e.name != "ac:structured-macro" {
		return isBlock(e.name)
	}
	switch strings.ToLower(e.attrs["ac:name"]) {
	case "code", "noformat", "expand", "info", "note", "tip", "warning", "panel":
		return true
	}
	return e.child("ac:rich-text-body") != nil
}
