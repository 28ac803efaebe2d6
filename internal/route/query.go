package route

import (
	"strconv"
	"strings"

	"github.com/aofctl/aofctl/internal/event"
	"github.com/aofctl/aofctl/internal/manifest"
)

// query is one event on its way through the table.
type query struct {
	ev *event.Event
	in Input
	// project is the key of the project, or of the space of Confluence's events.
	project string
	// named are all projects that the event is about: those of the issue keys that an
	// event of another platform names; project is the first.
	named []string
	// repository is that of an event of GitHub's, in lower case.
	repository string
	actor      spellings
	// board and boardID are the board as filters compare it.
	board, boardID string
	// labelled are the issue's labels; nil if the event does not tell them.
	labelled []string
	// cmds are the commands in the event, once parsed is true, and slots what was
	// found for each; taken says that something was.
	cmds  []Command
	slots []Match
	taken bool
	// withheld are the commands that some trigger knows but refused.
	withheld []bool
	parsed   bool
	// plain says that asking for help is no command.
	plain bool
	// needs and checks are the questions to the platform.
	needs, checks []string
	// vars is the view of the event that expressions get, made when first used.
	vars map[string]any
	out  Decision
	// bots, wordless and refused count the triggers that said no because of an
	// app, for want of a command, and at all.
	bots, wordless, refused int
	// menu are the commands that the event's author may use, and voice the trigger
	// in whose name they are listed; known and corrector are the same for
	// unknown commands, where triggers want these answered.
	menu             []menuItem
	voice, corrector *manifest.Trigger
	known            []string
}

func newQuery(ev *event.Event, in Input) *query {
	q := &query{ev: ev, in: in, project: projectOf(ev), actor: spellingsOf(ev)}
	q.board = strings.ToLower(ev.String("board_name"))
	if id, ok := ev.Vars["board_id"].(int64); ok {
		q.boardID = strconv.FormatInt(id, 10)
	}
	q.labelled = texts(ev.Vars["issue_labels"])
	if q.project != "" {
		q.named = []string{q.project}
	}
	if ofPages(ev) {
		q.labelled = texts(ev.Vars["page_labels"])
	}
	if elsewhere(ev) {
		q.named = mentionedProjects(ev)
		q.project = ""
		if len(q.named) > 0 {
			q.project = q.named[0]
		}
		q.repository = strings.ToLower(ev.String("repository"))
		q.labelled = texts(ev.Vars["labels"])
	}
	return q
}

// ofPages reports whether an event is of Confluence: what projects are to issues,
// spaces are to its pages.
func ofPages(ev *event.Event) bool { return ev.Source == event.SourceConfluence }

// places are the keys, or globs of them, of the projects or spaces that the trigger
// wants; none for any.
func (e *entry) places() []string {
	if e.trigger.Type == manifest.TypeConfluence {
		return e.trigger.Filters.Spaces
	}
	return e.trigger.Filters.Projects
}

// placeOf is the variable that tells the project or space of an event.
func placeOf(ev *event.Event) string {
	if ofPages(ev) {
		return "space_key"
	}
	return "project_key"
}

// labelsOf is the variable with the labels that triggers of a type look at.
func labelsOf(kind string) string {
	if kind == manifest.TypeConfluence {
		return "page_labels"
	}
	return "issue_labels"
}

// elsewhere reports whether an event is of a platform whose events are of no
// project themselves but may name issues.
func elsewhere(ev *event.Event) bool {
	return ev.Source == event.SourceGitHub || ev.Source == event.SourceHTTP || ev.Source == event.SourceSchedule
}

// mentionedProjects are the projects of the issues that an event names.
func mentionedProjects(ev *event.Event) []string {
	var list []string
	for _, key := range texts(ev.Vars["issue_keys"]) {
		list = addName(list, event.ProjectOf(key))
	}
	return list
}

// projectOf returns the project or space that an event belongs to.
func projectOf(ev *event.Event) string {
	if ev.Project != "" {
		return ev.Project
	}
	for _, name := range []string{"project_key", "space_key"} {
		if s := ev.String(name); s != "" {
			return s
		}
	}
	i := strings.LastIndexByte(ev.IssueKey, '-')
	return ev.IssueKey[:max(i, 0)]
}

// texts returns a list of strings, also after a journey through JSON; nil if the
// value is no list.
func texts(value any) []string {
	switch list := value.(type) {
	case []string:
		if list == nil {
			return []string{}
		}
		return list
	case []any:
		out := make([]string, 0, len(list))
		for _, item := range list {
			if s, ok := item.(string); ok {
				out = append(out, s)
			}
		}
		return out
	default:
		return nil
	}
}

// commands returns the commands in the event's text.
func (q *query) commands() []Command {
	if !q.parsed {
		q.parsed = true
		ids := q.in.Self.AccountIDs
		ids = append(ids[:len(ids):len(ids)], q.in.Self.Names...)
		ids = append(ids, q.in.Self.Keys...)
		q.cmds = parse(q.ev.CommandText, q.in.BotName, ids, q.in.Self.DisplayNames)
		q.slots, q.withheld = make([]Match, len(q.cmds)), make([]bool, len(q.cmds))
	}
	return q.cmds
}

// slashed reports whether somebody plainly gave a command.
func (q *query) slashed() bool {
	for _, c := range q.commands() {
		if c.Slash {
			return true
		}
	}
	return false
}

// variables returns what expressions see.
func (q *query) variables() map[string]any {
	if q.vars == nil {
		meta := q.ev.Metadata()
		q.vars = map[string]any{"event": meta, "metadata": meta}
	}
	return q.vars
}
