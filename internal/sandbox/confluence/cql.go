package confluence

import (
	"net/http"
	"strings"
)

// question is a parsed CQL query.
type question struct {
	where clause
	order []sorting
}

type sorting struct {
	field string
	desc  bool
}

// clause is a condition: one of and, or, not, or a comparison.
type clause struct {
	op    string
	parts []clause
	field string
	// values are plain words and texts, or calls such as currentUser().
	values []operand
}

type operand struct {
	text string
	// call tells a function; args are its arguments.
	call bool
	args []string
}

// maxNesting bounds parentheses.
const maxNesting = 50

// parser reads CQL (developer.atlassian.com, "Advanced searching using CQL").
type parser struct {
	tokens []token
	at     int
	depth  int
}

type token struct {
	text   string
	quoted bool
}

func badCQL(query string) error {
	return refuse(http.StatusBadRequest, "Could not parse cql : %s", query)
}

func parseCQL(query string) (question, error) {
	tokens, ok := lexCQL(query)
	if !ok || len(tokens) == 0 {
		return question{}, badCQL(query)
	}
	p := &parser{tokens: tokens}
	q := question{where: clause{op: "and"}}
	if !p.is("order") {
		if q.where, ok = p.either(); !ok {
			return question{}, badCQL(query)
		}
	}
	if p.take("order") {
		if !p.take("by") || !p.sortings(&q) {
			return question{}, badCQL(query)
		}
	}
	if p.at != len(p.tokens) {
		return question{}, badCQL(query)
	}
	return q, nil
}

func lexCQL(s string) ([]token, bool) {
	var out []token
	for i := 0; i < len(s); {
		c := s[i]
		switch {
		case c == ' ' || c == '\t' || c == '\n' || c == '\r':
			i++
		case c == '"' || c == '\'':
			text, n, ok := quoted(s[i:])
			if !ok {
				return nil, false
			}
			out = append(out, token{text, true})
			i += n
		case strings.IndexByte("(),", c) >= 0:
			out = append(out, token{text: string(c)})
			i++
		case strings.IndexByte("=!<>~", c) >= 0:
			n := 1
			if i+1 < len(s) && strings.IndexByte("=~", s[i+1]) >= 0 {
				n = 2
			}
			out = append(out, token{text: s[i : i+n]})
			i += n
		default:
			n := strings.IndexAny(s[i:], " \t\r\n\"'(),=!<>~")
			if n < 0 {
				n = len(s) - i
			}
			out = append(out, token{text: s[i : i+n]})
			i += n
		}
	}
	return out, true
}

func quoted(s string) (text string, n int, ok bool) {
	var b strings.Builder
	for i := 1; i < len(s); i++ {
		switch {
		case s[i] == '\\' && i+1 < len(s):
			i++
			b.WriteByte(s[i])
		case s[i] == s[0]:
			return b.String(), i + 1, true
		default:
			b.WriteByte(s[i])
		}
	}
	return "", 0, false
}

func (p *parser) is(word string) bool {
	return p.at < len(p.tokens) && !p.tokens[p.at].quoted && strings.EqualFold(p.tokens[p.at].text, word)
}

func (p *parser) take(word string) bool {
	if !p.is(word) {
		return false
	}
	p.at++
	return true
}

func (p *parser) next() (token, bool) {
	if p.at >= len(p.tokens) {
		return token{}, false
	}
	p.at++
	return p.tokens[p.at-1], true
}

func (p *parser) either() (clause, bool) { return p.joined("or", p.both) }
func (p *parser) both() (clause, bool)   { return p.joined("and", p.single) }

func (p *parser) joined(word string, inner func() (clause, bool)) (clause, bool) {
	first, ok := inner()
	if !ok {
		return clause{}, false
	}
	out := clause{op: word, parts: []clause{first}}
	for p.take(word) {
		more, ok := inner()
		if !ok {
			return clause{}, false
		}
		out.parts = append(out.parts, more)
	}
	return out, true
}

func (p *parser) single() (clause, bool) {
	if p.depth++; p.depth > maxNesting {
		return clause{}, false
	}
	defer func() { p.depth-- }()
	if p.take("not") {
		inner, ok := p.single()
		return clause{op: "not", parts: []clause{inner}}, ok
	}
	if p.take("(") {
		inner, ok := p.either()
		return inner, ok && p.take(")")
	}
	field, ok := p.next()
	if !ok || field.quoted {
		return clause{}, false
	}
	c := clause{field: strings.ToLower(field.text)}
	if c.op, ok = p.operator(); !ok {
		return c, false
	}
	if c.op == "in" || c.op == "not in" {
		c.values, ok = p.list()
		return c, ok
	}
	value, ok := p.operand()
	c.values = []operand{value}
	return c, ok
}

func (p *parser) operator() (string, bool) {
	if p.take("not") {
		return "not in", p.take("in")
	}
	for _, op := range []string{"=", "!=", "~", "!~", ">", ">=", "<", "<=", "in"} {
		if p.take(op) {
			return op, true
		}
	}
	return "", false
}

func (p *parser) list() ([]operand, bool) {
	if !p.take("(") {
		return nil, false
	}
	var out []operand
	for {
		value, ok := p.operand()
		if !ok {
			return nil, false
		}
		out = append(out, value)
		if p.take(")") {
			return out, true
		}
		if !p.take(",") {
			return nil, false
		}
	}
}

func (p *parser) operand() (operand, bool) {
	t, ok := p.next()
	if !ok || !t.quoted && strings.ContainsAny(t.text, "(),=!<>~") {
		return operand{}, false
	}
	out := operand{text: t.text}
	if t.quoted || !p.take("(") {
		return out, true
	}
	out.call, out.text = true, strings.ToLower(t.text)
	for !p.take(")") {
		arg, ok := p.next()
		if !ok {
			return out, false
		}
		if arg.quoted || arg.text != "," {
			out.args = append(out.args, arg.text)
		}
	}
	return out, true
}

func (p *parser) sortings(q *question) bool {
	for {
		field, ok := p.next()
		if !ok || field.quoted {
			return false
		}
		s := sorting{field: strings.ToLower(field.text)}
		if !p.take("asc") {
			s.desc = p.take("desc")
		}
		q.order = append(q.order, s)
		if !p.take(",") {
			return true
		}
	}
}
