package jira

import (
	"encoding/json"
	"net/http"
	"slices"
)

// available lists the transitions that start at the issue's status.
func (t *tx) available(i *issue) []*Transition {
	var out []*Transition
	for _, tr := range t.st.transitions {
		if tr.allows(i.status()) {
			out = append(out, tr)
		}
	}
	return out
}

func (t *tx) renderTransition(i *issue, tr *Transition, withFields bool) obj {
	out := obj{
		"id": tr.ID, "name": tr.Name, "to": t.st.status(tr.To).render(t.st.base), "hasScreen": len(tr.Screen) > 0,
		"isGlobal": len(tr.From) == 0, "isInitial": false, "isAvailable": true, "isConditional": false, "isLooped": false,
	}
	if t.st.dc {
		out = obj{"id": tr.ID, "name": tr.Name, "to": out["to"], "opsbarSequence": 10, "description": ""}
	}
	if withFields {
		fields := obj{}
		for _, id := range tr.Screen {
			if f := t.st.fieldByID[id]; f != nil {
				meta := t.renderMeta(f, i.project, false)
				meta["required"] = slices.Contains(tr.Required, id)
				fields[id] = meta
			}
		}
		out["fields"] = fields
	}
	return out
}

// transitionIssue carries out POST /issue/{key}/transitions.
func (t *tx) transitionIssue(i *issue, in issueInput) error {
	tr, err := t.chosen(i, in.Transition)
	if err != nil {
		return err
	}
	if err := tr.check(in); err != nil {
		return err
	}
	ed, err := t.edit(i, in, transitioning)
	if err != nil {
		return err
	}
	if err := i.properties.check(in.Properties); err != nil {
		return err
	}
	name := t.transitionEvent(i.status(), t.st.status(tr.To))
	t.move(i, ed, t.st.status(tr.To))
	t.commit(i, ed, "transition", name)
	return i.properties.setAll(in.Properties)
}

// check refuses fields that are not on the transition's screen, and asks for
// those that the screen requires. A comment can always be added.
func (tr *Transition) check(in issueInput) error {
	errs := map[string]string{}
	given := func(name string) bool {
		_, updated := in.Update[name]
		raw, set := in.Fields[name]
		return updated || set && !isNull(raw)
	}
	for _, name := range append(sorted(in.Fields), sorted(in.Update)...) {
		if name != "comment" && !slices.Contains(tr.Screen, name) {
			errs[name] = fieldUnknown(name)
		}
	}
	for _, name := range tr.Required {
		if !given(name) {
			errs[name] = "'" + name + "' is required"
		}
	}
	if len(errs) > 0 {
		return &Refusal{Status: http.StatusBadRequest, Fields: errs}
	}
	return nil
}

// chosen is the transition that a request means. Jira takes its id only, as a
// string.
func (t *tx) chosen(i *issue, in *transitionInput) (*Transition, error) {
	if in == nil {
		return nil, refuse(http.StatusBadRequest, "Missing 'transition' identifier")
	}
	var id string
	if isNull(in.ID) || json.Unmarshal(in.ID, &id) != nil {
		return nil, refuse(http.StatusBadRequest, "'transition' identifier must be a string")
	}
	for _, tr := range t.available(i) {
		if tr.ID == id {
			return tr, nil
		}
	}
	return nil, refuse(http.StatusBadRequest, "Transition id '%s' is not valid for this issue.", id)
}

// move adds the new status, and the resolution that it sets or clears, to an edit.
func (t *tx) move(i *issue, ed *edit, to *Status) {
	ed.values["status"] = to
	if to.Category != i.status().Category {
		i.statusChanged = t.now
	}
	_, given := ed.values["resolution"]
	switch {
	case to.Category == "done":
		i.resolved = t.now
		if !given && i.values["resolution"] == nil && len(t.st.resolutions) > 0 {
			ed.values["resolution"] = t.st.resolutions[0]
		}
	case !given:
		ed.values["resolution"] = nil
	}
}

// transitionEvent is the issue_event_type_name of a transition. Data Center has
// events of its own for the transitions of its default workflow.
func (t *tx) transitionEvent(from, to *Status) string {
	switch {
	case !t.st.dc:
		return "issue_generic"
	case to.Name == "Closed":
		return "issue_closed"
	case to.Category == "done":
		return "issue_resolved"
	case from.Category == "done":
		return "issue_reopened"
	case to.Category == "indeterminate" && from.Category != "indeterminate":
		return "issue_work_started"
	case from.Category == "indeterminate" && to.Category != "indeterminate":
		return "issue_work_stopped"
	}
	return "issue_generic"
}
