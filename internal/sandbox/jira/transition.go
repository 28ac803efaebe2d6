package jira

import (
	"encoding/json"
	"net/http"
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

func (t *tx) renderTransition(tr *Transition, withFields bool) obj {
	out := obj{
		"id": tr.ID, "name": tr.Name, "to": t.st.status(tr.To).render(t.st.base), "hasScreen": false,
		"isGlobal": len(tr.From) == 0, "isInitial": false, "isAvailable": true, "isConditional": false, "isLooped": false,
	}
	if withFields {
		out["fields"] = obj{"resolution": t.renderMeta(t.st.fieldByID["resolution"], nil, false)}
	}
	return out
}

// transitionIssue carries out POST /issue/{key}/transitions.
func (t *tx) transitionIssue(i *issue, in issueInput) error {
	tr, err := t.chosen(i, in.Transition)
	if err != nil {
		return err
	}
	ed, err := t.edit(i, in, transitioning)
	if err != nil {
		return err
	}
	if err := i.properties.check(in.Properties); err != nil {
		return err
	}
	t.move(i, ed, t.st.status(tr.To))
	t.commit(i, ed, "transition", "issue_generic")
	return i.properties.setAll(in.Properties)
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
