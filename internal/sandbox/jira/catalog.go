package jira

import (
	"slices"
	"strconv"
)

// IssueType is a kind of issue.
type IssueType struct {
	ID          string
	Name        string
	Description string
	Subtask     bool
}

// Priority is a priority; the order in a Seed is the order of importance.
type Priority struct {
	ID   string
	Name string
}

// Resolution says how an issue was resolved.
type Resolution struct {
	ID   string
	Name string
}

// Status is a status of the workflow. Category is "new", "indeterminate" or "done".
type Status struct {
	ID          string
	Name        string
	Description string
	Category    string
}

// Transition leads from one of the From statuses (any if empty) to To.
type Transition struct {
	ID   string
	Name string
	From []string
	To   string
	// Screen are the ids of the fields that may be set on the way, Required those
	// of them that must be. Without a screen no field can be set.
	Screen   []string
	Required []string
}

// LinkType is a type of link between issues.
type LinkType struct {
	ID      string
	Name    string
	Inward  string
	Outward string
}

// Component is a part of a project.
type Component struct {
	ID   string
	Name string
}

// Version is a release of a project.
type Version struct {
	ID          string
	Name        string
	Description string
	Released    bool
	Archived    bool
	// ReleaseDate is a date such as 2026-01-31, or "".
	ReleaseDate string
}

func (t *IssueType) render(base string) obj {
	return obj{
		"self": base + "/rest/api/2/issuetype/" + t.ID, "id": t.ID, "name": t.Name, "description": t.Description,
		"iconUrl": base + "/secure/viewavatar?size=medium&avatarId=10318&avatarType=issuetype",
		"subtask": t.Subtask, "avatarId": 10318, "hierarchyLevel": t.level(),
	}
}

// renderType is the type of an issue; Data Center has no levels.
func (t *tx) renderType(kind *IssueType) obj {
	out := kind.render(t.st.base)
	if t.st.dc {
		delete(out, "hierarchyLevel")
	}
	return out
}

func (t *IssueType) level() int {
	switch {
	case t.Subtask:
		return -1
	case t.Name == "Epic":
		return 1
	}
	return 0
}

func (p *Priority) render(base string) obj {
	return obj{
		"self": base + "/rest/api/2/priority/" + p.ID, "id": p.ID, "name": p.Name,
		"iconUrl": base + "/images/icons/priorities/medium.svg",
	}
}

func (r *Resolution) render(base string) obj {
	return obj{"self": base + "/rest/api/2/resolution/" + r.ID, "id": r.ID, "name": r.Name, "description": ""}
}

func (s *Status) render(base string) obj {
	return obj{
		"self": base + "/rest/api/2/status/" + s.ID, "id": s.ID, "name": s.Name, "description": s.Description,
		"iconUrl": base + "/", "statusCategory": s.category(base),
	}
}

// category is the status category; ids, keys, colours and names are Jira's.
func (s *Status) category(base string) obj {
	id, colour, name := 2, "blue-gray", "To Do"
	switch s.Category {
	case "indeterminate":
		id, colour, name = 4, "yellow", "In Progress"
	case "done":
		id, colour, name = 3, "green", "Done"
	}
	key := s.Category
	if key == "" {
		key = "new"
	}
	return obj{
		"self": base + "/rest/api/2/statuscategory/" + strconv.Itoa(id),
		"id":   id, "key": key, "colorName": colour, "name": name,
	}
}

func (l *LinkType) render(base string) obj {
	return obj{
		"id": l.ID, "name": l.Name, "inward": l.Inward, "outward": l.Outward,
		"self": base + "/rest/api/2/issueLinkType/" + l.ID,
	}
}

func (c *Component) render(base string) obj {
	return obj{"self": base + "/rest/api/2/component/" + c.ID, "id": c.ID, "name": c.Name}
}

func (v *Version) render(base string) obj {
	out := obj{
		"self": base + "/rest/api/2/version/" + v.ID, "id": v.ID, "name": v.Name, "description": v.Description,
		"archived": v.Archived, "released": v.Released,
	}
	if v.ReleaseDate != "" {
		out["releaseDate"] = v.ReleaseDate
	}
	return out
}

// allows tells whether the transition starts at the status.
func (t *Transition) allows(from *Status) bool {
	return len(t.From) == 0 || slices.Contains(t.From, from.Name)
}
