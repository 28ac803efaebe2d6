package jira

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/aofctl/aofctl/internal/atlassian/jira"
	"github.com/aofctl/aofctl/internal/tool"
)

// shownColumns of a search come after the key; summary comes last since it is long.
func shownColumns() []string {
	return []string{"issuetype", "status", "priority", "assignee", "updated"}
}

// heading is a column's name. Moments in tables are in UTC.
func heading(id string) string {
	switch id {
	case "issuetype":
		return "type"
	case "updated":
		return "updated UTC"
	default:
		return id
	}
}

const (
	defaultFound = 25
	maxFound     = 100
)

type searchArgs struct {
	JQL    string   `json:"jql"`
	Fields []string `json:"fields"`
	Limit  int      `json:"limit"`
	Page   string   `json:"page_token"`
}

func (t *Tools) search() tool.Tool {
	return handler[searchArgs]{
		tools: t, confined: true,
		spec: spec("jira_search", tool.Read, "Find issues by JQL.", `{"type":"object","properties":{
"jql":{"type":"string"},
"fields":{"type":"array","items":{"type":"string"},"description":"further columns, by name or id"},
"limit":{"type":"integer","description":"default 25, at most 100"},
"page_token":{"type":"string","description":"from the result before"}},
"required":["jql"]}`, "jira_search_issues"),
		run: runSearch,
	}
}

func runSearch(ctx context.Context, j job, a searchArgs) (tool.Result, error) {
	projects, err := j.scope(ctx)
	if err != nil {
		return tool.Result{}, err
	}
	jql, err := narrow(a.JQL, projects)
	if err != nil {
		return tool.Result{}, err
	}
	ids, heads, err := j.columns(ctx, a.Fields)
	if err != nil {
		return tool.Result{}, err
	}
	found, err := j.client.Search(ctx, jira.Search{JQL: jql, Fields: ids, Limit: bounded(a.Limit, defaultFound, maxFound), Page: a.Page})
	if err != nil {
		return tool.Result{}, err
	}
	return tool.Result{Text: j.table(found, ids, heads), Target: "search"}, nil
}

// columns are the fields of a table by id and by name, the further ones among them.
func (j job) columns(ctx context.Context, further []string) (ids, heads []string, err error) {
	ids = shownColumns()
	for _, id := range ids {
		heads = append(heads, heading(id))
	}
	for _, name := range further {
		field, err := j.field(ctx, name)
		if err != nil {
			return nil, nil, err
		}
		if field.ID != "summary" && !slices.Contains(ids, field.ID) {
			ids, heads = append(ids, field.ID), append(heads, field.Name)
		}
	}
	return append(ids, "summary"), append(heads, "summary"), nil
}

// table writes issues as rows, since names of fields on each row would be most of
// the text. An issue outside the scope is left out: the query is narrowed, but
// what Jira answers is checked all the same.
func (j job) table(found jira.Found, ids, heads []string) string {
	var rows []string
	for _, issue := range found.Issues {
		if key, err := ParseKey(issue.Key); err != nil || !tool.InProjects(j.call.Projects, key.Project()) {
			continue
		}
		cells := []string{issue.Key}
		for _, id := range ids {
			cells = append(cells, cell(issue.Fields[id]))
		}
		rows = append(rows, strings.Join(cells, " | "))
	}
	if len(rows) == 0 {
		return "no issues found" + next(found)
	}
	head := fmt.Sprintf("%d issues", len(rows))
	if found.Total > len(rows) {
		head = fmt.Sprintf("%d of %d issues", len(rows), found.Total)
	}
	return head + ":\nkey | " + strings.Join(heads, " | ") + "\n" + fit(rows) + next(found)
}

func next(found jira.Found) string {
	if found.Next == "" {
		return ""
	}
	return "\nnext: page_token " + found.Next
}

// fit leaves out rows that would not fit, so that the next page's token is not
// what gets cut off.
func fit(rows []string) string {
	size := 0
	for i, row := range rows {
		if size += len(row) + 1; size > tool.MaxResult-1000 {
			return strings.Join(rows[:i], "\n") + fmt.Sprintf("\ntruncated: %d more rows; ask for fewer fields or a smaller limit", len(rows)-i)
		}
	}
	return strings.Join(rows, "\n")
}

// cell makes a value fit a table: of a person the name, of a moment the minute,
// of a long text its beginning.
func cell(raw json.RawMessage) string {
	const most = 300
	text := value(raw)
	var person jira.User
	var moment jira.Time
	switch {
	case json.Unmarshal(raw, &person) == nil && person.DisplayName != "":
		text = person.DisplayName
	case sprintNames(raw) != "":
		text = sprintNames(raw)
	case strings.Contains(text, "T") && json.Unmarshal(raw, &moment) == nil && !moment.IsZero():
		text = moment.UTC().Format("2006-01-02 15:04")
	}
	text = strings.ReplaceAll(line(text), "|", "/")
	if runes := []rune(text); len(runes) > most {
		text = string(runes[:most]) + "…"
	}
	return text
}
