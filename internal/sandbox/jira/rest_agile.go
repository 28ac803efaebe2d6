package jira

import (
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

func agileEndpoints() []endpoint {
	return []endpoint{
		{method: "GET", path: "/board", status: 200, do: restBoards},
		{method: "GET", path: "/board/{board}", status: 200, do: restBoard},
		{method: "GET", path: "/board/{board}/sprint", status: 200, do: restBoardSprints},
		{method: "GET", path: "/board/{board}/issue", status: 200, do: restBoardIssues},
		{method: "POST", path: "/sprint", status: 201, do: restCreateSprint},
		{method: "GET", path: "/sprint/{sprint}", status: 200, do: restSprint},
		{method: "POST", path: "/sprint/{sprint}", status: 200, do: restUpdateSprint},
		{method: "PUT", path: "/sprint/{sprint}", status: 200, do: restUpdateSprint},
		{method: "DELETE", path: "/sprint/{sprint}", status: 204, do: restDeleteSprint},
		{method: "GET", path: "/sprint/{sprint}/issue", status: 200, do: restSprintIssues},
		{method: "POST", path: "/sprint/{sprint}/issue", status: 204, do: restMoveToSprint},
		{method: "POST", path: "/backlog/issue", status: 204, do: restMoveToBacklog},
	}
}

func restBoards(t *tx, c *call) (any, error) {
	var found []*Board
	for _, b := range t.st.boards {
		p, name, kind := c.query("projectKeyOrId"), c.query("name"), c.query("type")
		switch {
		case t.by == nil,
			p != "" && t.st.project(p) != t.st.project(b.Project),
			!strings.Contains(strings.ToLower(b.Name), strings.ToLower(name)),
			kind != "" && kind != b.Type:
			continue
		}
		found = append(found, b)
	}
	return page(c, found, "values", 50, func(b *Board) any { return t.renderBoard(b) })
}

func (c *call) board(t *tx) (*Board, error) {
	if b := t.st.board(atoi(c.path("board"))); b != nil && t.by != nil {
		return b, nil
	}
	return nil, refuse(http.StatusNotFound, "The requested board cannot be viewed because it either does not exist or you do not have permission to view it.")
}

func restBoard(t *tx, c *call) (any, error) {
	b, err := c.board(t)
	if err != nil {
		return nil, err
	}
	return t.renderBoard(b), nil
}

func restBoardSprints(t *tx, c *call) (any, error) {
	b, err := c.board(t)
	if err != nil {
		return nil, err
	}
	if b.Type == "kanban" {
		return nil, refuse(http.StatusBadRequest, "The board does not support sprints")
	}
	states := splitList(c.list("state"))
	var found []*Sprint
	for _, s := range t.st.sprints {
		if s.Board == b.ID && (len(states) == 0 || slices.ContainsFunc(states, func(x string) bool { return x == s.State })) {
			found = append(found, s)
		}
	}
	return page(c, found, "values", 50, func(s *Sprint) any { return s.render(t.st.base) })
}

func restBoardIssues(t *tx, c *call) (any, error) {
	b, err := c.board(t)
	if err != nil {
		return nil, err
	}
	return t.agileIssues(c, t.st.project(b.Project).issues)
}

func (c *call) sprint(t *tx) (*Sprint, error) {
	if s := t.st.sprint(atoi(c.path("sprint"))); s != nil && t.by != nil {
		return s, nil
	}
	return nil, refuse(http.StatusNotFound, "Sprint does not exist")
}

func restSprint(t *tx, c *call) (any, error) {
	s, err := c.sprint(t)
	if err != nil {
		return nil, err
	}
	return s.render(t.st.base), nil
}

func restCreateSprint(t *tx, c *call) (any, error) {
	var in struct {
		Name          string    `json:"name"`
		Goal          string    `json:"goal"`
		OriginBoardID int       `json:"originBoardId"`
		StartDate     time.Time `json:"startDate"`
		EndDate       time.Time `json:"endDate"`
	}
	if err := c.decode(&in); err != nil {
		return nil, err
	}
	s, err := t.addSprint(Sprint{Name: in.Name, Goal: in.Goal, Board: in.OriginBoardID, Start: in.StartDate, End: in.EndDate})
	if err != nil {
		return nil, err
	}
	return s.render(t.st.base), nil
}

func restUpdateSprint(t *tx, c *call) (any, error) {
	s, err := c.sprint(t)
	if err != nil {
		return nil, err
	}
	var in sprintChange
	if err := c.decode(&in); err != nil {
		return nil, err
	}
	if err := t.changeSprint(s, in); err != nil {
		return nil, err
	}
	return s.render(t.st.base), nil
}

func restDeleteSprint(t *tx, c *call) (any, error) {
	s, err := c.sprint(t)
	if err != nil {
		return nil, err
	}
	t.removeSprint(s)
	return nil, nil
}

// removeSprint deletes a sprint; its issues go to the backlog.
func (t *tx) removeSprint(s *Sprint) {
	for _, i := range t.st.inSprint(s) {
		t.moveTo(i, nil)
	}
	t.st.sprints = without(t.st.sprints, s)
	delete(t.st.index.sprints, s)
	t.emitSprint("sprint_deleted", s, nil)
}

func restSprintIssues(t *tx, c *call) (any, error) {
	s, err := c.sprint(t)
	if err != nil {
		return nil, err
	}
	return t.agileIssues(c, t.st.inSprint(s))
}

// agileIssues is a page of issues; the agile API still has startAt and total.
func (t *tx) agileIssues(c *call, found []*issue) (any, error) {
	found, err := t.filtered(found, c.query("jql"))
	if err != nil {
		return nil, err
	}
	w := wantedFields(c.list("fields"), "*navigable")
	return page(c, found, "issues", 50, func(i *issue) any { return t.renderIssue(i, w) })
}

// filtered keeps the issues that match a query, in its order if it has one.
func (t *tx) filtered(list []*issue, jql string) ([]*issue, error) {
	q, err := parseJQL(jql)
	if err != nil {
		return nil, err
	}
	matches, err := t.compile(q.where)
	if err != nil {
		return nil, err
	}
	list = slices.DeleteFunc(slices.Clone(list), func(i *issue) bool { return !t.sees(i) || !matches(i) })
	if len(q.order) == 0 {
		return list, nil
	}
	return list, t.sortBy(list, q.order)
}

// moveInput lists the issues to move, at most 50 as in Jira.
type moveInput struct {
	Issues []string `json:"issues"`
}

func (t *tx) move50(c *call, to *Sprint) (any, error) {
	var in moveInput
	if err := c.decode(&in); err != nil {
		return nil, err
	}
	if len(in.Issues) > 50 {
		return nil, refuse(http.StatusBadRequest, "The maximum number of issues that can be moved in one operation is 50.")
	}
	list := make([]*issue, 0, len(in.Issues))
	for _, name := range in.Issues {
		i, err := t.issue(name)
		if err != nil {
			return nil, err
		}
		list = append(list, i)
	}
	for _, i := range list {
		t.moveTo(i, to)
	}
	return nil, nil
}

func restMoveToSprint(t *tx, c *call) (any, error) {
	s, err := c.sprint(t)
	if err != nil {
		return nil, err
	}
	if s.State == SprintClosed {
		return nil, refuse(http.StatusBadRequest, "Issues cannot be moved to the closed sprint %s.", strconv.Itoa(s.ID))
	}
	return t.move50(c, s)
}

func restMoveToBacklog(t *tx, c *call) (any, error) { return t.move50(c, nil) }
