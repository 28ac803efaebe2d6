package jira

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"time"

	"github.com/aofctl/aofctl/internal/atlassian/jira"
	"github.com/aofctl/aofctl/internal/tool"
)

type addLabelsArgs struct {
	Issue  Key      `json:"issue_key"`
	Labels []string `json:"labels"`
}

func (t *Tools) addLabels() tool.Tool {
	return handler[addLabelsArgs]{
		tools: t,
		spec: spec("jira_add_labels", tool.Write, "Add labels to an issue; the others stay.", `{"type":"object","properties":{
"issue_key":{"type":"string"},
"labels":{"type":"array","items":{"type":"string"}}},
"required":["issue_key","labels"]}`, "jira_add_label"),
		keys: func(a addLabelsArgs) []Key { return []Key{a.Issue} },
		run: func(ctx context.Context, j job, a addLabelsArgs) (tool.Result, error) {
			if len(a.Labels) == 0 {
				return tool.Result{}, refuse("labels is empty")
			}
			if err := j.editLabels(ctx, a.Issue.String(), "add", a.Labels); err != nil {
				return tool.Result{}, err
			}
			return ack("Added to %s: %s.", a.Issue, strings.Join(a.Labels, ", "))
		},
	}
}

type removeLabelArgs struct {
	Issue Key    `json:"issue_key"`
	Label string `json:"label"`
}

func (t *Tools) removeLabel() tool.Tool {
	return handler[removeLabelArgs]{
		tools: t,
		spec: spec("jira_remove_label", tool.Write, "Remove a label from an issue.",
			`{"type":"object","properties":{"issue_key":{"type":"string"},"label":{"type":"string"}},"required":["issue_key","label"]}`,
			"jira_remove_labels"),
		keys: func(a removeLabelArgs) []Key { return []Key{a.Issue} },
		run: func(ctx context.Context, j job, a removeLabelArgs) (tool.Result, error) {
			if err := j.editLabels(ctx, a.Issue.String(), "remove", []string{a.Label}); err != nil {
				return tool.Result{}, err
			}
			return ack("Removed from %s: %s.", a.Issue, a.Label)
		},
	}
}

// editLabels adds or removes labels one by one, so that labels that others set at
// the same time stay.
func (j job) editLabels(ctx context.Context, key, operation string, labels []string) error {
	operations := make([]map[string]any, 0, len(labels))
	for _, label := range labels {
		if err := checkLabel(label); err != nil {
			return err
		}
		operations = append(operations, map[string]any{operation: label})
	}
	_, err := j.once(ctx, j.call.ID, tool.Action{
		Kind: operation + " labels", Target: key, Repeatable: true,
		Find: func(ctx context.Context, _ time.Time) (string, bool, error) {
			issue, err := j.client.GetIssue(ctx, key, []string{"labels"}, nil)
			if err != nil {
				return "", false, err
			}
			return key, labeled(issue, labels) == (operation == "add"), nil
		},
		Send: func(ctx context.Context) (string, error) {
			return key, j.client.UpdateIssue(ctx, key, nil, map[string][]map[string]any{"labels": operations})
		},
	})
	return err
}

// labeled reports whether the issue has all the labels.
func labeled(issue jira.Issue, labels []string) bool {
	var have []string
	if json.Unmarshal(issue.Fields["labels"], &have) != nil {
		return false
	}
	return !slices.ContainsFunc(labels, func(l string) bool { return !slices.Contains(have, l) })
}

// checkLabel refuses what Jira cannot take for a label.
func checkLabel(v any) error {
	label, ok := v.(string)
	switch {
	case !ok || label == "":
		return refuse("a label is a text that is not empty")
	case strings.ContainsAny(label, " \t\r\n"):
		return refuse("the label %q has a blank, which Jira does not allow; %q would do", label, strings.Join(strings.Fields(label), "-"))
	case length(label) > 255:
		return refuse("a label has at most 255 characters")
	default:
		return nil
	}
}
