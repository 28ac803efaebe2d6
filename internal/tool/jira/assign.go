package jira

import (
	"context"
	"encoding/json"
	"regexp"
	"slices"
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
		found, err := j.findUser(ctx, a.Issue, *name)
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

// accountID matches the ids of Cloud's accounts, old and new.
var accountID = regexp.MustCompile(`^(?:[0-9a-f]{24}|[0-9]+:[0-9a-f-]{36}|[0-9A-Za-z]+:[0-9A-Za-z:_-]{20,})$`)

// findUser finds the one user who can be assigned the issue and whom the text
// names: an account id, "me", or an e-mail address, user name or display name.
// One who is not found, or not for certain, is refused with the candidates.
func (j job) findUser(ctx context.Context, issue Key, text string) (jira.User, error) {
	name := strings.TrimSpace(text)
	if inner, ok := strings.CutPrefix(name, "[~"); ok {
		name = strings.TrimPrefix(strings.TrimSuffix(inner, "]"), "accountid:")
	}
	name = strings.TrimPrefix(name, "@")
	switch strings.ToLower(name) {
	case "":
		return jira.User{}, refuse("the name of a user is empty")
	case "me", "myself", "currentuser()":
		return j.client.Me(ctx)
	}
	if accountID.MatchString(name) {
		return jira.User{AccountID: name}, nil
	}
	users, err := j.client.AssignableUsers(ctx, issue.String(), name)
	if err != nil {
		return jira.User{}, err
	}
	exact := filter(users, func(u jira.User) bool {
		return slices.ContainsFunc([]string{u.AccountID, u.Name, u.Key, u.EmailAddress, u.DisplayName}, func(s string) bool {
			return s != "" && strings.EqualFold(s, name)
		})
	})
	switch {
	case len(exact) == 1:
		return exact[0], nil
	case len(exact) == 0 && len(users) == 1:
		return users[0], nil
	case len(users) == 0:
		return jira.User{}, refuse("nobody who can be assigned %s is named %q", issue, name)
	}
	names := make([]string, 0, len(users))
	for _, u := range users {
		names = append(names, person(u))
	}
	return jira.User{}, refuse("%q could be several users; use an id: %s", name, strings.Join(names, ", "))
}
