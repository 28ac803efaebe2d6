package jira

import "net/http"

func linkEndpoints() []endpoint {
	return []endpoint{
		{method: "POST", path: "/issueLink", status: 201, do: restLink},
		{method: "GET", path: "/issueLink/{id}", status: 200, do: restGetLink},
		{method: "DELETE", path: "/issueLink/{id}", status: 204, do: restUnlink},
		{method: "GET", path: "/issueLinkType", status: 200, do: restLinkTypes},
		{method: "GET", path: "/issue/{issue}/remotelink", status: 200, do: restRemoteLinks},
		{method: "POST", path: "/issue/{issue}/remotelink", status: 201, do: restPostRemoteLink},
		{method: "DELETE", path: "/issue/{issue}/remotelink", status: 204, do: restDeleteRemoteByGlobal},
		{method: "GET", path: "/issue/{issue}/remotelink/{id}", status: 200, do: restRemoteLink},
		{method: "PUT", path: "/issue/{issue}/remotelink/{id}", status: 204, do: restPutRemoteLink},
		{method: "DELETE", path: "/issue/{issue}/remotelink/{id}", status: 204, do: restDeleteRemote},
	}
}

func restLink(t *tx, c *call) (any, error) {
	var in linkInput
	if err := c.strict(&in); err != nil {
		return nil, err
	}
	return nil, t.linkIssues(in)
}

func restGetLink(t *tx, c *call) (any, error) {
	l, err := t.findLink(c.path("id"))
	if err != nil {
		return nil, err
	}
	return t.renderLink(l, nil), nil
}

func restUnlink(t *tx, c *call) (any, error) {
	l, err := t.findLink(c.path("id"))
	if err != nil {
		return nil, err
	}
	t.removeLink(l)
	return nil, nil
}

func restLinkTypes(t *tx, _ *call) (any, error) {
	return obj{"issueLinkTypes": renderEach(t.st.linkTypes, func(l *LinkType) any { return l.render(t.st.base) })}, nil
}

// restRemoteLinks lists all links, or with globalId answers the one, as Jira does.
func restRemoteLinks(t *tx, c *call) (any, error) {
	i, err := t.issue(c.path("issue"))
	if err != nil {
		return nil, err
	}
	if global := c.query("globalId"); global != "" {
		r, err := i.remoteByGlobal(global)
		if err != nil {
			return nil, err
		}
		return t.renderRemote(i, r), nil
	}
	return renderEach(i.remotes, func(r *remoteLink) any { return t.renderRemote(i, r) }), nil
}

func (i *issue) remoteByGlobal(global string) (*remoteLink, error) {
	for _, r := range i.remotes {
		if r.globalID == global {
			return r, nil
		}
	}
	return nil, refuse(http.StatusNotFound, "No remote issue link with global id '%s' exists for this issue.", global)
}

func restPostRemoteLink(t *tx, c *call) (any, error) {
	i, err := t.issue(c.path("issue"))
	if err != nil {
		return nil, err
	}
	var in remoteLinkInput
	if err := c.decode(&in); err != nil {
		return nil, err
	}
	r, fresh, err := t.putRemoteLink(i, in)
	if err != nil {
		return nil, err
	}
	if !fresh {
		c.status = http.StatusOK
	}
	return obj{"id": r.id, "self": t.remoteSelf(i, r)}, nil
}

func restRemoteLink(t *tx, c *call) (any, error) {
	i, err := t.issue(c.path("issue"))
	if err != nil {
		return nil, err
	}
	r, err := i.remote(c.path("id"))
	if err != nil {
		return nil, err
	}
	return t.renderRemote(i, r), nil
}

func restPutRemoteLink(t *tx, c *call) (any, error) {
	i, err := t.issue(c.path("issue"))
	if err != nil {
		return nil, err
	}
	r, err := i.remote(c.path("id"))
	if err != nil {
		return nil, err
	}
	var in remoteLinkInput
	if err := c.decode(&in); err != nil {
		return nil, err
	}
	if err := in.check(); err != nil {
		return nil, err
	}
	t.touch(i)
	*r = remoteLink{id: r.id, globalID: in.GlobalID, relationship: in.Relationship, application: in.Application, object: in.Object}
	t.wrote(i, "remotelink_updated", c.path("id"))
	return nil, nil
}

func restDeleteRemote(t *tx, c *call) (any, error) {
	i, err := t.issue(c.path("issue"))
	if err != nil {
		return nil, err
	}
	r, err := i.remote(c.path("id"))
	if err != nil {
		return nil, err
	}
	i.remotes = without(i.remotes, r)
	t.wrote(i, "remotelink_deleted", c.path("id"))
	return nil, nil
}

func restDeleteRemoteByGlobal(t *tx, c *call) (any, error) {
	i, err := t.issue(c.path("issue"))
	if err != nil {
		return nil, err
	}
	r, err := i.remoteByGlobal(c.query("globalId"))
	if err != nil {
		return nil, err
	}
	i.remotes = without(i.remotes, r)
	t.wrote(i, "remotelink_deleted", r.globalID)
	return nil, nil
}
