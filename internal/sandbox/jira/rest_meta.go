package jira

import (
	"net/http"
	"strconv"
)

func metaEndpoints() []endpoint {
	return []endpoint{
		{method: "GET", path: "/serverInfo", status: 200, open: true, do: restServerInfo},
		{method: "GET", path: "/field", status: 200, do: restFields},
		{method: "GET", path: "/priority", status: 200, do: restPriorities},
		{method: "GET", path: "/status", status: 200, do: restStatuses},
		{method: "GET", path: "/resolution", status: 200, do: restResolutions},
		{method: "GET", path: "/issuetype", status: 200, do: restTypes},
		{method: "GET", path: "/label", status: 200, do: restLabels},
		{method: "GET", path: "/mypermissions", status: 200, do: restPermissions},
		{method: "GET", path: "/issue/createmeta/{project}/issuetypes", status: 200, do: restCreateTypes},
		{method: "GET", path: "/issue/createmeta/{project}/issuetypes/{type}", status: 200, do: restCreateFields},
	}
}

func restServerInfo(t *tx, _ *call) (any, error) {
	return obj{
		"baseUrl": t.st.base, "version": "1001.0.0-SNAPSHOT", "versionNumbers": []int{1001, 0, 0},
		"deploymentType": "Cloud", "buildNumber": 100290, "buildDate": "2026-09-01T00:00:00.000+0000",
		"serverTime": jiraTime(t.now), "scmInfo": "5a9d0b0c7e574a0f8000", "serverTitle": "Jira",
	}, nil
}

func restFields(t *tx, _ *call) (any, error) {
	return renderEach(t.st.fields, func(f *Field) any { return f.render() }), nil
}

func restPriorities(t *tx, _ *call) (any, error) {
	return renderEach(t.st.priorities, func(p *Priority) any { return p.render(t.st.base) }), nil
}

func restStatuses(t *tx, _ *call) (any, error) {
	return renderEach(t.st.statuses, func(s *Status) any { return s.render(t.st.base) }), nil
}

func restResolutions(t *tx, _ *call) (any, error) {
	return renderEach(t.st.resolutions, func(r *Resolution) any { return r.render(t.st.base) }), nil
}

func restTypes(t *tx, _ *call) (any, error) {
	return renderEach(t.st.types, func(i *IssueType) any { return i.render(t.st.base) }), nil
}

func restLabels(t *tx, c *call) (any, error) {
	seen := map[string]bool{}
	for _, i := range t.st.issues {
		list, _ := i.values["labels"].([]any)
		for _, v := range list {
			if s, ok := v.(string); ok {
				seen[s] = true
			}
		}
	}
	return page(c, sorted(seen), "values", 1000, func(s string) any { return s })
}

// restPermissions grants what is asked for to everybody but anonymous users.
func restPermissions(t *tx, c *call) (any, error) {
	names := splitList(c.list("permissions"))
	if len(names) == 0 {
		return nil, refuse(http.StatusBadRequest, "The 'permissions' query parameter is required.")
	}
	if key := c.query("projectKey"); key != "" && t.st.project(key) == nil {
		return nil, refuse(http.StatusNotFound, "No project could be found with key '%s'.", key)
	}
	if key := c.query("issueKey"); key != "" && t.st.issue(key) == nil {
		return nil, noIssue()
	}
	known := map[string]string{
		"BROWSE_PROJECTS": "10", "CREATE_ISSUES": "11", "EDIT_ISSUES": "12", "ASSIGN_ISSUES": "13", "RESOLVE_ISSUES": "14",
		"ADD_COMMENTS": "15", "CREATE_ATTACHMENTS": "19", "WORK_ON_ISSUES": "20", "LINK_ISSUES": "21",
		"TRANSITION_ISSUES": "46", "ADMINISTER": "0", "ADMINISTER_PROJECTS": "23", "DELETE_ISSUES": "16",
		"EDIT_OWN_COMMENTS": "37", "EDIT_ALL_COMMENTS": "34", "SCHEDULE_ISSUES": "28", "MANAGE_WATCHERS": "32",
	}
	out := obj{}
	for _, name := range names {
		id, ok := known[name]
		if !ok {
			return nil, refuse(http.StatusBadRequest, "Unrecognized permission: %s", name)
		}
		out[name] = obj{"id": id, "key": name, "name": name, "type": "PROJECT", "description": "", "havePermission": t.by != nil}
	}
	return obj{"permissions": out}, nil
}

func restCreateTypes(t *tx, c *call) (any, error) {
	if t.st.project(c.path("project")) == nil {
		return nil, noProject(c.path("project"))
	}
	return page(c, t.st.types, "issueTypes", 50, func(i *IssueType) any { return i.render(t.st.base) })
}

func restCreateFields(t *tx, c *call) (any, error) {
	p := t.st.project(c.path("project"))
	if p == nil {
		return nil, noProject(c.path("project"))
	}
	if _, objection := t.resolve(&Field{Kind: kindType}, p, ref{id: c.path("type")}); objection != "" {
		return nil, refuse(http.StatusBadRequest, "%s", objection)
	}
	var fields []*Field
	for _, f := range t.st.fields {
		if !f.readOnly() && f.Kind != kindResolution {
			fields = append(fields, f)
		}
	}
	return page(c, fields, "fields", 50, func(f *Field) any {
		out := t.renderMeta(f, p, true)
		out["fieldId"] = f.ID
		return out
	})
}

// renderMeta tells how a field may be set and, for closed lists, to what.
func (t *tx) renderMeta(f *Field, p *project, create bool) obj {
	operations := []string{"set"}
	if f.isListOp() {
		operations = []string{"add", "set", "remove"}
	}
	required := f.ID == "summary" || f.Kind == kindType || f.Kind == kindProject && create
	out := obj{
		"required": required, "schema": f.schema(), "name": f.Name, "key": f.ID, "operations": operations, "hasDefaultValue": false,
	}
	if allowed := t.allowed(f, p); allowed != nil {
		out["allowedValues"] = allowed
	}
	return out
}

func (t *tx) allowed(f *Field, p *project) []any {
	base := t.st.base
	switch f.Kind {
	case kindType:
		return renderEach(t.st.types, func(i *IssueType) any { return i.render(base) })
	case kindPriority:
		return renderEach(t.st.priorities, func(x *Priority) any { return x.render(base) })
	case kindResolution:
		return renderEach(t.st.resolutions, func(r *Resolution) any { return r.render(base) })
	case Select, MultiPick:
		return renderEach(f.Options, func(o Option) any { return t.render(f, &o, false) })
	}
	if p == nil {
		return nil
	}
	switch f.Kind {
	case Components:
		return renderEach(p.components, func(c *Component) any { return c.render(base) })
	case Versions:
		return renderEach(p.versions, func(v *Version) any { return v.render(base) })
	}
	return nil
}

func noProject(key string) *Refusal {
	return refuse(http.StatusNotFound, "No project could be found with key '%s'.", key)
}

// atoi is the number in a path, or -1.
func atoi(text string) int {
	n, err := strconv.Atoi(text)
	if err != nil {
		return -1
	}
	return n
}
