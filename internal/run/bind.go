package run

import (
	"context"
	"fmt"
	"maps"

	"github.com/aofctl/aofctl/internal/event"
	"github.com/aofctl/aofctl/internal/route"
)

// place is where a run stands in line: behind all others of the same.
type place struct{ source, site, subject string }

// Issue is a Jira issue that an event of another platform, or an operator, names.
// Site is the name under which webhooks of that site are known.
type Issue struct{ Site, ID, Key, Project string }

// Issues finds Jira issues.
type Issues interface {
	// Issue returns the issue with a key; false if the site has none. An error is
	// temporary: the event waits until Jira answers.
	Issue(ctx context.Context, site, key string) (Issue, bool, error)
}

// Page is a page of Confluence, of the space of that key.
type Page struct{ ID, Space, Title, URL string }

// Pages finds pages of Confluence.
type Pages interface {
	// Page returns the page that an id or an address names; false if there is none that
	// we may see. An error is temporary: the order waits until Confluence answers.
	Page(ctx context.Context, named string) (Page, bool, error)
}

// binding is what a run of another platform's event may touch in Jira.
type binding struct {
	site string
	// projects are those of the event's issues that the trigger, or the agent,
	// admits.
	projects []string
	// key is the only such issue; "" if there are several, or none.
	key string
}

// elsewhere reports whether an event is of another platform than Jira.
func elsewhere(ev *event.Event) bool { return ev.Source != event.SourceJira }

// bindingOf says what a match may touch. Whoever writes a pull request's title
// chooses the issues that it names; which of them count is the operator's to say.
func bindingOf(ev *event.Event, routes Routes, m route.Match) binding {
	admitted := m.Trigger.Filters.Projects
	if routes.Scope != nil {
		if own := routes.Scope(string(m.Target.Kind), m.Target.Name); len(own) > 0 {
			admitted = own
		}
	}
	b := binding{site: m.Trigger.Site, projects: []string{}}
	keys := route.Reach(ev, admitted)
	for _, key := range keys {
		if p := event.ProjectOf(key); len(b.projects) == 0 || b.projects[len(b.projects)-1] != p {
			b.projects = append(b.projects, p)
		}
	}
	if len(keys) == 1 {
		b.key = keys[0]
	}
	return b
}

// settle finds the issue that an event of another platform is about, so that its
// runs stand in line with the others of that issue. The first match decides where.
func (d *Dispatcher) settle(ctx context.Context, it item, routes Routes, decision *route.Decision) (item, error) {
	if !elsewhere(it.event) || len(decision.Matches) == 0 {
		return it, nil
	}
	it.issues = map[string]Issue{}
	for i, m := range decision.Matches {
		b := bindingOf(it.event, routes, m)
		if b.key == "" || d.cfg.Issues == nil {
			continue
		}
		name := b.site + "\x00" + b.key
		if _, asked := it.issues[name]; !asked {
			issue, found, err := d.cfg.Issues.Issue(ctx, b.site, b.key)
			if err != nil {
				return it, fmt.Errorf("look for issue %s, which the event names: %w", b.key, err)
			}
			if found {
				it.issues[name] = issue
			}
		}
		if issue, found := it.issues[name]; found && i == 0 {
			it.place = place{event.SourceJira, issue.Site, "issue:" + issue.ID}
		}
	}
	return it, d.deepen(ctx, &it, decision)
}

// deepen counts what led to the event by the issue, too: what we wrote there may
// be what another automation answers on its own platform.
func (d *Dispatcher) deepen(ctx context.Context, it *item, decision *route.Decision) error {
	if it.place == (place{}) || !route.Automated(it.event) {
		return nil
	}
	depth, err := d.depthAt(ctx, it, it.place)
	if err != nil {
		return err
	}
	if depth > maxDepth {
		*decision = route.Decision{Reason: route.ReasonTooDeep}
	}
	it.event.Depth = max(it.event.Depth, depth)
	return nil
}

// bound is the event as a match's run gets it: with the issue that it is about.
func (it item) bound(routes Routes, m route.Match) (*event.Event, binding) {
	if !elsewhere(it.event) {
		return it.event, binding{}
	}
	b := bindingOf(it.event, routes, m)
	issue, found := it.issues[b.site+"\x00"+b.key]
	if !found {
		return it.event, b
	}
	ev := *it.event
	ev.Vars = maps.Clone(it.event.Vars)
	b.site = issue.Site
	ev.Site, ev.IssueID, ev.IssueKey, ev.Project = issue.Site, issue.ID, issue.Key, issue.Project
	ev.Vars["issue_id"], ev.Vars["issue_key"], ev.Vars["project_key"] = issue.ID, issue.Key, issue.Project
	return &ev, b
}
