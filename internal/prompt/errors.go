package prompt

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	minijinja "github.com/mitsuhiko/minijinja/minijinja-go/v2"
)

// Error is what is wrong with a template or an expression. Its text never
// contains the values of variables.
type Error struct {
	// Name is the name that the template was compiled under.
	Name string
	// Line counts from 1; 0 if it is not known.
	Line int
	// Message says what is wrong, for the author of the template.
	Message string
}

// Error returns the message with the place in front.
func (e *Error) Error() string {
	if e.Line == 0 {
		return fmt.Sprintf("%s: %s", e.Name, e.Message)
	}
	return fmt.Sprintf("%s: line %d: %s", e.Name, e.Line, e.Message)
}

// fromEngine makes an *Error of an engine's error. The engine's own text is
// used, without its debug form, which would print all variables.
func fromEngine(name string, err error) *Error {
	var own *Error
	if errors.As(err, &own) {
		return &Error{Name: name, Line: own.Line, Message: own.Message}
	}
	var e *minijinja.Error
	if errors.As(err, &e) {
		out := &Error{Name: name, Message: fmt.Sprintf("%s: %s", e.Kind, e.Message)}
		if e.Span != nil {
			out.Line = int(e.Span.StartLine)
		}
		return out
	}
	message, line := splitLine(err.Error())
	return &Error{Name: name, Line: line, Message: message}
}

// splitLine takes the line out of a syntax error of the engine, whose types are
// in internal packages of the engine, so that only its text can be read:
// "SyntaxError: unexpected end of block (line 1)" from its parser, which quotes
// what its lexer says: "syntax error at line 2, col 5: unexpected end of string".
func splitLine(text string) (message string, line int) {
	text = strings.TrimPrefix(text, "SyntaxError: ")
	if i := strings.LastIndex(text, " (line "); i >= 0 {
		if n, err := strconv.Atoi(strings.TrimSuffix(text[i+len(" (line "):], ")")); err == nil {
			text, line = text[:i], n
		}
	}
	rest, ok := strings.CutPrefix(text, "syntax error at line ")
	if !ok {
		return text, line
	}
	place, message, _ := strings.Cut(rest, ": ")
	number, _, _ := strings.Cut(place, ",")
	if n, err := strconv.Atoi(number); err == nil {
		return message, n
	}
	return text, line
}
