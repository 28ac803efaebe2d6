package route

import (
	"context"
	"maps"
	"slices"

	"github.com/aofctl/aofctl/internal/event"
)

// Asker asks the platform what an event does not tell. An error means that the
// decision has to wait and be made again; what can never be answered is no error.
type Asker interface {
	// Variables returns those of the named variables that could be found out.
	Variables(ctx context.Context, ev *event.Event, names []string) (map[string]any, error)
	// Matches tells whether the event's issue meets a condition in JQL.
	Matches(ctx context.Context, ev *event.Event, jql string) (Answer, error)
	// Mark reads the mark of the event's comment, or of the version of its page, if it
	// has ours: its depth.
	Mark(ctx context.Context, ev *event.Event) (depth int, marked bool, err error)
}

// Resolve decides, and asks for what that needs and the event lacks: first all
// variables at once, then one condition after the other until it is known what
// wins. What was found out is added to the event. A comment, or an edit of a page,
// that would start something is looked at once more, since webhooks do not tell of
// marks.
func (t *Table) Resolve(ctx context.Context, ev *event.Event, in Input, asker Asker) (Decision, error) {
	d, err := t.decided(ctx, ev, in, asker)
	if err != nil || len(d.Matches) == 0 || (ev.CommentID == "" && !ofPages(ev)) {
		return d, err
	}
	depth, marked, err := asker.Mark(ctx, ev)
	if err != nil || !marked {
		return d, err
	}
	ev.CommentMarked, ev.Depth = true, max(ev.Depth, depth)
	return t.Decide(ev, in), nil
}

func (t *Table) decided(ctx context.Context, ev *event.Event, in Input, asker Asker) (Decision, error) {
	in.JQL = maps.Clone(in.JQL)
	asked := map[string]bool{}
	for {
		d := t.Decide(ev, in)
		switch {
		case len(d.Needs) > 0:
			names := slices.DeleteFunc(slices.Clone(d.Needs), func(name string) bool { return asked[name] })
			if len(names) == 0 {
				in.Told = true
				continue
			}
			vars, err := asker.Variables(ctx, ev, names)
			if err != nil {
				return Decision{}, err
			}
			for _, name := range names {
				asked[name] = true
			}
			ev.Learn(vars)
		case len(d.Checks) > 0:
			answer, err := asker.Matches(ctx, ev, d.Checks[0])
			if err != nil {
				return Decision{}, err
			}
			if in.JQL == nil {
				in.JQL = map[string]Answer{}
			}
			in.JQL[d.Checks[0]] = answer
		default:
			return d, nil
		}
	}
}
