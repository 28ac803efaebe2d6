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
}

func (t *Tools) getIssue() tool.Tool {
	return handler[getIssueArgs]{
		tools: t,
		spec: spec("jira_get_issue", tool.Read, "Read an issue: its fields, links and description.", `{"type":"object","properties":{
"issue_key":{"type":"string"},
"fields":{"type":"array","items":{"type":"string"},"description":"further fields, by name or id"},
"comments":{"type":"integer","description":"how many of the newest comments to add"}},
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
	issue, err := j.client.GetIssue(ctx, a.Issue.String(), wanted, nil)
	if err != nil {
		return tool.Result{}, err
	}
	if err := j.within(a.Issue, issue.Key); err != nil {
		return tool.Result{}, err
	}
	text := j.describe(issue, names)
	if a.Comments > 0 {
		comments, err := j.comments(ctx, a.Issue, a.Comments)
		if err != nil {
			return tool.Result{}, err
		}
		text += "\n" + comments
	}
	return tool.Result{Text: text, Target: issue.Key}, nil
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
			writeField(&b, id, value(issue.Fields[id]))
		}
	}
	writeRelated(&b, issue)
	for _, id := range slices.Sorted(maps.Keys(names)) {
		if !slices.Contains(shownFields(), id) {
			writeField(&b, names[id], j.conv.ToMarkdown(value(issue.Fields[id])))
		}
	}
	if text := value(issue.Fields["description"]); text != "" {
		b.WriteString("description:\n" + j.conv.ToMarkdown(text) + "\n")
	}
	return strings.TrimRight(b.String(), "\n")
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

type getCommentsArgs struct {
	Issue Key `json:"issue_key"`
	Limit int `json:"limit"`
}

const (
	defaultComments = 10
	maxComments     = 100
)

func (t *Tools) getComments() tool.Tool {
	return handler[getCommentsArgs]{
		tools: t,
		spec: spec("jira_get_comments", tool.Read, "Read the newest comments of an issue, the newest first.", `{"type":"object","properties":{
"issue_key":{"type":"string"},
"limit":{"type":"integer","description":"default 10, at most 100"}},
"required":["issue_key"]}`),
		keys: func(a getCommentsArgs) []Key { return []Key{a.Issue} },
		run: func(ctx context.Context, j job, a getCommentsArgs) (tool.Result, error) {
			if a.Limit <= 0 {
				a.Limit = defaultComments
			}
			text, err := j.comments(ctx, a.Issue, a.Limit)
			return tool.Result{Text: text}, err
		},
	}
}

func (j job) comments(ctx context.Context, key Key, limit int) (string, error) {
	list, total, err := j.client.Comments(ctx, key.String(), min(limit, maxComments))
	if err != nil {
		return "", err
	}
	if len(list) == 0 {
		return "no comments", nil
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%d of %d comments, the newest first:\n", len(list), total)
	for _, c := range list {
		fmt.Fprintf(&b, "[%s] %s, %s:\n%s\n", c.ID, person(c.Author), minute(c.Created), j.conv.ToMarkdown(c.Body))
	}
	return strings.TrimRight(b.String(), "\n"), nil
}
