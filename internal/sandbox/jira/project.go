package jira

// Project is a project of the site.
type Project struct {
	ID   string
	Key  string
	Name string
	// TypeKey is "software", "business" or "service_desk".
	TypeKey string
	// Lead is the handle of a user; the first user if empty.
	Lead       string
	Components []Component
	Versions   []Version
}

// project is a Project at work.
type project struct {
	Project
	last       int
	lead       *User
	components []*Component
	versions   []*Version
	dc         bool
	// issues are those of the project, in the order of creation.
	issues []*issue
}

func newProject(p Project, lead *User, dc bool) *project {
	out := &project{Project: p, lead: lead, dc: dc}
	if out.TypeKey == "" {
		out.TypeKey = "software"
	}
	for _, c := range p.Components {
		out.components = append(out.components, &c)
	}
	for _, v := range p.Versions {
		out.versions = append(out.versions, &v)
	}
	return out
}

// render is the project as issues contain it.
func (p *project) render(base string) obj {
	out := obj{
		"self": base + "/rest/api/2/project/" + p.ID, "id": p.ID, "key": p.Key, "name": p.Name,
		"projectTypeKey": p.TypeKey, "avatarUrls": avatars(base + "/secure/projectavatar?pid=" + p.ID + "&size="),
	}
	if !p.dc {
		out["simplified"] = false
	}
	return out
}

// renderFull is the project as /project/{key} answers.
func (t *tx) renderProject(p *project) obj {
	base := t.st.base
	out := p.render(base)
	out["expand"] = "description,lead,issueTypes,url,projectKeys,permissions,insight"
	out["description"] = ""
	out["lead"] = p.lead.render(base, false)
	out["assigneeType"], out["roles"] = "UNASSIGNED", obj{}
	if !p.dc {
		out["style"], out["isPrivate"], out["properties"] = "classic", false, obj{}
	}
	out["components"] = renderEach(p.components, func(c *Component) any { return c.render(base) })
	out["versions"] = renderEach(p.versions, func(v *Version) any { return v.render(base) })
	out["issueTypes"] = renderEach(t.st.types, func(i *IssueType) any { return t.renderType(i) })
	return out
}

// renderEach renders a list; an empty one is [], never null.
func renderEach[T any](items []T, render func(T) any) []any {
	out := make([]any, 0, len(items))
	for _, item := range items {
		out = append(out, render(item))
	}
	return out
}
