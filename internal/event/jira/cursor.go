package jira

// cursor walks a text that is known to be valid JSON, once and forwards: a
// payload's fields are visited where they are met, so that nested values are not
// read again at every level.
type cursor struct {
	text string
	at   int
}

// peek returns the byte at the cursor, 0 at the end.
func (c *cursor) peek() byte {
	if c.at < len(c.text) {
		return c.text[c.at]
	}
	return 0
}

func (c *cursor) blank() {
	for c.at < len(c.text) {
		switch c.text[c.at] {
		case ' ', '\t', '\r', '\n':
			c.at++
		default:
			return
		}
	}
}

// object visits the members of the object at the cursor and moves behind it. A
// visit that does not take the member's value leaves it out. Of a name that
// occurs twice both are visited, so that the last one wins, as in encoding/json.
// Anything but an object is left out.
func (c *cursor) object(visit func(name string)) {
	if c.blank(); c.peek() != '{' {
		c.skip()
		return
	}
	c.at++
	for {
		c.blank()
		if c.peek() != '"' {
			c.at++
			return
		}
		name := c.value().text()
		c.blank()
		c.at++
		c.blank()
		start := c.at
		if visit(name); c.at == start {
			c.skip()
		}
		c.blank()
		if c.peek() == ',' {
			c.at++
		}
	}
}

// array visits the elements of the array at the cursor until a visit returns
// false, and moves behind it. Anything but an array is left out.
func (c *cursor) array(visit func() bool) {
	if c.blank(); c.peek() != '[' {
		c.skip()
		return
	}
	c.at++
	for more := true; ; {
		c.blank()
		if b := c.peek(); b == ']' || b == 0 {
			c.at++
			return
		}
		start := c.at
		if more {
			more = visit()
		}
		if c.at == start {
			c.skip()
		}
		c.blank()
		if c.peek() == ',' {
			c.at++
		}
	}
}

// value takes the value at the cursor.
func (c *cursor) value() raw {
	c.blank()
	start := c.at
	c.skip()
	return raw(c.text[min(start, len(c.text)):min(c.at, len(c.text))])
}

// skip moves behind the value at the cursor.
func (c *cursor) skip() {
	switch c.peek() {
	case '"':
		c.skipString()
	case '{', '[':
		c.skipNested()
	default:
		c.skipWord()
	}
}

// skipWord moves behind a number, true, false or null.
func (c *cursor) skipWord() {
	for c.at++; c.at < len(c.text); c.at++ {
		switch c.text[c.at] {
		case ',', ']', '}', ' ', '\t', '\r', '\n':
			return
		}
	}
}

func (c *cursor) skipNested() {
	for depth := 0; c.at < len(c.text); {
		switch c.text[c.at] {
		case '"':
			c.skipString()
			continue
		case '{', '[':
			depth++
		case '}', ']':
			depth--
		}
		if c.at++; depth == 0 {
			return
		}
	}
}

// skipString moves behind the string at the cursor.
func (c *cursor) skipString() {
	for i := c.at + 1; i < len(c.text); i++ {
		switch c.text[i] {
		case '\\':
			i++
		case '"':
			c.at = i + 1
			return
		}
	}
	c.at = len(c.text)
}

// fields visits the members of an object that was taken as a value.
func fields(r raw, visit func(name string, value raw)) {
	if !r.isObject() {
		return
	}
	c := cursor{text: string(r)}
	c.object(func(name string) { visit(name, c.value()) })
}

// elements visits the elements of an array that was taken as a value, until a
// visit returns false.
func elements(r raw, visit func(value raw) bool) {
	if !r.isArray() {
		return
	}
	c := cursor{text: string(r)}
	c.array(func() bool { return visit(c.value()) })
}
