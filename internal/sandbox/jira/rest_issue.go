package jira

import (
	"encoding/json"
	"net/http"
	"slices"
)

func issueEndpoints() []endpoint {
	return []endpoint{
		{method: "POST", path: "/issue", status: 201, do: restCreate},
		{method: "GET", path: "/issue/{issue}", status: 200, do: restIssue},
		{method: "PUT", path: "/issue/{issue}", status: 204, do: restEdit},
		{method: "DELETE", path: "/issue/{issue}", status: 204, do: restDelete},
		{method: "PUT", path: "/issue/{issue}/assignee", status: 204, do: restAssign},
		{method: "GET", path: "/issue/{issue}/transitions", status: 200, do: restTransitions},
		{method: "POST", path: "/issue/{issue}/transitions", status: 204, do: restTransition},
		{method: "GET", path: "/issue/{issue}/changelog", status: 200, only: Cloud, do: restChangelog},
		{method: "GET", path: "/issue/{issue}/editmeta", status: 200, do: restEditMeta},
		{method: "GET", path: "/issue/{issue}/properties", status: 200, do: restIssueProperties},
		{method: "GET", path: "/issue/{issue}/properties/{key}", status: 200, do: restIssueProperty},
		{method: "PUT", path: "/issue/{issue}/properties/{key}", status: 200, do: restPutIssueProperty},
		{method: "DELETE", path: "/issue/{issue}/properties/{key}", status: 204, do: restDeleteIssueProperty},
		{method: "GET", path: "/issue/{issue}/watchers", status: 200, do: restWatchers},
		{method: "POST", path: "/issue/{issue}/watchers", status: 204, do: restWatch},
		{method: "DELETE", path: "/issue/{issue}/watchers", status: 204, do: restUnwatch},
	}
}

func restCreate(t *tx, c *call) (any, error) {
	var in issueInput
	if err := c.decode(&in); err != nil {
		return nil, err
	}
	i, err := t.createIssue(in)
	if err != nil {
		return nil, err
	}
	return obj{"id": i.ref(), "key": i.key, "self": t.st.base + "/rest/api/2/issue/" + i.ref()}, nil
}

func restIssue(t *tx, c *call) (any, error) {
	i, err := t.issue(c.path("issue"))
	if err != nil {
		return nil, err
	}
	out := t.renderIssue(i, wantedFields(c.list("fields"), "*all"))
	if c.expands("changelog") {
		out["changelog"] = t.renderHistory(i)
	}
	if c.expands("transitions") {
		out["transitions"] = renderEach(t.available(i), func(tr *Transition) any { return t.renderTransition(i, tr, false) })
	}
	if c.expands("names") {
		out["names"] = t.names()
	}
	if c.expands("schema") {
		out["schema"] = t.schemas()
	}
	if keys := splitList(c.list("properties")); len(keys) > 0 {
		out["properties"] = i.properties.chosen(keys)
	}
	return out, nil
}

// renderIssue is the issue as REST has it.
func (t *tx) renderIssue(i *issue, w wanted) obj {
	return obj{
		"expand": "renderedFields,names,schema,operations,editmeta,changelog,versionedRepresentations",
		"id":     i.ref(), "self": t.st.base + "/rest/api/2/issue/" + i.ref(), "key": i.key,
		"fields": t.renderFields(i, w, true),
	}
}

// renderHistory is the history as expand=changelog adds it: Cloud begins with the
// newest change, Data Center with the oldest.
func (t *tx) renderHistory(i *issue) obj {
	list := i.history
	if !t.st.dc {
		list = newestFirst(list)
	}
	return obj{
		"startAt": 0, "maxResults": len(list), "total": len(list),
		"histories": renderEach(list, func(h *change) any { return h.render(t.st.base) }),
	}
}

func newestFirst[T any](list []T) []T {
	out := slices.Clone(list)
	slices.Reverse(out)
	return out
}

func (t *tx) names() obj {
	out := obj{}
	for _, f := range t.st.fields {
		out[f.ID] = f.Name
	}
	return out
}

func (t *tx) schemas() obj {
	out := obj{}
	for _, f := range t.st.fields {
		out[f.ID] = f.schema()
	}
	return out
}

// chosen are some properties by key, as issues and searches show them.
func (p properties) chosen(keys []string) obj {
	out := obj{}
	for key, value := range p {
		for _, want := range keys {
			if want == key || want == "*all" {
				out[key] = value
			}
		}
	}
	return out
}

func restEdit(t *tx, c *call) (any, error) {
	i, err := t.issue(c.path("issue"))
	if err != nil {
		return nil, err
	}
	var in issueInput
	if err := c.decode(&in); err != nil {
		return nil, err
	}
	if len(in.Fields)+len(in.Update)+len(in.Properties) == 0 {
		return nil, refuse(http.StatusBadRequest, "one of 'fields' or 'update' required")
	}
	if err := t.editIssue(i, in); err != nil {
		return nil, err
	}
	if c.query("returnIssue") == "true" {
		c.status = http.StatusOK
		return t.renderIssue(i, wantedFields(nil, "*all")), nil
	}
	return nil, nil
}

func restDelete(t *tx, c *call) (any, error) {
	i, err := t.issue(c.path("issue"))
	if err != nil {
		return nil, err
	}
	return nil, t.deleteIssue(i, c.query("deleteSubtasks") == "true")
}

// assignInput is the writable part of the User schema, which allows nothing else.
type assignInput struct {
	AccountID   *string `json:"accountId"`
	AccountType string  `json:"accountType"`
	Key         *string `json:"key"`
	Name        *string `json:"name"`
}

func restAssign(t *tx, c *call) (any, error) {
	i, err := t.issue(c.path("issue"))
	if err != nil {
		return nil, err
	}
	var in assignInput
	if err := c.strict(&in); err != nil {
		return nil, err
	}
	var present map[string]json.RawMessage
	if err := c.decode(&present); err != nil {
		return nil, err
	}
	_, byID := present["accountId"]
	if t.st.dc && byID {
		return nil, refuse(http.StatusBadRequest, "Unrecognized field \"accountId\" (Class com.atlassian.jira.rest.v2.issue.UserBean), not marked as ignorable")
	}
	if t.st.dc {
		return nil, t.assignNamed(i, in)
	}
	if in.Name != nil || in.Key != nil {
		return nil, refuse(http.StatusBadRequest, "'accountId' must be the only user identifying query parameter in GDPR strict mode.")
	}
	if !byID {
		return nil, refuse(http.StatusBadRequest, "'accountId' is required.")
	}
	return nil, t.assign(i, in.AccountID)
}

// assign sets the assignee; nil clears, "-1" means the project's lead.
func (t *tx) assign(i *issue, account *string) error {
	var who any
	switch {
	case account == nil:
	case *account == "-1":
		who = i.project.lead
	default:
		v, objection := t.resolveAccount(*account)
		if objection != "" {
			return refuseField("assignee", "%s", objection)
		}
		if v == nil {
			return refuseField("assignee", "User '' does not exist.")
		}
		who = v
	}
	t.setAssignee(i, who)
	return nil
}

func (t *tx) setAssignee(i *issue, who any) {
	t.commit(i, &edit{t: t, values: map[string]any{"assignee": who}}, "assign", "issue_updated")
}

// assignNamed carries out PUT assignee on Data Center: a null name or an empty
// one unassigns, "-1" means the project's lead.
func (t *tx) assignNamed(i *issue, in assignInput) error {
	name, key := "", ""
	set(&name, in.Name)
	set(&key, in.Key)
	if name == "-1" {
		t.setAssignee(i, i.project.lead)
		return nil
	}
	who, objection := t.resolveNamedUser(ref{name: name, key: key})
	if objection != "" {
		return refuseField("assignee", "%s", objection)
	}
	t.setAssignee(i, who)
	return nil
}

func restTransitions(t *tx, c *call) (any, error) {
	i, err := t.issue(c.path("issue"))
	if err != nil {
		return nil, err
	}
	withFields := c.expands("transitions.fields")
	list := []any{}
	for _, tr := range t.available(i) {
		if want := c.query("transitionId"); want == "" || want == tr.ID {
			list = append(list, t.renderTransition(i, tr, withFields))
		}
	}
	return obj{"expand": "transitions", "transitions": list}, nil
}

func restTransition(t *tx, c *call) (any, error) {
	i, err := t.issue(c.path("issue"))
	if err != nil {
		return nil, err
	}
	var in issueInput
	if err := c.decode(&in); err != nil {
		return nil, err
	}
	return nil, t.transitionIssue(i, in)
}

func restChangelog(t *tx, c *call) (any, error) {
	i, err := t.issue(c.path("issue"))
	if err != nil {
		return nil, err
	}
	return page(c, i.history, "values", 100, func(h *change) any { return h.render(t.st.base) })
}

func restEditMeta(t *tx, c *call) (any, error) {
	i, err := t.issue(c.path("issue"))
	if err != nil {
		return nil, err
	}
	fields := obj{}
	for _, f := range t.st.fields {
		if !f.readOnly() && f.Kind != kindProject {
			fields[f.ID] = t.renderMeta(f, i.project, false)
		}
	}
	return obj{"fields": fields}, nil
}

func restIssueProperties(t *tx, c *call) (any, error) {
	i, err := t.issue(c.path("issue"))
	if err != nil {
		return nil, err
	}
	return i.properties.keys(t.st.base + "/rest/api/2/issue/" + i.key + "/properties"), nil
}

func restIssueProperty(t *tx, c *call) (any, error) {
	i, err := t.issue(c.path("issue"))
	if err != nil {
		return nil, err
	}
	return i.properties.get(c.path("key"))
}

func restPutIssueProperty(t *tx, c *call) (any, error) {
	i, err := t.issue(c.path("issue"))
	if err != nil {
		return nil, err
	}
	return c.putProperty(i.properties, func() {
		t.wrote(i, "property", c.path("key"))
		t.emitProperty("issue_property_set", i, c.path("key"), i.properties[c.path("key")])
	})
}

// putProperty answers 201 for a new property and 200 for a known one.
func (c *call) putProperty(p properties, wrote func()) (any, error) {
	fresh, err := p.put(c.path("key"), c.raw)
	if err != nil {
		return nil, err
	}
	if fresh {
		c.status = http.StatusCreated
	}
	wrote()
	return nil, nil
}

func restDeleteIssueProperty(t *tx, c *call) (any, error) {
	i, err := t.issue(c.path("issue"))
	if err != nil {
		return nil, err
	}
	if err := i.properties.remove(c.path("key")); err != nil {
		return nil, err
	}
	t.emitProperty("issue_property_deleted", i, c.path("key"), nil)
	return nil, nil
}
