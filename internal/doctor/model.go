package doctor

import "context"

// Model is a model that agents use.
type Model struct {
	Ref string
	// Err is what keeps it from being asked at all.
	Err error
	// Ask asks it for next to nothing; nil for not asking.
	Ask func(ctx context.Context) error
}

// Check looks whether the model could be asked, or asks it.
func (m Model) Check() Check {
	return Check{Subject: "models", Name: m.Ref, Run: func(ctx context.Context) []Result { return []Result{m.run(ctx)} }}
}

func (m Model) run(ctx context.Context) Result {
	switch {
	case m.Err != nil:
		return fail(m.Ref, m.Err.Error(), "set the variable that is named, or let the agents use another model")
	case m.Ask == nil:
		return good(m.Ref, "there is a key, or none is needed; --models asks whether it works")
	}
	if err := m.Ask(ctx); err != nil {
		return fail(m.Ref, err.Error(), "check the key, the model's name and the provider's base_url")
	}
	return good(m.Ref, "it answers")
}
