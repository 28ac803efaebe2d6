package jira

import (
	"net/http"
	"slices"
	"strings"
)

// bulkEndpoints answer for many things at once.
func bulkEndpoints() []endpoint {
	return []endpoint{
		{method: "POST", path: "/issue/bulkfetch", status: 200, only: Cloud, reads: true, do: restBulkFetch},
		{method: "POST", path: "/worklog/list", status: 200, reads: true, do: restWorklogList},
		{method: "GET", path: "/user/assignable/multiProjectSearch", status: 200, do: restAssignableMulti},
	}
}

func restBulkFetch(t *tx, c *call) (any, error) {
	var in struct {
		IssueIDsOrKeys []string `json:"issueIdsOrKeys"`
		Fields         []string `json:"fields"`
		FieldsByKeys   bool     `json:"fieldsByKeys"`
		Expand         []string `json:"expand"`
		Properties     []string `json:"properties"`
	}
	if err := c.strict(&in); err != nil {
		return nil, err
	}
	if len(in.IssueIDsOrKeys) == 0 || len(in.IssueIDsOrKeys) > 100 {
		return nil, refuse(http.StatusBadRequest, "The number of issues must be between 1 and 100.")
	}
	w := wantedFields(in.Fields, "*navigable")
	var found []*issue
	lost := []any{}
	for _, name := range in.IssueIDsOrKeys {
		i, err := t.issue(name)
		switch {
		case err != nil:
			lost = append(lost, obj{"id": name, "errorMessage": noIssue().Messages[0]})
		case !slices.Contains(found, i):
			found = append(found, i)
		}
	}
	return obj{
		"issues":      renderEach(found, func(i *issue) any { return t.renderWith(i, w, strings.Join(in.Expand, ",")) }),
		"issueErrors": lost,
	}, nil
}

// restWorklogList answers a bare list; unknown ids are left out.
func restWorklogList(t *tx, c *call) (any, error) {
	var in struct {
		IDs []int `json:"ids"`
	}
	if err := c.strict(&in); err != nil {
		return nil, err
	}
	if len(in.IDs) > 1000 {
		return nil, refuse(http.StatusBadRequest, "The number of worklog ids must not exceed 1000.")
	}
	with, out := c.expands("properties"), []any{}
	for _, id := range in.IDs {
		if w := t.st.worklogs[id]; w != nil && t.by != nil {
			out = append(out, t.renderWorklog(w, true, with))
		}
	}
	return out, nil
}

func restAssignableMulti(t *tx, c *call) (any, error) {
	keys := splitList(c.list("projectKeys"))
	if len(keys) == 0 {
		return nil, refuse(http.StatusBadRequest, "The parameter 'projectKeys' must be provided.")
	}
	for _, key := range keys {
		if t.st.project(key) == nil {
			return nil, noProject(key)
		}
	}
	return t.findUsers(c, assignable)
}
