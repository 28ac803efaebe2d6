package prompt

import "strings"

// kind is the kind of a token.
type kind int

const (
	textToken   kind = iota // template text outside tags
	openToken               // {{ or {%
	closeToken              // }} or %}
	nameToken               // identifier or keyword
	stringToken             // string literal, unescaped
	numberToken             // number literal
	opToken                 // anything else, longest match of two characters
)

// token is a piece of a template's source.
type token struct {
	kind kind
	text string
	line int
}

// scanner splits a template's source into tokens. It is lenient: a source that
// the engine's parser has accepted is split right, any other one somehow.
type scanner struct {
	src    string
	pos    int
	line   int
	tokens []token
}

// scan splits template source.
func scan(source string) []token {
	s := &scanner{src: source, line: 1}
	for s.pos < len(s.src) {
		s.outside()
	}
	return s.tokens
}

func (s *scanner) add(k kind, text string) {
	s.tokens = append(s.tokens, token{k, text, s.line})
}

// advance moves on by n bytes and counts the lines.
func (s *scanner) advance(n int) {
	s.line += strings.Count(s.src[s.pos:s.pos+n], "\n")
	s.pos += n
}

// outside reads template text up to the next tag, and that tag.
func (s *scanner) outside() {
	rest := s.src[s.pos:]
	i := tagStart(rest)
	if i > 0 {
		s.add(textToken, rest[:i])
		s.advance(i)
		return
	}
	if strings.HasPrefix(rest, "{#") {
		end := strings.Index(rest, "#}")
		if end < 0 {
			s.advance(len(rest))
			return
		}
		s.advance(end + 2)
		return
	}
	s.add(openToken, rest[:2])
	s.advance(2)
	if s.pos < len(s.src) && (s.src[s.pos] == '-' || s.src[s.pos] == '+') {
		s.advance(1)
	}
	s.inside(rest[:2])
}

// tagStart returns where the next tag begins, or the length of the text.
func tagStart(text string) int {
	for i := 0; i+1 < len(text); i++ {
		if text[i] != '{' {
			continue
		}
		switch text[i+1] {
		case '{', '%', '#':
			return i
		}
	}
	return len(text)
}

// inside reads the tokens of one tag up to its end.
func (s *scanner) inside(open string) {
	end := "}}"
	if open == "{%" {
		end = "%}"
	}
	first := len(s.tokens)
	depth := 0
	for s.pos < len(s.src) {
		rest := s.src[s.pos:]
		if depth == 0 && (strings.HasPrefix(rest, end) || strings.HasPrefix(rest, "-"+end) || strings.HasPrefix(rest, "+"+end)) {
			s.add(closeToken, end)
			s.advance(strings.Index(rest, end) + len(end))
			if len(s.tokens) == first+2 && s.tokens[first].text == "raw" && open == "{%" {
				s.raw()
			}
			return
		}
		switch rest[0] {
		case '{':
			depth++
		case '}':
			depth = max(depth-1, 0)
		}
		s.one()
	}
}

// raw reads the text of a raw block and the tag that ends it.
func (s *scanner) raw() {
	start, end := s.pos, len(s.src)
	for i := s.pos; i < len(s.src); {
		j := strings.Index(s.src[i:], "{%")
		if j < 0 {
			break
		}
		i += j + 2
		tag := strings.TrimLeft(s.src[i:], "-+ \t\r\n")
		if strings.HasPrefix(tag, "endraw") {
			end = i - 2
			break
		}
	}
	if end > start {
		s.add(textToken, s.src[start:end])
	}
	s.advance(end - start)
}

// one reads one token of an expression.
func (s *scanner) one() {
	c := s.src[s.pos]
	switch {
	case c == ' ' || c == '\t' || c == '\r' || c == '\n':
		s.advance(1)
	case c == '"' || c == '\'':
		s.str(c)
	case isDigit(c):
		s.run(numberToken, isWordByte)
	case isWordByte(c):
		s.run(nameToken, isWordByte)
	default:
		n := 1
		if s.pos+1 < len(s.src) {
			switch s.src[s.pos : s.pos+2] {
			case "==", "!=", "<=", ">=", "//", "**", "&&", "||":
				n = 2
			}
		}
		s.add(opToken, s.src[s.pos:s.pos+n])
		s.advance(n)
	}
}

// run reads a token of bytes that satisfy ok.
func (s *scanner) run(k kind, ok func(byte) bool) {
	end := s.pos
	for end < len(s.src) && ok(s.src[end]) {
		end++
	}
	s.add(k, s.src[s.pos:end])
	s.advance(end - s.pos)
}

// str reads a string literal with its escapes.
func (s *scanner) str(quote byte) {
	var b strings.Builder
	i := s.pos + 1
	for i < len(s.src) && s.src[i] != quote {
		if s.src[i] == '\\' && i+1 < len(s.src) {
			i++
			b.WriteByte(unescape(s.src[i]))
		} else {
			b.WriteByte(s.src[i])
		}
		i++
	}
	s.add(stringToken, b.String())
	s.advance(min(i+1, len(s.src)) - s.pos)
}

func unescape(c byte) byte {
	switch c {
	case 'n':
		return '\n'
	case 't':
		return '\t'
	case 'r':
		return '\r'
	}
	return c
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

// isWordByte reports whether a byte belongs to identifiers; bytes of non-ASCII
// letters do.
func isWordByte(c byte) bool {
	return c == '_' || isDigit(c) || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= 0x80
}
