package jira

import (
	"context"

	"github.com/aofctl/aofctl/internal/atlassian/jira"
	"github.com/aofctl/aofctl/internal/tool"
)

// Access is the way to Jira for a call of another toolset, within the scope of the
// call.
type Access struct{ j job }

// Open gives the client of a call's site. The context that it returns is the one
// with which requests are to be made.
func (t *Tools) Open(ctx context.Context, call tool.Call) (context.Context, Access, error) {
	ctx, client, err := t.client(ctx, call.Origin)
	return ctx, Access{job{Tools: t, call: call, client: client}}, err
}

// Client is the client of the call's site.
func (a Access) Client() *jira.Client { return a.j.client }

// Admit returns an error for an issue that is not where the call may reach, also if
// it was moved there.
func (a Access) Admit(ctx context.Context, key Key) error { return a.j.admit(ctx, key, false) }

// Narrow confines a query to the projects of the call.
func (a Access) Narrow(ctx context.Context, jql string) (string, error) {
	projects, err := a.j.scope(ctx)
	if err != nil {
		return "", err
	}
	return narrow(jql, projects)
}

// Once performs a write under an id.
func (a Access) Once(ctx context.Context, id string, action tool.Action) (string, error) {
	return a.j.once(ctx, id, action)
}

// Create makes an issue with the arguments of jira_create_issue, once for the id of
// the call. The target of the result is its key.
func (t *Tools) Create(ctx context.Context, call tool.Call) (tool.Result, error) {
	return t.createIssue().Call(ctx, call)
}

// Update changes an issue with the arguments of jira_update_issue.
func (t *Tools) Update(ctx context.Context, call tool.Call) (tool.Result, error) {
	return t.updateIssue().Call(ctx, call)
}

// Outcome sorts an error of Jira's: what the model can act on becomes a failed
// result, all else stays an error.
func Outcome(name, target string, err error) (tool.Result, error) { return outcome(name, target, err) }
