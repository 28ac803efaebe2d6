package jira

import (
	"context"
	"fmt"
	"strings"

	"github.com/aofctl/aofctl/internal/atlassian/jira"
	"github.com/aofctl/aofctl/internal/tool"
)

// listArgs ask for a part of a list at an issue.
type listArgs struct {
	Issue Key    `json:"issue_key"`
	Limit int    `json:"limit"`
	Page  string `json:"page_token"`
}

const (
	defaultListed = 10
	maxListed     = 100
)

func (a listArgs) newest() (jira.Newest, error) {
	skip, err := jira.Position(a.Page)
	return jira.Newest{Skip: skip, Limit: bounded(a.Limit, defaultListed, maxListed)}, err
}

func (t *Tools) getComments() tool.Tool {
	return handler[listArgs]{
		tools: t,
		spec: spec("jira_get_comments", tool.Read, "Read the newest comments of an issue, the newest first.", `{"type":"object","properties":{
"issue_key":{"type":"string"},
"limit":{"type":"integer","description":"default 10, at most 100"},
"page_token":{"type":"string"}},
"required":["issue_key"]}`),
		keys: func(a listArgs) []Key { return []Key{a.Issue} },
		run: func(ctx context.Context, j job, a listArgs) (tool.Result, error) {
			n, err := a.newest()
			if err != nil {
				return tool.Result{}, err
			}
			text, err := j.comments(ctx, a.Issue, n)
			return tool.Result{Text: text}, err
		},
	}
}

func (j job) comments(ctx context.Context, key Key, n jira.Newest) (string, error) {
	page, err := j.client.Comments(ctx, key.String(), n)
	if err != nil {
		return "", err
	}
	items := make([]string, 0, len(page.Items))
	for _, c := range page.Items {
		items = append(items, fmt.Sprintf("[%s] %s, %s:\n%s", c.ID, person(c.Author), minute(c.Created), j.conv.ToMarkdown(c.Body)))
	}
	return newestOf("comments", page.Total, items, n.Skip, page.Next), nil
}

// newestOf shows a part of a list, the newest first.
func newestOf(what string, total int, items []string, skip, next int) string {
	switch {
	case len(items) == 0 && skip > 0:
		return "no more " + what
	case len(items) == 0:
		return "no " + what
	}
	return entries(fmt.Sprintf("%d of %d %s, the newest first", len(items), total, what), items, skip, next)
}

func (t *Tools) getWorklogs() tool.Tool {
	return handler[listArgs]{
		tools: t,
		spec: spec("jira_get_worklogs", tool.Read, "Read the time logged on an issue, the newest first.", `{"type":"object","properties":{
"issue_key":{"type":"string"},
"limit":{"type":"integer"},
"page_token":{"type":"string"}},
"required":["issue_key"]}`, "jira_get_worklog"),
		keys: func(a listArgs) []Key { return []Key{a.Issue} },
		run: func(ctx context.Context, j job, a listArgs) (tool.Result, error) {
			n, err := a.newest()
			if err != nil {
				return tool.Result{}, err
			}
			text, err := j.worklogs(ctx, a.Issue, n)
			return tool.Result{Text: text}, err
		},
	}
}

func (j job) worklogs(ctx context.Context, key Key, n jira.Newest) (string, error) {
	page, err := j.client.Worklogs(ctx, key.String(), n)
	if err != nil {
		return "", err
	}
	items := make([]string, 0, len(page.Items))
	for _, w := range page.Items {
		item := fmt.Sprintf("[%s] %s, %s: %s", w.ID, person(w.Author), minute(w.Started), w.TimeSpent)
		if text := strings.TrimSpace(j.conv.ToMarkdown(w.Comment)); text != "" {
			item += "\n" + text
		}
		items = append(items, item)
	}
	return newestOf("worklogs", page.Total, items, n.Skip, page.Next), nil
}

func (t *Tools) getChangelog() tool.Tool {
	return handler[listArgs]{
		tools: t,
		spec: spec("jira_get_changelog", tool.Read, "Read who changed what in an issue, the newest first.", `{"type":"object","properties":{
"issue_key":{"type":"string"},
"limit":{"type":"integer"},
"page_token":{"type":"string"}},
"required":["issue_key"]}`, "jira_get_history"),
		keys: func(a listArgs) []Key { return []Key{a.Issue} },
		run: func(ctx context.Context, j job, a listArgs) (tool.Result, error) {
			n, err := a.newest()
			if err != nil {
				return tool.Result{}, err
			}
			text, err := j.changelog(ctx, a.Issue, n)
			return tool.Result{Text: text}, err
		},
	}
}

func (j job) changelog(ctx context.Context, key Key, n jira.Newest) (string, error) {
	page, err := j.client.History(ctx, key.String(), n)
	if err != nil {
		return "", err
	}
	items := make([]string, 0, len(page.Items))
	for _, h := range page.Items {
		var b strings.Builder
		fmt.Fprintf(&b, "%s, %s:", person(h.Author), minute(h.Created))
		for _, item := range h.Items {
			fmt.Fprintf(&b, "\n  %s: %s → %s", item.Field, brief(item.FromText), brief(item.ToText))
		}
		items = append(items, b.String())
	}
	return newestOf("changes", page.Total, items, n.Skip, page.Next), nil
}

// brief is a value of a change; long texts are only hinted at.
func brief(s string) string {
	const most = 200
	if s = line(s); s == "" {
		return "(none)"
	}
	if runes := []rune(s); len(runes) > most {
		return string(runes[:most]) + "…"
	}
	return s
}
