package doctor

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/aofctl/aofctl/internal/atlassian/jira"
)

// Need is a permission of a project and what needs it.
type Need struct {
	// Permission is Jira's key, such as "ADD_COMMENTS".
	Permission string
	// For says what for, in words; it is "" if nothing needs it today.
	For string
}

// maxProjects bounds the projects of which permissions are asked for.
const maxProjects = 20

func (s Site) permissions(ctx context.Context, _ jira.Contact) []Result {
	const name = "permissions"
	keys, err := s.Client.ProjectKeys(ctx)
	if err != nil {
		return []Result{fail(name, "the projects could not be asked for: "+err.Error(), "")}
	}
	if s.Allowed != nil {
		keys = slices.DeleteFunc(slices.Clone(keys), func(key string) bool { return !s.Allowed(key) })
	}
	if len(keys) == 0 {
		return []Result{fail(name, "the account sees none of the allowed projects",
			"give it the permission Browse Projects, and check allowed_projects")}
	}
	slices.Sort(keys)
	asked := keys[:min(len(keys), maxProjects)]
	list, err := s.lacking(ctx, asked)
	if err != nil {
		return []Result{fail(name, "permissions could not be asked for: "+err.Error(), "")}
	}
	if len(list) > 0 {
		return list
	}
	detail := "all that is needed in " + strings.Join(asked, ", ")
	if more := len(keys) - len(asked); more > 0 {
		detail += fmt.Sprintf("; %d further projects were not looked at", more)
	}
	return []Result{good(name, detail)}
}

// lacking tells for each permission in which projects it is missing.
func (s Site) lacking(ctx context.Context, projects []string) ([]Result, error) {
	names := make([]string, len(s.Needs))
	for i, n := range s.Needs {
		names[i] = n.Permission
	}
	missing := map[string][]string{}
	for _, project := range projects {
		have, err := s.Client.Permissions(ctx, project, names)
		if err != nil {
			return nil, err
		}
		for _, name := range names {
			if granted, known := have[name]; known && !granted {
				missing[name] = append(missing[name], project)
			}
		}
	}
	var list []Result
	for _, n := range s.Needs {
		if len(missing[n.Permission]) == 0 {
			continue
		}
		where := strings.Join(missing[n.Permission], ", ")
		cure := "grant it to the account in the permission scheme of these projects, or narrow allowed_projects"
		if n.For == "" {
			list = append(list, warn("permissions", n.Permission+" is missing in "+where+"; no agent needs it", cure))
			continue
		}
		list = append(list, fail("permissions", fmt.Sprintf("%s is missing in %s, for %s", n.Permission, where, n.For), cure))
	}
	return list, nil
}

// Needs returns the permissions that those who have the given tools need; the tools'
// users are named as in "agent triager".
func Needs(users map[string][]string) []Need {
	list := []Need{
		{Permission: "BROWSE_PROJECTS", For: "every event"},
		{Permission: "ADD_COMMENTS", For: "answers"},
	}
	for _, p := range []struct {
		permission string
		tools      []string
	}{
		{"EDIT_ISSUES", []string{"jira_update_issue", "jira_add_labels", "jira_remove_label", "atlassian_link_requirement"}},
		{"TRANSITION_ISSUES", []string{"jira_transition_issue"}},
		{"CREATE_ISSUES", []string{"jira_create_issue", "jira_create_subtask", "atlassian_create_issue"}},
		{"WORK_ON_ISSUES", []string{"jira_log_work"}},
		{"ASSIGN_ISSUES", []string{"jira_assign_issue"}},
		{"LINK_ISSUES", []string{"jira_link_issues", "jira_remove_link", "jira_add_remote_link", "atlassian_create_issue", "atlassian_link_requirement", "atlassian_unlink_requirement"}},
		{"CREATE_ATTACHMENTS", []string{"jira_add_attachment"}},
		{"SCHEDULE_ISSUES", []string{"jira_add_to_sprint", "jira_move_to_backlog"}},
	} {
		var names []string
		for _, t := range p.tools {
			for _, user := range users[t] {
				names = append(names, t+" of "+user)
			}
		}
		slices.Sort(names)
		list = append(list, Need{Permission: p.permission, For: strings.Join(names[:min(len(names), 3)], ", ")})
	}
	return list
}
