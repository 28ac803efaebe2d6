package jira

import (
	"slices"
	"strings"
)

func projectEndpoints() []endpoint {
	return []endpoint{
		{method: "GET", path: "/project", status: 200, do: restProjects},
		{method: "GET", path: "/project/search", status: 200, only: Cloud, do: restProjectSearch},
		{method: "GET", path: "/project/{project}", status: 200, do: restProject},
		{method: "GET", path: "/project/{project}/statuses", status: 200, do: restProjectStatuses},
		{method: "GET", path: "/project/{project}/components", status: 200, do: restComponents},
	}
}

// visible are the projects that the user may see; anonymous users see none.
func (t *tx) visible() []*project {
	return slices.DeleteFunc(slices.Clone(t.st.projects), func(p *project) bool { return !t.seesProject(p) })
}

func restProjects(t *tx, _ *call) (any, error) {
	return renderEach(t.visible(), func(p *project) any { return p.render(t.st.base) }), nil
}

func restProjectSearch(t *tx, c *call) (any, error) {
	var found []*project
	keys, query := c.list("keys"), strings.ToLower(c.query("query"))
	for _, p := range t.visible() {
		byKey := len(keys) == 0 || slices.ContainsFunc(keys, func(k string) bool { return strings.EqualFold(k, p.Key) })
		if byKey && (strings.Contains(strings.ToLower(p.Name), query) || strings.Contains(strings.ToLower(p.Key), query)) {
			found = append(found, p)
		}
	}
	return page(c, found, "values", 50, func(p *project) any { return p.render(t.st.base) })
}

func (c *call) project(t *tx) (*project, error) {
	p := t.st.project(c.path("project"))
	if p == nil || !t.seesProject(p) {
		return nil, noProject(c.path("project"))
	}
	return p, nil
}

func restProject(t *tx, c *call) (any, error) {
	p, err := c.project(t)
	if err != nil {
		return nil, err
	}
	return t.renderProject(p), nil
}

func restProjectStatuses(t *tx, c *call) (any, error) {
	if _, err := c.project(t); err != nil {
		return nil, err
	}
	return renderEach(t.st.types, func(i *IssueType) any {
		full := t.renderType(i)
		out := obj{"self": full["self"], "id": i.ID, "name": i.Name, "subtask": i.Subtask}
		out["statuses"] = renderEach(t.st.statuses, func(s *Status) any { return s.render(t.st.base) })
		return out
	}), nil
}

func restComponents(t *tx, c *call) (any, error) {
	p, err := c.project(t)
	if err != nil {
		return nil, err
	}
	return renderEach(p.components, func(x *Component) any { return x.render(t.st.base) }), nil
}
