package jira

import (
	"net/http"
	"strconv"
)

func metaEndpoints() []endpoint {
	return []endpoint{
		{method: "GET", path: "/serverInfo", status: 200, open: true, do: restServerInfo},
		{method: "GET", path: "/priority", status: 200, do: restPriorities},
		{method: "GET", path: "/status", status: 200, do: restStatuses},
		{method: "GET", path: "/resolution", status: 200, do: restResolutions},
		{method: "GET", path: "/issuetype", status: 200, do: restTypes},
		{method: "GET", path: "/label", status: 200, only: Cloud, do: restLabels},
		{method: "GET", path: "/mypermissions", status: 200, do: restPermissions},
		{method: "GET", path: "/issue/createmeta/{project}/issuetypes", status: 200, do: restCreateTypes},
		{method: "GET", path: "/issue/createmeta/{project}/issuetypes/{type}", status: 200, do: restCreateFields},
	}
}

func restServerInfo(t *tx, _ *call) (any, error) {
	return t.serverInfo(), nil
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
	return renderEach(t.st.types, func(i *IssueType) any { return t.renderType(i) }), nil
}

func restLabels(t *tx, c *call) (any, error) {
	return page(c, sorted(t.st.index.labels), "values", 1000, func(s string) any { return s })
}

// restPermissions grants what is asked for to everybody but anonymous users.
func restPermissions(t *tx, c *call) (any, error) {
	names := splitList(c.list("permissions"))
	if len(names) == 0 && t.st.dc {
		names = sorted(permissionIDs())
	}
	if len(names) == 0 {
		return nil, refuse(http.StatusBadRequest, "The 'permissions' query parameter is required.")
	}
	if key := c.query("projectKey"); key != "" && t.st.project(key) == nil {
		return nil, refuse(http.StatusNotFound, "No project could be found with key '%s'.", key)
	}
	if key := c.query("issueKey"); key != "" && t.st.issue(key) == nil {
		return nil, noIssue()
	}
	known := permissionIDs()
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

// permissionIDs are the permissions that can be asked for, by key.
func permissionIDs() map[string]string {
	return map[string]string{
		"BROWSE_PROJECTS": "10", "CREATE_ISSUES": "11", "EDIT_ISSUES": "12", "ASSIGN_ISSUES": "13", "RESOLVE_ISSUES": "14",
		"ADD_COMMENTS": "15", "CREATE_ATTACHMENTS": "19", "WORK_ON_ISSUES": "20", "LINK_ISSUES": "21",
		"TRANSITION_ISSUES": "46", "ADMINISTER": "0", "ADMINISTER_PROJECTS": "23", "DELETE_ISSUES": "16",
		"EDIT_OWN_COMMENTS": "37", "EDIT_ALL_COMMENTS": "34", "SCHEDULE_ISSUES": "28", "MANAGE_WATCHERS": "32",
	}
}

func restCreateTypes(t *tx, c *call) (any, error) {
	if t.st.project(c.path("project")) == nil {
		return nil, t.noCreateMeta(c)
	}
	return page(c, t.st.types, t.metaName("issueTypes"), 50, func(i *IssueType) any { return t.renderType(i) })
}

func restCreateFields(t *tx, c *call) (any, error) {
	p := t.st.project(c.path("project"))
	if p == nil {
		return nil, t.noCreateMeta(c)
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
	return page(c, fields, t.metaName("fields"), 50, func(f *Field) any {
		out := t.renderMeta(f, p, true)
		out["fieldId"] = f.ID
		return out
	})
}

// metaName is the name of the list in an answer of createmeta; Data Center
// calls it values.
func (t *tx) metaName(cloud string) string {
	if t.st.dc {
		return "values"
	}
	return cloud
}

// noCreateMeta says that there is no such project; Data Center does so with 400.
func (t *tx) noCreateMeta(c *call) *Refusal {
	out := noProject(c.path("project"))
	if t.st.dc {
		out.Status = http.StatusBadRequest
	}
	return out
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
		return renderEach(t.st.types, func(i *IssueType) any { return t.renderType(i) })
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
