package jira

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/aofctl/aofctl/internal/atlassian"
	"github.com/aofctl/aofctl/internal/atlassian/jira"
	"github.com/aofctl/aofctl/internal/tool"
)

type updateArgs struct {
	Issue  Key            `json:"issue_key"`
	Fields map[string]any `json:"fields"`
	Format string         `json:"format"`
}

func (t *Tools) updateIssue() tool.Tool {
	return handler[updateArgs]{
		tools: t,
		spec: spec("jira_update_issue", tool.Write, "Set fields of an issue.", `{"type":"object","properties":{
"issue_key":{"type":"string"},
"fields":{"type":"object","properties":{"summary":{"type":"string"},"description":{"type":"string"},"labels":{"type":"array","items":{"type":"string"}}},
"description":"any field by name or id, e.g. {\"priority\":\"High\",\"Story Points\":3}; null clears; texts are Markdown"},
"format":{"type":"string","enum":["markdown","wiki"]}},
"required":["issue_key","fields"]}`, "jira_edit_issue"),
		keys: func(a updateArgs) []Key { return []Key{a.Issue} },
		run:  runUpdate,
	}
}

// instead names the tool for what Jira does not let an edit do.
func instead(field string) (string, bool) {
	other, ok := map[string]string{
		"status": "jira_transition_issue", "comment": "jira_post_comment", "worklog": "jira_log_work", "issuelinks": "jira_link_issues",
	}[strings.ToLower(field)]
	return other, ok
}

func runUpdate(ctx context.Context, j job, a updateArgs) (tool.Result, error) {
	if len(a.Fields) == 0 {
		return tool.Result{}, refuse("fields is empty; name at least one field")
	}
	values, names, err := j.coerceAll(ctx, a.Issue, a.Fields, a.Format)
	if err != nil {
		return tool.Result{}, err
	}
	key := a.Issue.String()
	ids := slices.Sorted(maps.Keys(values))
	_, err = j.once(ctx, j.call.ID, tool.Action{
		Kind: "update", Target: key, Repeatable: true,
		Find: func(ctx context.Context, _ time.Time) (string, bool, error) {
			issue, err := j.client.GetIssue(ctx, key, ids, nil)
			return key, err == nil && holds(issue, values), err
		},
		Send: func(ctx context.Context) (string, error) {
			return key, j.client.UpdateIssue(ctx, key, values, nil)
		},
	})
	if err != nil {
		return tool.Result{}, j.withChoices(ctx, key, err)
	}
	return ack("Updated %s: %s.", key, strings.Join(names, ", "))
}

// coerceAll turns what the model gave into what Jira takes, by field id. It
// returns the names of the fields, too, sorted.
func (j job) coerceAll(ctx context.Context, issue Key, fields map[string]any, format string) (map[string]any, []string, error) {
	values := make(map[string]any, len(fields))
	names := slices.Sorted(maps.Keys(fields))
	for _, name := range names {
		if other, ok := instead(name); ok {
			return nil, nil, refuse("%s cannot be set by an edit; use %s", name, other)
		}
		field, err := j.field(ctx, name)
		if err != nil {
			return nil, nil, err
		}
		if field.ID == "project" {
			return nil, nil, refuse("an issue cannot be moved to another project")
		}
		if _, twice := values[field.ID]; twice {
			return nil, nil, refuse("the field %s is given twice", field.ID)
		}
		value, err := coercion{job: j, issue: issue, field: field, format: format}.convert(ctx, fields[name])
		if err != nil {
			return nil, nil, err
		}
		values[field.ID] = value
	}
	return values, names, nil
}

// withChoices adds the valid values of the fields that Jira objected to.
func (j job) withChoices(ctx context.Context, key string, err error) error {
	var failure *atlassian.Error
	if !errors.As(err, &failure) || len(failure.Fields) == 0 || !failure.Refused() {
		return err
	}
	meta, metaErr := j.client.EditMeta(ctx, key)
	if metaErr != nil {
		return err
	}
	var lines []string
	for _, id := range slices.Sorted(maps.Keys(failure.Fields)) {
		if field, ok := meta[id]; !ok {
			lines = append(lines, id+" cannot be set in this issue; these can: "+strings.Join(settable(meta), ", "))
		} else if len(field.AllowedValues) > 0 {
			lines = append(lines, fmt.Sprintf("valid for %s: %s", field.Name, choices(field.AllowedValues)))
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

func choices(values []jira.Named) string {
	const most = 50
	var names []string
	for _, v := range values {
		if len(names) == most {
			names = append(names, fmt.Sprintf("… and %d more", len(values)-most))
			break
		}
		switch {
		case v.Name != "":
			names = append(names, v.Name)
		case v.Value != "":
			names = append(names, v.Value)
		default:
			names = append(names, v.ID)
		}
	}
	return strings.Join(names, ", ")
}

// holds reports whether the issue has all these values already.
func holds(issue jira.Issue, values map[string]any) bool {
	for id, wanted := range values {
		var actual any
		if raw, ok := issue.Fields[id]; ok && json.Unmarshal(raw, &actual) != nil {
			return false
		}
		if !covers(actual, plain(wanted)) {
			return false
		}
	}
	return true
}

// plain brings a value into the shape that decoding JSON gives.
func plain(v any) any {
	raw, err := json.Marshal(v)
	if err != nil {
		return v
	}
	var out any
	if json.Unmarshal(raw, &out) != nil {
		return v
	}
	return out
}

// covers reports whether what Jira tells says at least what was wanted: Jira adds
// to objects, orders lists anew and ends lines its own way.
func covers(actual, wanted any) bool {
	switch w := wanted.(type) {
	case nil:
		empty, isList := actual.([]any)
		return actual == nil || actual == "" || (isList && len(empty) == 0)
	case string:
		a, ok := actual.(string)
		return ok && tidy(a) == tidy(w) || (actual == nil && w == "")
	case map[string]any:
		a, ok := actual.(map[string]any)
		if !ok {
			return false
		}
		for key, value := range w {
			if !covers(a[key], value) {
				return false
			}
		}
		return true
	case []any:
		a, _ := actual.([]any)
		return len(a) == len(w) && !slices.ContainsFunc(w, func(item any) bool {
			return !slices.ContainsFunc(a, func(have any) bool { return covers(have, item) })
		})
	default:
		return actual == wanted
	}
}

func tidy(s string) string { return strings.TrimSpace(strings.ReplaceAll(s, "\r\n", "\n")) }
