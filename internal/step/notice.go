package step

import (
	"context"
	"encoding/json"
)

// Notice says what a step is about to do, for those who watch a run while it is at
// work: its record exists only afterwards.
type Notice struct {
	// Kind and Name are those of the step; the name of a tool is its own, whatever
	// a model called it.
	Kind Kind
	Name string
	// Agent labels who does it; "" where the run has only one.
	Agent string
	// Input is what goes in, as JSON.
	Input json.RawMessage
	// Text is what an agent says with it, in Markdown; it may be shown to whoever
	// the run works for.
	Text string
}

type tellerKey struct{}

// WithTeller returns a context in which Tell calls tell.
func WithTeller(ctx context.Context, tell func(ctx context.Context, n Notice)) context.Context {
	return context.WithValue(ctx, tellerKey{}, tell)
}

// Tell tells of what a step does now. It is called while the step is at work, so
// that nothing is told again when a run is replayed, and does nothing where nobody
// listens.
func Tell(ctx context.Context, n Notice) {
	if tell, ok := ctx.Value(tellerKey{}).(func(context.Context, Notice)); ok {
		tell(ctx, n)
	}
}
