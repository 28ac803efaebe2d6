package enrich

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"time"

	"github.com/aofctl/aofctl/internal/atlassian/confluence"
	"github.com/aofctl/aofctl/internal/event"
	eventconfluence "github.com/aofctl/aofctl/internal/event/confluence"
)

// Wiki is what is asked of a Confluence; its methods are described at
// confluence.API.
type Wiki interface {
	Page(ctx context.Context, id string, r confluence.PageRead) (confluence.Page, error)
	Labels(ctx context.Context, id string) ([]confluence.Label, error)
	Ancestors(ctx context.Context, id string) ([]confluence.Node, error)
	Versions(ctx context.Context, id string, p confluence.Part) (confluence.List[confluence.Version], error)
	Comment(ctx context.Context, id string) (confluence.Comment, error)
	Attachment(ctx context.Context, id string) (confluence.Attachment, error)
	Space(ctx context.Context, key string) (confluence.Space, error)
	User(ctx context.Context, id string) (confluence.User, error)
}

// Pages asks Confluence for what its events lack: the webhooks of a Data Center name
// things by their ids alone. It is safe for concurrent use.
type Pages struct {
	wiki func(ctx context.Context) (Wiki, error)
	// markdown converts the storage format.
	markdown func(string) string
	cache    *cache
}

// NewPages makes a Pages. The function finds the Confluence, which is not connected
// to before; now is the clock of the cache.
func NewPages(wiki func(ctx context.Context) (Wiki, error), markdown func(string) string, now func() time.Time) *Pages {
	return &Pages{wiki: wiki, markdown: markdown, cache: newCache(now)}
}

// AskableOfPage returns those of the named variables that Confluence could tell of
// its event. It asks nobody.
func AskableOfPage(ev *event.Event, names []string) []string {
	return slices.DeleteFunc(slices.Clone(names), func(name string) bool { return eventconfluence.Teller(ev, name) == "" })
}

// Variables returns those of the named variables that Confluence tells, with the key
// of the space if it told that along. Each thing is read once. If one cannot be read,
// the others are returned with the error; if Confluence is to be asked again later,
// the error alone.
func (p *Pages) Variables(ctx context.Context, ev *event.Event, names []string) (map[string]any, error) {
	wiki, err := p.wiki(ctx)
	if err != nil {
		return nil, err
	}
	vars := map[string]any{}
	var errs []error
	seen := map[eventconfluence.Thing]bool{}
	for _, thing := range things(ev, names) {
		if seen[thing] {
			continue
		}
		seen[thing] = true
		told, err := p.vars(ctx, wiki, ev, thing)
		if temporary(err) || ctx.Err() != nil {
			return nil, err
		}
		if err != nil {
			errs = append(errs, err)
		}
		for name, value := range told {
			if name == "space_key" || slices.Contains(names, name) {
				vars[name] = value
			}
		}
	}
	return vars, errors.Join(errs...)
}

// things are what has to be read, with each page's text once: it tells all the rest
// of the page.
func things(ev *event.Event, names []string) []eventconfluence.Thing {
	var list []eventconfluence.Thing
	for _, name := range names {
		list = append(list, eventconfluence.Teller(ev, name))
	}
	list = slices.DeleteFunc(list, func(t eventconfluence.Thing) bool {
		return t == "" || t == eventconfluence.Page && slices.Contains(list, eventconfluence.Body)
	})
	return list
}

// vars returns all variables that a thing tells, from the cache if they were read for
// the same state of it just now.
func (p *Pages) vars(ctx context.Context, wiki Wiki, ev *event.Event, thing eventconfluence.Thing) (map[string]any, error) {
	o := object{kind(thing), idOf(ev, thing), stateOfPage(ev)}
	if vars, ok := p.cache.get(o); ok {
		return vars, nil
	}
	vars, err := p.read(ctx, wiki, ev, thing)
	if err != nil {
		return nil, &thingError{thing: thing, id: o.id, err: err}
	}
	if thing != eventconfluence.Body { // a page's text stays with the event that asked for it
		p.cache.put(o, vars)
	}
	return vars, nil
}

// thingError says what could not be read.
type thingError struct {
	thing eventconfluence.Thing
	id    string
	err   error
}

func (e *thingError) Error() string {
	return "read " + string(e.thing) + " " + e.id + ": " + e.err.Error()
}
func (e *thingError) Unwrap() error { return e.err }

// idOf is how Confluence knows a thing of the event's.
func idOf(ev *event.Event, thing eventconfluence.Thing) string {
	switch thing {
	case eventconfluence.Comment:
		return ev.CommentID
	case eventconfluence.File:
		return ev.String("attachment_id")
	case eventconfluence.User:
		if ev.Actor.AccountID != "" {
			return ev.Actor.AccountID
		}
		return ev.Actor.Key
	case eventconfluence.Space:
		if key := ev.String("space_key"); key != "" {
			return key
		}
	}
	return ev.String("page_id")
}

// stateOfPage identifies the state of things that the event tells of.
func stateOfPage(ev *event.Event) string {
	for _, name := range []string{"timestamp", "page_version"} {
		if n, ok := ev.Vars[name].(int64); ok {
			return name + " " + strconv.FormatInt(n, 10)
		}
	}
	return unknownState
}
