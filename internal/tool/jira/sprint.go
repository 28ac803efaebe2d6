package jira

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/aofctl/aofctl/internal/atlassian/jira"
	"github.com/aofctl/aofctl/internal/tool"
)

type sprintArgs struct {
	Sprint int64 `json:"sprint_id"`
}

func (t *Tools) getSprint() tool.Tool {
	return handler[sprintArgs]{
		tools: t, confined: true,
		spec: spec("jira_get_sprint", tool.Read, "Read a sprint: its state, dates and goal.",
			`{"type":"object","properties":{"sprint_id":{"type":"integer"}},"required":["sprint_id"]}`),
		run: func(ctx context.Context, j job, a sprintArgs) (tool.Result, error) {
			s, err := j.sprint(ctx, a.Sprint)
			if err != nil {
				return tool.Result{}, err
			}
			var b strings.Builder
			fmt.Fprintf(&b, "sprint %d: %s\n", s.ID, line(s.Name))
			for _, f := range [][2]string{
				{"state", s.State}, {"start", day(s.Start)}, {"end", day(s.End)}, {"completed", day(s.Complete)}, {"goal", line(s.Goal)},
			} {
				writeField(&b, f[0], f[1])
			}
			if s.Board != 0 {
				fmt.Fprintf(&b, "board: %d", s.Board)
			}
			return tool.Result{Text: strings.TrimSpace(b.String()), Target: sprintTarget(a.Sprint)}, nil
		},
	}
}

func sprintTarget(id int64) string { return "sprint " + strconv.FormatInt(id, 10) }

// sprint reads a sprint whose board is within the scope.
func (j job) sprint(ctx context.Context, id int64) (jira.Sprint, error) {
	s, err := j.client.Sprint(ctx, id)
	if err != nil {
		return jira.Sprint{}, err
	}
	if s.Board == 0 {
		if j.call.Projects == nil || slices.Contains(j.call.Projects, "*") {
			return s, nil
		}
		return jira.Sprint{}, refuse("sprint %d does not tell its board, so that it cannot be seen whether it is within the scope of this run", id)
	}
	return s, j.admitBoard(ctx, s.Board)
}

type sprintIssuesArgs struct {
	Sprint int64    `json:"sprint_id"`
	JQL    string   `json:"jql"`
	Fields []string `json:"fields"`
	Limit  int      `json:"limit"`
	Page   string   `json:"page_token"`
}

func (t *Tools) getSprintIssues() tool.Tool {
	return handler[sprintIssuesArgs]{
		tools: t, confined: true,
		spec: spec("jira_get_sprint_issues", tool.Read, "List the issues of a sprint, in the board's order.", `{"type":"object","properties":{
"sprint_id":{"type":"integer"},
"jql":{"type":"string","description":"only those that match"},
"fields":{"type":"array","items":{"type":"string"},"description":"further columns"},
"limit":{"type":"integer","description":"default 25, at most 100"},
"page_token":{"type":"string"}},
"required":["sprint_id"]}`),
		run: runSprintIssues,
	}
}

// runSprintIssues narrows the list to the scope as a search does, so that the
// sprint's board need not be looked at.
func runSprintIssues(ctx context.Context, j job, a sprintIssuesArgs) (tool.Result, error) {
	projects, err := j.scope(ctx)
	if err != nil {
		return tool.Result{}, err
	}
	jql, err := narrow(a.JQL, projects)
	if err != nil {
		return tool.Result{}, err
	}
	ids, heads, err := j.columns(ctx, a.Fields)
	if err != nil {
		return tool.Result{}, err
	}
	found, err := j.client.SprintIssues(ctx, a.Sprint, jira.Search{
		JQL: jql, Fields: ids, Limit: bounded(a.Limit, defaultFound, maxFound), Page: a.Page,
	})
	if err != nil {
		return tool.Result{}, err
	}
	return tool.Result{Text: j.table(found, ids, heads), Target: sprintTarget(a.Sprint)}, nil
}

type addToSprintArgs struct {
	Sprint int64 `json:"sprint_id"`
	Issues []Key `json:"issue_keys"`
}

func (t *Tools) addToSprint() tool.Tool {
	return handler[addToSprintArgs]{
		tools: t,
		spec: spec("jira_add_to_sprint", tool.Write, "Move issues into a sprint.", `{"type":"object","properties":{
"sprint_id":{"type":"integer"},
"issue_keys":{"type":"array","items":{"type":"string"}}},
"required":["sprint_id","issue_keys"]}`, "jira_add_issues_to_sprint"),
		keys: func(a addToSprintArgs) []Key { return slices.Clone(a.Issues) },
		run: func(ctx context.Context, j job, a addToSprintArgs) (tool.Result, error) {
			keys, err := movable(a.Issues)
			if err != nil {
				return tool.Result{}, err
			}
			_, err = j.once(ctx, j.call.ID, tool.Action{
				Kind: "move to sprint", Target: sprintTarget(a.Sprint), Repeatable: true,
				Find: func(ctx context.Context, _ time.Time) (string, bool, error) {
					there, err := j.allIn(ctx, keys, func(s []jira.Sprint) bool {
						return slices.ContainsFunc(s, func(s jira.Sprint) bool { return s.ID == a.Sprint })
					})
					return sprintTarget(a.Sprint), there, err
				},
				Send: func(ctx context.Context) (string, error) {
					if _, err := j.sprint(ctx, a.Sprint); err != nil {
						return "", err
					}
					return sprintTarget(a.Sprint), j.client.MoveToSprint(ctx, a.Sprint, keys)
				},
			})
			if err != nil {
				return tool.Result{}, err
			}
			return ack("Moved to sprint %d: %s.", a.Sprint, strings.Join(keys, ", "))
		},
	}
}

type backlogArgs struct {
	Issues []Key `json:"issue_keys"`
}

func (t *Tools) moveToBacklog() tool.Tool {
	return handler[backlogArgs]{
		tools: t,
		spec: spec("jira_move_to_backlog", tool.Write, "Take issues out of their sprint.",
			`{"type":"object","properties":{"issue_keys":{"type":"array","items":{"type":"string"}}},"required":["issue_keys"]}`,
			"jira_move_issues_to_backlog"),
		keys: func(a backlogArgs) []Key { return slices.Clone(a.Issues) },
		run: func(ctx context.Context, j job, a backlogArgs) (tool.Result, error) {
			keys, err := movable(a.Issues)
			if err != nil {
				return tool.Result{}, err
			}
			_, err = j.once(ctx, j.call.ID, tool.Action{
				Kind: "move to backlog", Target: keys[0], Repeatable: true,
				Find: func(ctx context.Context, _ time.Time) (string, bool, error) {
					out, err := j.allIn(ctx, keys, func(s []jira.Sprint) bool {
						return !slices.ContainsFunc(s, func(s jira.Sprint) bool { return s.State != "closed" })
					})
					return "backlog", out, err
				},
				Send: func(ctx context.Context) (string, error) { return "backlog", j.client.MoveToBacklog(ctx, keys) },
			})
			if err != nil {
				return tool.Result{}, err
			}
			return ack("Moved to the backlog: %s.", strings.Join(keys, ", "))
		},
	}
}

// mostMoved is how many issues Jira moves at once.
const mostMoved = 50

func movable(issues []Key) ([]string, error) {
	var keys []string
	for _, key := range issues {
		if !slices.Contains(keys, key.String()) {
			keys = append(keys, key.String())
		}
	}
	switch {
	case len(keys) == 0:
		return nil, refuse("issue_keys is empty")
	case len(keys) > mostMoved:
		return nil, refuse("%d issues are too many for one call; at most %d are possible", len(keys), mostMoved)
	default:
		return keys, nil
	}
}

// allIn reports whether the sprints of each issue meet a condition. Where no
// field for sprints is found it cannot be seen, and is taken for no.
func (j job) allIn(ctx context.Context, keys []string, meets func([]jira.Sprint) bool) (bool, error) {
	field, ok, err := j.customField(ctx, jira.SprintField)
	if err != nil || !ok {
		return false, err
	}
	for _, key := range keys {
		issue, err := j.client.GetIssue(ctx, key, []string{field.ID}, nil)
		if err != nil || !meets(jira.ReadSprints(issue.Fields[field.ID])) {
			return false, err
		}
	}
	return true, nil
}

// customField finds the field of a plugin's type, if there is just one.
func (j job) customField(ctx context.Context, kind string) (jira.Field, bool, error) {
	fields, err := j.client.Fields(ctx)
	if err != nil {
		return jira.Field{}, false, err
	}
	found := filter(fields, func(f jira.Field) bool { return f.Schema.Custom == kind })
	if len(found) != 1 {
		return jira.Field{}, false, nil
	}
	return found[0], true, nil
}

// sprintNames is the text of a sprint field's value.
func sprintNames(raw json.RawMessage) string {
	var names []string
	for _, s := range jira.ReadSprints(raw) {
		names = append(names, fmt.Sprintf("%s (%d, %s)", s.Name, s.ID, s.State))
	}
	return strings.Join(names, ", ")
}
