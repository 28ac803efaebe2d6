package manifest

import (
	"slices"
	"strings"
)

// unreached warns of agents whose Jira tools will be refused everything: events of
// other platforms name no project that a run may touch, unless the trigger says
// which of those that people mention are meant, or the agent has a scope.
func (a *assembly) unreached(doc *document) {
	if doc.trigger == nil || doc.disabled || doc.unreached == (pos{}) {
		return
	}
	for _, name := range doc.trigger.agents() {
		agent := a.catalog.Agents[name]
		if agent == nil || len(agent.ScopeProjects) > 0 || !slices.ContainsFunc(agent.Tools, ofJira) {
			continue
		}
		a.report(doc, Warning, doc.unreached, "agent "+quote(name)+" may touch no Jira project here: "+doc.trigger.cure())
	}
}

func ofJira(tool string) bool { return strings.HasPrefix(tool, "jira_") }

func (t *Trigger) cure() string {
	switch t.Type {
	case TypeConfluence:
		return "a page belongs to none; give the agent a scope.projects"
	case TypeSchedule:
		return "a schedule names none; give the agent a scope.projects"
	}
	return "give filters.projects, of which those count that the event names, or give the agent a scope.projects"
}

// agents are the agents that the trigger may run, without repeats.
func (t *Trigger) agents() []string {
	targets := []Target{t.Default}
	for _, c := range t.Commands {
		targets = append(targets, c.Target)
	}
	for _, name := range keys(t.EventTargets) {
		targets = append(targets, t.EventTargets[name].Target)
	}
	var out []string
	for _, target := range targets {
		if target.Kind == TargetAgent && target.Name != "" && !slices.Contains(out, target.Name) {
			out = append(out, target.Name)
		}
	}
	return out
}
