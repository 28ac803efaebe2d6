package jira

import (
	"net/http"
	"slices"
	"strings"
)

// query is a parsed JQL query.
type query struct {
	// where is nil if the query restricts nothing.
	where condition
	order []ordering
}

type ordering struct {
	field string
	desc  bool
}

// condition is one of both, either, negation and clause.
type condition interface{ isCondition() }

type (
	both     struct{ list []condition }
	either   struct{ list []condition }
	negation struct{ of condition }
	clause   struct {
		field    string
		operator string
		operands []operand
	}
)

func (both) isCondition()     {}
func (either) isCondition()   {}
func (negation) isCondition() {}
func (clause) isCondition()   {}

// operand is a value, EMPTY, or the call of a function.
type operand struct {
	text     string
	empty    bool
	function bool
	// name is a function as it was spelt; text has it in lower case.
	name string
	args []string
}

// maxDepth bounds parentheses and NOTs in a query.
const maxDepth = 50

type jqlParser struct {
	tokens []token
	at     int
	depth  int
}

// parseJQL reads the subset of JQL that the sandbox knows: clauses with = != ~
// !~ < <= > >= IN, NOT IN, IS, IS NOT, joined by AND, OR, NOT and parentheses, and
// ORDER BY. The error is worded as Jira words it.
func parseJQL(jql string) (query, error) {
	var q query
	tokens, err := lex(jql)
	if err != nil {
		return q, err
	}
	p := &jqlParser{tokens: tokens}
	if first := p.peek(); first.kind != tokenEnd && !first.is("order") {
		if q.where, err = p.or(); err != nil {
			return q, err
		}
	}
	if p.peek().is("order") {
		if q.order, err = p.orderBy(); err != nil {
			return q, err
		}
	}
	if p.peek().kind != tokenEnd {
		return q, p.expected("either 'OR' or 'AND'")
	}
	return q, nil
}

func (p *jqlParser) peek() token { return p.tokens[p.at] }

func (p *jqlParser) next() token {
	t := p.tokens[p.at]
	if t.kind != tokenEnd {
		p.at++
	}
	return t
}

func (p *jqlParser) expected(what string) error {
	got := p.peek()
	if got.kind == tokenEnd {
		return refuse(http.StatusBadRequest, "Error in the JQL Query: Expecting %s before the end of the query.", what)
	}
	return refuse(http.StatusBadRequest, "Error in the JQL Query: Expecting %s but got '%s'. (line 1, character %d)", what, got.text, got.at+1)
}

func (p *jqlParser) or() (condition, error) {
	first, err := p.and()
	if err != nil {
		return nil, err
	}
	list := []condition{first}
	for p.peek().is("or") {
		p.next()
		more, err := p.and()
		if err != nil {
			return nil, err
		}
		list = append(list, more)
	}
	if len(list) == 1 {
		return first, nil
	}
	return either{list}, nil
}

func (p *jqlParser) and() (condition, error) {
	first, err := p.not()
	if err != nil {
		return nil, err
	}
	list := []condition{first}
	for p.peek().is("and") {
		p.next()
		more, err := p.not()
		if err != nil {
			return nil, err
		}
		list = append(list, more)
	}
	if len(list) == 1 {
		return first, nil
	}
	return both{list}, nil
}

func (p *jqlParser) not() (condition, error) {
	if p.depth++; p.depth > maxDepth {
		return nil, refuse(http.StatusBadRequest, "Error in the JQL Query: It is nested too deeply.")
	}
	defer func() { p.depth-- }()
	switch t := p.peek(); {
	case t.is("not") || t.sign("!"):
		p.next()
		of, err := p.not()
		return negation{of}, err
	case t.sign("("):
		p.next()
		inner, err := p.or()
		if err != nil {
			return nil, err
		}
		if !p.next().sign(")") {
			p.at = max(0, p.at-1)
			return nil, p.expected("')'")
		}
		return inner, nil
	}
	return p.clause()
}

func (p *jqlParser) clause() (condition, error) {
	name := p.peek()
	if name.kind != tokenWord && name.kind != tokenText {
		return nil, p.expected("a field name")
	}
	p.next()
	operator, err := p.operator()
	if err != nil {
		return nil, err
	}
	c := clause{field: strings.ToLower(name.text), operator: operator}
	if operator == "in" || operator == "not in" {
		c.operands, err = p.operands()
		return c, err
	}
	one, err := p.operand()
	c.operands = []operand{one}
	return c, err
}

func (p *jqlParser) operator() (string, error) {
	t := p.peek()
	switch {
	case t.kind == tokenSign && slices.Contains([]string{"=", "!=", "~", "!~", "<", "<=", ">", ">="}, t.text):
		p.next()
		return t.text, nil
	case t.is("in"):
		p.next()
		return "in", nil
	case t.is("is"):
		p.next()
		if p.peek().is("not") {
			p.next()
			return "is not", nil
		}
		return "is", nil
	case t.is("not"):
		p.next()
		if p.peek().is("in") {
			p.next()
			return "not in", nil
		}
	}
	if t.is("was") || t.is("changed") {
		return "", refuse(http.StatusBadRequest, "The operator '%s' is not supported here: searches in the history of issues are left out.", strings.ToLower(t.text))
	}
	return "", p.expected("operator")
}

// operands reads a list in parentheses, or a function that gives a list.
func (p *jqlParser) operands() ([]operand, error) {
	if !p.peek().sign("(") {
		one, err := p.operand()
		if err == nil && !one.function {
			err = p.expected("'('")
		}
		return []operand{one}, err
	}
	p.next()
	var out []operand
	for {
		one, err := p.operand()
		if err != nil {
			return nil, err
		}
		out = append(out, one)
		switch t := p.peek(); {
		case t.sign(","):
			p.next()
		case t.sign(")"):
			p.next()
			return out, nil
		default:
			return nil, p.expected("')'")
		}
	}
}

func (p *jqlParser) operand() (operand, error) {
	t := p.peek()
	switch {
	case t.kind == tokenText:
		p.next()
		return operand{text: t.text}, nil
	case t.kind != tokenWord || t.is("and") || t.is("or") || t.is("order"):
		return operand{}, p.expected("either a value, list or function")
	}
	p.next()
	if p.peek().sign("(") {
		args, err := p.args()
		return operand{text: strings.ToLower(t.text), name: t.text, function: true, args: args}, err
	}
	return operand{text: t.text, empty: t.is("empty") || t.is("null")}, nil
}

func (p *jqlParser) args() ([]string, error) {
	p.next()
	var out []string
	for !p.peek().sign(")") {
		t := p.peek()
		if t.kind != tokenWord && t.kind != tokenText {
			return nil, p.expected("')'")
		}
		out = append(out, p.next().text)
		if p.peek().sign(",") {
			p.next()
		}
	}
	p.next()
	return out, nil
}

func (p *jqlParser) orderBy() ([]ordering, error) {
	p.next()
	if !p.peek().is("by") {
		return nil, p.expected("'by'")
	}
	p.next()
	var out []ordering
	for {
		name := p.peek()
		if name.kind != tokenWord && name.kind != tokenText {
			return nil, p.expected("a field name")
		}
		p.next()
		o := ordering{field: strings.ToLower(name.text)}
		if t := p.peek(); t.is("asc") || t.is("desc") {
			o.desc = t.is("desc")
			p.next()
		}
		out = append(out, o)
		if !p.peek().sign(",") {
			return out, nil
		}
		p.next()
	}
}
