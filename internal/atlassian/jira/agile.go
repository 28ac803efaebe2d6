package jira

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
)

// Board is a board of the agile API.
type Board struct {
	ID   int64  `json:"id"`
	Name string `json:"name"`
	Type string `json:"type"`
}

// Boards is a question for boards; what is empty does not matter.
type Boards struct {
	Project string
	Name    string
	// Type is "scrum", "kanban" or "simple".
	Type  string
	Start int
	Limit int
}

// Sprint is a sprint. State is "active", "future" or "closed".
type Sprint struct {
	ID       int64  `json:"id"`
	Name     string `json:"name"`
	State    string `json:"state"`
	Goal     string `json:"goal"`
	Start    Time   `json:"startDate"`
	End      Time   `json:"endDate"`
	Complete Time   `json:"completeDate"`
	Board    int64  `json:"originBoardId"`
}

// agilePage is a page of the agile API. Its total is not always told.
type agilePage[T any] struct {
	Values []T  `json:"values"`
	IsLast bool `json:"isLast"`
}

// List is a part of a list, in Jira's order.
type List[T any] struct {
	Items []T
	// Next is where the next part starts; 0 if this is the last.
	Next int
}

func (p agilePage[T]) list(start int) List[T] {
	l := List[T]{Items: p.Values}
	if !p.IsLast && len(p.Values) > 0 {
		l.Next = start + len(p.Values)
	}
	return l
}

func window(start, limit int) url.Values {
	return url.Values{"startAt": {strconv.Itoa(start)}, "maxResults": {strconv.Itoa(limit)}}
}

// Boards finds boards.
func (c *Client) Boards(ctx context.Context, q Boards) (List[Board], error) {
	query := window(q.Start, q.Limit)
	for name, value := range map[string]string{"projectKeyOrId": q.Project, "name": q.Name, "type": q.Type} {
		if value != "" {
			query.Set(name, value)
		}
	}
	var page agilePage[Board]
	err := c.agile(ctx, "board", query, &page)
	return page.list(q.Start), err
}

// BoardProjects lists the keys of the projects whose issues a board shows.
func (c *Client) BoardProjects(ctx context.Context, board int64) ([]string, error) {
	var keys []string
	for range mostPages {
		var page agilePage[Project]
		if err := c.agile(ctx, boardPath(board)+"/project", window(len(keys), 50), &page); err != nil {
			return nil, err
		}
		for _, p := range page.Values {
			keys = append(keys, p.Key)
		}
		if page.IsLast || len(page.Values) == 0 {
			break
		}
	}
	return keys, nil
}

// mostPages bounds a list that a server never ends.
const mostPages = 100

func boardPath(id int64) string { return "board/" + strconv.FormatInt(id, 10) }

func sprintPath(id int64) string { return "sprint/" + strconv.FormatInt(id, 10) }

// Sprints lists the sprints of a board that are in one of the states, or all.
func (c *Client) Sprints(ctx context.Context, board int64, states []string, start, limit int) (List[Sprint], error) {
	query := window(start, limit)
	if len(states) > 0 {
		query.Set("state", strings.Join(states, ","))
	}
	var page agilePage[Sprint]
	err := c.agile(ctx, boardPath(board)+"/sprint", query, &page)
	return page.list(start), err
}

// Sprint reads a sprint by id.
func (c *Client) Sprint(ctx context.Context, id int64) (Sprint, error) {
	var s Sprint
	err := c.agile(ctx, sprintPath(id), nil, &s)
	return s, err
}

// SprintIssues finds the issues of a sprint that meet the JQL, in their order on
// the board. Search.Page is a position here.
func (c *Client) SprintIssues(ctx context.Context, id int64, s Search) (Found, error) {
	start, err := Position(s.Page)
	if err != nil {
		return Found{}, err
	}
	query := window(start, s.Limit)
	query.Set("fields", strings.Join(s.Fields, ","))
	if s.JQL != "" {
		query.Set("jql", s.JQL)
	}
	var page positioned
	if err := c.agile(ctx, sprintPath(id)+"/issue", query, &page); err != nil {
		return Found{}, err
	}
	return page.found(start), nil
}

// MoveToSprint moves issues, at most 50, into a sprint.
func (c *Client) MoveToSprint(ctx context.Context, id int64, issues []string) error {
	return c.move(ctx, sprintPath(id)+"/issue", issues)
}

// MoveToBacklog takes issues, at most 50, out of their active or future sprints.
func (c *Client) MoveToBacklog(ctx context.Context, issues []string) error {
	return c.move(ctx, "backlog/issue", issues)
}

func (c *Client) move(ctx context.Context, path string, issues []string) error {
	return c.do(ctx, request{method: http.MethodPost, api: agileAPI, path: path, body: map[string]any{"issues": issues}}, nil)
}

// SprintField is the kind of the custom field that holds an issue's sprints.
const SprintField = "com.pyxis.greenhopper.jira:gh-sprint"

// ReadSprints reads the value of such a field. Cloud gives objects; Data Center
// gives what its program prints of them:
// com.atlassian.greenhopper.service.sprint.Sprint@1f2[id=7,state=ACTIVE,name=Sprint 7,…].
func ReadSprints(raw json.RawMessage) []Sprint {
	var items []json.RawMessage
	if json.Unmarshal(raw, &items) != nil {
		return nil
	}
	var sprints []Sprint
	for _, item := range items {
		var s Sprint
		var printed string
		if json.Unmarshal(item, &printed) == nil {
			s, ok := printedSprint(printed)
			if ok {
				sprints = append(sprints, s)
			}
			continue
		}
		if json.Unmarshal(item, &s) == nil && s.ID != 0 {
			sprints = append(sprints, s)
		}
	}
	return sprints
}

var (
	sprintID    = regexp.MustCompile(`[\[,]id=(\d+)`)
	sprintState = regexp.MustCompile(`[\[,]state=(\w+)`)
	sprintName  = regexp.MustCompile(`[\[,]name=(.*?)(?:,[A-Za-z]+=|\]$)`)
)

func printedSprint(text string) (Sprint, bool) {
	m := sprintID.FindStringSubmatch(text)
	if m == nil || !strings.Contains(text, "Sprint@") {
		return Sprint{}, false
	}
	id, err := strconv.ParseInt(m[1], 10, 64)
	if err != nil || id == 0 {
		return Sprint{}, false
	}
	s := Sprint{ID: id}
	if m := sprintState.FindStringSubmatch(text); m != nil {
		s.State = strings.ToLower(m[1])
	}
	if m := sprintName.FindStringSubmatch(text); m != nil {
		s.Name = m[1]
	}
	return s, true
}
