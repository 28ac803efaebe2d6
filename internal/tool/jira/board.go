package jira

import (
	"context"
	"slices"
	"strconv"
	"strings"

	"github.com/aofctl/aofctl/internal/atlassian/jira"
	"github.com/aofctl/aofctl/internal/tool"
)

type listBoardsArgs struct {
	Project ProjectKey `json:"project_key"`
	Name    string     `json:"name"`
	Type    string     `json:"type"`
	Page    string     `json:"page_token"`
}

const agilePage = 50

// mostPages bounds a list that a server never ends.
const mostPages = 100

func (t *Tools) listBoards() tool.Tool {
	return handler[listBoardsArgs]{
		tools: t, confined: true,
		spec: spec("jira_list_boards", tool.Read, "List boards, by default of the projects within reach.", `{"type":"object","properties":{
"project_key":{"type":"string"},
"name":{"type":"string","description":"part of the name"},
"type":{"type":"string","enum":["scrum","kanban","simple"]},
"page_token":{"type":"string"}}}`, "jira_get_agile_boards"),
		projects: func(a listBoardsArgs) []ProjectKey { return []ProjectKey{a.Project} },
		run:      runListBoards,
	}
}

// runListBoards asks for the boards of one project after the other: what Jira
// says of a board does not tell its project on Data Center.
func runListBoards(ctx context.Context, j job, a listBoardsArgs) (tool.Result, error) {
	start, err := jira.Position(a.Page)
	if err != nil {
		return tool.Result{}, err
	}
	keys := []string{a.Project.String()}
	if a.Project == "" {
		if keys, err = j.scope(ctx); err != nil {
			return tool.Result{}, err
		}
		if keys == nil {
			keys = []string{""}
		}
	}
	q := jira.Boards{Name: strings.TrimSpace(a.Name), Type: a.Type}
	if len(keys) == 1 {
		q.Project, q.Start, q.Limit = keys[0], start, agilePage
		found, err := j.client.Boards(ctx, q)
		return tool.Result{Text: entries(boardsHead, boardRows(found.Items), start, found.Next), Target: "boards"}, err
	}
	boards, err := j.boardsOf(ctx, keys, q)
	return tool.Result{Text: slice(boardsHead, boardRows(boards), start, agilePage), Target: "boards"}, err
}

const boardsHead = "boards (id | name | type)"

func boardRows(boards []jira.Board) []string {
	rows := make([]string, 0, len(boards))
	for _, b := range boards {
		rows = append(rows, row(strconv.FormatInt(b.ID, 10), b.Name, b.Type))
	}
	return rows
}

// boardsOf lists the boards of several projects, each once.
func (j job) boardsOf(ctx context.Context, keys []string, q jira.Boards) ([]jira.Board, error) {
	var all []jira.Board
	for _, key := range keys {
		q.Project, q.Start, q.Limit = key, 0, agilePage
		for range mostPages {
			found, err := j.client.Boards(ctx, q)
			if err != nil {
				return nil, err
			}
			for _, b := range found.Items {
				if !slices.ContainsFunc(all, func(have jira.Board) bool { return have.ID == b.ID }) {
					all = append(all, b)
				}
			}
			if found.Next == 0 {
				break
			}
			q.Start = found.Next
		}
	}
	return all, nil
}

// admitBoard checks that a board shows issues of a project within the scope. A
// board may show several projects; its sprints are then shared by all of them.
func (j job) admitBoard(ctx context.Context, id int64) error {
	if j.call.Projects == nil || slices.Contains(j.call.Projects, "*") {
		return nil
	}
	keys, err := j.client.BoardProjects(ctx, id)
	if err != nil {
		return err
	}
	if slices.ContainsFunc(keys, func(key string) bool { return tool.InProjects(j.call.Projects, key) }) {
		return nil
	}
	return refuse("board %d shows no project within the scope of this run; jira_list_boards lists those that do", id)
}

type listSprintsArgs struct {
	Board int64  `json:"board_id"`
	State string `json:"state"`
	Page  string `json:"page_token"`
}

func (t *Tools) listSprints() tool.Tool {
	return handler[listSprintsArgs]{
		tools: t, confined: true,
		spec: spec("jira_list_sprints", tool.Read, "List the sprints of a board.", `{"type":"object","properties":{
"board_id":{"type":"integer"},
"state":{"type":"string","enum":["active","future","closed","all"],"description":"default active and future"},
"page_token":{"type":"string"}},
"required":["board_id"]}`, "jira_get_sprints_from_board"),
		run: runListSprints,
	}
}

func runListSprints(ctx context.Context, j job, a listSprintsArgs) (tool.Result, error) {
	start, err := jira.Position(a.Page)
	if err != nil {
		return tool.Result{}, err
	}
	if err := j.admitBoard(ctx, a.Board); err != nil {
		return tool.Result{}, err
	}
	states := []string{"active", "future"}
	switch a.State {
	case "":
	case "all":
		states = nil
	default:
		states = []string{a.State}
	}
	found, err := j.client.Sprints(ctx, a.Board, states, start, agilePage)
	if err != nil {
		return tool.Result{}, err
	}
	rows := make([]string, 0, len(found.Items))
	for _, s := range found.Items {
		rows = append(rows, row(strconv.FormatInt(s.ID, 10), s.Name, s.State, day(s.Start), day(s.End), s.Goal))
	}
	return tool.Result{Text: entries("sprints (id | name | state | start | end | goal)", rows, start, found.Next), Target: "board " + strconv.FormatInt(a.Board, 10)}, nil
}

// day is the day of a moment; "" for none.
func day(t jira.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.Format("2006-01-02")
}
