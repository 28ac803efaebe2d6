package route

import (
	"slices"
	"strconv"
	"strings"

	"github.com/aofctl/aofctl/internal/event"
	"github.com/aofctl/aofctl/internal/manifest"
)

// verdict is what a clause, or all of a trigger's, say to an event.
type verdict int

const (
	yes verdict = iota
	// ask means that the answer depends on variables that the event does not have.
	ask
	// no outweighs a question, which need not be asked then.
	no
)

// names calls visit with each name that the event has and the trigger asks for.
func (q *query) names(e *entry, visit func(name string) (more bool)) {
	if q.ev.Source == event.SourceGitHub { // its own name says more than the others
		for i := -1; i < len(q.ev.Also); i++ {
			name := q.ev.Type
			if i >= 0 {
				name = q.ev.Also[i]
			}
			if e.covers(name) && !visit(name) {
				return
			}
		}
		return
	}
	for _, name := range q.ev.Also {
		if e.covers(name) && !visit(name) {
			return
		}
	}
	if e.covers(q.ev.Type) {
		visit(q.ev.Type)
	}
}

// lacks decides what an absent variable means: a question to the platform if
// there is one to ask, otherwise a refusal.
func (q *query) lacks(e *entry, clause string, want []string, name string) verdict {
	if q.asks(name) {
		return ask
	}
	if q.full() {
		return no
	}
	return q.miss(e, clause, want, "unknown: the event has no "+name+" and it could not be asked for")
}

// asks puts a variable on the list of questions if it can be asked for.
func (q *query) asks(name string) bool {
	if q.in.Told || q.in.Final || !obtainable(q.ev, name) {
		return false
	}
	q.needs = addName(q.needs, name)
	return true
}

// full counts a refusal for which there is no room.
func (q *query) full() bool {
	if len(q.out.Misses) < MaxMisses {
		return false
	}
	q.out.MissesOmitted++
	return true
}

// miss records a refusal, as long as there is room for it. Texts are only put
// together then, so that ten thousand refusals cost no memory.
func (q *query) miss(e *entry, clause string, want []string, got ...string) verdict {
	if q.full() {
		return no
	}
	m := Miss{Clause: clause, Want: listed(want), Got: clipText(orNone(listed(got)), 200)}
	if e != nil {
		m.Trigger, m.Source = e.trigger.Name, e.trigger.Source
	}
	q.out.Misses = append(q.out.Misses, m)
	return no
}

// clauses asks every filter of a trigger. The first refusal ends it; a question
// to the platform does not, since a later filter may refuse without one.
func (q *query) clauses(e *entry) verdict {
	result := yes
	for _, clause := range [...]func(*query, *entry) verdict{
		(*query).secret, (*query).projects, (*query).spaces, (*query).titles, (*query).repositories, (*query).boards, (*query).types, (*query).statuses, (*query).priorities,
		(*query).labels, (*query).changes, (*query).bot, (*query).users, (*query).expression,
	} {
		switch clause(q, e) {
		case no:
			return no
		case ask:
			result = ask
		case yes:
		}
	}
	return result
}

func (q *query) secret(e *entry) verdict {
	want := e.trigger.SecretEnv
	// What reached an HTTP trigger's own path was verified with its own secrets.
	if want == "" || e.trigger.Type == manifest.TypeHTTP || slices.Contains(q.ev.Secrets, want) {
		return yes
	}
	return q.miss(e, ClauseSecret, []string{want}, q.ev.Secrets...)
}

func (q *query) projects(e *entry) verdict {
	want := e.trigger.Filters.Projects
	if len(want) == 0 {
		return yes
	}
	if q.project == "" {
		if elsewhere(q.ev) {
			return q.miss(e, ClauseProjects, want, "no issue key in the event")
		}
		return q.lacks(e, ClauseProjects, want, "project_key")
	}
	if q.anyProject(want) {
		return yes
	}
	return q.miss(e, ClauseProjects, want, q.named...)
}

// anyProject reports whether one of the patterns covers one of the event's
// projects.
func (q *query) anyProject(patterns []string) bool {
	for _, project := range q.named {
		for _, pattern := range patterns {
			if projectMatches(pattern, project, q.ev.IssueKey) {
				return true
			}
		}
	}
	return false
}

func (q *query) spaces(e *entry) verdict {
	want := e.trigger.Filters.Spaces
	if len(want) == 0 {
		return yes
	}
	if q.project == "" {
		return q.lacks(e, ClauseSpaces, want, "space_key")
	}
	if slices.ContainsFunc(want, func(pattern string) bool { return glob(pattern, q.project) }) {
		return yes
	}
	return q.miss(e, ClauseSpaces, want, q.project)
}

func (q *query) titles(e *entry) verdict {
	want := e.trigger.Filters.Titles
	if len(want) == 0 {
		return yes
	}
	title, told := q.ev.Vars["page_title"].(string)
	if !told {
		return q.lacks(e, ClauseTitles, want, "page_title")
	}
	folded := strings.ToLower(title)
	if slices.ContainsFunc(e.titles, func(pattern string) bool { return glob(pattern, folded) }) {
		return yes
	}
	return q.miss(e, ClauseTitles, want, title)
}

func (q *query) repositories(e *entry) verdict {
	want := e.trigger.Filters.Repositories
	if len(want) == 0 || anyRepository(want, q.repository) {
		return yes
	}
	return q.miss(e, ClauseRepositories, want, q.repository)
}

// anyRepository reports whether one of the patterns covers a repository, given in
// lower case. Names on GitHub ignore case.
func anyRepository(patterns []string, repository string) bool {
	return repository != "" && slices.ContainsFunc(patterns, func(p string) bool { return glob(strings.ToLower(p), repository) })
}

func (q *query) boards(e *entry) verdict {
	want := e.trigger.Filters.Boards
	if len(want) == 0 {
		return yes
	}
	name := q.ev.String("board_name")
	for _, pattern := range e.boards {
		if name != "" && glob(pattern, q.board) || pattern == q.boardID && pattern != "" {
			return yes
		}
	}
	if !q.ev.Has("board_name") {
		return q.lacks(e, ClauseBoards, want, "board_name")
	}
	return q.miss(e, ClauseBoards, want, name)
}

func (q *query) types(e *entry) verdict {
	return q.anyOf(e, ClauseIssueTypes, e.trigger.Filters.IssueTypes, "issue_type")
}

func (q *query) statuses(e *entry) verdict {
	return q.anyOf(e, ClauseStatuses, e.trigger.Filters.Statuses, "issue_status")
}

func (q *query) priorities(e *entry) verdict {
	return q.anyOf(e, ClausePriorities, e.trigger.Filters.Priorities, "issue_priority")
}

// anyOf asks whether a variable has one of the wanted values.
func (q *query) anyOf(e *entry, clause string, want []string, name string) verdict {
	if len(want) == 0 {
		return yes
	}
	value, told := q.ev.Vars[name].(string)
	switch {
	case !told:
		return q.lacks(e, clause, want, name)
	case hasFold(want, value):
		return yes
	default:
		return q.miss(e, clause, want, value)
	}
}

func (q *query) labels(e *entry) verdict {
	want := e.trigger.Filters.Labels
	if len(want) == 0 {
		return yes
	}
	have := q.labelled
	if have == nil {
		return q.lacks(e, ClauseLabels, want, labelsOf(e.trigger.Type))
	}
	for _, label := range have {
		if hasFold(want, label) {
			return yes
		}
	}
	return q.miss(e, ClauseLabels, want, have...)
}

// changes asks whether an update changed one of the wanted fields. Other events
// that the trigger asks for have no changes and pass.
func (q *query) changes(e *entry) verdict {
	want := e.trigger.Filters.ChangedFields
	if len(want) == 0 {
		return yes
	}
	other := false
	q.names(e, func(name string) bool {
		other = name != "issue_updated"
		return !other
	})
	if other {
		return yes
	}
	got := make([]string, 0, 10)
	items, _ := q.ev.Vars["changelog_items"].([]any)
	for _, item := range items {
		m, _ := item.(map[string]any)
		field, _ := m["field"].(string)
		id, _ := m["field_id"].(string)
		if hasFold(want, field) || hasFold(want, id) {
			return yes
		}
		if len(got) < cap(got) {
			got = append(got, field)
		}
	}
	return q.miss(e, ClauseChangedFields, want, got...)
}

func (q *query) bot(e *entry) verdict {
	if !e.trigger.IgnoreBots || q.ev.Actor.Type != "app" {
		return yes
	}
	q.bots++
	return q.miss(e, ClauseBots, []string{"a person"}, "an app", describeActor(q.ev.Actor))
}

func (q *query) users(e *entry) verdict {
	switch {
	case len(e.users) == 0 || q.actor.in(e.users):
		return yes
	case e.mail && q.actor[spelledMail] == "" && q.asks("user_email"):
		return ask
	case ofPages(q.ev) && q.actor[spelledName] == "" && q.asks("user_display_name"):
		return ask
	default:
		return q.miss(e, ClauseUsers, e.trigger.AllowedUsers, describeActor(q.ev.Actor))
	}
}

func (q *query) expression(e *entry) verdict {
	expr := e.trigger.Filters.Expression
	if expr == "" {
		return yes
	}
	if q.in.Expressions == nil {
		return q.miss(e, ClauseExpression, []string{expr}, "expressions cannot be evaluated here")
	}
	result := yes
	for _, name := range e.exprVars {
		if !q.ev.Has(name) && q.asks(name) {
			result = ask
		}
	}
	if result == ask {
		return ask
	}
	ok, err := q.in.Expressions.Eval(expr, q.variables())
	switch {
	case err != nil:
		return q.miss(e, ClauseExpression, []string{expr}, "error", err.Error())
	case !ok:
		return q.miss(e, ClauseExpression, []string{expr}, "false")
	default:
		return yes
	}
}

// jql asks whether Jira says that the issue meets the trigger's condition. It is
// the last of all, since each answer costs a request.
func (q *query) jql(e *entry) verdict {
	want := e.trigger.Filters.JQL
	if want == "" {
		return yes
	}
	answer, asked := q.in.JQL[want]
	switch {
	case answer == AnswerYes:
		return yes
	case answer == AnswerNo:
		return q.miss(e, ClauseJQL, []string{want}, "the issue does not match")
	case asked || q.in.Final || !obtainable(q.ev, "issue_key"):
		return q.miss(e, ClauseJQL, []string{want}, "Jira could not be asked")
	default:
		q.checks = addName(q.checks, want)
		return ask
	}
}

// listed joins a list for a message; long lists are shortened.
func listed(list []string) string {
	const most = 8
	if len(list) > most {
		return strings.Join(list[:most], ", ") + ", and " + strconv.Itoa(len(list)-most) + " more"
	}
	return strings.Join(list, ", ")
}

func orNone(s string) string {
	if s == "" {
		return "none"
	}
	return s
}

// clipText shortens a text to at most limit bytes of valid UTF-8.
func clipText(s string, limit int) string {
	if len(s) <= limit {
		return s
	}
	return strings.ToValidUTF8(s[:limit], "") + "…"
}
