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

// splitLine takes the line out of a parse error of the engine, whose type is in
// an internal package of the engine, so that only its text can be read:
// "SyntaxError: unexpected end of block (line 1)".
func splitLine(text string) (message string, line int) {
	text = strings.TrimPrefix(text, "SyntaxError: ")
	head, tail, ok := strings.Cut(text, " (line ")
	if !ok {
		return text, 0
	}
	line, err := strconv.Atoi(strings.TrimSuffix(tail, ")"))
	if err != nil {
		return text, 0
	}
	return head, line
}
