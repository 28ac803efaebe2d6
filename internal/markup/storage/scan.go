package storage

import (
	"html"
	"strings"

	"github.com/aofctl/aofctl/internal/markup/doc"
)

// tokenKind is the kind of a token.
type tokenKind int

const (
	textToken tokenKind = iota
	openToken
	closeToken
	emptyToken // <br/>
	cdataToken
)

// token is a piece of a page: text or a tag, with its place in bytes.
type token struct {
	kind       tokenKind
	name       string
	attrs      map[string]string
	text       string // without entities
	start, end int
}

// scanner splits a page into tokens. It takes every text: what is no tag is
// text. It looks at each byte a bounded number of times.
type scanner struct {
	s   string
	pos int
	// absent are the ends that are known not to come any more.
	absent map[string]bool
}

func newScanner(s string) *scanner { return &scanner{s: s, absent: map[string]bool{}} }

// next returns the next token, or false at the end.
func (c *scanner) next() (token, bool) {
	for c.pos < len(c.s) {
		start := c.pos
		if c.s[start] != '<' {
			return c.text(start, c.nextTag(start)), true
		}
		switch rest := c.s[start:]; {
		case strings.HasPrefix(rest, "<![CDATA["):
			if end := c.find(start+9, "]]>"); end >= 0 {
				c.pos = end + 3
				return token{kind: cdataToken, text: c.s[start+9 : end], start: start, end: c.pos}, true
			}
		case strings.HasPrefix(rest, "<!--"):
			if end := c.find(start+4, "-->"); end >= 0 {
				c.pos = end + 3
				continue
			}
		case strings.HasPrefix(rest, "<!"), strings.HasPrefix(rest, "<?"):
			if end := c.find(start, ">"); end >= 0 {
				c.pos = end + 1
				continue
			}
		default:
			if t, ok := c.tag(start); ok {
				return t, true
			}
		}
		return c.text(start, c.nextTag(start+1)), true
	}
	return token{}, false
}

func (c *scanner) text(start, end int) token {
	c.pos = end
	return token{kind: textToken, text: html.UnescapeString(c.s[start:end]), start: start, end: end}
}

func (c *scanner) nextTag(from int) int {
	if i := strings.IndexByte(c.s[from:], '<'); i >= 0 {
		return from + i
	}
	return len(c.s)
}

func (c *scanner) find(from int, end string) int {
	if c.absent[end] {
		return -1
	}
	i := strings.Index(c.s[from:], end)
	if i < 0 {
		c.absent[end] = true
		return -1
	}
	return from + i
}

// tag reads a tag. None goes beyond the next <, which attributes must not hold.
func (c *scanner) tag(start int) (token, bool) {
	limit := c.nextTag(start + 1)
	t := token{kind: openToken, start: start}
	i := start + 1
	if i < limit && c.s[i] == '/' {
		t.kind = closeToken
		i++
	}
	name := i
	for i < limit && isName(c.s[i]) {
		i++
	}
	if i == name || !doc.IsASCIIWord(rune(c.s[name])) {
		return token{}, false
	}
	t.name = strings.ToLower(c.s[name:i])
	for i < limit && c.s[i] != '>' {
		next, ok := c.attr(&t, i, limit)
		if !ok {
			return token{}, false
		}
		i = next
	}
	if i >= limit {
		return token{}, false
	}
	c.pos = i + 1
	t.end = c.pos
	if t.kind == openToken && isVoid(t.name) {
		t.kind = emptyToken
	}
	return t, true
}

// attr reads what stands at i in a tag: white space, a slash or an attribute.
func (c *scanner) attr(t *token, i, limit int) (next int, ok bool) {
	switch c.s[i] {
	case '/':
		if i+1 < limit && c.s[i+1] == '>' && t.kind == openToken {
			t.kind = emptyToken
		}
		return i + 1, true
	case ' ', '\t', '\n', '\r':
		return i + 1, true
	}
	name := i
	for i < limit && isName(c.s[i]) {
		i++
	}
	if i == name {
		return 0, false
	}
	key := strings.ToLower(c.s[name:i])
	if i >= limit || c.s[i] != '=' {
		return i, true
	}
	i++
	if i >= limit {
		return 0, false
	}
	quote := c.s[i]
	if quote != '"' && quote != '\'' {
		return 0, false
	}
	end := strings.IndexByte(c.s[i+1:limit], quote)
	if end < 0 {
		return 0, false
	}
	if t.attrs == nil {
		t.attrs = map[string]string{}
	}
	t.attrs[key] = doc.Clean(html.UnescapeString(c.s[i+1 : i+1+end]))
	return i + end + 2, true
}

func isName(c byte) bool {
	return doc.IsASCIIWord(rune(c)) || c == ':' || c == '-' || c == '_' || c == '.'
}

// isVoid knows the elements of HTML that have no end.
func isVoid(name string) bool {
	switch name {
	case "br", "hr", "img", "col":
		return true
	}
	return false
}
