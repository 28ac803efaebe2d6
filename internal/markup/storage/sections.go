package storage

import (
	"math"
	"slices"

	"github.com/aofctl/aofctl/internal/markup/doc"
)

// Section is a heading of a page and what stands below it, by its place in the
// page in bytes. It ends before the next heading of the same or a higher level,
// or where the element ends that the heading stands in, such as a layout's cell,
// so that what is between Body and End can be replaced and the page stays
// well-formed.
type Section struct {
	Level int    // 1 to 6
	Text  string // the heading's text in one line
	Start int    // the begin of the heading
	Body  int    // the end of the heading, where its section begins
	Own   int    // the end of what stands before the first heading in the section
	End   int
}

// frame is an element that is open, with its sections that have not ended.
type frame struct {
	name string
	open []int // indexes of sections
}

// Sections lists the headings of a page in their order. The page is read as it
// is, with tags that do not match where a person would see them end.
func Sections(page string) []Section {
	f := &finder{page: page, heading: -1}
	f.stack = []frame{{}}
	c := newScanner(page)
	for t, ok := c.next(); ok; t, ok = c.next() {
		f.token(t)
	}
	f.endHeading(len(page))
	for i := range f.stack {
		f.end(i, 1, len(page))
	}
	return f.out
}

type finder struct {
	page    string
	out     []Section
	stack   []frame
	deep    map[string]int
	heading int // the section whose heading is being read, or -1
	at      int // where its element is in the stack
	inner   int // where its text begins
	// again is how many elements are open that only say again what another one says.
	again int
}

func (f *finder) token(t token) {
	switch t.kind {
	case openToken:
		f.open(t)
	case closeToken:
		f.close(t)
	}
}

// fallback is the element in which Cloud says, for older readers, what stands beside
// it already.
const fallback = "ac:adf-fallback"

// headingLevel returns the level of a heading's tag, or 0.
func headingLevel(name string) int {
	if len(name) == 2 && name[0] == 'h' && name[1] >= '1' && name[1] <= '6' {
		return int(name[1] - '0')
	}
	return 0
}

func (f *finder) open(t token) {
	if t.name == fallback {
		f.again++
	}
	if level := headingLevel(t.name); level > 0 && f.again == 0 {
		if f.heading >= 0 { // which has no end of its own
			f.endHeading(t.start)
			f.pop(f.at, t.start)
		}
		top := len(f.stack) - 1
		f.end(top, level, t.start)
		for _, i := range f.stack[top].open {
			f.out[i].Own = min(f.out[i].Own, t.start)
		}
		f.heading, f.at, f.inner = len(f.out), len(f.stack), t.end
		f.stack[top].open = append(f.stack[top].open, f.heading)
		f.out = append(f.out, Section{Level: level, Start: t.start, Body: t.end, Own: math.MaxInt, End: -1})
	}
	if len(f.stack) > maxElements {
		if f.deep == nil {
			f.deep = map[string]int{}
		}
		f.deep[t.name]++
		return
	}
	f.stack = append(f.stack, frame{name: t.name})
}

func (f *finder) close(t token) {
	if t.name == fallback {
		f.again = max(f.again-1, 0)
	}
	if f.heading >= 0 && headingLevel(t.name) == f.out[f.heading].Level {
		f.endHeading(t.end)
	}
	if f.deep[t.name] > 0 {
		f.deep[t.name]--
		return
	}
	for i := len(f.stack) - 1; i > 0; i-- {
		if f.stack[i].name != t.name {
			continue
		}
		if i <= f.at {
			f.endHeading(t.start)
		}
		f.pop(i, t.start)
		return
	}
}

// pop ends the elements from a place in the stack on, with their sections.
func (f *finder) pop(i, at int) {
	for j := i; j < len(f.stack); j++ {
		f.end(j, 1, at)
	}
	f.stack = f.stack[:min(i, len(f.stack))]
}

// end ends the sections of a level or below in an element.
func (f *finder) end(frame, level, at int) {
	open := f.stack[frame].open
	for len(open) > 0 && f.out[open[len(open)-1]].Level >= level {
		one := &f.out[open[len(open)-1]]
		one.End, one.Own = at, min(one.Own, at)
		open = open[:len(open)-1]
	}
	f.stack[frame].open = open
}

// endHeading ends the heading that is being read.
func (f *finder) endHeading(at int) {
	if f.heading < 0 {
		return
	}
	f.out[f.heading].Body = at
	f.out[f.heading].Text = headingText(f.page[f.inner:at])
	f.heading = -1
}

// headingText is what a heading says, as it is read where a page becomes Markdown,
// without the keys of macros that stand in it, unless there is nothing else.
func headingText(page string) string {
	r := &reader{page: page, kept: Kept{}}
	in := r.inline(parseTree(page).children, 0)
	if text := doc.Flat(withoutKeys(in)...); text != "" {
		return text
	}
	return doc.Flat(in...)
}

func withoutKeys(nodes []*doc.Node) []*doc.Node {
	return slices.DeleteFunc(slices.Clone(nodes), func(n *doc.Node) bool { return n.Kind == doc.Macro })
}
