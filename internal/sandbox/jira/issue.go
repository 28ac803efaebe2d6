package jira

import (
	"container/list"
	"encoding/json"
	"strconv"
	"time"
)

// issue is an issue at work.
type issue struct {
	id      int
	key     string
	project *project
	creator *User
	// values holds the fields that are not empty, by field id.
	values map[string]any

	created       time.Time
	updated       time.Time
	statusChanged time.Time
	resolved      time.Time
	spent         int

	comments   []*comment
	worklogs   []*worklog
	links      []*link
	remotes    []*remoteLink
	files      []*attachment
	children   []*issue
	place      *list.Element
	watchers   []*User
	properties properties
	history    []*change
	writes     []Write
}

// status is the issue's status; it always has one.
func (i *issue) status() *Status {
	s, _ := i.values["status"].(*Status)
	return s
}

// subtasks are the children that are sub-tasks; an epic's children are not.
func (i *issue) subtasks() []*issue {
	var out []*issue
	for _, child := range i.children {
		if kind, ok := child.values["issuetype"].(*IssueType); ok && kind.Subtask {
			out = append(out, child)
		}
	}
	return out
}

func (i *issue) ref() string { return strconv.Itoa(i.id) }

// issueInput is the body of create, edit and transition.
type issueInput struct {
	Fields          map[string]json.RawMessage              `json:"fields"`
	Update          map[string][]map[string]json.RawMessage `json:"update"`
	Properties      []property                              `json:"properties"`
	Transition      *transitionInput                        `json:"transition"`
	HistoryMetadata json.RawMessage                         `json:"historyMetadata"`
}

type transitionInput struct {
	ID   json.RawMessage `json:"id"`
	Name string          `json:"name"`
}

// createIssue carries out POST /issue.
func (t *tx) createIssue(in issueInput) (*issue, error) {
	p, err := t.projectOf(in)
	if err != nil {
		return nil, err
	}
	draft := &issue{project: p, values: map[string]any{}, properties: properties{}}
	draft.values["reporter"] = t.by
	draft.values["status"] = t.st.statuses[0]
	if len(t.st.priorities) > 0 {
		draft.values["priority"] = t.st.priorities[len(t.st.priorities)/2]
	}
	ed, err := t.edit(draft, in, creating)
	if err != nil {
		return nil, err
	}
	if err := draft.properties.setAll(in.Properties); err != nil {
		return nil, err
	}
	return t.insert(draft, ed), nil
}

// insert gives the checked draft its key and makes it visible.
func (t *tx) insert(i *issue, ed *edit) *issue {
	ed.commit(i)
	i.id = t.st.id("issue", 10001)
	i.project.last++
	i.key = i.project.Key + "-" + strconv.Itoa(i.project.last)
	i.creator = t.by
	t.touch(i)
	i.created, i.statusChanged = t.now, t.now
	t.st.add(i)
	items := creationItems(i)
	c := &change{id: t.st.id("change", 10001), by: t.by, at: t.now, items: items}
	t.wrote(i, "issue", i.ref())
	t.emitIssue("jira:issue_created", "issue_created", i, c)
	for _, text := range ed.comments {
		t.addComment(i, text)
	}
	return i
}

func (t *tx) projectOf(in issueInput) (*project, error) {
	raw, ok := in.Fields["project"]
	if !ok || isNull(raw) {
		return nil, refuseField("project", "Specify a valid project ID or key")
	}
	r, objection := parseRef(raw)
	if objection != "" {
		return nil, refuseField("project", "%s", objection)
	}
	p, objection := t.resolveProject(r)
	if objection != "" {
		return nil, refuseField("project", "%s", objection)
	}
	found, _ := p.(*project)
	return found, nil
}

// editIssue carries out PUT /issue/{key}.
func (t *tx) editIssue(i *issue, in issueInput) error {
	if in.Transition != nil {
		return refuse(400, "Transition cannot be specified in the request body. Use the transitions resource.")
	}
	ed, err := t.edit(i, in, editing)
	if err != nil {
		return err
	}
	if err := i.properties.check(in.Properties); err != nil {
		return err
	}
	t.commit(i, ed, "update", "issue_updated")
	return i.properties.setAll(in.Properties)
}

// commit applies a checked edit to a visible issue, records it and tells it.
func (t *tx) commit(i *issue, ed *edit, kind, name string) {
	items := ed.commit(i)
	if len(items) == 0 {
		t.addTexts(i, ed.comments)
		return
	}
	t.touch(i)
	if len(items) == 1 && items[0].fieldID == "assignee" && name == "issue_updated" {
		name = "issue_assigned"
	}
	c := &change{id: t.st.id("change", 10001), by: t.by, at: t.now, items: items}
	i.history = append(i.history, c)
	t.wrote(i, kind, strconv.Itoa(c.id))
	t.emitIssue("jira:issue_updated", name, i, c)
	t.addTexts(i, ed.comments)
}

func (t *tx) addTexts(i *issue, comments []commentInput) {
	for _, c := range comments {
		t.addComment(i, c)
	}
}

// deleteIssue carries out DELETE /issue/{key}.
func (t *tx) deleteIssue(i *issue, withSubtasks bool) error {
	subtasks := i.subtasks()
	if len(subtasks) > 0 && !withSubtasks {
		return refuse(400, "The issue '%s' has subtasks. You must specify the 'deleteSubtasks' parameter to delete this issue and all its subtasks.", i.key)
	}
	for _, child := range subtasks {
		if err := t.deleteIssue(child, true); err != nil {
			return err
		}
	}
	t.wrote(i, "issue_deleted", i.ref())
	t.emitDeleted(i)
	fallout := len(t.events)
	t.unlink(i)
	for at := fallout; at < len(t.events); at++ {
		t.events[at].secondary = true
	}
	t.st.remove(i)
	return nil
}

// unlink removes what points at an issue that goes away.
func (t *tx) unlink(i *issue) {
	for _, child := range i.children {
		delete(child.values, "parent")
		delete(child.values, t.st.epicField())
	}
	for _, l := range append([]*link(nil), i.links...) {
		t.removeLink(l)
	}
	for _, c := range i.comments {
		delete(t.st.comments, c.id)
	}
	for _, f := range i.files {
		delete(t.st.files, f.id)
	}
	for _, w := range i.worklogs {
		delete(t.st.worklogs, w.id)
	}
}

// without returns the list less one item, leaving the list itself as it was.
func without[T comparable](list []T, item T) []T {
	out := make([]T, 0, len(list))
	for _, have := range list {
		if have != item {
			out = append(out, have)
		}
	}
	return out
}
