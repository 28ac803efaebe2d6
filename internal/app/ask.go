package app

import (
	"context"
	"errors"

	"github.com/rs/zerolog"

	"github.com/aofctl/aofctl/internal/event"
	"github.com/aofctl/aofctl/internal/route"
)

// asker implements route.Asker: it asks the event's site, and tells what has to
// wait from what nobody will ever answer.
type asker struct{ sites *sites }

var _ route.Asker = asker{}

// Variables implements route.Asker.
func (a asker) Variables(ctx context.Context, ev *event.Event, names []string) (map[string]any, error) {
	names = a.sites.Askable(ev, names)
	if len(names) == 0 {
		return nil, nil
	}
	vars, err := a.sites.Enrich(ctx, ev, names)
	return vars, settled(ctx, err, "could not ask for what filters need")
}

// Matches implements route.Asker.
func (a asker) Matches(ctx context.Context, ev *event.Event, jql string) (route.Answer, error) {
	matches, err := a.sites.Matches(ctx, ev, jql)
	switch {
	case err != nil:
		return route.AnswerUnknown, settled(ctx, err, "could not ask for a condition in JQL")
	case matches:
		return route.AnswerYes, nil
	default:
		return route.AnswerNo, nil
	}
}

// Mark implements route.Asker. A mark that we may not read is none: who wrote the
// comment is known by other means, too.
func (a asker) Mark(ctx context.Context, ev *event.Event) (depth int, marked bool, err error) {
	depth, marked, err = a.sites.Mark(ctx, ev)
	return depth, marked, settled(ctx, err, "could not look for our mark in a comment")
}

// settled returns an error that another try may mend. Any other is logged and over.
func settled(ctx context.Context, err error, what string) error {
	var t interface{ Temporary() bool }
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil, errors.As(err, &t) && t.Temporary():
		return err
	default:
		zerolog.Ctx(ctx).Warn().Err(err).Msg(what)
		return nil
	}
}
