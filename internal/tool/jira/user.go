package jira

import (
	"context"
	"regexp"
	"slices"
	"strings"

	"github.com/aofctl/aofctl/internal/atlassian/jira"
	"github.com/aofctl/aofctl/internal/tool"
)

type findUsersArgs struct {
	Query   string     `json:"query"`
	Issue   MaybeKey   `json:"issue_key"`
	Project ProjectKey `json:"project_key"`
	Page    string     `json:"page_token"`
}

const usersPage = 20

// findUsers looks among those who can be assigned issues within the scope. The
// directory of a whole site is only open to a run whose scope is every project.
func (t *Tools) findUsers() tool.Tool {
	return handler[findUsersArgs]{
		tools: t, confined: true,
		spec: spec("jira_find_users", tool.Read, "Find people who can be assigned issues.", `{"type":"object","properties":{
"query":{"type":"string","description":"part of name or e-mail"},
"issue_key":{"type":"string"},
"project_key":{"type":"string"},
"page_token":{"type":"string"}},
"required":["query"]}`, "jira_search_users"),
		keys:     func(a findUsersArgs) []Key { return []Key{a.Issue.Key} },
		projects: func(a findUsersArgs) []ProjectKey { return []ProjectKey{a.Project} },
		run:      runFindUsers,
	}
}

func runFindUsers(ctx context.Context, j job, a findUsersArgs) (tool.Result, error) {
	start, err := jira.Position(a.Page)
	if err != nil {
		return tool.Result{}, err
	}
	query := strings.TrimPrefix(strings.TrimSpace(a.Query), "@")
	if query == "" {
		return tool.Result{}, refuse("query is empty; give a part of a name or of an e-mail address")
	}
	q := jira.Users{Text: query, Start: start, Limit: usersPage + 1}
	switch {
	case a.Issue.given():
		q.Issue = a.Issue.String()
	case a.Project != "":
		q.Projects = []string{a.Project.String()}
	default:
		if q.Projects, err = j.scope(ctx); err != nil {
			return tool.Result{}, err
		}
	}
	if q.Projects != nil && len(q.Projects) == 0 {
		return tool.Result{}, refuse("no project is within the scope of this run")
	}
	users, err := j.client.Users(ctx, q)
	if err != nil {
		return tool.Result{}, err
	}
	next := 0
	if len(users) > usersPage {
		users, next = users[:usersPage], start+usersPage
	}
	rows := make([]string, 0, len(users))
	for _, u := range users {
		id := u.AccountID
		if id == "" {
			id = u.Name
		}
		rows = append(rows, row(u.DisplayName, id, u.EmailAddress))
	}
	return tool.Result{Text: entries("users (name | id | e-mail)", rows, start, next), Target: "users"}, nil
}

// accountID matches the ids of Cloud's accounts, old and new.
var accountID = regexp.MustCompile(`^(?:[0-9a-f]{24}|[0-9]+:[0-9a-f-]{36}|[0-9A-Za-z]+:[0-9A-Za-z:_-]{20,})$`)

// place is where a value is to be set: in an issue, or in a new one of a project.
type place struct {
	issue   Key
	project ProjectKey
	// subtask is true for a new sub-task.
	subtask bool
	// settable tells the fields that can be set there, by id.
	settable func(context.Context) (map[string]jira.EditField, error)
}

func (p place) String() string {
	if p.project != "" {
		return "issues of " + p.project.String()
	}
	return p.issue.String()
}

func (p place) users(text string) jira.Users {
	if p.project != "" {
		return jira.Users{Text: text, Projects: []string{p.project.String()}}
	}
	return jira.Users{Text: text, Issue: p.issue.String()}
}

// projectKey is the project of the place.
func (p place) projectKey() string {
	if p.project != "" {
		return p.project.String()
	}
	return p.issue.Project()
}

// findUser finds the one user whom the text names: an account id, "me", or an
// e-mail address, user name or display name. The user must be one who can be
// assigned issues at the place; where anyone will do, everybody is looked at if
// there is no such user. One who is not found, or not for certain, is refused
// with the candidates.
func (j job) findUser(ctx context.Context, at place, text string, anyone bool) (jira.User, error) {
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
	users, err := j.client.Users(ctx, at.users(name))
	if err == nil && len(users) == 0 && anyone {
		users, err = j.client.Users(ctx, jira.Users{Text: name})
	}
	if err != nil {
		return jira.User{}, err
	}
	return oneUser(users, name, at)
}

func oneUser(users []jira.User, name string, at place) (jira.User, error) {
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
		return jira.User{}, refuse("nobody who can be assigned %s is named %q", at, name)
	}
	names := make([]string, 0, len(users))
	for _, u := range users {
		names = append(names, person(u))
	}
	return jira.User{}, refuse("%q could be several users; use an id: %s", name, strings.Join(names, ", "))
}
