package enrich

import (
	"strconv"
	"strings"

	"github.com/aofctl/aofctl/internal/event"
)

// kind is a kind of thing that Jira is asked about.
type kind string

const (
	kindIssue   kind = "issue"
	kindLinked  kind = "linked issue"
	kindSprint  kind = "sprint"
	kindReport  kind = "sprint report"
	kindBoard   kind = "board"
	kindVersion kind = "version"
	kindProject kind = "project"
	kindUser    kind = "user"
)

// object is one thing that Jira is asked about.
type object struct {
	kind kind
	// id is how Jira knows it; of a linked issue it follows the end of the
	// link, of a user the parameter that takes it.
	id string
	// state tells two states of the thing apart that an event may mean; "" for
	// things that change so seldom that any recent state will do.
	state string
}

// sourceOf returns what tells a variable that the event lacks; the zero object if
// nothing does.
func sourceOf(ev *event.Event, name string) object {
	family, _, _ := strings.Cut(name, "_")
	switch family {
	case "issue":
		return issueOf(ev)
	case "project":
		return projectOf(ev)
	case "board":
		return boardOf(ev)
	case "sprint":
		return sprintOf(ev, kindSprint)
	case "issues":
		return sprintOf(ev, kindReport)
	case "version":
		return versionOf(ev)
	case "link":
		return linkedOf(ev, name)
	case "user":
		if name == "user_email" {
			return userOf(ev)
		}
	}
	return object{}
}

func issueOf(ev *event.Event) object {
	ref := ev.IssueID
	if ref == "" {
		ref = ev.IssueKey
	}
	if ref == "" || ev.Type == "issue_deleted" {
		return object{}
	}
	return object{kindIssue, ref, stateOf(ev)}
}

// projectOf prefers what is likely read anyway.
func projectOf(ev *event.Event) object {
	if issue := issueOf(ev); issue != (object{}) {
		return issue
	}
	for _, id := range []string{ev.String("project_id"), ev.Project} {
		if id != "" && ev.Type != "project_deleted" {
			return object{kindProject, id, ""}
		}
	}
	if board := boardOf(ev); board != (object{}) {
		return board
	}
	return versionOf(ev)
}

func boardOf(ev *event.Event) object {
	id := number(ev, "board_id")
	if id == "" || ev.Type == "board_deleted" {
		return object{}
	}
	return object{kindBoard, id, ""}
}

func sprintOf(ev *event.Event, what kind) object {
	id := number(ev, "sprint_id")
	if id == "" || ev.Type == "sprint_deleted" {
		return object{}
	}
	return object{what, id, stateOf(ev)}
}

func versionOf(ev *event.Event) object {
	id := ev.String("version_id")
	if id == "" || ev.Type == "version_deleted" {
		return object{}
	}
	return object{kindVersion, id, stateOf(ev)}
}

// linkedOf is for the keys of the two issues of a link, of which events tell ids.
func linkedOf(ev *event.Event, name string) object {
	end, isKey := strings.CutSuffix(name, "_issue_key")
	id := ev.String(end + "_issue_id")
	if !isKey || id == "" {
		return object{}
	}
	return object{kindLinked, end + " " + id, ""}
}

// userOf is for the person behind the event.
func userOf(ev *event.Event) object {
	a := ev.Actor
	for _, way := range [][2]string{{"accountId", a.AccountID}, {"key", a.Key}, {"username", a.Name}} {
		if way[1] != "" {
			return object{kindUser, way[0] + " " + way[1], ""}
		}
	}
	return object{}
}

// stateOf identifies the state of things that the event tells of. Without such a
// thing nothing is kept of what is read for it.
func stateOf(ev *event.Event) string {
	if updated := ev.String("issue_updated"); updated != "" {
		return updated
	}
	if at := number(ev, "timestamp"); at != "" {
		return at
	}
	return unknownState
}

// unknownState is the state of an event that tells no time.
const unknownState = "?"

func number(ev *event.Event, name string) string {
	if n, ok := ev.Vars[name].(int64); ok {
		return strconv.FormatInt(n, 10)
	}
	return ""
}
