package jira

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/aofctl/aofctl/internal/atlassian/jira"
	"github.com/aofctl/aofctl/internal/tool"
)

type findFieldsArgs struct {
	Keyword string `json:"keyword"`
	Page    string `json:"page_token"`
}

const fieldsPage = 40

// findFields tells the site's fields: names and types, nothing of any project.
func (t *Tools) findFields() tool.Tool {
	return handler[findFieldsArgs]{
		tools: t,
		spec: spec("jira_find_fields", tool.Read, "Find fields by name.", `{"type":"object","properties":{
"keyword":{"type":"string"},
"page_token":{"type":"string"}}}`, "jira_search_fields"),
		run: runFindFields,
	}
}

func runFindFields(ctx context.Context, j job, a findFieldsArgs) (tool.Result, error) {
	start, err := jira.Position(a.Page)
	if err != nil {
		return tool.Result{}, err
	}
	fields, err := j.client.Fields(ctx)
	if err != nil {
		return tool.Result{}, err
	}
	wanted := letters(a.Keyword)
	found := filter(fields, func(f jira.Field) bool {
		return strings.Contains(letters(f.Name), wanted) || strings.Contains(letters(f.ID), wanted)
	})
	if len(found) == 0 {
		return tool.Result{Text: fmt.Sprintf("no field is named like %q; near it are %s", shorten(a.Keyword, 100), list(nearest(fields, a.Keyword)))}, nil
	}
	rows := make([]string, 0, len(found))
	for _, f := range found {
		rows = append(rows, row(f.Name, f.ID, kindOf(f.Schema)))
	}
	return tool.Result{Text: slice("fields (name | id | type)", rows, start, fieldsPage), Target: "fields"}, nil
}

// kindOf says in a word what a field holds.
func kindOf(s jira.FieldSchema) string {
	switch {
	case s.Custom == jira.SprintField:
		return "sprint"
	case s.Custom == jira.EpicLink:
		return "epic's key"
	case s.Type == "array" && s.Items != "":
		return "list of " + s.Items
	default:
		return s.Type
	}
}

type createFieldsArgs struct {
	Project ProjectKey `json:"project_key"`
	Type    string     `json:"issue_type"`
	Page    string     `json:"page_token"`
}

func (t *Tools) getCreateFields() tool.Tool {
	return handler[createFieldsArgs]{
		tools: t,
		spec: spec("jira_get_create_fields", tool.Read, "List a project's issue types, or the fields of a new issue of one type.", `{"type":"object","properties":{
"project_key":{"type":"string"},
"issue_type":{"type":"string"},
"page_token":{"type":"string"}},
"required":["project_key"]}`, "jira_list_issue_types"),
		projects: func(a createFieldsArgs) []ProjectKey { return []ProjectKey{a.Project} },
		run:      runCreateFields,
	}
}

func runCreateFields(ctx context.Context, j job, a createFieldsArgs) (tool.Result, error) {
	start, err := jira.Position(a.Page)
	if err != nil {
		return tool.Result{}, err
	}
	types, err := j.client.IssueTypes(ctx, a.Project.String())
	if err != nil {
		return tool.Result{}, err
	}
	if strings.TrimSpace(a.Type) == "" {
		rows := make([]string, 0, len(types))
		for _, t := range types {
			rows = append(rows, row(t.Name, t.ID, subtaskWord(t), shorten(line(t.Description), 120)))
		}
		return tool.Result{Text: slice("issue types (name | id | kind | description)", rows, start, fieldsPage)}, nil
	}
	kind, err := pickType(types, a.Project, a.Type)
	if err != nil {
		return tool.Result{}, err
	}
	fields, err := j.client.CreateFields(ctx, a.Project.String(), kind.ID)
	if err != nil {
		return tool.Result{}, err
	}
	slices.SortStableFunc(fields, func(a, b jira.EditField) int { return rank(a) - rank(b) })
	rows := make([]string, 0, len(fields))
	for _, f := range fields {
		rows = append(rows, row(f.Name, f.ID, kindOf(f.Schema), demand(f), choices(f.AllowedValues, 12)))
	}
	return tool.Result{Text: slice("fields (name | id | type | needed | choices)", rows, start, fieldsPage)}, nil
}

func subtaskWord(t jira.IssueType) string {
	if t.Subtask {
		return "sub-task"
	}
	return "issue"
}

// rank puts what must be given first.
func rank(f jira.EditField) int {
	if f.Required && !f.HasDefault {
		return 0
	}
	return 1
}

func demand(f jira.EditField) string {
	switch {
	case f.Required && f.HasDefault:
		return "has default"
	case f.Required:
		return "required"
	default:
		return "optional"
	}
}

// pickType finds a type of issues by id or name.
func pickType(types []jira.IssueType, project ProjectKey, wanted string) (jira.IssueType, error) {
	wanted = strings.TrimSpace(wanted)
	for _, match := range []func(jira.IssueType) bool{
		func(t jira.IssueType) bool { return t.ID == wanted },
		func(t jira.IssueType) bool { return strings.EqualFold(t.Name, wanted) },
		func(t jira.IssueType) bool { return letters(t.Name) == letters(wanted) },
	} {
		if found := filter(types, match); len(found) > 0 {
			return found[0], nil
		}
	}
	names := make([]string, 0, len(types))
	for _, t := range types {
		names = append(names, t.Name)
	}
	return jira.IssueType{}, refuse("%s has no issue type %q; it has %s", project, wanted, fewOf(names))
}

// fewOf lists names, not all of very many.
func fewOf(names []string) string {
	const most = 50
	if len(names) == 0 {
		return "none"
	}
	if len(names) > most {
		return strings.Join(names[:most], ", ") + fmt.Sprintf(", … and %d more", len(names)-most)
	}
	return strings.Join(names, ", ")
}
