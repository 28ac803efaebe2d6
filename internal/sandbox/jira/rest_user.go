package jira

import "net/http"

func userEndpoints() []endpoint {
	return []endpoint{
		{method: "GET", path: "/myself", status: 200, do: restMyself},
		{method: "GET", path: "/user", status: 200, do: restUser},
		{method: "GET", path: "/user/search", status: 200, only: Cloud, do: restUserSearch},
		{method: "GET", path: "/user/search", status: 200, only: DataCenter, do: restUserSearchDC},
		{method: "GET", path: "/user/bulk", status: 200, only: Cloud, do: restUserBulk},
		{method: "GET", path: "/users/search", status: 200, only: Cloud, do: restUsers},
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
	if t.st.dc {
		return t.userDC(c)
	}
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
	if t.st.dc {
		id, query = "", c.query("username")
	}
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
	return t.findUsers(c, assignable)
}

func assignable(u *User) bool { return !u.Inactive && u.AccountType == AccountPerson }

// userDC finds a user of a Data Center by username or key.
func (t *tx) userDC(c *call) (any, error) {
	name, key := c.query("username"), c.query("key")
	if name == "" && key == "" {
		return nil, refuse(http.StatusBadRequest, "Either the 'username' or the 'key' query parameters need to be provided")
	}
	u := t.st.named(name, key)
	if u == nil || t.by == nil {
		return nil, refuse(http.StatusNotFound, "The user named '%s' does not exist", name+key)
	}
	return u.render(t.st.base, true), nil
}

func restUserSearchDC(t *tx, c *call) (any, error) {
	if c.query("username") == "" {
		return nil, refuse(http.StatusBadRequest, "The username query parameter was not provided")
	}
	inactive := c.query("includeInactive") == "true"
	return t.findUsers(c, func(u *User) bool { return inactive || !u.Inactive })
}

// restUserBulk answers the users of some account ids; unknown ids are left out.
func restUserBulk(t *tx, c *call) (any, error) {
	ids := c.list("accountId")
	if len(ids) == 0 {
		return nil, refuse(http.StatusBadRequest, "The query parameter 'accountId' must be provided.")
	}
	var found []*User
	for _, id := range ids {
		if u := t.st.account(id); u != nil && t.by != nil {
			found = append(found, u)
		}
	}
	return page(c, found, "values", 10, func(u *User) any { return u.render(t.st.base, true) })
}

func restUsers(t *tx, c *call) (any, error) {
	return t.findUsers(c, func(*User) bool { return true })
}
