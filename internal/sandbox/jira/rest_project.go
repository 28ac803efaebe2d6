package jira

import (
	"net/http"
	"slices"
	"strconv"
	"strings"
)

func projectEndpoints() []endpoint {
	return []endpoint{
		{method: "GET", path: "/project", status: 200, do: restProjects},
		{method: "GET", path: "/project/search", status: 200, only: Cloud, do: restProjectSearch},
		{method: "GET", path: "/project/{project}", status: 200, do: restProject},
		{method: "GET", path: "/project/{project}/statuses", status: 200, do: restProjectStatuses},
		{method: "GET", path: "/project/{project}/components", status: 200, do: restComponents},
		{method: "GET", path: "/project/{project}/versions", status: 200, do: restVersions},
		{method: "POST", path: "/version", status: 201, do: restCreateVersion},
		{method: "PUT", path: "/version/{id}", status: 200, do: restUpdateVersion},
		{method: "GET", path: "/version/{id}", status: 200, do: restVersion},
	}
}

// visible are the projects that the user may see; anonymous users see none.
func (t *tx) visible() []*project {
	if t.by == nil {
		return nil
	}
	return t.st.projects
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
	if p == nil || t.by == nil {
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
		out := t.renderType(i)
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

func restVersions(t *tx, c *call) (any, error) {
	p, err := c.project(t)
	if err != nil {
		return nil, err
	}
	return renderEach(p.versions, func(v *Version) any { return t.renderVersion(p, v) }), nil
}

func (t *tx) renderVersion(p *project, v *Version) obj {
	out := v.render(t.st.base)
	out["projectId"] = atoi(p.ID)
	return out
}

// versionInput is what may be set of a version; nil leaves it as it is.
type versionInput struct {
	Name        *string `json:"name"`
	Description *string `json:"description"`
	Released    *bool   `json:"released"`
	Archived    *bool   `json:"archived"`
	ReleaseDate *string `json:"releaseDate"`
	ProjectID   int     `json:"projectId"`
	Project     string  `json:"project"`
}

func (in versionInput) apply(v *Version) {
	set(&v.Name, in.Name)
	set(&v.Description, in.Description)
	set(&v.Released, in.Released)
	set(&v.Archived, in.Archived)
	set(&v.ReleaseDate, in.ReleaseDate)
}

func restCreateVersion(t *tx, c *call) (any, error) {
	var in versionInput
	if err := c.decode(&in); err != nil {
		return nil, err
	}
	p := t.st.project(strconv.Itoa(in.ProjectID))
	if p == nil {
		p = t.st.project(in.Project)
	}
	switch {
	case p == nil:
		return nil, refuseField("projectId", "Project must be specified to create a version.")
	case in.Name == nil || *in.Name == "":
		return nil, refuseField("name", "You must specify a valid version name")
	case slices.ContainsFunc(p.versions, func(v *Version) bool { return v.Name == *in.Name }):
		return nil, refuseField("name", "A version with this name already exists in this project.")
	}
	v := &Version{ID: strconv.Itoa(t.st.id("version", 10100))}
	in.apply(v)
	p.versions = append(p.versions, v)
	t.st.counts["version"]++
	t.emitVersion("jira:version_created", p, v)
	return t.renderVersion(p, v), nil
}

func (t *tx) version(id string) (*project, *Version, error) {
	for _, p := range t.visible() {
		for _, v := range p.versions {
			if v.ID == id {
				return p, v, nil
			}
		}
	}
	return nil, nil, refuse(http.StatusNotFound, "Could not find version for id '%s'", id)
}

func restVersion(t *tx, c *call) (any, error) {
	p, v, err := t.version(c.path("id"))
	if err != nil {
		return nil, err
	}
	return t.renderVersion(p, v), nil
}

func restUpdateVersion(t *tx, c *call) (any, error) {
	p, v, err := t.version(c.path("id"))
	if err != nil {
		return nil, err
	}
	var in versionInput
	if err := c.decode(&in); err != nil {
		return nil, err
	}
	was := v.Released
	in.apply(v)
	t.st.counts["version_updated"]++
	switch {
	case v.Released && !was:
		t.emitVersion("jira:version_released", p, v)
	case was && !v.Released:
		t.emitVersion("jira:version_unreleased", p, v)
	default:
		t.emitVersion("jira:version_updated", p, v)
	}
	return t.renderVersion(p, v), nil
}
