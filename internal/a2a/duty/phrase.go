package duty

import (
	"encoding/json"
	"maps"
	"strings"
	"unicode"

	"github.com/tidwall/gjson"

	"github.com/aofctl/aofctl/internal/prompt"
)

const (
	// maxCode bounds what is shown of an argument, maxName of a name, in characters.
	maxCode = 120
	maxName = 60
)

// phrases say what a call of a tool does, by the tool's name. "{x}" stands for the
// argument x as it is written, in code; a part in parentheses is left out if an
// argument in it is missing.
func phrases() map[string]string {
	all := pagePhrases()
	maps.Copy(all, map[string]string{
		"jira_add_attachment":       "Attaching {filename} to {issue_key}",
		"jira_add_labels":           "Adding labels to {issue_key}",
		"jira_add_remote_link":      "Adding a link to {issue_key}",
		"jira_add_to_sprint":        "Moving work items into a sprint",
		"jira_assign_issue":         "Assigning {issue_key}",
		"jira_create_issue":         "Creating a work item( in {project_key})(: {summary})",
		"jira_create_subtask":       "Creating a sub-task of {parent}(: {summary})",
		"jira_find_fields":          "Looking up fields",
		"jira_find_users":           "Looking up people",
		"jira_get_attachment":       "Reading the file {attachment} at {issue_key}",
		"jira_get_changelog":        "Reading the history of {issue_key}",
		"jira_get_comments":         "Reading the comments on {issue_key}",
		"jira_get_create_fields":    "Looking up the work types of {project_key}",
		"jira_get_field_options":    "Looking up what {field} can be set to",
		"jira_get_issue":            "Reading {issue_key}",
		"jira_get_link_types":       "Looking up the types of links",
		"jira_get_remote_links":     "Reading the links of {issue_key}",
		"jira_get_sprint":           "Reading a sprint",
		"jira_get_sprint_issues":    "Reading the work items of a sprint",
		"jira_get_transitions":      "Looking up where {issue_key} can move",
		"jira_get_worklogs":         "Reading the time logged on {issue_key}",
		"jira_link_issues":          "Linking {inward_issue} and {outward_issue}",
		"jira_list_attachments":     "Listing the files at {issue_key}",
		"jira_list_boards":          "Looking up boards",
		"jira_list_projects":        "Looking up projects",
		"jira_list_sprints":         "Looking up sprints",
		"jira_list_versions":        "Looking up the versions of {project_key}",
		"jira_log_work":             "Logging work on {issue_key}",
		"jira_move_to_backlog":      "Moving work items to the backlog",
		"jira_post_comment":         "Adding a comment to {issue_key}",
		"jira_remove_label":         "Removing a label from {issue_key}",
		"jira_remove_link":          "Removing a link from {issue_key}",
		"jira_search":               "Searching work items(: {jql})",
		"jira_transition_issue":     "Moving {issue_key} to {transition}",
		"jira_update_comment":       "Editing a comment on {issue_key}",
		"jira_update_issue":         "Updating {issue_key}",
		"jira_update_version":       "Updating a version of {project_key}",
		"github_comment":            "Adding a comment to {repository} {number}",
		"github_get_file":           "Reading {path} in {repository}",
		"github_get_pull_request":   "Reading pull request {number} of {repository}",
		"github_list_pull_requests": "Looking up pull requests of {repository}",
		"github_search_issues":      "Searching GitHub(: {query})",
		"http_request":              "Asking another service",
		"memory_delete":             "Forgetting a note",
		"memory_get":                "Looking at its notes",
		"memory_search":             "Looking through its notes",
		"memory_set":                "Taking a note",
	})
	return all
}

// doing says what a call does.
func doing(name string, args json.RawMessage) string {
	phrase, known := phrases()[name]
	if !known {
		return "Using " + toolName(name)
	}
	return fill(phrase, args)
}

// fill puts arguments into a phrase.
func fill(phrase string, args json.RawMessage) string {
	var b strings.Builder
	for phrase != "" {
		open := strings.IndexAny(phrase, "({")
		if open < 0 {
			b.WriteString(phrase)
			break
		}
		b.WriteString(phrase[:open])
		closing := map[byte]string{'(': ")", '{': "}"}[phrase[open]]
		inner, rest, _ := strings.Cut(phrase[open+1:], closing)
		if phrase[open] == '{' {
			b.WriteString(orSomething(argument(args, inner)))
		} else if name := between(inner, "{", "}"); argument(args, name) != "" {
			b.WriteString(fill(inner, args))
		}
		phrase = rest
	}
	return b.String()
}

func orSomething(text string) string {
	if text == "" {
		return "something"
	}
	return text
}

func between(s, before, after string) string {
	_, s, _ = strings.Cut(s, before)
	s, _, _ = strings.Cut(s, after)
	return s
}

// argument is an argument in code, or as it is where it is an issue's key; "" if it
// is missing. It passed the policy as a part of the call.
func argument(args json.RawMessage, name string) string {
	text := prompt.Clean(gjson.GetBytes(args, name).String())
	text = clip(strings.ReplaceAll(text, "`", "'"), maxCode)
	if text == "" {
		return ""
	}
	if strings.IndexFunc(text, func(r rune) bool {
		return r > unicode.MaxASCII || !unicode.IsUpper(r) && !unicode.IsDigit(r) && r != '-'
	}) < 0 {
		return text
	}
	return "`" + text + "`"
}

// toolName is the name of a tool without the underscores, as people read it.
func toolName(name string) string {
	name = plain(strings.ReplaceAll(name, "_", " "))
	if name == "" {
		return "a tool"
	}
	return name
}

// service names whom a tool calls.
func service(name string) string {
	switch before, _, _ := strings.Cut(name, "_"); before {
	case "jira":
		return "Jira"
	case "github":
		return "GitHub"
	case "confluence":
		return "Confluence"
	case "atlassian":
		return "Jira or Confluence"
	}
	return "A service"
}

// clip makes one line of at most so many characters.
func clip(text string, most int) string {
	text = strings.Join(strings.Fields(text), " ")
	if runes := []rune(text); len(runes) > most {
		return string(runes[:most-1]) + "…"
	}
	return text
}
