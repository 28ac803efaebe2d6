package manifest

import (
	"slices"
	"strings"
)

// commandEvents are those in whose texts people give commands.
func commandEvents() []string { return []string{"comment_created", "comment_updated", "issue_created"} }

// SiteEvents returns the names of the events that a webhook of the site has to
// send so that every trigger gets what it asks for: sorted, without the "jira:"
// prefix, and only those that the site allows. A trigger for commands alone asks
// for the events in which commands are given.
func (c *Catalog) SiteEvents(site JiraSite) []string {
	var out []string
	for _, name := range jiraEvents() {
		if registrable(name) && anyMatches(site.AllowedEvents, name) && slices.ContainsFunc(c.Triggers, func(t *Trigger) bool { return t.asksFor(name) }) {
			out = append(out, name)
		}
	}
	slices.Sort(out)
	return out
}

// PageEvents returns the names of the events that webhooks of a Confluence Data Center
// have to send so that every trigger gets what it asks for, sorted. One that asks for
// whatever there is, by a pattern, gets the events that pages and comments have most.
func (c *Catalog) PageEvents() []string {
	var out []string
	for _, name := range confluenceEvents() {
		if slices.ContainsFunc(c.Triggers, func(t *Trigger) bool { return t.asksForPages(name) }) {
			out = append(out, name)
		}
	}
	slices.Sort(out)
	return out
}

// asksForPages reports whether an event of Confluence's may lead to something that
// the trigger runs, and is named by it.
func (t *Trigger) asksForPages(name string) bool {
	if t.Type != TypeConfluence {
		return false
	}
	_, target := t.EventTargets[name]
	common := slices.Contains([]string{"page_created", "page_updated", "comment_created"}, name)
	named := slices.Contains(t.Events, name) || common && anyMatches(t.Events, name)
	switch {
	case target:
		return anyMatches(t.Events, name)
	case !named:
		return false
	}
	return !t.Default.IsZero() || len(t.Commands) > 0 && (name == "comment_created" || name == "comment_updated")
}

// registrable leaves out what no webhook is registered for: changes of Jira's
// own options, and a merge, which is told as a deletion.
func registrable(name string) bool {
	return !strings.HasPrefix(name, "option_") && name != "jira_expression_evaluation_failed" && name != "version_merged"
}

// asksFor reports whether an event may lead to something that the trigger runs.
func (t *Trigger) asksFor(name string) bool {
	if t.Type != "jira" {
		return false
	}
	if name == "version_deleted" && t.asksFor("version_merged") {
		return true
	}
	if !anyMatches(t.Events, name) {
		return false
	}
	if !t.Default.IsZero() || len(t.ProjectTargets) > 0 {
		return true
	}
	if _, ok := t.EventTargets[name]; ok {
		return true
	}
	return len(t.Commands) > 0 && slices.Contains(commandEvents(), name)
}
