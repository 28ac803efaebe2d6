package jira

import (
	"net/http"
	"strconv"
)

func boardEndpoints() []endpoint {
	return []endpoint{
		{method: "POST", path: "/board", status: 201, do: restCreateBoard},
		{method: "DELETE", path: "/board/{board}", status: 204, do: restDeleteBoard},
		{method: "GET", path: "/board/{board}/configuration", status: 200, do: restBoardConfiguration},
		{method: "GET", path: "/board/{board}/project", status: 200, do: restBoardProjects},
		{method: "GET", path: "/board/{board}/backlog", status: 200, do: restBoardBacklog},
		{method: "GET", path: "/board/{board}/epic", status: 200, do: restBoardEpics},
		{method: "GET", path: "/board/{board}/version", status: 200, do: restBoardVersions},
		{method: "GET", path: "/board/{board}/sprint/{sprint}/issue", status: 200, do: restSprintIssues},
		{method: "GET", path: "/issue/{issue}", status: 200, do: restIssue},
	}
}

// boardInput is the body of POST /board. Real boards show what a filter finds;
// here they show the project in which they are made.
type boardInput struct {
	Name     string `json:"name"`
	Type     string `json:"type"`
	FilterID int    `json:"filterId"`
	Location struct {
		Type           string `json:"type"`
		ProjectKeyOrID string `json:"projectKeyOrId"`
	} `json:"location"`
}

func restCreateBoard(t *tx, c *call) (any, error) {
	var in boardInput
	if err := c.decode(&in); err != nil {
		return nil, err
	}
	p := t.st.project(in.Location.ProjectKeyOrID)
	if p == nil && in.Location.ProjectKeyOrID == "" && len(t.st.projects) > 0 {
		p = t.st.projects[0]
	}
	if p == nil {
		return nil, refuse(http.StatusBadRequest, "The location of the board is not valid.")
	}
	b, err := t.addBoard(Board{Name: in.Name, Type: in.Type, Project: p.Key})
	if err != nil {
		return nil, err
	}
	return t.renderBoard(b), nil
}

// addBoard makes a board.
func (t *tx) addBoard(b Board) (*Board, error) {
	p := t.st.project(b.Project)
	switch {
	case b.Name == "":
		return nil, refuse(http.StatusBadRequest, "The name of the board must not be empty.")
	case b.Type != "scrum" && b.Type != "kanban":
		return nil, refuse(http.StatusBadRequest, "The type of the board must be scrum or kanban.")
	case p == nil:
		return nil, noProject(b.Project)
	}
	b.ID, b.Project = t.st.id("board", 1), p.Key
	t.st.boards = append(t.st.boards, &b)
	t.st.counts["board"]++
	t.emitBoard("board_created", &b)
	return &b, nil
}

// renameBoard gives a board another name, which nobody can do over REST.
func (t *tx) renameBoard(b *Board, name string) {
	b.Name = name
	t.emitBoard("board_updated", b)
	t.emit("board_configuration_changed", nil, func() obj { return obj{"configuration": t.renderConfiguration(b)} })
}

func (t *tx) removeBoard(b *Board) {
	t.st.boards = without(t.st.boards, b)
	t.st.counts["board_deleted"]++
	t.emitBoard("board_deleted", b)
}

func restDeleteBoard(t *tx, c *call) (any, error) {
	b, err := c.board(t)
	if err != nil {
		return nil, err
	}
	t.removeBoard(b)
	return nil, nil
}

func restBoardConfiguration(t *tx, c *call) (any, error) {
	b, err := c.board(t)
	if err != nil {
		return nil, err
	}
	return t.renderConfiguration(b), nil
}

// renderConfiguration is how the statuses of the workflow lie in the columns: one
// for each category.
func (t *tx) renderConfiguration(b *Board) obj {
	p, id := t.st.project(b.Project), strconv.Itoa(b.ID)
	var columns []any
	for _, category := range []struct{ key, name string }{{"new", "To Do"}, {"indeterminate", "In Progress"}, {"done", "Done"}} {
		statuses := []any{}
		for _, s := range t.st.statuses {
			if s.Category == category.key {
				statuses = append(statuses, obj{"id": s.ID, "self": t.st.base + "/rest/api/2/status/" + s.ID})
			}
		}
		columns = append(columns, obj{"name": category.name, "statuses": statuses})
	}
	out := obj{
		"id": b.ID, "name": b.Name, "type": b.Type, "self": t.st.base + "/rest/agile/1.0/board/" + id + "/configuration",
		"filter":       obj{"id": id, "self": t.st.base + "/rest/api/2/filter/" + id},
		"columnConfig": obj{"columns": columns, "constraintType": "none"},
		"ranking":      obj{"rankCustomFieldId": 10019},
	}
	if p != nil && !t.st.dc {
		out["location"] = obj{"type": "project", "key": p.Key, "id": p.ID, "self": t.st.base + "/rest/api/2/project/" + p.ID, "name": p.Name}
	}
	return out
}

func restBoardProjects(t *tx, c *call) (any, error) {
	b, err := c.board(t)
	if err != nil {
		return nil, err
	}
	return page(c, []*project{t.st.project(b.Project)}, "values", 50, func(p *project) any { return p.render(t.st.base) })
}

// restBoardBacklog lists what is open and in no active or future sprint.
func restBoardBacklog(t *tx, c *call) (any, error) {
	b, err := c.board(t)
	if err != nil {
		return nil, err
	}
	field := t.st.sprintField()
	var found []*issue
	for _, i := range t.st.project(b.Project).issues {
		if i.status().Category != "done" && !planned(i.values[field]) {
			found = append(found, i)
		}
	}
	return t.agileIssues(c, found)
}

func planned(v any) bool {
	list, _ := v.([]any)
	for _, item := range list {
		if s, ok := item.(*Sprint); ok && s.State != SprintClosed {
			return true
		}
	}
	return false
}

func restBoardEpics(t *tx, c *call) (any, error) {
	b, err := c.board(t)
	if err != nil {
		return nil, err
	}
	var found []*issue
	for _, i := range t.st.project(b.Project).issues {
		if kind, ok := i.values["issuetype"].(*IssueType); ok && kind.Name == "Epic" && t.sees(i) {
			found = append(found, i)
		}
	}
	return page(c, found, "values", 50, func(i *issue) any {
		_, summary := describe(i.values["summary"])
		return obj{
			"id": i.id, "key": i.key, "self": t.st.base + "/rest/agile/1.0/epic/" + i.ref(), "name": summary, "summary": summary,
			"color": obj{"key": "color_1"}, "done": i.status().Category == "done",
		}
	})
}

func restBoardVersions(t *tx, c *call) (any, error) {
	b, err := c.board(t)
	if err != nil {
		return nil, err
	}
	p := t.st.project(b.Project)
	return page(c, p.versions, "values", 50, func(v *Version) any { return t.renderVersion(p, v) })
}
