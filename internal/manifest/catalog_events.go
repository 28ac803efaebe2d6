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
