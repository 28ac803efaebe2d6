package prompt

import (
	"context"
	"errors"
	"fmt"
	"strings"
)

// expressionName stands for the file in errors.
const expressionName = "expression"

// Expression is a compiled condition: a trigger's filter, a flow's when.
type Expression struct {
	source   string
	lines    int
	template *Template
}

// CompileExpression parses an expression of the template language. It may be
// wrapped in {{ }} or ${ }; && || ! and AND OR NOT are understood as and, or,
// not. Errors are *Error and name what to write instead of what other languages
// have.
func CompileExpression(src string) (*Expression, error) {
	body, err := normalise(src)
	if err != nil {
		return nil, err
	}
	t, err := Compile(expressionName, "{% if (\n"+body+"\n) %}1{% endif %}")
	lines := strings.Count(body, "\n") + 1
	if err != nil {
		return nil, expressionError(err, lines)
	}
	return &Expression{source: src, lines: lines, template: t}, nil
}

// expressionError takes off the lines that the wrapping adds.
func expressionError(err error, lines int) error {
	var e *Error
	if !errors.As(err, &e) {
		return err
	}
	return &Error{Name: e.Name, Line: min(max(0, e.Line-1), lines), Message: e.Message}
}

// Source returns the text that was compiled.
func (e *Expression) Source() string { return e.source }

// Eval reports whether the expression is true of the variables. What is missing
// is false, and no error. Errors are *Error.
func (e *Expression) Eval(vars map[string]any) (bool, error) {
	out, err := e.template.render(context.Background(), toContext(vars))
	if err != nil {
		return false, expressionError(err, e.lines)
	}
	return out != "", nil
}

// Variables lists the event variables that the expression reads, like
// [Template.Variables].
func (e *Expression) Variables() []Ref {
	refs := e.template.Variables()
	for i := range refs {
		refs[i].Line = max(1, refs[i].Line-1)
	}
	return refs
}

// normalise rewrites other languages' spellings and refuses what is not one
// expression.
func normalise(src string) (string, error) {
	if len(src) > MaxSource/2 {
		return "", &Error{Name: expressionName, Message: fmt.Sprintf("the expression has %d bytes, more than %d", len(src), MaxSource/2)}
	}
	body := strings.TrimSpace(src)
	if inner, ok := strings.CutPrefix(body, "{{"); ok && strings.HasSuffix(inner, "}}") {
		body = strings.TrimSpace(strings.TrimSuffix(inner, "}}"))
	}
	body, err := undollarExpression(body)
	if err != nil {
		return "", err
	}
	if body == "" {
		return "", &Error{Name: expressionName, Message: "the expression is empty"}
	}
	return respell(body)
}

// respell goes through the tokens, so that strings stay as they are.
func respell(body string) (string, error) {
	s := &scanner{src: body, line: 1}
	var b strings.Builder
	depth := 0
	for s.pos < len(s.src) {
		start := s.pos
		s.one()
		raw := s.src[start:s.pos]
		if len(s.tokens) == 0 {
			b.WriteString(raw)
			continue
		}
		tok := s.tokens[len(s.tokens)-1]
		s.tokens = s.tokens[:0]
		if message := foreign(tok, s.src[s.pos:], &depth); message != "" {
			return "", &Error{Name: expressionName, Line: tok.line, Message: message}
		}
		b.WriteString(spelling(tok, raw))
	}
	if depth != 0 {
		return "", &Error{Name: expressionName, Message: "a bracket is not closed"}
	}
	return b.String(), nil
}

// spelling returns the template's spelling of a token.
func spelling(tok token, raw string) string {
	if tok.kind == opToken {
		switch tok.text {
		case "&&":
			return " and "
		case "||":
			return " or "
		case "!":
			return " not "
		}
	}
	if tok.kind == nameToken {
		switch tok.text {
		case "AND", "OR", "NOT":
			return strings.ToLower(raw)
		}
	}
	return raw
}

// foreign explains what cannot be part of an expression. It also refuses what
// would end the tag that the expression is compiled in.
func foreign(tok token, rest string, depth *int) string {
	if tok.kind != opToken {
		return ""
	}
	switch tok.text {
	case "(", "[", "{":
		*depth++
	case ")", "]", "}":
		if *depth--; *depth < 0 {
			return tok.text + " closes nothing"
		}
	case "==":
		if strings.HasPrefix(rest, "=") {
			return "=== is not an operator, use =="
		}
	case "=":
		if *depth == 0 {
			return "= assigns nothing here, use == to compare"
		}
	case "%", "-":
		if strings.HasPrefix(rest, "}") || strings.HasPrefix(rest, "%}") {
			return "an expression is not a template: %} has no place in it"
		}
	case "?":
		return "a ? b : c is written b if a else c"
	}
	return ""
}
