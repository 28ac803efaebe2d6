// Package enrich asks Jira and Confluence for context variables that an event lacks:
// Jira Cloud's comment events have six fields of their issue, sprint events no board
// and no project, worklogs only an issue's id; Confluence Data Center's events have
// ids alone. What nobody reads is not asked for, and what several readers of one event
// need is asked for once.
package enrich

import (
	"context"
	"encoding/json"
	"errors"
	"net/url"
	"slices"
	"time"

	"github.com/aofctl/aofctl/internal/event"
	eventjira "github.com/aofctl/aofctl/internal/event/jira"
)

// Jira reads from one site.
type Jira interface {
	// Read gets what is at a path below /rest/, such as "api/2/issue/10001".
	Read(ctx context.Context, path string, query url.Values) (json.RawMessage, error)
	// Cloud reports whether the site is Jira Cloud.
	Cloud(ctx context.Context) (bool, error)
}

// Enricher asks one site. It is safe for concurrent use.
type Enricher struct {
	jira  Jira
	opt   eventjira.Options
	cache *cache
}

// New makes an Enricher. The options are those with which the site's events are
// read, so that both give the same variables; now is the clock of the cache.
func New(jira Jira, opt eventjira.Options, now func() time.Time) *Enricher {
	return &Enricher{jira: jira, opt: opt, cache: newCache(now)}
}

// Askable returns those of the named variables that Jira could tell of the
// event. It asks nobody.
func Askable(ev *event.Event, names []string) []string {
	return slices.DeleteFunc(slices.Clone(names), func(name string) bool { return sourceOf(ev, name) == object{} })
}

// Variables returns those of the named variables that Jira tells, with the keys
// of the issue and the project if it told them along. Each thing is read once. If
// one cannot be read, the others are returned with the error; if Jira is to be
// asked again later, the error alone.
func (e *Enricher) Variables(ctx context.Context, ev *event.Event, names []string) (map[string]any, error) {
	vars := map[string]any{}
	var errs []error
	seen := map[object]bool{}
	for _, name := range names {
		o := sourceOf(ev, name)
		if o == (object{}) || seen[o] {
			continue
		}
		seen[o] = true
		told, err := e.vars(ctx, o)
		if temporary(err) || ctx.Err() != nil {
			return nil, err
		}
		if err != nil {
			errs = append(errs, err)
		}
		pick(vars, told, names)
	}
	return vars, errors.Join(errs...)
}

// pick takes over what was asked for, and what identifies.
func pick(vars, told map[string]any, names []string) {
	for name, value := range told {
		switch name {
		case "issue_id", "issue_key", "project_key":
			vars[name] = value
		default:
			if slices.Contains(names, name) {
				vars[name] = value
			}
		}
	}
}

func temporary(err error) bool {
	var t interface{ Temporary() bool }
	return errors.As(err, &t) && t.Temporary()
}
