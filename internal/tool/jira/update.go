package jira

import (
	"context"
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"time"

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
	at := j.inIssue(a.Issue)
	values, names, err := j.coerceAll(ctx, at, a.Fields, a.Format)
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
		return tool.Result{}, withChoices(ctx, at, err)
	}
	return ack("Updated %s: %s.", key, strings.Join(names, ", "))
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
