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
		{method: "PUT", path: "/issue/{issue}/worklog/{id}", status: 200, do: restPutWorklog},
		{method: "DELETE", path: "/issue/{issue}/worklog/{id}", status: 204, do: restDeleteWorklog},
		{method: "GET", path: "/issue/{issue}/worklog/{id}/properties", status: 200, only: Cloud, do: restWorklogProperties},
		{method: "GET", path: "/issue/{issue}/worklog/{id}/properties/{key}", status: 200, only: Cloud, do: restWorklogProperty},
		{method: "PUT", path: "/issue/{issue}/worklog/{id}/properties/{key}", status: 200, only: Cloud, do: restPutWorklogProperty},
		{method: "DELETE", path: "/issue/{issue}/worklog/{id}/properties/{key}", status: 204, only: Cloud, do: restDeleteWorklogProperty},
	}
}

func restWorklogs(t *tx, c *call) (any, error) {
	i, err := t.issue(c.path("issue"))
	if err != nil {
		return nil, err
	}
	if t.st.dc {
		// Data Center has no pages here: it always answers with all.
		return obj{
			"startAt": 0, "maxResults": len(i.worklogs), "total": len(i.worklogs),
			"worklogs": renderEach(i.worklogs, func(w *worklog) any { return t.renderWorklog(w, true, false) }),
		}, nil
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
	estimate, err := c.estimate(i)
	if err != nil {
		return nil, err
	}
	w, err := t.postWorklog(i, in)
	if err != nil {
		return nil, err
	}
	estimate(w.seconds)
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

// estimate reads adjustEstimate: what logging time does to the remaining
// estimate. The answer carries it out for a number of seconds more.
func (c *call) estimate(i *issue) (func(more int), error) {
	switch how := c.query("adjustEstimate"); how {
	case "", "auto":
		return func(int) {}, nil
	case "leave":
		return i.extend, nil
	case "new":
		left, ok := secondsOf(c.query("newEstimate"))
		if !ok {
			return nil, refuseField("adjustEstimate", "You must supply a valid new estimate.")
		}
		return func(int) { i.setRemaining(left) }, nil
	default:
		return nil, refuseField("adjustEstimate", "The value '%s' is not supported here: use auto, leave or new.", how)
	}
}

// extend gives the remaining estimate back what logged time took from it.
func (i *issue) extend(more int) {
	if left := i.remaining(); left >= 0 {
		e, _ := i.values["timetracking"].(*estimates)
		i.values["timetracking"] = &estimates{original: e.original, remaining: e.remaining + more}
	}
}

func (i *issue) setRemaining(left int) {
	next := estimates{original: -1, remaining: left + i.spent}
	if e, ok := i.values["timetracking"].(*estimates); ok {
		next.original = e.original
	}
	i.values["timetracking"] = &next
}

func restPutWorklog(t *tx, c *call) (any, error) {
	w, err := c.worklog(t)
	if err != nil {
		return nil, err
	}
	var in worklogInput
	if err := c.decode(&in); err != nil {
		return nil, err
	}
	estimate, err := c.estimate(w.issue)
	if err != nil {
		return nil, err
	}
	before := w.seconds
	if err := t.updateWorklog(w, in); err != nil {
		return nil, err
	}
	estimate(w.seconds - before)
	return t.renderWorklog(w, true, c.expands("properties")), nil
}

func restDeleteWorklog(t *tx, c *call) (any, error) {
	w, err := c.worklog(t)
	if err != nil {
		return nil, err
	}
	estimate, err := c.estimate(w.issue)
	if err != nil {
		return nil, err
	}
	t.deleteWorklog(w)
	estimate(-w.seconds)
	return nil, nil
}

func restPutWorklogProperty(t *tx, c *call) (any, error) {
	w, err := c.worklog(t)
	if err != nil {
		return nil, err
	}
	return c.putProperty(w.properties, func() { t.wrote(w.issue, "worklog_property", c.path("id")) })
}

func restDeleteWorklogProperty(t *tx, c *call) (any, error) {
	w, err := c.worklog(t)
	if err != nil {
		return nil, err
	}
	return nil, w.properties.remove(c.path("key"))
}
