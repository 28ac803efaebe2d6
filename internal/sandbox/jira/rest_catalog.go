package jira

import (
	"net/http"
	"strconv"
	"strings"
)

// catalogEndpoints show single entries of the site's lists.
func catalogEndpoints() []endpoint {
	return []endpoint{
		{method: "GET", path: "/priority/{id}", status: 200, do: restPriority},
		{method: "GET", path: "/status/{id}", status: 200, do: restStatus},
		{method: "GET", path: "/statuscategory", status: 200, do: restCategories},
		{method: "GET", path: "/resolution/{id}", status: 200, do: restResolution},
		{method: "GET", path: "/issuetype/{id}", status: 200, do: restType},
		{method: "GET", path: "/issueLinkType/{id}", status: 200, do: restLinkType},
		{method: "POST", path: "/component", status: 201, do: restCreateComponent},
		{method: "GET", path: "/component/{id}", status: 200, do: restComponent},
		{method: "PUT", path: "/component/{id}", status: 200, do: restUpdateComponent},
		{method: "DELETE", path: "/component/{id}", status: 204, do: restDeleteComponent},
	}
}

func itoa(n int) string { return strconv.Itoa(n) }

func missing(what, id string) *Refusal {
	return refuse(http.StatusNotFound, "The %s with id '%s' does not exist", what, id)
}

// entry finds one item of a list by its id.
func entry[T any](c *call, what string, list []*T, id func(*T) string) (*T, error) {
	for _, item := range list {
		if id(item) == c.path("id") {
			return item, nil
		}
	}
	return nil, missing(what, c.path("id"))
}

func restPriority(t *tx, c *call) (any, error) {
	p, err := entry(c, "priority", t.st.priorities, func(p *Priority) string { return p.ID })
	if err != nil {
		return nil, err
	}
	return p.render(t.st.base), nil
}

// restStatus finds a status by id or by name, as Jira does.
func restStatus(t *tx, c *call) (any, error) {
	s := t.st.status(c.path("id"))
	if s == nil {
		return nil, missing("status", c.path("id"))
	}
	return s.render(t.st.base), nil
}

func restCategories(t *tx, _ *call) (any, error) {
	return renderEach([]string{"new", "indeterminate", "done"}, func(key string) any {
		return (&Status{Category: key}).category(t.st.base)
	}), nil
}

func restResolution(t *tx, c *call) (any, error) {
	r, err := entry(c, "resolution", t.st.resolutions, func(r *Resolution) string { return r.ID })
	if err != nil {
		return nil, err
	}
	return r.render(t.st.base), nil
}

func restType(t *tx, c *call) (any, error) {
	i, err := entry(c, "issue type", t.st.types, func(i *IssueType) string { return i.ID })
	if err != nil {
		return nil, err
	}
	return t.renderType(i), nil
}

func restLinkType(t *tx, c *call) (any, error) {
	l, err := t.linkType(c.path("id"), "")
	if err != nil {
		return nil, err
	}
	return l.render(t.st.base), nil
}

// componentInput is the body of POST and PUT component.
type componentInput struct {
	Name    *string `json:"name"`
	Project string  `json:"project"`
}

func restCreateComponent(t *tx, c *call) (any, error) {
	var in componentInput
	if err := c.decode(&in); err != nil {
		return nil, err
	}
	p := t.st.project(in.Project)
	if p == nil {
		return nil, refuse(http.StatusNotFound, "The project could not be found.")
	}
	if err := in.check(p, nil); err != nil {
		return nil, err
	}
	made := &Component{ID: itoa(t.st.id("component", 10100)), Name: *in.Name}
	p.components = append(p.components, made)
	return t.renderComponent(p, made), nil
}

func (in componentInput) check(p *project, self *Component) error {
	if in.Name == nil || strings.TrimSpace(*in.Name) == "" {
		return refuseField("name", "The component name specified is invalid - cannot be an empty string.")
	}
	for _, other := range p.components {
		if other != self && strings.EqualFold(other.Name, *in.Name) {
			return refuseField("name", "A component with the name %s already exists in this project.", *in.Name)
		}
	}
	return nil
}

func (t *tx) renderComponent(p *project, c *Component) obj {
	out := c.render(t.st.base)
	out["project"], out["projectId"], out["assigneeType"], out["isAssigneeTypeValid"] = p.Key, atoi(p.ID), "PROJECT_DEFAULT", false
	return out
}

func (c *call) component(t *tx) (*project, *Component, error) {
	for _, p := range t.visible() {
		for _, one := range p.components {
			if one.ID == c.path("id") {
				return p, one, nil
			}
		}
	}
	return nil, nil, refuse(http.StatusNotFound, "The component with id %s does not exist.", c.path("id"))
}

func restComponent(t *tx, c *call) (any, error) {
	p, found, err := c.component(t)
	if err != nil {
		return nil, err
	}
	return t.renderComponent(p, found), nil
}

func restUpdateComponent(t *tx, c *call) (any, error) {
	p, found, err := c.component(t)
	if err != nil {
		return nil, err
	}
	var in componentInput
	if err := c.decode(&in); err != nil {
		return nil, err
	}
	if in.Name == nil {
		in.Name = &found.Name
	}
	if err := in.check(p, found); err != nil {
		return nil, err
	}
	found.Name = *in.Name
	return t.renderComponent(p, found), nil
}

func restDeleteComponent(t *tx, c *call) (any, error) {
	p, found, err := c.component(t)
	if err != nil {
		return nil, err
	}
	for _, i := range p.issues {
		t.drop(i, "components", found)
	}
	p.components = without(p.components, found)
	return nil, nil
}

// drop takes a value out of a list of an issue, as an edit.
func (t *tx) drop(i *issue, field string, v any) {
	list, _ := i.values[field].([]any)
	left := removeSame(list, v)
	if len(left) < len(list) {
		t.commit(i, &edit{t: t, values: map[string]any{field: left}}, "update", "issue_updated")
	}
}
