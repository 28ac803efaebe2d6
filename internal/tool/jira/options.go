package jira

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/aofctl/aofctl/internal/atlassian/jira"
	"github.com/aofctl/aofctl/internal/tool"
)

type fieldOptionsArgs struct {
	Field    string     `json:"field"`
	Issue    MaybeKey   `json:"issue_key"`
	Project  ProjectKey `json:"project_key"`
	Type     string     `json:"issue_type"`
	Contains string     `json:"contains"`
	Page     string     `json:"page_token"`
}

func (t *Tools) getFieldOptions() tool.Tool {
	return handler[fieldOptionsArgs]{
		tools: t, confined: true,
		spec: spec("jira_get_field_options", tool.Read, "List what a field can be set to, in an issue or in new ones of a project.", `{"type":"object","properties":{
"field":{"type":"string","description":"name or id"},
"issue_key":{"type":"string"},
"project_key":{"type":"string"},
"issue_type":{"type":"string"},
"contains":{"type":"string"},
"page_token":{"type":"string"}},
"required":["field"]}`),
		keys:     func(a fieldOptionsArgs) []Key { return []Key{a.Issue.Key} },
		projects: func(a fieldOptionsArgs) []ProjectKey { return []ProjectKey{a.Project} },
		run:      runFieldOptions,
	}
}

func runFieldOptions(ctx context.Context, j job, a fieldOptionsArgs) (tool.Result, error) {
	start, err := jira.Position(a.Page)
	if err != nil {
		return tool.Result{}, err
	}
	found, where, err := j.optionField(ctx, a)
	if err != nil {
		return tool.Result{}, err
	}
	if len(found.AllowedValues) == 0 {
		return tool.Result{Text: fmt.Sprintf("%s in %s has no list of choices; it takes: %s", found.Name, where, kindOf(found.Schema))}, nil
	}
	rows := filter(flatten(found.AllowedValues, ""), func(r string) bool {
		return strings.Contains(strings.ToLower(r), strings.ToLower(strings.TrimSpace(a.Contains)))
	})
	return tool.Result{Text: slice("choices of "+line(found.Name)+" (value | id)", rows, start, fieldsPage)}, nil
}

// flatten lists choices, those of a cascading list as "A > B".
func flatten(values []jira.Choice, above string) []string {
	var rows []string
	for _, v := range values {
		if v.Closed {
			continue
		}
		rows = append(rows, row(above+v.Text, v.ID))
		rows = append(rows, flatten(v.Children, above+v.Text+" > ")...)
	}
	return rows
}

// optionField finds the field where it can be set: in the issue, in new issues of
// the type, or else of the first type that has it. Without a place it is the
// event's own project.
func (j job) optionField(ctx context.Context, a fieldOptionsArgs) (jira.EditField, string, error) {
	if a.Issue.given() {
		meta, err := j.client.EditMeta(ctx, a.Issue.String())
		if err != nil {
			return jira.EditField{}, "", err
		}
		f, err := pickField(byID(meta), a.Field, a.Issue.String())
		return f, a.Issue.String(), err
	}
	if a.Project == "" {
		a.Project = ProjectKey(j.call.Origin.Project)
	}
	if a.Project == "" || !tool.InProjects(j.call.Projects, a.Project.String()) {
		return jira.EditField{}, "", refuse("give an issue_key or a project_key")
	}
	types, err := j.client.IssueTypes(ctx, a.Project.String())
	if err != nil {
		return jira.EditField{}, "", err
	}
	if strings.TrimSpace(a.Type) != "" {
		kind, err := pickType(types, a.Project, a.Type)
		if err != nil {
			return jira.EditField{}, "", err
		}
		types = []jira.IssueType{kind}
	}
	return j.optionFieldOf(ctx, a, types)
}

func (j job) optionFieldOf(ctx context.Context, a fieldOptionsArgs, types []jira.IssueType) (found jira.EditField, where string, err error) {
	err = refuse("%s has no issue types", a.Project)
	for _, kind := range types {
		fields, failed := j.client.CreateFields(ctx, a.Project.String(), kind.ID)
		if failed != nil {
			return jira.EditField{}, "", failed
		}
		where = fmt.Sprintf("a new %s of %s", kind.Name, a.Project)
		if found, err = pickField(fields, a.Field, where); err == nil {
			return found, where, nil
		}
	}
	return jira.EditField{}, "", err
}

func byID(meta map[string]jira.EditField) []jira.EditField {
	var fields []jira.EditField
	for _, id := range slices.Sorted(maps.Keys(meta)) {
		f := meta[id]
		f.ID = id
		fields = append(fields, f)
	}
	return fields
}

func pickField(fields []jira.EditField, name, where string) (jira.EditField, error) {
	for _, f := range fields {
		if f.ID == strings.TrimSpace(name) || letters(f.Name) == letters(name) || letters(f.ID) == letters(name) {
			return f, nil
		}
	}
	names := make([]string, 0, len(fields))
	for _, f := range fields {
		names = append(names, f.Name)
	}
	return jira.EditField{}, refuse("%s has no field %q that can be set; it has %s", where, shorten(name, 100), fewOf(names))
}
