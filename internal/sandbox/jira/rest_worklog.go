package jira

import (
	"net/http"
	"strconv"
)

func worklogEndpoints() []endpoint {
	return []endpoint{
		{method: "GET", path: "/issue/{issue}/worklog", status: 200, do: restWorklogs},
		{method: "POST", path: "/issue/{issue}/worklog", status: 201, do: restPostWorklog},
		{method: "GET", path: "/issue/{issue}/worklog/{id}", status: 200, do: restWorklog},
		{method: "GET", path: "/issue/{issue}/worklog/{id}/properties", status: 200, do: restWorklogProperties},
		{method: "GET", path: "/issue/{issue}/worklog/{id}/properties/{key}", status: 200, do: restWorklogProperty},
	}
}

func restWorklogs(t *tx, c *call) (any, error) {
	i, err := t.issue(c.path("issue"))
	if err != nil {
		return nil, err
	}
	since, err := c.millis("startedAfter", 0)
	if err != nil {
		return nil, err
	}
	until, err := c.millis("startedBefore", 1<<62)
	if err != nil {
		return nil, err
	}
	var list []*worklog
	for _, w := range i.worklogs {
		if at := w.started.UnixMilli(); at >= since && at < until {
			list = append(list, w)
		}
	}
	with := c.expands("properties")
	return page(c, list, "worklogs", 5000, func(w *worklog) any { return t.renderWorklog(w, true, with) })
}

func (c *call) millis(name string, fallback int64) (int64, error) {
	text := c.query(name)
	if text == "" {
		return fallback, nil
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return 0, refuse(http.StatusNotFound, "The value '%s' of the parameter '%s' is not a valid number.", text, name)
	}
	return n, nil
}

func restPostWorklog(t *tx, c *call) (any, error) {
	i, err := t.issue(c.path("issue"))
	if err != nil {
		return nil, err
	}
	var in worklogInput
	if err := c.decode(&in); err != nil {
		return nil, err
	}
	w, err := t.postWorklog(i, in)
	if err != nil {
		return nil, err
	}
	return t.renderWorklog(w, true, c.expands("properties")), nil
}

func (c *call) worklog(t *tx) (*worklog, error) {
	i, err := t.issue(c.path("issue"))
	if err != nil {
		return nil, err
	}
	return i.worklog(c.path("id"))
}

func restWorklog(t *tx, c *call) (any, error) {
	w, err := c.worklog(t)
	if err != nil {
		return nil, err
	}
	return t.renderWorklog(w, true, c.expands("properties")), nil
}

func restWorklogProperties(t *tx, c *call) (any, error) {
	w, err := c.worklog(t)
	if err != nil {
		return nil, err
	}
	return w.properties.keys(t.st.base + c.r.URL.Path), nil
}

func restWorklogProperty(t *tx, c *call) (any, error) {
	w, err := c.worklog(t)
	if err != nil {
		return nil, err
	}
	return w.properties.get(c.path("key"))
}
