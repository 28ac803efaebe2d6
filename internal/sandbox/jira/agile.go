package jira

import (
	"net/http"
	"strconv"
	"strings"
	"time"
)

// The states of a sprint.
const (
	SprintFuture = "future"
	SprintActive = "active"
	SprintClosed = "closed"
)

// Board is a board of Jira Software.
type Board struct {
	ID   int
	Name string
	// Type is "scrum" or "kanban".
	Type string
	// Project is the key of the project where the board lives.
	Project string
}

// Sprint is a sprint of a board.
type Sprint struct {
	ID    int
	Name  string
	Board int
	State string
	Goal  string
	// Start, End and Complete are zero until known.
	Start    time.Time
	End      time.Time
	Complete time.Time
}

// sprintTime is RFC 3339 in UTC, unlike all other times of Jira.
const sprintTime = "2006-01-02T15:04:05.000Z"

func (st *state) board(id int) *Board {
	for _, b := range st.boards {
		if b.ID == id {
			return b
		}
	}
	return nil
}

func (st *state) sprint(id int) *Sprint {
	for _, s := range st.sprints {
		if s.ID == id {
			return s
		}
	}
	return nil
}

// sprintField is the id of the field that holds an issue's sprints, or "".
func (st *state) sprintField() string {
	for _, f := range st.fields {
		if f.Kind == Sprints {
			return f.ID
		}
	}
	return ""
}

func (t *tx) renderBoard(b *Board) obj {
	p := t.st.project(b.Project)
	id, _ := strconv.Atoi(p.ID)
	return obj{
		"id": b.ID, "self": t.st.base + "/rest/agile/1.0/board/" + strconv.Itoa(b.ID), "name": b.Name, "type": b.Type,
		"location": obj{
			"projectId": id, "displayName": p.Name + " (" + p.Key + ")", "projectName": p.Name,
			"projectKey": p.Key, "projectTypeKey": p.TypeKey, "name": p.Name + " (" + p.Key + ")",
		},
	}
}

// render is the sprint as webhooks and the agile API have it. Dates are there
// once they are known; self is missing from sprint_deleted.
func (s *Sprint) render(base string) obj {
	out := obj{"id": s.ID, "state": s.State, "name": s.Name, "originBoardId": s.Board}
	if base != "" {
		out["self"] = base + "/rest/agile/1.0/sprint/" + strconv.Itoa(s.ID)
	}
	for name, at := range map[string]time.Time{"startDate": s.Start, "endDate": s.End, "completeDate": s.Complete} {
		if !at.IsZero() {
			out[name] = at.UTC().Format(sprintTime)
		}
	}
	if s.Goal != "" || s.State != SprintFuture {
		out["goal"] = s.Goal
	}
	return out
}

// renderInIssue is the sprint as the Sprint field has it.
func (s *Sprint) renderInIssue() obj {
	out := s.render("")
	delete(out, "originBoardId")
	out["boardId"], out["goal"] = s.Board, s.Goal
	return out
}

// addSprint makes a future sprint.
func (t *tx) addSprint(s Sprint) (*Sprint, error) {
	if s.Name == "" || t.st.board(s.Board) == nil {
		return nil, refuse(http.StatusBadRequest, "A sprint needs a name and an existing board.")
	}
	s.ID, s.State = t.st.id("sprint", 1), SprintFuture
	t.st.sprints = append(t.st.sprints, &s)
	t.st.counts["sprint"]++
	t.emitSprint("sprint_created", &s, nil)
	return &s, nil
}

// sprintChange is what may be changed of a sprint; nil leaves it as it is.
type sprintChange struct {
	Name      *string    `json:"name"`
	Goal      *string    `json:"goal"`
	State     *string    `json:"state"`
	StartDate *time.Time `json:"startDate"`
	EndDate   *time.Time `json:"endDate"`
}

// changeSprint starts, closes or edits a sprint.
func (t *tx) changeSprint(s *Sprint, in sprintChange) error {
	before := *s
	next := *s
	set(&next.Name, in.Name)
	set(&next.Goal, in.Goal)
	set(&next.Start, in.StartDate)
	set(&next.End, in.EndDate)
	event := "sprint_updated"
	if in.State != nil && *in.State != s.State {
		switch {
		case s.State == SprintFuture && *in.State == SprintActive:
			event = "sprint_started"
			next.begin(t.now)
		case s.State == SprintActive && *in.State == SprintClosed:
			event = "sprint_closed"
			next.Complete = t.now
		default:
			return refuse(http.StatusBadRequest, "A sprint cannot go from %s to %s.", s.State, *in.State)
		}
		next.State = *in.State
	}
	if next == before {
		return nil
	}
	*s = next
	t.st.counts["sprint_updated"]++
	if event != "sprint_updated" {
		t.emitSprint(event, s, nil)
		return nil
	}
	t.emitSprint(event, s, &before)
	return nil
}

func (s *Sprint) begin(now time.Time) {
	if s.Start.IsZero() {
		s.Start = now
	}
	if s.End.IsZero() {
		s.End = s.Start.Add(14 * 24 * time.Hour)
	}
}

func set[T any](into *T, from *T) {
	if from != nil {
		*into = *from
	}
}

// moveTo puts an issue into a sprint, or into the backlog if s is nil.
func (t *tx) moveTo(i *issue, s *Sprint) {
	id := t.st.sprintField()
	if id == "" {
		return
	}
	var v any
	if s != nil {
		v = []any{s}
	}
	t.commit(i, &edit{t: t, values: map[string]any{id: v}}, "update", "issue_updated")
}

// is tells whether an id or a name means the sprint.
func (s *Sprint) is(name string) bool {
	return strconv.Itoa(s.ID) == name || strings.EqualFold(s.Name, name)
}
