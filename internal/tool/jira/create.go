package jira

import (
	"context"
	"strings"
	"time"

	"github.com/aofctl/aofctl/internal/atlassian/jira"
	"github.com/aofctl/aofctl/internal/tool"
)

// newIssue are the arguments that an issue and a sub-task have in common.
type newIssue struct {
	Type        string         `json:"issue_type"`
	Summary     string         `json:"summary"`
	Description string         `json:"description"`
	Assignee    string         `json:"assignee"`
	Priority    string         `json:"priority"`
	Labels      []string       `json:"labels"`
	Components  []string       `json:"components"`
	FixVersions []string       `json:"fix_versions"`
	Fields      map[string]any `json:"fields"`
	Format      string         `json:"format"`
}

type createArgs struct {
	newIssue

	Project ProjectKey `json:"project_key"`
	Parent  MaybeKey   `json:"parent"`
}

func (t *Tools) createIssue() tool.Tool {
	return handler[createArgs]{
		tools: t,
		spec: drafting("labels", spec("jira_create_issue", tool.Write, "Create an issue.", `{"type":"object","properties":{
"project_key":{"type":"string"},
"issue_type":{"type":"string"},
"summary":{"type":"string"},
"description":{"type":"string","description":"Markdown"},
"parent":{"type":"string","description":"key of epic or parent"},
"assignee":{"type":"string"},
"priority":{"type":"string"},
"labels":{"type":"array","items":{"type":"string"}},
"components":{"type":"array","items":{"type":"string"}},
"fix_versions":{"type":"array","items":{"type":"string"}},
"fields":{"type":"object","description":"others by name or id"},
"format":{"type":"string","enum":["markdown","wiki"]}},
"required":["project_key","issue_type","summary"]}`)),
		keys:     func(a createArgs) []Key { return []Key{a.Parent.Key} },
		projects: func(a createArgs) []ProjectKey { return []ProjectKey{a.Project} },
		run: func(ctx context.Context, j job, a createArgs) (tool.Result, error) {
			if a.Project == "" {
				return tool.Result{}, refuse("project_key is empty")
			}
			types, err := j.client.IssueTypes(ctx, a.Project.String())
			if err != nil {
				return tool.Result{}, err
			}
			kind, err := pickType(types, a.Project, a.Type)
			if err != nil {
				return tool.Result{}, err
			}
			return j.create(ctx, a.Project, kind, a.Parent.Key, a.newIssue)
		},
	}
}

// drafting says which argument takes the labels of what the tool makes.
func drafting(argument string, s tool.Spec) tool.Spec {
	s.DraftLabels = argument
	return s
}

type subtaskArgs struct {
	newIssue

	Parent Key `json:"parent"`
}

func (t *Tools) createSubtask() tool.Tool {
	return handler[subtaskArgs]{
		tools: t,
		spec: spec("jira_create_subtask", tool.Write, "Create a sub-task of an issue.", `{"type":"object","properties":{
"parent":{"type":"string","description":"issue key"},
"summary":{"type":"string"},
"description":{"type":"string","description":"Markdown"},
"assignee":{"type":"string"},
"issue_type":{"type":"string","description":"if the project has several for sub-tasks"},
"fields":{"type":"object","description":"others by name or id"}},
"required":["parent","summary"]}`),
		keys: func(a subtaskArgs) []Key { return []Key{a.Parent} },
		run: func(ctx context.Context, j job, a subtaskArgs) (tool.Result, error) {
			project := ProjectKey(a.Parent.Project())
			types, err := j.client.IssueTypes(ctx, project.String())
			if err != nil {
				return tool.Result{}, err
			}
			kind, err := subtaskType(types, project, a.Type)
			if err != nil {
				return tool.Result{}, err
			}
			return j.create(ctx, project, kind, a.Parent, a.newIssue)
		},
	}
}

func subtaskType(types []jira.IssueType, project ProjectKey, wanted string) (jira.IssueType, error) {
	possible := filter(types, func(t jira.IssueType) bool { return t.Subtask })
	switch {
	case len(possible) == 0:
		return jira.IssueType{}, refuse("%s has no issue type for sub-tasks", project)
	case strings.TrimSpace(wanted) != "":
		return pickType(possible, project, wanted)
	}
	for _, t := range possible {
		if letters(t.Name) == "subtask" {
			return t, nil
		}
	}
	return possible[0], nil
}

// create makes an issue once. What was made is found by the marker in its
// properties, and a search that has not learned of it yet is waited for.
func (j job) create(ctx context.Context, project ProjectKey, kind jira.IssueType, parent Key, a newIssue) (tool.Result, error) {
	at := j.inNew(project, kind)
	values, err := j.newValues(ctx, at, kind, parent, a)
	if err != nil {
		return tool.Result{}, err
	}
	key, err := j.once(ctx, j.call.ID, tool.Action{
		Kind: "create issue", Target: project.String(),
		Find: func(ctx context.Context, since time.Time) (string, bool, error) {
			key, err := j.client.FindCreated(ctx, project.String(), j.call.ID, since)
			return key, key != "", err
		},
		Send: func(ctx context.Context) (string, error) {
			return j.client.CreateIssue(ctx, values, j.marker(j.call.ID))
		},
	})
	if err != nil {
		return tool.Result{}, withChoices(ctx, at, err)
	}
	return tool.Result{Text: "Created " + key + ": " + j.client.BrowseURL(key), Target: key}, nil
}

func (j job) newValues(ctx context.Context, at place, kind jira.IssueType, parent Key, a newIssue) (map[string]any, error) {
	switch {
	case strings.TrimSpace(a.Summary) == "":
		return nil, refuse("summary is empty")
	case kind.Subtask && !parent.given():
		return nil, refuse("%s is a type of sub-tasks; give the parent", kind.Name)
	}
	fields := a.given()
	if parent.given() {
		fields["parent"] = parent.String()
	}
	for name, v := range a.Fields {
		if letters(name) == "issuetype" || letters(name) == "project" {
			return nil, refuse("give %s as an argument of its own, not in fields", name)
		}
		fields[name] = v
	}
	values, _, err := j.coerceAll(ctx, at, fields, a.Format)
	if err != nil {
		return nil, err
	}
	values["project"] = map[string]any{"key": at.project.String()}
	values["issuetype"] = map[string]any{"id": kind.ID}
	return values, j.nameEpic(ctx, kind, values)
}

// given are the arguments that have names of their own.
func (a newIssue) given() map[string]any {
	fields := map[string]any{"summary": a.Summary}
	for name, text := range map[string]string{"description": a.Description, "assignee": a.Assignee, "priority": a.Priority} {
		if strings.TrimSpace(text) != "" {
			fields[name] = text
		}
	}
	for name, items := range map[string][]string{"labels": a.Labels, "components": a.Components, "fixVersions": a.FixVersions} {
		if len(items) == 0 {
			continue
		}
		values := make([]any, 0, len(items))
		for _, item := range items {
			values = append(values, item)
		}
		fields[name] = values
	}
	return fields
}

// nameEpic gives an epic the name that Data Center wants beside the summary.
func (j job) nameEpic(ctx context.Context, kind jira.IssueType, values map[string]any) error {
	cloud, err := j.client.Cloud(ctx)
	if err != nil || cloud || letters(kind.Name) != "epic" {
		return err
	}
	field, ok, err := j.customField(ctx, jira.EpicName)
	if _, given := values[field.ID]; err == nil && ok && !given {
		values[field.ID] = values["summary"]
	}
	return err
}
