package app

import (
	"context"
	"slices"
	"strings"

	"github.com/aofctl/aofctl/internal/enrich"
	"github.com/aofctl/aofctl/internal/event"
	"github.com/aofctl/aofctl/internal/tool"
)

// Askable implements run.Enricher.
func (s *sites) Askable(ev *event.Event, names []string) []string {
	if ev.Source == event.SourceConfluence && s.wiki != nil {
		return enrich.AskableOfPage(ev, names)
	}
	if ev.Source != event.SourceJira {
		// What another platform tells of people and comments is nothing to Jira.
		names = slices.DeleteFunc(slices.Clone(names), func(name string) bool {
			return !strings.HasPrefix(name, "issue_") && !strings.HasPrefix(name, "project_")
		})
	}
	return enrich.Askable(ev, names)
}

// Enrich implements run.Enricher.
func (s *sites) Enrich(ctx context.Context, ev *event.Event, names []string) (map[string]any, error) {
	if who := tool.ActsFor(ctx); !who.IsZero() {
		return s.enrichFor(ctx, who, ev, names)
	}
	if ev.Source == event.SourceConfluence && s.wiki != nil {
		return s.wiki.pages.Variables(ctx, ev, names)
	}
	one, err := s.find(ev.Site)
	if err != nil {
		return nil, err
	}
	return one.enricher.Variables(ctx, ev, names)
}

// enrichFor asks with the rights of the user for whom the run is. What the user may
// not see stays absent, and what the daemon's account may see is not looked at.
func (s *sites) enrichFor(ctx context.Context, who tool.OnBehalf, ev *event.Event, names []string) (map[string]any, error) {
	user, err := s.personas.of(who)
	if err != nil {
		return nil, err
	}
	user.fields.refresh(ctx, user.client)
	return user.enricher.Variables(ctx, ev, names)
}

// Matches asks the event's Jira whether the issue meets a condition in JQL.
func (s *sites) Matches(ctx context.Context, ev *event.Event, jql string) (bool, error) {
	one, err := s.find(ev.Site)
	if err != nil {
		return false, err
	}
	return one.enricher.Matches(ctx, ev, jql)
}

// Mark asks the event's Jira whether the comment carries our mark, or Confluence
// whether the version of the page does.
func (s *sites) Mark(ctx context.Context, ev *event.Event) (depth int, marked bool, err error) {
	if ev.Source == event.SourceConfluence && s.wiki != nil {
		if marked, err = s.wiki.pages.Mark(ctx, ev); err == nil && !marked {
			err = s.wiki.pages.Introduce(ctx, ev)
		}
		return 0, marked, err
	}
	if ev.Source != event.SourceJira {
		return 0, false, nil
	}
	one, err := s.find(ev.Site)
	if err != nil {
		return 0, false, err
	}
	return one.enricher.Mark(ctx, ev)
}
