package jira

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/aofctl/aofctl/internal/atlassian/jira"
	"github.com/aofctl/aofctl/internal/tool"
)

// shownFields are what an issue tells without being asked for more.
func shownFields() []string {
	return []string{
		"summary", "issuetype", "status", "resolution", "priority", "assignee", "reporter", "labels", "components", "fixVersions",
		"parent", "duedate", "created", "updated", "issuelinks", "subtasks", "description",
	}
}

type getIssueArgs struct {
	Issue    Key      `json:"issue_key"`
	Fields   []string `json:"fields"`
	Comments int      `json:"comments"`
	Include  []string `json:"include"`
}

func (t *Tools) getIssue() tool.Tool {
	return handler[getIssueArgs]{
		tools: t,
		spec: spec("jira_get_issue", tool.Read, "Read an issue: its fields, links and description.", `{"type":"object","properties":{
"issue_key":{"type":"string"},
"fields":{"type":"array","items":{"type":"string"},"description":"further fields, by name or id"},
"comments":{"type":"integer","description":"how many of the newest to add"},
"include":{"type":"array","items":{"type":"string","enum":["transitions","worklogs","changelog","remote_links","attachments"]}}},
"required":["issue_key"]}`, "jira_read_issue"),
		keys:    func(a getIssueArgs) []Key { return []Key{a.Issue} },
		careful: true,
		run:     runGetIssue,
	}
}

func runGetIssue(ctx context.Context, j job, a getIssueArgs) (tool.Result, error) {
	wanted := shownFields()
	names := map[string]string{}
	for _, name := range a.Fields {
		field, err := j.field(ctx, name)
		if err != nil {
			return tool.Result{}, err
		}
		names[field.ID] = field.Name
		if !slices.Contains(wanted, field.ID) {
			wanted = append(wanted, field.ID)
		}
	}
	epic, err := j.epicField(ctx)
	if err != nil {
		return tool.Result{}, err
	}
	if epic != "" && !slices.Contains(wanted, epic) {
		wanted = append(wanted, epic)
		names[epic] = "epic"
	}
	issue, err := j.client.GetIssue(ctx, a.Issue.String(), wanted, nil)
	if err != nil {
		return tool.Result{}, err
	}
	if err := j.within(a.Issue, issue.Key); err != nil {
		return tool.Result{}, err
	}
	parts := []string{j.describe(issue, names)}
	if a.Comments > 0 {
		comments, err := j.comments(ctx, a.Issue, jira.Newest{Limit: min(a.Comments, maxListed)})
		if err != nil {
			return tool.Result{}, err
		}
		parts = append(parts, comments)
	}
	for _, what := range a.Include {
		more, err := j.include(ctx, a.Issue, what)
		if err != nil {
			return tool.Result{}, err
		}
		parts = append(parts, more)
	}
	return tool.Result{Text: strings.Join(parts, "\n"), Target: issue.Key}, nil
}

// epicField is the id of the field by which Data Center tells an issue's epic; ""
// where there is none, as on Cloud, where the epic is the parent.
func (j job) epicField(ctx context.Context) (string, error) {
	cloud, err := j.client.Cloud(ctx)
	if err != nil || cloud {
		return "", err
	}
	field, _, err := j.customField(ctx, jira.EpicLink)
	return field.ID, err
}

// include reads something that belongs to an issue beside its fields.
func (j job) include(ctx context.Context, key Key, what string) (string, error) {
	newest := jira.Newest{Limit: defaultListed}
	switch what {
	case "transitions":
		list, err := j.client.Transitions(ctx, key.String())
		return "transitions: " + transitionChoices(list), err
	case "worklogs":
		return j.worklogs(ctx, key, newest)
	case "changelog":
		return j.changelog(ctx, key, newest)
	case "remote_links":
		return j.remoteLinks(ctx, key)
	case "attachments":
		return j.attachments(ctx, key)
	default:
		return "", refuse("there is nothing %q to include", what)
	}
}

// describe writes an issue as a person would: one line each, nothing for what is
// not set, the long text last.
func (j job) describe(issue jira.Issue, names map[string]string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %s\n", issue.Key, value(issue.Fields["summary"]))
	for _, id := range shownFields() {
		switch id {
		case "summary", "description", "issuelinks", "subtasks", "parent":
		default:
			writeField(&b, label(id), shown(id, issue.Fields[id]))
		}
	}
	writeRelated(&b, issue)
	for _, id := range slices.Sorted(maps.Keys(names)) {
		if !slices.Contains(shownFields(), id) {
			text := sprintNames(issue.Fields[id])
			if text == "" {
				text = j.conv.ToMarkdown(value(issue.Fields[id]))
			}
			writeField(&b, names[id], text)
		}
	}
	if text := value(issue.Fields["description"]); text != "" {
		b.WriteString("description:\n" + j.conv.ToMarkdown(text) + "\n")
	}
	return strings.TrimRight(b.String(), "\n")
}

// label is a shorter name for a field where people have one.
func label(id string) string {
	if id == "issuetype" {
		return "type"
	}
	return id
}

// shown is a field's text, of a moment no more than the minute.
func shown(id string, raw json.RawMessage) string {
	var moment jira.Time
	if (id == "created" || id == "updated") && json.Unmarshal(raw, &moment) == nil && !moment.IsZero() {
		return minute(moment)
	}
	return value(raw)
}

func writeField(b *strings.Builder, name, text string) {
	if text != "" {
		fmt.Fprintf(b, "%s: %s\n", name, text)
	}
}

func writeRelated(b *strings.Builder, issue jira.Issue) {
	var parent jira.LinkedIssue
	if json.Unmarshal(issue.Fields["parent"], &parent) == nil && parent.Key != "" {
		b.WriteString("parent: " + related(parent) + "\n")
	}
	var links []jira.IssueLink
	if json.Unmarshal(issue.Fields["issuelinks"], &links) == nil {
		for _, link := range links {
			switch {
			case link.Outward != nil:
				fmt.Fprintf(b, "link: %s %s\n", link.Type.Outward, related(*link.Outward))
			case link.Inward != nil:
				fmt.Fprintf(b, "link: %s %s\n", link.Type.Inward, related(*link.Inward))
			}
		}
	}
	var subtasks []jira.LinkedIssue
	if json.Unmarshal(issue.Fields["subtasks"], &subtasks) == nil {
		for _, subtask := range subtasks {
			b.WriteString("subtask: " + related(subtask) + "\n")
		}
	}
}

func related(i jira.LinkedIssue) string {
	text := i.Key
	if i.Fields.Status.Name != "" {
		text += " [" + i.Fields.Status.Name + "]"
	}
	return strings.TrimSpace(text + " " + line(i.Fields.Summary))
}
