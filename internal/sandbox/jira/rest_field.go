package jira

import (
	"net/http"
	"slices"
	"strconv"
	"strings"
)

func fieldEndpoints() []endpoint {
	return []endpoint{
		{method: "GET", path: "/field", status: 200, do: restFields},
		{method: "GET", path: "/field/search", status: 200, only: Cloud, do: restFieldSearch},
		{method: "GET", path: "/field/{field}/context", status: 200, only: Cloud, do: restContexts},
		{method: "GET", path: "/field/{field}/context/{context}/option", status: 200, only: Cloud, do: restContextOptions},
		{method: "GET", path: "/customFieldOption/{id}", status: 200, do: restOption},
		{method: "GET", path: "/customFields", status: 200, only: DataCenter, do: restCustomFields},
		{method: "GET", path: "/customFields/{field}/options", status: 200, only: DataCenter, do: restCustomFieldOptions},
	}
}

func restFields(t *tx, _ *call) (any, error) {
	return renderEach(t.st.fields, func(f *Field) any { return t.renderField(f) }), nil
}

// renderField is a field as GET /field lists it; Data Center has no keys there.
func (t *tx) renderField(f *Field) obj {
	out := f.render()
	if t.st.dc {
		delete(out, "key")
	}
	return out
}

func restFieldSearch(t *tx, c *call) (any, error) {
	query, ids, kinds := strings.ToLower(c.query("query")), splitList(c.list("id")), splitList(c.list("type"))
	var found []*Field
	for _, f := range t.st.fields {
		kind := "system"
		if f.custom() {
			kind = "custom"
		}
		if strings.Contains(strings.ToLower(f.Name), query) && (len(ids) == 0 || slices.Contains(ids, f.ID)) &&
			(len(kinds) == 0 || slices.Contains(kinds, kind)) {
			found = append(found, f)
		}
	}
	return page(c, found, "values", 50, func(f *Field) any {
		return obj{"id": f.ID, "key": f.ID, "name": f.Name, "schema": f.schema(), "description": ""}
	})
}

// customField is the custom field that the path names, by id or by number.
func (c *call) customField(t *tx) (*Field, error) {
	name := c.path("field")
	f := t.st.fieldByID[name]
	if f == nil {
		f = t.st.fieldByID["customfield_"+name]
	}
	if f == nil || !f.custom() {
		return nil, refuse(http.StatusNotFound, "The custom field was not found.")
	}
	return f, nil
}

// contextID is the id of the only context that a field has here: all projects
// and all types of issue.
func contextID(f *Field) string {
	return strconv.Itoa(atoi(strings.TrimPrefix(f.ID, "customfield_")) + 100)
}

func restContexts(t *tx, c *call) (any, error) {
	f, err := c.customField(t)
	if err != nil {
		return nil, err
	}
	return page(c, []*Field{f}, "values", 50, func(f *Field) any {
		return obj{
			"id": contextID(f), "name": "Default Configuration Scheme for " + f.Name, "description": "",
			"isGlobalContext": true, "isAnyIssueType": true,
		}
	})
}

func restContextOptions(t *tx, c *call) (any, error) {
	f, err := c.customField(t)
	if err != nil {
		return nil, err
	}
	switch {
	case c.path("context") != contextID(f):
		return nil, refuse(http.StatusNotFound, "The context was not found.")
	case f.Kind != Select && f.Kind != MultiPick:
		return nil, refuse(http.StatusBadRequest, "The custom field does not support options.")
	}
	return page(c, f.Options, "values", 100, func(o Option) any {
		return obj{"id": o.ID, "value": o.Value, "disabled": false}
	})
}

func restOption(t *tx, c *call) (any, error) {
	for _, f := range t.st.fields {
		if o := f.option(c.path("id"), ""); o != nil && t.by != nil {
			return obj{"self": t.st.base + "/rest/api/2/customFieldOption/" + o.ID, "value": o.Value}, nil
		}
	}
	return nil, refuse(http.StatusNotFound, "A custom field option with id '%s' does not exist", c.path("id"))
}

func restCustomFields(t *tx, c *call) (any, error) {
	search := strings.ToLower(c.query("search"))
	var found []*Field
	for _, f := range t.st.fields {
		if f.custom() && strings.Contains(strings.ToLower(f.Name), search) {
			found = append(found, f)
		}
	}
	return page(c, found, "values", 50, func(f *Field) any {
		return obj{
			"id": f.ID, "name": f.Name, "description": "", "type": f.customType(), "searcherKey": "", "numericId": atoi(strings.TrimPrefix(f.ID, "customfield_")),
			"isAllProjects": true, "isLocked": false, "isManaged": false, "isTrusted": true, "projectsCount": 0, "screensCount": 1,
		}
	})
}

// restCustomFieldOptions pages by number of the page, counted from 1.
func restCustomFieldOptions(t *tx, c *call) (any, error) {
	f, err := c.customField(t)
	if err != nil {
		return nil, err
	}
	size, err := c.number("maxResults", 100, 1000)
	if err != nil {
		return nil, err
	}
	number, err := c.number("page", 1, 1<<20)
	if err != nil {
		return nil, err
	}
	query := strings.ToLower(c.query("query"))
	var found []Option
	for _, o := range f.Options {
		if strings.Contains(strings.ToLower(o.Value), query) {
			found = append(found, o)
		}
	}
	from := min(max(0, number-1)*size, len(found))
	return obj{"total": len(found), "options": renderEach(found[from:min(from+size, len(found))], func(o Option) any {
		return obj{"id": atoi(o.ID), "value": o.Value, "disabled": false, "self": t.st.base + "/rest/api/2/customFieldOption/" + o.ID}
	})}, nil
}
