package event

// Names returns the names of all context variables that an event of any source may
// have, without the short names of AOF's that [Canonical] knows.
func Names() []string {
	return []string{
		"event_type", "timestamp", "issue_event_type_name", "site", "truncated_variables",
		"user_account_id", "user_display_name", "user_name", "user_key", "user_email",
		"issue_id", "issue_key", "issue_url", "issue_summary", "issue_description", "issue_type", "issue_status",
		"issue_priority", "issue_resolution", "issue_assignee_id", "issue_assignee_name", "issue_reporter_id",
		"issue_reporter_name", "issue_creator_id", "issue_creator_name", "issue_labels", "issue_components",
		"issue_fix_versions", "issue_created", "issue_updated", "issue_due_date", "issue_parent_key", "issue_custom",
		"project_key", "project_name", "project_id", "changelog_items", "changelog_id",
		"merged_events", "merged_count", "comment_id", "comment_body", "comment_author_id", "comment_author_name",
		"comment_created", "comment_updated", "comment_public", "worklog_id", "worklog_author_id", "worklog_author_name",
		"worklog_time_spent", "worklog_time_spent_seconds", "worklog_comment", "worklog_started", "worklog_created",
		"worklog_updated", "sprint_id", "sprint_name", "sprint_state", "sprint_start_date", "sprint_end_date",
		"sprint_complete_date", "sprint_goal", "board_id", "board_name", "board_type",
		"issues_completed", "issues_incomplete", "link_id", "link_type", "link_outward", "link_inward",
		"link_source_issue_id", "link_destination_issue_id", "link_source_issue_key", "link_destination_issue_key",
		"link_system", "version_id", "version_name", "version_description", "version_released", "version_archived",
		"version_release_date", "version_start_date", "version_merged_to", "attachment_id", "attachment_name",
		"attachment_size", "attachment_mime_type", "attachment_url", "attachment_created", "attachment_author_id",
		"attachment_author_name",
		"page_id", "page_title", "page_url", "page_version", "page_version_message", "page_labels", "page_status", "page_type", "page_body",
		"page_ancestors", "page_parent_id", "page_author_id", "page_updater_id", "page_created", "page_updated", "space_key", "space_name",
		"comment_parent_id", "comment_selection", "update_trigger", "github_event", "action", "repository", "repository_url",
		"default_branch", "organization", "issue_keys", "labels", "label", "pr_number", "pr_title", "pr_url", "pr_body",
		"pr_state", "pr_draft", "pr_merged", "pr_merged_at", "pr_merged_by", "pr_author", "pr_branch", "pr_base",
		"pr_head_sha", "pr_head_repository", "pr_additions", "pr_deletions", "pr_changed_files", "pr_commits",
		"pr_created", "pr_updated", "author_association", "github_issue_number", "github_issue_title", "github_issue_body",
		"github_issue_url", "github_issue_state", "github_issue_author", "github_issue_created", "github_issue_updated",
		"comment_url", "comment_path", "review_state", "ref", "branch", "tag",
		"before", "after", "forced", "compare_url", "pusher_name", "commits",
		"commit_count", "release_name", "release_tag", "release_url", "release_body", "release_author",
		"release_published", "release_draft", "release_prerelease", "check_name", "check_status", "check_conclusion",
		"check_url", "check_sha", "check_app", "trigger", "scheduled_at", "schedule",
		"timezone", "late", "body", "request", "chat_message", "message_data",
	}
}
