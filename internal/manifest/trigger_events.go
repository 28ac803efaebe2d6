package manifest

import (
	"slices"
	"strings"
)

// jiraEvents are the events that Jira can be asked to send, without the "jira:"
// prefix (https://developer.atlassian.com/server/jira/platform/webhooks/).
func jiraEvents() []string {
	return []string{
		"issue_created", "issue_updated", "issue_deleted",
		"comment_created", "comment_updated", "comment_deleted",
		"worklog_created", "worklog_updated", "worklog_deleted",
		"issuelink_created", "issuelink_deleted",
		"attachment_created", "attachment_deleted",
		"issue_property_set", "issue_property_deleted",
		"sprint_created", "sprint_started", "sprint_closed", "sprint_updated", "sprint_deleted",
		"board_created", "board_updated", "board_deleted", "board_configuration_changed",
		"version_created", "version_updated", "version_released", "version_unreleased",
		"version_moved", "version_merged", "version_deleted",
		"project_created", "project_updated", "project_deleted", "project_soft_deleted",
		"project_restored_deleted", "project_archived", "project_restored_archived",
		"user_created", "user_updated", "user_deleted",
		"issuetype_created", "issuetype_updated", "issuetype_deleted",
		"option_voting_changed", "option_watching_changed", "option_unassigned_issues_changed",
		"option_subtasks_changed", "option_attachments_changed", "option_issuelinks_changed",
		"option_timetracking_changed", "jira_expression_evaluation_failed",
	}
}

func eventName(s string) string {
	return strings.TrimPrefix(strings.ToLower(strings.TrimSpace(s)), "jira:")
}

// events normalises event names and warns of those that Jira never sends.
func (d *decoder) events(list []str) []string {
	known := jiraEvents()
	var out []string
	for _, s := range list {
		if s.value == "" {
			continue
		}
		name := eventName(s.value)
		switch {
		case !validGlob(name):
			d.errorf(s.pos, "%q is not an event name or pattern", shorten(s.value))
			continue
		case !slices.ContainsFunc(known, func(e string) bool { return matches(name, e) }):
			d.warnf(s.pos, "Jira sends no event %q%s", shorten(s.value), meant(name, known))
		}
		if !slices.Contains(out, name) {
			out = append(out, name)
		}
	}
	return out
}

// anyMatches reports whether one of the patterns matches; no patterns match
// everything.
func anyMatches(patterns []string, s string) bool {
	return len(patterns) == 0 || slices.ContainsFunc(patterns, func(p string) bool { return matches(p, s) })
}
