package event

import "maps"

// Metadata returns the context variables as templates see them: a copy of Vars,
// together with the short names by which AOF called some of them. A short name
// is present if and only if the variable that it stands for is, and never hides
// a variable of that name.
func (e *Event) Metadata() map[string]any {
	m := make(map[string]any, len(e.Vars)+6)
	maps.Copy(m, e.Vars)
	for _, name := range ShortNames() {
		if _, taken := m[name]; taken {
			continue
		}
		if value, ok := e.Vars[Canonical(name)]; ok {
			m[name] = value
		}
	}
	return m
}

// ShortNames are the names by which AOF calls some of the variables.
func ShortNames() []string {
	return []string{"summary", "status", "priority", "assignee", "labels", "changelog"}
}

// Canonical returns the variable that a short name of AOF's stands for, or the
// name itself if it is not one of them. AOF's assignee is the account's id.
func Canonical(name string) string {
	switch name {
	case "summary":
		return "issue_summary"
	case "status":
		return "issue_status"
	case "priority":
		return "issue_priority"
	case "assignee":
		return "issue_assignee_id"
	case "labels":
		return "issue_labels"
	case "changelog":
		return "changelog_items"
	default:
		return name
	}
}
