package route

import (
	"strings"

	"github.com/aofctl/aofctl/internal/event"
	"github.com/aofctl/aofctl/internal/event/confluence"
)

// obtainable reports whether the platform can be asked for a variable that the
// event does not have.
func obtainable(ev *event.Event, name string) bool {
	if ofPages(ev) {
		return confluence.Teller(ev, name) != ""
	}
	if elsewhere(ev) {
		return false
	}
	issue := (ev.IssueID != "" || ev.IssueKey != "") && ev.Type != "issue_deleted"
	sprint := ev.Has("sprint_id") && ev.Type != "sprint_deleted"
	board := ev.Has("board_id") && ev.Type != "board_deleted"
	version := ev.Has("version_id") && ev.Type != "version_deleted"
	switch {
	case strings.HasPrefix(name, "issue_"):
		return issue
	case strings.HasPrefix(name, "project_"):
		known := (ev.Has("project_id") || ev.Project != "") && ev.Type != "project_deleted"
		return issue || board || version || known
	case strings.HasPrefix(name, "board_"):
		return sprint || board
	case strings.HasPrefix(name, "sprint_"), strings.HasPrefix(name, "issues_"):
		return sprint
	case strings.HasPrefix(name, "version_"):
		return version
	case name == "link_source_issue_key":
		return ev.Has("link_source_issue_id")
	case name == "link_destination_issue_key":
		return ev.Has("link_destination_issue_id")
	case name == "user_email":
		return ev.Actor.AccountID != "" || ev.Actor.Name != "" || ev.Actor.Key != ""
	default:
		return false
	}
}

// mentioned returns the event's variables that an expression reads, by their
// canonical names: what follows "event." or "metadata." outside of strings.
func mentioned(expr string) []string {
	var list []string
	for i := 0; i < len(expr); {
		switch c := expr[i]; {
		case c == '"' || c == '\'':
			i = closing(expr, i)
		case isWord(c):
			start := i
			for i < len(expr) && isWord(expr[i]) {
				i++
			}
			root := expr[start:i]
			if (root != "event" && root != "metadata") || i == len(expr) || expr[i] != '.' {
				continue
			}
			i++
			start = i
			for i < len(expr) && isWord(expr[i]) {
				i++
			}
			list = addName(list, event.Canonical(expr[start:i]))
		default:
			i++
		}
	}
	return list
}

// closing returns the position after the string that begins at i.
func closing(expr string, i int) int {
	quote := expr[i]
	for i++; i < len(expr); i++ {
		switch expr[i] {
		case '\\':
			i++
		case quote:
			return i + 1
		}
	}
	return len(expr)
}

func isWord(c byte) bool {
	return c == '_' || c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
}

// filterVars returns the variables that the trigger's filters read.
func (e *entry) filterVars() []string {
	f := e.trigger.Filters
	var list []string
	for _, v := range []struct {
		name string
		used bool
	}{
		{"board_name", len(f.Boards) > 0},
		{"issue_type", len(f.IssueTypes) > 0},
		{"issue_status", len(f.Statuses) > 0},
		{"issue_priority", len(f.Priorities) > 0},
		{labelsOf(e.trigger.Type), len(f.Labels) > 0},
		{"page_title", len(f.Titles) > 0},
		{"user_email", e.mail},
	} {
		if v.used {
			list = append(list, v.name)
		}
	}
	return append(list, e.exprVars...)
}
