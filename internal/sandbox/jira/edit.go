package jira

import (
	"encoding/json"
	"net/http"
	"sort"
)

// purpose is why fields are set; some may be set for one purpose only.
type purpose int

const (
	creating purpose = iota
	editing
	transitioning
)

// edit is a checked set of new values, not yet applied: either all of a request
// happens or nothing.
type edit struct {
	t        *tx
	values   map[string]any
	comments []commentInput
}

// edit checks the fields and update parts of a request against an issue.
func (t *tx) edit(i *issue, in issueInput, why purpose) (*edit, error) {
	ed := &edit{t: t, values: map[string]any{}}
	errs := map[string]string{}
	for _, name := range sorted(in.Fields) {
		if _, twice := in.Update[name]; twice {
			errs[name] = "Field '" + name + "' cannot appear in both 'fields' and 'update'"
			continue
		}
		if objection := ed.set(i, name, in.Fields[name], why); objection != "" {
			errs[name] = objection
		}
	}
	for _, name := range sorted(in.Update) {
		for _, op := range in.Update[name] {
			if objection := ed.operate(i, name, op); objection != "" {
				errs[name] = objection
				break
			}
		}
	}
	if why == creating {
		ed.require(i, errs)
	}
	if len(errs) > 0 {
		return nil, &Refusal{Status: http.StatusBadRequest, Fields: errs}
	}
	return ed, nil
}

func sorted[V any](m map[string]V) []string {
	names := make([]string, 0, len(m))
	for name := range m {
		names = append(names, name)
	}
	sort.Strings(names)
	return names
}

// require checks what a new issue must have.
func (ed *edit) require(i *issue, errs map[string]string) {
	t := ed.t
	if _, ok := ed.values["summary"]; !ok && errs["summary"] == "" {
		errs["summary"] = "You must specify a summary of the issue."
	}
	kind, ok := ed.values["issuetype"].(*IssueType)
	if !ok {
		if errs["issuetype"] == "" {
			errs["issuetype"] = "Specify an issue type"
		}
		return
	}
	parent, ok := ed.values["parent"].(*issue)
	if kind.Subtask && !ok && errs["parent"] == "" {
		errs["parent"] = "Issue type is a sub-task but parent issue key or id not specified."
	}
	if ok && t.parentRefused(kind) {
		errs["parent"] = fieldUnknown("parent")
	}
	if ok && kind.Subtask && parent.project != i.project {
		errs["parent"] = "Sub-tasks must be in the same project as the parent."
	}
}

// set takes one entry of fields.
func (ed *edit) set(i *issue, name string, raw json.RawMessage, why purpose) string {
	f := ed.t.st.fieldByID[name]
	if f == nil || f.readOnly() {
		return fieldUnknown(name)
	}
	if why != creating && f.Kind == kindProject {
		return fieldUnknown(name)
	}
	v, objection := ed.t.parse(f, i.project, raw)
	if objection != "" {
		return objection
	}
	if v == nil {
		if objection := clearing(f); objection != "" {
			return objection
		}
	}
	if kind, ok := i.values["issuetype"].(*IssueType); ok && f.Kind == kindParent && ed.t.parentRefused(kind) {
		return fieldUnknown(name)
	}
	if v == any(i) {
		return "An issue cannot be its own parent."
	}
	ed.values[name] = v
	return ""
}

// clearing objects to emptying a field that must have a value.
func clearing(f *Field) string {
	switch {
	case f.ID == "summary":
		return "You must specify a summary of the issue."
	case f.ID == "reporter":
		return "Reporter is required."
	case f.Kind == kindType:
		return "Specify an issue type"
	case f.Kind == kindPriority:
		return "The priority selected is invalid."
	}
	return ""
}

// operate takes one operation of update.
func (ed *edit) operate(i *issue, name string, op map[string]json.RawMessage) string {
	if len(op) != 1 {
		return "Exactly one operation must be given in each element of the array."
	}
	if name == "comment" {
		return ed.commentOp(op)
	}
	f := ed.t.st.fieldByID[name]
	if f == nil || f.readOnly() || f.Kind == kindProject {
		return fieldUnknown(name)
	}
	for verb, raw := range op {
		switch {
		case verb == "set" || verb == "edit" && f.Kind == kindTime:
			return ed.set(i, name, raw, editing)
		case verb == "add" && f.isListOp():
			return ed.change(i, f, raw, appendOnce)
		case verb == "remove" && f.isListOp():
			return ed.change(i, f, raw, removeSame)
		}
		return "The operation '" + verb + "' is not supported for field '" + name + "'."
	}
	return ""
}

func (f *Field) isListOp() bool { return f.isList() || f.Kind == MultiPick }

func (ed *edit) change(i *issue, f *Field, raw json.RawMessage, how func([]any, any) []any) string {
	v, objection := ed.t.parseOne(f, i.project, raw)
	if objection != "" {
		return objection
	}
	current, changed := ed.values[f.ID]
	if !changed {
		current = i.values[f.ID]
	}
	list, _ := current.([]any)
	ed.values[f.ID] = how(list, v)
	return ""
}

func removeSame(list []any, v any) []any {
	out := make([]any, 0, len(list))
	for _, have := range list {
		if !same(have, v) {
			out = append(out, have)
		}
	}
	return out
}

// commentOp is update.comment: adding a comment together with a change.
func (ed *edit) commentOp(op map[string]json.RawMessage) string {
	raw, ok := op["add"]
	if !ok {
		return "Only the operation 'add' is supported for comments."
	}
	var in commentInput
	if decodeStrict(raw, &in) != nil {
		return "Comment body is not valid!"
	}
	if objection := ed.t.checkComment(&in); objection != "" {
		return objection
	}
	ed.comments = append(ed.comments, in)
	return ""
}

// commit puts the values into the issue and returns what changed.
func (ed *edit) commit(i *issue) []changeItem {
	var items []changeItem
	for _, f := range ed.t.st.fields {
		next, ok := ed.values[f.ID]
		if !ok {
			continue
		}
		before := i.values[f.ID]
		if list, ok := next.([]any); ok && len(list) == 0 {
			next = nil
		}
		if same(before, next) {
			continue
		}
		ed.t.st.changed(i, f, before, next)
		if next == nil {
			delete(i.values, f.ID)
		} else {
			i.values[f.ID] = next
		}
		items = append(items, newItem(f, before, next))
	}
	return items
}
