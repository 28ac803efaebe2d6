package manifest

import (
	"strings"
)

// confluenceEvents are the events that Confluence Data Center sends
// (https://confluence.atlassian.com/doc/managing-webhooks-1021225606.html), and those
// beyond that apps of Cloud know or that Cloud's Automation can react to.
func confluenceEvents() []string {
	return []string{
		"page_created", "page_updated", "page_moved", "page_children_reordered", "page_trashed", "page_restored", "page_removed",
		"blog_created", "blog_updated", "blog_trashed", "blog_restored", "blog_removed",
		"comment_created", "comment_updated", "comment_removed",
		"attachment_created", "attachment_updated", "attachment_trashed", "attachment_restored", "attachment_removed",
		"label_added", "label_created", "label_deleted", "label_removed", "blueprint_page_created",
		"content_created", "content_updated", "content_trashed", "content_restored", "content_permissions_updated",
		"space_created", "space_updated", "space_removed", "space_logo_updated", "space_permissions_updated",
		"user_created", "user_deactivated", "user_followed", "user_reactivated", "user_removed",
		"group_created", "group_removed", "theme_enabled",

		"page_published", "page_unpublished", "page_archived", "page_unarchived", "page_copied", "page_initialized", "page_snapshotted",
		"page_viewed", "page_status_changed", "page_owner_changed", "blog_published", "blog_moved", "blog_viewed",
		"attachment_archived", "attachment_unarchived", "attachment_viewed", "task_created", "task_updated", "task_removed",
		"relation_created", "relation_deleted", "search_performed",
	}
}

// confluenceEvents normalises event names and warns of those that nobody knows:
// since a rule of Automation is posted under a name that its author chose, they may
// come all the same.
func (d *decoder) confluenceEvents(list []str) []string {
	return d.eventNames(list, "Confluence", confluenceEvents(), "; only a rule of Automation that is posted under this name starts it")
}

// titles checks globs of titles, in which brackets stand for themselves.
func (b *builder) titles(list []str) []string {
	var out []string
	for _, s := range list {
		switch {
		case s.value == "":
		case strings.Count(s.value, "*") > 8:
			b.errorf(s.pos, "%q has more than 8 stars", shorten(s.value))
		default:
			out = append(out, s.value)
		}
	}
	return out
}

// confluence warns of a trigger that nothing reaches.
func (b *builder) confluence(t *Trigger, spec triggerSpec) {
	b.unreached = latest(spec.pos, spec.Config.pos)
	switch {
	case b.known.NoConfluence:
		b.warnf(spec.Type.pos, "no event reaches this trigger: platforms.confluence is not enabled in daemon.yaml")
	case b.known.DeafConfluence && t.SecretEnv == "":
		b.warnf(spec.Type.pos, "no event reaches this trigger: platforms.confluence in daemon.yaml has neither a webhook_secret_env, "+
			"for Data Center's webhooks, nor a webhook_token_env, for rules of Cloud's Automation")
	}
}

// inPlaceOf says what is to be written in the place of a field that a type of trigger
// does not have; "" for nothing.
func (t *Trigger) inPlaceOf(field string) string {
	switch {
	case t.Type == TypeConfluence && (field == "projects" || field == "project_routing"):
		return ": a page is in a space, so write filters.spaces; which projects of Jira a run may touch is said in its agent's scope.projects"
	case t.Type == TypeConfluence && field == "repositories", t.Type == TypeConfluence && field == "boards":
		return ": a page is in a space, so write filters.spaces"
	case t.Type == TypeConfluence && field == "changed_fields":
		return ": an edit of a page has no fields; filters.expression may look at the variables"
	case t.Type == TypeJira && field == "spaces":
		return ": an issue is in a project, so write filters.projects"
	}
	return ""
}
