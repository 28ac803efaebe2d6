package jira

import (
	"context"
	"encoding/json"
	"strings"
	"time"

	"github.com/aofctl/aofctl/internal/atlassian/jira"
	"github.com/aofctl/aofctl/internal/tool"
)

type assignArgs struct {
	Issue    Key             `json:"issue_key"`
	Assignee json.RawMessage `json:"assignee"`
}

func (t *Tools) assignIssue() tool.Tool {
	return handler[assignArgs]{
		tools: t,
		spec: spec("jira_assign_issue", tool.Write, "Assign an issue to somebody or to nobody.", `{"type":"object","properties":{
"issue_key":{"type":"string"},
"assignee":{"type":"string","description":"name, e-mail, account id or me; null for nobody"}},
"required":["issue_key"]}`),
		keys: func(a assignArgs) []Key { return []Key{a.Issue} },
		run:  runAssign,
	}
}

func runAssign(ctx context.Context, j job, a assignArgs) (tool.Result, error) {
	if len(a.Assignee) == 0 {
		return tool.Result{}, refuse("assignee is missing; give a name, an e-mail address, an account id or me, or null for nobody")
	}
	key := a.Issue.String()
	var name *string
	if err := json.Unmarshal(a.Assignee, &name); err != nil {
		return tool.Result{}, refuse("assignee is a string or null")
	}
	var user *jira.User
	if name != nil && !nobody(*name) {
		found, err := j.findUser(ctx, place{issue: a.Issue}, *name, false)
		if err != nil {
			return tool.Result{}, err
		}
		user = &found
	}
	_, err := j.once(ctx, j.call.ID, tool.Action{
		Kind: "assign", Target: key, Repeatable: true,
		Find: func(ctx context.Context, _ time.Time) (string, bool, error) {
			issue, err := j.client.GetIssue(ctx, key, []string{"assignee"}, nil)
			return key, err == nil && assigned(issue, user), err
		},
		Send: func(ctx context.Context) (string, error) { return key, j.client.Assign(ctx, key, user) },
	})
	if err != nil {
		return tool.Result{}, err
	}
	if user == nil {
		return ack("%s is assigned to nobody.", key)
	}
	return ack("Assigned %s to %s.", key, person(*user))
}

func nobody(name string) bool {
	switch strings.ToLower(strings.TrimSpace(name)) {
	case "", "null", "none", "nobody", "unassigned":
		return true
	default:
		return false
	}
}

func assigned(issue jira.Issue, user *jira.User) bool {
	var now *jira.User
	if raw, ok := issue.Fields["assignee"]; ok && json.Unmarshal(raw, &now) != nil {
		return false
	}
	if now == nil || user == nil {
		return now == nil && user == nil
	}
	return now.Same(*user)
}
