package jira

import (
	"slices"
	"strings"
)

// The scopes of OAuth 2.0 that the REST APIs of Jira Cloud ask for,
// https://developer.atlassian.com/cloud/jira/platform/scopes-for-oauth-2-3LO-and-forge-apps/.
// The agile API knows granular ones only.
const (
	ScopeReadWork  = "read:jira-work"
	ScopeReadUser  = "read:jira-user"
	ScopeWriteWork = "write:jira-work"

	scopeManageProject  = "manage:jira-project"
	scopeReadProject    = "read:project:jira"
	scopeReadDetails    = "read:issue-details:jira"
	scopeReadJQL        = "read:jql:jira"
	scopeReadBoard      = "read:board-scope:jira-software"
	scopeReadBoardAdmin = "read:board-scope.admin:jira-software"
	scopeWriteBoard     = "write:board-scope:jira-software"
	scopeReadSprint     = "read:sprint:jira-software"
	scopeWriteSprint    = "write:sprint:jira-software"
)

// Scopes are the scopes that a token needs for which the tool of this name is to
// work on Jira Cloud, sorted; none for a tool that is not one of Jira's. A tool that
// is not listed asks for what reads and writes issues: too much is seen when the
// scopes are granted, too little only when the tool is refused.
func Scopes(tool string) []string {
	if !strings.HasPrefix(tool, "jira_") {
		return nil
	}
	// Whose projects a sprint shows is read before anything is done with it.
	sprint := []string{scopeReadSprint, scopeReadBoardAdmin, scopeReadProject}
	var scopes []string
	switch tool {
	case "jira_get_issue", "jira_search", "jira_get_changelog", "jira_get_transitions", "jira_get_comments", "jira_get_worklogs",
		"jira_get_link_types", "jira_get_remote_links", "jira_list_versions", "jira_list_projects", "jira_get_create_fields",
		"jira_find_fields", "jira_get_field_options", "jira_list_attachments", "jira_get_attachment":
		scopes = []string{ScopeReadWork}
	case "jira_find_users":
		scopes = []string{ScopeReadUser}
	case "jira_add_labels", "jira_remove_label", "jira_post_comment", "jira_log_work", "jira_link_issues", "jira_remove_link",
		"jira_add_remote_link", "jira_add_attachment":
		scopes = []string{ScopeReadWork, ScopeWriteWork}
	case "jira_update_version":
		scopes = []string{ScopeReadWork, scopeManageProject}
	case "jira_list_boards":
		scopes = []string{scopeReadBoard, scopeReadProject}
	case "jira_list_sprints", "jira_get_sprint":
		scopes = sprint
	case "jira_get_sprint_issues":
		scopes = slices.Concat(sprint, []string{scopeReadDetails, scopeReadJQL})
	case "jira_add_to_sprint":
		scopes = slices.Concat(sprint, []string{ScopeReadWork, scopeWriteSprint})
	case "jira_move_to_backlog":
		scopes = []string{ScopeReadWork, scopeWriteBoard}
	default: // may name people
		scopes = []string{ScopeReadWork, ScopeReadUser, ScopeWriteWork}
	}
	slices.Sort(scopes)
	return scopes
}
