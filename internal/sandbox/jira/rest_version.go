package jira

import (
	"net/http"
	"slices"
)

func versionEndpoints() []endpoint {
	return []endpoint{
		{method: "GET", path: "/project/{project}/versions", status: 200, do: restVersions},
		{method: "GET", path: "/project/{project}/version", status: 200, do: restVersionPage},
		{method: "POST", path: "/version", status: 201, do: restCreateVersion},
		{method: "PUT", path: "/version/{id}", status: 200, do: restUpdateVersion},
		{method: "GET", path: "/version/{id}", status: 200, do: restVersion},
		{method: "DELETE", path: "/version/{id}", status: 204, only: Cloud, do: restDeleteVersion},
		{method: "POST", path: "/version/{id}/removeAndSwap", status: 204, do: restSwapVersion},
		{method: "GET", path: "/version/{id}/relatedIssueCounts", status: 200, do: restVersionCounts},
		{method: "GET", path: "/version/{id}/unresolvedIssueCount", status: 200, do: restVersionOpen},
	}
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
	p := t.st.project(itoa(in.ProjectID))
	if p == nil {
		p = t.st.project(in.Project)
	}
	if p == nil {
		return nil, refuseField("projectId", "Project must be specified to create a version.")
	}
	v, err := t.addVersion(p, in)
	if err != nil {
		return nil, err
	}
	return t.renderVersion(p, v), nil
}

// addVersion makes a version of a project.
func (t *tx) addVersion(p *project, in versionInput) (*Version, error) {
	switch {
	case in.Name == nil || *in.Name == "":
		return nil, refuseField("name", "You must specify a valid version name")
	case slices.ContainsFunc(p.versions, func(v *Version) bool { return v.Name == *in.Name }):
		return nil, refuseField("name", "A version with this name already exists in this project.")
	}
	v := &Version{ID: itoa(t.st.id("version", 10100))}
	in.apply(v)
	p.versions = append(p.versions, v)
	t.st.counts["version"]++
	t.emitVersion("jira:version_created", p, v)
	return v, nil
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
	t.changeVersion(p, v, in)
	return t.renderVersion(p, v), nil
}

// changeVersion edits, releases or takes back a version.
func (t *tx) changeVersion(p *project, v *Version, in versionInput) {
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
}

func restVersionPage(t *tx, c *call) (any, error) {
	p, err := c.project(t)
	if err != nil {
		return nil, err
	}
	return page(c, p.versions, "values", 50, func(v *Version) any { return t.renderVersion(p, v) })
}

// withVersion lists the issues of a project that have a version in a field.
func withVersion(p *project, field string, v *Version) []*issue {
	var out []*issue
	for _, i := range p.issues {
		list, _ := i.values[field].([]any)
		if slices.Contains(list, any(v)) {
			out = append(out, i)
		}
	}
	return out
}

func restVersionCounts(t *tx, c *call) (any, error) {
	p, v, err := t.version(c.path("id"))
	if err != nil {
		return nil, err
	}
	return obj{
		"self": t.st.base + "/rest/api/2/version/" + v.ID, "issuesFixedCount": len(withVersion(p, "fixVersions", v)),
		"issuesAffectedCount": len(withVersion(p, "versions", v)), "issueCountWithCustomFieldsShowingVersion": 0, "customFieldUsage": []any{},
	}, nil
}

func restVersionOpen(t *tx, c *call) (any, error) {
	p, v, err := t.version(c.path("id"))
	if err != nil {
		return nil, err
	}
	all := withVersion(p, "fixVersions", v)
	open := slices.DeleteFunc(slices.Clone(all), func(i *issue) bool { return i.values["resolution"] != nil })
	return obj{"self": t.st.base + "/rest/api/2/version/" + v.ID, "issuesCount": len(all), "issuesUnresolvedCount": len(open)}, nil
}

// restDeleteVersion moves issues to other versions if the query names some.
func restDeleteVersion(t *tx, c *call) (any, error) {
	return t.removeVersion(c.path("id"), c.query("moveFixIssuesTo"), c.query("moveAffectedIssuesTo"))
}

func restSwapVersion(t *tx, c *call) (any, error) {
	var in struct {
		MoveFixIssuesTo      int `json:"moveFixIssuesTo"`
		MoveAffectedIssuesTo int `json:"moveAffectedIssuesTo"`
	}
	if err := c.decode(&in); err != nil {
		return nil, err
	}
	return t.removeVersion(c.path("id"), optional(in.MoveFixIssuesTo), optional(in.MoveAffectedIssuesTo))
}

func optional(id int) string {
	if id == 0 {
		return ""
	}
	return itoa(id)
}

func (t *tx) removeVersion(id, fixTo, affectedTo string) (any, error) {
	p, v, err := t.version(id)
	if err != nil {
		return nil, err
	}
	for field, to := range map[string]string{"fixVersions": fixTo, "versions": affectedTo} {
		var other *Version
		if to != "" {
			if _, other, err = t.version(to); err != nil {
				return nil, refuse(http.StatusBadRequest, "The version with id '%s' does not exist", to)
			}
		}
		for _, i := range withVersion(p, field, v) {
			t.swap(i, field, v, other)
		}
	}
	p.versions = without(p.versions, v)
	t.st.counts["version_deleted"]++
	t.emitVersion("jira:version_deleted", p, v)
	return nil, nil
}

// swap puts one version in the place of another in a field; nil only removes.
func (t *tx) swap(i *issue, field string, v, other *Version) {
	if other == nil {
		t.drop(i, field, v)
		return
	}
	list, _ := i.values[field].([]any)
	left := appendOnce(removeSame(list, v), other)
	t.commit(i, &edit{t: t, values: map[string]any{field: left}}, "update", "issue_updated")
}
