package storage

import (
	"strings"

	"github.com/aofctl/aofctl/internal/markup/doc"
)

// maxElements bounds how deep elements nest: tags further down are left out,
// what they hold is not.
const maxElements = 150

// element is an element of a page, or text if it has no name.
type element struct {
	name     string
	attrs    map[string]string
	children []*element
	text     string
	// The bytes of the element, and of what it holds.
	start, end, innerStart, innerEnd int
}

// parseTree reads a page. Ends that are missing are where the element around
// ends, ends without a begin are left out.
func parseTree(s string) *element {
	root := &element{end: len(s), innerEnd: len(s)}
	stack := []*element{root}
	deep := map[string]int{} // tags left out that are open
	c := newScanner(s)
	for t, ok := c.next(); ok; t, ok = c.next() {
		top := stack[len(stack)-1]
		switch t.kind {
		case textToken, cdataToken:
			top.children = append(top.children, &element{text: t.text, start: t.start, end: t.end})
		case emptyToken:
			top.children = append(top.children, &element{name: t.name, attrs: t.attrs, start: t.start, end: t.end, innerStart: t.end, innerEnd: t.end})
		case openToken:
			if len(stack) > maxElements {
				deep[t.name]++
				continue
			}
			e := &element{name: t.name, attrs: t.attrs, start: t.start, innerStart: t.end}
			top.children = append(top.children, e)
			stack = append(stack, e)
		case closeToken:
			if deep[t.name] > 0 {
				deep[t.name]--
				continue
			}
			stack = closeElement(stack, t)
		}
	}
	for _, e := range stack[1:] {
		e.innerEnd, e.end = len(s), len(s)
	}
	return root
}

// closeElement ends the innermost element of a tag's name, and those in it.
func closeElement(stack []*element, t token) []*element {
	for i := len(stack) - 1; i > 0; i-- {
		if stack[i].name != t.name {
			continue
		}
		for _, e := range stack[i:] {
			e.innerEnd, e.end = t.start, t.start
		}
		stack[i].end = t.end
		return stack[:i]
	}
	return stack
}

// child returns the first child of a name, or nil.
func (e *element) child(name string) *element {
	for _, c := range e.children {
		if c.name == name {
			return c
		}
	}
	return nil
}

// parameter returns a macro's parameter: its text, or what it refers to.
func (e *element) parameter(name string) string {
	for _, c := range e.children {
		if c.name == "ac:parameter" && c.attrs["ac:name"] == name {
			return doc.Or(doc.OneLine(c.allText()), c.resource())
		}
	}
	return ""
}

// resource is the name of the page, file, space or person that an element refers to.
func (e *element) resource() string {
	for _, c := range e.children {
		for _, name := range []string{"ri:content-title", "ri:filename", "ri:space-key", "ri:value", "ri:content-id", "ri:account-id", "ri:username"} {
			if v := doc.OneLine(c.attrs[name]); v != "" {
				return v
			}
		}
		if v := c.resource(); v != "" {
			return v
		}
	}
	return ""
}

// allText is the text below an element, as it is.
func (e *element) allText() string {
	var b strings.Builder
	e.writeText(&b)
	return doc.Clean(b.String())
}

func (e *element) writeText(b *strings.Builder) {
	b.WriteString(e.text)
	for _, c := range e.children {
		c.writeText(b)
	}
}
