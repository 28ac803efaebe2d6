package jira

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/aofctl/aofctl/internal/atlassian"
	"github.com/aofctl/aofctl/internal/atlassian/jira"
)

// inIssue is an issue as the place of values.
func (j job) inIssue(key Key) place {
	return place{issue: key, settable: func(ctx context.Context) (map[string]jira.EditField, error) {
		return j.client.EditMeta(ctx, key.String())
	}}
}

// inNew is a new issue of a type as the place of values.
func (j job) inNew(project ProjectKey, kind jira.IssueType) place {
	return place{project: project, subtask: kind.Subtask, settable: func(ctx context.Context) (map[string]jira.EditField, error) {
		fields, err := j.client.CreateFields(ctx, project.String(), kind.ID)
		meta := make(map[string]jira.EditField, len(fields))
		for _, f := range fields {
			meta[f.ID] = f
		}
		return meta, err
	}}
}

// estimates are read as fields of their own and set within another.
func estimate(id string) (part string, ok bool) {
	part, ok = map[string]string{"timeoriginalestimate": "originalEstimate", "timeestimate": "remainingEstimate"}[id]
	return part, ok
}

// coerceAll turns what the model gave into what Jira takes, by field id. It
// returns the names of the fields, too, sorted.
func (j job) coerceAll(ctx context.Context, at place, fields map[string]any, format string) (map[string]any, []string, error) {
	values := make(map[string]any, len(fields))
	names := slices.Sorted(maps.Keys(fields))
	for _, name := range names {
		if other, ok := instead(name); ok {
			return nil, nil, refuse("%s cannot be set by an edit; use %s", name, other)
		}
		field, err := j.settableField(ctx, at, name)
		if err != nil {
			return nil, nil, err
		}
		if field.ID == "project" {
			return nil, nil, refuse("an issue cannot be moved to another project")
		}
		if part, ok := estimate(field.ID); ok {
			if err := setEstimate(values, part, fields[name]); err != nil {
				return nil, nil, err
			}
			continue
		}
		if _, twice := values[field.ID]; twice {
			return nil, nil, refuse("the field %s is given twice", field.ID)
		}
		value, err := coercion{job: j, at: at, field: field, format: format}.convert(ctx, fields[name])
		if err != nil {
			return nil, nil, err
		}
		values[field.ID] = value
	}
	return values, names, nil
}

func setEstimate(values map[string]any, part string, v any) error {
	text, _ := v.(string)
	spent, err := ParseSpent(text)
	if err != nil {
		return refuse("%v", err)
	}
	tracking, ok := values["timetracking"].(map[string]any)
	if !ok {
		tracking = map[string]any{}
		values["timetracking"] = tracking
	}
	tracking[part] = spent.String()
	return nil
}

// settableField finds a field for a value. Of several with one name, the one that
// can be set at the place is meant. What is above an issue is its parent on
// Cloud; on Data Center that is the epic's field, but for sub-tasks.
func (j job) settableField(ctx context.Context, at place, name string) (jira.Field, error) {
	cloud, err := j.client.Cloud(ctx)
	if err != nil {
		return jira.Field{}, err
	}
	parent := jira.Field{ID: "parent", Name: "Parent", Schema: jira.FieldSchema{Type: "issuelink"}}
	if !cloud && letters(name) == "parent" {
		if at.subtask {
			return parent, nil
		}
		if epic, ok, err := j.customField(ctx, jira.EpicLink); err != nil || ok {
			return epic, err
		}
	}
	field, err := j.field(ctx, name)
	var several *ambiguous
	if errors.As(err, &several) && at.settable != nil {
		meta, metaErr := at.settable(ctx)
		if metaErr != nil {
			return jira.Field{}, err
		}
		here := filter(several.fields, func(f jira.Field) bool { _, ok := meta[f.ID]; return ok })
		if len(here) != 1 {
			return jira.Field{}, err
		}
		field, err = here[0], nil
	}
	if err == nil && cloud && field.Schema.Custom == jira.EpicLink {
		return parent, nil
	}
	return field, err
}

// withChoices adds the valid values of the fields that Jira objected to.
func withChoices(ctx context.Context, at place, err error) error {
	var failure *atlassian.Error
	if !errors.As(err, &failure) || len(failure.Fields) == 0 || !failure.Refused() {
		return err
	}
	meta, metaErr := at.settable(ctx)
	if metaErr != nil {
		return err
	}
	var lines []string
	for _, id := range slices.Sorted(maps.Keys(failure.Fields)) {
		if field, ok := meta[id]; !ok {
			lines = append(lines, id+" cannot be set in this issue; these can: "+strings.Join(settable(meta), ", "))
		} else if len(field.AllowedValues) > 0 {
			lines = append(lines, "valid for "+field.Name+": "+choices(field.AllowedValues, 50))
		}
	}
	return &explained{error: err, advice: strings.Join(lines, "\n")}
}

func settable(meta map[string]jira.EditField) []string {
	names := make([]string, 0, len(meta))
	for id, field := range meta {
		if field.Name == "" {
			field.Name = id
		}
		names = append(names, field.Name)
	}
	slices.Sort(names)
	return names
}

// choices names the values that can be chosen, at most so many.
func choices(values []jira.Choice, most int) string {
	names := choiceNames(values, "")
	if len(names) > most {
		names = append(names[:most], "… and "+strconv.Itoa(len(names)-most)+" more")
	}
	return strings.Join(names, ", ")
}

// choiceNames lists choices, those of a cascading list as "A > B".
func choiceNames(values []jira.Choice, above string) []string {
	var names []string
	for _, v := range values {
		if v.Closed {
			continue
		}
		names = append(names, above+v.Text)
		names = append(names, choiceNames(v.Children, above+v.Text+" > ")...)
	}
	return names
}
