package app

import (
	"fmt"
	"sync"

	"github.com/aofctl/aofctl/internal/prompt"
)

// expressions evaluates the triggers' expressions and keeps them compiled.
type expressions struct{ compiled sync.Map }

// Eval implements route.Expressions.
func (e *expressions) Eval(source string, vars map[string]any) (bool, error) {
	if found, ok := e.compiled.Load(source); ok {
		if expr, ok := found.(*prompt.Expression); ok {
			return expr.Eval(vars)
		}
	}
	expr, err := prompt.CompileExpression(source)
	if err != nil {
		return false, fmt.Errorf("compile expression: %w", err)
	}
	e.compiled.Store(source, expr)
	return expr.Eval(vars)
}
