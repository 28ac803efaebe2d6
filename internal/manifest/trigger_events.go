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

// githubEvents are the events that GitHub can be asked to send to a repository or
// an organisation (https://docs.github.com/webhooks/webhook-events-and-payloads).
func githubEvents() []string {
	return []string{
		"branch_protection_configuration", "branch_protection_rule", "check_run", "check_suite", "code_scanning_alert",
		"commit_comment", "create", "custom_property", "custom_property_values", "delete", "dependabot_alert", "deploy_key",
		"deployment", "deployment_protection_rule", "deployment_review", "deployment_status", "discussion", "discussion_comment",
		"fork", "gollum", "installation", "installation_repositories", "installation_target", "issue_comment", "issue_dependencies", "issues",
		"label", "member", "membership", "merge_group", "meta", "milestone", "org_block", "organization", "package", "page_build",
		"ping", "project", "project_card", "project_column", "projects_v2", "projects_v2_item", "projects_v2_status_update",
		"public", "pull_request", "pull_request_review", "pull_request_review_comment", "pull_request_review_thread", "push",
		"registry_package", "release", "repository", "repository_advisory", "repository_dispatch", "repository_import",
		"repository_ruleset", "repository_vulnerability_alert", "secret_scanning_alert", "secret_scanning_alert_location",
		"secret_scanning_scan", "security_advisory", "security_and_analysis", "sponsorship", "star", "status", "sub_issues",
		"team", "team_add", "watch", "workflow_dispatch", "workflow_job", "workflow_run",
	}
}

// githubEvent returns a name or pattern as events carry it: "pull_request.opened".
// The action may also follow with an underscore, as in "pull_request_opened".
func githubEvent(s string) string {
	name := strings.ToLower(strings.TrimSpace(s))
	if strings.Contains(name, ".") || slices.Contains(githubEvents(), name) {
		return name
	}
	longest := ""
	for _, e := range githubEvents() {
		if len(e) > len(longest) && strings.HasPrefix(name, e+"_") {
			longest = e
		}
	}
	if longest == "" {
		return name
	}
	return longest + "." + strings.TrimPrefix(name, longest+"_")
}

// eventsOf normalises the event names of a type of trigger.
func (d *decoder) eventsOf(kind string, list []str) []string {
	switch kind {
	case TypeGitHub:
	case TypeJira:
		return d.events(list)
	case TypeConfluence:
		return d.confluenceEvents(list)
	default:
		return nil // what they get needs no names
	}
	var out []string
	for _, s := range list {
		name := githubEvent(s.value)
		switch {
		case s.value == "":
			continue
		case !validGlob(name):
			d.errorf(s.pos, "%q is not an event name or pattern", shorten(s.value))
			continue
		case !sentByGitHub(name):
			d.warnf(s.pos, "GitHub sends no event %q%s", shorten(s.value), meant(name, githubEvents()))
		}
		if !slices.Contains(out, name) {
			out = append(out, name)
		}
	}
	return out
}

// sentByGitHub reports whether a pattern covers an event of GitHub's, whatever its
// action.
func sentByGitHub(pattern string) bool {
	name, _, _ := strings.Cut(pattern, ".")
	return slices.ContainsFunc(githubEvents(), func(e string) bool { return matches(name, e) || matches(pattern, e+".x") })
}

func eventName(s string) string {
	return strings.TrimPrefix(strings.ToLower(strings.TrimSpace(s)), "jira:")
}

// events normalises event names and warns of those that Jira never sends.
func (d *decoder) events(list []str) []string { return d.eventNames(list, "Jira", jiraEvents(), "") }

// eventNames normalises the names and patterns of a platform's events, and warns of
// those that it never sends, with advice.
func (d *decoder) eventNames(list []str, platform string, known []string, advice string) []string {
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
			d.warnf(s.pos, "%s sends no event %q%s%s", platform, shorten(s.value), meant(name, known), advice)
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
