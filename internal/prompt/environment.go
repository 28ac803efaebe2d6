package prompt

import (
	minijinja "github.com/mitsuhiko/minijinja/minijinja-go/v2"
	"github.com/mitsuhiko/minijinja/minijinja-go/v2/value"
)

// newEnvironment builds an engine with our limits, filters and printing.
func newEnvironment() *minijinja.Environment {
	env := minijinja.NewEnvironment()
	// The engine chooses the escaping by the template's name: a name that ends in
	// .yaml would quote every value as JSON. The custom kind escapes nothing by
	// itself and lets the engine mark what a macro or a block has already printed.
	env.SetAutoEscapeFunc(func(string) minijinja.AutoEscape { return minijinja.AutoEscapeCustom("prompt") })
	env.SetFormatter(format)
	env.SetUndefinedBehavior(minijinja.UndefinedChainable)
	steps := uint64(fuel)
	env.SetFuel(&steps)
	env.SetRecursionLimit(recursion)
	addFilters(env)
	env.AddFunction("namespace", newNamespace)
	// debug prints every variable; lipsum is of no use in a prompt.
	env.AddFunction("debug", refuse("debug"))
	env.AddFunction("lipsum", refuse("lipsum"))
	return env
}

func refuse(name string) minijinja.FunctionFunc {
	return func(*minijinja.State, []value.Value, map[string]value.Value) (value.Value, error) {
		return value.Undefined(), minijinja.NewError(minijinja.ErrUnknownFunction, name)
	}
}

// format prints a value. In a guarded render the tracker decides what shows.
func format(state *minijinja.State, v value.Value, _ func(string) string) string {
	if t, ok := trackerFrom(state.Context()); ok {
		return t.show(v)
	}
	return display(v)
}
