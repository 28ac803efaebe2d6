package jira

import "net/http"

func userEndpoints() []endpoint {
	return []endpoint{
		{method: "GET", path: "/myself", status: 200, do: restMyself},
		{method: "GET", path: "/user", status: 200, do: restUser},
		{method: "GET", path: "/user/search", status: 200, do: restUserSearch},
		{method: "GET", path: "/user/assignable/search", status: 200, do: restAssignable},
	}
}

func restMyself(t *tx, _ *call) (any, error) {
	if t.by == nil {
		return nil, notAuthenticated()
	}
	out, _ := t.by.render(t.st.base, true).(obj)
	out["locale"], out["expand"] = "en_US", "groups,applicationRoles"
	out["groups"], out["applicationRoles"] = obj{"size": 1, "items": []any{}}, obj{"size": 1, "items": []any{}}
	return out, nil
}

func restUser(t *tx, c *call) (any, error) {
	u := t.st.account(c.query("accountId"))
	if u == nil || t.by == nil {
		return nil, refuse(http.StatusNotFound, "Specified user does not exist or you do not have required permissions")
	}
	return u.render(t.st.base, true), nil
}

func restUserSearch(t *tx, c *call) (any, error) {
	q := c.r.URL.Query()
	switch {
	case q.Has("username"):
		return nil, refuse(http.StatusBadRequest, "The query parameter 'username' is not supported in GDPR strict mode.")
	case !q.Has("query") && !q.Has("accountId") && !q.Has("property"):
		return nil, refuse(http.StatusBadRequest, "The query parameters 'query', 'accountId' or 'property' must be provided.")
	case q.Has("query") && q.Has("accountId"):
		return nil, refuse(http.StatusBadRequest, "The query parameters 'query' and 'accountId' cannot be used together.")
	}
	return t.findUsers(c, func(*User) bool { return true })
}

// findUsers answers a bare list, unlike most lists of Jira.
func (t *tx) findUsers(c *call, eligible func(*User) bool) (any, error) {
	start, err := c.number("startAt", 0, 1<<30)
	if err != nil {
		return nil, err
	}
	size, err := c.number("maxResults", 50, 1000)
	if err != nil {
		return nil, err
	}
	var found []*User
	id, query := c.query("accountId"), c.query("query")
	for _, u := range t.st.users {
		if t.by == nil || !eligible(u) || id != "" && u.AccountID != id || !u.matches(query) {
			continue
		}
		found = append(found, u)
	}
	from := min(start, len(found))
	return renderEach(found[from:min(from+size, len(found))], func(u *User) any { return u.render(t.st.base, true) }), nil
}

func restAssignable(t *tx, c *call) (any, error) {
	project, key := c.query("project"), c.query("issueKey")
	if key == "" {
		key = c.query("issueId")
	}
	switch {
	case project == "" && key == "":
		return nil, refuse(http.StatusBadRequest, "Either 'project', 'issueKey' or 'issueId' must be provided.")
	case project != "" && t.st.project(project) == nil:
		return nil, noProject(project)
	case key != "" && t.st.issue(key) == nil:
		return nil, noIssue()
	}
	return t.findUsers(c, func(u *User) bool { return !u.Inactive && u.AccountType == AccountPerson })
}
